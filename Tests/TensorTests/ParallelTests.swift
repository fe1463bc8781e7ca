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

  /// On whichever thread, operators record or not as they do on the caller's.
  @Test func itemsRecordAsTheCallerDoes() {
    let x = Tensor([1.0, 2]).tracked()
    for records in [true, false] {
      let tracked = Mutex<[Bool]>([])
      let run = { Parallel.runAlone(8) { _ in tracked.withLock { $0.append((x * x).isTracked) } } }
      if records { run() } else { withoutGrad(run) }
      #expect(tracked.withLock { $0 } == Array(repeating: records, count: 8))
    }
    #expect((x * x).isTracked)
  }

  /// Misuse on another thread could not be thrown on the caller's: all items run there.
  @Test func itemsWithinAScopeRunOnItsThread() {
    let count = Mutex(0)
    #expect(throws: TensorError.self) {
      try withTensorErrors {
        Parallel.runAlone(8) { item in
          count.withLock { $0 += 1 }
          if item == 7 { _ = Tensor([1.0, 2]) + Tensor([1.0, 2, 3]) }
        }
      }
    }
    #expect(count.withLock { $0 } == 8)
  }
}
