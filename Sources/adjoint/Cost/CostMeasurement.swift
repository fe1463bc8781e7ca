import ArgumentParser

/// What one operation costs at one size, or why it was left out.
struct CostMeasurement: Encodable {
  let operation: String
  /// The number of variables.
  let count: Int
  var seconds: Double?
  /// Seconds of all threads on a processor: where other programs run, long calls take less of these than by the clock.
  var processorSeconds: Double?
  /// Bytes of tensors during the call beyond those before it, at most.
  var peakBytes: Int?
  /// Floating-point operations, as kernels count them.
  var flops: Int?
  /// Seconds, by the clock or of processors as asked for, in those of the value.
  var ratio: Double?
  /// Calls that the median is of.
  var repetitions: Int?
  var skipped: Skipped?

  /// Why something was not measured.
  struct Skipped: Encodable {
    enum Reason: String, Encodable { case memory, time, deadline }
    let reason: Reason
    /// What it would take, as predicted.
    var bytes: Int?
    var seconds: Double?
  }
}

/// Which time is shown.
enum CostTime: String, Encodable, ExpressibleByArgument, CaseIterable {
  case clock, processor

  func of(_ measurement: CostMeasurement) -> Double? {
    self == .clock ? measurement.seconds : measurement.processorSeconds
  }
}
