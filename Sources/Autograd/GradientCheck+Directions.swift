import Tensor

/// An inner product over all tensors, and the sum of its terms' magnitudes.
func inner(_ a: [Tensor], _ b: [Tensor]) -> (Double, Double) {
  var sum = 0.0
  var size = 0.0
  for (a, b) in zip(a, b) {
    for (a, b) in zip(a.doubles, b.doubles) {
      sum += a * b
      size += abs(a * b)
    }
  }
  return (sum, size)
}

/// From numbers in -1 ... 1 to such of a magnitude in 0.5 ... 1.5.
private let awayFromZero = Formula("awayFromZero") { x in Formula.select(x .< 0, x - 0.5, x + 0.5) }

extension Tensor {
  /// Random numbers of this shape and dtype that are neither large nor small, unless scaled, with leading axes.
  func randomSigns(_ generator: inout RandomGenerator, lead: Shape = [], scales: Tensor? = nil) -> Tensor {
    let numbers = Tensor.uniform(lead.followed(by: shape), low: -1, high: 1, dtype: dtype, using: &generator)
    let signed = awayFromZero(numbers)
    return scales.map { signed * $0 } ?? signed
  }
}
