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
/// is differentiated is the loss of each example as a batch of one. Costs two evaluations and two gradients of the batch
/// (an evaluation more where a parameter is all zeros, a gradient more above 131 examples), where
/// - nothing outside can ask for a derivative of the result: parameters and batch are untracked, or it is within
///   `withoutGrad`, and the function reads no other tracked tensor;
/// - the batch has tensors of floating-point numbers, and at least two examples;
/// - examples lie in front, along the first axis, where they meet parameters, in products of matrices, convolutions,
///   normalizations and pointwise formulas;
/// - what is computed from parameters alone and meets the examples is no larger than all parameters together.
///
/// Otherwise (token ids alone, a class token that is concatenated, `einsum`, `checkpoint`, the fused `lstm`), and within
/// ``withNaNCheck(_:)`` and ``withStrictDerivatives(_:)``, examples are taken one after the other, at a gradient each; what
/// was evaluated until then was for nothing. So they are where the loss of an example is found to depend on others, on its
/// place or on random numbers: half of the examples, without the others, must have the losses that they have in the
/// batch, at parameters of which none is all zeros; and the losses' cotangents, walked again, multiplied by powers of
/// two that differ from example to example, must arrive multiplied by the same.
/// - Parameter losses: A function of the parameters and a batch of any number of examples, along its tensors' first axes,
///   that gives one number for each: [examples], as by `mean(axis: 1)` or `reduction: .none`. It is called two or three
///   times, and after that once for each example where they are taken one after the other. What mixes examples by
///   numbers without a derivative (integers, masks, `detached()`) may be missed where it changes the losses of few of
///   them: do not use this there.
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
  let evaluate = { (values: [Tensor], tensors: [Tensor]) in losses(parameters.with(values), batch.with(tensors)) }
  if let walk = BatchWalk(operation, parameters.tensors, batch.tensors, examples.count, evaluate) {
    guard walk.hasLosses(operation) else { return (.placeholder, parameters) }
    if walk.isIndependent(evaluate), let (values, gradients) = walk.results() {
      return (values, parameters.with(gradients))
    }
  }
  return valueAndGradPerExample(
    operation, { losses($0, $1.mapTensors { $0.unsqueezed(axis: 0) }) }, at: parameters, batch)
}

/// A batch's losses, recorded, on the way to the gradients of each.
private struct BatchWalk {
  private let count: Int
  private let losses: Tensor
  /// All tensors of the batch, as they were given.
  private let given: [Tensor]
  /// Those of floating-point numbers, recorded before the parameters: what depends on none of them, and so on no leaf
  /// that is older than the parameters, is shared.
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
    given = batch
    self.batch = Array(call.inputs.prefix(places.count))
    self.parameters = Array(call.inputs.dropFirst(places.count))
    guard let node = call.output.node else { return }
    if node.oldestLeaf < call.firstLeaf || call.escapes([call.output]) || isShared(node) { return nil }
  }

  /// Whether there is a loss for each example; a report where not.
  func hasLosses(_ operation: String) -> Bool {
    if losses.shape == [count], losses.dtype.isFloatingPoint { return true }
    Misuse.report(
      operation,
      "the function gave \(losses.dtype) \(losses.shape) for \(counted(count, "example")); it gives one floating-point "
        + "number for each, [\(count)]: reduce over other axes than the first, for example with mean(axis: 1) or "
        + "reduction: .none"
    )
    return false
  }

  /// Whether half of the examples have the same losses without the others, but for rounding. Asked at parameters of which
  /// none is all zeros: a zero hides what it is multiplied with.
  func isIndependent(_ evaluate: ([Tensor], [Tensor]) -> Tensor) -> Bool {
    withoutGrad {
      let values = parameters.map { $0.detached() }
      let moved = values.enumerated().map { $1.storage.isZero ? Self.numbers(like: $1, from: $0) : $1 }
      let isMoved = values.contains { $0.storage.isZero && $0.count > 0 }
      let all = isMoved ? evaluate(moved, given.map { $0.detached() }) : losses.detached()
      // Every second one, and of two the last.
      let places = Tensor(Array(stride(from: 1, to: count, by: 2)), dtype: .int64)
      let half = evaluate(moved, given.map { $0.detached().take(places, axis: 0) })
      guard all.shape == losses.shape, half.shape == places.shape, half.dtype == all.dtype else { return false }
      return half.contiguousStorage.agrees(with: all.take(places, axis: 0).contiguousStorage, within: tolerance)
    }
  }

  /// Small numbers that are not zero, without regularity.
  private static func numbers(like other: Tensor, from phase: Int) -> Tensor {
    let numbers = 0.1 * cos(Tensor.arange(other.count, dtype: .float64) + Double(phase))
    return numbers.reshaped(other.shape).asType(other.dtype)
  }

  /// For numbers that went through the coarsest of all dtypes.
  private var tolerance: Double {
    (parameters + batch + [losses]).contains { $0.dtype == .float32 } ? 0x1p-11 : 0x1p-26
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
      let sink = PerExampleSink(count: count, largestComputed: size, isShared: isShared)
      return meetings.pull(to: sink) ? (losses.detached(), gradients(sink.found)) : nil
    }
  }

  /// Takes a cotangent of the losses back to the batch.
  private func walk(_ seed: Tensor, _ meetings: Meetings) {
    let targets = CollectedTargets(batch, 0)
    let walk = BackwardWalk(lead: [], oldest: targets.oldest, newest: targets.newest)
    // Constants have no node, and nothing to go back to.
    if let node = losses.node { walk.receive(seed, node, Int(losses.output)) }
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
  /// Primes, and a primitive root of each.
  private static let bases: [(prime: Int, root: Int)] = [(7, 3), (17, 3), (31, 3), (61, 2), (131, 2)]

  /// Lists of which no two examples have the same numbers in all: of the digits of their positions, to a base that is no
  /// larger than it need be, each scattered among the exponents, so that no simple sum of other examples' parts looks
  /// like an example's own.
  static func of(_ count: Int) -> [Tensor] {
    let (base, root) = bases.first(where: { $0.prime >= count }) ?? bases.last!
    let exponents = Self.exponents(base, root)
    var lists: [Tensor] = []
    var unit = 1
    repeat {
      let digits = (0..<count).map { $0 / unit % base }
      lists.append(Tensor(digits.map { Double(sign: .plus, exponent: exponents[$0], significand: 1) }))
      unit *= base
    } while unit < count
    return lists
  }

  /// All numbers around 0, by the powers of the root.
  private static func exponents(_ base: Int, _ root: Int) -> [Int] {
    var power = 1
    let powers = (1..<base).map { _ in
      power = power * root % base
      return power
    }
    return (powers + [0]).map { $0 - base / 2 }
  }
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

  /// Only the first of several results may have a cotangent.
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
  /// Whether its rows, as many for each factor, are those of `first` times the factor. What the factors take out of the
  /// range of numbers tells nothing, and is no.
  fileprivate func isScaled(from first: Tensor, by factors: Tensor) -> Bool {
    let count = factors.count
    guard rank > 0, shape[0] % count == 0, shape == first.shape else { return false }
    let rows = first.reshaped([count, first.count / count])
    let factors = factors.asType(first.dtype).unsqueezed(axis: 1)
    let found = reshaped(rows.shape)
    if Tensor.scaling(found, rows, factors).storage.isZero { return true }
    // Not to the last bit: numbers that are hardly above zero are rounded, and others may not be finite.
    let expected = rows * factors
    return rows.rowsAgree(with: expected / factors) && found.rowsAgree(with: expected)
  }

  /// 0 where x is y times a power of two, which can be undone; NaN never is.
  private static let scaling = Formula("scaling") { x, y, factor in
    let scaled = y * factor
    return (x .!= scaled) .| (y .!= scaled / factor)
  }

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
