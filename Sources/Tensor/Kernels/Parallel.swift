import CKernels
import Dispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Work over several cores.
///
/// Handing work to another thread costs tens of microseconds, so that only large work is split; a split
/// depends on the amount of work alone, never on timing, and results do not depend on it.
package enum Parallel {
  /// Elements of simple work that are worth a thread of their own.
  package static let elementGrain = 1 << 16

  /// The most threads that an operator may use here.
  static var threads: Int { adj_thread().pointee.alone > 0 ? 1 : BLAS.threads }

  /// Runs `body` on consecutive parts of `0 ..< count`, each of at least `grain`.
  package static func run(_ count: Int, grain: Int, _ body: @Sendable (Int, Int) -> Void) {
    guard count >= 2 * grain, threads > 1 else {
      body(0, count)
      return
    }
    // More parts than threads, so that a thread that loses its core for a while holds up little.
    runParts(Swift.min(4 * threads, count / grain), count, body)
  }

  @inline(never)
  private static func runParts(_ parts: Int, _ count: Int, _ body: @Sendable (Int, Int) -> Void) {
    // Whole cache lines, so that no two threads share one; few parts of large items are taken as they are.
    let length = count >= 64 * parts ? (count / parts + 63) & ~63 : (count + parts - 1) / parts
    let meter = Meter.current
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let begin = Swift.min(part * length, count)
        let end = part == parts - 1 ? count : Swift.min(begin + length, count)
        if begin < end { Meter.share(meter) { body(begin, end) } }
      }
    }
  }
}

/// Carries a pointer into a concurrent closure whose parts do not overlap.
package struct UnsafeSendable<Value>: @unchecked Sendable {
  package let value: Value
  package init(_ value: Value) { self.value = value }
}
