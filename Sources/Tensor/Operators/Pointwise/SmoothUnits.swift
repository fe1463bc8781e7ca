// Smooth activation functions. Slopes are stated where the derived one would cancel or overflow.

enum SmoothUnits {
  static let softplus = Formula("scaledSoftplus", inputs: 1, parameters: 2) { x, p in
    let z = x[0] * p[0]
    return [Formula.select(z .> p[1], x[0], softplusValue(z) / p[0])]
  }
  static let logSigmoid = Formula("logSigmoid") { x in
    (minimum(x, x * 0) - log1p(exp(-abs(x)))).withSlope(in: x) { _ in Activations.sigmoidValue(-x) }
  }
  static let mish = Formula("mish") { x in x * tanh(softplusValue(x)) }
  static let softsign = Formula("softsign") { x in
    (x / (1 + abs(x))).withSlope(in: x) { _ in square(1 / (1 + abs(x))) }
  }
  static let tanhshrink = Formula("tanhshrink") { x in
    (x - tanh(x)).withSlope(in: x) { _ in square(tanh(x)) }
  }
  static let gated = Formula("glu") { x, gate in x * Activations.sigmoidValue(gate) }

  static func softplusValue(_ x: Formula.Value) -> Formula.Value {
    (maximum(x, x * 0) + log1p(exp(-abs(x)))).withSlope(in: x) { _ in Activations.sigmoidValue(x) }
  }
}

/// log(1 + exp(beta x)) / beta, without overflow; x itself where beta x is above a threshold.
///
/// Floating-point dtypes. Derivative: sigmoid(beta x); 1 above the threshold.
/// - Precondition: `beta` is not 0.
public func softplus(_ x: Tensor, beta: Double, threshold: Double = .infinity) -> Tensor {
  guard beta != 0 else { return Misuse.fail("softplus", "beta is 0; it divides and must not be") }
  return SmoothUnits.softplus.apply(x, SIMD2(beta, threshold))
}

/// log(sigmoid(x)), without underflow. Derivative: sigmoid(-x).
///
/// Floating-point dtypes.
public func logSigmoid(_ x: Tensor) -> Tensor { SmoothUnits.logSigmoid.apply(x) }

/// x tanh(softplus(x)). Derivative: t + x (1 - t^2) sigmoid(x) with t = tanh(softplus(x)).
///
/// Floating-point dtypes. Misra, 2019.
public func mish(_ x: Tensor) -> Tensor { SmoothUnits.mish.apply(x) }

/// x / (1 + |x|). Derivative: 1 / (1 + |x|)^2; the second is 0 at 0.
///
/// Floating-point dtypes.
public func softsign(_ x: Tensor) -> Tensor { SmoothUnits.softsign.apply(x) }

/// x - tanh(x). Derivative: tanh(x)^2.
///
/// Floating-point dtypes.
public func tanhshrink(_ x: Tensor) -> Tensor { SmoothUnits.tanhshrink.apply(x) }

/// The first half along an axis times the sigmoid of the second half.
///
/// Floating-point dtypes. Derivatives: sigmoid(gate), and x s (1 - s) with s = sigmoid(gate). Dauphin and
/// others, 2017.
/// - Precondition: An even length along the axis.
public func glu(_ x: Tensor, axis: Int = -1) -> Tensor {
  guard isFloating(x, "glu"), let position = normalizedAxis(axis, rank: x.rank, "glu") else {
    return .placeholder
  }
  let length = x.shape[position]
  guard length % 2 == 0 else {
    return Misuse.fail("glu", "axis \(axis) of shape \(x.shape) has length \(length), which has no half")
  }
  let half = length / 2
  return SmoothUnits.gated.apply(
    x.narrowed(axis: position, from: 0, count: half), x.narrowed(axis: position, from: half, count: half))
}
