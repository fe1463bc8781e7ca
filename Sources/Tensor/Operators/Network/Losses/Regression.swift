// Losses of predictions of numbers.

extension Losses {
  static let squaredDifference = Formula("mse") { square($0 - $1) }
  static let absoluteDifference = Formula("l1") { abs($0 - $1) }
  static let smoothL1 = Formula("smoothL1", inputs: 2, parameters: 1) { v, beta in
    let difference = v[0] - v[1]
    let size = abs(difference)
    return [Formula.select(size .< beta[0], square(difference) * 0.5 / beta[0], size - 0.5 * beta[0])]
  }
  static let huber = Formula("huber", inputs: 2, parameters: 1) { v, delta in
    let difference = v[0] - v[1]
    let size = abs(difference)
    return [
      Formula.select(size .<= delta[0], square(difference) * 0.5, delta[0] * (size - 0.5 * delta[0]))
    ]
  }
  static let poisson = Formula("poissonNLL", inputs: 2, parameters: 1) { v, eps in
    [v[0] - v[1] * log(v[0] + eps[0])]
  }
  static let poissonOfLog = Formula("poissonNLL") { x, target in exp(x) - target * x }
  static let stirling = Formula("poissonNLL.stirling") { t in
    Formula.select(t .> 1, t * log(t) - t + 0.5 * log(6.283185307179586477 * t), 0)
  }
  static let gaussian = Formula("gaussianNLL", inputs: 3, parameters: 1) { v, eps in
    let variance = Formula.select(v[2] .< eps[0], eps[0], v[2])
    return [0.5 * (log(variance) + square(v[0] - v[1]) / variance)]
  }
}

/// (prediction - target)^2, by default the mean.
///
/// Derivative: 2 (prediction - target) for each element, and its negative for the target.
/// - Precondition: Equal shapes (they do not broadcast: [n, 1] against [n] would mean n * n pairs) and dtypes.
public func mse(_ prediction: Tensor, _ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
  Losses.squaredDifference.losses([prediction, target], reduction, "mse")
}

/// |prediction - target|, by default the mean.
///
/// Derivative: the difference's sign, 0 where there is none.
/// - Precondition: Equal shapes and floating-point dtypes.
public func l1Loss(_ prediction: Tensor, _ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
  Losses.absoluteDifference.losses([prediction, target], reduction, "l1Loss")
}

/// d^2 / (2 beta) where the difference's magnitude d is less than beta, d - beta / 2 elsewhere.
///
/// Derivative: difference / beta, at most 1 in magnitude. With beta 0 the same as ``l1Loss(_:_:reduction:)``.
/// - Precondition: Equal shapes and floating-point dtypes; beta not negative.
public func smoothL1(
  _ prediction: Tensor, _ target: Tensor, beta: Double = 1, reduction: LossReduction = .mean
) -> Tensor {
  guard beta >= 0 else { return Misuse.fail("smoothL1", "beta is \(beta); it must not be negative") }
  return Losses.smoothL1.losses(
    [prediction, target], reduction, "smoothL1", parameters: SIMD2(beta, 0))
}

/// d^2 / 2 where the difference's magnitude d is at most delta, delta (d - delta / 2) elsewhere (Huber, 1964).
///
/// Derivative: the difference, at most delta in magnitude.
/// - Precondition: Equal shapes and floating-point dtypes; a positive delta.
public func huber(
  _ prediction: Tensor, _ target: Tensor, delta: Double = 1, reduction: LossReduction = .mean
) -> Tensor {
  guard delta > 0 else { return Misuse.fail("huber", "delta is \(delta); it must be positive") }
  return Losses.huber.losses([prediction, target], reduction, "huber", parameters: SIMD2(delta, 0))
}

/// Negative log-likelihood of counts under Poisson distributions: rate - target log(rate + eps); with
/// `logInput` the prediction is log(rate).
///
/// Without log(target!), which `full` adds by Stirling's formula, t log t - t + log(2 pi t) / 2 where t > 1.
/// - Precondition: Equal shapes and floating-point dtypes.
public func poissonNLL(
  _ prediction: Tensor, _ target: Tensor, logInput: Bool = true, full: Bool = false, eps: Double = 1e-8,
  reduction: LossReduction = .mean
) -> Tensor {
  let inputs = [prediction, target]
  let loss =
    logInput
    ? Losses.poissonOfLog.losses(inputs, reduction, "poissonNLL")
    : Losses.poisson.losses(inputs, reduction, "poissonNLL", parameters: SIMD2(eps, 0))
  return full ? loss + Losses.stirling.losses([target], reduction, "poissonNLL") : loss
}

/// Negative log-likelihood under normal distributions: (log(variance) + (prediction - target)^2 / variance) / 2.
///
/// Without log(2 pi) / 2, which `full` adds. A variance less than eps counts as eps and has derivative 0.
/// - Parameter variance: Of the prediction's shape, or with a last axis of length 1, or without that axis.
/// - Precondition: Equal shapes of prediction and target; floating-point dtypes.
public func gaussianNLL(
  _ prediction: Tensor, _ target: Tensor, variance: Tensor, full: Bool = false, eps: Double = 1e-6,
  reduction: LossReduction = .mean
) -> Tensor {
  var wide = variance
  if variance.rank == prediction.rank - 1, variance.shape == prediction.shape.first(variance.rank) {
    wide = variance.unsqueezed(axis: -1)
  }
  guard Losses.agree([prediction, target], "gaussianNLL") else { return .placeholder }
  var narrow = prediction.shape
  if narrow.rank > 0 { narrow[narrow.rank - 1] = 1 }
  guard wide.shape == prediction.shape || wide.shape == narrow else {
    return Misuse.fail(
      "gaussianNLL",
      "the variance has shape \(variance.shape); it must be \(prediction.shape), or the same with a last axis of 1"
    )
  }
  let loss = Losses.gaussian.losses(
    [prediction, target, wide.expanded(to: prediction.shape)], reduction, "gaussianNLL",
    parameters: SIMD2(eps, 0))
  guard full else { return loss }
  let constant = 0.91893853320467274178
  let count = Double(prediction.count)
  return switch reduction {
  case .none, .mean: loss + constant
  case .sum: loss + constant * count
  case .batchMean: loss + constant * count / Double(prediction.rank == 0 ? 1 : prediction.shape[0])
  }
}
