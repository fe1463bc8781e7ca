import CKernels

extension Positions {
  /// Positions that a kernel computed, counted from 0.
  fileprivate init(computed storage: Storage, length: Int) {
    self.storage = storage
    axis = -1
    self.length = length
  }
}

/// The largest of each window and its position in the plane. Recorded as the gather that it is, since the
/// positions are constants.
private func pooled(_ x: Tensor, _ windows: PoolingWindows) -> (values: Tensor, indices: Tensor) {
  let planes = x.shape.first(x.rank - windows.axes.count)
  let flat = x.reshaped(planes.followed(by: [windows.inputCount]))
  let values = Storage(planes.followed(by: [windows.outputCount]), x.dtype)
  let indices = Storage(values.shape, .int64)
  let source = x.storage.contiguous
  let dtype = x.dtype.kernel
  let positions = UnsafeSendable(indices.typed(Int64.self))
  Pooling.run(windows, source, values, givesPositions: true) { axes, count, from, to, first in
    adj_pool_max(dtype, axes, Int64(count), from, to, positions.value + first * windows.outputCount)
  }
  var result = Tensor(values)
  if flat.node != nil && isRecording {
    let gather = Gather(
      Positions(computed: indices, length: windows.inputCount), shape: values.shape, input: flat.shape)
    result = Tensor(values, node: Node(gather, flat, result: values))
  }
  if isWatched { x.judgeSmoothness("maxPool") { windows.firstTie(in: x, Tensor(values)) } }
  let shape = planes.followed(by: Shape(windows.output))
  return (result.reshaped(shape), Tensor(indices).reshaped(shape))
}

extension PoolingWindows {
  /// The first element that equals another as the largest of a window.
  fileprivate func firstTie(in x: Tensor, _ largest: Tensor) -> Kink? {
    let numbers = x.detached().asType(.float64).scalars(as: Double.self)
    let best = largest.asType(.float64).scalars(as: Double.self)
    for (cell, best) in best.enumerated() {
      let plane = cell / outputCount
      var rest = cell % outputCount
      // The elements of the window, as positions in the plane.
      var members = [0]
      var width = 1
      for axis in axes.reversed() {
        let window = rest % axis.begin.count
        rest /= axis.begin.count
        let along = stride(from: Int(axis.begin[window]), to: Int(axis.end[window]), by: axis.step)
        members = along.flatMap { [width] position in members.map { position * width + $0 } }
        width *= axis.input
      }
      let equal = members.sorted().filter { numbers[plane * inputCount + $0] == best }
      guard equal.count > 1 else { continue }
      return Kink(
        index: x.shape.index(of: plane * inputCount + equal[1]), values: [best, best],
        convention: "the first of equal elements has the whole derivative")
    }
    return nil
  }
}

/// The largest of each window, and its position among the elements of its channel, as int64: for as many
/// spatial axes as `spatialAxes` says. See ``maxPool1d(_:_:stride:padding:dilation:ceilMode:)``.
///
/// - Precondition: Floating-point [batch, channels, ...], or without the batch; windows that fit.
public func maxPoolWithIndices(
  _ x: Tensor, spatialAxes: Int, _ kernel: SpatialSize, stride: SpatialSize? = nil, padding: SpatialSize = 0,
  dilation: SpatialSize = 1, ceilMode: Bool = false
) -> (values: Tensor, indices: Tensor) {
  composed("maxPool\(spatialAxes)d", of: [x], tensors: { [$0.values] }) {
    guard (1...3).contains(spatialAxes) else {
      Misuse.report("maxPoolWithIndices", "takes 1, 2 or 3 spatial axes, got \(spatialAxes)")
      return (.placeholder, .placeholder)
    }
    let arguments = PoolingArguments(
      operation: "maxPool\(spatialAxes)d", axes: spatialAxes, kernel: kernel, stride: stride, padding: padding,
      dilation: dilation, ceilMode: ceilMode)
    return arguments.windows(x).map { pooled(x, $0) } ?? (.placeholder, .placeholder)
  }
}

/// The largest of each window of signals; NaN where there is one.
///
/// Derivative: to the largest element, the first among equals. The second derivative is 0.
/// - Parameters:
///   - x: Floating-point, [batch, channels, length], or without the batch.
///   - stride: The kernel's length unless told otherwise.
///   - padding: Elements on each side that are never the largest, at most half of the kernel.
///   - ceilMode: Whether a last window that is only partly there counts.
/// - Precondition: Shapes as above; windows that fit.
public func maxPool1d(
  _ x: Tensor, _ kernel: SpatialSize, stride: SpatialSize? = nil, padding: SpatialSize = 0,
  dilation: SpatialSize = 1, ceilMode: Bool = false
) -> Tensor {
  maxPoolWithIndices(
    x, spatialAxes: 1, kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
  ).values
}

/// The largest of each window of images; see ``maxPool1d(_:_:stride:padding:dilation:ceilMode:)``.
///
/// - Precondition: Floating-point, [batch, channels, height, width], or without the batch; windows that fit.
public func maxPool2d(
  _ x: Tensor, _ kernel: SpatialSize, stride: SpatialSize? = nil, padding: SpatialSize = 0,
  dilation: SpatialSize = 1, ceilMode: Bool = false
) -> Tensor {
  maxPoolWithIndices(
    x, spatialAxes: 2, kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
  ).values
}

/// The largest of each window of volumes; see ``maxPool1d(_:_:stride:padding:dilation:ceilMode:)``.
///
/// - Precondition: Floating-point, [batch, channels, depth, height, width], or without the batch; windows
///   that fit.
public func maxPool3d(
  _ x: Tensor, _ kernel: SpatialSize, stride: SpatialSize? = nil, padding: SpatialSize = 0,
  dilation: SpatialSize = 1, ceilMode: Bool = false
) -> Tensor {
  maxPoolWithIndices(
    x, spatialAxes: 3, kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
  ).values
}

/// Means over windows that divide the last axes into so many parts, as equal as possible; nil keeps a length.
///
/// As many spatial axes as sizes. Derivative: as ``avgPool1d(_:_:stride:padding:ceilMode:countsPadding:divisor:)``.
/// - Precondition: Floating-point [batch, channels, ...], or without the batch; 1 to 3 sizes, positive.
public func adaptiveAvgPool(_ x: Tensor, _ sizes: [Int?]) -> Tensor {
  composed("adaptiveAvgPool", of: [x]) {
    adaptiveWindows(x, sizes, "adaptiveAvgPool").map { MeanPool($0)(x) } ?? .placeholder
  }
}

/// The largest of windows that divide the last axes into so many parts, as equal as possible, and its position
/// among the elements of its channel; nil keeps a length.
///
/// As many spatial axes as sizes. Derivative: as ``maxPool1d(_:_:stride:padding:dilation:ceilMode:)``.
/// - Precondition: Floating-point [batch, channels, ...], or without the batch; 1 to 3 sizes, positive.
public func adaptiveMaxPoolWithIndices(_ x: Tensor, _ sizes: [Int?]) -> (values: Tensor, indices: Tensor) {
  composed("adaptiveMaxPool", of: [x], tensors: { [$0.values] }) {
    adaptiveWindows(x, sizes, "adaptiveMaxPool").map { pooled(x, $0) } ?? (.placeholder, .placeholder)
  }
}

/// The values of ``adaptiveMaxPoolWithIndices(_:_:)``.
public func adaptiveMaxPool(_ x: Tensor, _ sizes: [Int?]) -> Tensor {
  adaptiveMaxPoolWithIndices(x, sizes).values
}

private func adaptiveWindows(_ x: Tensor, _ sizes: [Int?], _ operation: String) -> PoolingWindows? {
  guard (1...3).contains(sizes.count), sizes.allSatisfy({ $0 ?? 1 > 0 }) else {
    Misuse.report(
      operation,
      "takes 1, 2 or 3 positive sizes, got [\(sizes.map { $0.map(String.init) ?? "nil" }.joined(separator: ", "))]")
    return nil
  }
  guard PoolingArguments(operation: operation, axes: sizes.count, kernel: 1).checkRank(x) else { return nil }
  return PoolingWindows(adaptive: sizes, of: Array(x.shape.suffix(sizes.count)))
}
