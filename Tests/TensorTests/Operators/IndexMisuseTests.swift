import Autograd
import Testing

private let f32 = Tensor.zeros([2, 3])
private let f64 = Tensor.zeros([2, 3], dtype: .float64)
private let whole = Tensor.zeros([2, 3], dtype: .int64)
private let flags = Tensor.zeros([2, 3], dtype: .bool)

/// What reading and writing at positions, order and search refuse.
@Suite struct IndexMisuseTests {
  @Test func indexing() {
    let expected: [(String, () -> Void)] = [
      (
        "gather: indices of shape [2] need the rank of shape [2, 3]",
        { _ = f32.gather(Tensor([0, 1] as [Int]), axis: 0) }
      ),
      (
        "gather: index 5 is out of range for axis 1 of shape [2, 3] (length 3)",
        { _ = f32.gather(Tensor([[0, 1, 5]] as [[Int]]), axis: 1) }
      ),
      (
        "gather: indices of shape [3, 1] do not fit shape [2, 3] off axis 1",
        { _ = f32.gather(Tensor([[0], [1], [2]] as [[Int]]), axis: 1) }
      ),
      ("gather: indices must be integers, got float32; convert with asType(.int64)", { _ = f32.gather(f32, axis: 0) }),
      ("gather: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.gather(Tensor([[0]] as [[Int]]), axis: 2) }),
      ("take: index 2 is out of range for axis 0 of shape [2, 3] (length 2)", { _ = f32.take(Tensor([2] as [Int])) }),
      ("take: indices must be integers, got float32; convert with asType(.int64)", { _ = f32.take(Tensor([0.0])) }),
      ("take: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.take(Tensor([0] as [Int]), axis: 2) }),
      (
        "scatter: indices [1, 2] and a source of float32 [1, 3] do not fit float32 [2, 3]; they need one shape, not longer than the tensor's off axis 0, and the source its dtype",
        { _ = f32.scatter(Tensor([[0, 1]] as [[Int]]), Tensor.zeros([1, 3]), axis: 0) }
      ),
      (
        "scatter: index 5 is out of range for axis 0 of shape [2, 3] (length 2)",
        { _ = f32.scatter(Tensor([[0, 5]] as [[Int]]), Tensor.zeros([1, 2]), axis: 0) }
      ),
      (
        "scatter: indices [1, 2] and a source of float64 [1, 2] do not fit float32 [2, 3]; they need one shape, not longer than the tensor's off axis 0, and the source its dtype",
        { _ = f32.scatter(Tensor([[0, 1]] as [[Int]]), Tensor.zeros([1, 2], dtype: .float64), axis: 0) }
      ),
      (
        "scatterAdd: indices [1] and a source of float32 [1] do not fit float32 [2, 3]; they need one shape, not longer than the tensor's off axis 0, and the source its dtype",
        { _ = f32.scatterAdd(Tensor([0] as [Int]), Tensor.zeros([1]), axis: 0) }
      ),
      (
        "scatterReduce: indices [1, 4] and a source of float32 [1, 4] do not fit float32 [2, 3]; they need one shape, not longer than the tensor's off axis 0, and the source its dtype",
        { _ = f32.scatterReduce(Tensor([[0, 0, 0, 0]] as [[Int]]), Tensor.zeros([1, 4]), axis: 0, .max) }
      ),
      (
        "scatterReduce: has no meaning for bool; convert with asType(.int32)",
        { _ = flags.scatterReduce(Tensor([[0]] as [[Int]]), Tensor.zeros([1, 1], dtype: .bool), axis: 0, .sum) }
      ),
      (
        "indexAdd: indices [2] and a source of float32 [1, 3] do not fit axis 0 of float32 [2, 3]; they need a vector and its slabs, of one dtype",
        { _ = f32.indexAdd(Tensor([0, 1] as [Int]), Tensor.zeros([1, 3]), axis: 0) }
      ),
      (
        "indexAdd: index 2 is out of range for axis 0 of shape [2, 3] (length 2)",
        { _ = f32.indexAdd(Tensor([2] as [Int]), Tensor.zeros([1, 3]), axis: 0) }
      ),
      (
        "indexAdd: indices [1] and a source of float64 [1, 3] do not fit axis 0 of float32 [2, 3]; they need a vector and its slabs, of one dtype",
        { _ = f32.indexAdd(Tensor([0] as [Int]), Tensor.zeros([1, 3], dtype: .float64), axis: 0) }
      ),
      (
        "indexCopy: indices [1, 1] and a source of float32 [1, 3] do not fit axis 0 of float32 [2, 3]; they need a vector and its slabs, of one dtype",
        { _ = f32.indexCopy(Tensor([[0]] as [[Int]]), Tensor.zeros([1, 3]), axis: 0) }
      ),
      (
        "indexCopy: axis 2 is out of range; rank 2 allows -2 ... 1",
        { _ = f32.indexCopy(Tensor([0] as [Int]), Tensor.zeros([1, 3]), axis: 2) }
      ),
      (
        "indexCopy: indices [1] and a source of int64 [1, 3] do not fit axis 0 of float32 [2, 3]; they need a vector and its slabs, of one dtype",
        { _ = f32.indexCopy(Tensor([0] as [Int]), Tensor.zeros([1, 3], dtype: .int64), axis: 0) }
      ),
      (
        "indexFill: takes one number, got shape [2]; see indexCopy",
        { _ = f32.indexFill(Tensor([0] as [Int]), Tensor.zeros([2]), axis: 0) }
      ),
      (
        "indexFill: needs a vector of indices, got shape [1, 1]",
        { _ = f32.indexFill(Tensor([[0]] as [[Int]]), 1, axis: 0) }
      ),
      (
        "indexFill: indices [1] and a source of int64 [1, 3] do not fit axis 0 of float32 [2, 3]; they need a vector and its slabs, of one dtype",
        { _ = f32.indexFill(Tensor([0] as [Int]), Tensor(1 as Int), axis: 0) }
      ),
      (
        "indexFill: index 7 is out of range for axis 0 of shape [2, 3] (length 2)",
        { _ = f32.indexFill(Tensor([7] as [Int]), 1, axis: 0) }
      ),
      (
        "maskedFill: the mask is bool [2]; it must be bool and broadcast with [2, 3]",
        { _ = f32.maskedFill(Tensor([true, false]), 1) }
      ),
      (
        "maskedFill: the mask is float32 [3]; it must be bool and broadcast with [2, 3]",
        { _ = f32.maskedFill(Tensor([1.0, 0.0, 1.0]), 1) }
      ),
      (
        "maskedFill: a value of float64 [1] does not fit float32 [2, 3]",
        { _ = f32.maskedFill(Tensor([true, false, true]), Tensor([1.0], dtype: .float64)) }
      ),
      (
        "maskedFill: a value of float32 [2] does not fit float32 [2, 3]",
        { _ = f32.maskedFill(Tensor([true, false, true]), Tensor([1.0, 2.0])) }
      ),
      (
        "maskedSelect: the mask is float32 [2, 3]; it must be bool and broadcast with [2, 3]",
        { _ = f32.maskedSelect(f32) }
      ),
      (
        "maskedSelect: the mask is bool [2]; it must be bool and broadcast with [2, 3]",
        { _ = f32.maskedSelect(Tensor([true, false])) }
      ),
      (
        "maskedScatter: the mask is true 6 times in float32 numbers, the source has 2 float32 elements",
        { _ = f32.maskedScatter(Tensor([true, true, true]), Tensor([1.0, 2.0])) }
      ),
      (
        "maskedScatter: the mask is true 6 times in float32 numbers, the source has 6 float64 elements",
        { _ = f32.maskedScatter(Tensor([true, true, true]), Tensor.zeros([6], dtype: .float64)) }
      ),
      ("sorted: axis 2 is out of range; rank 2 allows -2 ... 1", { _ = f32.sorted(axis: 2).values }),
      ("topK: axis 1 of shape [2, 3] does not have 4 elements", { _ = f32.topK(4).values }),
      ("topK: axis 1 of shape [2, 3] does not have -1 elements", { _ = f32.topK(-1).values }),
      ("kthValue: axis 1 of shape [2, 3] has no element 0", { _ = f32.kthValue(0).values }),
      ("kthValue: axis 1 of shape [2, 3] has no element 4", { _ = f32.kthValue(4).values }),
      (
        "median: there is no element along axis 1 of shape [2, 0]", { _ = Tensor.zeros([2, 0]).median(axis: 1).values }
      ),
      ("median: there is no element along axis 0 of shape [0]", { _ = Tensor.zeros([0]).median() }),
      ("mode: there is no element along axis 1 of shape [2, 0]", { _ = Tensor.zeros([2, 0]).mode().values }),
      (
        "quantile: the fractions lie within 0.5 ... 1.5; they must lie within 0 ... 1",
        { _ = f32.quantile(Tensor([0.5, 1.5]), axis: 0) }
      ),
      (
        "quantile: the fractions lie within -0.10000000149011612 ... -0.10000000149011612; they must lie within 0 ... 1",
        { _ = f32.quantile(Tensor([-0.1]), axis: 0) }
      ),
      (
        "quantile: fractions of float32 [1, 1] do not fit float32 [2, 3], axis 0",
        { _ = f32.quantile(Tensor([[0.5]]), axis: 0) }
      ),
      (
        "quantile: fractions of float64 [1] do not fit float32 [2, 3], axis 0",
        { _ = f32.quantile(Tensor([0.5], dtype: .float64), axis: 0) }
      ),
      (
        "quantile: fractions of float32 [1] do not fit float32 [2, 0], axis 1",
        { _ = Tensor.zeros([2, 0]).quantile(Tensor([0.5]), axis: 1) }
      ),
      (
        "quantile: needs floating-point numbers, got int64; convert with asType(.float32)",
        { _ = whole.quantile(Tensor([0.5]), axis: 0) }
      ),
      (
        "oneHot: label 3 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = oneHot(Tensor([0, 3] as [Int]), classes: 3) }
      ),
      (
        "oneHot: label -1 is out of range; labels are 0 ..< 3, the number of classes",
        { _ = oneHot(Tensor([0, -1] as [Int]), classes: 3) }
      ),
      (
        "oneHot: indices must be integers, got float32; convert with asType(.int64)",
        { _ = oneHot(Tensor([0.0]), classes: 3) }
      ),
      ("oneHot: the number of classes is -1; it must be 0 or more", { _ = oneHot(Tensor([0] as [Int]), classes: -1) }),
      ("searchSorted: needs a sorted vector, got shape []", { _ = searchSorted(Tensor(1.0), f32) }),
      (
        "searchSorted: takes numbers, got float32 and bool; convert truth values with asType(.int64)",
        { _ = searchSorted(Tensor([1, 2]), Tensor([true])) }
      ),
      (
        "searchSorted: values of shape [3, 3] do not fit rows of shape [2, 3]",
        { _ = searchSorted(f32, Tensor.zeros([3, 3])) }
      ),
      ("bincount: needs a vector of integers, 0 or more, got float32 [2, 3]", { _ = f32.bincount() }),
      (
        "bincount: needs a vector of integers, 0 or more, got int64 [2], the least of them -1",
        { _ = Tensor([0, -1] as [Int]).bincount() }
      ),
      (
        "bincount: the weights have shape [3]; they must be [2]",
        { _ = Tensor([0, 1] as [Int]).bincount(weights: Tensor.zeros([3])) }
      ),
      ("subscript: 3 indices are too many for shape [2, 3]", { _ = f32[0, 0, 0] }),
      ("subscript: index 2 is out of range for axis 0 of shape [2, 3] (length 2)", { _ = f32[2] }),
      ("subscript: a step of 0 leads nowhere", { _ = f32[SpecialIndex.stride(by: 0)] }),
      (
        "subscript: a mask of shape [3] does not fit axes 0... of shape [2, 3]",
        { _ = f32[Tensor([true, false, true])] }
      ),
      (
        "subscript: index 5 is out of range for axis 0 of shape [2, 3] (length 2)",
        { _ = f32[Tensor([0, 5] as [Int])] }
      ),
      (
        "subscript: index tensors of shapes [[2], [3]] do not broadcast",
        { _ = f32[Tensor([0, 1] as [Int]), Tensor([0, 1, 2] as [Int])] }
      ),
    ]
    for (message, body) in expected { #expect(misuse(body) == message) }
  }
}
