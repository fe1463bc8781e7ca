import Autograd

/// An affine map of the last axis: `x W' + b`.
///
/// Input [..., inputs], output [..., outputs]. The weight is [outputs, inputs] and the bias [outputs], as
/// PyTorch's, so that files of parameters interchange.
public struct Linear: Layer {
  /// Of shape [outputs, inputs].
  public let weight: Parameter
  /// Of shape [outputs]; nil where nothing is added.
  public let bias: Parameter?

  /// A layer initialised as PyTorch's: weight and bias evenly distributed within ±1 / sqrt(inputs).
  ///
  /// - Precondition: Positive lengths, a floating-point dtype.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, dtype: DType = .float32,
    using generator: inout RandomGenerator
  ) {
    var bound = 1.0
    if inputs > 0 && outputs > 0 {
      bound = 1 / Double(inputs).squareRoot()
    } else {
      Misuse.report("Linear", "needs positive lengths, got \(inputs) inputs and \(outputs) outputs")
    }
    weight = Parameter(
      .uniform([outputs, inputs], low: -bound, high: bound, dtype: dtype, using: &generator))
    self.bias =
      bias ? Parameter(.uniform([outputs], low: -bound, high: bound, dtype: dtype, using: &generator)) : nil
  }

  /// A layer initialised from the default generator (see ``withSeed(_:_:)``).
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, dtype: DType = .float32) {
    var generator = DefaultGenerator.next()
    self.init(inputs, outputs, bias: bias, dtype: dtype, using: &generator)
  }

  /// A layer with these parameters.
  ///
  /// - Precondition: Weight [outputs, inputs], bias [outputs], of one dtype.
  public init(weight: Tensor, bias: Tensor? = nil) {
    if weight.rank != 2 || bias.map({ $0.shape != [weight.shape[0]] || $0.dtype != weight.dtype }) == true {
      let found = bias.map { ", \($0.dtype) \($0.shape)" } ?? ""
      Misuse.report(
        "Linear",
        "needs a weight [outputs, inputs] and a bias [outputs], got \(weight.dtype) \(weight.shape)\(found)")
    }
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
  }

  /// Input [..., inputs], output [..., outputs], of the parameters' dtype.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    linear(x, weight.value, bias?.value)
  }
}
