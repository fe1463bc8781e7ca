import Autograd
import Testing

@testable import Tensor

/// What derivative formulas read and run: nothing needless.
struct SimplificationTests {
  private func plan(_ f: Formula) -> Plan { f.plan(wanted: PositionSet(0..<f.inputCount), resultsKept: true) }

  @Test func passingThroughCostsNothing() {
    for f in [
      Formula { x in x + 5 }, Formula { x in 7 + x }, Formula { x in x - 1 }, Formula { x in x * 1 + 0 },
    ] {
      let pullback = plan(f).pullback!
      #expect(pullback.passedThrough == [0] && plan(f).savedInputs.isEmpty && plan(f).savedResults.isEmpty)
    }
    let sum = plan(Formula { x, y in x + y })
    #expect(sum.pullback!.passedThrough == [0, 0])
    let difference = plan(Formula { x, y in x - y })
    #expect(difference.pullback!.passedThrough == [0, nil] && difference.savedInputs.isEmpty)
  }

  @Test func onlyWhatIsReadIsSaved() {
    func saved(_ f: Formula) -> [[Int]] { [plan(f).savedInputs, plan(f).savedResults] }
    #expect(saved(Formula { x in tanh(x) }) == [[], [0]])
    #expect(saved(Formula { x in exp(x) }) == [[], [0]])
    #expect(saved(Formula { x in sqrt(x) }) == [[], [0]])
    #expect(saved(Formula { x in log(x) }) == [[0], []])
    #expect(saved(Formula { x in sin(x) }) == [[0], []])
    #expect(saved(Formula { x in square(x) }) == [[0], []])
    #expect(saved(Formula { x in 3 * x }) == [[], []])
    #expect(saved(Activations.sigmoid) == [[], [0]])
    #expect(saved(Formula { x, y in x * y }) == [[0, 1], []])
    // With one side constant the other one need not be kept.
    let product = Formula { x, y in x * y }.plan(wanted: PositionSet([0]), resultsKept: true)
    #expect(product.savedInputs == [1] && product.savedResults.isEmpty)
  }

  @Test func sharedAndTrivialStepsVanish() {
    func count(_ f: Formula) -> Int { f.program.instructionCount }
    #expect(count(Formula { x in exp(x) * exp(x) }) == 2)
    #expect(count(Formula { x in -(-x) }) == 1)
    #expect(count(Formula { x in x * 1 + 0 - 0 }) == 1)
    #expect(count(Formula { x in (x * 2) * 3 }) == 1)
    #expect(count(Formula { x, y in x * y + x }) == 1)  // a fused multiply-add
    #expect(count(Formula { x, y in x + -y }) == 1)
    #expect(count(Formula { x in pow(x, 2) }) == 1)
    #expect(count(Formula { x in 1 / x }) == 1)
    #expect(count(Activations.sigmoid) == 4)
    #expect(count(plan(Formula { x in 3 * x }).pullback!) == 1)
    #expect(count(plan(Formula { x in tanh(x) }).pullback!) <= 3)
  }

  /// Simplified or not, the value stays: against the same arithmetic op by op, at awkward points.
  @Test func simplificationKeepsValues() {
    let x = Tensor([-2, -0.5, 0.25, 1, 3, 1e30, -1e-30], dtype: .float64)
    let pairs: [(Formula, (Tensor) -> Tensor)] = [
      (Formula { x in x - (0 - x) }, { $0 + $0 }), (Formula { x in 0 - (x - 1) }, { 1 - $0 }),
      (Formula { x in (-x) * (-x) }, { $0 * $0 }), (Formula { x in -(x * -3) }, { $0 * 3 }),
      (Formula { x in x / -1 }, { -$0 }), (Formula { x in (x + x) * 0.5 }, { $0 }),
      (Formula { x in 2 - -x }, { $0 + 2 }), (Formula { x in -x + -x }, { $0 * -2 }),
      (Formula { x in Formula.select(x * 0 + 1, x, 5) }, { $0 }),
      (Formula { x in pow(x, 0) }, { $0 * 0 + 1 }),
      (Formula { x in pow(x, 1) + pow(x, 2) }, { $0 + $0 * $0 }), (Formula { x in 6 / (3 / x) }, { 2 * $0 }),
    ]
    for (formula, plain) in pairs {
      #expect(formula(x).allClose(plain(x), relative: 1e-15, absolute: 0), "\(formula.listing)")
    }
  }

  @Test func chainedAdditionsKeepTwoBuffers() async {
    await #expect(processExitsWith: .success) {
      let count = 10_000
      let x = Tensor.ones([count], dtype: .float32).tracked()
      var y = x + 1
      y = y + 1
      y.sum().backward()  // makes the plans and fills the caches
      let before = TensorMemory.liveBytes
      y = x + 1
      for _ in 0..<99 { y = y + 1 }
      // The leaf's own buffer was there before: one more is alive.
      #expect(TensorMemory.liveBytes - before < 2 * 4 * count)
      #expect(y.graph!.entries.count == 101 && y.graph!.savedBytes == 0)
      for _ in 0..<99 { y = y + x }
      #expect(TensorMemory.liveBytes - before < 2 * 4 * count)
      #expect(y[0].item() == 200)
      y.sum().backward()
      #expect(x.grad![5].item() == 101)
    }
  }
}
