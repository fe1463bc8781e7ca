/// What a check of derivatives found: every number that disagreed, and where.
///
/// In a test: `#expect(report.passed, "\(report)")`.
public struct GradientReport: Sendable, CustomStringConvertible {
  /// One number that is not what it should be.
  public struct Failure: Sendable, CustomStringConvertible {
    /// The name that the check was given.
    public let function: String
    /// What was checked: `vjp`, `jvp of vjp` (forward over reverse), `adjoint identity`, ...
    public let check: String
    /// Which tensor: `input 0`, `cotangent of result 1`, ...
    public let tensor: String
    /// The element's position in that tensor; empty for a single number.
    public let index: [Int]
    /// The number by other means: finite differences, or another composition of walks.
    public let expected: Double
    /// The number that was checked.
    public let got: Double
    /// The difference that would have been accepted.
    public let tolerance: Double

    /// One line: the function, the check, the element, both numbers and the tolerance.
    public var description: String {
      let place = index.isEmpty ? tensor : "\(tensor), element \(index)"
      return "\(function): \(check), \(place): expected \(expected), got \(got) (tolerance \(tolerance))"
    }
  }

  /// The name that the check was given.
  public let function: String
  /// The highest order of derivative that was checked.
  public let order: Int
  /// How many numbers were compared.
  public private(set) var comparisons = 0
  /// How many numbers each check compared, by its name as failures give it.
  public private(set) var checks: [String: Int] = [:]
  /// How many of them disagreed.
  public private(set) var failureCount = 0
  /// The first that disagreed.
  public private(set) var failures: [Failure] = []

  /// Whether there were numbers to be compared but none was: a function without floating-point results.
  public internal(set) var isVacuous = false

  /// Why nothing could be compared at this point: the input or the gradient is not finite, the function gives
  /// something else each time, or no element's finite difference tells anything. Nil where that is not so;
  /// ``checkHVP(_:of:at:seed:)`` looks for it.
  public internal(set) var obstacle: String?

  /// How many numbers could not be compared with finite differences, which ``checkHVP(_:of:at:seed:)`` counts: because
  /// the gradient is not smooth near the point, or because rounding hides what the differences should show.
  public internal(set) var uncompared = 0

  /// What ``description`` adds: which numbers were not compared, and why.
  public internal(set) var notes: [String] = []

  /// Whether every number agreed, and there were some (for inputs without elements there need be none).
  public var passed: Bool { failureCount == 0 && !isVacuous && obstacle == nil }

  /// More failures than this are counted only.
  private static let listed = 24

  init(function: String, order: Int) {
    self.function = function
    self.order = order
  }

  /// Counts numbers that were found to agree.
  mutating func accept(_ count: Int) { comparisons += count }

  /// Compares two numbers. NaN agrees with nothing: at such a point there is no derivative to check.
  /// - Parameter detail: What a failure adds to the check's name.
  mutating func compare(
    _ check: String, _ tensor: @autoclosure () -> String, _ index: @autoclosure () -> [Int],
    expected: Double, got: Double, tolerance: Double, detail: @autoclosure () -> String = ""
  ) {
    comparisons += 1
    checks[check, default: 0] += 1
    if abs(expected - got) <= tolerance { return }
    failureCount += 1
    guard failures.count < GradientReport.listed else { return }
    failures.append(
      Failure(
        function: function, check: check + detail(), tensor: tensor(), index: index(), expected: expected,
        got: got, tolerance: tolerance))
  }

  /// How many numbers were compared and how many disagreed, and the first of these, a line each.
  public var description: String {
    if let obstacle { return "\(function): \(obstacle)" }
    if isVacuous { return "\(function): nothing was compared, the function has no floating-point results" }
    if passed {
      return (["\(function): derivatives to order \(order) agree in \(counted(comparisons, "number"))"] + notes)
        .joined(separator: "; ")
    }
    let rest = failureCount > failures.count ? ["and \(failureCount - failures.count) more"] : []
    return
      (["\(function): \(failureCount) of \(counted(comparisons, "number")) disagree"]
      + failures.map { "  \($0)" } + (rest + notes).map { "  \($0)" }).joined(separator: "\n")
  }
}
