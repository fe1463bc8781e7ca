/// The derivative rules of the scalar primitives, and how they chain: a formula's derivative is a formula.
///
/// Slopes are stated so that they and their own derivatives stay finite wherever the function is smooth
/// (tanh' is 1 - y*y, whose second derivative does not overflow, not 1 / cosh(x)^2).
extension FormulaGraph {
  /// The slopes of one operation with respect to its operands.
  func slopes(_ id: Int) -> [(operand: Int, slope: Slope)] {
    if let stated = overrides[id] {
      return stated.map { ($0.operand, constantValue($0.slope) == 0 ? .zero : .value($0.slope)) }
    }
    guard case .operation(let primitive, let a, let b, let c) = values[id] else { return [] }
    let rule = Rule(graph: self, a: a, b: b, c: c, y: id)
    let slopes = rule.slopes(of: primitive)
    return zip([a, b, c], slopes).map { ($0, $1) }
  }

  /// A cotangent or tangent as it passes an edge; nil is zero.
  func passed(_ amount: Int, _ slope: Slope) -> Int? {
    switch slope {
    case .zero: return nil
    case .one: return amount
    case .minusOne: return apply(.negate, amount)
    case .value(let slope): return apply(.strongMultiply, amount, slope)
    case .masked(let condition, let whenTrue):
      let zero = constant(0)
      return whenTrue
        ? apply(.select, condition, amount, zero) : apply(.select, condition, zero, amount)
    }
  }

  /// Reverse mode: the cotangents of `wanted` values, from those of some others; nil is zero.
  func cotangents(of wanted: [Int], from seeds: [(value: Int, cotangent: Int)]) -> [Int?] {
    var cotangent: [Int: Int] = [:]
    func add(_ amount: Int, to id: Int) {
      cotangent[id] = cotangent[id].map { apply(.add, $0, amount) } ?? amount
    }
    for seed in seeds { add(seed.cotangent, to: seed.value) }
    var id = seeds.map(\.value).max() ?? -1
    while id >= 0 {
      if let amount = cotangent[id], !wanted.contains(id) {
        for (operand, slope) in slopes(id) {
          if let part = passed(amount, slope) { add(part, to: operand) }
        }
      }
      id -= 1
    }
    return wanted.map { cotangent[$0] }
  }

  /// Forward mode: the tangents of `wanted` values, from those of some others; nil is zero.
  func tangents(of wanted: [Int], from seeds: [(value: Int, tangent: Int)]) -> [Int?] {
    var tangent: [Int: Int] = [:]
    for seed in seeds { tangent[seed.value] = seed.tangent }
    let last = wanted.max() ?? -1
    for id in 0...Swift.max(last, 0) where tangent[id] == nil {
      for (operand, slope) in slopes(id) {
        guard let amount = tangent[operand], let part = passed(amount, slope) else { continue }
        tangent[id] = tangent[id].map { apply(.add, $0, part) } ?? part
      }
    }
    return wanted.map { tangent[$0] }
  }
}

/// The operands of one operation, and what may be written with them.
private struct Rule {
  let graph: FormulaGraph
  let a, b, c, y: Int

  private func of(_ primitive: Primitive, _ x: Int, _ y: Int = 0, _ z: Int = 0) -> Int {
    graph.apply(primitive, x, y, z)
  }
  private func number(_ value: Double) -> Int { graph.constant(value) }
  private func plus(_ x: Int, _ y: Int) -> Int { of(.add, x, y) }
  private func minus(_ x: Int, _ y: Int) -> Int { of(.subtract, x, y) }
  private func times(_ x: Int, _ y: Int) -> Int { of(.multiply, x, y) }
  private func over(_ x: Int, _ y: Int) -> Int { of(.divide, x, y) }

  func slopes(of primitive: Primitive) -> [FormulaGraph.Slope] {
    let one = number(1)
    switch primitive {
    case .copy: return [.one]
    case .add: return [.one, .one]
    case .subtract: return [.one, .minusOne]
    case .multiply, .strongMultiply: return [.value(b), .value(a)]
    case .multiplyAdd: return [.value(b), .value(a), .one]
    case .divide:
      // One division for both slopes.
      let inverse = of(.reciprocal, b)
      return [.value(inverse), .value(of(.negate, times(y, inverse)))]
    case .negate: return [.minusOne]
    case .abs: return [.value(of(.sign, a))]
    case .square: return [.value(times(number(2), a))]
    case .reciprocal: return [.value(of(.negate, of(.square, y)))]
    case .minimum: return extremeSlopes(of(.less, a, b), of(.less, b, a))
    case .maximum: return extremeSlopes(of(.less, b, a), of(.less, a, b))
    case .select: return [.zero, .masked(a, whenTrue: true), .masked(a, whenTrue: false)]
    case .sign, .equal, .notEqual, .less, .lessOrEqual, .and, .or, .not, .isNaN, .isFinite, .floor, .ceil,
      .round, .trunc, .floorDivide:
      return [.zero, .zero, .zero]
    case .remainder: return [.one, .value(of(.negate, of(.floorDivide, a, b)))]
    case .sqrt: return [.value(over(number(0.5), y))]
    case .rsqrt: return [.value(times(number(-0.5), times(y, of(.square, y))))]
    case .cbrt: return [.value(of(.reciprocal, times(number(3), of(.square, y))))]
    case .exp: return [.value(y)]
    case .exp2: return [.value(times(number(0.693147180559945309417), y))]
    case .expm1: return [.value(of(.exp, a))]
    case .log: return [.value(of(.reciprocal, a))]
    case .log2: return [.value(over(number(1.44269504088896340736), a))]
    case .log10: return [.value(over(number(0.434294481903251827651), a))]
    case .log1p: return [.value(of(.reciprocal, plus(one, a)))]
    case .sin: return [.value(of(.cos, a))]
    case .cos: return [.value(of(.negate, of(.sin, a)))]
    case .tan: return [.value(plus(one, of(.square, y)))]
    case .asin: return [.value(of(.rsqrt, oneMinusSquare))]
    case .acos: return [.value(of(.negate, of(.rsqrt, oneMinusSquare)))]
    case .atan: return [.value(of(.reciprocal, plus(one, of(.square, a))))]
    case .atan2:
      let radius = plus(of(.square, a), of(.square, b))
      return [.value(outsideOrigin(over(b, radius))), .value(outsideOrigin(of(.negate, over(a, radius))))]
    case .sinh: return [.value(of(.cosh, a))]
    case .cosh: return [.value(of(.sinh, a))]
    case .tanh: return [.value(minus(one, of(.square, y)))]
    case .asinh: return [.value(of(.rsqrt, plus(one, of(.square, a))))]
    case .acosh:
      return [.value(times(of(.rsqrt, minus(a, one)), of(.rsqrt, plus(a, one))))]
    case .atanh: return [.value(of(.reciprocal, oneMinusSquare))]
    case .pow: return powerSlopes
    case .hypot: return [.value(hypotSlope(a)), .value(hypotSlope(b))]
    case .erf: return [.value(times(number(1.12837916709551257390), gaussian))]
    case .erfc: return [.value(times(number(-1.12837916709551257390), gaussian))]
    case .erfinv: return [.value(times(number(0.886226925452758013649), of(.exp, of(.square, y))))]
    case .lgamma: return [.value(of(.digamma, a))]
    case .digamma: return [.value(of(.polygamma, one, a))]
    case .polygamma: return [.zero, .value(of(.polygamma, plus(a, one), b))]
    }
  }

  /// (1 - a)(1 + a) does not cancel near 1 and -1, where 1 - a*a does.
  private var oneMinusSquare: Int { times(minus(number(1), a), plus(number(1), a)) }

  private var gaussian: Int { of(.exp, of(.negate, of(.square, a))) }

  /// Ties share the slope evenly.
  private func extremeSlopes(_ first: Int, _ second: Int) -> [FormulaGraph.Slope] {
    let half = number(0.5)
    return [
      .value(of(.select, first, number(1), of(.select, second, number(0), half))),
      .value(of(.select, second, number(1), of(.select, first, number(0), half))),
    ]
  }

  /// a**b: the slope in a is 0 where b is 0, also at a = 0; the slope in b is 0 at a = 0 for b >= 0.
  private var powerSlopes: [FormulaGraph.Slope] {
    let exponent = heldExponent
    let base = of(.strongMultiply, exponent, of(.pow, a, minus(exponent, number(1))))
    let inExponent = of(.select, isZeroPower(b), number(0), of(.strongMultiply, y, of(.log, a)))
    return [.value(base), .value(inExponent)]
  }

  private func isZeroPower(_ exponent: Int) -> Int {
    of(.and, of(.equal, a, number(0)), of(.lessOrEqual, number(0), exponent))
  }

  /// b, which no derivative of the slope in a passes to where the slope in b is 0 by convention: else the mixed second
  /// derivatives would not be those of the slope in b, and a Hessian there not symmetric.
  private var heldExponent: Int {
    guard graph.isVariable(b) else { return b }
    // The exponents of slopes are smaller by whole numbers, and held already.
    var held = b
    while case .operation(.subtract, let inner, let amount, _) = graph.values[held], !graph.isVariable(amount) {
      held = inner
    }
    if case .operation(.copy, let exponent, _, _) = graph.values[held],
      graph.passing(exponent, passes(exponent)) == held
    {
      return b
    }
    return graph.passing(b, passes(b))
  }

  private func passes(_ exponent: Int) -> Int { of(.select, isZeroPower(exponent), number(0), number(1)) }

  /// 0 at the origin, where the angle has no derivative: the mean of those around it.
  private func outsideOrigin(_ slope: Int) -> Int {
    of(.select, of(.and, of(.equal, a, number(0)), of(.equal, b, number(0))), number(0), slope)
  }

  /// 0 at the origin, where hypot has a kink.
  private func hypotSlope(_ x: Int) -> Int {
    of(.select, of(.equal, y, number(0)), number(0), over(x, y))
  }
}
