import Autograd
import Testing

@testable import Tensor

struct ReductionTests {
  /// One result of reducing `axes`, by walking over all elements.
  private func reference(
    _ x: Tensor, _ axes: [Int], _ start: Double, _ combine: (Double, Double) -> Double
  ) -> [Double] {
    let kept = (0..<x.rank).filter { !axes.contains($0) }
    let elements = doubles(x.permuted(kept + axes))
    let length = axes.reduce(1) { $0 * x.shape[$1] }
    let count = kept.reduce(1) { $0 * x.shape[$1] }
    return (0..<count).map { k in elements[(k * length)..<((k + 1) * length)].reduce(start, combine) }
  }

  @Test(arguments: 0..<6) func agreesWithTheDefinition(seed: Int) {
    var maker = RandomSubscript(random: SplitMix(UInt64(600 + seed)))
    for round in 0..<60 {
      let shape = maker.shape()
      let dtype: DType = [.float32, .float64, .int32, .int64, .uint8][round % 5]
      let x = maker.source(shape, dtype: dtype)
      let axes = (0..<shape.rank).filter { _ in Bool.random(using: &maker.random) }
      let keep = Bool.random(using: &maker.random)
      let named = axes.map { Bool.random(using: &maker.random) ? $0 : $0 - shape.rank }
      let sum = x.sum(axes: named, keepDims: keep)
      let expected = reference(x, axes, 0, +)
      #expect(
        doubles(sum) == expected && sum.dtype == (dtype.isFloatingPoint ? dtype : .int64),
        "sum over \(axes) of \(dtype) \(shape)")
      var wanted = Shape()
      for axis in 0..<shape.rank {
        if !axes.contains(axis) { wanted.append(shape[axis]) } else if keep { wanted.append(1) }
      }
      #expect(sum.shape == wanted)
      guard axes.allSatisfy({ shape[$0] > 0 }) else { continue }
      #expect(doubles(x.max(axes: named)) == reference(x, axes, -.infinity, Swift.max))
      #expect(doubles(x.min(axes: named)) == reference(x, axes, .infinity, Swift.min))
      if dtype.isFloatingPoint {
        let length = Double(axes.reduce(1) { $0 * shape[$1] })
        let mean = reference(x, axes, 0, +).map { $0 / length }
        #expect(
          zip(doubles(x.mean(axes: named)), mean).allSatisfy { Swift.abs($0 - $1) <= 1e-6 * Swift.abs($1) })
      }
    }
  }

  /// Lengths around the block sizes of vector kernels and of parts.
  @Test(arguments: [1, 2, 7, 15, 16, 17, 31, 63, 64, 65, 127, 128, 129, 255, 257, 1000, 4095, 4097, 65537])
  func oddLengths(length: Int) {
    let x = Tensor.arange(length, dtype: .float64)
    let total = Double(length) * Double(length - 1) / 2
    #expect(x.sum().item() == total && x.max().item() == Double(length - 1) && x.min().item() == 0)
    #expect(x.argmax().item() == Double(length - 1))
    let matrix = Tensor.arange(3 * length, dtype: .float32).reshaped([3, length])
    #expect(doubles(matrix.max(axis: 1)) == (1...3).map { Double($0 * length - 1) })
    #expect(doubles(matrix.transposed().max(axis: 0)) == (1...3).map { Double($0 * length - 1) })
    #expect(doubles(Tensor.ones([3, length]).sum(axis: 1)) == Array(repeating: Double(length), count: 3))
    #expect(doubles(Tensor.ones([length, 3]).sum(axis: 0)) == Array(repeating: Double(length), count: 3))
    #expect(
      doubles(Tensor.ones([length, 3])[.stride(by: -1)].sum(axis: 0))
        == Array(repeating: Double(length), count: 3))
  }

  @Test func repeatedAndSlicedInputs() {
    let x = Tensor([1, 2, 3]).expanded(to: [4, 3])
    #expect(
      doubles(x.sum(axis: 0)) == [4, 8, 12] && doubles(x.sum(axis: 1)) == [6, 6, 6, 6] && x.sum().item() == 24
    )
    #expect(
      doubles(x.transposed().max(axis: 0)) == [3, 3, 3, 3] && doubles(x.argmax(axis: 1)) == [2, 2, 2, 2])
    let y = Tensor.arange(60).reshaped([3, 4, 5])[.stride(by: -2), 1..<3, .stride(by: 3)]
    #expect(doubles(y.sum(axes: [0, 2])) == [106, 126] && doubles(y.min(axes: [1])) == [45, 48, 5, 8])
    #expect(Tensor(2).expanded(to: [700, 500]).sum().item() == 700_000)
    #expect(doubles(Tensor([1, 2]).expanded(to: [300_000, 2]).sum(axis: 0)) == [300_000, 600_000])
  }

  @Test func sumsInFloat32AreAccurate() {
    let x = Tensor.full([3_000_000], 0.1)
    let each = Double(Float(0.1))
    #expect(Swift.abs(x.sum().item() / (each * 3e6) - 1) < 3e-7)
    #expect(Swift.abs(x.reshaped([3, 1_000_000]).sum(axis: 1)[1].item() / (each * 1e6) - 1) < 3e-7)
    #expect(Swift.abs(x.reshaped([1_000_000, 3]).sum(axis: 0)[1].item() / (each * 1e6) - 1) < 3e-7)
  }

  @Test func emptyReductions() {
    let x = Tensor.zeros([2, 0, 3])
    #expect(
      x.sum().item() == 0 && doubles(x.sum(axis: 1)) == [0, 0, 0, 0, 0, 0] && x.sum(axis: 0).shape == [0, 3])
    #expect(x.mean().item().isNaN && x.max(axis: 0).shape == [0, 3] && x.argmax(axis: 2).shape == [2, 0])
    #expect(
      misuse { _ = x.max() }
        == "max: there is no element to choose from: shape [2, 0, 3] is empty along a reduced axis")
    #expect(
      misuse { _ = x.argmin(axis: 1) }?.hasPrefix("argmin: there is no element to choose from along axis 1")
        == true)
    #expect(misuse { _ = Tensor([]).argmax() }?.hasPrefix("argmax: there is no element") == true)
    #expect(Tensor(5).sum().item() == 5 && Tensor(5).max().item() == 5 && Tensor(5).sum(axes: []).item() == 5)
    #expect(Tensor.zeros([0, 2]).sum(axes: []).shape == [0, 2])
    let leaf = Tensor.zeros([0], dtype: .float32).tracked()
    leaf.sum().backward()
    #expect(leaf.grad!.shape == [0])
  }

  @Test func nanWins() {
    for dtype in [DType.float32, .float64] {
      for length in [2, 9, 33, 200] {
        for position in [0, 1, length / 2, length - 1] {
          var x = Tensor.arange(length, dtype: dtype)
          x[position] = Tensor.full([], .nan, dtype: dtype)
          #expect(x.max().item().isNaN && x.min().item().isNaN)
          #expect(x.argmax().item() == Double(position) && x.argmin().item() == Double(position))
          let rows = stacked([Tensor.ones(like: x), x], axis: 1)
          #expect(rows.max(axis: 0)[1].item().isNaN && !rows.max(axis: 0)[0].item().isNaN)
        }
      }
    }
    #expect(Tensor([-.infinity, -.infinity] as [Float]).max().item() == -.infinity)
    #expect(Tensor([.infinity, -.infinity] as [Float]).sum().item().isNaN)
  }

  @Test func argExtremes() {
    let x = Tensor([[1, 5, 5], [7, 2, 7]])
    #expect(doubles(x.argmax(axis: 1)) == [1, 0] && doubles(x.argmin(axis: 0)) == [0, 1, 0])
    #expect(x.argmax().item() == 3 && x.argmax().dtype == .int64)
    #expect(x.argmax(axis: 1, keepDims: true).shape == [2, 1] && x.argmax(keepDims: true).shape == [1, 1])
    #expect(doubles(x.transposed().argmax(axis: 0)) == [1, 0])
    #expect(Tensor([3, 9, 9] as [Int]).argmax().item() == 1 && Tensor([true, false]).argmin().item() == 1)
    var random = SplitMix(9)
    for length in [5, 16, 100, 1000] {
      let y = random.wholeNumbers([length, 3], in: -50...50, dtype: .float32)
      for column in 0..<3 {
        let values = doubles(y[.all, column])
        #expect(y.argmax(axis: 0)[column].item() == Double(values.firstIndex(of: values.max()!)!))
        #expect(y.argmin(axis: 0)[column].item() == Double(values.firstIndex(of: values.min()!)!))
      }
    }
  }

  @Test func boolsAreCounted() {
    let x = Tensor([[true, false], [true, true]])
    #expect(x.sum().dtype == .int64 && x.sum().item() == 3 && doubles(x.sum(axis: 0)) == [2, 1])
    let message = misuse { _ = x.max() }
    #expect(message?.hasPrefix("max: has no meaning for bool; convert with asType(.int32)") == true)
    #expect(
      misuse { _ = Tensor([1] as [Int]).mean() }
        == "mean: needs floating-point numbers, got int64; convert with asType(.float32)")
  }

  @Test func axesAreChecked() {
    let x = Tensor.zeros([2, 3])
    #expect(misuse { _ = x.sum(axis: 2) } == "sum: axis 2 is out of range; rank 2 allows -2 ... 1")
    #expect(misuse { _ = x.sum(axes: [0, -2]) } == "sum: axis -2 is named twice in [0, -2]")
    #expect(
      misuse { _ = Tensor(1).mean(axis: 0) } == "mean: axis 0 is out of range; a tensor of rank 0 has no axes"
    )
  }

  @Test func gradients() {
    let x = Tensor([[1, 4, 4], [2, 0, 1]], requiresGrad: true)
    (x.max(axis: 1) * Tensor([10, 100])).sum().backward()
    #expect(doubles(x.grad!) == [0, 5, 5, 100, 0, 0])
    x.clearGrad()
    (x.mean(axis: 0, keepDims: true) * Tensor([[2, 4, 6]])).sum().backward()
    #expect(doubles(x.grad!) == [1, 2, 3, 1, 2, 3])
  }
}
