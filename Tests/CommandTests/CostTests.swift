import Foundation
import Testing

/// In turn, because they measure time.
@Suite(.serialized) struct CostTests {
  private struct Figures: Decodable {
    struct Function: Decodable {
      struct Measurement: Decodable {
        struct Skipped: Decodable {
          let reason: String
          let bytes: Int?
          let seconds: Double?
        }
        let operation: String
        let count: Int
        let seconds: Double?
        let peakBytes: Int?
        let ratio: Double?
        let skipped: Skipped?
      }
      struct Growth: Decodable {
        let operation: String
        let time: Double?
        let memory: Double?
      }
      let function: String
      let sizes: [Int]
      let measurements: [Measurement]
      let growth: [Growth]

      func measurement(_ operation: String, _ count: Int) throws -> Measurement {
        try #require(measurements.first { $0.operation == operation && $0.count == count })
      }
    }
    let functions: [Function]
    let picture: String?
  }

  private func figures(_ arguments: [String], in folder: URL? = nil) throws -> Figures {
    let outcome = try Program("adjoint").run(["cost", "--json"] + arguments, in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.isEmpty)  // no bar where there is no terminal
    return try JSONDecoder().decode(Figures.self, from: Data(outcome.output.utf8))
  }

  private let operations = [
    "value", "gradient", "product", "products", "diagonal", "dense", "sparse", "differences",
  ]

  @Test func aQuickRunEndsWithinTenSecondsAndDraws() throws {
    try withFolder { folder in
      let start = ContinuousClock.now
      let outcome = try Program("adjoint").run(["cost", "--quick", "--svg", "cost.svg"], in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(ContinuousClock.now - start < .seconds(10))
      for word in [
        "rosenbrock:", "mlp:", "N = 1,000", "finite differences", "10 HVPs at a point", "growth",
        "N gradients for N^2 numbers", "only about two gradients", "wrote cost.svg",
      ] {
        #expect(outcome.output.contains(word), "\(word)")
      }
      let svg = try String(contentsOf: folder.appendingPathComponent("cost.svg"), encoding: .utf8)
      for word in ["rosenbrock: time", "rosenbrock: memory", "mlp: time", "dense Hessian", " kB<", "µs<"] {
        #expect(svg.contains(word), "\(word)")
      }
      #expect(try contents(folder) == ["cost.svg"])
    }
  }

  @Test func theFiguresAreThoseOfTheFunction() throws {
    let function = try figures(
      ["rosenbrock", "--quick", "--sizes", "10,100,400,1000", "--time-limit", "100", "--products", "4"]
    ).functions[0]
    #expect(function.function == "rosenbrock" && function.sizes == [10, 100, 400, 1000])
    #expect(function.growth.map(\.operation) == operations)
    // The result alone has N^2 numbers of 8 bytes, and the least it takes is memory for it.
    let dense = try #require(try function.measurement("dense", 400).peakBytes)
    #expect(dense >= 8 * 400 * 400 && dense < 2 * 8 * 400 * 400)
    let gradient = try #require(try function.measurement("gradient", 1000).peakBytes)
    #expect(gradient >= 8 * 1000 && gradient < 20 * 8 * 1000)
    for operation in ["gradient", "product"] {
      let growth = try #require(function.growth.first { $0.operation == operation }?.memory)
      #expect(abs(growth - 1) < 0.15, "\(operation) \(growth)")
    }
    let value = try function.measurement("value", 100)
    #expect(value.ratio == 1)
    let differences = try function.measurement("differences", 100)
    let (slow, fast) = (try #require(differences.seconds), try #require(value.seconds))
    #expect(slow > 100 * fast)
    #expect(abs(try #require(differences.ratio) - slow / fast) < 1e-6 * slow / fast)
  }

  @Test func whatDoesNotFitIsLeftOutAndSaysWhatItWouldTake() throws {
    let function = try figures(
      ["mlp", "--quick", "--sizes", "100,3000", "--memory", "10", "--time-limit", "0.05"]
    ).functions[0]
    let large = function.sizes[1]
    for operation in ["dense", "differences"] {
      let skipped = try #require(try function.measurement(operation, large).skipped)
      #expect(skipped.reason == "memory")
      let bytes = try #require(skipped.bytes)
      #expect(bytes > 8 * large * large && bytes < 9 * large * large)
    }
    let skipped = try #require(try function.measurement("diagonal", large).skipped)
    #expect(skipped.reason == "time" && skipped.seconds ?? 0 > 0.05)
    #expect(try function.measurement("diagonal", large).seconds == nil)
    // A net's Hessian is dense: there is nothing sparse to measure.
    #expect(!function.measurements.contains { $0.operation == "sparse" })

    let text = try Program("adjoint").run(
      ["cost", "mlp", "--quick", "--sizes", "100,3000", "--memory", "10", "--time-limit", "0.05"])
    #expect(text.output.contains("left out: dense Hessian at N = \(large / 1000),"))
    #expect(text.output.contains("more than --memory allows"))
    #expect(text.output.contains("more than --time-limit allows"))
  }

  @Test(arguments: ["rosenbrock", "mlp", "separable", "logsumexp", "lennard-jones"])
  func everyFunctionHasItsCosts(name: String) throws {
    let function = try figures([name, "--quick", "--sizes", "6,30"]).functions[0]
    #expect(function.function == name)
    for operation in operations.prefix(6) {
      let one = try function.measurement(operation, function.sizes[0])
      #expect(one.seconds ?? 0 > 0 && one.peakBytes ?? 0 > 0, "\(operation)")
    }
    #expect(
      function.measurements.contains { $0.operation == "sparse" } == ["rosenbrock", "separable"].contains(name))
  }

  @Test func badArgumentsAreRefused() throws {
    let adjoint = try Program("adjoint")
    for (arguments, message, status): ([String], String, Int32) in [
      (["banana"], "banana", 64),
      (["--sizes", "10,x"], "--sizes is \"10,x\"; write whole numbers", 64),
      (["--sizes", ""], "--sizes is \"\"; write whole numbers", 64),
      (["--sizes", "0"], "--sizes is \"0\"; write whole numbers", 64),
      (["--products", "0"], "--products is 0; it must be from 1 to 1,000", 64),
      (["--memory", "-1"], "--memory", 64),
      (["--memory", "nan"], "--memory is nan; it must be above 0", 64),
      (["--time-limit", "0"], "--time-limit is 0.0; it must be above 0", 64),
      (["--svg", "no/where.svg"], "cannot write to no/where.svg: no such file or directory", 1),
      (["--svg", "."], "cannot write .: it is a directory", 1),
    ] {
      let outcome = try adjoint.run(["cost"] + arguments)
      #expect(outcome.status == status, "\(arguments)")
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }
  }
}
