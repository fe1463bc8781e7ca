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

  /// Rows of the last axis at a time, without a branch on each element.
  private func hasZerosOnly<Bits: FixedWidthInteger>(_: Bits.Type, ignoring sign: Bits) -> Bool {
    guard count > 0 else { return true }
    let base = typed(Bits.self)
    let length = isContiguous ? count : shape[shape.rank - 1]
    let step = isContiguous ? 1 : strides[shape.rank - 1]
    for row in 0..<count / length {
      var offset = 0
      var rest = row
      for axis in stride(from: shape.rank - 2, through: 0, by: -1) where !isContiguous {
        offset += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      var found: Bits = 0
      for element in 0..<length { found |= base[offset + element &* step] }
      if found & ~sign != 0 { return false }
    }
    return true
  }
}
