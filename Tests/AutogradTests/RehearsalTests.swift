import Autograd
import Testing

/// Predicted costs of functions whose derivatives evaluate them again, and of Hessians on two threads.
@Suite struct RehearsalTests {
  /// x = tanh(w x) / 2 + theta: a product large enough that a rehearsal leaves it out.
  private static func step(_ x: Tensor, _ theta: [Tensor]) -> Tensor {
    0.5 * tanh(matmul(theta[0], x) * 0.3) + theta[1]
  }

  @Test func equationsAreSolvedInRehearsals() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      let point = [PredictCostTests.numbers([64, 64], 2), PredictCostTests.numbers([64], 3)]
      let zeros = Tensor.zeros([64], dtype: .float64)
      func found(_ theta: [Tensor]) -> Tensor { try! fixedPoint({ Self.step($0, $1) }, from: zeros, at: theta) }
      func root(_ theta: [Tensor]) -> Tensor {
        try! rootSolve({ $0 - Self.step($0, $1) }, from: zeros, at: theta)
      }
      let functions: [([Tensor]) -> Tensor] = [
        { square(found($0)).sum() }, { square(root($0)).sum() },
        // What comes before the iteration is computed again with it.
        { checkpoint { (p: [Tensor]) in square(found([matmul(p[0], p[0]) * 0.2, p[1]])).sum() }($0) },
        { checkpoint { (p: [Tensor]) in square(root([matmul(p[0], p[0]) * 0.2, p[1]])).sum() }($0) },
        // An equation within an equation.
        { p in
          let outer = { (y: Tensor, q: [Tensor]) in y - 0.3 * sin(found([q[0], q[1] + matmul(q[0], y) * 0.05])) }
          return square(try! rootSolve(outer, from: zeros, at: p)).sum()
        },
      ]
      for f in functions { PredictCostTests.check(f, point, hessian: false) }
    }
  }

  @Test func checkpointsMayLookAtNumbers() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      let f = checkpoint { (x: Tensor) -> Tensor in
        var y = square(x)
        while y.sum().item() > 1 { y = sin(y) * 0.5 }
        return square(y).sum()
      }
      PredictCostTests.check({ f($0[0]) }, [PredictCostTests.numbers([6000])], hessian: false)
    }
  }

  /// A thread that is asleep leaves its chunks to the other, and less is needed: of many runs one has both.
  @Test func hessiansOnTwoThreads() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 2
      let (net, weights) = PredictCostTests.net([8, 12, 12, 3])
      let functions: [(f: ([Tensor]) -> Tensor, point: [Tensor])] = [
        (net, weights), ({ PredictCostTests.rosenbrock($0[0]) }, [PredictCostTests.numbers([400])]),
        ({ PredictCostTests.chain($0[0]) }, [PredictCostTests.numbers([200])]),
        // One large block, and then small ones, which the other thread takes.
        (
          { p in PredictCostTests.chain(p[0]) * p[1].sum() + PredictCostTests.chain(p[2]) },
          [PredictCostTests.numbers([60]), PredictCostTests.numbers([3], 2), PredictCostTests.numbers([4], 3)]
        ),
      ]
      for (f, point) in functions {
        let predicted = predictCost(of: f, at: point).hessian.peakBytes
        let most = PredictCostTests.most(comparedWith: predicted) { _ = try! hessian(f)(point) }
        #expect(
          Double(Swift.abs(predicted - most)) <= 0.2 * Double(most), "\(predicted) predicted, \(most) needed")
      }
    }
  }
}
