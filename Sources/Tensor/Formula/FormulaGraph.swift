/// A formula under construction: scalar values in order of dependence, equal ones shared, trivial
/// arithmetic simplified as it is written down.
final class FormulaGraph {
  enum Value: Hashable {
    case input(Int)
    case parameter(Int)
    case constant(UInt64)  // bit pattern, so that -0 and 0 differ and NaN equals itself
    case operation(Primitive, Int, Int, Int)
  }

  /// How much of a cotangent (or tangent) passes an edge.
  enum Slope {
    case zero, one, minusOne
    case value(Int)
    /// All of it where the condition is not 0 (or is 0), else nothing: not a product, so an infinite
    /// cotangent of the branch that was not taken cannot become NaN.
    case masked(Int, whenTrue: Bool)
  }

  private let isDerivative: Bool
  private(set) var values: [Value] = []
  private var known: [Value: Int] = [:]
  /// Values whose derivative is stated rather than derived.
  private(set) var overrides: [Int: [(operand: Int, slope: Int)]] = [:]

  init(isDerivative: Bool = false) { self.isDerivative = isDerivative }

  private func intern(_ value: Value) -> Int {
    if let id = known[value] { return id }
    values.append(value)
    known[value] = values.count - 1
    return values.count - 1
  }

  func input(_ index: Int) -> Int { intern(.input(index)) }
  func parameter(_ index: Int) -> Int { intern(.parameter(index)) }
  func constant(_ number: Double) -> Int { intern(.constant(number.bitPattern)) }

  func constantValue(_ id: Int) -> Double? {
    guard case .constant(let bits) = values[id] else { return nil }
    return Double(bitPattern: bits)
  }

  private func operands(_ id: Int, of primitive: Primitive) -> (Int, Int)? {
    guard case .operation(primitive, let a, let b, _) = values[id] else { return nil }
    return (a, b)
  }

  /// The same number with an identity of its own, so that a derivative can be stated for it without
  /// affecting an equal expression elsewhere.
  func distinct(_ id: Int) -> Int {
    values.append(.operation(.copy, id, 0, 0))
    return values.count - 1
  }

  /// States the derivative of a distinct value: cotangents pass from it straight to these operands. The
  /// slopes may be written with the value itself.
  func state(_ slopes: [(operand: Int, slope: Int)], of id: Int) { overrides[id] = slopes }

  /// The same number, whose derivatives are multiplied with a factor (a value) on their way to it; one for equal ones.
  func passing(_ id: Int, _ factor: Int) -> Int {
    let copy = Value.operation(.copy, id, 0, 0)
    let known = overrides.first { key, slopes in
      values[key] == copy && slopes.count == 1 && slopes[0].operand == id && slopes[0].slope == factor
    }
    if let known { return known.key }
    let result = distinct(id)
    state([(operand: id, slope: factor)], of: result)
    return result
  }

  func apply(_ primitive: Primitive, _ a: Int, _ b: Int = 0, _ c: Int = 0) -> Int {
    if let simpler = simplified(primitive, a, b, c) { return simpler }
    if primitive.isCommutative && a > b { return intern(.operation(primitive, b, a, 0)) }
    return intern(.operation(primitive, a, b, c))
  }
}

// MARK: - Simplification

extension FormulaGraph {
  /// Exact rewrites only, up to the sign of zero and NaN of a product with a literal 0.
  private func simplified(_ primitive: Primitive, _ a: Int, _ b: Int, _ c: Int) -> Int? {
    let x = constantValue(a)
    let y = primitive.operandCount > 1 ? constantValue(b) : nil
    switch primitive {
    case .copy: return a
    case .add: return simplifiedSum(a, b, x, y)
    case .subtract:
      if let x, let y { return constant(x - y) }
      if y == 0 { return a }
      if x == 0 { return apply(.negate, b) }
      if let (inner, _) = operands(b, of: .negate) { return apply(.add, a, inner) }
      return nil
    case .multiply: return simplifiedProduct(a, b, x, y)
    case .strongMultiply:
      if x == 0 || y == 0 { return constant(0) }
      if let x, x.isFinite { return apply(.multiply, a, b) }
      if let y, y.isFinite { return apply(.multiply, a, b) }
      if let (inner, _) = operands(a, of: .negate) { return apply(.negate, apply(.strongMultiply, inner, b)) }
      if let (inner, _) = operands(b, of: .negate) { return apply(.negate, apply(.strongMultiply, a, inner)) }
      return nil
    case .divide:
      if y == 1 { return a }
      if y == -1 { return apply(.negate, a) }
      if x == 1 { return apply(.reciprocal, b) }
      if let x, let y { return constant(x / y) }
      return nil
    case .negate:
      if let x { return constant(-x) }
      if let (inner, _) = operands(a, of: .negate) { return inner }
      if let (left, right) = operands(a, of: .subtract) { return apply(.subtract, right, left) }
      return nil
    case .square:
      if let x { return constant(x * x) }
      if let (inner, _) = operands(a, of: .negate) { return apply(.square, inner) }
      return nil
    case .reciprocal:
      if let x { return constant(1 / x) }
      return nil
    case .select:
      if b == c { return b }
      if let x { return x != 0 ? b : c }
      return nil
    case .pow:
      if y == 1 { return a }
      if y == 2 { return apply(.square, a) }
      if y == 0 { return constant(1) }
      return nil
    case .polygamma:
      return x == 0 ? apply(.digamma, b) : nil
    default: return nil
    }
  }

  private func simplifiedSum(_ a: Int, _ b: Int, _ x: Double?, _ y: Double?) -> Int? {
    if let x, let y { return constant(x + y) }
    if x == 0 { return b }
    if y == 0 { return a }
    if let (inner, _) = operands(b, of: .negate) { return apply(.subtract, a, inner) }
    if let (inner, _) = operands(a, of: .negate) { return apply(.subtract, b, inner) }
    if a == b { return apply(.multiply, constant(2), a) }
    return nil
  }

  private func simplifiedProduct(_ a: Int, _ b: Int, _ x: Double?, _ y: Double?) -> Int? {
    if let x, let y { return constant(x * y) }
    // A derivative may drop a product with a literal 0; what a user wrote must keep its NaN.
    if isDerivative && (x == 0 || y == 0) { return constant(0) }
    if x == 1 { return b }
    if y == 1 { return a }
    if x == -1 { return apply(.negate, b) }
    if y == -1 { return apply(.negate, a) }
    if let (inner, _) = operands(a, of: .negate) { return apply(.negate, apply(.multiply, inner, b)) }
    if let (inner, _) = operands(b, of: .negate) { return apply(.negate, apply(.multiply, a, inner)) }
    if let x, let product = scaled(x, b) { return product }
    if let y, let product = scaled(y, a) { return product }
    return a == b ? apply(.square, a) : nil
  }

  /// factor * (k * v) as one product, where no rounding is lost that mattered.
  private func scaled(_ factor: Double, _ id: Int) -> Int? {
    guard let (left, right) = operands(id, of: .multiply) else { return nil }
    if let k = constantValue(left) { return apply(.multiply, constant(factor * k), right) }
    if let k = constantValue(right) { return apply(.multiply, constant(factor * k), left) }
    return nil
  }
}

// MARK: - Copying into another graph

extension FormulaGraph {
  /// Writes all values into `target`, with these in place of the inputs; returns where each came to stand.
  /// `replacing`: results (of this graph) that are to be read from the target's values instead.
  func copy(
    into target: FormulaGraph, inputs: [Int], parameters: [Int], replacing: [Int: Int] = [:]
  ) -> [Int] {
    var map: [Int] = []
    map.reserveCapacity(values.count)
    for (id, value) in values.enumerated() {
      if let replacement = replacing[id] {
        map.append(replacement)
        continue
      }
      switch value {
      case .input(let index): map.append(inputs[index])
      case .parameter(let index): map.append(parameters[index])
      case .constant(let bits): map.append(target.constant(Double(bitPattern: bits)))
      case .operation(let primitive, let a, let b, let c):
        map.append(
          overrides[id] == nil
            ? target.apply(primitive, map[a], map[b], map[c]) : target.distinct(map[a]))
      }
    }
    for (id, slopes) in overrides where replacing[id] == nil {
      target.state(slopes.map { (operand: map[$0.operand], slope: map[$0.slope]) }, of: map[id])
    }
    return map
  }
}

// MARK: - What a value depends on

extension FormulaGraph {
  /// The values that must be known for these roots, ascending; `given` values are known already.
  func needed(for roots: [Int], given: Set<Int> = []) -> [Int] {
    var needed = Array(repeating: false, count: values.count)
    for root in roots { needed[root] = true }
    for id in needed.indices.reversed() where needed[id] && !given.contains(id) {
      if case .operation(let primitive, let a, let b, let c) = values[id] {
        let count = primitive.operandCount
        needed[a] = true
        if count > 1 { needed[b] = true }
        if count > 2 { needed[c] = true }
      }
    }
    return needed.indices.filter { needed[$0] }
  }

  /// Whether it may have a derivative: parameters and constants have none.
  func isVariable(_ id: Int) -> Bool {
    switch values[id] {
    case .constant, .parameter: false
    case .input, .operation: true
    }
  }

  func isInput(_ id: Int) -> Int? {
    if case .input(let index) = values[id] { return index }
    return nil
  }
}
