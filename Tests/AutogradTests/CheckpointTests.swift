import Autograd
import Foundation
import Synchronization
import Testing

struct CheckpointTests {
  private let w = sin(Tensor.arange(12, dtype: .float64)).reshaped([3, 4])
  private let x = cos(Tensor.arange(6, dtype: .float64)).reshaped([2, 3])

  private func block(_ inputs: [Tensor]) -> Tensor { tanh(matmul(sin(inputs[0]), inputs[1])) }

  @Test func exactToOrderThree() {
    let recomputed = checkpoint(block)
    #expect(agreeToOrderTwo({ block($0).sum() }, { recomputed($0).sum() }, at: [x, w]))
    // One within another, and one after another.
    let nested = checkpoint { (inputs: [Tensor]) in recomputed([inputs[0] * 2, inputs[1]]) }
    #expect(agreeToOrderTwo({ square(block([$0[0] * 2, $0[1]])).sum() }, { square(nested($0)).sum() }, at: [x, w]))
  }

  @Test func keepsItsInputsOnly() throws {
    let leaf = x.tracked()
    let deep = { (x: Tensor) in (0..<10).reduce(x) { y, _ in sin(y) * y } }
    let result = checkpoint(deep)(leaf)
    let graph = try #require(result.graph)
    #expect(graph.entries.map(\.function) == ["leaf", "checkpoint"])
    #expect(graph.savedBytes == 2 * 3 * 8)
    let memory = checkpoint(deep).memory(at: x)
    #expect(memory.keptBytes == 48 && memory.plainBytes == deep(x.tracked()).graph!.savedBytes)
    #expect(memory.avoidedBytes >= 9 * 48)
    #expect("\(memory)" == "keeps 48 bytes instead of \(memory.plainBytes)")
  }

  /// The function runs once for the value and once for each walk.
  @Test func evaluations() {
    var count = 0
    let counted = checkpoint { (x: Tensor) -> Tensor in
      count += 1
      return exp(x)
    }
    let y = counted(x.tracked())
    #expect(count == 1)
    y.backward(Tensor.ones(like: y))
    #expect(count == 2)
    _ = counted(x)
    #expect(count == 3)
  }

  @Test func structuresAndIntegers() {
    let gather = checkpoint { (inputs: [Tensor]) in
      ["taken": inputs[0].take(inputs[1], axis: 1), "doubled": inputs[0] * 2]
    }
    let indices = Tensor([2, 0] as [Int32])
    let gradient = grad { (x: Tensor) in
      let results = gather([x, indices])
      return square(results["taken"]!).sum() + results["doubled"]!.sum()
    }(x)
    let expected = grad { (x: Tensor) in square(x.take(indices, axis: 1)).sum() + (x * 2).sum() }(x)
    #expect(near(gradient, doubles(expected)))
    // Blocks of directions.
    let (_, pullback) = vjp({ checkpoint(sin)($0) }, at: x)
    let seeds = cos(Tensor.arange(18, dtype: .float64)).reshaped([3, 2, 3])
    #expect(near(pullback(seeds), doubles(seeds * cos(x))))
  }

  /// The node must not keep the whole result, nor what came between.
  @Test func resultsLiveNoLongerThanTheirHolders() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([1_000_000], dtype: .float64).tracked()
      let w = scalar(2).tracked()
      func lossAndBytes(_ f: @escaping (Tensor) -> Tensor) -> (Tensor, Int) {
        let before = TensorMemory.liveBytes
        let loss = f(x).sum()
        return (loss, TensorMemory.liveBytes - before)
      }
      let (plain, _) = lossAndBytes { checkpoint { $0[..<500_000] * 2 }($0) }
      let (captured, bytes) = lossAndBytes { checkpoint { exp($0[..<500_000] * w) }($0) }
      let (_, again) = lossAndBytes { checkpoint { $0[..<500_000] * 2 }($0) }
      #expect(bytes < 10_000 && again < 10_000)
      plain.backward()
      captured.backward()
      #expect(abs(w.grad!.item() / (500_000 * exp(2.0)) - 1) < 1e-12)
    }
  }

  /// Of a function that is asked what it keeps: one evaluation.
  @Test func memoryTakesOneEvaluation() {
    var count = 0
    let w = w.tracked()
    let counted = checkpoint { (x: Tensor) -> Tensor in
      count += 1
      return tanh(matmul(x, w))
    }
    let memory = counted.memory(at: x)
    #expect(count == 1)
    #expect(memory.keptBytes == 48 && memory.plainBytes == 48 + 96 + 64)
  }

  /// A closure of the program runs on no thread but the caller's, whatever is shared out otherwise.
  @Test func recomputedFunctionsStayOnTheirThread() throws {
    let x = sin(Tensor.arange(400, dtype: .float64))
    let caller = pthread_self()
    let elsewhere = Atomic(0)
    let cubes = checkpoint { (x: Tensor) -> Tensor in
      if pthread_equal(pthread_self(), caller) == 0 { elsewhere.add(1, ordering: .relaxed) }
      return x * x * x
    }
    let H = try hessian { (x: Tensor) in cubes(x).sum() }(x)
    #expect(H.allClose((6 * x).diagonalEmbedded(), relative: 1e-12))
    let J = try jacobian({ (x: Tensor) in cubes(x) }, mode: .forward)(x)
    #expect(J.allClose((3 * x * x).diagonalEmbedded(), relative: 1e-12))
    #expect(elsewhere.load(ordering: .relaxed) == 0)
  }
}
