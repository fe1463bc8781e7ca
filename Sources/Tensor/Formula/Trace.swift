extension Formula {
  /// A number that a formula's closure computes with, standing for every element at once.
  public struct Value {
    let graph: FormulaGraph
    let id: Int

    static func constant(_ number: Double, like other: Value) -> Value {
      Value(graph: other.graph, id: other.graph.constant(number))
    }
  }

  /// A formula of one input.
  public convenience init(_ name: String = "formula", _ body: (Value) -> Value) {
    self.init(name, inputs: 1) { inputs, _ in [body(inputs[0])] }
  }

  /// A formula of two inputs.
  public convenience init(_ name: String = "formula", _ body: (Value, Value) -> Value) {
    self.init(name, inputs: 2) { inputs, _ in [body(inputs[0], inputs[1])] }
  }

  /// A formula of three inputs.
  public convenience init(_ name: String = "formula", _ body: (Value, Value, Value) -> Value) {
    self.init(name, inputs: 3) { inputs, _ in [body(inputs[0], inputs[1], inputs[2])] }
  }

  /// A formula of `inputs` inputs with any number of results.
  public convenience init(_ name: String = "formula", inputs: Int, _ body: ([Value]) -> [Value]) {
    self.init(name, inputs: inputs) { inputs, _ in body(inputs) }
  }

  /// Parameters are numbers given at each call, which no derivative is taken with respect to.
  package convenience init(
    _ name: String, inputs: Int, parameters: Int = 0, _ body: ([Value], [Value]) -> [Value]
  ) {
    let graph = FormulaGraph()
    let inputValues = (0..<inputs).map { Value(graph: graph, id: graph.input($0)) }
    let parameterValues = (0..<parameters).map { Value(graph: graph, id: graph.parameter($0)) }
    let results = body(inputValues, parameterValues)
    precondition(!results.isEmpty, "\(name): a formula needs at least one result")
    precondition(
      results.allSatisfy { $0.graph === graph }, "\(name): a result was made of another formula's values")
    self.init(
      name, graph, results: results.map(\.id), inputCount: inputs, parameterCount: parameters)
  }

  /// `condition` true (not 0): `first`, else `second`. No derivative passes the branch not taken, even
  /// where its slope is infinite.
  public static func select(_ condition: Value, _ first: Value, _ second: Value) -> Value {
    condition.applying(.select, first, second)
  }

  /// As ``select(_:_:_:)`` with numbers.
  public static func select(_ condition: Value, _ first: Value, _ second: Double) -> Value {
    condition.applying(.select, first, .constant(second, like: condition))
  }

  /// As ``select(_:_:_:)`` with numbers.
  public static func select(_ condition: Value, _ first: Double, _ second: Value) -> Value {
    condition.applying(.select, .constant(first, like: condition), second)
  }

  /// As ``select(_:_:_:)`` with numbers.
  public static func select(_ condition: Value, _ first: Double, _ second: Double) -> Value {
    condition.applying(.select, .constant(first, like: condition), .constant(second, like: condition))
  }

  func takes(_ count: Int) -> Bool {
    if count != inputCount { Misuse.report(label, "takes \(counted(inputCount, "input")), got \(count)") }
    return count == inputCount
  }

  /// Applies the formula to three tensors, which broadcast.
  public func callAsFunction(_ x: Tensor, _ y: Tensor, _ z: Tensor) -> Tensor {
    takes(3) ? apply([x, y, z])[0] : .placeholder
  }

  /// The steps as they are run, for reading: one a line.
  public var listing: String {
    graph.needed(for: results).compactMap { id -> String? in
      guard case .operation(let primitive, let a, let b, let c) = graph.values[id] else { return nil }
      let operands = [a, b, c].prefix(primitive.operandCount).map(graph.operandName)
      return "%\(id) = \(primitive) \(operands.joined(separator: ", "))"
    }.joined(separator: "\n") + "\nreturn " + results.map(graph.operandName).joined(separator: ", ")
  }
}

extension FormulaGraph {
  fileprivate func operandName(_ id: Int) -> String {
    switch values[id] {
    case .input(let index): "x\(index)"
    case .parameter(let index): "p\(index)"
    case .constant(let bits): "\(Double(bitPattern: bits))"
    case .operation: "%\(id)"
    }
  }
}

// MARK: - Arithmetic on traced values

extension Formula.Value {
  func applying(_ primitive: Primitive) -> Self { Self(graph: graph, id: graph.apply(primitive, id)) }
  func applying(_ primitive: Primitive, _ b: Self) -> Self {
    checkTrace(b)
    return Self(graph: graph, id: graph.apply(primitive, id, b.id))
  }
  func applying(_ primitive: Primitive, _ b: Self, _ c: Self) -> Self {
    checkTrace(b)
    checkTrace(c)
    return Self(graph: graph, id: graph.apply(primitive, id, b.id, c.id))
  }

  /// A value means something within its own closure only.
  private func checkTrace(_ other: Self) {
    precondition(other.graph === graph, "formula: a value of another formula's closure was used in this one")
  }

  /// States the derivative of this value with respect to `other` instead of deriving it, where the derived
  /// one would be unstable or slow: `y.withSlope(in: x) { y in y * (1 - y) }`. Derivatives pass from this
  /// value straight to `other` and nowhere else; the slope is differentiated in its turn.
  public func withSlope(in other: Self, _ slope: (Self) -> Self) -> Self {
    checkTrace(other)
    let result = Self(graph: graph, id: graph.distinct(id))
    graph.state([(operand: other.id, slope: slope(result).id)], of: result.id)
    return result
  }

  /// 1 where `a < b`, else 0; and so on for the others.
  public static func .< (a: Self, b: Self) -> Self { a.applying(.less, b) }
  /// 1 where a < b, else 0; 0 at NaN.
  public static func .< (a: Self, b: Double) -> Self { a.applying(.less, .constant(b, like: a)) }
  /// 1 where a <= b, else 0; 0 at NaN.
  public static func .<= (a: Self, b: Self) -> Self { a.applying(.lessOrEqual, b) }
  /// 1 where a <= b, else 0; 0 at NaN.
  public static func .<= (a: Self, b: Double) -> Self { a.applying(.lessOrEqual, .constant(b, like: a)) }
  /// 1 where a > b, else 0; 0 at NaN.
  public static func .> (a: Self, b: Self) -> Self { b.applying(.less, a) }
  /// 1 where a > b, else 0; 0 at NaN.
  public static func .> (a: Self, b: Double) -> Self { Self.constant(b, like: a).applying(.less, a) }
  /// 1 where a >= b, else 0; 0 at NaN.
  public static func .>= (a: Self, b: Self) -> Self { b.applying(.lessOrEqual, a) }
  /// 1 where a >= b, else 0; 0 at NaN.
  public static func .>= (a: Self, b: Double) -> Self { Self.constant(b, like: a).applying(.lessOrEqual, a) }
  /// 1 where a and b are equal, else 0.
  public static func .== (a: Self, b: Self) -> Self { a.applying(.equal, b) }
  /// 1 where a and b are equal, else 0.
  public static func .== (a: Self, b: Double) -> Self { a.applying(.equal, .constant(b, like: a)) }
  /// 1 where a and b differ, else 0.
  public static func .!= (a: Self, b: Self) -> Self { a.applying(.notEqual, b) }
  /// 1 where a and b differ, else 0.
  public static func .!= (a: Self, b: Double) -> Self { a.applying(.notEqual, .constant(b, like: a)) }
  /// 1 where neither is 0, else 0.
  public static func .& (a: Self, b: Self) -> Self { a.applying(.and, b) }
  /// 1 where either is not 0, else 0.
  public static func .| (a: Self, b: Self) -> Self { a.applying(.or, b) }
  /// 1 where it is 0, else 0.
  public static prefix func .! (a: Self) -> Self { a.applying(.not) }

  /// The sum.
  public static func + (a: Self, b: Int) -> Self { a + Double(b) }
  /// The sum.
  public static func + (a: Int, b: Self) -> Self { Double(a) + b }
  /// The sum.
  public static func + (a: Self, b: Self) -> Self { a.applying(.add, b) }
  /// The sum.
  public static func + (a: Self, b: Double) -> Self { a.applying(.add, .constant(b, like: a)) }
  /// The sum.
  public static func + (a: Double, b: Self) -> Self { Self.constant(a, like: b).applying(.add, b) }
  /// The difference.
  public static func - (a: Self, b: Int) -> Self { a - Double(b) }
  /// The difference.
  public static func - (a: Int, b: Self) -> Self { Double(a) - b }
  /// The difference.
  public static func - (a: Self, b: Self) -> Self { a.applying(.subtract, b) }
  /// The difference.
  public static func - (a: Self, b: Double) -> Self { a.applying(.subtract, .constant(b, like: a)) }
  /// The difference.
  public static func - (a: Double, b: Self) -> Self { Self.constant(a, like: b).applying(.subtract, b) }
  /// The product.
  public static func * (a: Self, b: Int) -> Self { a * Double(b) }
  /// The product.
  public static func * (a: Int, b: Self) -> Self { Double(a) * b }
  /// The product.
  public static func * (a: Self, b: Self) -> Self { a.applying(.multiply, b) }
  /// The product.
  public static func * (a: Self, b: Double) -> Self { a.applying(.multiply, .constant(b, like: a)) }
  /// The product.
  public static func * (a: Double, b: Self) -> Self { Self.constant(a, like: b).applying(.multiply, b) }
  /// The quotient.
  public static func / (a: Self, b: Int) -> Self { a / Double(b) }
  /// The quotient.
  public static func / (a: Int, b: Self) -> Self { Double(a) / b }
  /// The quotient.
  public static func / (a: Self, b: Self) -> Self { a.applying(.divide, b) }
  /// The quotient.
  public static func / (a: Self, b: Double) -> Self { a.applying(.divide, .constant(b, like: a)) }
  /// The quotient.
  public static func / (a: Double, b: Self) -> Self { Self.constant(a, like: b).applying(.divide, b) }
  /// The value with the other sign.
  public static prefix func - (a: Self) -> Self { a.applying(.negate) }
  /// The value itself.
  public static prefix func + (a: Self) -> Self { a }
}

prefix operator .!
infix operator .& : LogicalConjunctionPrecedence
infix operator .| : LogicalDisjunctionPrecedence
