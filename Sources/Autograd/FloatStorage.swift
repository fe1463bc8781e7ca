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

  /// Sets some elements of memory that nobody else reads, to numbers of its dtype in their order.
  func setNumbers(_ numbers: Storage, at elements: some Collection<Int>) {
    let numbers = numbers.contiguous
    for (index, element) in elements.enumerated() { setNumber(numbers.number(at: index), at: element) }
  }
}

extension Tensor {
  /// The elements at these places of a vector, which are not checked.
  func elements(at places: [Int]) -> Tensor {
    guard !(isTracked && isRecording) else { return take(Tensor(places, shape: [places.count])) }
    let result = Storage([places.count], dtype)
    let source = storage.contiguous
    if dtype == .float32 {
      source.pick(Float.self, places, into: result)
    } else {
      source.pick(Double.self, places, into: result)
    }
    return Tensor(result)
  }
}

extension Storage {
  fileprivate func pick<T>(_: T.Type, _ places: [Int], into result: Storage) {
    let (from, to) = (typed(T.self), result.typed(T.self))
    for (index, place) in places.enumerated() { to[index] = from[place] }
  }

  /// Whether contiguous numbers are expected ones of the same dtype, but for so much of the largest of these, or for a
  /// floor; where one is not finite, the other must not be either.
  func agrees(with expected: Storage, within tolerance: Double, floor: Double = 0) -> Bool {
    dtype == .float32
      ? agrees(Float.self, expected, Float(tolerance), Float(floor))
      : agrees(Double.self, expected, tolerance, floor)
  }

  private func agrees<T: BinaryFloatingPoint>(_: T.Type, _ other: Storage, _ tolerance: T, _ floor: T) -> Bool {
    let (found, expected) = (typed(T.self), other.typed(T.self))
    let most = Swift.max(tolerance * other.largestFinite(T.self), floor)
    // A difference from what is not finite is never small.
    for index in 0..<count where !((found[index] - expected[index]).magnitude <= most) {
      if found[index].isFinite || expected[index].isFinite { return false }
    }
    return true
  }

  /// The largest magnitude of contiguous numbers that are finite.
  var largestFinite: Double {
    dtype == .float32 ? Double(largestFinite(Float.self)) : largestFinite(Double.self)
  }

  private func largestFinite<T: BinaryFloatingPoint>(_: T.Type) -> T {
    let numbers = typed(T.self)
    // Four at a time: a maximum waits for the one before.
    var (first, second, third, fourth) = (T.zero, T.zero, T.zero, T.zero)
    func raise(_ largest: inout T, _ index: Int) {
      let size = numbers[index].magnitude
      largest = size > largest && size < .infinity ? size : largest
    }
    for index in stride(from: 0, to: count & ~3, by: 4) {
      raise(&first, index)
      raise(&second, index + 1)
      raise(&third, index + 2)
      raise(&fourth, index + 3)
    }
    for index in count & ~3..<count { raise(&first, index) }
    return Swift.max(first, second, third, fourth)
  }
}
