import Autograd
import Testing

private let f32 = Tensor.zeros([2, 3])
private let f64 = Tensor.zeros([2, 3], dtype: .float64)
private let whole = Tensor.zeros([2, 3], dtype: .int64)

/// What losses refuse; labels never count from the end.
@Suite struct LossMisuseTests {
  @Test func losses() {
    let expected: [(String, () -> Void)] = [
      (
        "l1Loss: the shapes [2, 3] and [3] differ; they must be equal, use reshaped",
        { _ = l1Loss(f32, Tensor.zeros([3])) }
      ),
      ("smoothL1: beta is -1.0; it must not be negative", { _ = smoothL1(f32, f32, beta: -1) }),
      (
        "smoothL1: the dtypes are float32, float64; they must be one floating-point dtype, convert with asType",
        { _ = smoothL1(f32, f64) }
      ),
      ("huber: delta is 0.0; it must be positive", { _ = huber(f32, f32, delta: 0) }),
      (
        "huber: the shapes [2, 3] and [2] differ; they must be equal, use reshaped",
        { _ = huber(f32, Tensor.zeros([2])) }
      ),
      (
        "poissonNLL: the shapes [2, 3] and [2, 1] differ; they must be equal, use reshaped",
        { _ = poissonNLL(f32, Tensor.zeros([2, 1])) }
      ),
      (
        "poissonNLL: the dtypes are int64, int64; they must be one floating-point dtype, convert with asType",
        { _ = poissonNLL(whole, whole) }
      ),
      (
        "gaussianNLL: the variance has shape [3]; it must be [2, 3], or the same with a last axis of 1",
        { _ = gaussianNLL(f32, f32, variance: Tensor.zeros([3])) }
      ),
      (
        "gaussianNLL: the shapes [2, 3] and [3] differ; they must be equal, use reshaped",
        { _ = gaussianNLL(f32, Tensor.zeros([3]), variance: f32) }
      ),
      (
        "binaryCrossEntropy: the shapes [2, 3] and [2] differ; they must be equal, use reshaped",
        { _ = binaryCrossEntropy(f32, Tensor.zeros([2])) }
      ),
      (
        "binaryCrossEntropy: weight is float32 [2] and does not broadcast to float32 [2, 3]",
        { _ = binaryCrossEntropy(f32, f32, weight: Tensor.zeros([2])) }
      ),
      (
        "binaryCrossEntropyWithLogits: the dtypes are float32, float64; they must be one floating-point dtype, convert with asType",
        { _ = binaryCrossEntropyWithLogits(f32, f64) }
      ),
      (
        "binaryCrossEntropyWithLogits: positiveWeight is float32 [2] and does not broadcast to float32 [2, 3]",
        { _ = binaryCrossEntropyWithLogits(f32, f32, positiveWeight: Tensor.zeros([2])) }
      ),
      (
        "klDivergence: the shapes [2, 3] and [3, 2] differ; they must be equal, use reshaped",
        { _ = klDivergence(f32, Tensor.zeros([3, 2])) }
      ),
      (
        "hingeEmbedding: the shapes [2, 3] and [2] differ; they must be equal, use reshaped",
        { _ = hingeEmbedding(f32, Tensor.zeros([2])) }
      ),
      (
        "softMargin: the shapes [2, 3] and [2] differ; they must be equal, use reshaped",
        { _ = softMargin(f32, Tensor.zeros([2])) }
      ),
      (
        "marginRanking: the shapes [2, 3] and [2] differ; they must be equal, use reshaped",
        { _ = marginRanking(f32, f32, Tensor.zeros([2])) }
      ),
      (
        "cosineSimilarity: the shapes [2, 3] and [2, 4] do not broadcast",
        { _ = cosineSimilarity(f32, Tensor.zeros([2, 4])) }
      ),
      ("cosineSimilarity: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = cosineSimilarity(f32, f32, axis: 2) }),
      (
        "cosineSimilarity: the dtypes are int64, int64; they must be one floating-point dtype, convert with asType",
        { _ = cosineSimilarity(whole, whole) }
      ),
      (
        "cosineEmbedding: needs vectors [rows, length] and y [rows], got [2, 3] and [3]",
        { _ = cosineEmbedding(f32, f32, Tensor.zeros([3])) }
      ),
      (
        "cosineEmbedding: the shapes [2, 3] and [2, 2] differ; they must be equal, use reshaped",
        { _ = cosineEmbedding(f32, Tensor.zeros([2, 2]), Tensor.zeros([2])) }
      ),
      (
        "pairwiseDistance: the shapes [2, 3] and [2, 2] are no vectors that broadcast",
        { _ = pairwiseDistance(f32, Tensor.zeros([2, 2])) }
      ),
      (
        "pairwiseDistance: the shapes [] and [] are no vectors that broadcast",
        { _ = pairwiseDistance(Tensor(1.0), Tensor(1.0)) }
      ),
      (
        "tripletMargin: the shapes [2, 3] and [2, 2] differ; they must be equal, use reshaped",
        { _ = tripletMargin(f32, f32, Tensor.zeros([2, 2])) }
      ),
      (
        "nllLoss: label 3 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = nllLoss(f32, Tensor([0, 3], dtype: .int64)) }
      ),
      (
        "nllLoss: label -1 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = nllLoss(f32, Tensor([0, -1], dtype: .int64)) }
      ),
      (
        "nllLoss: needs floating-point numbers [rows, classes, ...] and integer labels [rows, ...], got float32 [2, 3] and int64 [1]",
        { _ = nllLoss(f32, Tensor([0], dtype: .int64)) }
      ),
      (
        "nllLoss: needs floating-point numbers [rows, classes, ...] and integer labels [rows, ...], got float32 [2, 3] and float32 [2]",
        { _ = nllLoss(f32, Tensor([0.0, 1.0])) }
      ),
      (
        "nllLoss: the weights are float32 [2]; they must be float32 [3]",
        { _ = nllLoss(f32, Tensor([0, 1], dtype: .int64), weights: Tensor.zeros([2])) }
      ),
      (
        "nllLoss: needs floating-point numbers [rows, classes, ...] and integer labels [rows, ...], got float32 [] and int64 []",
        { _ = nllLoss(Tensor(1.0), Tensor(1 as Int)) }
      ),
      (
        "crossEntropy: label 3 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = crossEntropy(f32, Tensor([0, 3], dtype: .int64), reduction: .sum) }
      ),
      (
        "crossEntropy: label -1 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = crossEntropy(f32, Tensor([0, -1], dtype: .int64), reduction: .sum) }
      ),
      (
        "crossEntropy: the shapes [2, 3] and [2, 2] differ; they must be equal, use reshaped",
        { _ = crossEntropy(f32, Tensor.zeros([2, 2])) }
      ),
      (
        "crossEntropy: needs floating-point logits with a class axis and a smoothing of 0 ... 1, got float32 [2, 3] and 2.0",
        { _ = crossEntropy(f32, Tensor([0, 1], dtype: .int64), labelSmoothing: 2) }
      ),
      (
        "crossEntropy: the weights are float64 [3]; they must be float32 [3]",
        { _ = crossEntropy(f32, Tensor([0, 1], dtype: .int64), weights: Tensor.zeros([3], dtype: .float64)) }
      ),
      (
        "crossEntropy: needs floating-point logits with a class axis and a smoothing of 0 ... 1, got int64 [2, 3] and 0.0",
        { _ = crossEntropy(whole, Tensor([0, 1], dtype: .int64), reduction: .none) }
      ),
      (
        "multiMargin: label 3 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = multiMargin(f32, Tensor([0, 3], dtype: .int64)) }
      ),
      (
        "multiMargin: label -1 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = multiMargin(f32, Tensor([0, -1], dtype: .int64)) }
      ),
      (
        "multiMargin: needs a label for each row of [2, 3] and p of 1 or 2, got [1] and 1",
        { _ = multiMargin(f32, Tensor([0], dtype: .int64)) }
      ),
      (
        "multiMargin: needs a label for each row of [2, 3] and p of 1 or 2, got [2] and 3",
        { _ = multiMargin(f32, Tensor([0, 1], dtype: .int64), p: 3) }
      ),
      (
        "multiMargin: the weights are float32 [2]; they must be float32 [3]",
        { _ = multiMargin(f32, Tensor([0, 1], dtype: .int64), weights: Tensor.zeros([2])) }
      ),
      (
        "multiMargin: needs floating-point [rows, classes] or [classes], got float32 [2, 2, 2]",
        { _ = multiMargin(Tensor.zeros([2, 2, 2]), Tensor([0, 1], dtype: .int64)) }
      ),
      (
        "multilabelMargin: the shapes [2, 3] and [2] must be equal and targets integers, got int64",
        { _ = multilabelMargin(f32, Tensor([0, 1], dtype: .int64)) }
      ),
      (
        "multilabelMargin: the shapes [2, 3] and [2, 3] must be equal and targets integers, got float32",
        { _ = multilabelMargin(f32, f32) }
      ),
      (
        "multilabelMargin: the target 3 is no class 0 ..< 3",
        { _ = multilabelMargin(f32, Tensor([[0, 3, -1], [1, -1, -1]] as [[Int]])) }
      ),
      (
        "multilabelSoftMargin: the shapes [2, 3] and [2] differ; they must be equal, use reshaped",
        { _ = multilabelSoftMargin(f32, Tensor.zeros([2])) }
      ),
      (
        "multilabelSoftMargin: needs [..., classes], got a number",
        { _ = multilabelSoftMargin(Tensor(1.0), Tensor(1.0)) }
      ),
      (
        "mse: the dtypes are int64, int64; they must be one floating-point dtype, convert with asType",
        { _ = mse(whole, whole) }
      ),
    ]
    for (message, body) in expected { #expect(misuse(body) == message) }
  }
}
