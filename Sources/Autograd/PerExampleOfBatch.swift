import Tensor

// Gradients for each example of a function that is written for a batch: its graph is walked for all examples at once, and
// where a value that all share meets the batch, what each example brings stays by itself instead of being summed. So a
// weight's gradients are one product of stacks, x' u for each example's rows (I. Goodfellow, "Efficient Per-Example
// Gradient Computations", 2015).

/// The losses of a batch's examples and the gradient of each, with respect to parameters that all share.
///
///     let losses = { (w: [Tensor], batch: [Tensor]) in
///       square(matmul(tanh(matmul(batch[0], w[0])), w[1]) - batch[1]).mean(axis: 1)
///     }
///     let (values, gradients) = valueAndGradPerExampleOfBatch(losses)(weights, [inputs, targets])
///
/// Values and gradients as of ``valueAndGradPerExample(_:)``: [examples], and [examples] + each parameter's shape. What
/// is differentiated is the loss of each example as a batch of one. Costs an evaluation and two gradients of the batch,
/// where
/// - nothing outside can ask for a derivative of the result: parameters are untracked, or it is within `withoutGrad`;
/// - the batch has tensors of floating-point numbers, and at least two examples, which lie in front, along the first
///   axis, where they meet parameters;
/// - they meet them in products of matrices, convolutions, normalizations and pointwise formulas;
/// - and no example's loss depends on another: the losses' cotangents are walked twice, the second time multiplied by
///   powers of two that differ from example to example, and must arrive multiplied by the same.
///
/// Otherwise examples are taken one after the other, at a gradient each, with the same result; the function was then
/// evaluated once for nothing.
/// - Parameter losses: A function of the parameters and a batch, examples along its tensors' first axes, that gives one
///   number for each: [examples].
/// - Precondition: Floating-point parameters; examples of one length along their first axes.
public func valueAndGradPerExampleOfBatch<Parameters: TensorStructure, Batch: TensorStructure>(
  _ losses: @escaping (Parameters, Batch) -> Tensor
) -> (Parameters, Batch) -> (values: Tensor, gradients: Parameters) {
  { gradientsOfBatch("valueAndGradPerExampleOfBatch", losses, $0, $1) }
}

/// The gradient of each of a batch's losses; see ``valueAndGradPerExampleOfBatch(_:)``.
public func gradPerExampleOfBatch<Parameters: TensorStructure, Batch: TensorStructure>(
  _ losses: @escaping (Parameters, Batch) -> Tensor
) -> (Parameters, Batch) -> Parameters {
  { gradientsOfBatch("gradPerExampleOfBatch", losses, $0, $1).gradients }
}

private func gradientsOfBatch<Parameters: TensorStructure, Batch: TensorStructure>(
  _ operation: String, _ losses: @escaping (Parameters, Batch) -> Tensor, _ parameters: Parameters, _ batch: Batch
) -> (values: Tensor, gradients: Parameters) {
  guard let examples = Examples(of: batch, 0, operation) else { return (.placeholder, parameters) }
  let walk = BatchWalk(operation, parameters.tensors, batch.tensors, examples.count) { values, tensors in
    losses(parameters.with(values), batch.with(tensors))
  }
  if let (values, gradients) = walk?.results() { return (values, parameters.with(gradients)) }
  return valueAndGradPerExample(
    operation, { losses($0, $1.mapTensors { $0.unsqueezed(axis: 0) }) }, at: parameters, batch)
}

/// A batch's losses, recorded, on the way to the gradients of each.
private struct BatchWalk {
  private let count: Int
  private let losses: Tensor
  /// The batch's tensors, older than the parameters: what depends on no older leaf than these is what examples share.
  private let batch: [Tensor]
  private let parameters: [Tensor]

  /// Nil where examples have to be taken one by one.
  init?(
    _ operation: String, _ parameters: [Tensor], _ batch: [Tensor], _ count: Int,
    _ losses: ([Tensor], [Tensor]) -> Tensor
  ) {
    let places = batch.indices.filter { batch[$0].dtype.isFloatingPoint }
    guard count > 1, !places.isEmpty, !parameters.isEmpty, parameters.allSatisfy({ $0.dtype.isFloatingPoint }),
      !isRecording || (parameters + batch).allSatisfy({ !$0.isTracked }),
      let call = Recording(
        operation, places.map { batch[$0] } + parameters,
        { inputs in
          var all = batch
          for (place, input) in zip(places, inputs) { all[place] = input }
          return losses(Array(inputs.dropFirst(places.count)), all)
        })
    else { return nil }
    self.count = count
    self.losses = call.output
    self.batch = Array(call.inputs.prefix(places.count))
    self.parameters = Array(call.inputs.dropFirst(places.count))
    // Of another shape: what one example gives is judged then.
    guard call.output.shape == [count], let node = call.output.node, node.oldestLeaf >= call.firstLeaf,
      !call.escapes([call.output]), !isShared(node)
    else { return nil }
  }

  /// Whether a value depends on parameters alone.
  private func isShared(_ node: Node) -> Bool { node.oldestLeaf > batch.last!.node!.sequence }

  /// Nil where examples could not be told apart.
  func results() -> (values: Tensor, gradients: [Tensor])? {
    withoutGrad {
      let meetings = Meetings(count: count, isShared: isShared)
      walk(Tensor.ones([count], dtype: losses.dtype), meetings)
      meetings.isVerifying = true
      walk(meetings.factors.asType(losses.dtype), meetings)
      let size = parameters.reduce(0) { $0 + $1.count }
      let sink = PerExampleSink(count: count, most: size, isShared: isShared)
      return meetings.pull(to: sink) ? (losses.detached(), gradients(sink.found)) : nil
    }
  }

  /// Takes a cotangent of the losses back to the batch.
  private func walk(_ seed: Tensor, _ meetings: Meetings) {
    let targets = CollectedTargets(batch, 0)
    let walk = BackwardWalk(lead: [], oldest: targets.oldest, newest: targets.newest, unread: targets)
    walk.receive(seed, losses.node!, Int(losses.output))
    walk.run(meetings)
  }

  /// From what came for shared values back to the parameters, all examples at once.
  private func gradients(_ found: [PerExampleSink.Found]) -> [Tensor] {
    let targets = CollectedTargets(parameters, 0)
    let walk = BackwardWalk(lead: [count], oldest: targets.oldest, newest: targets.newest)
    for value in found { walk.receive(value.cotangent, value.node, value.output) }
    walk.run(targets)
    return parameters.map { parameter in
      targets.cotangent(of: parameter)
        ?? Tensor.zeros(Shape([count]).followed(by: parameter.shape), dtype: parameter.dtype)
    }
  }
}

/// The nodes where shared values meet the batch, and their cotangents.
private final class Meetings: WalkTargets {
  /// What the cotangents of each example's loss are multiplied by in the second walk: powers of two, by which products
  /// and sums are exact, all different of up to 61 examples, scattered of more (by D. Knuth's multiplicative hash, "The
  /// Art of Computer Programming" 6.4).
  let factors: Tensor
  /// Whether this is the second walk.
  var isVerifying = false
  private let count: Int
  private let isShared: (Node) -> Bool
  private var meetings: [(node: Node, cotangent: Tensor)] = []
  private var places: [ObjectIdentifier: Int] = [:]
  private var isComplete = true

  init(count: Int, isShared: @escaping (Node) -> Bool) {
    self.count = count
    self.isShared = isShared
    let exponents = (0..<count).map { $0 < 61 ? $0 : Int((UInt32(truncatingIfNeeded: $0) &* 2_654_435_769) >> 8) % 61 }
    factors = Tensor(exponents.map { Double(sign: .plus, exponent: $0, significand: 1) })
  }

  func contains(_ node: Node) -> Bool {
    node.isEnd || (0..<node.inputCount).contains { node.source($0).map { isShared($0.node) } ?? false }
  }

  func take(_ cotangent: consuming Tensor, _ node: Node) -> Bool {
    if node.isEnd || !isComplete { return true }
    let id = ObjectIdentifier(node)
    if isVerifying {
      isComplete = places[id].map { isScaled(cotangent, from: meetings[$0].cotangent) } ?? false
    } else {
      places[id] = meetings.count
      meetings.append((node, cotangent))
    }
    return false
  }

  /// Functions of several results tell examples apart by their first at most.
  func take(_ cotangents: [Tensor?], _ node: Node) -> Bool {
    guard let first = cotangents[0], cotangents.dropFirst().allSatisfy({ $0 == nil }) else {
      isComplete = false
      return true
    }
    return take(first, node)
  }

  /// Whether each example's rows, which are in front, were multiplied by its factor. What the smallest numbers lose by
  /// rounding is no sign.
  private func isScaled(_ cotangent: Tensor, from first: Tensor) -> Bool {
    guard cotangent.rank > 0, cotangent.shape[0] % count == 0, cotangent.shape == first.shape else { return false }
    let rows = first.reshaped([count, first.count / count])
    let expected = rows * factors.asType(first.dtype).unsqueezed(axis: 1)
    return cotangent.storage.contiguous.agrees(with: expected.storage.contiguous, within: 0x1p-100)
  }

  /// Pulls the cotangents back to the shared values, each example's by itself; false where they cannot be told apart.
  func pull(to sink: PerExampleSink) -> Bool {
    for meeting in meetings where isComplete && sink.isComplete {
      meeting.node.function.pullbackPerExample(meeting.node, meeting.cotangent, sink)
    }
    sink.pullRows()
    return isComplete && sink.isComplete
  }
}
