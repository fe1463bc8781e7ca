import CKernels

// MARK: - Products

// Matrices are row-major; `lda` is the distance of two rows of `a` as stored, in elements. The distance
// is not looked at where there is only one row.
extension BLAS {
  /// `c = alpha * op(a) * op(b) + beta * c`, where `op(a)` is `m` by `k` and `op(b)` is `k` by `n`.
  ///
  /// With `beta` zero, `c` is not read; with a `row`, of n elements, each row of `c` is that before, and `beta` 1.
  /// Integers wrap around. Who splits the work calls it with one thread.
  package static func gemm(
    _ dtype: DType, transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    alpha: Double = 1, a: UnsafeRawPointer, lda: Int, b: UnsafeRawPointer, ldb: Int,
    beta: Double = 0, c: UnsafeMutableRawPointer, ldc: Int, row: UnsafeRawPointer? = nil,
    threads: @autoclosure () -> Int = Parallel.threads
  ) {
    guard Meter.begins(2 * m * n * k) else { return }
    let product = Multiplication(
      dtype: dtype, transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
      alpha: alpha, lda: lda, ldb: ldb, beta: row == nil ? beta : 1, ldc: ldc, row: row)
    product.run(a, b, c, limit: threads())
  }

  /// `batch` products, each `stride` elements after the one before; a stride of 0 uses one matrix for all.
  package static func batchedGemm(
    _ dtype: DType, transposeA: Bool, transposeB: Bool, batch: Int, m: Int, n: Int, k: Int,
    alpha: Double = 1, a: UnsafeRawPointer, lda: Int, strideA: Int,
    b: UnsafeRawPointer, ldb: Int, strideB: Int,
    beta: Double = 0, c: UnsafeMutableRawPointer, ldc: Int, strideC: Int,
    threads limit: Int = Parallel.threads
  ) {
    if batch <= 0 { return }
    // Rows that follow one another, all times one matrix: one product of more rows.
    if batch == 1 || (strideB == 0 && !transposeA && strideA == m * lda && strideC == m * ldc) {
      return gemm(
        dtype, transposeA: transposeA, transposeB: transposeB, m: batch * m, n: n, k: k,
        alpha: alpha, a: a, lda: lda, b: b, ldb: ldb, beta: beta, c: c, ldc: ldc, threads: limit)
    }
    guard Meter.begins(2 * batch * m * n * k) else { return }
    let size = dtype.byteCount
    let products = Batch(
      product: Multiplication(
        dtype: dtype, transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
        alpha: alpha, lda: lda, ldb: ldb, beta: beta, ldc: ldc),
      a: a, strideA: strideA * size, b: b, strideB: strideB * size, c: c, strideC: strideC * size)
    let effort = products.product.effort
    let parts = min(limit, batch, effort &* batch / Multiplication.workOfPart)
    // Products that are large themselves are split one after the other.
    if parts <= 1 || effort >= Multiplication.workOfLarge { return products.run(0..<batch, limit: limit) }
    Parallel.share(parts, threads: limit, nanoseconds: Multiplication.nanoseconds(effort &* batch)) { part in
      products.run(batch * part / parts..<batch * (part + 1) / parts, limit: 1)
    }
  }

  /// `y = alpha * op(a) * x + beta * y`, where `a` as stored is `m` by `n`; strides are positive.
  package static func gemv(
    _ dtype: DType, transpose: Bool, m: Int, n: Int, alpha: Double = 1,
    a: UnsafeRawPointer, lda: Int, x: UnsafeRawPointer, strideX: Int,
    beta: Double = 0, y: UnsafeMutableRawPointer, strideY: Int
  ) {
    gemm(
      dtype, transposeA: transpose, transposeB: false, m: transpose ? n : m, n: 1, k: transpose ? m : n,
      alpha: alpha, a: a, lda: lda, b: x, ldb: strideX, beta: beta, c: y, ldc: strideY)
  }

  /// `result = sum of x[i] * y[i]`; strides are positive.
  package static func dot(
    _ dtype: DType, count: Int, x: UnsafeRawPointer, strideX: Int, y: UnsafeRawPointer, strideY: Int,
    result: UnsafeMutableRawPointer
  ) {
    guard Meter.begins(2 * count) else { return }
    switch dtype {
    case .float32: dot(Float.self, count, x, strideX, y, strideY, result)
    case .float64: dot(Double.self, count, x, strideX, y, strideY, result)
    case .int32: sumOfProducts(Int32.self, count, x, strideX, y, strideY, result)
    case .int64: sumOfProducts(Int64.self, count, x, strideX, y, strideY, result)
    case .uint8: sumOfProducts(UInt8.self, count, x, strideX, y, strideY, result)
    case .bool: preconditionFailure("BLAS: no product of bool")
    }
  }

  private static func dot<T: BLASScalar>(
    _: T.Type, _ count: Int, _ x: UnsafeRawPointer, _ strideX: Int, _ y: UnsafeRawPointer, _ strideY: Int,
    _ result: UnsafeMutableRawPointer
  ) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    let sum = T.dot(Int32(max(count, 0)), x, Int32(strideX), y, Int32(strideY))
    result.storeBytes(of: sum, as: T.self)
  }

  private static func sumOfProducts<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ count: Int, _ x: UnsafeRawPointer, _ strideX: Int, _ y: UnsafeRawPointer, _ strideY: Int,
    _ result: UnsafeMutableRawPointer
  ) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    var sum: T = 0
    for i in 0..<max(count, 0) { sum &+= x[i * strideX] &* y[i * strideY] }
    result.storeBytes(of: sum, as: T.self)
  }
}

/// Many products of one shape; the strides count bytes.
private struct Batch: @unchecked Sendable {  // the pointers are the caller's, who waits
  var product: Multiplication
  var a: UnsafeRawPointer
  var strideA: Int
  var b: UnsafeRawPointer
  var strideB: Int
  var c: UnsafeMutableRawPointer
  var strideC: Int

  func run(_ range: Range<Int>, limit: Int) {
    for i in range { product.run(a + i * strideA, b + i * strideB, c + i * strideC, limit: limit) }
  }
}
