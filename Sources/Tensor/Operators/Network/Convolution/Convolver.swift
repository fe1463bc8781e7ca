/// Checks the arguments of a convolution with some number of spatial axes, and computes it.
struct Convolver {
  let operation: String
  let axes: Int
  let stride: SpatialSize
  let dilation: SpatialSize
  let groups: Int

  init(_ operation: String, axes: Int, _ stride: SpatialSize, _ dilation: SpatialSize, _ groups: Int) {
    self.operation = operation
    self.axes = axes
    self.stride = stride
    self.dilation = dilation
    self.groups = groups
  }

  func convolve(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ padding: ConvolutionPadding
  ) -> Tensor {
    composed(operation, of: [x, weight, bias].compactMap { $0 }) {
      guard x.rank != axes + 1 else {
        return unbatched(convolve(x.unsqueezed(axis: 0), weight, bias, padding))
      }
      guard agrees(x, weight, bias, filters: weight.rank > 0 ? weight.shape[0] : 0),
        let stride = stride.resolved(axes, atLeast: 1, "stride", operation),
        let dilation = dilation.resolved(axes, atLeast: 1, "dilation", operation)
      else { return .placeholder }
      let (channels, filters) = (x.shape[1], weight.shape[0])
      guard channels == weight.shape[1] * groups, filters % groups == 0 else {
        return Misuse.fail(
          operation,
          "\(x.shape) has \(channels) channels, and weight \(weight.shape) in \(groups) groups is for "
            + "\(weight.shape[1] * groups); groups must also divide the \(filters) filters")
      }
      let input = Array(x.shape.dropFirst(2))
      let kernel = Array(weight.shape.dropFirst(2))
      guard let (before, behind) = zeros(padding, kernel, stride, dilation) else { return .placeholder }
      // How far the first window can move along each axis.
      let room = (0..<axes).map { (axis: Int) -> Int in
        let length = input[axis] + before[axis] + behind[axis]
        return length - dilation[axis] * (kernel[axis] - 1) - 1
      }
      guard room.allSatisfy({ $0 >= 0 }), kernel.allSatisfy({ $0 > 0 }) else {
        return Misuse.fail(
          operation,
          "windows of \(kernel) (dilation \(dilation)) do not fit lengths \(input) with padding \(before), \(behind)"
        )
      }
      let geometry = ConvolutionGeometry(
        channels: channels, filters: filters, groups: groups, input: input, kernel: kernel,
        output: (0..<axes).map { room[$0] / stride[$0] + 1 }, stride: stride, dilation: dilation, before: before
      )
      return adding(bias, Convolution(.result, geometry)(x, weight))

    }
  }

  func transposed(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ padding: SpatialSize, _ outputPadding: SpatialSize
  ) -> Tensor {
    composed(operation, of: [x, weight, bias].compactMap { $0 }) {
      guard x.rank != axes + 1 else {
        return unbatched(transposed(x.unsqueezed(axis: 0), weight, bias, padding, outputPadding))
      }
      guard agrees(x, weight, bias, filters: weight.rank > 1 ? weight.shape[1] * groups : 0),
        let stride = stride.resolved(axes, atLeast: 1, "stride", operation),
        let dilation = dilation.resolved(axes, atLeast: 1, "dilation", operation),
        let before = padding.resolved(axes, atLeast: 0, "padding", operation),
        let more = outputPadding.resolved(axes, atLeast: 0, "outputPadding", operation)
      else { return .placeholder }
      guard x.shape[1] == weight.shape[0], x.shape[1] % groups == 0 else {
        return Misuse.fail(
          operation,
          "\(x.shape) has \(x.shape[1]) channels and weight \(weight.shape) is for \(weight.shape[0]); they must be "
            + "equal, and a multiple of the \(groups) groups")
      }
      let output = Array(x.shape.dropFirst(2))
      let kernel = Array(weight.shape.dropFirst(2))
      let input = (0..<axes).map { (axis: Int) -> Int in
        let window = dilation[axis] * (kernel[axis] - 1) + 1
        return (output[axis] - 1) * stride[axis] - 2 * before[axis] + window + more[axis]
      }
      guard input.allSatisfy({ $0 > 0 }), (output + kernel).allSatisfy({ $0 > 0 }),
        (0..<axes).allSatisfy({ more[$0] < max(stride[$0], dilation[$0]) })
      else {
        return Misuse.fail(
          operation,
          "the result would have lengths \(input), from \(output), windows of \(kernel) and outputPadding \(more); "
            + "lengths must be positive, and outputPadding less than stride \(stride) or dilation \(dilation)")
      }
      let geometry = ConvolutionGeometry(
        channels: weight.shape[1] * groups, filters: x.shape[1], groups: groups, input: input, kernel: kernel,
        output: output, stride: stride, dilation: dilation, before: before)
      return adding(bias, Convolution(.input, geometry)(x, weight))

    }
  }

  /// Whether ranks and dtypes are right; a report where not.
  private func agrees(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, filters: Int) -> Bool {
    guard x.dtype.isFloatingPoint, x.dtype == weight.dtype, x.dtype == bias?.dtype ?? x.dtype else {
      Misuse.report(
        operation,
        "the dtypes are \(x.dtype), \(weight.dtype)\(bias.map { " and \($0.dtype)" } ?? ""); they must be one "
          + "floating-point dtype")
      return false
    }
    guard x.rank == axes + 2, weight.rank == axes + 2, groups > 0 else {
      Misuse.report(
        operation,
        "needs x of \(axes + 2) axes (or \(axes + 1)), weight of \(axes + 2) and at least one group, got "
          + "\(x.shape), \(weight.shape) and \(groups)")
      return false
    }
    if let bias, bias.shape != [filters] {
      Misuse.report(operation, "the bias has shape \(bias.shape); it must be [\(filters)]")
      return false
    }
    return true
  }

  private func zeros(
    _ padding: ConvolutionPadding, _ kernel: [Int], _ stride: [Int], _ dilation: [Int]
  ) -> ([Int], [Int])? {
    switch padding {
    case .valid:
      let none = Array(repeating: 0, count: axes)
      return (none, none)
    case .zeros(let size):
      return size.resolved(axes, atLeast: 0, "padding", operation).map { ($0, $0) }
    case .same:
      guard stride.allSatisfy({ $0 == 1 }) else {
        Misuse.report(operation, "padding same needs stride 1, got \(stride)")
        return nil
      }
      let total = zip(kernel, dilation).map { ($0 - 1) * $1 }
      return (total.map { $0 / 2 }, total.map { $0 - $0 / 2 })
    }
  }

  private func adding(_ bias: Tensor?, _ y: Tensor) -> Tensor {
    guard let bias else { return y }
    return y + bias.reshaped(Shape([bias.count] + Array(repeating: 1, count: axes)))
  }

  /// Without the batch axis of length 1 that was added; a placeholder stays.
  private func unbatched(_ y: Tensor) -> Tensor { y.rank == axes + 2 ? y.squeezed(axis: 0) : y }
}
