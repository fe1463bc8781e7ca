import Autograd
import Testing

@testable import Tensor

/// Nothing grows in loops, and everything goes when results do. In processes of their own.
struct LeakTests {
  @Test func loopsOfTransformsDoNotGrow() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.linspace(from: -1, to: 1, count: 50, dtype: .float64)
      let w = Tensor.ones([50, 50], dtype: .float64).tracked()
      let f = { (x: Tensor) in tanh(matmul(w.detached(), x)).sum() + (x * x * x).mean() }
      let open = { (x: Tensor) in sin(matmul(w, x)).sum() }
      func round() {
        _ = grad(f)(x)
        _ = hvp(f, at: x, along: x)
        _ = hvpReverse(f, at: x, along: x)
        _ = jvp(f, at: x, along: x)
        _ = vjp(f, at: x).pullback(Tensor(1, dtype: .float64))
        _ = grad(open)(x)
        grad { grad(open)($0).sum() }(x).sum().backward()
        _ = grad(of: open(x), withRespectTo: [w], createGraph: true)[0] * 2
        _ = w.grad! * 3
        w.clearGrad()
      }
      round()
      let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
      for _ in 0..<300 { round() }
      #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
    }
  }

  @Test func secondOrderDoesNotGrow() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.linspace(from: -1, to: 1, count: 30, dtype: .float64)
      let f = { (x: Tensor) in (exp(x[1...]) * x[..<(-1)]).sum() + square(x.sum()) }
      let band = hessian({ (x: Tensor) in (exp(x[1...]) * x[..<(-1)]).sum() }, sparsity: .banded(1))
      func round() {
        var generator = RandomGenerator(seed: 1)
        _ = try! hessian(f)(x).sum() + hessianDiagonal(f)(x).sum() + band(x).values.sum()
        _ = try! jacobian({ sin($0) }, mode: .reverse)(x)
        _ = grad { (x: Tensor) in try! hessian(f)(x).trace() }(x)
        let h = HessianOperator(f, at: x)
        _ = h(x) + h.diagonal()
        _ = try! h.solve(x, damping: 30)
        _ = try! h.extremeEigenvalues(using: &generator)
        _ = linearize(f, at: x).pushforward(x)
        _ = HessianOperator(gaussNewton: { $0 * $0 }, loss: f, at: x)(x)
        _ = laplacian { square($0).sum(axis: -1) }(x.reshaped([10, 3]))
      }
      for _ in 0..<3 { round() }
      let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
      for _ in 0..<50 { round() }
      #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
      // An operator holds its graph as long as it lives.
      var kept: HessianOperator<Tensor>? = HessianOperator(f, at: x)
      #expect(LiveGraph.nodeCount > before.0 && kept!.count == 30)
      kept = nil
      #expect(LiveGraph.nodeCount == before.0)
    }
  }

  @Test func trainingLoopsDoNotGrow() async {
    await #expect(processExitsWith: .success) {
      var w = Tensor.full([20, 20], 0.05).tracked()
      let x = Tensor.ones([20])
      func step() {
        square(matmul(w, x) - 1).sum().backward()
        w = withoutGrad { w - 0.001 * w.grad!.detached() }.tracked()
      }
      step()
      let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
      for _ in 0..<1000 { step() }
      #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
      // And into one leaf that stays.
      let leaf = Tensor.ones([20]).tracked()
      (leaf * leaf).sum().backward()
      let kept = (LiveGraph.nodeCount, TensorMemory.liveBytes)
      for _ in 0..<1000 { (leaf * leaf).sum().backward() }
      #expect(LiveGraph.nodeCount == kept.0 && TensorMemory.liveBytes == kept.1)
      #expect(leaf.grad![0].item() == 2002)
    }
  }

  @Test func everyKindOfFunctionIsFreed() async {
    await #expect(processExitsWith: .success) {
      func graph(_ x: Tensor) -> Tensor {
        var y = softmax(matmul(x, x.transposed()))
        y[0] = logSoftmax(y[1])
        y[Tensor([0, 1], dtype: .int64)] = y.take(Tensor([1, 0], dtype: .int64))
        y = concatenated([y, y[.all, 0..<1]], axis: 1)
        y =
          maximum(y, y.max(axis: 0, keepDims: true))
          + y.gather(Tensor([[0], [1], [0]], dtype: .int64), axis: 1)
        return y.mean() + crossEntropy(y, Tensor([0, 1, 2], dtype: .int64)) + mse(y, y * 2)
      }
      func round() {
        let x = Tensor.arange(9, dtype: .float64).reshaped([3, 3]).tracked()
        let y = graph(x / 10)
        y.backward()
        precondition(x.grad != nil && y.graph != nil)
        _ = hvp({ graph($0 / 10) }, at: x.detached(), along: x.detached())
      }
      round()
      let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
      for _ in 0..<50 { round() }
      #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
    }
  }

  /// A graph lives as long as someone holds a result, and no longer; a gradient holds no graph.
  @Test func graphsLiveAsLongAsTheirResults() async {
    await #expect(processExitsWith: .success) {
      let before = LiveGraph.nodeCount
      let x = Tensor([1, 2], requiresGrad: true)
      var y: Tensor? = (x * x).sum()
      #expect(LiveGraph.nodeCount == before + 3)
      y!.backward()
      #expect(LiveGraph.nodeCount == before + 3)
      let gradients = grad(of: y!, withRespectTo: [x])
      y = nil
      #expect(LiveGraph.nodeCount == before + 2 && gradients.count == 1)  // x and the mark of its gradient
      let recorded = grad(of: (x * x * x).sum(), withRespectTo: [x], createGraph: true)[0]
      #expect(recorded.isTracked && x.grad != nil)
    }
  }

  /// A formula goes when nobody holds it, and its derivatives with it.
  @Test func formulasAreFreed() {
    final class Weak {
      weak var formula: Formula?
    }
    let weak = Weak()
    func use() {
      let f = Formula { x, y in (sin(x) * y).withSlope(in: x) { _ in y } + x }
      weak.formula = f
      let x = Tensor([1, 2], dtype: .float64)
      f(x.tracked(), x.tracked()).sum().backward()
      _ = hvp({ (p: [Tensor]) in f.sum(p[0], p[1]) + f(p)[0].sum() }, at: [x, x], along: [x, x])
    }
    use()
    #expect(weak.formula == nil)
  }

  @Test func errorsLeaveNothingBehind() async {
    await #expect(processExitsWith: .success) {
      func round() {
        let x = Tensor([1, 2], requiresGrad: true)
        let message = misuse {
          let y = matmul(x, x * 2)
          (matmul(x, Tensor([1, 2, 3])) + y).backward()
        }
        precondition(message != nil)
      }
      round()
      let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
      for _ in 0..<100 { round() }
      #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
    }
  }
}
