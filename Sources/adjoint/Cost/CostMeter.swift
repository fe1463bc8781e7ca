import Autograd

/// Measures the operations of one function at one size after the other.
struct CostMeter {
  /// What bounds the measurements.
  struct Limits {
    let budget: MemoryBudget
    /// The most seconds that one call may be expected to take.
    let seconds: Double
    /// Seconds that repetitions go on for.
    let repeated: Double
    /// When to measure no more.
    var deadline: ContinuousClock.Instant?

    /// Seconds of all calls of an operation: one for the memory, and five or more for the time as far as they are short.
    func allCalls(_ seconds: Double) -> Double {
      seconds + max(seconds, min(max(repeated, 5 * seconds), 10 * repeated))
    }

    /// Seconds until the deadline.
    var left: Double { deadline.map { max(($0 - .now) / .seconds(1), 0) } ?? .infinity }
  }

  let function: CostFunction
  let products: Int
  let time: CostTime
  var limits: Limits
  private var forecast: CostForecast
  private(set) var measurements: [CostMeasurement] = []

  init(_ function: CostFunction, products: Int, time: CostTime, limits: Limits) {
    self.function = function
    self.products = products
    self.time = time
    self.limits = limits
    forecast = CostForecast(function, products: products, budget: limits.budget)
  }

  var operations: [CostOperation] { CostOperation.of(function) }

  /// Bytes that a single value needs at a size, its inputs included; as found at smaller sizes.
  mutating func leastBytes(_ count: Int) -> Int {
    forecast.climb(to: count, [.value], until: limits.deadline)
    return forecast.bytes(.value, count)
  }

  /// Measures everything at one size; `step` is called before each operation, with the seconds that it is expected to
  /// take in all, and `each` after it.
  mutating func measure(
    _ count: Int, _ step: (CostOperation, Double?) -> Void, each: (CostMeter) -> Void = { _ in }
  ) {
    step(.value, nil)
    forecast.climb(to: count, operations, until: limits.deadline)
    var instance: CostInstance?
    for operation in operations {
      let expected = forecast.seconds(operation, count)
      step(operation, expected.map(limits.allCalls))
      var result = CostMeasurement(operation: operation.rawValue, count: count)
      result.skipped = obstacle(operation, count)
      if result.skipped == nil {
        let here = instance ?? function.instance(count)
        instance = here
        measure(operation.call(here, function, products: products, budget: limits.budget), into: &result)
        if let seconds = result.seconds, let bytes = result.peakBytes {
          forecast.learn(operation, .init(count: count, seconds: seconds, bytes: bytes))
        }
      }
      let value = operation == .value ? result : measurement(.value, count)
      if let value, let own = time.of(result), let unit = time.of(value) { result.ratio = own / unit }
      measurements.append(result)
      each(self)
    }
  }

  private func measurement(_ operation: CostOperation, _ count: Int) -> CostMeasurement? {
    measurements.last { $0.operation == operation.rawValue && $0.count == count }
  }

  /// Why an operation cannot be measured, as far as that can be known before anything is made for it.
  private func obstacle(_ operation: CostOperation, _ count: Int) -> CostMeasurement.Skipped? {
    let bytes = forecast.bytes(operation, count)
    if bytes > limits.budget.bytes { return .init(reason: .memory, bytes: bytes) }
    let seconds = forecast.seconds(operation, count)
    if let seconds, seconds > limits.seconds { return .init(reason: .time, seconds: seconds) }
    // Twice: once for the memory, once for the time.
    let left = limits.left
    return left <= 0 || 2 * (seconds ?? 0) >= left ? .init(reason: .deadline, seconds: seconds) : nil
  }

  private func measure(_ call: CostCall, into result: inout CostMeasurement) {
    do throws(MemoryBudgetError) {
      let first = try call.watched()
      guard first.bytes <= limits.budget.bytes else {
        result.skipped = .init(reason: .memory, bytes: first.bytes)
        return
      }
      (result.peakBytes, result.flops) = (first.bytes, first.flops)
      // Where there is no time for a second call the first one's, a little longer for being watched, is all there is.
      let times = first.times.clock < limits.left ? try median(call) : (first.times, 1)
      result.seconds = times.0.clock
      result.processorSeconds = times.0.processor
      result.repetitions = times.1
    } catch {
      result.skipped = .init(reason: .memory, bytes: error.predictedBytes)
    }
  }

  /// The time of a call by the median of several, in short runs where one is too short for the clock.
  private func median(_ call: CostCall) throws(MemoryBudgetError) -> (CostTimes, Int) {
    let most = min(10 * limits.repeated, limits.left)
    let first = try call.timed()
    let calls = max(1, Int((50e-6 / max(first.clock, 1e-9)).rounded(.up)))
    // The first may be slower than others, but a long one is too good to waste.
    var runs = first.clock > limits.repeated ? [first] : []
    var total = first.clock
    while (total < limits.repeated || runs.count < 5) && total + first.clock < most {
      let time = try call.timed(calls)
      total += time.clock * Double(calls)
      runs.append(time)
    }
    if runs.isEmpty { runs = [first] }
    let middle = runs.count / 2
    return (
      CostTimes(clock: runs.map(\.clock).sorted()[middle], processor: runs.map(\.processor).sorted()[middle]),
      runs.count
    )
  }
}
