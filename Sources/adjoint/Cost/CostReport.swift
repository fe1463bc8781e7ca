import Autograd
import Foundation

/// All figures of one function.
struct CostReport: Encodable {
  let function: String
  let summary: String
  let sizes: [Int]
  let products: Int
  /// The time that ratios and exponents are of.
  let time: CostTime
  let measurements: [CostMeasurement]
  let growth: [Growth]

  /// Exponents of N, fitted over the larger sizes.
  struct Growth: Encodable {
    let operation: String
    let time: Double?
    let memory: Double?
  }

  init(_ meter: CostMeter, sizes: [Int]) {
    function = meter.function.rawValue
    summary = meter.function.summary
    self.sizes = sizes
    products = meter.products
    time = meter.time
    measurements = meter.measurements
    growth = CostOperation.allCases.compactMap { operation in
      let own = meter.measurements.filter { $0.operation == operation.rawValue }
      guard !own.isEmpty else { return nil }
      return Growth(
        operation: operation.rawValue,
        time: CostGrowth.exponent(own.compactMap { one in meter.time.of(one).map { (one.count, $0) } }),
        memory: CostGrowth.exponent(own.compactMap { one in one.peakBytes.map { (one.count, Double($0)) } }))
    }
  }

  /// The operations that the function has.
  var operations: [CostOperation] {
    CostOperation.allCases.filter { operation in growth.contains { $0.operation == operation.rawValue } }
  }

  func measurement(_ operation: CostOperation, _ count: Int) -> CostMeasurement? {
    measurements.first { $0.operation == operation.rawValue && $0.count == count }
  }

  func growth(_ operation: CostOperation) -> Growth? { growth.first { $0.operation == operation.rawValue } }

  /// The time of one operation in that of another at the largest size that has both.
  func timeRatio(_ operation: CostOperation, to other: CostOperation) -> (count: Int, ratio: Double)? {
    for count in sizes.reversed() {
      if let a = measurement(operation, count).flatMap(time.of), let b = measurement(other, count).flatMap(time.of) {
        return (count, a / b)
      }
    }
    return nil
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

  let machine = Machine()
  let dtype = "float64"
  let budgetBytes: Int
  let timeLimit: Double
  let functions: [CostReport]
  /// The picture, where one was asked for.
  let picture: String?
}
