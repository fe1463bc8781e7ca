import CKernels

/// Work over several cores.
///
/// A thread that has just had work takes part of the next within a microsecond, but waking one takes tens of them, so
/// that only large work, or small work that comes often, has more than one. A split depends on the amount of work
/// and the limit of threads alone, never on timing; results do not depend on it, but for the last digits of matrix
/// products: the library rounds pieces of one size otherwise than those of another.
package enum Parallel {
  /// Elements of simple work that are worth sharing: `grainTime` of it.
  package static let elementGrain = 1 << 16
  /// Nanoseconds that `grain` of whatever work takes one thread, about.
  static let grainTime = 6000

  /// The most threads that an operator may use here.
  static var threads: Int { adj_thread().pointee.alone > 0 ? 1 : BLAS.threads }

  /// Runs `body` on consecutive parts of `0 ..< count`, each of at least half of `grain`.
  package static func run(_ count: Int, grain: Int, _ body: @Sendable (Int, Int) -> Void) {
    let threads = threads
    guard count >= grain, count > 1, threads > 1 else {
      body(0, count)
      return
    }
    runParts(count, grain, threads, body)
  }

  @inline(never)
  private static func runParts(_ count: Int, _ grain: Int, _ threads: Int, _ body: @Sendable (Int, Int) -> Void) {
    // More parts than threads, so that a thread that loses its core for a while holds up little.
    let parts = Swift.min(4 * threads, Swift.max(2, 2 * (count / grain)), count)
    // Of many elements, whole cache lines, so that no two threads share one; of few large items, what comes nearest.
    let unit = count >= 512 * parts ? 64 : 1
    let units = (count + unit - 1) / unit
    share(parts, threads: threads, nanoseconds: count / grain &* grainTime) { part in
      body(units * part / parts * unit, Swift.min(units * (part + 1) / parts * unit, count))
    }
  }

  /// Runs `body` for each part, on as many threads, the caller's among them, as are free; `nanoseconds` is about what
  /// all parts take one thread.
  static func share(
    _ parts: Int, threads: Int = threads, nanoseconds: Int, _ body: @Sendable (_ part: Int) -> Void
  ) {
    let meter = Meter.current
    withoutActuallyEscaping(body) { body in
      var work: @Sendable (Int) -> Void = body
      if meter.value != nil { work = { part in Meter.share(meter) { body(part) } } }
      withUnsafeMutablePointer(to: &work) { work in
        let run: @convention(c) (UnsafeMutableRawPointer?, Int64) -> Void = { work, part in
          work!.assumingMemoryBound(to: (@Sendable (Int) -> Void).self).pointee(Int(part))
        }
        adj_team_run(Int64(parts), Int32(clamping: threads), Int64(nanoseconds), run, work)
      }
    }
  }
}

/// Carries a pointer into a concurrent closure whose parts do not overlap.
package struct UnsafeSendable<Value>: @unchecked Sendable {
  package let value: Value
  package init(_ value: Value) { self.value = value }
}
