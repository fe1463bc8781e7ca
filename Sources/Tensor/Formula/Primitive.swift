import CKernels

/// The scalar functions that formulas are made of; each has a vector kernel and a derivative rule.
enum Primitive: UInt16, Hashable, CaseIterable, Sendable {
  case copy, add, subtract, multiply, divide
  case multiplyAdd, strongMultiply
  case negate, abs, sign, square, reciprocal
  case minimum, maximum, select
  case equal, notEqual, less, lessOrEqual
  case and, or, not
  case isNaN, isFinite
  case floor, ceil, round, trunc, floorDivide, remainder
  case sqrt, rsqrt, cbrt
  case exp, exp2, expm1, log, log2, log10, log1p
  case sin, cos, tan, asin, acos, atan, atan2
  case sinh, cosh, tanh, asinh, acosh, atanh
  case pow, hypot
  case erf, erfc, erfinv, lgamma, digamma, polygamma

  var operandCount: Int {
    switch self {
    case .multiplyAdd, .select: 3
    case .add, .subtract, .multiply, .divide, .strongMultiply, .minimum, .maximum, .equal, .notEqual,
      .less, .lessOrEqual, .and, .or, .floorDivide, .remainder, .atan2, .pow, .hypot, .polygamma:
      2
    default: 1
    }
  }

  /// Whether the result is 1 or 0 for true or false.
  var isPredicate: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual, .and, .or, .not, .isNaN, .isFinite: true
    default: false
    }
  }

  var isCommutative: Bool {
    switch self {
    case .add, .multiply, .minimum, .maximum, .equal, .notEqual, .and, .or, .hypot: true
    default: false
    }
  }

  /// Whether there is an exact kernel for integers.
  var hasIntegerKernel: Bool {
    switch self {
    case .copy, .add, .subtract, .multiply, .multiplyAdd, .strongMultiply, .negate, .abs, .sign, .square,
      .minimum, .maximum, .select, .equal, .notEqual, .less, .lessOrEqual, .and, .or, .not, .floor, .ceil,
      .round, .trunc, .floorDivide, .remainder, .pow:
      true
    default: false
    }
  }

  /// Floating-point operations that it counts as.
  var flops: Int { self == .copy ? 0 : self == .multiplyAdd ? 2 : 1 }

  /// Relative cost of evaluating it, in additions; decides between saving a result and computing it again.
  var cost: Int {
    switch self {
    case .divide, .reciprocal, .sqrt, .rsqrt: 3
    case .exp, .exp2, .expm1, .log, .log2, .log10, .log1p, .sin, .cos: 6
    case .tan, .asin, .acos, .atan, .atan2, .sinh, .cosh, .tanh, .asinh, .acosh, .atanh, .cbrt, .erf: 10
    case .pow, .erfc, .erfinv, .remainder, .hypot: 16
    case .lgamma, .digamma, .polygamma: 60
    default: 1
    }
  }
}
