import Autograd

// Activations as layers, each the function of the same name; any shape, floating-point dtypes.

/// max(x, 0), see ``relu(_:)``.
public struct ReLU: Layer {
  /// The layer; it has no parameters.
  public init() {}
  /// Applied to each element.
  public func callAsFunction(_ x: Tensor) -> Tensor { relu(x) }
}

/// Hyperbolic tangent.
public struct Tanh: Layer {
  /// The layer; it has no parameters.
  public init() {}
  /// Applied to each element.
  public func callAsFunction(_ x: Tensor) -> Tensor { tanh(x) }
}

/// 1 / (1 + exp(-x)), see ``sigmoid(_:)``.
public struct Sigmoid: Layer {
  /// The layer; it has no parameters.
  public init() {}
  /// Applied to each element.
  public func callAsFunction(_ x: Tensor) -> Tensor { sigmoid(x) }
}

/// x P(X <= x) for a standard normal X, or its approximation with tanh, see ``gelu(_:approximation:)``.
public struct GELU: Layer {
  /// How the normal distribution is computed.
  public let approximation: GeluApproximation

  /// Exact unless told otherwise.
  public init(approximation: GeluApproximation = .none) { self.approximation = approximation }
  /// Applied to each element.
  public func callAsFunction(_ x: Tensor) -> Tensor { gelu(x, approximation: approximation) }
}

/// x sigmoid(x), also called swish, see ``silu(_:)``.
public struct SiLU: Layer {
  /// The layer; it has no parameters.
  public init() {}
  /// Applied to each element.
  public func callAsFunction(_ x: Tensor) -> Tensor { silu(x) }
}

/// log(1 + exp(x)), see ``softplus(_:)``.
public struct Softplus: Layer {
  /// The layer; it has no parameters.
  public init() {}
  /// Applied to each element.
  public func callAsFunction(_ x: Tensor) -> Tensor { softplus(x) }
}
