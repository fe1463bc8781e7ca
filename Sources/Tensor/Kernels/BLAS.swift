import CBLAS

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

  /// Whether the library splits products over threads by itself, whatever it is told.
  #if canImport(Accelerate)
    static let splitsByItself = true
  #else
    static let splitsByItself = false
  #endif
}

// MARK: - The library's names

/// `Float` and `Double`: what CBLAS spells with `s` and `d`.
protocol BLASScalar: BinaryFloatingPoint, BitwiseCopyable {
  static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Self, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafePointer<Self>, _ ldb: Int32,
    _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int32)
  static func gemv(
    _ transpose: Bool, _ m: Int32, _ n: Int32, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ x: UnsafePointer<Self>, _ strideX: Int32, _ beta: Self,
    _ y: UnsafeMutablePointer<Self>, _ strideY: Int32)
  static func ger(
    _ m: Int32, _ n: Int32, _ alpha: Self, _ x: UnsafePointer<Self>, _ strideX: Int32,
    _ y: UnsafePointer<Self>, _ strideY: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32)
  static func dot(
    _ count: Int32, _ x: UnsafePointer<Self>, _ strideX: Int32, _ y: UnsafePointer<Self>, _ strideY: Int32
  ) -> Self
}

@inline(__always)
private func transposition(_ isTransposed: Bool) -> CBLAS_TRANSPOSE { isTransposed ? CblasTrans : CblasNoTrans }

extension Float: BLASScalar {
  @inline(__always)
  static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafePointer<Float>, _ ldb: Int32,
    _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int32
  ) {
    cblas_sgemm(
      CblasRowMajor, transposition(transposeA), transposition(transposeB), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  @inline(__always)
  static func gemv(
    _ transpose: Bool, _ m: Int32, _ n: Int32, _ alpha: Float, _ a: UnsafePointer<Float>,
    _ lda: Int32, _ x: UnsafePointer<Float>, _ strideX: Int32, _ beta: Float,
    _ y: UnsafeMutablePointer<Float>, _ strideY: Int32
  ) {
    cblas_sgemv(CblasRowMajor, transposition(transpose), m, n, alpha, a, lda, x, strideX, beta, y, strideY)
  }

  @inline(__always)
  static func ger(
    _ m: Int32, _ n: Int32, _ alpha: Float, _ x: UnsafePointer<Float>, _ strideX: Int32,
    _ y: UnsafePointer<Float>, _ strideY: Int32, _ a: UnsafeMutablePointer<Float>, _ lda: Int32
  ) {
    cblas_sger(CblasRowMajor, m, n, alpha, x, strideX, y, strideY, a, lda)
  }

  @inline(__always)
  static func dot(
    _ count: Int32, _ x: UnsafePointer<Float>, _ strideX: Int32, _ y: UnsafePointer<Float>, _ strideY: Int32
  ) -> Float {
    cblas_sdot(count, x, strideX, y, strideY)
  }
}

extension Double: BLASScalar {
  @inline(__always)
  static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Double, _ a: UnsafePointer<Double>, _ lda: Int32, _ b: UnsafePointer<Double>, _ ldb: Int32,
    _ beta: Double, _ c: UnsafeMutablePointer<Double>, _ ldc: Int32
  ) {
    cblas_dgemm(
      CblasRowMajor, transposition(transposeA), transposition(transposeB), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  @inline(__always)
  static func gemv(
    _ transpose: Bool, _ m: Int32, _ n: Int32, _ alpha: Double, _ a: UnsafePointer<Double>,
    _ lda: Int32, _ x: UnsafePointer<Double>, _ strideX: Int32, _ beta: Double,
    _ y: UnsafeMutablePointer<Double>, _ strideY: Int32
  ) {
    cblas_dgemv(CblasRowMajor, transposition(transpose), m, n, alpha, a, lda, x, strideX, beta, y, strideY)
  }

  @inline(__always)
  static func ger(
    _ m: Int32, _ n: Int32, _ alpha: Double, _ x: UnsafePointer<Double>, _ strideX: Int32,
    _ y: UnsafePointer<Double>, _ strideY: Int32, _ a: UnsafeMutablePointer<Double>, _ lda: Int32
  ) {
    cblas_dger(CblasRowMajor, m, n, alpha, x, strideX, y, strideY, a, lda)
  }

  @inline(__always)
  static func dot(
    _ count: Int32, _ x: UnsafePointer<Double>, _ strideX: Int32, _ y: UnsafePointer<Double>, _ strideY: Int32
  ) -> Double {
    cblas_ddot(count, x, strideX, y, strideY)
  }
}
