/// What becomes of the losses of the elements.
public enum LossReduction: Sendable, Hashable {
  /// All are kept.
  case none
  /// Their mean.
  case mean
  /// Their sum.
  case sum
  /// Their sum, divided by the length of the first axis.
  case batchMean

  func apply(_ losses: Tensor) -> Tensor {
    switch self {
    case .none: losses
    case .mean: losses.mean()
    case .sum: losses.sum()
    case .batchMean: losses.sum() / Double(losses.rank == 0 ? 1 : losses.shape[0])
    }
  }
}

extension Formula {
  /// The formula's result as losses; a mean or sum in the same pass.
  func losses(
    _ inputs: [Tensor], _ reduction: LossReduction, _ operation: String, parameters: SIMD2<Double> = .zero
  ) -> Tensor {
    guard Losses.agree(inputs, operation) else { return .placeholder }
    switch reduction {
    case .none: return apply(inputs, parameters)[0]
    case .mean: return reduced(inputs, nil, false, operation, mean: true, parameters: parameters)
    case .sum, .batchMean:
      let sum = reduced(inputs, nil, false, operation, mean: false, parameters: parameters)
      let batch = inputs[0].rank == 0 ? 1 : inputs[0].shape[0]
      return reduction == .sum ? sum : sum / Double(batch)
    }
  }
}

enum Losses {
  /// Whether shapes and dtypes are equal, and floating-point; a report where not.
  static func agree(_ inputs: [Tensor], _ operation: String) -> Bool {
    let first = inputs[0]
    for other in inputs.dropFirst() {
      guard other.shape == first.shape else {
        Misuse.report(
          operation, "the shapes \(first.shape) and \(other.shape) differ; they must be equal, use reshaped")
        return false
      }
    }
    return areOneType(inputs, operation)
  }

  static func areOneType(_ inputs: [Tensor], _ operation: String) -> Bool {
    for other in inputs where other.dtype != inputs[0].dtype || !other.dtype.isFloatingPoint {
      Misuse.report(
        operation,
        "the dtypes are \(inputs.map { "\($0.dtype)" }.joined(separator: ", ")); they must be one floating-point "
          + "dtype, convert with asType")
      return false
    }
    return true
  }

  /// log(1 + exp(-|x|)) + max(x, 0) for x and for -x: softplus of both, sharing what is costly.
  static func softplusBoth(_ x: Formula.Value) -> (Formula.Value, Formula.Value) {
    let shared = log1p(exp(-abs(x)))
    let positive = (maximum(x, x * 0) + shared).withSlope(in: x) { _ in Activations.sigmoidValue(x) }
    let negative = (maximum(-x, x * 0) + shared).withSlope(in: x) { _ in -Activations.sigmoidValue(-x) }
    return (positive, negative)
  }
}
