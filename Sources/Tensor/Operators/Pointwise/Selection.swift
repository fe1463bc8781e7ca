// Choosing between values element by element.

enum Selection {
  static let select = Formula("where") { Formula.select($0, $1, $2) }
  static let selectNumber = Formula("where", inputs: 2, parameters: 1) { [Formula.select($0[0], $0[1], $1[0])] }
  static let selectNumberFirst = Formula("where", inputs: 2, parameters: 1) {
    [Formula.select($0[0], $1[0], $0[1])]
  }
  static let clamp = Formula("clamp", inputs: 1, parameters: 2) { x, bound in
    let raised = Formula.select(x[0] .< bound[0], bound[0], x[0])
    return [Formula.select(bound[1] .< x[0], bound[1], raised)]
  }
}

/// Elements of `a` where the condition is true (not 0), of `b` elsewhere; shapes broadcast.
///
/// Derivatives go to the chosen element only: an infinite or NaN slope behind the other one stays out, so
/// `where(x .> 0, sqrt(x), zeros)` has finite derivatives of every order.
public func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
  Selection.select.apply([condition, a, b])[0]
}
/// As ``where(_:_:_:)`` with a number, which takes the dtype.
public func `where`(_ condition: Tensor, _ a: Tensor, _ b: Double) -> Tensor {
  Selection.selectNumber.apply([condition, a], SIMD2(b, 0))[0]
}
/// As ``where(_:_:_:)`` with a number, which takes the dtype.
public func `where`(_ condition: Tensor, _ a: Double, _ b: Tensor) -> Tensor {
  Selection.selectNumberFirst.apply([condition, b], SIMD2(a, 0))[0]
}

/// Elements kept within bounds; NaN stays NaN. Derivative: 1 within and at the bounds, 0 outside.
///
/// - Precondition: `minimum <= maximum`.
public func clamp(_ x: Tensor, minimum: Double = -.infinity, maximum: Double = .infinity) -> Tensor {
  guard minimum <= maximum else {
    return Misuse.fail("clamp", "the minimum \(minimum) is above the maximum \(maximum)")
  }
  if !x.dtype.isFloatingPoint && (minimum == -.infinity || maximum == .infinity) {
    // An integer has no infinity to be compared with.
    let raised = minimum == -.infinity ? x : Binary.maximum.number.apply(x, SIMD2(minimum, 0))
    return maximum == .infinity ? raised : Binary.minimum.number.apply(raised, SIMD2(maximum, 0))
  }
  return Selection.clamp.apply(x, SIMD2(minimum, maximum))
}
