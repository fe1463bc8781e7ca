import Foundation
import Testing

@Suite struct InfoTests {
  @Test func infoSaysWhatRuns() throws {
    let outcome = try Program("adjoint").run(["info"])
    #expect(outcome.status == 0)
    for word in ["Adjoint", "BLAS", "vendor", "core used", "own kernels", "threads", "memory cache"] {
      #expect(outcome.output.contains(word))
    }
    let report = try json(try Program("adjoint").run(["info", "--json"]).output)
    #expect(report["threads"] as? Int ?? 0 >= 1)
    #expect(["avx512", "avx2", "portable"].contains(report["instructionSet"] as? String))
  }

  @Test func theNumberOfThreadsIsTheEnvironments() throws {
    let outcome = try Program("adjoint").run(["info", "--json"], environment: ["ADJOINT_NUM_THREADS": "1"])
    #expect(try json(outcome.output)["threads"] as? Int == 1)
  }

  @Test func helpAndVersion() throws {
    let adjoint = try Program("adjoint")
    let help = try adjoint.run(["--help"])
    #expect(help.status == 0)
    for command in ["train", "predict", "plot", "cost", "info"] { #expect(help.output.contains("  \(command) ")) }
    #expect(try adjoint.run(["--version"]).output == "0.1.0\n")
    #expect(try adjoint.run(["fly"]).status == 64)
  }
}
