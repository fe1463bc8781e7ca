import ArgumentParser
import CaseRunner
import Foundation

/// Checks this library against recorded cases of values and derivatives.
@main
struct CheckCases: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-cases",
    abstract: "Check values, VJPs, JVPs and higher derivatives against recorded cases.")

  @Argument(help: "The directory of the cases: data.bin and one JSON file a group.")
  var directory: String
  @Option(help: "Check one group only.")
  var group: String?
  @Option(help: "Check the cases of one operator only.")
  var op: String?
  @Flag(help: "List also what is missing, and why.")
  var verbose = false

  func run() throws {
    let suite = try CaseSuite(directory: URL(fileURLWithPath: directory, isDirectory: true))
    var passed = 0
    var failed = 0
    var missing = 0
    for group in suite.groups where self.group == nil || self.group == group.name {
      let report = suite.check(group) { op == nil || op == $0.op }
      if report.reports.isEmpty { continue }
      for item in report.reports { list(item) }
      print("\(group.name): \(report.passed) passed, \(report.failed) failed, \(report.missing) missing")
      passed += report.passed
      failed += report.failed
      missing += report.missing
    }
    if passed + failed + missing == 0 { throw ValidationError("no case of that group and operator") }
    print("cases: \(passed) passed, \(failed) failed, \(missing) missing")
    if failed > 0 { throw ExitCode.failure }
  }

  private func list(_ report: Report) {
    switch report.outcome {
    case .passed: break
    case .failed(let lines):
      print("FAILED \(report.id)")
      for line in lines { print("  \(line)") }
    case .missing(let reason):
      if verbose { print("missing \(report.id): \(reason)") }
    }
  }
}
