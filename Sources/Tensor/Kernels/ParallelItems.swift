import CKernels

extension Parallel {
  /// Multiply-adds that are worth a part of their own.
  static let productGrain = 1 << 20

  /// Runs `body` on consecutive parts of few large items, `work` multiply-adds each, and tells it how many
  /// threads a product within may use.
  static func runItems(
    _ count: Int, work: Int, grain: Int = productGrain, _ body: @Sendable (_ items: Range<Int>, _ threads: Int) -> Void
  ) {
    let threads = threads
    let parts = Swift.min(threads, count, count &* work / grain)
    guard parts > 1 else { return body(0..<count, threads) }
    share(parts, threads: threads, nanoseconds: Multiplication.nanoseconds(count &* work)) { part in
      body(count * part / parts..<count * (part + 1) / parts, 1)
    }
  }

  /// Runs `body` for each of `0 ..< count`, which are independent and large and whose operators use no further thread.
  ///
  /// They record as the caller does. Scopes that watch the caller's thread see what runs on it alone: within one,
  /// nothing is shared out.
  package static func runAlone(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let caller = adj_thread()!.pointee
    let isWatched = caller.error_scope != nil || caller.nan_scope != nil || caller.strict_scope != nil
    guard count > 1, threads > 1, !isWatched else { return (0..<count).forEach(body) }
    let (paused, order) = (caller.recording_paused, caller.derivative_order)
    share(count, nanoseconds: .max / 2) { item in
      let thread = adj_thread()!
      let own = (thread.pointee.recording_paused, thread.pointee.derivative_order)
      thread.pointee.alone += 1
      (thread.pointee.recording_paused, thread.pointee.derivative_order) = (paused, order)
      defer {
        thread.pointee.alone -= 1
        (thread.pointee.recording_paused, thread.pointee.derivative_order) = own
      }
      body(item)
    }
  }
}
