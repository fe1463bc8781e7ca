import Autograd
import Testing

/// How far numbers may be from what is expected.
struct Accuracy: Sendable {
  /// Units in the last place of float32 or float64.
  var ulps: Double
  var dtype: DType
  /// Whether the largest element sets the unit, not each its own.
  var byLargest = false
  /// Smaller ones do not: where all is zero there is only rounding to compare.
  var atLeast = 0.0

  func allows(_ got: Double, _ expected: Double, largest: Double) -> Bool {
    if expected.isNaN { return got.isNaN }
    // Where zero is expected its sign counts.
    if ulps == 0 && expected == 0 && !byLargest && dtype.isFloatingPoint {
      return got == 0 && got.sign == expected.sign
    }
    if got == expected { return true }
    if !expected.isFinite || !got.isFinite { return false }
    let scale = byLargest ? Swift.max(largest, atLeast) : abs(expected)
    let unit = dtype == .float32 ? Double(Float(scale).ulp) : dtype == .float64 ? scale.ulp : 0
    // A reference in float64 has an error of its own.
    return abs(got - expected) <= (ulps + 0.5) * unit
  }
}

/// Where tensors are not as expected: for each, the first element that differs.
func differences(_ got: [Tensor], _ expected: [Numbers], _ accuracy: Accuracy) -> [String] {
  guard got.count == expected.count else { return ["\(got.count) results, expected \(expected.count)"] }
  return zip(got, expected).enumerated().compactMap { position, pair in
    let (numbers, wanted) = (pair.0.numbers, pair.1)
    guard numbers.shape == wanted.shape else {
      return "result \(position): shape \(numbers.shape), expected \(wanted.shape)"
    }
    let largest = wanted.values.filter(\.isFinite).map { abs($0) }.max() ?? 0
    let wrong = wanted.values.indices.filter {
      !accuracy.allows(numbers.values[$0], wanted.values[$0], largest: largest)
    }
    return wrong.first.map { first in
      """
      result \(position): \(wrong.count) of \(wanted.values.count) elements differ, \
      element \(Numbers.positions(wanted.shape)[first]): expected \(wanted.values[first]), \
      got \(numbers.values[first])
      """
    }
  }
}

/// Records an issue for every tensor that is not as expected; says where the first element differs.
func expectEqual(
  _ got: [Tensor], _ expected: [Numbers], _ accuracy: Accuracy, _ what: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  for difference in differences(got, expected, accuracy) {
    Issue.record("\(what()), \(difference)", sourceLocation: sourceLocation)
  }
}

extension Row {
  func accuracy(_ dtype: DType) -> Accuracy { Accuracy(ulps: ulps, dtype: dtype, byLargest: !isPointwise) }
}
