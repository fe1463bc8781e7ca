/// Losses of labels: what ``nllLoss(_:_:weights:ignoreIndex:reduction:)`` and
/// ``crossEntropy(_:_:weights:ignoreIndex:labelSmoothing:reduction:)`` share.
struct ClassLoss {
  /// The negative weighted log-probability of each label, 0 where it does not count.
  let likelihood: Tensor
  /// The weight of each label; nil where all are 1.
  private let shares: Tensor?
  /// 1 where a label counts, else 0; nil where all count.
  private let mask: Tensor?

  private static let counting = Formula("nllLoss.counting") { mask, x in Formula.select(mask, x, 0) }

  /// Nil after a report.
  init?(
    _ y: Tensor, _ labels: Tensor, _ weights: Tensor?, _ ignoreIndex: Int?, _ operation: String
  ) {
    let axis = y.rank == 1 ? 0 : 1
    var expected = y.shape
    if y.rank > 0 { expected.remove(at: axis) }
    guard y.dtype.isFloatingPoint, y.rank > 0, labels.shape == expected,
      labels.dtype == .int64 || labels.dtype == .int32 || labels.dtype == .uint8
    else {
      Misuse.report(
        operation,
        "needs floating-point numbers [rows, classes, ...] and integer labels [rows, ...], got \(y.dtype) \(y.shape) "
          + "and \(labels.dtype) \(labels.shape)")
      return nil
    }
    let classes = y.shape[axis]
    guard ClassLoss.checkWeights(weights, y, classes, operation) else { return nil }
    var indices = labels.asType(.int64)
    var mask: Tensor?
    if let ignoreIndex {
      let counts = indices .!= Tensor([ignoreIndex] as [Int]).reshaped([])
      mask = counts.asType(y.dtype)
      indices = `where`(counts, indices, Tensor.zeros([], dtype: .int64))
    }
    guard
      let positions = Positions(
        indices.unsqueezed(axis: axis), axis: axis, of: y.shape, countsFromEnd: false, operation)
    else { return nil }
    var one = y.shape
    one[axis] = 1
    let picked = Gather(positions, shape: one, input: y.shape)(y).squeezed(axis: axis)
    let taken = weights.map { $0.take(indices) }
    shares = mask.map { mask in taken.map { ClassLoss.counting(mask, $0) } ?? mask } ?? taken
    let losses = taken.map { -(picked * $0) } ?? -picked
    likelihood = mask.map { ClassLoss.counting($0, losses) } ?? losses
    self.mask = mask
  }

  /// The losses where labels count, else 0.
  func counted(_ losses: Tensor) -> Tensor { mask.map { ClassLoss.counting($0, losses) } ?? losses }

  /// The mean is weighted as labels are.
  func reduced(_ losses: Tensor, _ reduction: LossReduction) -> Tensor {
    guard reduction == .mean, let shares else { return reduction.apply(losses) }
    return losses.sum() / shares.sum()
  }

  static func checkWeights(_ weights: Tensor?, _ y: Tensor, _ classes: Int, _ operation: String) -> Bool {
    guard let weights, weights.shape != [classes] || weights.dtype != y.dtype else { return true }
    Misuse.report(
      operation, "the weights are \(weights.dtype) \(weights.shape); they must be \(y.dtype) [\(classes)]")
    return false
  }

  /// Weights of classes along an axis of a tensor of some rank.
  static func broadcast(_ weights: Tensor, along axis: Int, of rank: Int) -> Tensor {
    weights.reshaped(Shape([weights.count] + Array(repeating: 1, count: rank - axis - 1)))
  }
}

/// -y[label] along the class axis, for y logarithms of probabilities; by default the mean over all labels.
///
/// Derivative: -weight of the label at its place, over the sum of weights for the mean; and for the weights.
/// - Parameters:
///   - y: Floating-point, [rows, classes], or [rows, classes, ...], or [classes].
///   - labels: Integers 0 ..< classes, of y's shape without the class axis: constants to every derivative.
///   - weights: Of the classes, [classes]. The mean is a weighted one then.
///   - ignoreIndex: A label that does not count.
/// - Precondition: Shapes as above, equal floating-point dtypes.
public func nllLoss(
  _ y: Tensor, _ labels: Tensor, weights: Tensor? = nil, ignoreIndex: Int? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  composed("nllLoss", of: [y] + (weights.map { [$0] } ?? [])) {
    ClassLoss(y, labels, weights, ignoreIndex, "nllLoss").map { $0.reduced($0.likelihood, reduction) }
      ?? .placeholder
  }
}
