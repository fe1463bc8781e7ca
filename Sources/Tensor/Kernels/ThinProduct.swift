extension BLAS {
  /// `c = a * b + beta * c` for contiguous matrices of which `a` has few rows: where it helps, by columns of `b` so
  /// few at a time that the library multiplies without packing them (32 x 128 x 512: 17 us in place of 25).
  static func gemmInPieces(
    _ dtype: DType, m: Int, n: Int, k: Int, a: UnsafeRawPointer, b: UnsafeRawPointer, beta: Double,
    c: UnsafeMutableRawPointer, threads: Int
  ) {
    let pieces = (m * n * k + smallWork - 1) / smallWork
    let width = hasSmallKernels && pieces <= 8 && n >= 32 * pieces ? (n / pieces + 15) & ~15 : n
    for column in stride(from: 0, to: n, by: max(width, 1)) {
      let offset = column * dtype.byteCount
      gemm(
        dtype, transposeA: false, transposeB: false, m: m, n: min(width, n - column), k: k, a: a, lda: k,
        b: b + offset, ldb: n, beta: beta, c: c + offset, ldc: n, threads: threads)
    }
  }
}
