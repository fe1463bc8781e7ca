import Autograd

/// The gradient of a loss with respect to a module's parameters, one tensor for each of ``Module/parameters``; zeros
/// where the loss does not depend on one.
///
///     let slopes = grad(model) { model in crossEntropy(model(images), labels) }
///
/// Costs about two to three evaluations, and the memory of their graph. Nests: an inner step of learning is
/// `model.with(zip(values, slopes).map { $0 - rate * $1 }) { ... }` within an outer `grad(model) { ... }`.
/// ``Parameter/grad`` stays as it is. The result leads on to the parameters, unless within `withoutGrad`.
/// - Precondition: A loss of one floating-point element.
public func grad<M: Module>(_ model: M, _ loss: (M) -> Tensor) -> [Tensor] {
  model.atParameters(of: loss) { f, values in grad(f)(values) }
}

/// The value of a loss, and its gradient with respect to a module's parameters, as ``grad(_:_:)`` gives it.
///
///     let (loss, slopes) = withoutGrad { valueAndGrad(model) { mse($0(x), target) } }
///
/// Costs what ``grad(_:_:)`` does. Within `withoutGrad` both are constants, and the gradient is not recorded itself.
/// - Precondition: A loss of one floating-point element.
public func valueAndGrad<M: Module>(_ model: M, _ loss: (M) -> Tensor) -> (value: Tensor, gradient: [Tensor]) {
  model.atParameters(of: loss) { f, values in valueAndGrad(f)(values) }
}

/// The value and the gradient of a loss with respect to a module's parameters, and something beside them:
///
///     let (loss, slopes, predictions) = valueGradAndAuxiliary(model) { model in
///       let y = model(x)
///       return (mse(y, target), y)
///     }
///
/// Costs what ``grad(_:_:)`` does; see ``valueGradAndAuxiliary(_:)``.
/// - Precondition: A loss of one floating-point element.
public func valueGradAndAuxiliary<M: Module, Auxiliary: TensorStructure>(
  _ model: M, _ loss: (M) -> (Tensor, Auxiliary)
) -> (value: Tensor, gradient: [Tensor], auxiliary: Auxiliary) {
  model.atParameters(of: loss) { f, values in valueGradAndAuxiliary(f)(values) }
}

/// The value and the gradient of a loss for each example, with respect to a module's parameters.
///
///     let (losses, slopes) = valueAndGradPerExample(model, [images, labels]) { model, example in
///       crossEntropy(model(example[0]), example[1])
///     }
///
/// Values are [examples]; gradients have for each parameter a tensor [examples] + its shape. Costs a gradient an
/// example, one after the other; see ``valueAndGradPerExample(_:)``.
/// - Parameter examples: A tensor or a structure of tensors, examples along the first axes.
/// - Precondition: A loss of one floating-point element; examples of one length along their first axes.
public func valueAndGradPerExample<M: Module, Example: TensorStructure>(
  _ model: M, _ examples: Example, _ loss: (M, Example) -> Tensor
) -> (values: Tensor, gradients: [Tensor]) {
  perExample(model, loss) { f, values in valueAndGradPerExample(f)(values, examples) }
}

/// The gradient of a loss for each example, with respect to a module's parameters; see
/// ``valueAndGradPerExample(_:_:_:)``.
public func gradPerExample<M: Module, Example: TensorStructure>(
  _ model: M, _ examples: Example, _ loss: (M, Example) -> Tensor
) -> [Tensor] {
  perExample(model, loss) { f, values in gradPerExample(f)(values, examples) }
}

/// The losses of a batch's examples and the gradient of each, with respect to a module's parameters, for a function that is
/// written for a batch.
///
///     let (losses, slopes) = withoutGrad {
///       valueAndGradPerExampleOfBatch(model, [images, labels]) { model, batch in
///         crossEntropy(model(batch[0]), batch[1], reduction: .none)
///       }
///     }
///
/// Values are [examples]; gradients have for each parameter a tensor [examples] + its shape. Within `withoutGrad` it
/// costs about two gradients and two evaluations of the batch, else a gradient an example, since results then lead on to the
/// parameters; see ``valueAndGradPerExampleOfBatch(_:)`` for what the closure must be.
/// - Parameters:
///   - batch: A tensor or a structure of tensors, examples along the first axes.
///   - losses: One number for each example, [examples], which depends on no other example.
public func valueAndGradPerExampleOfBatch<M: Module, Batch: TensorStructure>(
  _ model: M, _ batch: Batch, _ losses: (M, Batch) -> Tensor
) -> (values: Tensor, gradients: [Tensor]) {
  perExample(model, losses) { f, values in valueAndGradPerExampleOfBatch(f)(values, batch) }
}

/// The gradient of each of a batch's losses, with respect to a module's parameters; see
/// ``valueAndGradPerExampleOfBatch(_:_:_:)``.
public func gradPerExampleOfBatch<M: Module, Batch: TensorStructure>(
  _ model: M, _ batch: Batch, _ losses: (M, Batch) -> Tensor
) -> [Tensor] {
  perExample(model, losses) { f, values in gradPerExampleOfBatch(f)(values, batch) }
}

private func perExample<M: Module, Example, Result>(
  _ model: M, _ loss: (M, Example) -> Tensor,
  _ transform: (_ f: @escaping ([Tensor], Example) -> Tensor, _ values: [Tensor]) -> Result
) -> Result {
  let parameters = model.parameters
  return withoutActuallyEscaping(loss) { loss in
    transform(
      { values, example in bind(parameters, to: values) { loss(model, example) } }, parameters.map(\.value))
  }
}
