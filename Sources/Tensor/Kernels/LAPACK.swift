import CBLAS

/// The parts of LAPACK that algorithms above the tensor need.
package enum LAPACK {
  /// The eigenvalues of a symmetric tridiagonal matrix, ascending, with their eigenvectors of length 1.
  package struct TridiagonalEigen: Sendable {
    package let values: [Double]
    /// One after the other.
    fileprivate let vectors: [Double]

    /// The eigenvector of a value.
    package func vector(_ index: Int) -> ArraySlice<Double> {
      vectors[index * values.count..<(index + 1) * values.count]
    }
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
    return TridiagonalEigen(values: values, vectors: vectors)
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
