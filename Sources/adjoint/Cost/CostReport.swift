import Autograd
import Foundation

/// All figures of one function.
struct CostReport: Encodable {
  let function: String
  let summary: String
  let sizes: [Int]
  /// Sizes that were asked for and that the function cannot have, with those that were taken for them.
  let replacedSizes: [Replaced]
  let products: Int
  /// The time that ratios and exponents are of.
  let time: CostTime
  let measurements: [CostMeasurement]
  let growth: [Growth]

  struct Replaced: Encodable {
    let asked: Int
    let taken: Int
  }

  /// How an operation's costs grow with N, where enough sizes are known.
  struct Growth: Encodable {
    let operation: String
    let time: CostGrowth.Fit?
    let memory: CostGrowth.Fit?
  }

  init(_ meter: CostMeter, _ measurements: [CostMeasurement], sizes: [Int], replaced: [Replaced]) {
    function = meter.function.rawValue
    summary = meter.function.summary
    self.sizes = sizes
    replacedSizes = replaced
    products = meter.products
    time = meter.time
    self.measurements = measurements
    func points(_ operation: CostOperation, _ cost: (CostMeasurement) -> Double?) -> [(count: Int, cost: Double)] {
      measurements.filter { $0.operation == operation.rawValue }.compactMap { one in cost(one).map { (one.count, $0) } }
    }
    growth = meter.operations.map { operation in
      let times = points(operation, meter.time.of)
      let byCalls =
        operation == .differences ? CostGrowth.fit(times, callsOf: points(.gradient, meter.time.of)) : nil
      return Growth(
        operation: operation.rawValue, time: byCalls ?? CostGrowth.fit(times, overheadPower: operation.overheadPower),
        memory: CostGrowth.fit(points(operation) { $0.peakBytes.map(Double.init) }))
    }
  }

  /// The operations that the function has.
  var operations: [CostOperation] { growth.compactMap { CostOperation(rawValue: $0.operation) } }

  func measurement(_ operation: CostOperation, _ count: Int) -> CostMeasurement? {
    measurements.first { $0.operation == operation.rawValue && $0.count == count }
  }

  func growth(_ operation: CostOperation) -> Growth? { growth.first { $0.operation == operation.rawValue } }

  /// The largest size at which all of these have a time.
  func largestSize(_ operations: CostOperation...) -> Int? {
    sizes.last { count in operations.allSatisfy { measurement($0, count).flatMap(time.of) != nil } }
  }

  /// The time of one operation in that of another.
  func timeRatio(_ operation: CostOperation, to other: CostOperation, _ count: Int) -> Double? {
    guard let a = measurement(operation, count).flatMap(time.of), let b = measurement(other, count).flatMap(time.of)
    else { return nil }
    return a / b
  }

  /// The arithmetic of one operation in that of another.
  func flopsRatio(_ operation: CostOperation, to other: CostOperation, _ count: Int) -> Double? {
    guard let a = measurement(operation, count)?.flops, let b = measurement(other, count)?.flops, b > 0
    else { return nil }
    return Double(a) / Double(b)
  }
}

/// What `--json` prints.
struct CostOutput: Encodable {
  struct Machine: Encodable {
    let version = Adjoint.version
    let blas = BLAS.description
    let processorCore = BLAS.info.processorCore
    let instructionSet = TensorKernels.instructionSet
    let threads = BLAS.threads
    let memoryBytes = TensorMemory.machineBytes
  }

  /// Grows where fields change their meaning or go; 1 had exponents without what they were fitted to.
  let schemaVersion = 2
  let machine = Machine()
  let dtype = "float64"
  let budgetBytes: Int
  let timeLimit: Double
  let functions: [CostReport]
  /// The picture, where one was asked for.
  let picture: String?
  /// Whether it was interrupted before everything was measured.
  let interrupted: Bool
}

extension CostOutput {
  /// What the fields are, for `--help`.
  static let help = """
    With --json: schemaVersion; machine; dtype; budgetBytes and timeLimit (seconds), which bound one call; picture; \
    interrupted (by Ctrl-C: what is missing was not measured); and \
    functions, each with
      function, summary, products (the k of "k HVPs at a point"), time (the clock of ratios and growth)
      sizes: the numbers of variables; replacedSizes: those asked for that it cannot have, and those taken for them
      measurements: operation and count (N), with seconds (a median), processorSeconds (of all threads), repetitions, \
    peakBytes, flops and ratio (seconds in those of the value); or skipped: its reason (memory, time, deadline), and \
    the bytes or seconds that were predicted
      growth: for each operation time and memory, overhead + c N^exponent: kind (power; flat, where \
    all sizes take the same within a half; unknown, where overhead is more than half at the largest size, growth is too \
    slow to be told from it, or the figures scatter), exponent (of a power), \
    overhead (seconds or bytes) and the sizes fitted
    Operations: value; gradient (the value included); product, one HVP; products, k HVPs at one point, recorded once; \
    diagonal; dense; sparse (where zeros are known); differences, finite differences of the gradient.
    """
}
