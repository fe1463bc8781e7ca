import Synchronization
import Testing

@testable import Tensor

struct ParallelTests {
  /// Every item once; within, operators use one thread, and give what they give outside.
  @Test func itemsThatRunAlone() {
    let a = sin(Tensor.arange(300 * 300, dtype: .float64)).reshaped([300, 300])
    let product = matmul(a, a)
    let sum = a.sum().item()
    let seen = Mutex<[Int]>([])
    let outside = Parallel.threads
    Parallel.runAlone(9) { item in
      let isSame = matmul(a, a).allClose(product, relative: 1e-12) && abs(a.sum().item() - sum) < 1e-9
      #expect(isSame && Parallel.threads == 1 || outside == 1)
      seen.withLock { $0.append(item) }
    }
    #expect(seen.withLock { $0.sorted() } == Array(0..<9) && Parallel.threads == outside)
  }
}
