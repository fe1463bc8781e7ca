/// Axes of a reduction, counted from the end so that they mean the same under extra leading axes.
struct ReducedAxes: Sendable {
  /// The input's shape.
  let input: Shape
  /// Negative, ascending.
  let axes: [Int]
  let keepDims: Bool

  init(shape: Shape, axes: [Int], keepDims: Bool) {
    input = shape
    self.axes = axes
    self.keepDims = keepDims
  }

  /// Nil after a report. `axes` nil means all.
  init?(_ x: Tensor, _ axes: [Int]?, keepDims: Bool, _ operation: String) {
    let rank = x.rank
    guard let normalized = normalizedAxes(axes ?? Array(0..<rank), rank: rank, operation) else { return nil }
    input = x.shape
    self.axes = normalized.map { $0 - rank }
    self.keepDims = keepDims
  }

  /// The axes counted from 0 in a tensor that may have extra leading axes.
  func positions(in rank: Int) -> [Int] { axes.map { $0 + rank } }

  /// The input's shape with reduced axes of length 1.
  var keptShape: Shape {
    var shape = input
    for axis in positions(in: input.rank) { shape[axis] = 1 }
    return shape
  }

  /// The result's shape.
  var resultShape: Shape {
    if keepDims { return keptShape }
    var shape = Shape()
    for axis in 0..<input.rank where !axes.contains(axis - input.rank) { shape.append(input[axis]) }
    return shape
  }

  var reducedCount: Int { positions(in: input.rank).reduce(1) { $0 * input[$1] } }

  /// A result (or its cotangent) with its reduced axes put back, of length 1.
  func restored(_ y: Tensor) -> Tensor {
    keepDims ? y : Reshape(from: resultShape, to: keptShape)(y)
  }
}
