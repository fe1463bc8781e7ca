import Autograd
import Testing

@testable import Tensor

struct FormulaReductionTests {
  private static let f = Formula("f") { x, y in sin(x) * y + x }

  private func plain(_ x: Tensor, _ y: Tensor) -> Tensor { sin(x) * y + x }

  @Test func sumAndMeanEqualOpByOp() {
    var random = SplitMix(31)
    let shapes: [(Shape, Shape)] = [
      ([], []), ([5], [5]), ([3, 4], [4]), ([3, 4], [3, 1]), ([2, 3, 4], [2, 3, 4]), ([1, 4], [3, 1]),
      ([7, 300], []), ([2, 0, 3], [3]),
    ]
    for (a, b) in shapes {
      let x = random.wholeNumbers(a, dtype: .float64)
      let y = random.wholeNumbers(b, dtype: .float64)
      let rank = max(a.rank, b.rank)
      for bits in 0..<(1 << rank) {
        let axes = (0..<rank).filter { bits & (1 << $0) != 0 }
        for keep in [false, true] {
          let got = FormulaReductionTests.f.sum(x, y, axes: axes, keepDims: keep)
          #expect(got.allClose(plain(x, y).sum(axes: axes, keepDims: keep), relative: 1e-13, absolute: 1e-13))
          let mean = FormulaReductionTests.f.mean(x, y, axes: axes, keepDims: keep)
          let expected = plain(x, y).mean(axes: axes, keepDims: keep)
          #expect(mean.allClose(expected, relative: 1e-13, absolute: 1e-13, nanEqual: true))
        }
      }
      let whole = FormulaReductionTests.f.sum(x, y)
      #expect(whole.allClose(plain(x, y).sum(), relative: 1e-13, absolute: 1e-13))
    }
  }

  @Test func derivativesEqualOpByOp() {
    var random = SplitMix(32)
    for (a, b) in [([3, 4], [4]), ([3, 1], [1, 4]), ([2, 3, 4], [])] as [(Shape, Shape)] {
      let point = [random.wholeNumbers(a, dtype: .float64), random.wholeNumbers(b, dtype: .float64)]
      let along = [random.wholeNumbers(a, dtype: .float64), random.wholeNumbers(b, dtype: .float64)]
      let fused = { (p: [Tensor]) in square(FormulaReductionTests.f.mean(p[0], p[1], axes: [-1])).sum() }
      let open = { (p: [Tensor]) in square((sin(p[0]) * p[1] + p[0]).mean(axis: -1)).sum() }
      for (left, right) in [
        (grad(fused)(point), grad(open)(point)),
        (hvp(fused, at: point, along: along), hvp(open, at: point, along: along)),
        (hvpReverse(fused, at: point, along: along), hvpReverse(open, at: point, along: along)),
        ([jvp(fused, at: point, along: along).tangent], [jvp(open, at: point, along: along).tangent]),
      ] {
        for (l, r) in zip(left, right) {
          #expect(l.allClose(r, relative: 1e-11, absolute: 1e-11), "\(a) \(b)")
        }
      }
    }
  }

  /// Tangents of one input that is narrower than the other.
  @Test func narrowTangentsCountOncePerElement() {
    let x = Tensor([1, 2, 3])
    let add = Formula { x, s in x + s }
    #expect(jvp({ (s: Tensor) in add.sum(x, s) }, at: Tensor(1), along: Tensor(1)).tangent.item() == 3)
    #expect(jvp({ (s: Tensor) in (x + s).sum() }, at: Tensor(1), along: Tensor(1)).tangent.item() == 3)
    #expect(doubles(jvp({ (s: Tensor) in x + s }, at: Tensor(1), along: Tensor(1)).tangent) == [1, 1, 1])
    #expect(doubles(jvp({ (s: Tensor) in x - s }, at: Tensor(1), along: Tensor(2)).tangent) == [-2, -2, -2])
    #expect(jvp({ (s: Tensor) in (s + x).max() }, at: Tensor(1), along: Tensor(1)).tangent.item() == 1)
  }

  /// Long enough to run in parts of 2^17 elements.
  @Test(arguments: [262_143, 262_144, 300_001, 600_000])
  func longReductions(count: Int) {
    for dtype in [DType.float32, .float64] {
      let x = Tensor.linspace(from: 0, to: 9, count: count, dtype: dtype)
      let y = Tensor.full([], 0.5, dtype: dtype)
      let tolerance = dtype == .float32 ? 3e-7 : 1e-13
      let expected = plain(x.asType(.float64), y.asType(.float64)).sum().item()
      let sum = FormulaReductionTests.f.sum(x, y).item()
      #expect(Swift.abs(sum / expected - 1) < tolerance)
      #expect(Swift.abs(FormulaReductionTests.f.mean(x, y).item() * Double(count) / expected - 1) < tolerance)
      #expect(Swift.abs(plain(x, y).sum().item() / expected - 1) < tolerance)
      #expect(x.max().item() == 9 && x.min().item() == 0)
      #expect(x[.stride(by: -1)].max().item() == 9)
    }
    let whole = Tensor.arange(count, dtype: .int64)
    #expect(
      whole.sum().item(as: Int.self) == count * (count - 1) / 2 && whole.max().item() == Double(count - 1))
  }

  @Test func oneThreadOrTwoGiveTheSameBits() async {
    await #expect(processExitsWith: .success) {
      func results() -> [[Double]] {
        let x = Tensor.linspace(from: -3, to: 3, count: 700_001).tracked()
        let f = Formula { x in sin(x) * exp(-x * x) }
        let y = f(x)
        y.sum().backward()
        let wide = x.detached()[..<700_000].reshaped([7, 100_000])
        let tall = wide.transposed()
        return [
          doubles(y), doubles(x.grad!), [f.sum(x).item(), f.mean(x).item()], doubles(wide.sum(axis: 1)),
          doubles(wide.sum(axis: 0)), doubles(tall.sum(axis: 0)), doubles(tall.max(axis: 1)),
          doubles(wide.reshaped([700_000]).mean()), doubles(tall + 1), doubles(softmax(wide)),
        ]
      }
      BLAS.threads = 2
      let two = results()
      let again = results()
      BLAS.threads = 1
      let one = results()
      #expect(two == one && two == again)
    }
  }

  @Test func nothingOfTheResultIsStored() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([1_000_000]).tracked()
      let f = Formula { x in exp(x) * 2 }
      _ = f.sum(x)
      let before = TensorMemory.liveBytes
      let y = f.sum(x)
      #expect(TensorMemory.liveBytes - before < 10_000 && y.isTracked)
    }
  }

  @Test func misuse_() {
    #expect(
      misuse { _ = FormulaReductionTests.f.sum(Tensor([1, 2]), Tensor([1, 2, 3])) }
        == "f: the shapes [2] and [3] do not broadcast; axes must be equal or 1, counted from the last")
    #expect(
      misuse { _ = FormulaReductionTests.f.sum(Tensor([1]), Tensor([1]), axes: [1]) }?.hasPrefix(
        "f.sum: axis 1") == true)
  }
}
