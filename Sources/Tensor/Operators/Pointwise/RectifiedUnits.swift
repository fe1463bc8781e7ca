// Activation functions in pieces. At the points between pieces the derivative is that of the lower piece
// unless said otherwise, as PyTorch has it.

enum RectifiedUnits {
  static let leakyRelu = Formula("leakyRelu", inputs: 1, parameters: 1) { x, p in
    [Formula.select(x[0] .> 0, x[0], p[0] * x[0])]
  }
  static let prelu = Formula("prelu") { x, weight in Formula.select(x .> 0, x, weight * x) }
  /// Parameters: the factor of the exponential, and that of its argument. What is not taken may overflow.
  static let elu = exponential("elu")
  static let celu = exponential("celu")
  private static func exponential(_ label: String) -> Formula {
    Formula(label, inputs: 1, parameters: 2) { x, p in
      [Formula.select(x[0] .> 0, x[0], p[0] * expm1(p[1] * x[0]))]
    }
  }
  static let selu = Formula("selu") { x in
    Formula.select(x .> 0, 1.0507009873554804934 * x, 1.7580993408473768599 * expm1(x))
  }
  static let hardtanh = Formula("hardtanh", inputs: 1, parameters: 2) { x, bound in
    let lowered = Formula.select(bound[1] .<= x[0], bound[1], x[0])
    return [Formula.select(x[0] .<= bound[0], bound[0], lowered)]
  }
  static let hardsigmoid = Formula("hardsigmoid") { x in
    Formula.select(x .<= -3, 0, Formula.select(x .>= 3, 1, x / 6 + 0.5))
  }
  static let hardswish = Formula("hardswish") { x in
    Formula.select(x .<= -3, 0, Formula.select(x .>= 3, x, x * (x / 6 + 0.5)))
  }
  static let softshrink = Formula("softshrink", inputs: 1, parameters: 1) { x, p in
    let outside = Formula.select(x[0] .< 0, x[0] + p[0], x[0] - p[0])
    return [Formula.select(abs(x[0]) .<= p[0], 0, outside)]
  }
  static let hardshrink = Formula("hardshrink", inputs: 1, parameters: 1) { x, p in
    [Formula.select(abs(x[0]) .<= p[0], 0, x[0])]
  }
  static let threshold = Formula("threshold", inputs: 1, parameters: 2) { x, p in
    [Formula.select(x[0] .<= p[0], p[1], x[0])]
  }
}

/// x above 0, `slope` x below. Derivative: 1 above 0, the slope at and below 0.
///
/// Floating-point dtypes.
public func leakyRelu(_ x: Tensor, slope: Double = 0.01) -> Tensor {
  guard isFloating(x, "leakyRelu") else { return .placeholder }
  return RectifiedUnits.leakyRelu.apply(x, SIMD2(slope, 0))
}

/// x above 0, `weight` x below, with one weight for all or one for each channel (axis 1).
///
/// Derivatives: 1 above 0, the weight at and below 0; and x at and below 0 for the weight.
/// - Precondition: Equal floating-point dtypes; a weight of one element, or as many as axis 1 is long.
public func prelu(_ x: Tensor, _ weight: Tensor) -> Tensor {
  guard isFloating(x, "prelu") else { return .placeholder }
  if weight.count == 1 { return RectifiedUnits.prelu.apply(x, weight.reshaped([])) }
  guard weight.rank == 1, x.rank >= 2, weight.count == x.shape[1] else {
    return Misuse.fail(
      "prelu",
      "a weight of shape \(weight.shape) does not fit \(x.shape); it needs one element, or one for each of axis 1")
  }
  let shape = weight.shape.followed(by: Shape(repeating: 1, rank: x.rank - 2))
  return RectifiedUnits.prelu.apply(x, weight.reshaped(shape))
}

/// x above 0, `alpha` (exp(x) - 1) below. Derivative: 1 above 0, alpha exp(x) at and below 0.
///
/// Floating-point dtypes. Clevert, Unterthiner and Hochreiter, 2016.
public func elu(_ x: Tensor, alpha: Double = 1) -> Tensor { RectifiedUnits.elu.apply(x, SIMD2(alpha, 1)) }

/// x above 0, `alpha` (exp(x / alpha) - 1) below. Derivative: 1 above 0, exp(x / alpha) at and below 0.
///
/// Floating-point dtypes. Barron, 2017.
/// - Precondition: `alpha` is not 0.
public func celu(_ x: Tensor, alpha: Double = 1) -> Tensor {
  guard alpha != 0 else { return Misuse.fail("celu", "alpha is 0; it divides and must not be") }
  return RectifiedUnits.celu.apply(x, SIMD2(alpha, 1 / alpha))
}

/// 1.0507 (x above 0, 1.6733 (exp(x) - 1) below), which keeps mean 0 and variance 1.
///
/// Floating-point dtypes. Derivative: 1.0507 above 0, 1.7581 exp(x) at and below 0. Klambauer and others, 2017.
public func selu(_ x: Tensor) -> Tensor { RectifiedUnits.selu.apply(x) }

/// x kept within bounds. Derivative: 1 between the bounds, 0 outside and at them (where clamp has 1).
///
/// - Precondition: `minimum <= maximum`.
public func hardtanh(_ x: Tensor, minimum: Double = -1, maximum: Double = 1) -> Tensor {
  guard minimum <= maximum else {
    return Misuse.fail("hardtanh", "the minimum \(minimum) is above the maximum \(maximum)")
  }
  return RectifiedUnits.hardtanh.apply(x, SIMD2(minimum, maximum))
}

/// x kept within 0 ... 6. Derivative: 1 between, 0 outside and at the bounds.
public func relu6(_ x: Tensor) -> Tensor { RectifiedUnits.hardtanh.apply(x, SIMD2(0, 6)) }

/// x / 6 + 1/2 kept within 0 ... 1. Derivative: 1/6 between -3 and 3, 0 outside and at them.
///
/// Floating-point dtypes.
public func hardsigmoid(_ x: Tensor) -> Tensor { RectifiedUnits.hardsigmoid.apply(x) }

/// x hardsigmoid(x). Derivative: x / 3 + 1/2 between -3 and 3; 0 at and below -3, 1 at and above 3.
///
/// Floating-point dtypes. Howard and others, 2019.
public func hardswish(_ x: Tensor) -> Tensor { RectifiedUnits.hardswish.apply(x) }

/// x drawn towards 0 by `amount`, 0 where it is nearer. Derivative: 1 outside, 0 at and within the amount.
///
/// - Precondition: The amount is not negative.
public func softshrink(_ x: Tensor, amount: Double = 0.5) -> Tensor {
  guard amount >= 0 else { return Misuse.fail("softshrink", "the amount \(amount) is negative") }
  guard isFloating(x, "softshrink") else { return .placeholder }
  return RectifiedUnits.softshrink.apply(x, SIMD2(amount, 0))
}

/// x, 0 where it is within `amount` of 0. Derivative: 1 outside, 0 at and within the amount.
///
/// Floating-point dtypes.
public func hardshrink(_ x: Tensor, amount: Double = 0.5) -> Tensor {
  guard isFloating(x, "hardshrink") else { return .placeholder }
  return RectifiedUnits.hardshrink.apply(x, SIMD2(amount, 0))
}

/// x above a bound, `value` elsewhere. Derivative: 1 above the bound, 0 at and below it.
public func threshold(_ x: Tensor, above bound: Double, value: Double) -> Tensor {
  RectifiedUnits.threshold.apply(x, SIMD2(bound, value))
}

/// Whether a tensor has floating-point numbers; says so where not.
func isFloating(_ x: Tensor, _ operation: String) -> Bool {
  if !x.dtype.isFloatingPoint {
    Misuse.report(operation, "needs floating-point numbers, got \(x.dtype); convert with asType(.float32)")
  }
  return x.dtype.isFloatingPoint
}
