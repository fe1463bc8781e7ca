// Losses of probabilities, and of two classes.

extension Losses {
  /// log(x), not below -100, and log(1 - x) likewise: so that a probability of 0 costs much, not infinitely.
  private static func bounded(_ logarithm: Formula.Value) -> Formula.Value {
    Formula.select(logarithm .< -100, -100, logarithm)
  }

  static let binaryCrossEntropy = Formula("binaryCrossEntropy") { x, t in
    -(t * bounded(log(x)) + (1 - t) * bounded(log1p(-x)))
  }
  static let binaryWithLogits = Formula("binaryCrossEntropyWithLogits") { x, t in
    let (positive, negative) = softplusBoth(x)
    return t * negative + (1 - t) * positive
  }
  static let binaryWithLogitsWeighted = Formula("binaryCrossEntropyWithLogits") { x, t, weight in
    let (positive, negative) = softplusBoth(x)
    return weight * (t * negative) + (1 - t) * positive
  }
  static let divergence = Formula("klDivergence") { x, t in
    Formula.select(t .== 0, 0, t * (log(t) - x))
  }
  static let divergenceOfLog = Formula("klDivergence") { x, t in exp(t) * (t - x) }
  static let hinge = Formula("hingeEmbedding", inputs: 2, parameters: 1) { v, margin in
    let (x, y) = (v[0], v[1])
    let far = margin[0] - x
    return [
      Formula.select(y .== 1, 0, Formula.select(far .< 0, 0, far)) + Formula.select(y .== -1, 0, x)
    ]
  }
  static let softMargin = Formula("softMargin") { x, y in softplusBoth(x * y).1 }
}

/// -(target log(x) + (1 - target) log(1 - x)) for probabilities x, by default the mean.
///
/// Logarithms are not below -100; derivative there: 0. See ``binaryCrossEntropyWithLogits(_:_:weight:positiveWeight:reduction:)``.
/// - Parameter weight: Multiplies the losses; broadcasts to the shape.
/// - Precondition: Equal shapes of x and target; floating-point dtypes.
public func binaryCrossEntropy(
  _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
  composed("binaryCrossEntropy", of: [x, target, weight].compactMap { $0 }) {
    guard let weight else {
      return Losses.binaryCrossEntropy.losses([x, target], reduction, "binaryCrossEntropy")
    }
    guard Losses.broadcasts(weight, x, "binaryCrossEntropy", "weight") else { return .placeholder }
    return reduction.apply(Losses.binaryCrossEntropy.losses([x, target], .none, "binaryCrossEntropy") * weight)
  }
}

/// ``binaryCrossEntropy(_:_:weight:reduction:)`` of sigmoid(x), without overflow or cancellation.
///
/// Derivative: sigmoid(x) - target.
/// - Parameters:
///   - weight: Multiplies the losses; broadcasts to the shape.
///   - positiveWeight: Multiplies the target's part; broadcasts to the shape.
/// - Precondition: Equal shapes of x and target; floating-point dtypes.
public func binaryCrossEntropyWithLogits(
  _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  composed("binaryCrossEntropyWithLogits", of: [x, target, weight, positiveWeight].compactMap { $0 }) {
    let name = "binaryCrossEntropyWithLogits"
    if weight == nil && positiveWeight == nil {
      return Losses.binaryWithLogits.losses([x, target], reduction, name)
    }
    guard Losses.agree([x, target], name),
      weight.map({ Losses.broadcasts($0, x, name, "weight") }) ?? true,
      positiveWeight.map({ Losses.broadcasts($0, x, name, "positiveWeight") }) ?? true
    else { return .placeholder }
    let losses =
      positiveWeight.map { Losses.binaryWithLogitsWeighted(x, target, $0) }
      ?? Losses.binaryWithLogits(x, target)
    return reduction.apply(weight.map { losses * $0 } ?? losses)
  }
}

extension Losses {
  /// Whether a weight broadcasts to a shape; a report where not.
  static func broadcasts(_ weight: Tensor, _ x: Tensor, _ operation: String, _ name: String) -> Bool {
    guard weight.dtype == x.dtype, weight.shape.broadcast(with: x.shape) == x.shape else {
      Misuse.report(
        operation,
        "\(name) is \(weight.dtype) \(weight.shape) and does not broadcast to \(x.dtype) \(x.shape)")
      return false
    }
    return true
  }
}

/// target (log(target) - x) for x a logarithm of probabilities, 0 where the target is 0; by default the mean.
///
/// The divergence itself is the reduction `.batchMean`. Derivative: -target, and log(target) + 1 - x.
/// - Parameter logTarget: Whether the target is a logarithm, too.
/// - Precondition: Equal shapes and floating-point dtypes.
public func klDivergence(
  _ x: Tensor, _ target: Tensor, logTarget: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
  (logTarget ? Losses.divergenceOfLog : Losses.divergence).losses([x, target], reduction, "klDivergence")
}

/// x where y is 1, max(margin - x, 0) where y is -1; by default the mean.
///
/// Derivative: 1, and -1 where x is below (or at) the margin; y is a constant.
/// - Precondition: Equal shapes and floating-point dtypes.
public func hingeEmbedding(
  _ x: Tensor, _ y: Tensor, margin: Double = 1, reduction: LossReduction = .mean
) -> Tensor {
  Losses.hinge.losses([x, y.detached()], reduction, "hingeEmbedding", parameters: SIMD2(margin, 0))
}

/// log(1 + exp(-x y)) for y of 1 or -1, without overflow; by default the mean.
///
/// Derivative: -y sigmoid(-x y).
/// - Precondition: Equal shapes and floating-point dtypes.
public func softMargin(_ x: Tensor, _ y: Tensor, reduction: LossReduction = .mean) -> Tensor {
  Losses.softMargin.losses([x, y], reduction, "softMargin")
}
