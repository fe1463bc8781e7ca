import Autograd
import Testing

private let f32 = Tensor.zeros([2, 3])
private let f64 = Tensor.zeros([2, 3], dtype: .float64)
private let whole = Tensor.zeros([2, 3], dtype: .int64)
private let images = Tensor.zeros([1, 2, 3, 4])

/// What convolutions, pools and norms refuse.
@Suite struct WindowMisuseTests {
  @Test func convolutionsPoolsAndNorms() {
    let expected: [(String, () -> Void)] = [
      (
        "conv1d: stride is [0]; it must be one number or 1, each at least 1",
        { _ = conv1d(f32, Tensor.zeros([1, 2, 2]), stride: 0) }
      ),
      (
        "conv1d: [1, 2, 3] has 2 channels, and weight [1, 3, 2] in 1 groups is for 3; groups must also divide the 1 filters",
        { _ = conv1d(f32, Tensor.zeros([1, 3, 2])) }
      ),
      (
        "conv1d: windows of [4] (dilation [1]) do not fit lengths [3] with padding [0], [0]",
        { _ = conv1d(f32, Tensor.zeros([1, 2, 4])) }
      ),
      (
        "conv1d: needs x of 3 axes (or 2), weight of 3 and at least one group, got [1, 2, 3], [1, 2] and 1",
        { _ = conv1d(f32, Tensor.zeros([1, 2])) }
      ),
      (
        "conv1d: the dtypes are float64, float32; they must be one floating-point dtype",
        { _ = conv1d(f64, Tensor.zeros([1, 2, 2])) }
      ),
      (
        "conv1d: the bias has shape [2]; it must be [1]",
        { _ = conv1d(f32, Tensor.zeros([1, 2, 2]), Tensor.zeros([2])) }
      ),
      (
        "conv1d: the dtypes are int64, int64; they must be one floating-point dtype",
        { _ = conv1d(whole, Tensor.zeros([1, 2, 2], dtype: .int64)) }
      ),
      (
        "conv2d: stride is [1, 1, 1]; it must be one number or 2, each at least 1",
        { _ = conv2d(images, Tensor.zeros([2, 2, 2, 2]), stride: [1, 1, 1]) }
      ),
      (
        "conv2d: padding same needs stride 1, got [2, 2]",
        { _ = conv2d(images, Tensor.zeros([2, 2, 2, 2]), stride: 2, padding: .same) }
      ),
      (
        "conv2d: padding is [-1]; it must be one number or 2, each at least 0",
        { _ = conv2d(images, Tensor.zeros([2, 2, 2, 2]), padding: -1) }
      ),
      (
        "conv2d: dilation is [0]; it must be one number or 2, each at least 1",
        { _ = conv2d(images, Tensor.zeros([2, 2, 2, 2]), dilation: 0) }
      ),
      (
        "conv2d: [1, 2, 3, 4] has 2 channels, and weight [3, 1, 2, 2] in 2 groups is for 2; groups must also divide the 3 filters",
        { _ = conv2d(images, Tensor.zeros([3, 1, 2, 2]), groups: 2) }
      ),
      (
        "conv2d: needs x of 4 axes (or 3), weight of 4 and at least one group, got [1, 2, 3, 4], [2, 2, 2, 2] and 0",
        { _ = conv2d(images, Tensor.zeros([2, 2, 2, 2]), groups: 0) }
      ),
      (
        "conv3d: needs x of 5 axes (or 4), weight of 5 and at least one group, got [1, 1, 2, 3, 4], [2, 2, 2, 2] and 1",
        { _ = conv3d(images, Tensor.zeros([2, 2, 2, 2])) }
      ),
      (
        "transposedConv1d: [1, 2, 3] has 2 channels and weight [3, 1, 2] is for 3; they must be equal, and a multiple of the 1 groups",
        { _ = transposedConv1d(f32, Tensor.zeros([3, 1, 2])) }
      ),
      (
        "transposedConv1d: the result would have lengths [5], from [3], windows of [2] and outputPadding [1]; lengths must be positive, and outputPadding less than stride [1] or dilation [1]",
        { _ = transposedConv1d(f32, Tensor.zeros([2, 1, 2]), outputPadding: 1) }
      ),
      (
        "transposedConv1d: the result would have lengths [-1], from [3], windows of [1] and outputPadding [0]; lengths must be positive, and outputPadding less than stride [1] or dilation [1]",
        { _ = transposedConv1d(f32, Tensor.zeros([2, 1, 1]), padding: 2) }
      ),
      (
        "transposedConv2d: stride is [0]; it must be one number or 2, each at least 1",
        { _ = transposedConv2d(images, Tensor.zeros([2, 2, 2, 2]), stride: 0) }
      ),
      ("maxPool1d: kernel is [0]; it must be one number or 1, each at least 1", { _ = maxPool1d(f32, 0) }),
      ("maxPool1d: stride is [0]; it must be one number or 1, each at least 1", { _ = maxPool1d(f32, 2, stride: 0) }),
      ("maxPool1d: windows of [4] do not fit lengths [3] with padding [0]", { _ = maxPool1d(f32, 4) }),
      (
        "maxPool1d: needs floating-point [batch, channels, ...] with 1 spatial axes that are not empty, with or without the batch, got int64 [2, 3]",
        { _ = maxPool1d(whole, 2) }
      ),
      (
        "maxPool2d: needs floating-point [batch, channels, ...] with 2 spatial axes that are not empty, with or without the batch, got float32 [2, 3]",
        { _ = maxPool2d(f32, 2) }
      ),
      ("maxPool2d: padding [2, 2] is more than half of the kernel [2, 2]", { _ = maxPool2d(images, 2, padding: 2) }),
      (
        "maxPool2d: kernel is [2, 2, 2]; it must be one number or 2, each at least 1",
        { _ = maxPool2d(images, [2, 2, 2]) }
      ),
      (
        "maxPool2d: needs floating-point [batch, channels, ...] with 2 spatial axes that are not empty, with or without the batch, got float32 [1, 2, 0, 4]",
        { _ = maxPool2d(Tensor.zeros([1, 2, 0, 4]), 2) }
      ),
      ("avgPool1d: stride is [0]; it must be one number or 1, each at least 1", { _ = avgPool1d(f32, 2, stride: 0) }),
      ("avgPool2d: the divisor is 0; sums are divided by it", { _ = avgPool2d(images, 2, divisor: 0) }),
      (
        "maxPoolWithIndices: takes 1, 2 or 3 spatial axes, got 4",
        { _ = maxPoolWithIndices(images, spatialAxes: 4, 2).values }
      ),
      ("adaptiveAvgPool: takes 1, 2 or 3 positive sizes, got [0, 2]", { _ = adaptiveAvgPool(images, [0, 2]) }),
      ("adaptiveAvgPool: takes 1, 2 or 3 positive sizes, got []", { _ = adaptiveAvgPool(images, []) }),
      (
        "adaptiveMaxPool: needs floating-point [batch, channels, ...] with 3 spatial axes that are not empty, with or without the batch, got float32 [2, 3]",
        { _ = adaptiveMaxPool(f32, [1, 1, 1]) }
      ),
      ("layerNorm: cannot normalize the last 3 axes of [2, 3]", { _ = layerNorm(f32, lastAxes: 3) }),
      ("layerNorm: cannot normalize the last 0 axes of [2, 3]", { _ = layerNorm(f32, lastAxes: 0) }),
      (
        "layerNorm: x is float32 [2, 3], so weights and statistics must be float32 [3], got float32 [2]",
        { _ = layerNorm(f32, weight: Tensor.zeros([2])) }
      ),
      (
        "layerNorm: x is float32 [2, 3], so weights and statistics must be float32 [3], got float64 [3]",
        { _ = layerNorm(f32, bias: Tensor.zeros([3], dtype: .float64)) }
      ),
      ("layerNorm: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = layerNorm(whole) }),
      (
        "rmsNorm: x is float32 [2, 3], so weights and statistics must be float32 [3], got float32 [2]",
        { _ = rmsNorm(f32, weight: Tensor.zeros([2])) }
      ),
      ("groupNorm: 3 groups do not divide the 2 channels of [1, 2, 3, 4]", { _ = groupNorm(images, groups: 3) }),
      ("groupNorm: 0 groups do not divide the 2 channels of [1, 2, 3, 4]", { _ = groupNorm(images, groups: 0) }),
      ("groupNorm: needs [batch, channels, ...], got [3]", { _ = groupNorm(Tensor.zeros([3]), groups: 1) }),
      (
        "instanceNorm: x is float32 [1, 2, 3, 4], so weights and statistics must be float32 [2], got float32 [3]",
        { _ = instanceNorm(images, weight: Tensor.zeros([3])) }
      ),
      (
        "instanceNorm: needs floating-point numbers, got int64; convert with asType(.float32)",
        { _ = instanceNorm(whole) }
      ),
      (
        "batchNorm: x is float32 [1, 2, 3, 4], so weights and statistics must be float32 [2], got float32 [3]",
        { _ = batchNorm(images, mean: Tensor.zeros([3]), variance: Tensor.ones([2])) }
      ),
      (
        "batchNorm: needs more than one element a channel to train, got [1, 2]",
        { _ = batchNorm(training: Tensor.zeros([1, 2])).result }
      ),
      (
        "batchNorm: x is float32 [1, 2, 3, 4], so weights and statistics must be float32 [2], got float32 [3]",
        { _ = batchNorm(training: images, runningMean: Tensor.zeros([3])).result }
      ),
      ("batchNorm: needs [batch, channels, ...], got [3]", { _ = batchNorm(training: Tensor.zeros([3])).result }),
      (
        "localResponseNorm: needs floating-point [batch, channels, ...] of rank 3 or more and a positive size, got float32 [2, 3] and 2",
        { _ = localResponseNorm(f32, size: 2) }
      ),
      (
        "localResponseNorm: needs floating-point [batch, channels, ...] of rank 3 or more and a positive size, got float32 [1, 2, 3, 4] and 0",
        { _ = localResponseNorm(images, size: 0) }
      ),
      ("normalize: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = normalize(f32, axis: 2) }),
      ("normalize: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = normalize(whole) }),
    ]
    for (message, body) in expected { #expect(misuse(body) == message) }
  }
}
