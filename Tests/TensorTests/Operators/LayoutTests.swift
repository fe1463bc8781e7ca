import Autograd
import Testing

@testable import Tensor

struct LayoutTests {
  @Test func reshapeSharesMemoryWhereStridesAllow() {
    let x = Tensor.arange(24).reshaped([2, 3, 4])
    let base = x.storage.owner ?? x.storage
    #expect(x.reshaped([4, 6]).storage.owner === base)
    #expect(x.permuted([1, 2, 0]).reshaped([12, 2]).storage.owner === base)
    #expect(x.transposed().reshaped([24]).storage.owner !== base)
    #expect(x.reshaped([-1, 4]).shape == [6, 4] && x.reshaped([2, -1]).shape == [2, 12])
    #expect(
      x.flattened().shape == [24] && Tensor(3).flattened().shape == [1]
        && Tensor(3).reshaped([1, 1]).shape == [1, 1])
  }

  /// Random layouts under random shapes of as many elements.
  @Test(arguments: 0..<4) func reshapeKeepsRowMajorOrder(seed: Int) {
    var random = SplitMix(UInt64(400 + seed))
    var maker = RandomSubscript(random: random)
    for _ in 0..<150 {
      let shape = maker.shape()
      var x = maker.source(shape)
      if shape.rank > 1 && Bool.random(using: &random) {
        x = x.permuted(Array(0..<shape.rank).shuffled(using: &random))
      }
      x = x[entries: maker.entries(x.shape, tensors: false)]
      let elements = doubles(x)
      var wanted: [Int] = []
      var rest = x.count
      while rest > 1 {
        let divisors = (1...rest).filter { rest % $0 == 0 }
        let length = divisors.randomElement(using: &random)!
        if wanted.count == 6 { wanted.append(rest); rest = 1 } else { wanted.append(length); rest /= length }
      }
      if x.count == 0 { wanted = [[0], [3, 0], [0, 2, 5], [1, 0, 1]].randomElement(using: &random)! }
      let y = x.reshaped(Shape(wanted))
      #expect(y.shape == Shape(wanted) && doubles(y) == elements)
      // And back, through another copy of the strides.
      #expect(doubles(y.reshaped(x.shape)) == elements)
    }
  }

  @Test func emptyTensorsOfEveryLayoutReshape() {
    let x = Tensor.zeros([4, 6])[0..<0, .stride(by: 2)]
    #expect(x.shape == [0, 3] && x.reshaped([3, 0]).shape == [3, 0] && x.flattened().shape == [0])
    #expect(x.transposed().reshaped([0, 7]).shape == [0, 7] && x.sum().item() == 0)
    #expect((x + 1).shape == [0, 3] && concatenated([x, x]).shape == [0, 3])
  }

  @Test func permuteAndTranspose() {
    let x = Tensor.arange(24).reshaped([2, 3, 4])
    #expect(x.permuted([2, 0, 1]).shape == [4, 2, 3] && x.permuted([-1, 0, 1]).shape == [4, 2, 3])
    #expect(x.transposed().shape == [4, 3, 2] && x.transposed(0, -1).shape == [4, 3, 2])
    #expect(doubles(x.transposed(1, 2)[1, 2]) == [14, 18, 22])
    #expect(Tensor(1).transposed().shape == [] && Tensor([1, 2]).transposed().shape == [2])
    #expect(
      misuse { _ = x.permuted([0, 1]) } == "permuted: [0, 1] does not name each axis of shape [2, 3, 4] once")
    #expect(misuse { _ = x.permuted([0, 1, 1]) }?.hasPrefix("permuted: [0, 1, 1]") == true)
    #expect(misuse { _ = x.transposed(0, 3) } == "transposed: axis 3 is out of range; rank 3 allows -3 ... 2")
  }

  @Test func squeezeAndUnsqueeze() {
    let x = Tensor.zeros([1, 3, 1])
    #expect(
      x.squeezed().shape == [3] && x.squeezed(axis: 0).shape == [3, 1]
        && x.squeezed(axis: -1).shape == [1, 3])
    #expect(x.unsqueezed(axis: 0).shape == [1, 1, 3, 1] && x.unsqueezed(axis: -1).shape == [1, 3, 1, 1])
    #expect(misuse { _ = x.squeezed(axis: 1) } == "squeezed: axis 1 of shape [1, 3, 1] has length 3, not 1")
    #expect(Tensor(1).unsqueezed(axis: 0).shape == [1])
    #expect(
      misuse { _ = Tensor(1).squeezed(axis: 0) }
        == "squeezed: axis 0 is out of range; a tensor of rank 0 has no axes")
  }

  @Test func expand() {
    let x = Tensor([[1], [2]])
    #expect(doubles(x.expanded(to: [2, 2, 3])) == [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2])
    #expect(Tensor(1).expanded(to: [0, 3]).shape == [0, 3])
    #expect(misuse { _ = x.expanded(to: [3, 1]) } == "expanded: [2, 1] does not broadcast to [3, 1]")
    #expect(misuse { _ = x.expanded(to: [2]) }?.hasPrefix("expanded") == true)
    #expect(misuse { _ = Tensor([1]).expanded(to: [-1]) }?.hasPrefix("expanded") == true)
    let leaf = Tensor([1, 2], requiresGrad: true)
    leaf.expanded(to: [3, 2]).sum().backward()
    #expect(doubles(leaf.grad!) == [3, 3])
  }

  @Test func reshapeMisuse() {
    let x = Tensor.zeros([2, 3])
    #expect(misuse { _ = x.reshaped([4, 2]) } == "reshaped: [2, 3] has 6 elements and cannot become [4, 2]")
    #expect(misuse { _ = x.reshaped([-1, -1]) }?.hasPrefix("reshaped") == true)
    #expect(misuse { _ = x.reshaped([-1, 4]) }?.hasPrefix("reshaped") == true)
    #expect(misuse { _ = x.reshaped([-2, -3]) }?.hasPrefix("reshaped") == true)
    #expect(misuse { _ = Tensor.zeros([0]).reshaped([-1, 0]) }?.hasPrefix("reshaped") == true)
  }

  @Test(arguments: 0..<3) func concatenateAgreesWithTheDefinition(seed: Int) {
    var maker = RandomSubscript(random: SplitMix(UInt64(500 + seed)))
    for _ in 0..<40 {
      var shape = maker.shape(maxRank: 3)
      if shape.rank == 0 { shape = [2] }
      let axis = Int.random(in: 0..<shape.rank, using: &maker.random)
      let parts = (0..<Int.random(in: 1...4, using: &maker.random)).map { _ -> Tensor in
        shape[axis] = Int.random(in: 0...3, using: &maker.random)
        return maker.source(shape)
      }
      let whole = concatenated(parts, axis: axis - (Bool.random(using: &maker.random) ? shape.rank : 0))
      var start = 0
      for part in parts {
        var entries = Array(repeating: TensorIndexEntry.range(from: nil, to: nil, step: 1), count: shape.rank)
        entries[axis] = .range(from: start, to: start + part.shape[axis], step: 1)
        #expect(doubles(whole[entries: entries]) == doubles(part))
        start += part.shape[axis]
      }
      #expect(whole.shape[axis] == start)
    }
  }

  @Test func stackAndMisuse() {
    let a = Tensor([1, 2])
    #expect(
      doubles(stacked([a, a * 10], axis: 1)) == [1, 10, 2, 20] && stacked([a, a], axis: -1).shape == [2, 2])
    #expect(stacked([Tensor(1), Tensor(2)]).shape == [2])
    #expect(misuse { _ = concatenated([]) } == "concatenated: there is no tensor to concatenate")
    #expect(
      misuse { _ = concatenated([Tensor.zeros([2, 3]), Tensor.zeros([2, 4])]) }
        == "concatenated: float32 [2, 3] and float32 [2, 4] differ off axis 0; dtypes and all other lengths must be equal"
    )
    #expect(misuse { _ = concatenated([a, a.asType(.float64)]) }?.contains("float64 [2]") == true)
    #expect(misuse { _ = concatenated([Tensor(1)]) }?.contains("has no axes") == true)
    #expect(
      misuse { _ = stacked([a, Tensor([1])]) } == "stacked: the shapes [2] and [1] differ; they must be equal"
    )
  }

  @Test func takeAndGather() {
    let x = Tensor.arange(12).reshaped([3, 4])
    let pick = Tensor([2, 0, -1], dtype: .int64)
    #expect(doubles(x.take(pick)[0]) == [8, 9, 10, 11] && doubles(x.take(pick)[2]) == [8, 9, 10, 11])
    #expect(x.take(pick.reshaped([3, 1]), axis: 1).shape == [3, 3, 1])
    #expect(x.take(Tensor([], dtype: .int64)).shape == [0, 4])
    #expect(Tensor.zeros([0, 4]).take(Tensor([1], dtype: .int32), axis: 1).shape == [0, 1])
    #expect(x.take(Tensor(1, dtype: .int64)).shape == [4])
    #expect(doubles(x.gather(Tensor([[0], [3], [-2]], dtype: .int64), axis: 1)) == [0, 7, 10])
    #expect(doubles(x.gather(Tensor([[2, 1, 0, 0]], dtype: .int32), axis: 0)) == [8, 5, 2, 3])
    #expect(doubles(x.gather(Tensor([[1]], dtype: .uint8), axis: 0)) == [4, 5, 6, 7])
    #expect(x.gather(Tensor.zeros([3, 0], dtype: .int64), axis: 1).shape == [3, 0])
    #expect(
      misuse { _ = Tensor.zeros([0, 4]).take(Tensor([0], dtype: .int64)) }?.contains("(length 0)") == true)
    #expect(
      misuse { _ = x.gather(Tensor([1], dtype: .int64), axis: 0) }
        == "gather: indices of shape [1] need the rank of shape [3, 4]")
    #expect(
      misuse { _ = x.gather(Tensor([[1, 1, 1]], dtype: .int64), axis: 0) }
        == "gather: indices of shape [1, 3] do not fit shape [3, 4] off axis 0")
    #expect(misuse { _ = x.take(Tensor([true])) }?.contains("indices must be integers, got bool") == true)
  }

  @Test func indicesAreCopied() {
    var indices = Tensor([0, 1], dtype: .int64)
    let x = Tensor([5, 7, 9], requiresGrad: true)
    let y = x.take(indices)
    indices[0] = Tensor(2, dtype: .int64)
    y.sum().backward()
    #expect(doubles(x.grad!) == [1, 1, 0])
    // Negative positions are replaced in a copy, not in the caller's tensor.
    let negative = Tensor([-1], dtype: .int64)
    _ = x.take(negative)
    #expect(negative.item() == -1)
  }
}
