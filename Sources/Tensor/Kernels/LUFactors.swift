import CBLAS

/// A square matrix, factored for solving systems with it and with its transpose, in float64.
package final class LUFactors: @unchecked Sendable {  // written by init only
  private let size: Int
  private let dtype: DType
  private let factors: Storage
  private let pivots: [Int32]

  /// Nil where the matrix is singular to working precision, or holds numbers that are not finite.
  ///
  /// - Parameters:
  ///   - dtype: Of the solutions.
  ///   - fill: Writes the matrix, float64 and contiguous, whose memory the factors take.
  package init?(size: Int, dtype: DType, fill: (Storage) -> Void) {
    self.size = size
    self.dtype = dtype
    let matrix = Storage([size, size], .float64)
    fill(matrix)
    let numbers = UnsafeMutableBufferPointer(start: matrix.typed(Double.self), count: matrix.count)
    guard numbers.allSatisfy(\.isFinite) else { return nil }
    // In rehearsals, too: whether a matrix is singular is looked at.
    _ = Meter.begins(2 * size * size * size / 3)
    var pivots = Array(repeating: Int32(0), count: size)
    guard size == 0 || LAPACK.factor(numbers, &pivots, size) else { return nil }
    factors = matrix
    self.pivots = pivots
  }

  /// The solutions for right sides that are rows: [rows, size], of the matrix's dtype.
  ///
  /// Of a right side with a NaN all is NaN: how far one gets depends on how the matrix was factored, and what stays
  /// a number must not depend on it. An infinity gives infinities and NaN.
  package func solve(_ rows: Tensor, transposed: Bool) -> Tensor {
    let values = rows.storage.copied(as: .float64)
    // Two triangles.
    _ = Meter.begins(2 * size * values.count)
    if values.count > 0 {
      let numbers = UnsafeMutableBufferPointer(start: values.typed(Double.self), count: values.count)
      let spoilt = numbers.indices(ofRowsWithNaN: size)
      LAPACK.solve(factors.typed(), pivots, size, numbers, transposed: transposed)
      for row in spoilt { numbers[row * size..<(row + 1) * size].update(repeating: .nan) }
    }
    return Tensor(values).asType(dtype)
  }
}

extension UnsafeMutableBufferPointer where Element == Double {
  fileprivate func indices(ofRowsWithNaN length: Int) -> [Int] {
    (0..<count / length).filter { row in self[row * length..<(row + 1) * length].contains(where: \.isNaN) }
  }
}

extension LAPACK {
  /// Below this reciprocal condition number a system's solution has no correct digit.
  private static let leastCondition = 1e-15

  /// Factors a row-major matrix: LAPACK sees its transpose. False where it is singular.
  fileprivate static func factor(
    _ matrix: UnsafeMutableBufferPointer<Double>, _ pivots: inout [Int32], _ size: Int
  ) -> Bool {
    let norm = (0..<size).reduce(0.0) { most, row in
      Swift.max(most, matrix[row * size..<(row + 1) * size].reduce(0) { $0 + abs($1) })
    }
    var condition = 0.0
    #if canImport(Accelerate)
      var order = __LAPACK_int(size)
      var (rows, leading, info) = (order, order, __LAPACK_int(0))
      var places = pivots.map { __LAPACK_int($0) }
      dgetrf_(&rows, &order, matrix.baseAddress, &leading, &places, &info)
      guard info == 0 else { return false }
      pivots = places.map { Int32($0) }
      var kind = Int8(UInt8(ascii: "1"))
      var largest = norm
      var work = Array(repeating: 0.0, count: 4 * size)
      var whole = Array(repeating: __LAPACK_int(0), count: size)
      dgecon_(&kind, &order, matrix.baseAddress, &leading, &largest, &condition, &work, &whole, &info)
      return info == 0 && condition > leastCondition
    #else
      let n = Int32(size)
      guard LAPACKE_dgetrf(LAPACK_COL_MAJOR, n, n, matrix.baseAddress, n, &pivots) == 0 else { return false }
      let info = LAPACKE_dgecon(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "1")), n, matrix.baseAddress, n, norm, &condition)
      return info == 0 && condition > leastCondition
    #endif
  }

  /// Rows of right sides are LAPACK's columns. They may hold anything: LAPACKE's own check would refuse NaN.
  fileprivate static func solve(
    _ factors: UnsafeMutablePointer<Double>, _ pivots: [Int32], _ size: Int,
    _ values: UnsafeMutableBufferPointer<Double>, transposed: Bool
  ) {
    // What was factored is the transpose.
    let form = transposed ? UInt8(ascii: "N") : UInt8(ascii: "T")
    #if canImport(Accelerate)
      var kind = Int8(form)
      var order = __LAPACK_int(size)
      var (count, leading, other, info) = (__LAPACK_int(values.count / size), order, order, __LAPACK_int(0))
      var places = pivots.map { __LAPACK_int($0) }
      dgetrs_(&kind, &order, &count, factors, &leading, &places, values.baseAddress, &other, &info)
      precondition(info == 0, "LAPACK: dgetrs was called wrongly")
    #else
      let n = Int32(size)
      let info = LAPACKE_dgetrs_work(
        LAPACK_COL_MAJOR, CChar(form), n, Int32(values.count / size), factors, n, pivots, values.baseAddress, n)
      precondition(info == 0, "LAPACK: dgetrs was called wrongly")
    #endif
  }
}
