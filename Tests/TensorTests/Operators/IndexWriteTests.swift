import Autograd
import Testing

@testable import Tensor

struct IndexWriteTests {
  @Test(arguments: 0..<8) func changesTheSelectedElementsOfThisNameOnly(seed: Int) {
    var maker = RandomSubscript(random: SplitMix(UInt64(200 + seed)))
    for round in 0..<100 {
      let shape = maker.shape()
      let dtype: DType = [.float64, .int32, .uint8, .float32, .int64][round % 5]
      let x = maker.source(shape, dtype: dtype)
      let before = doubles(x)
      let entries = maker.entries(shape, tensors: true)
      let expected = IndexReference(shape, entries)
      let value = maker.random.wholeNumbers(Shape(expected.shape), in: 100...120, dtype: dtype)
      var written = x
      written[entries: entries] = value
      var wanted = before
      for (element, source) in zip(doubles(value), expected.sources) { wanted[source] = element }
      #expect(doubles(written) == wanted, "\(shape) \(entries)")
      #expect(doubles(x) == before && written.shape == shape && written.dtype == dtype)
      // A number is written everywhere.
      written[entries: entries] = Tensor.full([], 77, dtype: dtype)
      for source in expected.sources { wanted[source] = 77 }
      #expect(doubles(written) == wanted && doubles(x) == before)
    }
  }

  /// With y = x; y[...] = v: x has the cotangent where nothing was written, v that of the element that stayed.
  @Test(arguments: 0..<4) func isRecorded(seed: Int) {
    var maker = RandomSubscript(random: SplitMix(UInt64(300 + seed)))
    for _ in 0..<60 {
      let shape = maker.shape()
      let entries = maker.entries(shape, tensors: true)
      let expected = IndexReference(shape, entries)
      let x = maker.source(shape).tracked()
      let v = maker.random.wholeNumbers(Shape(expected.shape), dtype: .float64).tracked()
      var y = x
      y[entries: entries] = v
      let weights = (0..<x.count).map { Double($0 + 1) }
      (y * Tensor(weights, shape: shape)).sum().backward()
      var toX = weights
      var last = [Int: Int]()
      for (position, source) in expected.sources.enumerated() {
        toX[source] = 0
        last[source] = position
      }
      let toV = expected.sources.enumerated().map { last[$1] == $0 ? weights[$1] : 0 }
      #expect(doubles(x.grad!) == toX, "\(shape) \(entries)")
      #expect(doubles(v.grad!) == toV, "\(shape) \(entries)")
    }
  }

  @Test func oneSideMayBeConstant() {
    let x = Tensor([1, 2, 3], requiresGrad: true)
    var y = x
    y[1] = Tensor(10)
    (y * y).sum().backward()
    #expect(doubles(x.grad!) == [2, 0, 6] && doubles(x) == [1, 2, 3])
    let v = Tensor(5, requiresGrad: true)
    var z = Tensor.zeros([2, 2])
    z[.all, 0] = v
    (z * Tensor([[1, 2], [3, 4]])).sum().backward()
    #expect(v.grad!.shape == [] && v.grad!.item() == 4)
    // Pushed forward, and with a tangent on one side only.
    let along = jvp(
      { (v: Tensor) in
        var w = Tensor.ones([3]); w[0...1] = v; return w
      }, at: Tensor(2), along: Tensor(1))
    #expect(doubles(along.value) == [2, 2, 1] && doubles(along.tangent) == [1, 1, 0])
    let other = jvp(
      { (x: Tensor) in
        var w = x; w[0] = Tensor(9); return w * w
      }, at: Tensor([1, 2]), along: Tensor([1, 1]))
    #expect(doubles(other.value) == [81, 4] && doubles(other.tangent) == [0, 4])
  }

  @Test func neverChangesAnotherName() {
    var x = Tensor.arange(6).reshaped([2, 3])
    let name = x
    let view = x[1]
    let transposed = x.transposed()
    let tuple = (x, [x])
    x[1, 1] = Tensor(99)
    x[0] = Tensor(-1)
    for other in [name, tuple.0, tuple.1[0]] { #expect(doubles(other) == [0, 1, 2, 3, 4, 5]) }
    #expect(doubles(view) == [3, 4, 5] && doubles(transposed) == [0, 3, 1, 4, 2, 5])
    #expect(doubles(x) == [-1, -1, -1, 3, 99, 5])
    // Writing through a view does not change what it is a view of.
    var row = name[0]
    row[0] = Tensor(50)
    #expect(doubles(name) == [0, 1, 2, 3, 4, 5] && doubles(row) == [50, 1, 2])
  }

  @Test func neverChangesASavedValue() {
    let w = Tensor([2, 3], requiresGrad: true)
    var x = Tensor([5, 7])
    let y = w * x
    let z = sin(y)
    x[0] = Tensor(1000)
    var seen = y.detached()
    seen[0] = Tensor(-4)
    z.sum().backward()
    let expected = zip([10.0, 21], [5.0, 7]).map { cos($0) * $1 }
    #expect(zip(doubles(w.grad!), expected).allSatisfy { Swift.abs($0 - $1) < 1e-5 })
    // Nor a leaf's gradient that was taken before.
    var gradient = w.grad!.detached()
    gradient[0] = Tensor(0)
    #expect(Swift.abs(w.grad![0].item() - expected[0]) < 1e-5)
  }

  @Test func overlappingCopiesReadTheOldValues() {
    var x = Tensor.arange(6)
    x[1...] = x[..<5]
    #expect(doubles(x) == [0, 0, 1, 2, 3, 4])
    x[.stride(by: -1)] = x
    #expect(doubles(x) == [4, 3, 2, 1, 0, 0])
    var m = Tensor.arange(9).reshaped([3, 3])
    m[] = m.transposed()
    #expect(doubles(m) == [0, 3, 6, 1, 4, 7, 2, 5, 8])
  }

  @Test func writingInPlaceReusesMemory() {
    var x = Tensor.zeros([1000])
    let pointer = x.storage.pointer
    for index in 0..<10 { x[index] = Tensor(Float(index)) }
    #expect(x.storage.pointer == pointer && doubles(x[..<10]) == (0..<10).map(Double.init))
    x[Tensor([true] + Array(repeating: false, count: 999))] = Tensor(4)
    x[100...] += 1
    #expect(x[0].item() == 4 && x[999].item() == 1)
  }

  @Test func withoutGradRecordsNothing() {
    let x = Tensor([1, 2], requiresGrad: true)
    var y = x
    withoutGrad { y[0] = Tensor(3) }
    #expect(!y.isTracked && doubles(y) == [3, 2] && doubles(x) == [1, 2] && x.isTracked)
  }

  @Test func misuseLeavesTheTensorAsItWas() {
    var x = Tensor.zeros([2, 3])
    #expect(
      misuse { x[0] = Tensor([1, 2]) }
        == "subscript: a value of shape [2] does not broadcast to the written part, [3]")
    #expect(
      misuse { x[0] = Tensor([1, 2, 3], dtype: .int32) }
        == "subscript: cannot write int32 into float32; convert with asType(.float32)")
    #expect(misuse { x[0] = Tensor.zeros([2, 1, 3]) }?.contains("does not broadcast") == true)
    #expect(misuse { x[Tensor([3], dtype: .int64)] = Tensor(1) }?.contains("out of range") == true)
    #expect(misuse { x[x .> 0] = Tensor([1, 2]) }?.contains("does not broadcast") == true)
    #expect(misuse { x[7] = Tensor(1) }?.contains("out of range") == true)
    #expect(doubles(x) == [0, 0, 0, 0, 0, 0])
  }
}
