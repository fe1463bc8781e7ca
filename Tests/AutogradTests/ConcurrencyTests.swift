import Autograd
import Testing

@testable import Tensor

struct ConcurrencyTests {
  @Test func oneGraphWalkedByManyThreadsIntoOneLeaf() async {
    let x = Tensor.arange(100, dtype: .float64).tracked()
    let w = Tensor.ones([100], dtype: .float64).tracked()
    var y = x
    for _ in 0..<20 { y = y * w + y * w }
    let result = (y * Tensor(1.0 / 1_048_576)).sum()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { for _ in 0..<50 { result.backward() } } }
    }
    #expect(doubles(x.grad!) == Array(repeating: 200, count: 100))
    #expect(doubles(w.grad!) == (0..<100).map { 200 * 20 * Double($0) })
  }

  @Test func differentGraphsIntoOneLeaf() async {
    let w = Tensor.zeros([10], dtype: .float64).tracked()
    await withTaskGroup(of: Void.self) { group in
      for thread in 1...4 {
        group.addTask {
          for step in 1...100 { (w * Double(thread * step) + w * w).sum().backward() }
        }
      }
    }
    #expect(doubles(w.grad!) == Array(repeating: 10.0 * 5050, count: 10))
  }

  @Test func walksOfBothDirectionsAtOnce() async {
    let x = Tensor.linspace(from: 0.1, to: 1, count: 200, dtype: .float64)
    let f = { @Sendable (x: Tensor) in (exp(sin(x)) * x).sum() }
    let expected = (
      doubles(grad(f)(x)), doubles(hvp(f, at: x, along: x)), jvp(f, at: x, along: x).tangent.item()
    )
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          (0..<25).allSatisfy { _ in
            doubles(grad(f)(x)) == expected.0 && doubles(hvp(f, at: x, along: x)) == expected.1
              && jvp(f, at: x, along: x).tangent.item() == expected.2
          }
        }
      }
      for await right in group { #expect(right) }
    }
  }

  /// The plans and derivatives of a formula are made by whoever comes first.
  @Test func aNewFormulaUsedByManyThreads() async {
    for round in 0..<20 {
      let f = Formula { x, y in sin(x * Double(round + 1)) * y + x / y }
      let expected = (cos(Double(round + 1)) * Double(round + 1) * 2 + 0.5)
      await withTaskGroup(of: Double.self) { group in
        for _ in 0..<4 {
          group.addTask {
            let x = Tensor(1, dtype: .float64, requiresGrad: true)
            let y = Tensor(2, dtype: .float64, requiresGrad: true)
            f(x, y).backward()
            return x.grad!.item()
          }
        }
        for await value in group { #expect(near([value], [expected])) }
      }
    }
  }

  @Test func recordingIsPausedOnOneThreadOnly() async {
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<16 {
        group.addTask {
          let x = Tensor(2, requiresGrad: true)
          return index % 2 == 0 ? withoutGrad { !(x * x).isTracked } : (x * x).isTracked
        }
      }
      for await right in group { #expect(right) }
    }
  }

  /// Long graphs that two threads let go of at the same time.
  @Test func graphsFreedByTwoThreadsAtOnce() async {
    await #expect(processExitsWith: .success) {
      let before = LiveGraph.nodeCount
      for _ in 0..<10 {
        let x = Tensor(1, requiresGrad: true)
        var shared = x
        for _ in 0..<2000 { shared = shared + x }
        let trunk = shared
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            group.addTask {
              var y = trunk
              for _ in 0..<2000 { y = y * y + trunk * 0 }
              _ = y
            }
          }
        }
      }
      #expect(LiveGraph.nodeCount == before)
    }
  }
}
