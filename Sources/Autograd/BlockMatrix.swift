import Tensor

/// A derivative between structures of several tensors: one dense block for each pair of them.
///
/// Block (i, j) of a Jacobian is the derivative of result i with respect to input j, of shape
/// `rowShapes[i] + columnShapes[j]`; of a Hessian that with respect to inputs i and j. Tensors are in the order
/// of ``TensorStructure/tensors``.
public struct BlockMatrix: Sendable {
  /// The shapes of the tensors that rows stand for.
  public let rowShapes: [Shape]
  /// The shapes of the tensors that columns stand for.
  public let columnShapes: [Shape]
  /// By row, then column.
  public let blocks: [[Tensor]]

  /// The block of a pair of tensors, of shape `rowShapes[row] + columnShapes[column]`.
  public subscript(row: Int, column: Int) -> Tensor { blocks[row][column] }

  /// All blocks as one matrix, [elements of all rows, elements of all columns].
  ///
  /// - Precondition: Equal dtypes.
  public func matrix() -> Tensor {
    let bands = zip(rowShapes, blocks).map { shape, row in
      concatenated(
        zip(columnShapes, row).map { $1.reshaped([shape.elementCount, $0.elementCount]) }, axis: 1)
    }
    return concatenated(bands, axis: 0)
  }
}
