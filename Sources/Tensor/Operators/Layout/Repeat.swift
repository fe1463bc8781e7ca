// Repetition: slabs taken more than once. Cotangents of copies are added.

extension Tensor {
  /// The whole tensor side by side, `counts[i]` times along axis i; counts are aligned with the last axes, and
  /// missing ones are 1. More counts than axes make new leading axes.
  ///
  /// - Precondition: No count is negative; at most eight axes.
  public func tiled(_ counts: [Int]) -> Tensor {
    guard counts.allSatisfy({ $0 >= 0 }), counts.count <= Shape.maxRank else {
      return Misuse.fail("tiled", "\(counts) has a negative count or more than \(Shape.maxRank)")
    }
    let lead = Swift.max(counts.count - rank, 0)
    let wide = reshaped(Shape(repeating: 1, rank: lead).followed(by: shape))
    return counts.enumerated().reduce(wide) { x, entry in
      let axis = entry.offset + wide.rank - counts.count
      let length = x.shape[axis]
      if entry.element == 1 { return x }
      return x.take(Tensor((0..<length * entry.element).map { $0 % length }), axis: axis)
    }
  }

  /// Each slab of an axis `count` times in a row.
  ///
  /// - Precondition: The count is not negative.
  public func repeatInterleave(_ count: Int, axis: Int) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "repeatInterleave") else { return .placeholder }
    guard count >= 0 else { return Misuse.fail("repeatInterleave", "the count \(count) is negative") }
    return take(Tensor((0..<shape[axis] * count).map { $0 / count }), axis: axis)
  }

  /// Slab i of an axis `counts[i]` times in a row.
  ///
  /// - Precondition: Integer counts that are not negative, one for each slab.
  public func repeatInterleave(_ counts: Tensor, axis: Int) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "repeatInterleave") else { return .placeholder }
    guard !counts.dtype.isFloatingPoint, counts.rank == 1, counts.count == shape[axis] else {
      return Misuse.fail(
        "repeatInterleave",
        "needs an integer count for each of \(shape[axis]) slabs, got \(counts.dtype) \(counts.shape)")
    }
    let numbers = counts.asType(.int64).scalars(as: Int.self)
    guard numbers.allSatisfy({ $0 >= 0 }) else {
      return Misuse.fail("repeatInterleave", "a count is negative: \(numbers)")
    }
    return take(Tensor(numbers.enumerated().flatMap { Array(repeating: $0, count: $1) }), axis: axis)
  }

  /// Windows of `size` neighbours along an axis, `step` apart: the axis counts windows, a new last axis their
  /// positions. Derivative: cotangents are added where windows overlap.
  ///
  /// - Precondition: A window fits; the step is positive.
  public func unfolded(axis: Int, size: Int, step: Int = 1) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "unfolded") else { return .placeholder }
    guard size >= 0, size <= shape[axis], step > 0, rank < Shape.maxRank else {
      return Misuse.fail(
        "unfolded", "windows of \(size) by \(step) do not fit axis \(axis) of shape \(shape) (or rank 8 is reached)")
    }
    let starts = Swift.stride(from: 0, through: shape[axis] - size, by: step)
    let positions = starts.flatMap { start in (0..<size).map { start + $0 } }
    let windows = take(Tensor(positions, shape: [positions.count / Swift.max(size, 1), size]), axis: axis)
    return windows.movedAxis(axis + 1, to: -1)
  }
}
