/// Axes of a reduction, counted from the end so that they mean the same under extra leading axes.
struct ReducedAxes: Sendable {
  /// The input's shape.
  let input: Shape
  /// Bit i: the axis that has i axes behind it is reduced.
  let mask: UInt32
  let keepDims: Bool

  init(shape: Shape, mask: UInt32, keepDims: Bool) {
    input = shape
    self.mask = mask
    self.keepDims = keepDims
  }

  /// All axes.
  init(all shape: Shape, keepDims: Bool = false) {
    self.init(shape: shape, mask: (1 << UInt32(shape.rank)) - 1, keepDims: keepDims)
  }

  /// One axis; nil after a report.
  init?(_ shape: Shape, axis: Int, keepDims: Bool, _ operation: String) {
    guard let position = normalizedAxis(axis, rank: shape.rank, operation) else { return nil }
    self.init(shape: shape, mask: 1 << UInt32(shape.rank - 1 - position), keepDims: keepDims)
  }

  /// Some axes, nil meaning all; nil after a report.
  init?(_ shape: Shape, axes: [Int]?, keepDims: Bool, _ operation: String) {
    guard let axes else {
      self.init(all: shape, keepDims: keepDims)
      return
    }
    var mask: UInt32 = 0
    for axis in axes {
      guard let position = normalizedAxis(axis, rank: shape.rank, operation) else { return nil }
      let bit: UInt32 = 1 << UInt32(shape.rank - 1 - position)
      guard mask & bit == 0 else {
        Misuse.report(operation, "axis \(axis) is named twice in \(axes)")
        return nil
      }
      mask |= bit
    }
    self.init(shape: shape, mask: mask, keepDims: keepDims)
  }

  /// Whether every axis is reduced.
  var isAll: Bool { mask == (1 << UInt32(input.rank)) - 1 }

  /// Whether an axis is reduced, counted from 0 in a tensor of this rank.
  @inline(__always)
  static func contains(_ mask: UInt32, _ axis: Int, rank: Int) -> Bool {
    mask & (1 << UInt32(rank - 1 - axis)) != 0
  }

  /// The axes, counted from the end.
  var axes: [Int] {
    (0..<input.rank).filter { ReducedAxes.contains(mask, $0, rank: input.rank) }.map { $0 - input.rank }
  }

  /// The input's shape with reduced axes of length 1.
  var keptShape: Shape {
    var shape = input
    for axis in 0..<input.rank where ReducedAxes.contains(mask, axis, rank: input.rank) { shape[axis] = 1 }
    return shape
  }

  /// The result's shape.
  var resultShape: Shape {
    if keepDims { return keptShape }
    var shape = Shape()
    for axis in 0..<input.rank where !ReducedAxes.contains(mask, axis, rank: input.rank) {
      shape.append(input[axis])
    }
    return shape
  }

  var reducedCount: Int {
    var count = 1
    for axis in 0..<input.rank where ReducedAxes.contains(mask, axis, rank: input.rank) { count *= input[axis] }
    return count
  }

  /// A result (or its cotangent) with its reduced axes put back, of length 1.
  func restored(_ y: Tensor) -> Tensor {
    keepDims ? y : Reshape(from: resultShape, to: keptShape)(y)
  }
}
