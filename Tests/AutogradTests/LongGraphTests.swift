import Autograd
import Foundation
import Testing

@testable import Tensor

/// Graphs of a million operations are walked and freed on a small stack, and leave nothing behind.
///
/// In processes of their own, because they look at counters of the whole process.
struct LongGraphTests {
  @Test func chain() async {
    await #expect(processExitsWith: .success) {
      onStack(of: halfMegabyte) {
        let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
        do {
          let x = Tensor(1, requiresGrad: true)
          var y = x
          for _ in 0..<1_000_000 { y = y + 1 }
          #expect(LiveGraph.nodeCount - before.0 == 1_000_001)
          #expect(TensorMemory.liveBytes - before.1 < 1000)
          y.backward()
          #expect(x.grad!.item() == 1 && y.item() == 1_000_001)
        }
        #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
      }
    }
  }

  @Test func diamonds() async {
    await #expect(processExitsWith: .success) {
      onStack(of: halfMegabyte) {
        let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
        do {
          let x = Tensor(1, dtype: .float64, requiresGrad: true)
          let a = Tensor(0.25, dtype: .float64, requiresGrad: true)
          let b = Tensor(0.75, dtype: .float64, requiresGrad: true)
          var y = x
          for _ in 0..<300_000 { y = y * a + y * b }
          y.backward()
          #expect(y.item() == 1 && x.grad!.item() == 1)
          #expect(a.grad!.item() == 300_000 && b.grad!.item() == 300_000)
        }
        #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
      }
    }
  }

  @Test func savedTensors() async {
    await #expect(processExitsWith: .success) {
      onStack(of: halfMegabyte) {
        let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
        do {
          let x = Tensor(1, dtype: .float64, requiresGrad: true)
          var y = x
          for _ in 0..<500_000 { y = y * y }
          #expect(y.item() == 1)
          var z = x
          for _ in 0..<500_000 { z = sin(z) }
          grad(of: z, withRespectTo: [x])[0].clearGrad()
          z.backward()
          #expect(x.grad!.item() > 0 && x.grad!.item() < 1)
          y.detached().clearGrad()
        }
        #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
      }
    }
  }

  @Test func forwardAndSecondOrder() async {
    await #expect(processExitsWith: .success) {
      onStack(of: halfMegabyte) {
        let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
        let chain = { (x: Tensor) -> Tensor in
          var y = x
          for _ in 0..<100_000 { y = y * 0.99999 + sin(y) * 0.00001 }
          return y
        }
        let x = Tensor(0.5, dtype: .float64)
        let forward = jvp(chain, at: x, along: Tensor(1, dtype: .float64)).tangent.item()
        #expect(near([grad(chain)(x).item()], [forward], 1e-9))
        let one = hvp(chain, at: x, along: Tensor(1, dtype: .float64)).item()
        let other = hvpReverse(chain, at: x, along: Tensor(1, dtype: .float64)).item()
        #expect(near([one], [other], 1e-9))
        #expect(LiveGraph.nodeCount == before.0)
      }
    }
  }

  /// Pushing forward holds the tangents that are still to be read, not all of them.
  @Test func forwardWalksReleaseTangents() async {
    await #expect(processExitsWith: .success) {

      let probe = Probe()
      let x = Tensor.ones([10_000])
      let before = TensorMemory.liveBytes
      let result = jvp(
        { (x: Tensor) -> Tensor in
          var y = x
          for _ in 0..<200 { y = probe(y) }
          return y
        }, at: x, along: x)
      #expect(result.tangent.count == 10_000)
      #expect(probe.most - before < 10 * 40_000)
    }
  }

  /// Custom functions that capture tracked tensors: each holds the chain before it.
  @Test func functionsHoldingTensors() async {
    await #expect(processExitsWith: .success) {
      onStack(of: halfMegabyte) {
        let before = (LiveGraph.nodeCount, TensorMemory.liveBytes)
        for kind in 0..<3 {
          let x = Tensor(1, dtype: .float64, requiresGrad: true)
          let one = Tensor(1, dtype: .float64)
          var y = x
          for _ in 0..<100_000 {
            // Only the function leads to the chain, not the input.
            switch kind {
            case 0: y = AddHeld(y)(x)
            case 1: y = LinearHeld(y)(x)
            default: y = BilinearHeld(y)(x, one)
            }
          }
          y.backward()
          #expect(x.grad!.item() == 1)
        }
        #expect(LiveGraph.nodeCount == before.0 && TensorMemory.liveBytes == before.1)
      }
    }
  }
}

/// Sees a walk's peak from inside: it looks when its turn comes.
private final class Probe: Function, @unchecked Sendable {
  var most = 0
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] + 0] }
  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    most = max(most, TensorMemory.liveBytes)
    return [tangents[0].map { $0 * 1.5 }]
  }
}

private final class AddHeld: Function, @unchecked Sendable {
  let held: Tensor
  init(_ held: Tensor) { self.held = held }
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] + held.detached()] }
  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { cotangents }
}

private final class LinearHeld: LinearFunction, @unchecked Sendable {
  let held: Tensor
  init(_ held: Tensor) { self.held = held }
  override func apply(_ x: Tensor) -> Tensor { x + 0 }
  override func transpose(_ cotangent: Tensor) -> Tensor { cotangent }
}

private final class BilinearHeld: BilinearFunction, @unchecked Sendable {
  let held: Tensor
  init(_ held: Tensor) { self.held = held }
  override func apply(_ a: Tensor, _ b: Tensor) -> Tensor { a * b }
  override func leftAdjoint(_ cotangent: Tensor, _ b: Tensor) -> Tensor { cotangent * b }
  override func rightAdjoint(_ cotangent: Tensor, _ a: Tensor) -> Tensor { cotangent * a }
}
