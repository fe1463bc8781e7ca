// Diagonals and triangles of matrices.

extension Tensor {
  /// The diagonal of the matrices of two axes, as a new last axis; `offset` columns to the right of the main one.
  ///
  /// Derivative: cotangents go to the diagonal.
  /// - Precondition: Two different axes.
  public func diagonal(offset: Int = 0, _ first: Int = -2, _ second: Int = -1) -> Tensor {
    guard let (matrices, rows, columns) = matrices(first, second, "diagonal") else { return .placeholder }
    let positions = Tensor.diagonalPositions(rows, columns, offset)
    return matrices.reshaped(matrices.shape.first(rank - 2).followed(by: [rows * columns]))
      .take(Tensor(positions), axis: -1)
  }

  /// The matrices of two axes last, with their lengths; nil after a report.
  private func matrices(_ first: Int, _ second: Int, _ operation: String) -> (Tensor, Int, Int)? {
    guard normalizedAxes([first, second], rank: rank, operation) != nil else { return nil }
    let moved = movedAxes([first, second], to: [-2, -1])
    return (moved, moved.shape[rank - 2], moved.shape[rank - 1])
  }

  /// Positions in row-major order.
  private static func diagonalPositions(_ rows: Int, _ columns: Int, _ offset: Int) -> [Int] {
    let row = Swift.max(-offset, 0)
    let column = Swift.max(offset, 0)
    let count = Swift.max(0, Swift.min(rows - row, columns - column))
    return (0..<count).map { (row + $0) * columns + column + $0 }
  }

  /// Square matrices, of two axes of the result, whose diagonal is the last axis; zeros elsewhere.
  ///
  /// Derivative: the cotangent's diagonal.
  /// - Precondition: Rank 1 to 7, two different axes of the result.
  public func diagonalEmbedded(offset: Int = 0, _ first: Int = -2, _ second: Int = -1) -> Tensor {
    guard rank >= 1, rank < Shape.maxRank else {
      return Misuse.fail("diagonalEmbedded", "needs rank 1 to \(Shape.maxRank - 1), the shape is \(shape)")
    }
    guard normalizedAxes([first, second], rank: rank + 1, "diagonalEmbedded") != nil else { return .placeholder }
    let side = shape[rank - 1] + Int(offset.magnitude)
    let flat = shape.first(rank - 1).followed(by: [side * side])
    let indices = Tensor(Tensor.diagonalPositions(side, side, offset))
    guard let positions = Positions(indices, axis: rank - 1, of: flat, "diagonalEmbedded") else {
      return .placeholder
    }
    return TakeTranspose(positions, shape: indices.shape)(self)
      .reshaped(shape.first(rank - 1).followed(by: [side, side])).movedAxes([-2, -1], to: [first, second])
  }

  /// The sum of the diagonal of a matrix.
  ///
  /// - Precondition: Rank 2.
  public func trace() -> Tensor {
    guard rank == 2 else { return Misuse.fail("trace", "needs a matrix, the shape is \(shape)") }
    return diagonal().sum()
  }

  /// The matrices of the last two axes with zeros above a diagonal, `offset` columns right of the main one.
  ///
  /// - Precondition: Rank at least 2.
  public func tril(offset: Int = 0) -> Tensor { triangle("tril", offset, keepsLower: true) }

  /// The matrices of the last two axes with zeros below a diagonal, `offset` columns right of the main one.
  ///
  /// - Precondition: Rank at least 2.
  public func triu(offset: Int = 0) -> Tensor { triangle("triu", offset, keepsLower: false) }

  private func triangle(_ operation: String, _ offset: Int, keepsLower: Bool) -> Tensor {
    guard rank >= 2 else { return Misuse.fail(operation, "needs matrices, the shape is \(shape)") }
    let rows = Tensor.arange(shape[rank - 2], dtype: .int64).unsqueezed(axis: 1) + offset
    let columns = Tensor.arange(shape[rank - 1], dtype: .int64)
    return `where`(keepsLower ? columns .<= rows : columns .>= rows, self, 0)
  }
}
