import CKernels

/// Mean negative log-likelihood of integer labels under a softmax. Results: the loss, and the
/// log-probabilities, which the rules read.
final class CrossEntropy: Function, @unchecked Sendable {
  let labels: Positions
  let input: Shape
  /// The negated one-hot rows, divided by their number: the loss is their inner product with the
  /// log-probabilities.
  private let weights: Storage

  init(_ labels: Positions, _ logits: Tensor) {
    self.labels = labels
    input = logits.shape
    let rows = labels.count
    weights = Tensor.zeros(input, dtype: logits.dtype).storage
    let share = Tensor.full([rows, 1], -1 / Double(rows), dtype: logits.dtype).storage
    adj_gather_add(
      logits.dtype.kernel, share.pointer, 1, Int64(rows), Int64(input[1]), 1, labels.pointer, 1,
      weights.pointer)
  }

  /// The pullback of the loss, with the log-probabilities y: (exp(y) / n - hot / n) u.
  private static let pulled = Formula("crossEntropy.pullback", inputs: 3, parameters: 1) { v, p in
    let (u, y, weight) = (v[0], v[1], v[2])
    return [u * (exp(y) * p[0] + weight)]
  }

  override var name: String { "crossEntropy" }
  override var saves: [Saved] { [.output(1)] }
  override var mayHoldTensors: Bool { false }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let y = LogSoftmax(axis: -1)(inputs[0])
    return [loss(y), y]
  }

  /// Linear in its argument, which may have extra leading axes.
  private func loss(_ y: Tensor) -> Tensor {
    if y.node == nil && y.shape == input && labels.count > 0 {
      // Only the labels' own entries count, and an infinite other one must not.
      let picked = Storage([labels.count, 1], y.dtype)
      let source = y.storage.contiguous
      withExtendedLifetime(source) {
        adj_gather(
          y.dtype.kernel, source.pointer, 1, Int64(input[0]), Int64(input[1]), 1, labels.pointer, 1,
          picked.pointer)
      }
      return Sum(
        "crossEntropy", ReducedAxes(all: picked.shape),
        scale: -1 / Double(labels.count))(Tensor(picked))
    }
    return Arithmetic.multiply.tensors.sum(y, Tensor(weights), axes: [-2, -1])
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let y = saved.output(1)
    var result: Tensor?
    if let u = cotangents[0] {
      let rows = u.unsqueezed(axis: -1).unsqueezed(axis: -1)
      result = CrossEntropy.pulled.apply([rows, y, Tensor(weights)], SIMD2(1 / Double(labels.count), 0))[0]
    }
    if let u = cotangents[1] {
      let part = LogSoftmax.pullback(u, y, -1)
      result = result.map { $0 + part } ?? part
    }
    return [result]
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    guard let own = sets[0] else { return [nil, nil] }
    let rows = ElementSets.shared(own, along: -1, of: input)
    return [ElementSets.reduced(rows, ReducedAxes(all: input)), rows]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let tangent = tangents[0] else { return [nil, nil] }
    let y = LogSoftmax.pushforward(tangent, saved.output(1), -1)
    return [loss(y), y]
  }
}

/// -log(softmax(logits)[label]) along the class axis, by default the mean over all labels.
///
/// Derivative: (softmax(logits) - target) / n, also for probabilities as targets, which must add up to 1.
/// - Parameters:
///   - logits: Floating-point, [rows, classes], or [rows, classes, ...], or [classes].
///   - labels: Integers 0 ..< classes, of the logits' shape without the class axis: constants to every
///     derivative. Or probabilities, floating-point and of the logits' shape.
///   - weights: Of the classes, [classes]. The mean of integer labels is a weighted one then.
///   - ignoreIndex: A label that does not count.
///   - labelSmoothing: The share of the target that is spread evenly over all classes.
/// - Precondition: Shapes as above, equal floating-point dtypes.
public func crossEntropy(
  _ logits: Tensor, _ labels: Tensor, weights: Tensor? = nil, ignoreIndex: Int? = nil,
  labelSmoothing: Double = 0, reduction: LossReduction = .mean
) -> Tensor {
  composed("crossEntropy", of: [logits, labels] + (weights.map { [$0] } ?? [])) {
    let isPlain =
      weights == nil && ignoreIndex == nil && labelSmoothing == 0 && reduction == .mean && logits.rank == 2
      && !labels.dtype.isFloatingPoint
    guard !isPlain else { return plainCrossEntropy(logits, labels) }
    guard logits.dtype.isFloatingPoint, logits.rank > 0, (0...1).contains(labelSmoothing) else {
      return Misuse.fail(
        "crossEntropy",
        "needs floating-point logits with a class axis and a smoothing of 0 ... 1, got \(logits.dtype) "
          + "\(logits.shape) and \(labelSmoothing)")
    }
    let axis = logits.rank == 1 ? 0 : 1
    let y = logSoftmax(logits, axis: axis)
    let classes = logits.shape[axis]
    if labels.dtype.isFloatingPoint {
      guard ClassLoss.checkWeights(weights, y, classes, "crossEntropy"),
        Losses.agree([logits, labels], "crossEntropy")
      else { return .placeholder }
      let target =
        labelSmoothing == 0 ? labels : labels * (1 - labelSmoothing) + labelSmoothing / Double(classes)
      let shares = weights.map { target * ClassLoss.broadcast($0, along: axis, of: logits.rank) } ?? target
      let losses = -Arithmetic.multiply.tensors.sum(y, shares, axes: [axis - logits.rank])
      return reduction.apply(losses)
    }
    guard let loss = ClassLoss(y, labels, weights, ignoreIndex, "crossEntropy") else { return .placeholder }
    guard labelSmoothing > 0 else { return loss.reduced(loss.likelihood, reduction) }
    let weighted = weights.map { y * ClassLoss.broadcast($0, along: axis, of: y.rank) } ?? y
    let spread = loss.counted(-weighted.sum(axis: axis))
    return loss.reduced(
      loss.likelihood * (1 - labelSmoothing) + spread * (labelSmoothing / Double(classes)), reduction)
  }
}

private func plainCrossEntropy(_ logits: Tensor, _ labels: Tensor) -> Tensor {
  guard logits.dtype.isFloatingPoint, labels.shape == [logits.shape[0]] else {
    return Misuse.fail(
      "crossEntropy",
      "needs floating-point logits [rows, classes] and integer labels [rows], got \(logits.dtype) \(logits.shape) "
        + "and \(labels.dtype) \(labels.shape)")
  }
  guard let positions = Positions(labels, axis: 1, of: logits.shape, countsFromEnd: false, "crossEntropy") else {
    return .placeholder
  }
  return CrossEntropy(positions, logits)([logits])[0]
}
