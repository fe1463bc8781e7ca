import Autograd
import Foundation
import Testing

@testable import Tensor

/// In processes of their own, because counters are those of the whole process.
struct AllocatorTests {
  /// Under the address sanitizer nothing is kept for reuse, so that it finds uses after free.
  private static let keepsBlocks = dlsym(dlopen(nil, RTLD_NOW), "__asan_init") == nil

  @Test func liveBytesFollowTensors() async {
    await #expect(processExitsWith: .success) {
      _ = Tensor.zeros([1]) + 1
      let before = TensorMemory.liveBytes
      do {
        let x = Tensor.zeros([1000])
        #expect(TensorMemory.liveBytes >= before + 4000)
        let during = TensorMemory.liveBytes
        let views = [x[10...], x.reshaped([10, 100]), x.expanded(to: [3, 1000]), x]
        #expect(TensorMemory.liveBytes == during && views.count == 4)
        var copy = x
        copy[0] = Tensor(1)
        #expect(TensorMemory.liveBytes >= during + 4000)
        #expect(x[0].item() == 0)
      }
      #expect(TensorMemory.liveBytes == before)
      // A view keeps the whole; the rest goes when the view does.
      var view: Tensor? = Tensor.zeros([100_000])[0]
      #expect(TensorMemory.liveBytes >= before + 400_000 && view != nil)
      view = nil
      #expect(TensorMemory.liveBytes == before)
    }
  }

  @Test func thePeakIsTheMostThatIsHeldAtOnce() async {
    await #expect(processExitsWith: .success) {
      // Blocks that a thread keeps for reuse are counted like fresh ones.
      _ = (0..<20).map { _ in Tensor.zeros([1024], dtype: .uint8) }
      let before = TensorMemory.liveBytes
      for bytes in [64, 1024, 1 << 16, 1 << 20, 1 << 23] {
        func make() -> Tensor { Tensor.zeros([bytes], dtype: .uint8) }
        #expect(TensorMemory.peak { _ = make() }.bytes == bytes)
        #expect(TensorMemory.peak { _ = [make(), make(), make()] }.bytes == 3 * bytes)
        #expect(TensorMemory.peak { for _ in 0..<10 { _ = make() } }.bytes == bytes)
        let (kept, peak) = TensorMemory.peak { [make()] }
        #expect(peak == bytes && kept.count == 1)
        // One within another: each sees its own.
        let outer = TensorMemory.peak {
          let first = make()
          #expect(TensorMemory.peak { _ = make() }.bytes == bytes)
          return first
        }
        #expect(outer.bytes == 2 * bytes)
      }
      #expect(TensorMemory.peak {}.bytes == 0)
      struct Stop: Error {}
      #expect(throws: Stop.self) {
        try TensorMemory.peak { () throws(Stop) in throw Stop() }
      }
      #expect(TensorMemory.liveBytes == before)
    }
  }

  @Test func thePeakCountsEveryThread() async {
    await #expect(processExitsWith: .success) {
      let barrier = DispatchSemaphore(value: 0)
      let done = DispatchSemaphore(value: 0)
      let peak = TensorMemory.peak {
        for _ in 0..<3 {
          Thread {
            let held = Tensor.zeros([1 << 16], dtype: .uint8)
            done.signal()
            barrier.wait()
            precondition(held.count == 1 << 16)
            done.signal()
          }.start()
        }
        for _ in 0..<3 { done.wait() }
        for _ in 0..<3 { barrier.signal() }
        for _ in 0..<3 { done.wait() }
      }
      #expect(peak.bytes == 3 << 16)
    }
  }

  @Test(.enabled(if: keepsBlocks)) func aWatchLeavesReuseAsItWas() async {
    await #expect(processExitsWith: .success) {
      _ = TensorMemory.peak { _ = Tensor.zeros([100]) }
      // The first block that is freed afterwards renews the thread's lists.
      do { _ = Tensor.zeros([100]) }
      let first = Int(bitPattern: Tensor.zeros([100]).storage.pointer)
      let again = (0..<4).map { _ in Int(bitPattern: Tensor.zeros([100]).storage.pointer) }
      #expect(again.allSatisfy { $0 == first })
    }
  }

  @Test(.enabled(if: keepsBlocks)) func memoryIsReused() async {
    await #expect(processExitsWith: .success) {
      for count in [10, 1000, 50_000, 3_000_000] {
        let first = Int(bitPattern: Tensor.zeros([count]).storage.pointer)
        let again = (0..<4).map { _ in Int(bitPattern: Tensor.zeros([count]).storage.pointer) }
        #expect(again.allSatisfy { $0 == first }, "\(count)")
      }
    }
  }

  @Test func blocksAreAligned() {
    for count in [0, 1, 3, 16, 17, 100, 1000, 16_385, 100_003, 2_000_001] {
      for dtype in [DType.uint8, .float32, .float64] {
        let x = Tensor.zeros([count], dtype: dtype)
        #expect(Int(bitPattern: x.storage.pointer) % 64 == 0, "\(count) \(dtype)")
      }
    }
  }

  @Test(.enabled(if: keepsBlocks)) func theCacheHasALimitAndCanBeEmptied() async {
    await #expect(processExitsWith: .success) {
      do { _ = Tensor.zeros([4_000_000]) }
      #expect(TensorMemory.cachedBytes >= 16_000_000)
      TensorMemory.emptyCache()
      #expect(TensorMemory.cachedBytes == 0)
      let live = TensorMemory.liveBytes
      TensorMemory.cacheLimit = 1 << 20
      #expect(TensorMemory.cacheLimit == 1 << 20)
      do { _ = [Tensor.zeros([4_000_000]), Tensor.zeros([100_000]), Tensor.zeros([100_000])] }
      #expect(TensorMemory.cachedBytes <= 1 << 20 && TensorMemory.liveBytes == live)
      TensorMemory.cacheLimit = 0
      do { _ = (0..<100).map { Tensor.zeros([$0 * 10]) } }
      #expect(TensorMemory.cachedBytes == 0 && TensorMemory.liveBytes == live)
      TensorMemory.cacheLimit = -7
      #expect(TensorMemory.cacheLimit == 0)
      // Everything still works without a cache.
      #expect((Tensor.ones([1000]) * 2).sum().item() == 2000)
    }
  }

  @Test func memoryMayBeFreedByAnotherThread() async {
    await #expect(processExitsWith: .success) {
      _ = Tensor.ones([2]) + Tensor.ones([2])
      let before = TensorMemory.liveBytes
      for _ in 0..<20 {
        let made = await withTaskGroup(of: [Tensor].self) { group in
          for thread in 0..<4 {
            group.addTask { (0..<100).map { Tensor.full([thread * 100 + $0 + 1], Double($0)) } }
          }
          return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(made.count == 400)
        await withTaskGroup(of: Void.self) { group in
          for part in 0..<4 {
            let slice = made[(part * 100)..<((part + 1) * 100)]
            group.addTask { for x in slice { precondition(x[0].item() == x[-1].item()) } }
          }
        }
      }
      #expect(TensorMemory.liveBytes == before)
    }
  }

  @Test func threadsThatEndGiveBackWhatTheyKept() async {
    await #expect(processExitsWith: .success) {
      let before = TensorMemory.liveBytes
      for _ in 0..<50 {
        let thread = Thread { for count in 1..<100 { _ = Tensor.zeros([count * 7]) + 1 } }
        thread.start()
        while !thread.isFinished { usleep(200) }
      }
      usleep(20_000)
      #expect(TensorMemory.liveBytes == before && TensorMemory.cachedBytes < 64 << 20)
    }
  }
}
