import ArgumentParser
import Foundation
import NN
import Plot

/// `adjoint plot`
struct PlotFunction: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw a function with its first and second derivative.",
    usage: """
      adjoint plot <expression> [--from <number>] [--to <number>] [--output <file.svg>] [--width <columns>] \
      [--points <count>]
      """,
    discussion: """
      The function is an expression of x, such as sin, '2*sin(3*x)' or 'exp(-x^2)': numbers, pi, e, \
      + - * / ^, parentheses and the elementary functions; a bare name stands for the function of x. The \
      derivatives are automatic, not symbolic or by differences.
      """)

  // An array only because that is what takes arguments that begin with a minus.
  @Argument(parsing: .allUnrecognized, help: ArgumentHelp("The function.", valueName: "expression"))
  var expressions: [String]

  private var expression: String { expressions[0] }

  @Option(parsing: .unconditional, help: ArgumentHelp("Where to begin, such as -pi.", valueName: "number"))
  var from = "-pi"

  @Option(parsing: .unconditional, help: ArgumentHelp("Where to end, such as 2*pi.", valueName: "number"))
  var to = "pi"

  @Option(name: [.short, .long], help: ArgumentHelp("The picture to write.", valueName: "file.svg"))
  var output = "plot.svg"

  @Option(
    help: ArgumentHelp(
      "Columns of the drawing in the terminal; the terminal's own by default.", valueName: "columns"))
  var width: Int?

  @Option(help: ArgumentHelp("Points to evaluate at.", valueName: "count"))
  var points = 1001

  func validate() throws {
    guard expressions.count == 1 else {
      if let option = expressions.first(where: { $0.hasPrefix("--") }) {
        throw ValidationError("there is no option \(option)")
      }
      throw ValidationError(
        "one expression is needed, there are \(expressions.count): \(expressions.joined(separator: ", "))")
    }
    guard (2...1_000_000).contains(points) else {
      throw ValidationError("--points is \(points); it must be from 2 to 1,000,000")
    }
    if let width, !(40...1000).contains(width) {
      throw ValidationError("--width is \(width); it must be from 40 to 1,000")
    }
  }

  func run() throws {
    let function = try parse(expression, "the expression")
    let (start, end) = (try bound(from, "--from"), try bound(to, "--to"))
    guard start < end else { throw Failure("--from (\(from)) must be less than --to (\(to))") }
    try OutputFiles.check(output)

    let x = Tensor.linspace(from: start, to: end, count: points, dtype: .float64)
    let f: (Tensor) -> Tensor = { x in
      // A constant takes the shape of x, and its derivative is 0.
      function.isConstant ? function(x) + 0 * x : function(x)
    }
    // Each value depends on its own x only, so the gradient of the sum is the derivative at every point.
    let first = grad { (x: Tensor) in f(x).sum() }
    let second = grad { (x: Tensor) in first(x).sum() }

    let isBare = Expression.functions[expression] != nil
    let text = isBare ? "\(expression)(x)" : expression.trimmingCharacters(in: .whitespaces)
    let inUnits = [from, to].contains { $0.contains("pi") || $0.contains("π") }
    var plot = LinePlot(title: "f(x) = \(text)", x: Axis("x", range: start...end, unit: inUnits ? .pi : nil))
    let numbers = x.scalars(as: Double.self)
    let values = f(x).scalars(as: Double.self)
    guard values.contains(where: \.isFinite) else {
      throw Failure("\(text) has no finite value between \(from) and \(to); nothing can be drawn")
    }
    for (label, curve) in [("f", values), ("f′", first(x).scalars()), ("f″", second(x).scalars())] {
      // The formula of a derivative may have a value where the function has none, as 1/x left of log's end.
      let shown = zip(curve, values).map { $1.isFinite ? $0 : .nan }
      plot.add(x: numbers, y: shown, label: label)
    }

    do throws(FileError) {
      try StagedFile(Data(plot.svg().utf8), for: URL(fileURLWithPath: output)).commit()
    } catch {
      throw Failure("cannot write \(output): \(error.reason)")
    }
    let size = Terminal.size(STDOUT_FILENO)
    let columns = width ?? min(max(size?.columns ?? 80, 40), 160)
    let rows = min(max((size?.rows ?? 30) - 4, 16), 40)
    print(plot.terminal(columns: columns, rows: rows, color: Terminal.outputHasColor), terminator: "")
    print("wrote \(output)")
  }

  private func parse(_ text: String, _ what: String) throws -> Expression {
    do throws(Expression.SyntaxError) {
      return try Expression(text)
    } catch {
      throw Failure("\(what): \(error)")
    }
  }

  private func bound(_ text: String, _ option: String) throws -> Double {
    guard let value = try parse(text, option).constantValue, value.isFinite else {
      throw Failure("\(option) is \"\(text)\"; it must be a finite number, such as 1.5 or 2*pi")
    }
    return value
  }
}
