/// Checks the arguments of a pooling with some number of spatial axes.
struct PoolingArguments {
  let operation: String
  let axes: Int
  var kernel: SpatialSize
  var stride: SpatialSize?
  var padding: SpatialSize = 0
  var dilation: SpatialSize = 1
  var ceilMode = false
  var countsPadding = true
  var divisor: Double?

  /// The windows for a shape, or nil after a report.
  func windows(_ x: Tensor) -> PoolingWindows? {
    guard checkRank(x),
      let kernel = kernel.resolved(axes, atLeast: 1, "kernel", operation),
      let stride = (stride ?? SpatialSize(kernel)).resolved(axes, atLeast: 1, "stride", operation),
      let padding = padding.resolved(axes, atLeast: 0, "padding", operation),
      let dilation = dilation.resolved(axes, atLeast: 1, "dilation", operation)
    else { return nil }
    guard zip(kernel, padding).allSatisfy({ $1 <= $0 / 2 }) else {
      Misuse.report(operation, "padding \(padding) is more than half of the kernel \(kernel)")
      return nil
    }
    guard divisor != 0 else {
      Misuse.report(operation, "the divisor is 0; sums are divided by it")
      return nil
    }
    let input = Array(x.shape.suffix(axes))
    var result = PoolingWindows(axes: [])
    for axis in 0..<axes {
      let windows = windows(
        length: input[axis], kernel[axis], stride[axis], padding[axis], dilation[axis],
        divisor: divisor.map { axis == 0 ? $0 : 1 })
      guard !windows.begin.isEmpty else {
        Misuse.report(
          operation, "windows of \(kernel) do not fit lengths \(input) with padding \(padding)")
        return nil
      }
      result.axes.append(windows)
    }
    return result
  }

  /// Whether x has its spatial axes, channels and perhaps a batch, and floating-point numbers.
  func checkRank(_ x: Tensor) -> Bool {
    guard x.dtype.isFloatingPoint, x.rank == axes + 1 || x.rank == axes + 2,
      x.shape.suffix(axes).allSatisfy({ $0 > 0 })
    else {
      Misuse.report(
        operation,
        "needs floating-point [batch, channels, ...] with \(axes) spatial axes that are not empty, with or without "
          + "the batch, got \(x.dtype) \(x.shape)")
      return false
    }
    return true
  }

  private func windows(
    length: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int, divisor: Double?
  ) -> PoolingWindows.Axis {
    let room = length + 2 * padding - dilation * (kernel - 1) - 1
    var axis = PoolingWindows.Axis(input: length, step: dilation)
    guard room >= 0 || ceilMode && room > -stride else { return axis }
    var count = room >= 0 ? room / stride + 1 : 0
    // A last window that is only partly there, unless it would start behind all elements.
    if ceilMode && room % stride != 0 && count * stride < length + padding { count += 1 }
    for o in 0..<max(count, 0) {
      let first = o * stride - padding
      let last = first + dilation * (kernel - 1) + 1
      let begin = first < 0 ? first + (-first + dilation - 1) / dilation * dilation : first
      let end = min(last, length)
      guard begin < end else { return PoolingWindows.Axis(input: length) }
      axis.begin.append(Int64(begin))
      axis.end.append(Int64(end))
      let counted = countsPadding ? min(last, length + padding) - first : end - begin
      axis.scale.append(1 / (divisor ?? Double(counted)))
    }
    return axis
  }
}
