import CKernels

/// Means over windows of the last axes; the windows say by what to divide.
final class MeanPool: LinearFunction, @unchecked Sendable {
  let windows: PoolingWindows
  init(_ windows: PoolingWindows) { self.windows = windows }

  override var name: String { "avgPool\(windows.axes.count)d" }

  override func apply(_ x: Tensor) -> Tensor {
    let planes = x.shape.first(x.rank - windows.axes.count)
    let result = Storage(planes.followed(by: Shape(windows.output)), x.dtype)
    let dtype = x.dtype.kernel
    Pooling.run(windows, x.storage.contiguous, result) { axes, count, from, to, _ in
      adj_pool_mean(dtype, axes, Int64(count), from, to)
    }
    return Tensor(result)
  }

  override func transpose(_ cotangent: Tensor) -> Tensor { MeanPoolTranspose(windows)(cotangent) }
}

/// The transpose of a mean over windows: each element is spread over its window.
final class MeanPoolTranspose: LinearFunction, @unchecked Sendable {
  let windows: PoolingWindows
  init(_ windows: PoolingWindows) { self.windows = windows }

  override var name: String { "avgPool\(windows.axes.count)d" }

  override func apply(_ x: Tensor) -> Tensor {
    let planes = x.shape.first(x.rank - windows.axes.count)
    let result = Tensor.zeros(planes.followed(by: Shape(windows.input)), dtype: x.dtype).storage
    let dtype = x.dtype.kernel
    Pooling.run(windows, x.storage.contiguous, result) { axes, count, from, to, _ in
      adj_pool_mean_add(dtype, axes, Int64(count), from, to)
    }
    return Tensor(result)
  }

  override func transpose(_ cotangent: Tensor) -> Tensor { MeanPool(windows)(cotangent) }
}

enum Pooling {
  /// Runs a kernel over the planes of a source and a target, which it is told with their number and the first's.
  static func run(
    _ windows: PoolingWindows, _ source: Storage, _ target: Storage, givesPositions: Bool = false,
    _ kernel: @Sendable (UnsafePointer<adj_pool_axis>, Int, UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void
  ) {
    guard source.count > 0, target.count > 0 else { return }
    let planes = source.shape.first(source.shape.rank - windows.axes.count).elementCount
    // A sum or a comparison for each element of a window. Positions are found in rehearsals, too: they are indices.
    guard Meter.begins(planes * windows.reach) || givesPositions else { return }
    let size = source.dtype.byteCount
    let from = (bytes: source.count / planes * size, first: UnsafeSendable(UnsafeRawPointer(source.pointer)))
    let to = (bytes: target.count / planes * size, first: UnsafeSendable(target.pointer))
    withExtendedLifetime((source, target)) {
      windows.withKernelAxes {
        let axes = UnsafeSendable($0)
        let grain = max(1, Parallel.elementGrain / max(windows.inputCount, windows.outputCount))
        Parallel.run(planes, grain: grain) { begin, end in
          kernel(
            axes.value, end - begin, from.first.value + begin * from.bytes, to.first.value + begin * to.bytes, begin)
        }
      }
    }
  }
}

/// Means over windows of signals.
///
/// Derivative: each element's cotangent, divided alike, to all of its window.
/// - Parameters:
///   - x: Floating-point, [batch, channels, length], or without the batch.
///   - stride: The kernel's length unless told otherwise.
///   - padding: Zeros on each side, at most half of the kernel.
///   - ceilMode: Whether a last window that is only partly there counts.
///   - countsPadding: Whether zeros of the padding are counted among what is averaged.
///   - divisor: What sums are divided by, instead of the number of elements.
/// - Precondition: Shapes as above; windows that fit.
public func avgPool1d(
  _ x: Tensor, _ kernel: SpatialSize, stride: SpatialSize? = nil, padding: SpatialSize = 0,
  ceilMode: Bool = false, countsPadding: Bool = true, divisor: Double? = nil
) -> Tensor {
  let arguments = PoolingArguments(
    operation: "avgPool1d", axes: 1, kernel: kernel, stride: stride, padding: padding, ceilMode: ceilMode,
    countsPadding: countsPadding, divisor: divisor)
  return arguments.windows(x).map { MeanPool($0)(x) } ?? .placeholder
}

/// Means over windows of images; see ``avgPool1d(_:_:stride:padding:ceilMode:countsPadding:divisor:)``.
///
/// - Precondition: Floating-point, [batch, channels, height, width], or without the batch; windows that fit.
public func avgPool2d(
  _ x: Tensor, _ kernel: SpatialSize, stride: SpatialSize? = nil, padding: SpatialSize = 0,
  ceilMode: Bool = false, countsPadding: Bool = true, divisor: Double? = nil
) -> Tensor {
  let arguments = PoolingArguments(
    operation: "avgPool2d", axes: 2, kernel: kernel, stride: stride, padding: padding, ceilMode: ceilMode,
    countsPadding: countsPadding, divisor: divisor)
  return arguments.windows(x).map { MeanPool($0)(x) } ?? .placeholder
}

/// Means over windows of volumes; see ``avgPool1d(_:_:stride:padding:ceilMode:countsPadding:divisor:)``.
///
/// - Precondition: Floating-point, [batch, channels, depth, height, width], or without the batch; windows
///   that fit.
public func avgPool3d(
  _ x: Tensor, _ kernel: SpatialSize, stride: SpatialSize? = nil, padding: SpatialSize = 0,
  ceilMode: Bool = false, countsPadding: Bool = true, divisor: Double? = nil
) -> Tensor {
  let arguments = PoolingArguments(
    operation: "avgPool3d", axes: 3, kernel: kernel, stride: stride, padding: padding, ceilMode: ceilMode,
    countsPadding: countsPadding, divisor: divisor)
  return arguments.windows(x).map { MeanPool($0)(x) } ?? .placeholder
}
