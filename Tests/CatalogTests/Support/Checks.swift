import Synchronization

@testable import Autograd

/// What came of a check.
enum Outcome: Sendable, Equatable {
  case passed
  /// It does not apply: no derivative, or a dtype that the row does not take.
  case absent
  /// An error that names the dtype.
  case refused
  case failed(String)

  var hasFailed: Bool { if case .failed = self { true } else { false } }
}

/// Runs the checks of rows, each once in a process: tests and Operators.md read the same outcomes.
enum Checks {
  /// A check of a row's derivatives: in float64 against differences and other walks, in float32 against float64.
  static func run(_ row: Row, _ check: Check, _ dtype: DType) -> Outcome {
    guard row.hasDerivative, !row.differentiable.isEmpty else { return .absent }
    guard dtype.isFloatingPoint, row.accepts.contains(dtype) else { return .absent }
    return outcomes.value("\(row.name) \(check) \(dtype)") {
      do {
        return try withTensorErrors {
          if dtype == .float32 { return againstDouble(row, check) }
          return try check == .taylor ? againstNestedPushforwards(row) : againstDifferences(row, check)
        }
      } catch {
        return .failed("\(check.rawValue) of \(row.name) in \(dtype): \(error)")
      }
    }
  }

  /// Every check in every dtype.
  static func runAll(_ row: Row) {
    for dtype in DType.allCases {
      _ = values(row, dtype)
      for check in Check.allCases { _ = run(row, check, dtype) }
    }
  }

  /// `checkGradients` of an order alone at its shapes of a row, which are among those of the order before or the like
  /// of them; throws a misuse.
  static func reports(_ row: Row, order: Int) throws -> [GradientReport] {
    try reports.value("\(row.name) \(order)") {
      Result {
        try withTensorErrors { row.derivativeShapes(order: order).map { row.report(orders: order...order, $0) } }
      }
    }.get()
  }

  /// The values of a row in a dtype, or that the dtype is refused.
  static func values(_ row: Row, _ dtype: DType) -> Outcome {
    outcomes.value("\(row.name) \(dtype)") {
      let inputs = row.draw(dtype: dtype)
      do {
        let results = try withTensorErrors { row.call(inputs) }
        guard row.accepts.contains(dtype) else { return .failed("\(row.name) takes \(dtype)") }
        return row.compare(results, inputs, dtype)
      } catch {
        let isFine = !row.accepts.contains(dtype) && "\(error)".contains("\(dtype)")
        return isFine ? .refused : .failed("\(row.name) of \(dtype): \(error)")
      }
    }
  }

  // MARK: - Derivatives

  private static func againstDifferences(_ row: Row, _ check: Check) throws -> Outcome {
    let orders = check == .leadingAxes ? [1, 2] : [check.order]
    let reports = try orders.flatMap { try Checks.reports(row, order: $0) }
    let failures = reports.flatMap(\.failures).filter { check.covers($0.name) }
    if let first = failures.first { return .failed("\(first)") }
    let compared = reports.flatMap(\.checks).filter { check.covers($0.key) }
    return compared.isEmpty ? .failed("\(row.name): \(check.rawValue) compared nothing") : .passed
  }

  private static func againstNestedPushforwards(_ row: Row) -> Outcome {
    for shapes in row.allShapes {
      let inputs = row.draw(shapes)
      let f = row.floatingFunction(at: inputs)
      let x = row.differentiable.map { inputs[$0] }
      let v = Series.directions(x)
      let order = row.seriesOrder
      let found = Series.differences(
        directionalDerivatives(f, at: x, along: v, order: order), Series.nested(f, x, along: v, order: order))
      if let first = found.first { return .failed("Taylor mode of \(row.name) at \(shapes): \(first)") }
    }
    return .passed
  }

  private static func againstDouble(_ row: Row, _ check: Check) -> Outcome {
    let single = row.draw(dtype: .float32)
    // The same numbers, so that only the arithmetic differs.
    let double = single.map { $0.dtype == .float32 ? $0.asType(.float64) : $0 }
    let accuracy = Accuracy(ulps: 64 + 8 * row.ulps, dtype: .float32, byLargest: true, atLeast: 1)
    let (narrow, wide) = (derivatives(row, check, single), derivatives(row, check, double))
    for (narrow, wide) in zip(narrow, wide) {
      let found = differences(narrow, wide.map(\.numbers), accuracy)
      if let first = found.first { return .failed("\(check.rawValue) of \(row.name) in float32: \(first)") }
    }
    return .passed
  }

  private static func derivatives(_ row: Row, _ check: Check, _ inputs: [Tensor]) -> [[Tensor]] {
    let x = row.differentiable.map { inputs[$0] }
    return check.derivatives(of: row.function(at: inputs), seriesOrder: row.seriesOrder).map { $0(x) }
  }

  private static let outcomes = Memory<Outcome>()
  private static let reports = Memory<Result<[GradientReport], any Error>>()
}

/// Values by key, each made once.
private final class Memory<Value: Sendable>: Sendable {
  private let values = Mutex<[String: Value]>([:])

  func value(_ key: String, _ make: () -> Value) -> Value {
    if let value = values.withLock({ $0[key] }) { return value }
    let value = make()
    values.withLock { $0[key] = value }
    return value
  }
}

extension GradientReport.Failure {
  /// The check's name as ``GradientReport/checks`` has it, without what a failure adds.
  fileprivate var name: String { String(check.prefix { $0 != "," }) }
}

extension Row {
  /// Where derivatives of an order are checked.
  fileprivate func derivativeShapes(order: Int) -> [[Shape]] {
    let own = inputs.map(\.shape)
    switch order {
    case 1: return allShapes
    case 2: return [own] + (isPointwise ? broadcastShapes : shapes)
    default: return [isPointwise ? inputs.map { _ in [2] } : own]
    }
  }

  /// Derivatives at inputs of some shapes, in another layout where one is named. A misuse is a failure.
  func report(orders: ClosedRange<Int>, _ shapes: [Shape], _ layout: MemoryLayoutKind? = nil) -> GradientReport {
    let inputs = draw(shapes).map { layout?.apply($0) ?? $0 }
    return checkGradients(
      "\(name) at \(shapes)", orders: orders, of: function(at: inputs), at: differentiable.map { inputs[$0] },
      elements: orders.upperBound > 2 ? 2 : 12)
  }

  fileprivate func compare(_ results: [Tensor], _ inputs: [Tensor], _ dtype: DType) -> Outcome {
    let wanted = resultType ?? (dtype.isFloatingPoint ? nil : integersGive) ?? dtype
    if let other = results.first(where: { $0.dtype != wanted }) {
      return .failed("\(name) of \(dtype) is \(other.dtype), not \(wanted)")
    }
    let expected = expected(inputs)
    // What a byte cannot hold is not specified here.
    let isSpecified = dtype != .uint8 || expected.allSatisfy { $0.values.allSatisfy { 0...255 ~= $0 } }
    let found = isSpecified ? differences(results, expected, accuracy(wanted)) : []
    return found.isEmpty ? .passed : .failed("\(name) of \(dtype): \(found[0])")
  }
}
