/// The cross-correlation of a signal with a bank of filters, as nets call convolution.
///
/// y[n, o, i] = bias[o] + sum over c, k of x[n, c, i * stride - padding + k * dilation] weight[o, c, k].
/// Groups divide channels and filters alike, each seeing its own. Derivatives: the transposed convolution for
/// x, the correlation of x with the cotangent for the weight.
/// - Parameters:
///   - x: Floating-point, [batch, channels, length], or [channels, length].
///   - weight: [filters, channels / groups, kernel], of the same dtype.
///   - bias: [filters].
/// - Precondition: Shapes as above; groups that divide channels and filters; windows that fit.
public func conv1d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: SpatialSize = 1,
  padding: ConvolutionPadding = .valid, dilation: SpatialSize = 1, groups: Int = 1
) -> Tensor {
  Convolver("conv1d", axes: 1, stride, dilation, groups).convolve(x, weight, bias, padding)
}

/// The cross-correlation of images with a bank of filters; see ``conv1d(_:_:_:stride:padding:dilation:groups:)``.
///
/// - Parameters:
///   - x: Floating-point, [batch, channels, height, width], or [channels, height, width].
///   - weight: [filters, channels / groups, height, width], of the same dtype.
///   - bias: [filters].
/// - Precondition: Shapes as above; groups that divide channels and filters; windows that fit.
public func conv2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: SpatialSize = 1,
  padding: ConvolutionPadding = .valid, dilation: SpatialSize = 1, groups: Int = 1
) -> Tensor {
  Convolver("conv2d", axes: 2, stride, dilation, groups).convolve(x, weight, bias, padding)
}

/// The cross-correlation of volumes with a bank of filters; see ``conv1d(_:_:_:stride:padding:dilation:groups:)``.
///
/// - Parameters:
///   - x: Floating-point, [batch, channels, depth, height, width], or without the batch.
///   - weight: [filters, channels / groups, depth, height, width], of the same dtype.
///   - bias: [filters].
/// - Precondition: Shapes as above; groups that divide channels and filters; windows that fit.
public func conv3d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: SpatialSize = 1,
  padding: ConvolutionPadding = .valid, dilation: SpatialSize = 1, groups: Int = 1
) -> Tensor {
  Convolver("conv3d", axes: 3, stride, dilation, groups).convolve(x, weight, bias, padding)
}

/// The transpose of ``conv1d(_:_:_:stride:padding:dilation:groups:)`` with this weight, plus a bias.
///
/// Length of the result: (length - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1.
/// Derivatives: the convolution for x, a correlation for the weight.
/// - Parameters:
///   - x: Floating-point, [batch, channels, length], or [channels, length].
///   - weight: [channels, filters / groups, kernel], of the same dtype.
///   - bias: [filters].
///   - outputPadding: How many more elements the result has behind, less than stride or dilation.
/// - Precondition: Shapes as above; groups that divide channels; a result of some length.
public func transposedConv1d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: SpatialSize = 1, padding: SpatialSize = 0,
  outputPadding: SpatialSize = 0, dilation: SpatialSize = 1, groups: Int = 1
) -> Tensor {
  Convolver("transposedConv1d", axes: 1, stride, dilation, groups)
    .transposed(x, weight, bias, padding, outputPadding)
}

/// The transpose of ``conv2d(_:_:_:stride:padding:dilation:groups:)`` with this weight, plus a bias;
/// see ``transposedConv1d(_:_:_:stride:padding:outputPadding:dilation:groups:)``.
///
/// - Parameters:
///   - x: Floating-point, [batch, channels, height, width], or without the batch.
///   - weight: [channels, filters / groups, height, width], of the same dtype.
///   - bias: [filters].
///   - outputPadding: How many more elements the result has behind, less than stride or dilation.
/// - Precondition: Shapes as above; groups that divide channels; a result of some length.
public func transposedConv2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: SpatialSize = 1, padding: SpatialSize = 0,
  outputPadding: SpatialSize = 0, dilation: SpatialSize = 1, groups: Int = 1
) -> Tensor {
  Convolver("transposedConv2d", axes: 2, stride, dilation, groups)
    .transposed(x, weight, bias, padding, outputPadding)
}

/// The transpose of ``conv3d(_:_:_:stride:padding:dilation:groups:)`` with this weight, plus a bias;
/// see ``transposedConv1d(_:_:_:stride:padding:outputPadding:dilation:groups:)``.
///
/// - Parameters:
///   - x: Floating-point, [batch, channels, depth, height, width], or without the batch.
///   - weight: [channels, filters / groups, depth, height, width], of the same dtype.
///   - bias: [filters].
///   - outputPadding: How many more elements the result has behind, less than stride or dilation.
/// - Precondition: Shapes as above; groups that divide channels; a result of some length.
public func transposedConv3d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: SpatialSize = 1, padding: SpatialSize = 0,
  outputPadding: SpatialSize = 0, dilation: SpatialSize = 1, groups: Int = 1
) -> Tensor {
  Convolver("transposedConv3d", axes: 3, stride, dilation, groups)
    .transposed(x, weight, bias, padding, outputPadding)
}
