import Autograd

// Derivatives with respect to a module's parameters, at their current values. They are lists of tensors in the order
// of `parameters`; derivatives of parameters' gradients go through functions of tensors (see `grad`).

/// The value of a loss, and its gradient with respect to a module's parameters; their ``Parameter/grad`` stay as they
/// are.
///
/// - Returns: The gradient as one tensor for each of ``Module/parameters``, zeros where the loss does not depend on
///   one; constants, like the value.
/// - Precondition: A loss of one floating-point element that depends on a parameter.
public func valueAndGrad<M: Module>(
  _ model: M, _ loss: (M) -> Tensor
) -> (value: Tensor, gradient: [Tensor]) {
  let value = withRecording { loss(model) }
  let gradients = grad(of: value, withRespectTo: model.parameters.map(\.value))
  return (value.detached(), gradients.map { $0.detached() })
}

extension HessianOperator where Input == [Tensor] {
  /// The Hessian of a loss with respect to a module's parameters, in the order of ``Module/parameters``.
  ///
  ///     let H = HessianOperator(model) { model in crossEntropy(model(images), labels) }
  ///     let step = try H.solve(H.gradient, damping: 1e-3)
  ///
  /// At the parameters' values when it is made; changing them later changes nothing here.
  /// - Precondition: A loss of one floating-point element that depends on a parameter.
  public init<M: Module>(_ model: M, loss: (M) -> Tensor) {
    self.init(of: withRecording { loss(model) }, withRespectTo: model.parameters.map(\.value))
  }

  /// The Gauss-Newton matrix of a convex loss of a module's results, with respect to its parameters.
  ///
  ///     let G = HessianOperator(gaussNewton: model) { $0(images) } loss: { crossEntropy($0, labels) }
  public init<M: Module, Output: TensorStructure>(
    gaussNewton model: M, results: (M) -> Output, loss: @escaping (Output) -> Tensor
  ) {
    self.init(
      gaussNewton: withRecording { results(model) }, loss: loss,
      withRespectTo: model.parameters.map(\.value))
  }
}
