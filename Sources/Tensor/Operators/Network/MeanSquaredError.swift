enum Losses {
  static let squaredDifference = Formula("mse") { square($0 - $1) }
}

/// Mean over all elements of (prediction - target)^2.
///
/// Derivative: 2 (prediction - target) / n, and its negative for the target.
/// - Precondition: Equal shapes (they do not broadcast: [n, 1] against [n] would mean n * n pairs) and dtypes.
public func mse(_ prediction: Tensor, _ target: Tensor) -> Tensor {
  guard prediction.shape == target.shape else {
    return Misuse.fail(
      "mse", "the shapes \(prediction.shape) and \(target.shape) differ; they must be equal, use reshaped")
  }
  return Losses.squaredDifference.mean(prediction, target)
}
