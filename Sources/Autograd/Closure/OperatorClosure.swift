import Tensor

/// What is checked of an operator's derivatives.
public enum DerivativeCheck: String, CaseIterable, Sendable {
  case vjp
  case jvp
  case reverseReverse = "rev-rev"
  case forwardReverse = "fwd-rev"
  case reverseForward = "rev-fwd"
  case forwardForward = "fwd-fwd"
  case third = "order 3"
  case leadingAxes = "leading axes"
  case taylor = "Taylor"

  /// In words, for a legend.
  public var meaning: String {
    switch self {
    case .vjp: "the pullback of a cotangent"
    case .jvp: "the pushforward of a tangent"
    case .reverseReverse: "the pullback of the pullback"
    case .forwardReverse: "the pushforward of the pullback, as Hessian-vector products use it"
    case .reverseForward: "the pullback of the pushforward"
    case .forwardForward: "the pushforward of the pushforward"
    case .third: "pullbacks and pushforwards of all of these"
    case .leadingAxes: "extra leading axes on cotangents and tangents, first and second derivatives"
    case .taylor: "derivatives along a direction in one sweep, to order 3 (pointwise: 4), against nested pushforwards"
    }
  }
}

/// Which derivatives of an operator are checked, in which dtypes: a row of Documentation/Operators.md.
///
///     OperatorClosure.named("tanh")!.passes(.reverseReverse, in: .float32)    // true
///     OperatorClosure.all.filter { !$0.isDifferentiable }.map(\.name)         // ["argmax", ...]
///
/// The table is printed from the run of the project's tests, which fail where it is stale or has a hole. Of every operator
/// they check all derivatives in float64 against finite differences and other compositions of walks, and in float32 against
/// float64.
public struct OperatorClosure: Sendable, Hashable, CustomStringConvertible {
  /// The operator, as it is written in Swift.
  public let name: String
  /// Those whose values are checked; others are refused with an error.
  public let dtypes: [DType]
  /// The floating-point dtypes in which a derivative is checked, with the checks.
  private let passed: [DType: Set<DerivativeCheck>]

  /// Whether it has derivatives: results that are integers or truth values have none.
  public var isDifferentiable: Bool { !passed.isEmpty }

  /// Whether the operator passes a check in a floating-point dtype, in each of its variants (over all axes or some, with
  /// a number, strided, ...): one that was not checked would make it false.
  public func passes(_ check: DerivativeCheck, in dtype: DType) -> Bool {
    passed[dtype]?.contains(check) ?? false
  }

  /// What is known of an operator; nil where there is none of that name.
  ///
  /// - Parameter name: As it is written in Swift (`/`, `conv1d`), as ``NaNError`` and ``NotDifferentiableError`` give it,
  ///   or as printed graphs do (`divide`). Functions and formulas of yours, optimizers, and what calls a function of yours
  ///   (`checkpoint`, `rootSolve`) are none.
  public static func named(_ name: String) -> OperatorClosure? {
    all.first { $0.name == name } ?? all.first { $0.name == OperatorNames.entry(for: name) }
  }

  /// All operators, in the order of Documentation/Operators.md.
  public static let all: [OperatorClosure] = table.split(separator: "\n").map { OperatorClosure(line: $0) }

  /// The operator and what of it is checked: `tanh: float32 and float64, all derivatives`; `argmax: float32, float64,
  /// int32, int64 and uint8, no derivatives`.
  public var description: String { "\(name): \(list(dtypes.map(\.description))), \(derivatives)" }

  private var derivatives: String {
    if passed.isEmpty { return "no derivatives" }
    let all = Set(DerivativeCheck.allCases)
    if passed[.float32] == all && passed[.float64] == all { return "all derivatives" }
    return [DType.float32, .float64].map { dtype in
      let checks = DerivativeCheck.allCases.filter { passes($0, in: dtype) }
      return "in \(dtype) \(checks.isEmpty ? "no derivatives" : list(checks.map(\.rawValue)))"
    }.joined(separator: ", ")
  }

  private func list(_ words: [String]) -> String {
    guard words.count > 1 else { return words.first ?? "none" }
    return words.dropLast().joined(separator: ", ") + " and " + words.last!
  }

  /// `name dtypes float32 float64`: sets as hexadecimal numbers, a bit for each case in its order.
  private init(line: Substring) {
    let parts = line.split(separator: " ")
    name = String(parts[0])
    func set<Member>(_ text: Substring, of all: [Member]) -> [Member] {
      let bits = Int(text, radix: 16)!
      return all.enumerated().filter { bits & (1 << $0.offset) != 0 }.map(\.element)
    }
    dtypes = set(parts[1], of: DType.allCases)
    var passed: [DType: Set<DerivativeCheck>] = [:]
    for (dtype, text) in zip([DType.float32, .float64], parts[2...]) {
      let checks = Set(set(text, of: DerivativeCheck.allCases))
      if !checks.isEmpty { passed[dtype] = checks }
    }
    self.passed = passed
  }

  /// A line of the table.
  package static func line(
    name: String, dtypes: [DType], passes: (DerivativeCheck, DType) -> Bool
  ) -> String {
    func bits<Member>(_ all: [Member], _ isIn: (Member) -> Bool) -> String {
      String(all.enumerated().reduce(0) { isIn($1.element) ? $0 | 1 << $1.offset : $0 }, radix: 16)
    }
    let checks = [DType.float32, .float64].map { dtype in bits(DerivativeCheck.allCases) { passes($0, dtype) } }
    return ([name, bits(DType.allCases) { dtypes.contains($0) }] + checks).joined(separator: " ")
  }
}
