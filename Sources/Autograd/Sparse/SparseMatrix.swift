import Tensor

/// A matrix by its elements that may differ from zero, in row-major order, each place once.
public struct SparseMatrix: Sendable, CustomStringConvertible {
  /// How many rows it has.
  public let rowCount: Int
  /// How many columns it has.
  public let columnCount: Int
  /// The row of each element, ascending.
  public let rows: [Int]
  /// The column of each element, ascending within a row.
  public let columns: [Int]
  /// The elements, of shape [count]; with their history where they have one.
  public let values: Tensor

  init(rowCount: Int, columnCount: Int, rows: [Int], columns: [Int], values: Tensor) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The elements of a pattern.
  init(_ plan: CompressionPlan, _ values: Tensor) {
    self.init(rowCount: plan.count, columnCount: plan.count, rows: plan.rows, columns: plan.columns, values: values)
  }

  /// The number of elements that are kept.
  public var count: Int { rows.count }

  /// Whether what is computed of it and of a vector needs no history, so that plain loops will do.
  private func isPlain(_ vector: Tensor? = nil) -> Bool {
    !isRecording || (!values.isTracked && vector?.isTracked != true)
  }

  /// All elements, [rowCount, columnCount].
  public func dense() -> Tensor {
    if isPlain() {
      let result = Tensor.zeros([rowCount, columnCount], dtype: values.dtype)
      write(into: result.storage)
      return result
    }
    let places = Tensor(zip(rows, columns).map { $0 * columnCount + $1 }, shape: [count])
    return values.spread(to: places, of: rowCount * columnCount).reshaped([rowCount, columnCount])
  }

  /// Sets the elements that are kept in a dense matrix that nobody else reads.
  func write(into matrix: Storage) {
    matrix.setNumbers(values.storage, at: rows.indices.lazy.map { rows[$0] * columnCount + columns[$0] })
  }

  /// The product with a vector, [..., columnCount] to [..., rowCount].
  ///
  /// - Precondition: A vector of the values' dtype.
  public func callAsFunction(_ vector: Tensor) -> Tensor {
    guard vector.rank >= 1, vector.shape[vector.rank - 1] == columnCount, vector.dtype == values.dtype else {
      return Misuse.fail(
        "SparseMatrix",
        "needs a \(values.dtype) vector of length \(columnCount), got \(vector.dtype) \(vector.shape)")
    }
    if vector.rank == 1 && isPlain(vector) {
      let result = Tensor.zeros([rowCount], dtype: values.dtype)
      let (numbers, factors) = (values.storage.contiguous, vector.storage.contiguous)
      if values.dtype == .float32 {
        addProduct(Float.self, numbers, factors, result.storage)
      } else {
        addProduct(Double.self, numbers, factors, result.storage)
      }
      return result
    }
    let factors = vector.take(Tensor(columns, shape: [count]), axis: -1)
    return (factors * values).spread(to: Tensor(rows, shape: [count]), of: rowCount)
  }

  private func addProduct<T: BinaryFloatingPoint>(_: T.Type, _ numbers: Storage, _ vector: Storage, _ result: Storage) {
    let (a, x, y) = (numbers.typed(T.self), vector.typed(T.self), result.typed(T.self))
    rows.withUnsafeBufferPointer { rows in
      columns.withUnsafeBufferPointer { columns in
        var index = 0
        while index < rows.count {
          let row = rows[index]
          // Rows ascend, so that each is a sum of its own, in a register: one in memory waits for itself.
          var sum: T = 0
          repeat {
            sum += a[index] * x[columns[index]]
            index += 1
          } while index < rows.count && rows[index] == row
          y[row] = sum
        }
      }
    }
    withExtendedLifetime((numbers, vector)) {}
  }

  /// The diagonal, zeros where no element is kept.
  public func diagonal() -> Tensor {
    let places = rows.indices.filter { rows[$0] == columns[$0] }
    return values.take(Tensor(places, shape: [places.count]))
      .spread(to: Tensor(places.map { rows[$0] }, shape: [places.count]), of: Swift.min(rowCount, columnCount))
  }

  /// The dtype, the shape and how many elements are kept: `SparseMatrix(float64 [3, 3], 7 elements)`.
  public var description: String {
    "SparseMatrix(\(values.dtype) [\(rowCount), \(columnCount)], \(counted(count, "element")))"
  }
}
