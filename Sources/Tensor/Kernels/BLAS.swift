import CBLAS
import CKernels
import Dispatch

/// The library that multiplies matrices: what was found, and how many threads it may use.
public enum BLAS {
  /// What was found at run time.
  public struct Info: Sendable, Hashable {
    /// "OpenBLAS", "Accelerate", "MKL", "BLIS", "ATLAS", "reference" or "unknown".
    public let vendor: String
    /// The library's version; empty if it does not tell.
    public let version: String
    /// The kernels that the library chose by itself; empty if it does not tell.
    public let detectedCore: String
    /// The kernels in use.
    public let core: String
    /// The newest kernels that the processor can run; empty if that is not known.
    public let processorCore: String
    /// Whether `core` was chosen here, because `detectedCore` is for a much older processor.
    public let isRepaired: Bool
    /// Whether `OPENBLAS_CORETYPE` chose, which is respected.
    public let isForced: Bool
    /// The most threads that one operator may use.
    public let threads: Int
  }

  /// What the library says of itself, and the threads in use.
  public static var info: Info {
    let found = adj_blas_get_info().pointee
    return Info(
      vendor: String(cString: found.vendor),
      version: String(cString: found.version),
      detectedCore: String(cString: found.found_core),
      core: String(cString: found.used_core),
      processorCore: String(cString: found.processor_core),
      isRepaired: found.repaired != 0,
      isForced: found.forced != 0,
      threads: threads)
  }

  /// One line: `OpenBLAS 0.3.21, SkylakeX kernels (it had chosen Prescott), 2 threads`.
  public static var description: String {
    let info = info
    var text = info.vendor == "unknown" ? "CBLAS (unknown vendor)" : info.vendor
    if info.vendor == "reference" { text = "reference CBLAS (slow)" }
    if !info.version.isEmpty { text += " \(info.version)" }
    if !info.core.isEmpty {
      text += ", \(info.core) kernels"
      if info.isRepaired { text += " (it had chosen \(info.detectedCore))" }
      if info.isForced { text += " (OPENBLAS_CORETYPE)" }
    }
    return text + ", \(info.threads) thread\(info.threads == 1 ? "" : "s")"
  }

  /// The most threads that one operator may use.
  ///
  /// At first `ADJOINT_NUM_THREADS`, `OPENBLAS_NUM_THREADS` or `OMP_NUM_THREADS` of the environment, in
  /// this order, else the number of processors this process may run on.
  public static var threads: Int {
    get { Int(adj_blas_thread_limit()) }
    set { adj_blas_set_thread_limit(Int32(clamping: newValue)) }
  }

  /// Whether the library multiplies small matrices without packing them.
  static var hasSmallKernels: Bool { adj_blas_get_info().pointee.small_kernels != 0 }

  /// How many threads the library's next products use, of those it may: one while others of ours are at work.
  static func useThreads(_ count: Int) { adj_blas_use_threads(Int32(clamping: count)) }
}

// MARK: - Products

// Matrices are row-major; `lda` is the distance of two rows of `a` as stored, in elements. The distance
// is not looked at where there is only one row.
extension BLAS {
  /// `c = alpha * op(a) * op(b) + beta * c`, where `op(a)` is `m` by `k` and `op(b)` is `k` by `n`.
  ///
  /// With `beta` zero, `c` is not read. Integers wrap around. Who splits the work calls it with one thread.
  package static func gemm(
    _ dtype: DType, transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    alpha: Double = 1, a: UnsafeRawPointer, lda: Int, b: UnsafeRawPointer, ldb: Int,
    beta: Double = 0, c: UnsafeMutableRawPointer, ldc: Int, threads: Int = Parallel.threads
  ) {
    guard Meter.begins(2 * m * n * k) else { return }
    let product = Product(
      dtype: dtype, transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
      alpha: alpha, lda: lda, ldb: ldb, beta: beta, ldc: ldc)
    product.run(a, b, c, limit: threads)
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
      product: Product(
        dtype: dtype, transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
        alpha: alpha, lda: lda, ldb: ldb, beta: beta, ldc: ldc),
      a: a, strideA: strideA * size, b: b, strideB: strideB * size, c: c, strideC: strideC * size)
    let work = m &* n &* k
    let parts = min(limit, batch, work &* batch / workToSplit)
    // Products that are large themselves are split by the library, one after the other.
    if parts <= 1 || work >= 2 * workToSplit { return products.run(0..<batch, limit: limit) }
    adj_blas_use_threads(1)
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      products.run(batch * part / parts..<batch * (part + 1) / parts, limit: 1)
    }
    adj_blas_use_threads(Int32(limit))
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

  private static func dot<T: Scalar>(
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

  // In multiply-adds, measured on two cores with AVX-512 and OpenBLAS 0.3.21.

  /// What one more of the library's threads must have to do. They wait a while for the next product, so
  /// the second pays from about 2 million on, or 15 million where the result is a narrow strip.
  fileprivate static let workOfThread = 1_000_000
  fileprivate static let workOfThreadInStrip = 8_000_000
  fileprivate static let workOfThreadInVector = 250_000
  /// What one more thread of ours must have to do: waking it takes 40 microseconds.
  static let workToSplit = 8_000_000
  /// Up to here OpenBLAS multiplies without packing, where it has such kernels.
  static let smallWork = 1_000_000
}

// MARK: - One product

/// Many products of one shape; the strides count bytes.
private struct Batch: @unchecked Sendable {  // the pointers are the caller's, who waits
  var product: Product
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

/// One product but for its operands.
private struct Product {
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

  func run(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, limit: Int) {
    if m <= 0 || n <= 0 { return }
    assert((transposeA ? k : m) <= 1 || lda >= (transposeA ? m : k), "BLAS: rows of a overlap")
    assert((transposeB ? n : k) <= 1 || ldb >= (transposeB ? k : n), "BLAS: rows of b overlap")
    assert(m <= 1 || ldc >= n, "BLAS: rows of c overlap")
    switch dtype {
    case .float32: multiply(Float.self, a, b, c, limit)
    case .float64: multiply(Double.self, a, b, c, limit)
    case .int32: multiply(Int32.self, a, b, c)
    case .int64: multiply(Int64.self, a, b, c)
    case .uint8: multiply(UInt8.self, a, b, c)
    case .bool: preconditionFailure("BLAS: no product of bool")
    }
  }

  // MARK: Floating-point numbers

  @inline(__always)
  private func multiply<T: Scalar>(
    _: T.Type, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, _ limit: Int
  ) {
    let a = a.assumingMemoryBound(to: T.self)
    let c = c.assumingMemoryBound(to: T.self)
    if k <= 0 { return scale(c) }
    let work = m &* n &* k
    let small = BLAS.hasSmallKernels && work <= BLAS.smallWork
    let way = way(work: work, small: small)

    let least =
      switch way {
      case .whole, .packed: min(m, n) < 96 ? BLAS.workOfThreadInStrip : BLAS.workOfThread
      case .rows, .columns, .outer: BLAS.workOfThreadInVector
      }
    let threads = max(1, min(limit, work / least))
    if threads < limit { adj_blas_use_threads(Int32(threads)) }
    defer { if threads < limit { adj_blas_use_threads(Int32(limit)) } }

    if way == .packed { return packed(a, b, c) }
    let b = b.assumingMemoryBound(to: T.self)
    switch way {
    case .whole, .packed: whole(a, b, c)
    case .rows: rows(a, b, c)
    case .columns: columns(a, b, c)
    case .outer: outer(a, b, c)
    }
  }

  private enum Way { case whole, packed, rows, columns, outer }

  /// Measured, because OpenBLAS 0.3.21 does not look at the shape: beyond its small kernels it packs
  /// operands, however thin, so a vector of 1024 times a matrix takes 170-330 us against 40 as gemv.
  private func way(work: Int, small: Bool) -> Way {
    if small {
      // A row-major A * B^T has a small kernel for small results only, else both operands are packed.
      // Transposing b first takes 32x64x64 from 1.9 us to 1.4, 64x64x128 from 5.9 to 4.7.
      if transposeB, !transposeA, m >= (k < 32 ? 16 : 32), n >= 16, n >= 32 || m < 512,
        k <= 64 || m * n > 1200
      {
        return .packed
      }
      // For vectors, too, the small kernels are as fast as gemv, until that has two threads.
      if min(m, n) > 1 || work < 2 * BLAS.workOfThreadInVector { return .whole }
    }
    if n == 1 { return .columns }
    if m == 1 { return .rows }
    if work <= BLAS.smallWork { return .whole }
    if k == 1, beta == 0 || beta == 1 { return .outer }
    if n <= 4, m * k >= 2 * BLAS.workOfThreadInVector { return .columns }
    if m <= 4, n * k >= 2 * BLAS.workOfThreadInVector { return .rows }
    return .whole
  }

  private func whole<T: Scalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    T.gemm(
      transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), T(alpha), a, Int32(max(lda, transposeA ? m : k)),
      b, Int32(max(ldb, transposeB ? k : n)), T(beta), c, Int32(max(ldc, n)))
  }

  /// As `whole`, with the stored `b` transposed first.
  private func packed<T: Scalar>(
    _ a: UnsafePointer<T>, _ b: UnsafeRawPointer, _ c: UnsafeMutablePointer<T>
  ) {
    var capacity = 0
    let block = adj_allocate(n * k * MemoryLayout<T>.stride, &capacity)!
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
    product.whole(a, UnsafePointer(block.assumingMemoryBound(to: T.self)), c)
  }

  /// Each row of the result is `op(b)` transposed, times a row of `op(a)`.
  private func rows<T: Scalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    for i in 0..<m {
      if beta == 0 { (c + i * ldc).update(repeating: 0, count: n) }
      T.gemv(
        transposeB ? CblasNoTrans : CblasTrans, Int32(transposeB ? n : k), Int32(transposeB ? k : n),
        T(alpha), b, Int32(max(ldb, transposeB ? k : n)),
        a + (transposeA ? i : i * lda), Int32(transposeA ? max(lda, 1) : 1), T(beta), c + i * ldc, 1)
    }
  }

  /// Each column of the result is `op(a)` times a column of `op(b)`.
  private func columns<T: Scalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    for j in 0..<n {
      // Some versions multiply what is there by zero, and NaN stays NaN.
      if beta == 0 { for i in 0..<m { c[i * ldc + j] = 0 } }
      T.gemv(
        transposeA ? CblasTrans : CblasNoTrans, Int32(transposeA ? k : m), Int32(transposeA ? m : k),
        T(alpha), a, Int32(max(lda, transposeA ? m : k)),
        b + (transposeB ? j * ldb : j), Int32(transposeB ? 1 : max(ldb, 1)), T(beta), c + j,
        Int32(max(ldc, 1)))
    }
  }

  /// A column times a row.
  private func outer<T: Scalar>(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>) {
    if beta == 0 { scale(c) }
    T.ger(
      Int32(m), Int32(n), T(alpha), a, Int32(transposeA ? 1 : max(lda, 1)),
      b, Int32(transposeB ? max(ldb, 1) : 1), c, Int32(max(ldc, n)))
  }

  private func scale<T: Scalar>(_ c: UnsafeMutablePointer<T>) {
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

// MARK: - The library's names

/// `Float` and `Double`: what CBLAS spells with `s` and `d`.
private protocol Scalar: BinaryFloatingPoint, BitwiseCopyable {
  static func gemm(
    _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Self, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafePointer<Self>, _ ldb: Int32,
    _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int32)
  static func gemv(
    _ transpose: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ x: UnsafePointer<Self>, _ strideX: Int32, _ beta: Self,
    _ y: UnsafeMutablePointer<Self>, _ strideY: Int32)
  static func ger(
    _ m: Int32, _ n: Int32, _ alpha: Self, _ x: UnsafePointer<Self>, _ strideX: Int32,
    _ y: UnsafePointer<Self>, _ strideY: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32)
  static func dot(
    _ count: Int32, _ x: UnsafePointer<Self>, _ strideX: Int32, _ y: UnsafePointer<Self>, _ strideY: Int32
  ) -> Self
}

extension Float: Scalar {
  @inline(__always)
  fileprivate static func gemm(
    _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafePointer<Float>, _ ldb: Int32,
    _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int32
  ) {
    cblas_sgemm(CblasRowMajor, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  @inline(__always)
  fileprivate static func gemv(
    _ transpose: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ alpha: Float, _ a: UnsafePointer<Float>,
    _ lda: Int32, _ x: UnsafePointer<Float>, _ strideX: Int32, _ beta: Float,
    _ y: UnsafeMutablePointer<Float>, _ strideY: Int32
  ) {
    cblas_sgemv(CblasRowMajor, transpose, m, n, alpha, a, lda, x, strideX, beta, y, strideY)
  }

  @inline(__always)
  fileprivate static func ger(
    _ m: Int32, _ n: Int32, _ alpha: Float, _ x: UnsafePointer<Float>, _ strideX: Int32,
    _ y: UnsafePointer<Float>, _ strideY: Int32, _ a: UnsafeMutablePointer<Float>, _ lda: Int32
  ) {
    cblas_sger(CblasRowMajor, m, n, alpha, x, strideX, y, strideY, a, lda)
  }

  @inline(__always)
  fileprivate static func dot(
    _ count: Int32, _ x: UnsafePointer<Float>, _ strideX: Int32, _ y: UnsafePointer<Float>, _ strideY: Int32
  ) -> Float {
    cblas_sdot(count, x, strideX, y, strideY)
  }
}

extension Double: Scalar {
  @inline(__always)
  fileprivate static func gemm(
    _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Double, _ a: UnsafePointer<Double>, _ lda: Int32, _ b: UnsafePointer<Double>, _ ldb: Int32,
    _ beta: Double, _ c: UnsafeMutablePointer<Double>, _ ldc: Int32
  ) {
    cblas_dgemm(CblasRowMajor, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  @inline(__always)
  fileprivate static func gemv(
    _ transpose: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ alpha: Double, _ a: UnsafePointer<Double>,
    _ lda: Int32, _ x: UnsafePointer<Double>, _ strideX: Int32, _ beta: Double,
    _ y: UnsafeMutablePointer<Double>, _ strideY: Int32
  ) {
    cblas_dgemv(CblasRowMajor, transpose, m, n, alpha, a, lda, x, strideX, beta, y, strideY)
  }

  @inline(__always)
  fileprivate static func ger(
    _ m: Int32, _ n: Int32, _ alpha: Double, _ x: UnsafePointer<Double>, _ strideX: Int32,
    _ y: UnsafePointer<Double>, _ strideY: Int32, _ a: UnsafeMutablePointer<Double>, _ lda: Int32
  ) {
    cblas_dger(CblasRowMajor, m, n, alpha, x, strideX, y, strideY, a, lda)
  }

  @inline(__always)
  fileprivate static func dot(
    _ count: Int32, _ x: UnsafePointer<Double>, _ strideX: Int32, _ y: UnsafePointer<Double>, _ strideY: Int32
  ) -> Double {
    cblas_ddot(count, x, strideX, y, strideY)
  }
}
