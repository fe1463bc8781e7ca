import Foundation
import NN
import Testing

/// What the compiler says is part of the interface: long correct expressions are type-checked, and wrong ones
/// end in a message that says what to write.
struct DiagnosticTests {
  private static let right = [
    "x * n", "Float(2) * x", "x * f + d * y - n", "x .< n",
    "maximum(x, f) + minimum(n, y) - pow(x, f) * pow(n, y) + remainder(x, n)", "x[0] * 2 + y[1...] * d - x.sum() / d",
    "(100 * square(y - square(x)) + square(1 - x)).sum()",
    "sin(exp(-x * x)) * tanh(x) + x / (1 + x * x)",
    "0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * x * x * x)))",
    "x * 2 + y * 3 - x / 4 + 1 / y - 5 * x * y + 6 * (x - y) * (x + y) / (1 + x * x + y * y)",
    "-log(1 / (1 + exp(-x))) * y - (1 - y) * log(1 - 1 / (1 + exp(-x)))",
    "x * f + y * f - x / f + 1 / y - f * x * y + d * (x - y) * (x + y) / (d + x * x + y * y)",
    "Formula { x in x / (1 + exp(-x)) + 2 * x * x - x * 3 }",
    "{ (x: Tensor) in x * x * x - 2 * x + exp(-x) * sin(3 * x) }",
    "grad { x in (x * x * x - 2 * x + exp(-x) * sin(3 * x)).sum() }(x)",
    "valueAndGrad { a, b in (a * a * b - 2 * a + exp(-a) * sin(3 * b)).sum() }(x, y)",
    "grad { grad { sin($0).sum() }($0).sum() }(x)",
    "hvp({ a, b in (a * a * b - 2 * a + exp(-a) * sin(3 * b)).sum() }, at: (x, y), along: (y, x))",
    "vjp({ a, b in a * a * b - 2 * a + exp(-a) * sin(3 * b) }, at: (x, y)).pullback(x)",
    "valueAndGrad { (a: Tensor, b: Tensor, c: Tensor) in (a * a * b - 2 * c + exp(-a) * sin(3 * b)).sum() }(x, y, x)",
    "grad(Linear(2, 2)) { m in (m(x) * m(x) - 2 * y + exp(-m(x)) * sin(3 * y)).sum() }",
    "hvp(Linear(2, 2), along: [x, y]) { (square($0(x) - y) + 0.1 * exp(-$0(y)) * sin(3 * y)).sum() }",
    "exp(1.0) * 2 + sin(2) * d - exp(-d * d) / (1 + d * d)",
    "maximum(x, 0) + minimum(y, 1) * 0.5 - pow(x, 2) / (1 + pow(y, 3))",
  ]

  private static let array = "an array is no tensor: write Tensor(values)"
  private static let optional = "unwrap it first, with ! or if let"
  private static let integer = "the numbers beside tensors are Int, Float and Double: write Int(number)"
  private static let combine = "tensors combine with tensors and numbers"

  /// A wrong expression, and what the message must say.
  private static let wrong: [(expression: String, message: String)] = [
    ("x * [1, 2]", array), ("[1.0, 2.0] + x", array), ("[[1.0, 2], [3, 4]] - x", array), ("x / doubles", array),
    ("floats + x", array), ("x .> doubles", array), ("exp([1.0, 2.0])", array), ("exp([1, 2])", array),
    ("sin(doubles)", array), ("x * (x + y * doubles) - 3 * exp(-x) / (1 + y)", array),
    ("x * (y + exp(doubles)) - 3 * exp(-x) / (1 + y)", array),
    ("sin(exp(-x * x)) * tanh(x) + x / (1 + doubles * x)", array),
    ("x * (x + y * [1, 2]) - 3 * exp(-x) / (1 + y)", array),
    ("doubles[1...] * x", "a slice is no tensor: write Tensor(Array(values))"),
    ("x * 2 + optional", optional), ("x * 2 + y * optional - 3 * exp(-x) / (1 + y)", optional),
    ("x * byte", integer), ("x * x + text", combine), ("x * (y + cos(2 * x) - \"3\") / (1 + x * x)", combine),
    ("x * true", combine), ("x * letter + x / (1 + x * x)", combine),
    ("x == y", "compare elements with .==, or all of them with allClose(_:)"),
    ("x > 0 ? 1 : 2", "compare elements with .>, or one number with item()"),
    ("x % 2", "write remainder(a, b)"), ("y + x ^ 2", "write pow(a, b)"), ("x ** 2", "pow(_:_:)"),
    ("matmul(x, doubles)", "cannot convert value of type '[Double]' to expected argument type 'Tensor'"),
    ("sin(x) * unknown + 2 * x / (1 + x * x)", "cannot find 'unknown' in scope"),
  ]

  @Test func correctExpressionsAreTypeChecked() throws {
    let found = try Compiler.diagnostics(of: Self.right)
    for (expression, said) in zip(Self.right, found.messages) {
      #expect(said.isEmpty, "\(expression): \(said.joined(separator: "; "))")
    }
    print("type-checking \(Self.right.count) correct expressions: at most \(found.slowest) ms each")
  }

  @Test func wrongExpressionsSayWhatToWrite() throws {
    let found = try Compiler.diagnostics(of: Self.wrong.map(\.expression))
    for (wrong, said) in zip(Self.wrong, found.messages) {
      let all = said.joined(separator: "; ")
      #expect(all.contains(wrong.message), "\(wrong.expression): \(all)")
      #expect(!all.contains("unable to type-check"), "\(wrong.expression)")
    }
    print("type-checking \(Self.wrong.count) wrong expressions: at most \(found.slowest) ms each")
  }
}

/// The compiler that built the tests, run on expressions of a user.
enum Compiler {
  private static let prelude = """
    _ x: Tensor, _ y: Tensor, _ n: Int, _ f: Float, _ d: Double, _ doubles: [Double], _ floats: [Float], \
    _ text: String, _ letter: Character, _ optional: Tensor?, _ byte: UInt8
    """

  /// The errors of each expression, and the longest time that one took.
  static func diagnostics(of expressions: [String]) throws -> (messages: [[String]], slowest: Int) {
    // Line k + 2 holds expression k.
    let lines = expressions.enumerated().map { "func page\($0)(\(prelude)) { _ = \($1) }" }
    let output = try output(of: (["import NN"] + lines).joined(separator: "\n"))
    var messages = expressions.map { _ in [String]() }
    var slowest = 0
    for match in output.matches(of: /page\.swift:(\d+):\d+: (error|warning): (.*)/) {
      guard let line = Int(match.1), messages.indices.contains(line - 2) else { continue }
      if match.2 == "error" { messages[line - 2].append(String(match.3)) }
      if let time = match.3.firstMatch(of: /took (\d+)ms/) { slowest = max(slowest, Int(time.1) ?? 0) }
    }
    // A page that cannot be compiled at all (no module, no compiler) must not count as free of errors.
    #expect(!output.contains("<unknown>:0: error") && !output.contains("page.swift:1:"), "\(output)")
    return (messages, slowest)
  }

  /// The errors of a file.
  static func errors(of text: String) throws -> [String] {
    try output(of: text).split(separator: "\n").map(String.init).filter { $0.contains(" error: ") }
  }

  /// What the compiler says about a file, `page.swift`.
  private static func output(of text: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "adjoint-page-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let page = folder.appending(path: "page.swift")
    try text.write(to: page, atomically: true, encoding: .utf8)
    return try run(on: page, in: folder)
  }

  private static func run(on page: URL, in folder: URL) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      try ["swiftc", "-typecheck", "-swift-version", "6", "-diagnostic-style=llvm", page.path]
      + ["-Xfrontend", "-warn-long-expression-type-checking=1", "-I", modules().path]
      + ["CKernels", "CBLAS"].flatMap { name in
        let headers = root.appending(path: "Sources/\(name)/include").path
        return ["-Xcc", "-fmodule-map-file=\(headers)/module.modulemap", "-Xcc", "-I\(headers)"]
      }
    let output = folder.appending(path: "output")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    process.standardError = try FileHandle(forWritingTo: output)
    try process.run()
    process.waitUntilExit()
    return try String(contentsOf: output, encoding: .utf8)
  }

  /// The folder of the modules that were built with the tests.
  private static func modules() throws -> URL {
    let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
    let starts = bundles + [URL(filePath: CommandLine.arguments[0]), Bundle.main.bundleURL.appending(path: "x")]
    let folders = starts.map { $0.resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "Modules") }
    return try #require(
      folders.first { FileManager.default.fileExists(atPath: $0.appending(path: "NN.swiftmodule").path) },
      "no modules beside the tests: \(folders)")
  }
}
