import Tensor

// Elements of contiguous floating-point memory, one by one.

extension Storage {
  /// Sets an element of memory that nobody else has seen.
  @inline(__always)
  func setNumber(_ number: Double, at element: Int) {
    if dtype == .float32 { typed(Float.self)[element] = Float(number) } else { typed(Double.self)[element] = number }
  }

  /// Runs `body` with a test of elements for NaN.
  func withNaNTest(_ body: ((Int) -> Bool) -> Void) {
    if dtype == .float32 {
      let numbers = typed(Float.self)
      body { numbers[$0].isNaN }
    } else {
      let numbers = typed(Double.self)
      body { numbers[$0].isNaN }
    }
  }

  /// The largest magnitude, 0 where there are no elements; NaN where one is NaN.
  var largestMagnitude: Double {
    var largest = 0.0
    for element in 0..<count {
      let number = dtype == .float32 ? Double(typed(Float.self)[element]) : typed(Double.self)[element]
      if number.isNaN { return .nan }
      largest = Swift.max(largest, Swift.abs(number))
    }
    return largest
  }
}
