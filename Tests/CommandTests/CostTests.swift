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
        let flops: Int?
        let ratio: Double?
        let skipped: Skipped?
      }
      struct Growth: Decodable {
        struct Fit: Decodable {
          let exponent: Double?
          let overhead: Double
          let sizes: [Int]
        }
        let operation: String
        let time: Fit?
        let memory: Fit?
      }
      struct Replaced: Decodable, Equatable {
        let asked: Int
        let taken: Int
      }
      let function: String
      let sizes: [Int]
      let replacedSizes: [Replaced]
      let measurements: [Measurement]
      let growth: [Growth]

      func measurement(_ operation: String, _ count: Int) throws -> Measurement {
        try #require(measurements.first { $0.operation == operation && $0.count == count })
      }
    }
    let schemaVersion: Int
    let budgetBytes: Int
    let functions: [Function]
    let picture: String?
    let interrupted: Bool
  }

  private func figures(
    _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]
  ) throws -> Figures {
    let outcome = try Program("adjoint").run(["cost", "--json"] + arguments, in: folder, environment: environment)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.isEmpty)  // no bar where there is no terminal
    return try JSONDecoder().decode(Figures.self, from: Data(outcome.output.utf8))
  }

  private let operations = [
    "value", "gradient", "product", "products", "diagonal", "dense", "sparse", "differences",
  ]

  /// No test says how long it takes: others run beside it, and it may wait long for its turn.
  /// Its end may come before much was measured where others run beside it: of some runs one gets through.
  @Test func aQuickRunDrawsWhatItMeasured() throws {
    let words = [
      "rosenbrock:", "mlp:", "N = 1,000", "finite differences", "10 HVPs at a point", "growth",
      "N gradients for N^2 numbers", "Why one HVP is a few gradients", "wrote cost.svg",
    ]
    let pictured = ["rosenbrock: time", "rosenbrock: memory", "mlp: time", "dense Hessian", " kB<", "µs<"]
    try withFolder { folder in
      var missing: [String] = []
      for _ in 0..<6 {
        let outcome = try Program("adjoint").run(["cost", "--quick", "--svg", "cost.svg"], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try contents(folder) == ["cost.svg"])
        let svg = try String(contentsOf: folder.appendingPathComponent("cost.svg"), encoding: .utf8)
        missing = words.filter { !outcome.output.contains($0) } + pictured.filter { !svg.contains($0) }
        if missing.isEmpty { break }
      }
      #expect(missing.isEmpty)
    }
  }

  /// Without --quick, whose end might come before the last of them where others run beside it.
  @Test func theFiguresAreThoseOfTheFunction() throws {
    let function = try figures(
      ["rosenbrock", "--sizes", "10,100,400,1000", "--time-limit", "100", "--products", "4"]
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
      #expect(abs(try #require(growth.exponent) - 1) < 0.1, "\(operation) \(growth)")
      #expect(growth.sizes == [10, 100, 400, 1000])
    }
    // A product is the derivative of a gradient: some times its arithmetic, and not N times.
    let (one, two) = (try function.measurement("gradient", 1000), try function.measurement("product", 1000))
    let work = Double(try #require(two.flops)) / Double(try #require(one.flops))
    #expect(work > 1 && work < 5, "\(work)")
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

  /// All of these took from half a minute to several, and up to 6 GB, when the time was looked at between calls only and
  /// nothing was expected of a first size.
  @Test(
    arguments: [
      ["rosenbrock", "--sizes", "10000000"], ["rosenbrock", "--sizes", "1000000", "--products", "1000"],
      ["lennard-jones", "--sizes", "9000"],
    ])
  func aQuickRunLeavesOutWhatIsTooLarge(arguments: [String]) throws {
    let function = try figures(["--quick", "--memory", "2000"] + arguments).functions[0]
    for one in function.measurements where one.seconds == nil {
      let skipped = try #require(one.skipped, "\(one.operation)")
      #expect(skipped.bytes != nil || skipped.seconds != nil, "\(one.operation)")
    }
    for one in function.measurements { #expect(one.peakBytes ?? 0 <= 2_000_000_000) }
    #expect(try function.measurement("dense", function.sizes[0]).skipped != nil)
  }

  @Test func memoryBoundsEveryOperation() throws {
    let function = try figures(
      ["rosenbrock", "--quick", "--sizes", "1000,25000", "--memory", "1.2", "--time-limit", "100"]
    ).functions[0]
    for operation in operations {
      let one = try function.measurement(operation, 25000)
      if operation == "value" { continue }
      #expect(one.skipped?.reason == "memory", "\(operation)")
      #expect(one.skipped?.bytes ?? 0 > 1_200_000, "\(operation)")
    }
    for one in function.measurements { #expect(one.peakBytes ?? 0 <= 1_200_000) }
    #expect(try function.measurement("product", 1000).seconds != nil)
  }

  /// What smaller sizes say that a call needs is within a fifth of what it takes. On one thread: how many parts of a
  /// block are alive at once on several is a matter of chance.
  @Test(arguments: [("rosenbrock", 20_000), ("separable", 20_000), ("logsumexp", 20_000), ("lennard-jones", 1500)])
  func bytesAreForetold(function: String, count: Int) throws {
    let arguments = [function, "--quick", "--sizes", "\(count)", "--products", "4", "--time-limit", "2"]
    let one = ["ADJOINT_NUM_THREADS": "1"]
    let all = try figures(arguments, environment: one).functions[0]
    let peak = try #require(try all.measurement("products", count).peakBytes)
    // The point and the directions, and for pairs of atoms two constants.
    let inputs = 8 * count * 5 + (function == "lennard-jones" ? 16 * (count / 3) * (count / 3) : 0)
    let some = try figures(
      arguments + ["--memory", "\(0.7e-6 * Double(peak + inputs))"], environment: one
    ).functions[0]
    let bytes = try #require(try some.measurement("products", count).skipped?.bytes)
    let ratio = Double(bytes) / Double(peak + inputs)
    #expect(ratio > 0.8 && ratio < 1.25, "\(ratio)")
  }

  @Test func theMemoryIsAQuarterOfTheMachinesUnlessTold() throws {
    let outcome = try Program("adjoint").run(["cost", "--json", "separable", "--quick", "--sizes", "10"])
    let output = try json(outcome.output)
    let machine = try #require(output["machine"] as? [String: Any])
    #expect(output["budgetBytes"] as? Int == (machine["memoryBytes"] as? Int ?? 0) / 4)
  }

  @Test func sizesThatAFunctionLacksAreSaidToBeReplaced() throws {
    let net = try figures(["mlp", "--quick", "--sizes", "5,103"]).functions[0]
    #expect(net.sizes == [13, 103] && net.replacedSizes == [.init(asked: 5, taken: 13)])
    let text = try Program("adjoint").run(["cost", "rosenbrock", "--quick", "--sizes", "1"])
    #expect(text.output.contains("N = 1 is none of rosenbrock's; the nearest, N = 2, was taken"))
  }

  @Test func theHelpNamesWhatJSONPrints() throws {
    let help = try Program("adjoint").run(["cost", "--help"]).output
    for word in operations + ["schemaVersion", "peakBytes", "skipped", "replacedSizes", "exponent", "overhead"] {
      #expect(help.contains(word), "\(word)")
    }
    #expect(try figures(["separable", "--quick", "--sizes", "3"]).schemaVersion == 2)
  }

  /// Interrupted within one long call: what was measured before is shown.
  @Test func anInterruptionShowsWhatWasMeasured() throws {
    // The diagonal of the net with 100,143 parameters takes minutes.
    let arguments = ["cost", "--json", "mlp", "--sizes", "13,100143", "--time-limit", "10000", "--memory", "2000"]
    for seconds in [6.0, 20, 60] {
      let process = Process()
      process.executableURL = try Program("adjoint").url
      process.arguments = arguments
      let output = Pipe()
      (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, output)
      process.standardError = FileHandle.nullDevice
      try process.run()
      Thread.sleep(forTimeInterval: seconds)
      process.interrupt()
      let text = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      // Where others run beside it, nothing may have been measured yet.
      if text.isEmpty { continue }
      let figures = try JSONDecoder().decode(Figures.self, from: text)
      #expect(figures.interrupted)
      let function = try #require(figures.functions.first)
      #expect(function.sizes.first == 13 && !function.measurements.isEmpty)
      #expect(function.measurements.allSatisfy { $0.seconds != nil || $0.skipped != nil })
      #expect(!function.measurements.contains { $0.operation == "diagonal" && $0.count == 100_143 })
      return
    }
    Issue.record("nothing was measured in a minute")
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
      // Refused before memory is asked for; each array of pairs alone has 80 GB.
      (
        ["lennard-jones", "--sizes", "300000", "--quick", "--memory", "10000"], "more than --memory allows (10.0 GB)",
        64
      ),
      (["lennard-jones", "--sizes", "300000"], "lennard-jones at N = 300,000 needs about", 64),
      (["--svg", "no/where.svg"], "cannot write to no/where.svg: no such file or directory", 1),
      (["--sizes", "-5"], "--sizes is \"-5\"; write whole numbers", 64),
      (["--products", "-1"], "--products is -1; it must be from 1 to 1,000", 64),
      (["--memory", "-1"], "--memory is -1.0; it must be above 0", 64),
      (["--time-limit", "-1"], "--time-limit is -1.0; it must be above 0", 64),
      (["--memory", "0.001"], "more than --memory allows (1.00 kB)", 64),
      (["--svg", ""], "--svg is empty; write a file's name", 64),
      (["--svg", "-"], "a picture is not written to standard output", 64),
      (["--svg", "."], "cannot write .: it is a directory", 1),
    ] {
      let outcome = try adjoint.run(["cost"] + arguments)
      #expect(outcome.status == status, "\(arguments)")
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
      #expect(outcome.output.isEmpty)
      // How this command is used, not the program.
      if status == 64 { #expect(outcome.errors.contains("Usage: adjoint cost "), "\(outcome.errors)") }
    }
  }
}
