import Foundation
import Testing

@Suite struct PlotCommandTests {
  @Test func aFunctionIsDrawnWithItsDerivatives() throws {
    try withFolder { folder in
      let outcome = try Program("adjoint").run(
        ["plot", "2*sin(3*x)", "--from", "-pi", "--to", "pi", "--width", "60", "--output", "f.svg"],
        in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("f(x) = 2*sin(3*x)"))
      #expect(outcome.output.contains("* f   + f′   o f″"))
      #expect(outcome.output.contains("-π"))
      #expect(outcome.output.hasSuffix("wrote f.svg\n"))
      #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 60 })
      #expect(!outcome.output.contains("\u{1B}"))
      let svg = try String(contentsOf: folder.appendingPathComponent("f.svg"), encoding: .utf8)
      #expect(svg.components(separatedBy: "<polyline").count - 1 == 3)
      #expect(try contents(folder) == ["f.svg"])
    }
  }

  /// The curves' numbers, read back from the picture: heights of f, f' and f'' at the left end.
  private func leftEnds(_ expression: String, from: String, to: String) throws -> [Double] {
    var ends: [Double] = []
    try withFolder { folder in
      let outcome = try Program("adjoint").run(
        ["plot", expression, "--from", from, "--to", to, "--output", "f.svg"], in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let svg = try String(contentsOf: folder.appendingPathComponent("f.svg"), encoding: .utf8)
      for match in svg.matches(of: /<polyline points="[0-9.-]+,([0-9.-]+)/) {
        ends.append(try #require(Double(match.1)))
      }
    }
    return ends
  }

  @Test func theDerivativesAreRight() throws {
    // exp is its own derivative, to every order: the three curves are one.
    let exponential = try leftEnds("exp", from: "-1", to: "1")
    #expect(exponential.count == 3 && Set(exponential).count == 1)
    // At 0: 1 + 2x + 2x² has the value 1 and the derivatives 2 and 4, evenly and doubly apart.
    let polynomial = try leftEnds("1 + 2*x + 2*x^2", from: "0", to: "2")
    try #require(polynomial.count == 3)
    #expect(abs((polynomial[0] - polynomial[2]) - 3 * (polynomial[0] - polynomial[1])) < 0.05)
    // Constants and straight lines have derivatives too.
    #expect(try leftEnds("3", from: "0", to: "1").count == 3)
    #expect(try leftEnds("x", from: "0", to: "1").count == 3)
  }

  @Test(arguments: [
    "sin", "-x^2 + 1", "x^3 - x", "2^x", "x^x", "exp(-x^2/2)/sqrt(2*pi)", "max(x, 0)*tanh(x)", "1/x",
    "log(x)", "((x))", "1e-3*x", ".5*x", "relu(sin(2*π*x))", "2*e^-x", "hypot(x, 1)", "-+-x", "abs",
  ])
  func expressions(expression: String) throws {
    try withFolder { folder in
      let outcome = try Program("adjoint").run(
        ["plot", expression, "--from", "-2", "--to", "2"], in: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  @Test(arguments: [
    ("2*sin(3*y)", 8, "\"y\" is not known; there are x, pi, e and the functions abs acos"),
    ("2x", 1, "an operator is missing here; write * for a product"),
    ("sin(x", 3, "this \"(\" is never closed"),
    ("x)", 1, "this \")\" closes nothing"),
    ("x +", 3, "the expression ends too early"),
    ("x * / 2", 4, "a value was expected, not \"/\""),
    ("", 0, "the expression is empty"),
    ("max(x)", 3, "max takes 2 arguments, not 1"),
    ("sin(x, 2)", 3, "sin takes 1 argument, not 2"),
    ("hypot", 5, "hypot needs two arguments"),
    ("x, 2", 1, "a comma stands only between two arguments"),
    ("1.2.3", 3, "\".\" has no meaning here"),
    ("x $ 2", 2, "\"$\" has no meaning here"),
    (String(repeating: "(", count: 1000), 200, "nested too deeply"),
  ])
  func mistakesHaveACaret(expression: String, column: Int, message: String) throws {
    try withFolder { folder in
      let outcome = try Program("adjoint").run(["plot", expression], in: folder)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
      let lines = outcome.errors.split(separator: "\n").map(String.init)
      let marked = ["  \(expression)", "  \(String(repeating: " ", count: column))^"]
      #expect(Array(lines.suffix(2)) == marked)
      #expect(try contents(folder).isEmpty)
    }
  }

  @Test func rangesAndFilesThatCannotBe() throws {
    let adjoint = try Program("adjoint")
    try withFolder { folder in
      for (arguments, message) in [
        (["sin", "--from", "1", "--to", "1"], "--from (1) must be less than --to (1)"),
        (["sin", "--from", "x"], "--from is \"x\"; it must be a finite number"),
        (["sin", "--to", "1/0"], "--to is \"1/0\"; it must be a finite number"),
        (["sin", "--to", "2*"], "--to: the expression ends too early"),
        (["sin", "--output", "no/where.svg"], "cannot write to no/where.svg: no such file or directory"),
        (["sin", "--output", "."], "cannot write .: it is a directory"),
      ] {
        let outcome = try adjoint.run(["plot"] + arguments, in: folder)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
      }
      let mistyped = try adjoint.run(["plot", "sin", "--form", "1"], in: folder)
      #expect(mistyped.status == 64)
      #expect(mistyped.errors.contains("there is no option --form"))
      #expect(try contents(folder).isEmpty)
    }
  }
}
