/// Products of each element of one vector with each of another, [rows, columns].
///
/// - Precondition: Rank 1, equal dtypes.
public func outer(_ a: Tensor, _ b: Tensor) -> Tensor {
  guard a.rank == 1, b.rank == 1 else {
    return Misuse.fail("outer", "needs two vectors, got shapes \(a.shape) and \(b.shape)")
  }
  return a.unsqueezed(axis: 1) * b
}

/// Sums of products over the last axis of both: each of the other axes of `a` with each of `b`. A number
/// scales the other.
///
/// - Precondition: Equal dtypes and last axes.
public func inner(_ a: Tensor, _ b: Tensor) -> Tensor {
  composed("inner", of: [a, b]) {
    if a.rank == 0 || b.rank == 0 { return a * b }
    return tensordot(a, b, axes: ([-1], [-1]))
  }
}

/// Sums of products over pairs of axes; the other axes of `a`, then those of `b`, remain. A length of 1 is
/// repeated.
///
/// - Precondition: Equal dtypes, as many axes of each, of equal lengths.
public func tensordot(_ a: Tensor, _ b: Tensor, axes: (left: [Int], right: [Int])) -> Tensor {
  composed("tensordot", of: [a, b]) {
    guard normalizedAxes(axes.left, rank: a.rank, "tensordot") != nil,
      normalizedAxes(axes.right, rank: b.rank, "tensordot") != nil
    else { return .placeholder }
    let left = axes.left.map { $0 < 0 ? $0 + a.rank : $0 }
    let right = axes.right.map { $0 < 0 ? $0 + b.rank : $0 }
    let isNarrow = zip(left, right).map { (a.shape[$0] == 1, b.shape[$1] == 1) }
    let a = a.summed(zip(left, isNarrow).compactMap { $1.1 ? $0 : nil })
    let b = b.summed(zip(right, isNarrow).compactMap { $1.0 ? $0 : nil })
    guard left.map({ a.shape[$0] }) == right.map({ b.shape[$0] }) else {
      return Misuse.fail("tensordot", "axes \(axes.left) of \(a.shape) and \(axes.right) of \(b.shape) differ")
    }
    let rows = (0..<a.rank).filter { !left.contains($0) }
    let columns = (0..<b.rank).filter { !right.contains($0) }
    let remaining = rows.map { a.shape[$0] } + columns.map { b.shape[$0] }
    guard remaining.count <= Shape.maxRank else {
      return Misuse.fail("tensordot", "\(a.shape) and \(b.shape) would leave more than \(Shape.maxRank) axes")
    }
    func length(_ shape: Shape, _ axes: [Int]) -> Int { axes.reduce(1) { $0 * shape[$1] } }
    let matrix = a.permuted(rows + left).reshaped([length(a.shape, rows), length(a.shape, left)])
    let other = b.permuted(right + columns).reshaped([length(b.shape, right), length(b.shape, columns)])
    return matmul(matrix, other).reshaped(Shape(remaining))
  }
}

extension Tensor {
  fileprivate func summed(_ axes: [Int]) -> Tensor {
    axes.allSatisfy { shape[$0] == 1 } ? self : sum(axes: axes, keepDims: true)
  }
}

/// Sums of products over the last `axes` axes of `a` and the first of `b`.
public func tensordot(_ a: Tensor, _ b: Tensor, axes: Int) -> Tensor {
  guard axes >= 0, axes <= min(a.rank, b.rank) else {
    return Misuse.fail("tensordot", "\(a.shape) and \(b.shape) do not have \(axes) axes each")
  }
  return tensordot(a, b, axes: (Array(a.rank - axes..<a.rank), Array(0..<axes)))
}

/// Each element of `a` times the whole of `b`, side by side; missing axes of either are of length 1.
///
/// - Precondition: Rank at most 4, equal dtypes.
public func kron(_ a: Tensor, _ b: Tensor) -> Tensor {
  let rank = max(a.rank, b.rank)
  guard rank <= Shape.maxRank / 2 else {
    return Misuse.fail("kron", "shapes \(a.shape) and \(b.shape) have more than \(Shape.maxRank / 2) axes")
  }
  func padded(_ x: Tensor) -> Shape { Shape(repeating: 1, rank: rank - x.rank).followed(by: x.shape) }
  let (left, right) = (padded(a), padded(b))
  let product = a.reshaped(Shape(left.flatMap { [$0, 1] })) * b.reshaped(Shape(right.flatMap { [1, $0] }))
  return product.reshaped(Shape(zip(left, right).map { $0 * $1 }))
}

/// The cross product of vectors of three along an axis; other axes broadcast.
///
/// - Precondition: Equal ranks and dtypes, length 3 along the axis.
public func cross(_ a: Tensor, _ b: Tensor, axis: Int = -1) -> Tensor {
  guard a.rank == b.rank, let axis = normalizedAxis(axis, rank: a.rank, "cross") else {
    return Misuse.fail("cross", "the ranks of \(a.shape) and \(b.shape) differ, or have no axis \(axis)")
  }
  guard a.shape[axis] == 3, b.shape[axis] == 3 else {
    return Misuse.fail("cross", "axis \(axis) of \(a.shape) and \(b.shape) must have length 3")
  }
  let next = Tensor([1, 2, 0] as [Int])
  let last = Tensor([2, 0, 1] as [Int])
  return a.take(next, axis: axis) * b.take(last, axis: axis)
    - a.take(last, axis: axis) * b.take(next, axis: axis)
}
