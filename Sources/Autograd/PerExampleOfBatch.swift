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
/// is differentiated is the loss of each example as a batch of one. Costs an evaluation and two gradients of the batch
/// (three of more than 131 examples), where
/// - nothing outside can ask for a derivative of the result: parameters and batch are untracked, or it is within
///   `withoutGrad`, and the function reads no other tracked tensor;
/// - the batch has tensors of floating-point numbers, and at least two examples, which lie in front, along the first
///   axis, where they meet parameters;
/// - they meet them in products of matrices, convolutions, normalizations and pointwise formulas;
/// - and no example's loss depends on another, as far as is seen: the losses' cotangents are walked again, multiplied by
///   powers of two that differ from example to example, and must arrive multiplied by the same; and the first and the
///   last example by itself must have the loss that it has in the batch.
///
/// Otherwise, and within ``withNaNCheck(_:)`` and ``withStrictDerivatives(_:)``, examples are taken one after the other, at
/// a gradient each, with the same result; what was evaluated and walked until then was for nothing. A function that draws
/// random numbers is such a one.
/// - Parameter losses: A function of the parameters and a batch, examples along its tensors' first axes, that gives one
///   number for each: [examples]. It must not mix examples by what has no derivative, such as integers or `detached()`
///   numbers, so that the first and the last loss are as they are alone.
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
    guard count > 1, !places.isEmpty, !parameters.isEmpty, !isWatchedHere,
      parameters.allSatisfy({ $0.dtype.isFloatingPoint && $0.rank < Shape.maxRank }),
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
      !call.escapes([call.output]), !isShared(node), areAlike([0, count - 1], parameters, batch, losses)
    else { return nil }
  }

  /// Whether some examples have the same loss as batches of one, but for rounding.
  private func areAlike(
    _ examples: [Int], _ parameters: [Tensor], _ batch: [Tensor], _ evaluate: ([Tensor], [Tensor]) -> Tensor
  ) -> Bool {
    withoutGrad {
      examples.allSatisfy { example in
        let alone = evaluate(parameters.map { $0.detached() }, batch.map { $0.detached()[example..<example + 1] })
        let expected = losses.detached()[example..<example + 1]
        return alone.count == 1 && alone.dtype == expected.dtype
          && alone.contiguousStorage.agrees(
            with: expected.contiguousStorage, within: alone.dtype == .float64 ? 0x1p-26 : 0x1p-11)
      }
    }
  }

  /// Whether a value depends on parameters alone.
  private func isShared(_ node: Node) -> Bool { node.oldestLeaf > batch.last!.node!.sequence }

  /// Nil where examples could not be told apart.
  func results() -> (values: Tensor, gradients: [Tensor])? {
    withoutGrad {
      let meetings = Meetings(count: count, isShared: isShared)
      walk(Tensor.ones([count], dtype: losses.dtype), meetings)
      for factors in ExampleFactors.of(count) where meetings.isComplete {
        meetings.factors = factors
        walk(factors.asType(losses.dtype), meetings)
      }
      let size = parameters.reduce(0) { $0 + $1.count }
      let sink = PerExampleSink(count: count, most: size, isShared: isShared)
      return meetings.pull(to: sink) ? (losses.detached(), gradients(sink.found)) : nil
    }
  }

  /// Takes a cotangent of the losses back to the batch.
  private func walk(_ seed: Tensor, _ meetings: Meetings) {
    let targets = CollectedTargets(batch, 0)
    let walk = BackwardWalk(lead: [], oldest: targets.oldest, newest: targets.newest)
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

/// Powers of two, by which products and sums are exact: one for each example.
private enum ExampleFactors {
  private static let base = 131

  /// Lists of which no two examples have the same numbers in all: of the digits of their positions, each scattered among
  /// the exponents, so that no simple sum of other examples' parts looks like an example's own.
  static func of(_ count: Int) -> [Tensor] {
    var lists: [Tensor] = []
    var unit = 1
    repeat {
      let digits = (0..<count).map { $0 / unit % base }
      lists.append(Tensor(digits.map { Double(sign: .plus, exponent: exponents[$0], significand: 1) }))
      unit *= base
    } while unit < count
    return lists
  }

  /// -65 to 65 in no order, by the powers of 2, which is a primitive root of 131.
  private static let exponents: [Int] = {
    var exponents = [0]
    var power = 1
    for _ in 1..<base {
      power = power * 2 % base
      exponents.append(power)
    }
    return exponents.map { $0 - base / 2 }
  }()
}

/// The batch and the nodes where shared values meet it, with their cotangents.
private final class Meetings: WalkTargets {
  /// What each example's cotangent is multiplied by in this walk; nil in the first.
  var factors: Tensor?
  private let count: Int
  private let isShared: (Node) -> Bool
  private var meetings: [(node: Node, cotangent: Tensor)] = []
  private var places: [ObjectIdentifier: Int] = [:]
  /// Whether examples could be told apart until now.
  private(set) var isComplete = true

  init(count: Int, isShared: @escaping (Node) -> Bool) {
    self.count = count
    self.isShared = isShared
  }

  func contains(_ node: Node) -> Bool {
    node.isEnd || (0..<node.inputCount).contains { node.source($0).map { isShared($0.node) } ?? false }
  }

  func take(_ cotangent: consuming Tensor, _ node: Node) -> Bool {
    if !isComplete { return true }
    let id = ObjectIdentifier(node)
    if let factors {
      isComplete = places[id].map { cotangent.isScaled(from: meetings[$0].cotangent, by: factors) } ?? false
    } else {
      places[id] = meetings.count
      meetings.append((node, cotangent))
    }
    return node.isEnd
  }

  /// Functions of several results tell examples apart by their first at most.
  func take(_ cotangents: [Tensor?], _ node: Node) -> Bool {
    guard let first = cotangents[0], cotangents.dropFirst().allSatisfy({ $0 == nil }) else {
      isComplete = false
      return true
    }
    return take(first, node)
  }

  /// Pulls the cotangents back to the shared values, each example's by itself; false where they cannot be told apart.
  func pull(to sink: PerExampleSink) -> Bool {
    for meeting in meetings where isComplete && sink.isComplete && !meeting.node.isEnd {
      isComplete = meeting.node.function.pullbackPerExample(meeting.node, meeting.cotangent, sink)
    }
    sink.pullRows()
    return isComplete && sink.isComplete
  }
}

extension Tensor {
  /// Whether its rows, as many for each factor, are those of `first` times the factor.
  fileprivate func isScaled(from first: Tensor, by factors: Tensor) -> Bool {
    let count = factors.count
    guard rank > 0, shape[0] % count == 0, shape == first.shape else { return false }
    let rows = first.reshaped([count, first.count / count])
    let factors = factors.asType(first.dtype).unsqueezed(axis: 1)
    let found = reshaped(rows.shape)
    if Tensor.difference(found, rows, factors).storage.isZero { return true }
    let expected = rows * factors
    // Not to the last bit: numbers that are hardly above zero are rounded, and others may not be finite. What only the
    // factors make infinite tells nothing.
    return rows.rowsAgree(with: expected / factors) && found.rowsAgree(with: expected)
  }

  private static let difference = Formula("difference") { x, y, factor in x - y * factor }

  /// Whether each row of a matrix is that of another, but for little beside the row's largest.
  private func rowsAgree(with other: Tensor) -> Bool {
    let (found, expected) = (contiguousStorage, other.contiguousStorage)
    let width = shape[1]
    func row(_ storage: Storage, _ index: Int) -> Storage {
      Storage(viewing: storage, shape: [width], strides: [1], offset: index * width)
    }
    return (0..<shape[0]).allSatisfy {
      row(found, $0).agrees(with: row(expected, $0), within: dtype == .float64 ? 0x1p-40 : 0x1p-18)
    }
  }
}
