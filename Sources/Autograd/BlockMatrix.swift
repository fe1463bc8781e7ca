import Tensor

/// A derivative between structures of several tensors: one dense block for each pair of them.
///
/// Block (i, j) of a Jacobian is the derivative of result i with respect to input j, of shape
/// `rowShapes[i] + columnShapes[j]`; of a Hessian that with respect to inputs i and j. Tensors are in the order
/// of ``TensorStructure/tensors``.
public struct BlockMatrix: Sendable, CustomStringConvertible {
  /// The shapes of the tensors that rows stand for.
  public let rowShapes: [Shape]
  /// The shapes of the tensors that columns stand for.
  public let columnShapes: [Shape]
  /// By row, then column.
  public let blocks: [[Tensor]]

  init(rowShapes: [Shape], columnShapes: [Shape], blocks: [[Tensor]]) {
    self.rowShapes = rowShapes
    self.columnShapes = columnShapes
    self.blocks = blocks
  }

  /// What stands for a matrix after a report: a placeholder for each block.
  init(placeholdersFor rowShapes: [Shape], _ columnShapes: [Shape]) {
    self.init(
      rowShapes: rowShapes, columnShapes: columnShapes,
      blocks: rowShapes.map { _ in columnShapes.map { _ in .placeholder } })
  }

  /// The block of a pair of tensors, of shape `rowShapes[row] + columnShapes[column]`.
  ///
  /// - Precondition: A row below `rowShapes.count`, a column below `columnShapes.count`.
  public subscript(row: Int, column: Int) -> Tensor {
    guard blocks.indices.contains(row), blocks[row].indices.contains(column) else {
      return Misuse.fail(
        "BlockMatrix", "there is no block [\(row), \(column)]; it has \(rowShapes.count) x \(columnShapes.count) blocks"
      )
    }
    return blocks[row][column]
  }

  /// All blocks as one matrix, [elements of all rows, elements of all columns]; of the blocks' dtype, float64 where
  /// they differ, as in ``HessianOperator``. Without blocks a matrix of zeros of that shape.
  public func matrix() -> Tensor {
    let dtypes = blocks.joined().map(\.dtype)
    let first = dtypes.first ?? .float32
    let dtype = dtypes.allSatisfy { $0 == first } ? first : .float64
    guard !dtypes.isEmpty else {
      let count = { (shapes: [Shape]) in shapes.reduce(0) { $0 + $1.elementCount } }
      return Tensor.zeros([count(rowShapes), count(columnShapes)], dtype: dtype)
    }
    let bands = zip(rowShapes, blocks).map { shape, row in
      concatenated(
        zip(columnShapes, row).map { $1.reshaped([shape.elementCount, $0.elementCount]).asType(dtype) }, axis: 1)
    }
    return concatenated(bands, axis: 0)
  }

  /// How many blocks there are, and each one's dtype and shape, a line for each row of blocks:
  ///
  ///     BlockMatrix, 2 x 2 blocks
  ///     float32 [3, 2, 3, 2]  float32 [3, 2, 2]
  ///     float32 [2, 3, 2]     float32 [2, 2]
  public var description: String {
    let cells = blocks.map { row in row.map { "\($0.dtype) \($0.shape)" } }
    let widths = columnShapes.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    let rows = cells.map { row in
      let last = row.count - 1
      return row.enumerated().map { column, cell in
        column == last ? cell : cell + String(repeating: " ", count: widths[column] + 2 - cell.count)
      }.joined()
    }
    return (["BlockMatrix, \(rowShapes.count) x \(columnShapes.count) blocks"] + rows).joined(separator: "\n")
  }
}
