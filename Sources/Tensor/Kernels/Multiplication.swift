import CKernels

/// One product but for its operands.
struct Multiplication: @unchecked Sendable {  // the row is the caller's, who waits
  var dtype: DType
  var transposeA: Bool
  var transposeB: Bool
  var m: Int
  var n: Int
  var k: Int
  var alpha: Double
  var lda: Int
  var ldb: Int
  var beta: Double
  var ldc: Int
  /// What every row of the result begins as, n elements; then beta is 1.
  var row: UnsafeRawPointer?

  /// On one thread; see `run` for more.
  func runWhole(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer) {
    assert((transposeA ? k : m) <= 1 || lda >= (transposeA ? m : k), "BLAS: rows of a overlap")
    assert((transposeB ? n : k) <= 1 || ldb >= (transposeB ? k : n), "BLAS: rows of b overlap")
    assert(m <= 1 || ldc >= n, "BLAS: rows of c overlap")
    assert(row == nil || beta == 1, "BLAS: the row would be scaled")
    if isThin ? withProduct(a, b, c, adj_multiply_thin) : isTiled && withProduct(a, b, c, adj_multiply_tiles) { return }
    if let row {
      adj_fill_rows(c, Int64(m), Int64(ldc * dtype.byteCount), row, Int64(n * dtype.byteCount))
    }
    switch dtype {
    case .float32: multiply(Float.self, a, b, c)
    case .float64: multiply(Double.self, a, b, c)
    case .int32: multiply(Int32.self, a, b, c)
    case .int64: multiply(Int64.self, a, b, c)
    case .uint8: multiply(UInt8.self, a, b, c)
    case .bool: preconditionFailure("BLAS: no product of bool")
    }
  }

  // MARK: Floating-point numbers

  @inline(__always)
  private func multiply<T: BLASScalar>(
    _: T.Type, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer
  ) {
    let a = a.assumingMemoryBound(to: T.self)
    let c = c.assumingMemoryBound(to: T.self)
    if k <= 0 { return scale(c) }
    let way = way
    if way == .packed { return packed(a, b, c) }
    let b = b.assumingMemoryBound(to: T.self)
    switch way {
    case .whole, .packed: whole(a, b, c)
    case .rows: rows(a, b, c)
    case .columns: columns(a, b, c)
    case .outer: outer(a, b, c)
    }
  }

  /// Whether kernels of our own multiply it, if there are any: between the sizes for which OpenBLAS has small kernels and
  /// the largest it packs both operands, which adds a tenth (128 x 512 x 784) to a half (128 x 64 x 784). Measured against
  /// its kernels for AVX-512 alone, which are those that have small ones.
  var isTiled: Bool {
    let work = m &* n &* k
    guard dtype.isFloatingPoint, work > Multiplication.smallWork, work <= Multiplication.workOfMemory else {
      return false
    }
    // Fewer rows do not repay the packing of b; with fewer terms the result costs most.
    guard m >= (transposeB ? 48 : 16), n >= 32, k >= 32, alpha == 1, beta == 0 || beta == 1 else { return false }
    return BLAS.hasSmallKernels
  }

  /// Whether kernels of our own multiply it without packing, if there are any: where the result has few columns, beyond
  /// OpenBLAS's small kernels, and within them where those are slow: rows that fill no whole vectors (0.8 of their time),
  /// a row to begin with, which they need in every row of the result before (0.5 to 0.95), and a transposed right operand,
  /// unless copying that costs more than it spares (0.3 to 0.8). Of three vectors' columns and more, many rows and terms
  /// are for tiles, which pack them (0.95). Measured as above.
  private var isThin: Bool {
    let width = dtype == .float32 ? 16 : 8
    guard n > 1, n <= 4 * width, m > 1, k > 0, dtype.isFloatingPoint, BLAS.hasSmallKernels else { return false }
    guard alpha == 1, beta == 0 || beta == 1 else { return false }
    let isSmall = m &* n &* k <= Multiplication.smallWork
    if row != nil, isSmall, !transposeA, !transposeB, n > width || k <= (n < width ? 20 : 8) { return true }
    if n < 8 { return transposeB && !transposeA && m >= 512 }
    if !isSmall { return n <= 3 * width || m < 128 || k < 128 || !isTiled }
    if transposeB { return !transposeA && (m >= 128 || k <= max(20, m * (n / 16))) }
    if transposeA { return m <= 8 && n > width }
    return n > width && n % width != 0 && k <= 24
  }

  /// False, and nothing is done, where there are no such kernels.
  private func withProduct(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer,
    _ multiply: (adj_dtype, UnsafePointer<adj_product>) -> Bool
  ) -> Bool {
    var product = adj_product()
    (product.m, product.n, product.k) = (Int64(m), Int64(n), Int64(k))
    (product.a, product.b, product.c, product.row) = (a, b, c, row)
    (product.lda, product.ldb, product.ldc) = (Int64(lda), Int64(ldb), Int64(ldc))
    (product.transposes_a, product.transposes_b) = (transposeA, transposeB)
    product.adds = row == nil && beta == 1
    return multiply(dtype.kernel, &product)
  }

  private enum Way { case whole, packed, rows, columns, outer }

  /// Measured, because OpenBLAS 0.3.21 does not look at the shape: beyond its small kernels it packs
  /// operands, however thin, so a vector of 1024 times a matrix takes 170-330 us against 40 as gemv.
  private var way: Way {
    let work = m &* n &* k
    if BLAS.hasSmallKernels && work <= Multiplication.smallWork {
      if isFasterPacked { return .packed }
      // For vectors, too, the small kernels are as fast as gemv.
      if min(m, n) > 1 || work < Multiplication.workOfVector { return .whole }
    }
    if n == 1 { return .columns }
    if m == 1 { return .rows }
    if work <= Multiplication.smallWork { return .whole }
    if k == 1, beta == 0 || beta == 1 { return .outer }
    if n <= 4, m * k >= Multiplication.workOfVector { return .columns }
    if m <= 4, n * k >= Multiplication.workOfVector { return .rows }
    return .whole
  }

  /// A row-major A * B^T has a small kernel for small results only, else both operands are packed.
  /// Transposing b first takes 32x64x64 from 1.9 us to 1.4, 64x64x128 from 5.9 to 4.7, 4096x3x32 from 27 to 9.
  private var isFasterPacked: Bool {
    guard transposeB, !transposeA else { return false }
    if n < 16 { return n <= 12 && m >= 256 && m * n > 1200 }
    return m >= (k < 32 ? 16 : 32) && (n >= 32 || m < 512) && (k <= 64 || m * n > 1200)
  }

  private func whole<T: BLASScalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    T.gemm(
      transposeA, transposeB,
      Int32(m), Int32(n), Int32(k), T(alpha), a, Int32(max(lda, transposeA ? m : k)),
      b, Int32(max(ldb, transposeB ? k : n)), T(beta), c, Int32(max(ldc, n)))
  }

  /// As `whole`, with the stored `b` transposed first.
  private func packed<T: BLASScalar>(
    _ a: UnsafePointer<T>, _ b: UnsafeRawPointer, _ c: UnsafeMutablePointer<T>
  ) {
    withTransposedB(b) { product, b in product.whole(a, b.assumingMemoryBound(to: T.self), c) }
  }

  /// The same product with `b`, [n, k] as stored, copied to [k, n].
  @inline(__always)
  func withTransposedB(_ b: UnsafeRawPointer, _ body: (Multiplication, UnsafeRawPointer) -> Void) {
    var capacity = 0
    let block = adj_allocate(n * k * dtype.byteCount, &capacity)!
    defer { adj_free(block, capacity) }
    var source = adj_view()
    source.data = UnsafeMutableRawPointer(mutating: b)
    source.dtype = Int32(dtype.rawValue)
    source.strides.0 = 1
    source.strides.1 = Int64(ldb)
    var copy = adj_view()
    copy.data = block
    copy.dtype = source.dtype
    copy.strides.0 = Int64(n)
    copy.strides.1 = 1
    let shape = (Int64(k), Int64(n))
    withUnsafeBytes(of: shape) { shape in
      adj_copy(2, shape.baseAddress!.assumingMemoryBound(to: Int64.self), &source, &copy, 0, Int64(n * k))
    }
    var product = self
    product.transposeB = false
    product.ldb = n
    body(product, UnsafeRawPointer(block))
  }

  /// Each row of the result is `op(b)` transposed, times a row of `op(a)`.
  private func rows<T: BLASScalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    for i in 0..<m {
      if beta == 0 { (c + i * ldc).update(repeating: 0, count: n) }
      T.gemv(
        !transposeB, Int32(transposeB ? n : k), Int32(transposeB ? k : n),
        T(alpha), b, Int32(max(ldb, transposeB ? k : n)),
        a + (transposeA ? i : i * lda), Int32(transposeA ? max(lda, 1) : 1), T(beta), c + i * ldc, 1)
    }
  }

  /// Each column of the result is `op(a)` times a column of `op(b)`.
  private func columns<T: BLASScalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    for j in 0..<n {
      // Some versions multiply what is there by zero, and NaN stays NaN.
      if beta == 0 { for i in 0..<m { c[i * ldc + j] = 0 } }
      T.gemv(
        transposeA, Int32(transposeA ? k : m), Int32(transposeA ? m : k),
        T(alpha), a, Int32(max(lda, transposeA ? m : k)),
        b + (transposeB ? j * ldb : j), Int32(transposeB ? 1 : max(ldb, 1)), T(beta), c + j,
        Int32(max(ldc, 1)))
    }
  }

  /// A column times a row.
  private func outer<T: BLASScalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    if beta == 0 { scale(c) }
    T.ger(
      Int32(m), Int32(n), T(alpha), a, Int32(transposeA ? 1 : max(lda, 1)),
      b, Int32(transposeB ? max(ldb, 1) : 1), c, Int32(max(ldc, n)))
  }

  private func scale<T: BLASScalar>(_ c: UnsafeMutablePointer<T>) {
    for i in 0..<m {
      let row = c + i * ldc
      if beta == 0 { row.update(repeating: 0, count: n) } else { for j in 0..<n { row[j] *= T(beta) } }
    }
  }

  // MARK: Integers

  private func multiply<T: FixedWidthInteger>(
    _: T.Type, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer
  ) {
    let a = a.assumingMemoryBound(to: T.self)
    let b = b.assumingMemoryBound(to: T.self)
    let c = c.assumingMemoryBound(to: T.self)
    let alpha = T(alpha)
    let beta = T(beta)
    let (rowA, columnA) = transposeA ? (1, lda) : (lda, 1)
    for i in 0..<m {
      let row = c + i * ldc
      if beta == 0 { row.update(repeating: 0, count: n) } else { for j in 0..<n { row[j] &*= beta } }
      if transposeB {
        for j in 0..<n {
          var sum: T = 0
          for p in 0..<max(k, 0) { sum &+= a[i * rowA + p * columnA] &* b[j * ldb + p] }
          row[j] &+= alpha &* sum
        }
      } else {
        for p in 0..<max(k, 0) {
          let factor = alpha &* a[i * rowA + p * columnA]
          let other = b + p * ldb
          for j in 0..<n { row[j] &+= factor &* other[j] }
        }
      }
    }
  }
}
