import Autograd
import Testing

@testable import Tensor

struct BackwardTests {
  @Test func theTextbooksFirstExample() {
    let x = Tensor([0, 1, 2, 3], requiresGrad: true)
    let y = 2 * dot(x, x)
    #expect(y.item() == 28 && x.grad == nil)
    y.backward()
    #expect(doubles(x.grad!) == [0, 4, 8, 12] && x.grad!.shape == [4] && x.grad!.dtype == .float32)
  }

  @Test func policies() {
    for (policy, expected) in [(GradientPolicy.accumulate, [9.0, 18]), (.replace, [3, 6]), (.ignore, nil)] {
      let x = Tensor([1, 2]).tracked(gradient: policy)
      for _ in 0..<3 { (x * Tensor([3, 6])).sum().backward() }
      #expect(x.grad.map { doubles($0) } == expected, "\(policy)")
    }
  }

  /// A leaf that is used in several places gets the sum, whatever its policy.
  @Test func replaceAddsUpWithinOneWalk() {
    let x = Tensor(3, dtype: .float64).tracked(gradient: .replace)
    for _ in 0..<2 { (x * x + x + sin(x) * x).backward() }
    #expect(near(x.grad!, [7 + sin(3.0) + 3 * cos(3.0)]))
  }

  @Test func clearGrad() {
    let x = Tensor([1, 2], requiresGrad: true)
    x.sum().backward()
    x.clearGrad()
    #expect(x.grad == nil)
    (2 * x).sum().backward()
    #expect(doubles(x.grad!) == [2, 2])
    Tensor(1).clearGrad()
  }

  @Test func aGraphMayBeWalkedAgain() {
    let x = Tensor([1, 2], requiresGrad: true)
    let y = (x * x).sum()
    y.backward()
    y.backward()
    #expect(doubles(x.grad!) == [4, 8])
  }

  @Test func seeds() {
    let x = Tensor([1, 2], dtype: .float64, requiresGrad: true)
    let y = x * x
    y.backward(f64(10, 100))
    #expect(doubles(x.grad!) == [20, 400])
    x.clearGrad()
    (x[0..<1] * 2).backward()
    #expect(doubles(x.grad!) == [2, 0])
    #expect(
      misuse { y.backward() }
        == "backward: the result has shape [2], and a gradient is of one number: reduce it, for example with sum(), "
        + "or pass a seed (a cotangent) of that shape: backward(Tensor.ones([2]))")
    #expect(
      misuse { y.backward(f64(1)) }
        == "backward: the seed is float64 [1], it must be float64 [2] as the result is")
    #expect(
      misuse { y.backward(Tensor([1, 2])) }
        == "backward: the seed is float32 [2], it must be float64 [2] as the result is")
  }

  /// A seed is a constant: it is not changed, and not what a gradient is of.
  @Test func aSeedStaysAsItIs() {
    let x = Tensor([1, 2], requiresGrad: true)
    let seed = Tensor([3, 4], requiresGrad: true)
    (x + x + x).backward(seed)
    (x * 1).backward(seed)
    #expect(doubles(seed) == [3, 4] && seed.grad == nil && doubles(x.grad!) == [12, 16])
  }

  @Test func untrackedResults() {
    let message =
      "backward: the result depends on no tracked tensor; make one with requiresGrad: true or tracked(), and compute "
      + "outside withoutGrad"
    #expect(misuse { Tensor(1).backward() } == message)
    let x = Tensor(2, requiresGrad: true)
    #expect(misuse { withoutGrad { x * x }.backward() } == message)
    #expect(misuse { (x .> 0).sum().backward() } == message)
  }

  @Test func integersHaveNoGradient() {
    #expect(
      misuse { _ = Tensor([1] as [Int], requiresGrad: true) }
        == "tracked: int64 numbers have no gradient; convert with asType(.float32) first")
    let whole = misuse { _ = grad { (x: Tensor) in x.asType(.float32).sum() }(Tensor([1, 2] as [Int])) }
    #expect(whole?.hasPrefix("grad: cannot differentiate with respect to a") == true)
    #expect(whole?.hasSuffix("int64 tensor of shape [2]; convert it with asType(.float32)") == true)
    let result = misuse { _ = grad { (x: Tensor) in (x .> 0).sum() }(Tensor([1, 2])) }
    #expect(result?.contains("the function's result is int64 []") == true)
  }

  @Test func detached() {
    let x = Tensor(3, requiresGrad: true)
    (x.detached() * x).backward()
    #expect(x.grad!.item() == 3 && !x.detached().isTracked && x.isTracked)
    #expect(x.detached().storage === x.storage)
  }

  @Test func withoutGradRecordsNothing() {
    let x = Tensor([1, 2], requiresGrad: true)
    #expect(isRecording)
    let y = withoutGrad { () -> Tensor in
      #expect(!isRecording)
      let inner = withoutGrad { x * 2 }
      #expect(!isRecording && !inner.isTracked)
      return x + inner
    }
    #expect(isRecording && !y.isTracked && doubles(y) == [3, 6])
    struct Stop: Error {}
    #expect(throws: Stop.self) { try withoutGrad { throw Stop() } }
    #expect(isRecording)
    // Transforms record for themselves, and give constants.
    withoutGrad {
      let g = grad { (v: Tensor) in (v * v * x).sum() }(Tensor([1, 1]))
      #expect(doubles(g) == [2, 4] && !g.isTracked)
    }
    // And what a walk computes does not depend on where it is run.
    let z = (x * x).sum()
    withoutGrad { z.backward() }
    #expect(doubles(x.grad!) == [2, 4])
  }

  @Test func leavesAndTheirNumbers() {
    let x = Tensor([1, 2], requiresGrad: true)
    let y = x.tracked()
    (x * y).sum().backward()
    #expect(doubles(x.grad!) == [1, 2] && doubles(y.grad!) == [1, 2])
    let z = x * 2
    #expect(z.grad == nil && z.isTracked)
    let cut = z.tracked()
    cut.sum().backward()
    #expect(doubles(cut.grad!) == [1, 1] && doubles(x.grad!) == [1, 2])
    // Copies of a leaf are the same leaf.
    let copy = x
    copy.sum().backward()
    #expect(doubles(x.grad!) == [2, 3])
  }

  @Test func aLeafByItself() {
    let x = Tensor(5, requiresGrad: true)
    x.backward()
    #expect(x.grad!.item() == 1)
    let v = Tensor([1, 2], requiresGrad: true)
    v.backward(Tensor([7, 8]))
    #expect(doubles(v.grad!) == [7, 8])
  }

  /// Gradients are of the leaf's shape and in row-major order, however the cotangent came about.
  @Test func gradientsHaveTheLeafsShape() {
    let x = Tensor.arange(6, dtype: .float64).reshaped([2, 3]).transposed().tracked()
    (x.transposed() * Tensor([[1, 2, 3], [4, 5, 6]] as [[Double]])).sum().backward()
    #expect(x.grad!.shape == [3, 2] && doubles(x.grad!) == [1, 4, 2, 5, 3, 6])
    let s = Tensor(2, dtype: .float64).tracked()
    (x.detached() * s).sum().backward()
    #expect(s.grad!.shape == [] && s.grad!.item() == 15)
    let row = Tensor([[1, 2]], dtype: .float64).tracked()
    (row + x.detached()).sum().backward()
    #expect(row.grad!.shape == [1, 2] && doubles(row.grad!) == [3, 3])
  }

  @Test func controlFlowIsSwifts() {
    func f(_ a: Tensor) -> Tensor {
      var b = a * 2
      while sqrt((b * b).sum()).item() < 1000 { b = b * 2 }
      return b.sum().item() > 0 ? b : 100 * b
    }
    for start in [0.3, -0.7, 12] {
      let a = Tensor(start, requiresGrad: true)
      let d = f(a)
      d.backward()
      #expect(near(a.grad!, [d.item() / start]))
    }
  }

  /// Parts of a graph that no target is behind are not walked over, as what an outer gradient meets of an inner one.
  @Test func whatLeadsToNoTargetIsNotVisited() {
    final class Counted: LinearFunction, @unchecked Sendable {
      private(set) nonisolated(unsafe) var transposes = 0
      override func apply(_ x: Tensor) -> Tensor { x + 0 }
      override func transpose(_ cotangent: Tensor) -> Tensor {
        transposes += 1
        return self(cotangent)
      }
    }
    let (counted, inner) = (Counted(), Counted())
    let w = f64(2, 3).tracked()
    let x = f64(5, 7).tracked()
    let y = (w * sin(counted(x))).sum()
    #expect(near(grad(of: y, withRespectTo: [w])[0], doubles(sin(x))) && counted.transposes == 0)
    #expect(near(grad(of: y, withRespectTo: [x])[0], doubles(w * cos(x))) && counted.transposes == 1)
    #expect(near(grad(of: y, withRespectTo: [x, w])[0], doubles(w * cos(x))) && counted.transposes == 2)
    // Forces of an energy, matched: back to the positions, and back through that; not to the positions a second time.
    let matched = grad { (w: Tensor) in
      let force = grad { (x: Tensor) in (w * sin(inner(x))).sum() }(x.detached())
      return square(force).sum()
    }
    #expect(near(matched(w.detached()), doubles(2 * w * square(cos(x)))) && inner.transposes == 2)
    // A gradient that was not recorded is refused all the same, though it is newer than the target.
    let unrecorded = grad(of: (w * w).sum(), withRespectTo: [w])[0]
    #expect(misuse { _ = grad(of: (unrecorded * w).sum(), withRespectTo: [w]) } != nil)
    #expect(misuse { _ = grad(of: (unrecorded * unrecorded).sum() + w.sum(), withRespectTo: [w]) } != nil)
  }
}
