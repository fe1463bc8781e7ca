import Tensor

/// A number, or tensors of numbers, estimated from random samples.
public struct Estimate<Value> {
  /// The mean of the samples.
  public let value: Value
  /// The standard deviation of that mean, as the samples' own scatter has it; NaN of one sample. The truth is within
  /// two of it nineteen times of twenty, where samples are many.
  public let standardError: Value
  /// How far the mean of however many samples may be off, where each is itself an approximation, as of a log
  /// determinant (``HessianOperator/estimatedLogDeterminant(samples:iterations:damping:using:)``); nil where samples
  /// are exact.
  public let quadratureError: Value?
  /// How many samples there were.
  public let samples: Int

  init(value: Value, standardError: Value, quadratureError: Value? = nil, samples: Int) {
    self.value = value
    self.standardError = standardError
    self.quadratureError = quadratureError
    self.samples = samples
  }
}

extension Estimate: Sendable where Value: Sendable {}

/// Mean and scatter of samples that come in blocks, [samples, n] each, in float64 (Chan, Golub and LeVeque, 1979).
struct SampleMoments {
  private var count = 0
  private var mean = Tensor.zeros([], dtype: .float64)
  private var squares = Tensor.zeros([], dtype: .float64)

  mutating func add(_ block: Tensor) {
    let block = block.detached().asType(.float64)
    let (before, more) = (Double(count), Double(block.shape[0]))
    let center = block.mean(axis: 0)
    let gap = center - mean
    squares = squares + square(block - center).sum(axis: 0) + square(gap) * (before * more / (before + more))
    mean = mean + gap * (more / (before + more))
    count += block.shape[0]
  }

  /// The standard deviation of the mean, [n].
  var standardError: Tensor { sqrt(squares / Double(count * (count - 1))) }
}
