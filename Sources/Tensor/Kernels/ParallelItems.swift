import CKernels
import Dispatch

extension Parallel {
  /// Multiply-adds that are worth a thread of their own.
  static let productGrain = 1 << 21

  /// Runs `body` on consecutive parts of few large items, `work` multiply-adds each, and tells it how many
  /// threads a product within may use.
  static func runItems(
    _ count: Int, work: Int, grain: Int = productGrain, _ body: @Sendable (_ items: Range<Int>, _ threads: Int) -> Void
  ) {
    let threads = threads
    let parts = Swift.min(threads, count, count &* work / grain)
    guard parts > 1 else { return body(0..<count, threads) }
    BLAS.useThreads(1)
    let meter = Meter.current
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        Meter.share(meter) { body(count * part / parts..<count * (part + 1) / parts, 1) }
      }
    }
    BLAS.useThreads(threads)
  }

  /// Runs `body` for each of `0 ..< count`, which are independent and whose operators use no further thread.
  package static func runAlone(_ count: Int, _ body: @Sendable (Int) -> Void) {
    guard count > 1, threads > 1 else { return (0..<count).forEach(body) }
    let limit = BLAS.threads
    let meter = Meter.current
    BLAS.useThreads(1)
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: count) { item in
        let thread = adj_thread()!
        thread.pointee.alone += 1
        defer { thread.pointee.alone -= 1 }
        Meter.share(meter) { body(item) }
      }
    }
    BLAS.useThreads(limit)
  }
}
