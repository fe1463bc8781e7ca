import Autograd
import Tensor
import Testing

/// Pullbacks that write their result in the memory of a cotangent which nobody needs any more.
@Suite struct SpentCotangentTests {
  private let x = Tensor.linspace(from: -2, to: 2, count: 60_000, dtype: .float64)

  /// The same program differentiated with its walk recorded, where nothing is written over.
  private func agrees(_ f: @escaping ([Tensor]) -> Tensor, _ inputs: [Tensor]) -> Bool {
    let plain = grad(f)(inputs)
    let tracked = inputs.map { $0.tracked() }
    let recorded = grad(of: f(tracked), withRespectTo: tracked, createGraph: true)
    return zip(plain, recorded).allSatisfy { near($0, doubles($1), 1e-12) }
  }

  @Test func gradientsAreThoseOfARecordedWalk() {
    #expect(agrees({ (sin(tanh($0[0])) * $0[0]).sum() }, [x]))
    #expect(agrees({ square(exp(-square($0[0]))).sum() }, [x]))
    // Two inputs, whose cotangents come from one formula; and one that is asked for twice.
    let product = Formula("wave", inputs: 2) { v in [sin(v[0] * v[1]) * v[0]] }
    #expect(agrees({ tanh(product($0)[0]).sum() }, [x, 2 * x]))
    #expect(agrees({ tanh(product([$0[0], $0[0]])[0]).sum() }, [x]))
    // The result that is written first takes its memory from one that is read last.
    let late = Formula("late", inputs: 3) { v in [v[0] * v[1] * v[2]] }
    #expect(agrees({ tanh(late($0)[0]).sum() }, [x, x + 1, x - 3]))
    // Cotangents that broadcast, and sums over what was broadcast.
    let column = x.reshaped([300, 200])
    #expect(agrees({ (tanh($0[0]) * $0[1]).sum() }, [column, column[0]]))
    #expect(agrees({ tanh($0[0] * $0[1]).sum() }, [column, Tensor(2.0, dtype: .float64)]))
  }

  /// Products are added to what came to their operands before.
  @Test func productsAreAddedToCotangents() {
    let a = sin(Tensor.arange(60 * 40, dtype: .float64)).reshaped([60, 40])
    let b = cos(Tensor.arange(40 * 30, dtype: .float64)).reshaped([40, 30])
    let row = Tensor.linspace(from: 0, to: 1, count: 30, dtype: .float64)
    #expect(
      agrees(
        { (p: [Tensor]) in
          let y = tanh(matmul(p[0], p[1], adding: p[2]))
          return square(matmul(y, p[1].transposed())).sum() + (y * y).sum() + (p[0] * p[0]).sum()
        }, [a, b, row]))
    // Both operands one tensor; a weight that several layers share; vectors and stacks.
    let even = a[..<40]
    #expect(agrees({ matmul(tanh(matmul($0[0], $0[0])), $0[0]).sum() }, [even]))
    #expect(agrees({ (tanh(matmul($0[0], $0[1])) * $0[1][0]).sum() + $0[0].sum() }, [a[0], b]))
    let stack = a.reshaped([6, 10, 40])
    #expect(agrees({ sin(matmul($0[0], $0[1])).sum() + exp($0[0]).sum() + tanh($0[1]).sum() }, [stack, b]))
    let filter = Tensor.linspace(from: -1, to: 1, count: 9, dtype: .float64).reshaped([1, 1, 3, 3])
    let image = a.reshaped([1, 1, 60, 40])
    #expect(agrees({ tanh(conv2d(conv2d($0[0], $0[1]), $0[1])).sum() + square($0[1]).sum() }, [image, filter]))
  }

  @Test func whatSomebodyHoldsIsNotWrittenOver() {
    let y = tanh(x)
    let pullback = vjp({ tanh($0) }, at: x).pullback
    let seed = x + 1
    let kept = doubles(seed)
    let first = doubles(pullback(seed))
    #expect(doubles(seed) == kept)
    #expect(doubles(pullback(seed)) == first)
    #expect(near(first, doubles(seed * (1 - square(y))), 1e-12))
  }

  /// What comes to a tensor on the way is given out, and the walk goes on from it.
  @Test func cotangentsOnTheWayStay() {
    let a = x.tracked()
    let b = tanh(a)
    let c = sin(b)
    let both = grad(of: c.sum(), withRespectTo: [b, a])
    #expect(near(both[0], doubles(cos(tanh(x))), 1e-12))
    #expect(near(both[1], doubles(cos(tanh(x)) * (1 - square(tanh(x)))), 1e-12))
    // Two paths from one cotangent.
    let sum = grad(of: (tanh(a) + a).sum(), withRespectTo: [a])[0]
    #expect(near(sum, doubles(2 - square(tanh(x))), 1e-12))
  }

  /// A chain's cotangents take the memory of one.
  @Test func aChainNeedsOneArray() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.linspace(from: -2, to: 2, count: 100_000, dtype: .float64).tracked()
      var y = tanh(x)
      for _ in 0..<4 { y = tanh(y) }
      let loss = y.sum()
      let bytes = TensorMemory.peak { grad(of: loss, withRespectTo: [x]) }.bytes
      #expect(bytes < 1_000_000, "\(bytes)")
    }
  }
}
