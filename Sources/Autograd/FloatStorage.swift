import Tensor

// Elements of contiguous floating-point memory, one by one.

extension Storage {
  /// Sets an element of memory that nobody else has seen.
  @inline(__always)
  func setNumber(_ number: Double, at element: Int) {
    if dtype == .float32 {
      pointer.storeBytes(of: Float(number), toByteOffset: 4 * element, as: Float.self)
    } else {
      pointer.storeBytes(of: number, toByteOffset: 8 * element, as: Double.self)
    }
  }

  @inline(__always)
  private func number(at element: Int) -> Double {
    dtype == .float32
      ? Double(pointer.load(fromByteOffset: 4 * element, as: Float.self))
      : pointer.load(fromByteOffset: 8 * element, as: Double.self)
  }

  /// The largest magnitude, 0 where there are no elements; NaN where one is NaN.
  var largestMagnitude: Double {
    var largest = 0.0
    for element in 0..<count {
      let number = number(at: element)
      if number.isNaN { return .nan }
      largest = Swift.max(largest, Swift.abs(number))
    }
    return largest
  }
}
