import NN

/// A function of x as text: `2*sin(3*x)`.
///
///     sum      = product, { ("+" | "-"), product }
///     product  = signed, { ("*" | "/"), signed }
///     signed   = { "-" | "+" }, power
///     power    = primary, [ "^", signed ]                    to the right: 2^3^2 is 2^9, -x^2 is -(x^2)
///     primary  = number | "x" | "pi" | "e" | "(", sum, ")"
///              | function, [ "(", sum, { ",", sum }, ")" ]   a bare name is the function of x
indirect enum Expression: Sendable {
  case number(Double)
  case x
  case call(Function, Expression)
  case binary(Binary, Expression, Expression)
  case negated(Expression)

  struct Function: Sendable {
    let name: String
    let body: @Sendable (Tensor) -> Tensor
  }

  struct Binary: Sendable {
    let numbers: @Sendable (Tensor, Tensor) -> Tensor
  }

  /// Where a text is wrong, and why.
  struct SyntaxError: Error, CustomStringConvertible {
    let text: String
    /// Characters before the place.
    let column: Int
    let message: String

    var description: String {
      "\(message)\n  \(text)\n  \(String(repeating: " ", count: column))^"
    }
  }

  init(_ text: String) throws(SyntaxError) {
    var parser = Parser(text)
    self = try parser.whole()
  }

  /// Whether the value depends on x.
  var isConstant: Bool {
    switch self {
    case .number: true
    case .x: false
    case .call(_, let a), .negated(let a): a.isConstant
    case .binary(_, let a, let b): a.isConstant && b.isConstant
    }
  }

  /// The value at a tensor of numbers; of its shape where it depends on x, else of rank 0.
  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .number(let number): Tensor.full([], number, dtype: x.dtype)
    case .x: x
    case .call(let function, let a): function.body(a(x))
    case .negated(let a): -a(x)
    case .binary(let operation, let a, let b): operation.numbers(a(x), b(x))
    }
  }

  /// The value of an expression without x.
  var constantValue: Double? {
    isConstant ? withoutGrad { self(Tensor.zeros([], dtype: .float64)).item() } : nil
  }

  // MARK: Names

  static let functions: [String: @Sendable (Tensor) -> Tensor] = [
    "sin": { sin($0) }, "cos": { cos($0) }, "tan": { tan($0) },
    "asin": { asin($0) }, "acos": { acos($0) }, "atan": { atan($0) },
    "sinh": { sinh($0) }, "cosh": { cosh($0) }, "tanh": { tanh($0) },
    "asinh": { asinh($0) }, "acosh": { acosh($0) }, "atanh": { atanh($0) },
    "exp": { exp($0) }, "expm1": { expm1($0) }, "log": { log($0) }, "ln": { log($0) },
    "log2": { log2($0) }, "log10": { log10($0) }, "log1p": { log1p($0) },
    "sqrt": { sqrt($0) }, "cbrt": { cbrt($0) }, "abs": { abs($0) }, "sign": { sign($0) },
    "square": { square($0) }, "sigmoid": { sigmoid($0) }, "relu": { relu($0) },
    "softplus": { softplus($0) }, "silu": { silu($0) }, "gelu": { gelu($0) },
    "erf": { erf($0) }, "erfc": { erfc($0) }, "lgamma": { lgamma($0) }, "digamma": { digamma($0) },
  ]

  static let binaries: [String: @Sendable (Tensor, Tensor) -> Tensor] = [
    "min": { minimum($0, $1) }, "max": { maximum($0, $1) }, "hypot": { hypot($0, $1) },
    "atan2": { atan2($0, $1) }, "pow": { pow($0, $1) },
  ]

  /// A power with a constant exponent knows it: its slope at a base of 0 or below then exists.
  static func power(_ a: Expression, _ b: Expression) -> Expression {
    guard let exponent = b.constantValue else {
      return .binary(Binary(numbers: { pow($0, $1) }), a, b)
    }
    return .call(Function(name: "pow", body: { pow($0, exponent) }), a)
  }
}

// MARK: - Parsing

private struct Parser {
  private let text: String
  private let characters: [Character]
  private var position = 0
  private var depth = 0

  init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  private func error(_ message: String, at column: Int? = nil) -> Expression.SyntaxError {
    // Tabs and line ends would put the caret elsewhere.
    let shown = String(text.map { $0.isWhitespace ? " " : $0 })
    return Expression.SyntaxError(text: shown, column: column ?? position, message: message)
  }

  private mutating func skipSpace() {
    while position < characters.count && characters[position].isWhitespace { position += 1 }
  }

  private mutating func peek() -> Character? {
    skipSpace()
    return position < characters.count ? characters[position] : nil
  }

  private mutating func take(_ options: Character...) -> Character? {
    guard let next = peek(), options.contains(next) else { return nil }
    position += 1
    return next
  }

  mutating func whole() throws(Expression.SyntaxError) -> Expression {
    guard peek() != nil else { throw error("the expression is empty") }
    let result = try sum()
    guard let next = peek() else { return result }
    if next == ")" { throw error("this \")\" closes nothing") }
    if next == "," { throw error("a comma stands only between two arguments, as in max(x, 0)") }
    if next.isLetter || next.isNumber || next == "(" {
      throw error("an operator is missing here; write * for a product")
    }
    throw error("\"\(next)\" has no meaning here")
  }

  private mutating func sum() throws(Expression.SyntaxError) -> Expression {
    // A limit, so that a long row of parentheses cannot exhaust the stack.
    depth += 1
    defer { depth -= 1 }
    if depth > 200 { throw error("the expression is nested too deeply") }
    var result = try product()
    while let sign = take("+", "-", "−") {
      let right = try product()
      result =
        sign == "+"
        ? .binary(.init(numbers: { $0 + $1 }), result, right)
        : .binary(.init(numbers: { $0 - $1 }), result, right)
    }
    return result
  }

  private mutating func product() throws(Expression.SyntaxError) -> Expression {
    var result = try signed()
    while let sign = take("*", "/", "×", "·") {
      let right = try signed()
      result =
        sign == "/"
        ? .binary(.init(numbers: { $0 / $1 }), result, right)
        : .binary(.init(numbers: { $0 * $1 }), result, right)
    }
    return result
  }

  private mutating func signed() throws(Expression.SyntaxError) -> Expression {
    var isNegative = false
    while let sign = take("-", "+", "−") { isNegative = sign == "+" ? isNegative : !isNegative }
    let result = try power()
    return isNegative ? .negated(result) : result
  }

  private mutating func power() throws(Expression.SyntaxError) -> Expression {
    let base = try primary()
    guard take("^") != nil else { return base }
    depth += 1
    defer { depth -= 1 }
    if depth > 200 { throw error("the expression is nested too deeply") }
    return Expression.power(base, try signed())
  }

  private mutating func primary() throws(Expression.SyntaxError) -> Expression {
    guard let next = peek() else { throw error("the expression ends too early: a value was expected") }
    if next.isASCII && next.isNumber || next == "." { return try number() }
    if next == "π" {
      position += 1
      return .number(.pi)
    }
    if next.isLetter { return try named() }
    if take("(") != nil {
      let opening = position - 1
      let result = try sum()
      try close(opening)
      return result
    }
    throw error("a value was expected, not \"\(next)\"")
  }

  private mutating func number() throws(Expression.SyntaxError) -> Expression {
    let start = position
    func digits() -> Int {
      var count = 0
      while position + count < characters.count, characters[position + count].isASCII,
        characters[position + count].isNumber
      {
        count += 1
      }
      return count
    }
    position += digits()
    if position < characters.count && characters[position] == "." {
      position += 1
      position += digits()
    }
    // An exponent, but not the e of "2*e".
    if position < characters.count, "eE".contains(characters[position]) {
      let mark = position
      position += 1
      if position < characters.count, "+-".contains(characters[position]) { position += 1 }
      let count = digits()
      position = count > 0 ? position + count : mark
    }
    guard let value = Double(String(characters[start..<position])) else {
      throw error("this is not a number", at: start)
    }
    return .number(value)
  }

  private mutating func named() throws(Expression.SyntaxError) -> Expression {
    let start = position
    while position < characters.count,
      characters[position].isLetter || characters[position].isNumber || characters[position] == "_"
    {
      position += 1
    }
    let name = String(characters[start..<position])
    switch name {
    case "x": return .x
    case "pi": return .number(.pi)
    case "e": return .number(2.718281828459045)
    default: break
    }
    if let body = Expression.functions[name] {
      let function = Expression.Function(name: name, body: body)
      guard take("(") != nil else { return .call(function, .x) }
      return .call(function, try arguments(1, of: name)[0])
    }
    if let body = Expression.binaries[name] {
      guard take("(") != nil else { throw error("\(name) needs two arguments, as in \(name)(x, 1)") }
      let both = try arguments(2, of: name)
      return name == "pow"
        ? Expression.power(both[0], both[1]) : .binary(.init(numbers: body), both[0], both[1])
    }
    let known = (Array(Expression.functions.keys) + Array(Expression.binaries.keys)).sorted()
    throw error(
      "\"\(name)\" is not known; there are x, pi, e and the functions \(known.joined(separator: " "))",
      at: start)
  }

  /// Takes the parenthesis that closes the one at `opening`.
  private mutating func close(_ opening: Int) throws(Expression.SyntaxError) {
    if take(")") != nil { return }
    if let next = peek() { throw error("an operator or \")\" was expected, not \"\(next)\"") }
    throw error("this \"(\" is never closed", at: opening)
  }

  /// The arguments after an opening parenthesis.
  private mutating func arguments(_ count: Int, of name: String) throws(Expression.SyntaxError)
    -> [Expression]
  {
    let opening = position - 1
    var result = [try sum()]
    while take(",") != nil { result.append(try sum()) }
    try close(opening)
    if result.count != count {
      throw error(
        "\(name) takes \(count) argument\(count == 1 ? "" : "s"), not \(result.count)", at: opening)
    }
    return result
  }
}
