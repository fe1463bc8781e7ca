import Autograd
import Testing

private let f32 = Tensor.zeros([2, 3])
private let f64 = Tensor.zeros([2, 3], dtype: .float64)
private let whole = Tensor.zeros([2, 3], dtype: .int64)
private let flags = Tensor.zeros([2, 3], dtype: .bool)

/// What reductions and running sums refuse: each names the operator that was called, not one it is made of.
@Suite struct ReductionMisuseTests {
  @Test func reductions() {
    let expected: [(String, () -> Void)] = [
      ("sum: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.sum(axis: 2) }),
      ("sum: axis 0 is named twice in [0, 0]", { _ = f32.sum(axes: [0, 0]) }),
      ("mean: axis -3 is out of range; rank 2 allows -2 ... 1", { _ = f32.mean(axis: -3) }),
      ("mean: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = whole.mean() }),
      ("max: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.max(axis: 2) }),
      ("max: has no meaning for bool; convert with asType(.int32), or use any() or all()", { _ = flags.max() }),
      (
        "max: there is no element to choose from: shape [2, 0] is empty along a reduced axis",
        { _ = Tensor.zeros([2, 0]).max() }
      ),
      (
        "min: there is no element to choose from: shape [2, 0] is empty along a reduced axis",
        { _ = Tensor.zeros([2, 0]).min(axis: 1) }
      ),
      ("argmax: there is no element to choose from along axis 0 of shape [0]", { _ = Tensor.zeros([0]).argmax() }),
      (
        "argmin: there is no element to choose from along axis 1 of shape [2, 0]",
        { _ = Tensor.zeros([2, 0]).argmin(axis: 1) }
      ),
      ("argmax: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.argmax(axis: 2) }),
      ("prod: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.prod(axis: 2) }),
      ("variance: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = whole.variance() }),
      ("variance: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.variance(axes: [2]) }),
      (
        "standardDeviation: needs floating-point numbers, got int64; convert with asType(.float32)",
        { _ = whole.standardDeviation() }
      ),
      ("norm: the order is NaN", { _ = f32.norm(.nan) }),
      ("norm: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = whole.norm() }),
      ("norm: axis -2 is named twice in [0, -2]", { _ = f32.norm(axes: [0, -2]) }),
      ("any: axis 3 is out of range; rank 2 allows -2 ... 1", { _ = f32.any(axes: [3]) }),
      ("all: axis 3 is out of range; rank 2 allows -2 ... 1", { _ = f32.all(axes: [3]) }),
      ("countNonzero: axis 3 is out of range; rank 2 allows -2 ... 1", { _ = f32.countNonzero(axes: [3]) }),
      ("nansum: axis 3 is out of range; rank 2 allows -2 ... 1", { _ = f32.nansum(axes: [3]) }),
      ("nanmean: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = whole.nanmean() }),
      ("logSumExp: axis 0 is named twice in [0, 0]", { _ = logSumExp(f32, axes: [0, 0]) }),
      (
        "logSumExp: needs floating-point numbers, got int64; convert with asType(.float32)",
        { _ = logSumExp(whole, axes: [0]) }
      ),
      ("cumsum: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.cumsum(axis: 2) }),
      ("cumprod: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.cumprod(axis: 2) }),
      (
        "logCumSumExp: needs floating-point numbers, got int64; convert with asType(.float32)",
        { _ = whole.logCumSumExp(axis: 0) }
      ),
      ("cummax: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.cummax(axis: 2).values }),
      ("diff: the order -1 is negative", { _ = f32.diff(order: -1) }),
      ("diff: has no meaning for bool; convert with asType(.int32)", { _ = flags.diff() }),
      ("diff: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.diff(axis: 2) }),
      ("trapezoid: needs floating-point numbers, got int64; convert with asType(.float32)", { _ = whole.trapezoid() }),
      (
        "trapezoid: points of shape [2] fit neither [2, 3] nor its axis 1",
        { _ = f32.trapezoid(at: Tensor([1.0, 2.0])) }
      ),
      (
        "trapezoid: the points are float64; they must be float32, convert with asType(.float32)",
        { _ = f32.trapezoid(at: f64) }
      ),
      ("cumulativeTrapezoid: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.cumulativeTrapezoid(axis: 2) }),
      (
        "cumulativeTrapezoid: needs floating-point numbers, got int64; convert with asType(.float32)",
        { _ = whole.cumulativeTrapezoid() }
      ),
    ]
    for (message, body) in expected { #expect(misuse(body) == message) }
  }
}
