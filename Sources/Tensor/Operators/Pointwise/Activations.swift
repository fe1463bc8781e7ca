// The activation functions of neural nets. Slopes are stated where the derived one would cancel or overflow.

enum Activations {
  static let relu = Formula("relu") { x in Formula.select(x .<= 0, 0, x) }
  static let sigmoid = Formula("sigmoid") { sigmoidValue($0) }
  static let softplus = Formula("softplus") { x in
    (maximum(x, .constant(0, like: x)) + log1p(exp(-abs(x)))).withSlope(in: x) { _ in sigmoidValue(x) }
  }
  static let silu = Formula("silu") { x in x * sigmoidValue(x) }
  static let gelu = Formula("gelu") { x in x * (0.5 * erfc(-0.70710678118654752440 * x)) }
  /// (1 + tanh(z)) / 2 as sigmoid(2z), which does not cancel where tanh is near -1.
  static let geluTanh = Formula("geluTanh") { x in
    x * sigmoidValue(1.5957691216057307117 * (x + 0.044715 * x * square(x)))
  }

  static func sigmoidValue(_ x: Formula.Value) -> Formula.Value {
    (1 / (1 + exp(-x))).withSlope(in: x) { y in y * (1 - y) }
  }
}

/// max(x, 0). Derivative: 1 above 0, 0 at and below 0.
public func relu(_ x: Tensor) -> Tensor { Activations.relu.apply(x) }

/// 1 / (1 + exp(-x)). Derivative: y (1 - y).
public func sigmoid(_ x: Tensor) -> Tensor { Activations.sigmoid.apply(x) }

/// log(1 + exp(x)), without overflow. Derivative: sigmoid(x).
public func softplus(_ x: Tensor) -> Tensor { Activations.softplus.apply(x) }

/// x sigmoid(x), also called swish. Derivative: s + x s (1 - s) with s = sigmoid(x).
public func silu(_ x: Tensor) -> Tensor { Activations.silu.apply(x) }

/// How ``gelu(_:approximation:)`` is computed.
public enum GeluApproximation: Sendable, Hashable {
  /// x times the normal distribution's cumulative function.
  case none
  /// With tanh (Hendrycks and Gimpel, 2016).
  case tanh
}

/// x P(X <= x) for a standard normal X. Derivative: P(X <= x) + x exp(-x^2 / 2) / sqrt(2 pi).
public func gelu(_ x: Tensor, approximation: GeluApproximation = .none) -> Tensor {
  approximation == .none ? Activations.gelu.apply(x) : Activations.geluTanh.apply(x)
}
