import Autograd
import Foundation

/// One call, made as often as is needed.
struct CostCall {
  let run: () throws(MemoryBudgetError) -> Void

  init(_ run: @escaping () throws(MemoryBudgetError) -> Void) { self.run = run }

  /// Bytes beyond those before the call, arithmetic, and seconds: a little more than without the watch.
  func watched() throws(MemoryBudgetError) -> (bytes: Int, flops: Int, times: CostTimes) {
    let start = CostTimes.now
    let (counted, bytes) = try TensorMemory.peak { () throws(MemoryBudgetError) in
      try TensorWork.flops { () throws(MemoryBudgetError) in try run() }
    }
    return (bytes, counted.flops, CostTimes.now - start)
  }

  /// The mean of some calls one after the other.
  func timed(_ calls: Int = 1) throws(MemoryBudgetError) -> CostTimes {
    let start = CostTimes.now
    for _ in 0..<calls { try run() }
    return (CostTimes.now - start) / Double(calls)
  }

  /// What a call takes, once it is known to run; the faster of two, since the first may wait for more than the second.
  func tried() throws(MemoryBudgetError) -> (seconds: Double, bytes: Int) {
    let bytes = try watched().bytes
    let first = try timed().clock
    return (min(first, try timed().clock), bytes)
  }
}

/// Seconds by the clock, and of all threads of the program on processors.
struct CostTimes {
  var clock: Double
  var processor: Double

  static var now: CostTimes {
    CostTimes(clock: seconds(CLOCK_MONOTONIC), processor: seconds(CLOCK_PROCESS_CPUTIME_ID))
  }

  static func - (a: CostTimes, b: CostTimes) -> CostTimes {
    CostTimes(clock: a.clock - b.clock, processor: a.processor - b.processor)
  }
  static func / (a: CostTimes, count: Double) -> CostTimes {
    CostTimes(clock: a.clock / count, processor: a.processor / count)
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
