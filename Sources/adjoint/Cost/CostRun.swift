import ArgumentParser
import Autograd

/// Measures some functions, each at its sizes.
struct CostRun {
  /// One function, the sizes that were asked for, and those that it has nearest to them.
  private struct Entry {
    var meter: CostMeter
    let asked: [Int]
    let sizes: [Int]
  }

  /// Seconds of a quick run, of the ten that it may take.
  private static let quickSeconds = 8.0

  private let start = ContinuousClock.now
  private let isChosen: Bool
  private let quick: Bool
  private var entries: [Entry]

  init(_ functions: [CostFunction], sizes: [Int]?, quick: Bool, _ meter: (CostFunction) -> CostMeter) {
    isChosen = sizes != nil
    self.quick = quick
    entries = functions.map { function in
      let asked = sizes ?? function.sizes(quick: quick)
      return Entry(meter: meter(function), asked: asked, sizes: Set(asked.map(function.nearest)).sorted())
    }
  }

  /// - Parameter measured: Is told what is known after each measurement.
  /// - Throws: A `ValidationError`, before anything is measured, where not even a value fits into the memory.
  mutating func reports(_ measured: ([CostReport]) -> Void) throws -> [CostReport] {
    for index in entries.indices {
      // With --quick each function has its share, so that all of them get some.
      let share = Self.quickSeconds * Double(index + 1) / Double(entries.count)
      if quick { entries[index].meter.limits.deadline = start + .seconds(share) }
      try checkMemory(&entries[index])
    }
    let progress = CostProgress()
    defer { progress.end() }
    let steps = entries.reduce(0) { $0 + $1.sizes.count * $1.meter.operations.count }
    var done = 0
    var finished: [CostReport] = []
    for entry in entries {
      var meter = entry.meter
      let (function, operations, products) = (meter.function, meter.operations, meter.products)
      for count in entry.sizes {
        meter.measure(count) { operation, expected in
          let what = "\(function.rawValue), N = \(Format.thousands(count)): \(operation.label(products))"
          let before = done + (operations.firstIndex(of: operation) ?? 0)
          progress.begin(what, Double(before) / Double(steps), expected: expected)
        } each: {
          measured(finished + [report(entry, $0)])
        }
        done += operations.count
      }
      finished.append(report(entry, meter))
    }
    return finished
  }

  /// What is known of a function, at the sizes that were reached.
  private func report(_ entry: Entry, _ meter: CostMeter) -> CostReport {
    let reached = Set(meter.measurements.map(\.count))
    return CostReport(
      meter, meter.measurements, sizes: entry.sizes.filter(reached.contains), replaced: replaced(entry))
  }

  private func checkMemory(_ entry: inout Entry) throws {
    for count in entry.sizes {
      let bytes = entry.meter.leastBytes(count)
      let budget = entry.meter.limits.budget.bytes
      guard bytes > budget else { continue }
      throw ValidationError(
        """
        \(entry.meter.function.rawValue) at N = \(Format.thousands(count)) needs about \(CostNumber.bytes(bytes)) for a \
        single value, more than --memory allows (\(CostNumber.bytes(budget))); choose a smaller size with --sizes
        """)
    }
  }

  private func replaced(_ entry: Entry) -> [CostReport.Replaced] {
    guard isChosen else { return [] }
    return entry.asked.compactMap { asked in
      let taken = entry.meter.function.nearest(asked)
      return taken == asked ? nil : CostReport.Replaced(asked: asked, taken: taken)
    }
  }
}
