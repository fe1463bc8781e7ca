import CBLAS

/// The parts of LAPACK that algorithms above the tensor need.
package enum LAPACK {
  /// The eigenvalues of a symmetric tridiagonal matrix, ascending, with the first and last components of their
  /// eigenvectors of length 1.
  package struct TridiagonalEigen: Sendable {
    package let values: [Double]
    package let firstComponents: [Double]
    package let lastComponents: [Double]
  }

  /// By the implicit QL method (`dstev`); nil where it did not converge or an element is not finite.
  ///
  /// - Parameters:
  ///   - diagonal: n elements, n at least 1.
  ///   - offDiagonal: The n - 1 elements beside them.
  package static func tridiagonalEigen(diagonal: [Double], offDiagonal: [Double]) -> TridiagonalEigen? {
    let count = diagonal.count
    precondition(count >= 1 && offDiagonal.count >= count - 1, "LAPACK: too few elements")
    guard diagonal.allSatisfy(\.isFinite), offDiagonal.allSatisfy(\.isFinite) else { return nil }
    var values = diagonal
    // Overwritten; LAPACK may touch one element more.
    var off = Array(offDiagonal.prefix(count - 1)) + [0]
    var vectors = Array(repeating: 0.0, count: count * count)
    guard stev(count, &values, &off, &vectors) else { return nil }
    // Column-major: an eigenvector after the other.
    return TridiagonalEigen(
      values: values, firstComponents: (0..<count).map { vectors[$0 * count] },
      lastComponents: (0..<count).map { vectors[$0 * count + count - 1] })
  }

  private static func stev(
    _ count: Int, _ values: inout [Double], _ off: inout [Double], _ vectors: inout [Double]
  ) -> Bool {
    #if canImport(Accelerate)
      var job = Int8(UInt8(ascii: "V"))
      var order = __LAPACK_int(count)
      var leading = order
      var work = Array(repeating: 0.0, count: Swift.max(1, 2 * count - 2))
      var info: __LAPACK_int = 0
      dstev_(&job, &order, &values, &off, &vectors, &leading, &work, &info)
      return info == 0
    #else
      return LAPACKE_dstev(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), Int32(count), &values, &off, &vectors,
        Int32(count)) == 0
    #endif
  }
}

// MARK: - Linear systems

/// A square matrix, factored for solving systems with it and with its transpose, in float64.
package final class LUFactors: @unchecked Sendable {  // written by init only
  private let size: Int
  private let dtype: DType
  private var factors: [Double]
  private var pivots: [Int32]

  /// Nil where the matrix is singular to working precision, or holds numbers that are not finite.
  package init?(_ matrix: Tensor) {
    precondition(matrix.rank == 2 && matrix.shape[0] == matrix.shape[1], "LAPACK: no square matrix")
    size = matrix.shape[0]
    dtype = matrix.dtype
    factors = matrix.detached().asType(.float64).scalars(as: Double.self)
    pivots = Array(repeating: 0, count: size)
    guard factors.allSatisfy(\.isFinite) else { return nil }
    // In rehearsals, too: whether a matrix is singular is looked at.
    _ = Meter.begins(2 * size * size * size / 3)
    guard size == 0 || LAPACK.factor(&factors, &pivots, size) else { return nil }
  }

  /// The solutions for right sides that are rows: [rows, size], of the matrix's dtype.
  package func solve(_ rows: Tensor, transposed: Bool) -> Tensor {
    var values = rows.detached().asType(.float64).scalars(as: Double.self)
    // Two triangles.
    _ = Meter.begins(2 * size * values.count)
    if size > 0 && !values.isEmpty { LAPACK.solve(factors, pivots, size, &values, transposed: transposed) }
    return Tensor(values).reshaped(rows.shape).asType(dtype)
  }
}

extension LAPACK {
  /// Below this reciprocal condition number a system's solution has no correct digit.
  private static let leastCondition = 1e-15

  /// Factors a row-major matrix: LAPACK sees its transpose. False where it is singular.
  fileprivate static func factor(_ matrix: inout [Double], _ pivots: inout [Int32], _ size: Int) -> Bool {
    let norm = (0..<size).reduce(0.0) { most, row in
      Swift.max(most, matrix[row * size..<(row + 1) * size].reduce(0) { $0 + abs($1) })
    }
    var condition = 0.0
    #if canImport(Accelerate)
      var order = __LAPACK_int(size)
      var (rows, leading, info) = (order, order, __LAPACK_int(0))
      var places = pivots.map { __LAPACK_int($0) }
      dgetrf_(&rows, &order, &matrix, &leading, &places, &info)
      guard info == 0 else { return false }
      pivots = places.map { Int32($0) }
      var kind = Int8(UInt8(ascii: "1"))
      var largest = norm
      var work = Array(repeating: 0.0, count: 4 * size)
      var whole = Array(repeating: __LAPACK_int(0), count: size)
      dgecon_(&kind, &order, &matrix, &leading, &largest, &condition, &work, &whole, &info)
      return info == 0 && condition > leastCondition
    #else
      let n = Int32(size)
      guard LAPACKE_dgetrf(LAPACK_COL_MAJOR, n, n, &matrix, n, &pivots) == 0 else { return false }
      let info = LAPACKE_dgecon(LAPACK_COL_MAJOR, CChar(UInt8(ascii: "1")), n, matrix, n, norm, &condition)
      return info == 0 && condition > leastCondition
    #endif
  }

  /// Rows of right sides are LAPACK's columns.
  fileprivate static func solve(
    _ factors: [Double], _ pivots: [Int32], _ size: Int, _ values: inout [Double], transposed: Bool
  ) {
    // What was factored is the transpose.
    let form = transposed ? UInt8(ascii: "N") : UInt8(ascii: "T")
    #if canImport(Accelerate)
      var kind = Int8(form)
      var order = __LAPACK_int(size)
      var (count, leading, other, info) = (__LAPACK_int(values.count / size), order, order, __LAPACK_int(0))
      var matrix = factors
      var places = pivots.map { __LAPACK_int($0) }
      dgetrs_(&kind, &order, &count, &matrix, &leading, &places, &values, &other, &info)
      precondition(info == 0, "LAPACK: dgetrs was called wrongly")
    #else
      let n = Int32(size)
      let info = LAPACKE_dgetrs(
        LAPACK_COL_MAJOR, CChar(form), n, Int32(values.count / size), factors, n, pivots, &values, n)
      precondition(info == 0, "LAPACK: dgetrs was called wrongly")
    #endif
  }
}
