import ArgumentParser
import Autograd
import Foundation

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

/// Measures the operations of one function at one size after the other.
struct CostMeter {
  let function: CostFunction
  let products: Int
  let time: CostTime
  let budget: MemoryBudget
  /// The most seconds that one call may be expected to take.
  let timeLimit: Double
  /// Seconds that repetitions go on for.
  let minimumTime: Double
  /// When to measure no more.
  let deadline: ContinuousClock.Instant?

  private(set) var measurements: [CostMeasurement] = []

  init(
    _ function: CostFunction, products: Int, time: CostTime, budget: MemoryBudget, timeLimit: Double,
    minimumTime: Double,
    deadline: ContinuousClock.Instant?
  ) {
    self.function = function
    self.products = products
    self.time = time
    self.budget = budget
    self.timeLimit = timeLimit
    self.minimumTime = minimumTime
    self.deadline = deadline
  }

  /// Measures everything at one size; `step` is called before each operation.
  mutating func measure(_ instance: CostInstance, _ step: (CostOperation) -> Void) {
    for operation in CostOperation.allCases {
      step(operation)
      guard let call = operation.call(instance, products: products, budget: budget) else { continue }
      measurements.append(measurement(operation, call, instance))
    }
  }

  private func measurement(
    _ operation: CostOperation, _ call: CostCall, _ instance: CostInstance
  ) -> CostMeasurement {
    var result = CostMeasurement(operation: operation.rawValue, count: instance.count)
    let expected = expectedSeconds(operation, instance)
    let left = deadline.map { Swift.max(($0 - .now) / .seconds(1), 0) }
    do throws(TooMuchMemory) {
      // What is certain to be refused is asked, whatever time it would take: it says how much it needs.
      if let bytes = certainBytes(operation, instance), bytes > budget.bytes { try call.run() }
      if expected > timeLimit {
        result.skipped = .init(reason: .time, seconds: expected)
        return result
      }
      // Twice: once for the memory, once for the time.
      if let left, 2 * expected >= left {
        result.skipped = .init(reason: .deadline, seconds: expected)
        return result
      }
      result.peakBytes = try TensorMemory.peak(during: call.run).bytes
      let times = try median(call, left)
      result.seconds = times.clock
      result.processorSeconds = times.processor
      result.repetitions = times.count
    } catch {
      result.skipped = .init(reason: .memory, bytes: error.bytes)
      return result
    }
    let value = operation == .value ? result : measurement(.value, instance.count)
    if let value, let own = time.of(result), let unit = time.of(value) { result.ratio = own / unit }
    return result
  }

  /// Bytes that the result alone has.
  private func certainBytes(_ operation: CostOperation, _ instance: CostInstance) -> Int? {
    [.dense, .differences].contains(operation) ? instance.count * instance.count * 8 : nil
  }

  /// The time of a call by the median of several, in short runs where one is too short for the clock.
  private func median(
    _ call: CostCall, _ left: Double?
  ) throws(TooMuchMemory) -> (clock: Double, processor: Double, count: Int) {
    func run(_ calls: Int) throws(TooMuchMemory) -> (clock: Double, processor: Double) {
      let (start, processor) = (ContinuousClock.now, processorSeconds())
      for _ in 0..<calls { try call.run() }
      let spent = processorSeconds() - processor
      return ((.now - start) / .seconds(1) / Double(calls), spent / Double(calls))
    }
    let first = try run(1)
    let calls = Swift.max(1, Int((50e-6 / Swift.max(first.clock, 1e-9)).rounded(.up)))
    let most = Swift.min(10 * minimumTime, left ?? .infinity)
    // The first may be slower than others, but a long one is too good to waste.
    var runs = first.clock > minimumTime ? [first] : []
    var total = first.clock
    while (total < minimumTime || runs.count < 5) && total + first.clock < most {
      let time = try run(calls)
      total += time.clock * Double(calls)
      runs.append(time)
    }
    if runs.isEmpty { runs = [first] }
    return (
      runs.map(\.clock).sorted()[runs.count / 2], runs.map(\.processor).sorted()[runs.count / 2], runs.count
    )
  }

  /// Seconds that all threads of the program have spent on processors.
  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  // MARK: Expectations

  private func measurement(_ operation: CostOperation, _ count: Int) -> CostMeasurement? {
    measurements.last { $0.operation == operation.rawValue && $0.count == count }
  }

  private func seconds(_ operation: CostOperation, _ count: Int) -> Double? { measurement(operation, count)?.seconds }

  /// What a call will take, from the size before or from cheaper operations at this size; 0 where nothing
  /// is known yet.
  private func expectedSeconds(_ operation: CostOperation, _ instance: CostInstance) -> Double {
    let count = Double(instance.count)
    let grown = previous(operation).map { before in
      let isQuadratic = operation.isPerVariable || function == .lennardJones
      return before.seconds * pow(count / before.count, isQuadratic ? 2 : 1)
    }
    let cheaper: Double? =
      switch operation {
      case .differences: seconds(.gradient, instance.count).map { 2 * count * $0 }
      case .diagonal, .dense: seconds(.products, instance.count).map { count * $0 / Double(products) }
      default: seconds(.value, instance.count).map { 10 * $0 }
      }
    return [grown, cheaper].compactMap { $0 }.min() ?? 0
  }

  private func previous(_ operation: CostOperation) -> (count: Double, seconds: Double)? {
    measurements.last { $0.operation == operation.rawValue && $0.seconds != nil }.map {
      (Double($0.count), $0.seconds!)
    }
  }
}
