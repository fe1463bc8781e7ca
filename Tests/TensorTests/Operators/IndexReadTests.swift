import Autograd
import Testing

@testable import Tensor

struct IndexReadTests {
  @Test(arguments: 0..<8) func agreesWithTheDefinition(seed: Int) {
    var maker = RandomSubscript(random: SplitMix(UInt64(seed)))
    for round in 0..<100 {
      let shape = maker.shape()
      let dtype: DType = [.float64, .int32, .uint8, .float32, .int64][round % 5]
      let x = maker.source(shape, dtype: dtype)
      let entries = maker.entries(shape, tensors: true)
      let expected = IndexReference(shape, entries)
      let got = x[entries: entries]
      #expect(got.shape == Shape(expected.shape), "\(shape) \(entries)")
      let elements = doubles(x)
      #expect(doubles(got) == expected.sources.map { elements[$0] }, "\(shape) \(entries)")
    }
  }

  @Test(arguments: 0..<4) func gradientGoesBackToTheSources(seed: Int) {
    var maker = RandomSubscript(random: SplitMix(UInt64(100 + seed)))
    for _ in 0..<60 {
      let shape = maker.shape()
      let entries = maker.entries(shape, tensors: true)
      let expected = IndexReference(shape, entries)
      let x = maker.source(shape).tracked()
      let weights = (0..<expected.sources.count).map { Double($0 + 1) }
      (x[entries: entries] * Tensor(weights, shape: Shape(expected.shape))).sum().backward()
      var wanted = [Double](repeating: 0, count: x.count)
      for (weight, source) in zip(weights, expected.sources) { wanted[source] += weight }
      #expect(x.grad!.shape == shape && doubles(x.grad!) == wanted, "\(shape) \(entries)")
    }
  }

  @Test func everySpelling() {
    let x = Tensor.arange(24, dtype: .int32).reshaped([2, 3, 4])
    func list(_ x: Tensor) -> [Int] { doubles(x).map { Int($0) } }
    #expect(list(x[1, 2, 3]) == [23] && x[1, 2, 3].shape == [])
    #expect(list(x[-1, -1, -1]) == [23])
    #expect(list(x[0, 0, 1..<3]) == [1, 2] && list(x[0, 0, 1...2]) == [1, 2])
    #expect(
      list(x[0, 0, 2...]) == [2, 3] && list(x[0, 0, ..<2]) == [0, 1] && list(x[0, 0, ...2]) == [0, 1, 2])
    #expect(list(x[0, 0, (-2)...]) == [2, 3] && list(x[0, 0, ..<(-1)]) == [0, 1, 2])
    #expect(list(x[0, 0, ...(-1)]) == [0, 1, 2, 3])
    #expect(list(x[0, 0, -3 ... -1]) == [1, 2, 3] && list(x[0, 0, -3 ..< -1]) == [1, 2])
    #expect(list(x[0, 0, .stride(by: -1)]) == [3, 2, 1, 0])
    #expect(list(x[0, 0, .stride(from: 1, to: nil, by: 2)]) == [1, 3])
    #expect(x[..., 0].shape == [2, 3] && list(x[..., 0]) == [0, 4, 8, 12, 16, 20])
    #expect(x[0, ..., 1].shape == [3] && list(x[0, ..., 1]) == [1, 5, 9])
    #expect(x[0, ...].shape == [3, 4] && x[...].shape == x.shape && x[].shape == x.shape)
    #expect(x[.newAxis, .all, 0].shape == [1, 2, 4] && x[..., .newAxis].shape == [2, 3, 4, 1])
    #expect(x[Tensor([1, 0, 1], dtype: .int64)].shape == [3, 3, 4])
    #expect(x[.all, Tensor([true, false, true])].shape == [2, 2, 4])
    #expect(list(x[x .> 20]) == [21, 22, 23])
    #expect(x[5..<100].shape == [0, 3, 4])
  }

  @Test func severalIndexTensorsBroadcast() {
    let x = Tensor.arange(24, dtype: .float64).reshaped([2, 3, 4])
    let rows = Tensor([[0], [-1]], dtype: .int64)
    let columns = Tensor([2, 0, 1], dtype: .int32)
    #expect(x[rows, columns].shape == [2, 3, 4] && doubles(x[rows, columns, 1]) == [9, 1, 5, 21, 13, 17])
    #expect(doubles(x[.all, columns, Tensor([3, 0, 0], dtype: .int64)]) == [11, 0, 4, 23, 12, 16])
    let leaf = x.tracked()
    leaf[Tensor([0, 0], dtype: .int64), Tensor([1, 1], dtype: .int64)].sum().backward()
    #expect(doubles(leaf.grad![0]) == [0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0])
    var y = x
    y[rows, columns, 1] = Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float64)
    #expect(doubles(y[rows, columns, 1]) == [1, 2, 3, 4, 5, 6] && doubles(x[0, 2, 1]) == [9])
  }

  @Test func readingIsAView() {
    let x = Tensor.arange(24).reshaped([2, 3, 4])
    let base = x.storage.owner ?? x.storage
    for view in [
      x[1], x[.all, 1..<3], x[..., .stride(by: -1)], x[.newAxis, 0], x.transposed(), x[1, 2, 3],
      x.reshaped([6, 4]),
      x.expanded(to: [5, 2, 3, 4]), x.permuted([2, 0, 1])[1...],
    ] {
      #expect(view.storage.owner === base)
    }
    #expect(x[Tensor([0], dtype: .int64)].storage.owner !== base)
  }

  @Test func rankEightWorksAndNineIsRefused() {
    let x = Tensor.arange(4).reshaped([2, 1, 1, 1, 1, 1, 1, 2])
    #expect(doubles(x[1, ..., 1]) == [3] && doubles(x[.stride(by: -1), ..., 0]) == [2, 0])
    #expect(misuse { _ = x[.newAxis] } == "subscript: a new axis would give more than 8")
    #expect(misuse { _ = x[..., .newAxis] } == "subscript: a new axis would give more than 8")
    #expect(x[0, .newAxis].rank == 8)
    let indices = Tensor.zeros([1, 1], dtype: .int64)
    #expect(
      misuse { _ = x[indices] }
        == "subscript: indices of shape [1, 1] into [2, 1, 1, 1, 1, 1, 1, 2] would give more than 8 axes")
  }

  @Test func extremeBoundsClip() {
    let x = Tensor.arange(5)
    #expect(x[.stride(from: .min, to: .max, by: 1)].count == 5)
    #expect(doubles(x[.stride(from: 0, to: nil, by: .max)]) == [0])
    #expect(doubles(x[.stride(by: .min)]) == [4])
    #expect(x[Int.max...].count == 0 && x[...Int.max].count == 5)
  }

  @Test func misuseNamesWhatIsWrong() {
    let x = Tensor.zeros([2, 3])
    #expect(misuse { _ = x[2] } == "subscript: index 2 is out of range for axis 0 of shape [2, 3] (length 2)")
    #expect(
      misuse { _ = x[0, -4] } == "subscript: index -4 is out of range for axis 1 of shape [2, 3] (length 3)")
    #expect(misuse { _ = x[0, 0, 0] } == "subscript: 3 indices are too many for shape [2, 3]")
    #expect(misuse { _ = x[.stride(by: 0)] } == "subscript: a step of 0 leads nowhere")
    #expect(
      misuse { _ = x[AnyIndex(.ellipsis), AnyIndex(.ellipsis)] } == "subscript: `...` can stand once only")
    #expect(
      misuse { _ = x[Tensor([0, 2], dtype: .int64)] }
        == "subscript: index 2 is out of range for axis 0 of shape [2, 3] (length 2)")
    #expect(
      misuse { _ = x[Tensor([0.5])] }
        == "subscript: indices must be integers, got float32; convert with asType(.int64)")
    #expect(
      misuse { _ = x[Tensor([true, false, true])] }
        == "subscript: a mask of shape [3] does not fit axes 0... of shape [2, 3]")
    let index = Tensor([0], dtype: .int64)
    #expect(
      misuse { _ = Tensor.zeros([2, 2, 2])[index, .all, index] }
        == "subscript: index tensors must stand side by side, and a mask alone; use take or gather for others"
    )
    #expect(
      misuse { _ = x[Tensor([0, 1], dtype: .int64), Tensor([0, 1, 2], dtype: .int64)] }
        == "subscript: index tensors of shapes [[2], [3]] do not broadcast")
    #expect(misuse { _ = Tensor(1)[0] } == "subscript: 1 indices are too many for shape []")
  }
}
