import Tensor

// Functions of one example, applied to many. An example at a time: there is no compiler here whose overhead a batch
// would spread, an operator costs about a tenth of a microsecond, and so control flow, indices and random numbers
// may differ from example to example, which a function rewritten for batches cannot offer. Where all examples take
// the same operators, write the function for a batch: every operator works along leading axes.

/// The function that applies `f` to each example: slabs of the inputs along an axis, results side by side.
///
///     let norms = vmap { (row: Tensor) in row.norm() }(matrix)       // [rows]
///     let hessians = vmap { x in try! hessian(f)(x) }(points)        // one for each point
///
/// Differentiable to every order, and nests in every transform as they nest in it. Costs an evaluation an example.
/// - Parameters:
///   - f: Of a structure; `if` and `while` may depend on each example's numbers. What is the same for all is captured.
///   - axis: The axis of every input tensor along which the examples lie; results have it in front.
/// - Precondition: Tensors of one length, at least 1, along the axis.
public func vmap<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, axis: Int = 0
) -> (Input) -> Output {
  { input in
    let results = examples(of: input, axis, "vmap").map(f)
    guard let first = results.first else { return f(input) }
    return sideBySide(results, like: first)
  }
}

/// The function that applies `f` to each pair of examples.
public func vmap<A: TensorStructure, B: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (A, B) -> Output, axis: Int = 0
) -> (A, B) -> Output {
  let joined = vmap({ (pair: Pair<A, B>) in f(pair.first, pair.second) }, axis: axis)
  return { joined(Pair(first: $0, second: $1)) }
}

/// The value and the gradient of a loss for each example, with respect to parameters that all share.
///
///     let (losses, gradients) = valueAndGradPerExample(loss)(parameters, [images, labels])
///
/// Values are [examples]; gradients have the parameters' structure, each tensor [examples] + its shape. Their mean
/// over the first axis is the gradient of the mean loss; what differs from it is noise of sampling, or is clipped
/// for privacy (M. Abadi et al., "Deep Learning with Differential Privacy", 2016). Costs a gradient an example.
/// - Precondition: Floating-point parameters; a loss of one element; examples of one length, at least 1, along their
///   first axes.
public func valueAndGradPerExample<Parameters: TensorStructure, Example: TensorStructure>(
  _ loss: @escaping (Parameters, Example) -> Tensor
) -> (Parameters, Example) -> (values: Tensor, gradients: Parameters) {
  { parameters, batch in
    let results = examples(of: batch, 0, "valueAndGradPerExample").map { example in
      valueAndGrad { loss($0, example) }(parameters)
    }
    guard let first = results.first else { return (.placeholder, parameters) }
    return (stacked(results.map { $0.value.reshaped([]) }), sideBySide(results.map(\.gradient), like: first.gradient))
  }
}

/// The gradient of a loss for each example; see ``valueAndGradPerExample(_:)``.
public func gradPerExample<Parameters: TensorStructure, Example: TensorStructure>(
  _ loss: @escaping (Parameters, Example) -> Tensor
) -> (Parameters, Example) -> Parameters {
  let both = valueAndGradPerExample(loss)
  return { both($0, $1).gradients }
}

/// The examples that lie along an axis; none after a report.
private func examples<Input: TensorStructure>(of input: Input, _ axis: Int, _ operation: String) -> [Input] {
  let tensors = input.tensors
  for tensor in tensors where axis >= tensor.rank || axis < -tensor.rank {
    Misuse.report(operation, "there is no axis \(axis) of examples in a tensor of shape \(tensor.shape)")
    return []
  }
  let lengths = tensors.map { $0.shape[axis < 0 ? axis + $0.rank : axis] }
  guard let count = lengths.first, count > 0, lengths.allSatisfy({ $0 == count }) else {
    Misuse.report(
      operation,
      "needs tensors of one length, at least 1, along axis \(axis), got shapes "
        + tensors.map { "\($0.shape)" }.joined(separator: ", "))
    return []
  }
  let slabs = tensors.map { $0.unbind(axis: axis) }
  return (0..<count).map { example in input.with(slabs.map { $0[example] }) }
}

/// Results of examples as one structure, the examples in front.
private func sideBySide<Output: TensorStructure>(_ results: [Output], like first: Output) -> Output {
  let lists = results.map(\.tensors)
  return first.with(first.tensors.indices.map { place in stacked(lists.map { $0[place] }) })
}
