extension Storage {
  /// Whether every element is zero. NaN is not.
  package var isZero: Bool {
    switch dtype {
    case .float32: hasZerosOnly(UInt32.self, ignoring: 1 << 31)
    case .float64: hasZerosOnly(UInt64.self, ignoring: 1 << 63)
    case .int32: hasZerosOnly(UInt32.self, ignoring: 0)
    case .int64: hasZerosOnly(UInt64.self, ignoring: 0)
    case .uint8, .bool: hasZerosOnly(UInt8.self, ignoring: 0)
    }
  }

  /// Rows of the last axis at a time, or 4096 elements of what is contiguous, without a branch on each element.
  private func hasZerosOnly<Bits: FixedWidthInteger>(_: Bits.Type, ignoring sign: Bits) -> Bool {
    let base = typed(Bits.self)
    if isContiguous {
      for first in stride(from: 0, to: count, by: 4096) {
        if bits(base + first, min(4096, count - first), 1) & ~sign != 0 { return false }
      }
      return true
    }
    guard count > 0 else { return true }
    let (length, step) = (shape[shape.rank - 1], strides[shape.rank - 1])
    for row in 0..<count / length {
      var offset = 0
      var rest = row
      for axis in stride(from: shape.rank - 2, through: 0, by: -1) {
        offset += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      let found = step == 1 ? bits(base + offset, length, 1) : bits(base + offset, length, step)
      if found & ~sign != 0 { return false }
    }
    return true
  }

  /// All that are set in any of so many elements. With a step that is known to be 1 it compiles to whole vectors.
  @inline(__always)
  private func bits<Bits: FixedWidthInteger>(
    _ elements: UnsafeMutablePointer<Bits>, _ count: Int, _ step: Int
  ) -> Bits {
    var found: Bits = 0
    for element in 0..<count { found |= elements[element &* step] }
    return found
  }
}
