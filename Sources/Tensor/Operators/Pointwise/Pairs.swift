// Further functions of two tensors.

enum Pairs {
  static let logAddExp = Formula("logAddExp") { a, b in logSum(a, b, base: 1, exp) }
  static let logAddExp2 = Formula("logAddExp2") { a, b in logSum(a, b, base: 0.693147180559945309417, exp2) }
  static let xlogy = Formula("xlogy") { x, y in
    let value = Formula.select((x .== 0) .& .!y.applying(.isNaN), 0, x * log(y))
    // One condition for both, so that the mixed second derivatives agree.
    let isNothing = (x .== 0) .& (y .<= 0)
    let first = Formula.select(isNothing, 0, log(y))
    let second = Formula.select(isNothing, 0, x / y)
    return value.withSlopes((x, first), (y, second))
  }
  static let lerp = Formula("lerp") { a, b, weight in blend(a, b, weight) }
  static let lerpNumber = Formula("lerp", inputs: 2, parameters: 1) { x, p in [blend(x[0], x[1], p[0])] }
  static let copysign = Formula("copysign") { a, b in
    Formula.select(Numeric.isNegative(b), -abs(a), abs(a))
  }
  static let fmod = Formula("fmod") { a, b in
    let whole = sign(a) * sign(b) * abs(a).applying(.floorDivide, abs(b))
    let value = sign(a) * abs(a).applying(.remainder, abs(b))
    let one = Formula.Value(graph: a.graph, id: a.graph.constant(1))
    return value.withSlopes((a, one), (b, -whole))
  }
  static let fmax = Formula("fmax") { a, b in Formula.select((b .<= a) .| b.applying(.isNaN), a, b) }
  static let fmin = Formula("fmin") { a, b in Formula.select((a .<= b) .| b.applying(.isNaN), a, b) }
  static let heaviside = Formula("heaviside") { x, value in
    Formula.select(x .== 0, value, Formula.select(x .< 0, 0, Formula.select(x .> 0, 1, x)))
  }
  static let clamp = Formula("clampTensors") { x, low, high in
    let raised = Formula.select(x .< low, low, x)
    return Formula.select(high .< raised, high, raised)
  }
  static let clampBelow = Formula("clampBelow") { x, low in Formula.select(x .< low, low, x) }
  static let clampAbove = Formula("clampAbove") { x, high in Formula.select(high .< x, high, x) }

  /// The nearer end plus the rest, so that each end is met exactly.
  private static func blend(_ a: Formula.Value, _ b: Formula.Value, _ weight: Formula.Value) -> Formula.Value {
    Formula.select(abs(weight) .< 0.5, a + weight * (b - a), b - (b - a) * (1 - weight))
  }

  /// The logarithm to a base (its own natural logarithm is given) of the sum of powers.
  private static func logSum(
    _ a: Formula.Value, _ b: Formula.Value, base: Double, _ power: (Formula.Value) -> Formula.Value
  ) -> Formula.Value {
    // Equal infinities differ by 0.
    let difference = Formula.select((a .== b) .& .!a.applying(.isFinite), 0, a - b)
    let value = maximum(a, b) + log1p(power(-abs(difference))) * (1 / base)
    let scaled = difference * base
    return value.withSlopes((a, Activations.sigmoidValue(scaled)), (b, Activations.sigmoidValue(-scaled)))
  }
}

extension Formula.Value {
  /// States the derivatives of this value with respect to two others: see ``withSlope(in:_:)``.
  func withSlopes(_ first: (of: Self, slope: Self), _ second: (of: Self, slope: Self)) -> Self {
    let result = Self(graph: graph, id: graph.distinct(id))
    graph.state([(first.of.id, first.slope.id), (second.of.id, second.slope.id)], of: result.id)
    return result
  }
}

/// log(exp(a) + exp(b)), without overflow; shapes broadcast.
///
/// Floating-point dtypes. Derivatives: sigmoid(a - b) and sigmoid(b - a).
public func logAddExp(_ a: Tensor, _ b: Tensor) -> Tensor { Pairs.logAddExp.apply(a, b) }

/// log2(2^a + 2^b), without overflow; shapes broadcast.
///
/// Floating-point dtypes. Derivatives: 2^a and 2^b, each divided by their sum.
public func logAddExp2(_ a: Tensor, _ b: Tensor) -> Tensor { Pairs.logAddExp2.apply(a, b) }

/// x log(y), 0 where x is 0; shapes broadcast.
///
/// Floating-point dtypes. Derivatives: log(y) and x / y; 0 where x is 0 and y is not positive.
public func xlogy(_ x: Tensor, _ y: Tensor) -> Tensor { Pairs.xlogy.apply(x, y) }

/// a + weight (b - a); shapes broadcast, and weights 0 and 1 give the ends exactly.
///
/// Floating-point dtypes. Derivatives: 1 - weight, weight, b - a.
public func lerp(_ a: Tensor, _ b: Tensor, _ weight: Tensor) -> Tensor { Pairs.lerp.apply([a, b, weight])[0] }
/// As ``lerp(_:_:_:)`` with one weight for all elements.
public func lerp(_ a: Tensor, _ b: Tensor, _ weight: Double) -> Tensor {
  Pairs.lerpNumber.apply([a, b], SIMD2(weight, 0))[0]
}

/// The magnitude of a with the sign of b (-0 is negative); shapes broadcast.
///
/// Floating-point dtypes. Derivatives: 1 or -1, 0 where a is 0; and 0.
public func copysign(_ a: Tensor, _ b: Tensor) -> Tensor { Pairs.copysign.apply(a, b) }

/// a - trunc(a / b) b: the remainder with the sign of a, as C's; shapes broadcast.
///
/// Derivatives: 1 and -trunc(a / b). Integers too (by 0: 0). See also remainder.
public func fmod(_ a: Tensor, _ b: Tensor) -> Tensor { Pairs.fmod.apply(a, b) }
/// As ``fmod(_:_:)`` with a number, which takes the dtype.
public func fmod(_ a: Tensor, _ b: Double) -> Tensor { fmod(a, Tensor.full([], b, dtype: a.dtype)) }

/// The larger of each pair; a number where one is NaN. Derivative: to the larger, a where equal.
///
/// Floating-point dtypes.
public func fmax(_ a: Tensor, _ b: Tensor) -> Tensor { Pairs.fmax.apply(a, b) }

/// The smaller of each pair; a number where one is NaN. Derivative: to the smaller, a where equal.
///
/// Floating-point dtypes.
public func fmin(_ a: Tensor, _ b: Tensor) -> Tensor { Pairs.fmin.apply(a, b) }

/// 0 below 0, 1 above, `value` at 0; NaN stays NaN. Derivatives: 0; and 1 for the value where x is 0.
public func heaviside(_ x: Tensor, _ value: Tensor) -> Tensor { Pairs.heaviside.apply(x, value) }

/// Elements kept within bounds that are tensors, nil for none; shapes broadcast. The maximum counts where it
/// is below the minimum.
///
/// Derivatives: to x within and at the bounds, else to the bound that holds.
public func clamp(_ x: Tensor, minimum: Tensor?, maximum: Tensor?) -> Tensor {
  switch (minimum, maximum) {
  case (let low?, let high?): Pairs.clamp.apply([x, low, high])[0]
  case (let low?, nil): Pairs.clampBelow.apply(x, low)
  case (nil, let high?): Pairs.clampAbove.apply(x, high)
  case (nil, nil): x
  }
}
