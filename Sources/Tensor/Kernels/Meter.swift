import CKernels

/// The arithmetic that tensor operators do.
public enum TensorWork {
  /// Runs a function, and counts the floating-point operations that its operators' kernels are asked for.
  ///
  /// A product of matrices counts 2 m n k, a pointwise function one for each instruction of its program and element
  /// (two for a fused multiply-add; an exponential counts as one), a sum or a maximum one for each element (of each window,
  /// in a pooling), a softmax or a normalization one for each step that its formula has for an element; a copy and a sort
  /// none. Work of this thread, and of those that its operators split theirs over.
  public static func flops<Result, Failure: Error>(
    during body: () throws(Failure) -> Result
  ) throws(Failure) -> (result: Result, flops: Int) {
    try Meter.run(rehearses: false, body)
  }
}

/// Counts what kernels are asked for, by thread. Costs one load a kernel where there is no meter.
package enum Meter {
  /// Kernels of fewer operations run in a rehearsal, too: numbers that rules look at (a loss's seed) are then right.
  private static let leastSkipped = 1 << 12

  /// Says that a kernel is about to do so much; false where it must leave its result as it is.
  @inline(__always)
  static func begins(_ flops: @autoclosure () -> Int) -> Bool {
    guard adj_meters_exist() else { return true }
    return count(flops())
  }

  @inline(never)
  private static func count(_ flops: Int) -> Bool {
    guard let meter = adj_thread().pointee.meter else { return true }
    adj_meter_add(meter, Int64(flops))
    return meter.pointee.rehearses == 0 || flops < leastSkipped
  }

  /// Runs a function as in `TensorWork.flops`. A rehearsal runs it with kernels that compute nothing: operators
  /// make results of the right shapes whose numbers are arbitrary, and derivative rules, which do not look at
  /// numbers, go the same way as otherwise.
  package static func run<Result, Failure: Error>(
    rehearses: Bool, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> (result: Result, flops: Int) {
    try install(rehearses: rehearses || isRehearsal, body)
  }

  /// Runs what may look at its numbers (a function of the user's, an iteration) with kernels that compute, within a
  /// rehearsal, too.
  @inline(__always)
  package static func computing<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard isRehearsal else { return try body() }
    return try install(rehearses: false, body).result
  }

  /// Runs a rule whose result's numbers nobody will read, only its history: large kernels compute nothing, and what
  /// they would is not counted.
  package static func omitting<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try install(rehearses: true, counts: false, body).result
  }

  @inline(never)
  private static func install<Result, Failure: Error>(
    rehearses: Bool, counts: Bool = true, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> (result: Result, flops: Int) {
    let thread = adj_thread()!
    let outer = thread.pointee.meter
    let meter = UnsafeMutablePointer<adj_meter>.allocate(capacity: 1)
    meter.initialize(to: adj_meter(flops: 0, rehearses: rehearses ? 1 : 0))
    thread.pointee.meter = meter
    adj_meter_begin()
    defer {
      adj_meter_end()
      adj_thread().pointee.meter = outer
      // What is counted within counts outside, too.
      if counts, let outer { adj_meter_add(outer, meter.pointee.flops) }
      meter.deallocate()
    }
    let result = try body()
    return (result, Int(meter.pointee.flops))
  }

  /// Whether this thread's kernels compute nothing.
  package static var isRehearsal: Bool {
    adj_meters_exist() && adj_thread().pointee.meter?.pointee.rehearses == 1
  }

  /// This thread's meter, for threads that take a part of its work.
  static var current: UnsafeSendable<UnsafeMutablePointer<adj_meter>?> {
    UnsafeSendable(adj_meters_exist() ? adj_thread().pointee.meter : nil)
  }

  /// Runs a part of the work of another thread, whose meter this was.
  @inline(__always)
  static func share(_ meter: UnsafeSendable<UnsafeMutablePointer<adj_meter>?>, _ body: () -> Void) {
    guard let meter = meter.value else { return body() }
    let thread = adj_thread()!
    let own = thread.pointee.meter
    thread.pointee.meter = meter
    body()
    thread.pointee.meter = own
  }
}
