import CKernels

enum Exponential {
  static let exp = Formula("exp") { $0.applying(.exp) }
  static let exp2 = Formula("exp2") { $0.applying(.exp2) }
  static let expm1 = Formula("expm1") { $0.applying(.expm1) }
  static let log = Formula("log") { $0.applying(.log) }
  static let log2 = Formula("log2") { $0.applying(.log2) }
  static let log10 = Formula("log10") { $0.applying(.log10) }
  static let log1p = Formula("log1p") { $0.applying(.log1p) }
  static let sqrt = Formula("sqrt") { $0.applying(.sqrt) }
  static let cbrt = Formula("cbrt") { $0.applying(.cbrt) }
}

/// e to the power of each element.
///
/// Floating-point dtypes. Derivative: exp(x).
public func exp(_ x: Tensor) -> Tensor { Exponential.exp.apply(x) }
/// As ``exp(_:)`` for a value of a formula.
public func exp(_ x: Formula.Value) -> Formula.Value { x.applying(.exp) }
/// As ``exp(_:)`` for a number.
@_disfavoredOverload public func exp(_ x: Double) -> Double { adj_exp(x) }
/// As ``exp(_:)`` for a number.
@_disfavoredOverload public func exp(_ x: Float) -> Float { adj_expf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func exp<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// 2 to the power of each element.
///
/// Floating-point dtypes. Derivative: ln(2) exp2(x).
public func exp2(_ x: Tensor) -> Tensor { Exponential.exp2.apply(x) }
/// As ``exp2(_:)`` for a value of a formula.
public func exp2(_ x: Formula.Value) -> Formula.Value { x.applying(.exp2) }
/// As ``exp2(_:)`` for a number.
@_disfavoredOverload public func exp2(_ x: Double) -> Double { adj_exp2(x) }
/// As ``exp2(_:)`` for a number.
@_disfavoredOverload public func exp2(_ x: Float) -> Float { adj_exp2f(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func exp2<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// exp(x) - 1, accurate near 0.
///
/// Floating-point dtypes. Derivative: exp(x).
public func expm1(_ x: Tensor) -> Tensor { Exponential.expm1.apply(x) }
/// As ``expm1(_:)`` for a value of a formula.
public func expm1(_ x: Formula.Value) -> Formula.Value { x.applying(.expm1) }
/// As ``expm1(_:)`` for a number.
@_disfavoredOverload public func expm1(_ x: Double) -> Double { adj_expm1(x) }
/// As ``expm1(_:)`` for a number.
@_disfavoredOverload public func expm1(_ x: Float) -> Float { adj_expm1f(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func expm1<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Natural logarithm; -inf at 0, NaN below.
///
/// Floating-point dtypes. Derivative: 1 / x.
public func log(_ x: Tensor) -> Tensor { Exponential.log.apply(x) }
/// As ``log(_:)`` for a value of a formula.
public func log(_ x: Formula.Value) -> Formula.Value { x.applying(.log) }
/// As ``log(_:)`` for a number.
@_disfavoredOverload public func log(_ x: Double) -> Double { adj_log(x) }
/// As ``log(_:)`` for a number.
@_disfavoredOverload public func log(_ x: Float) -> Float { adj_logf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func log<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Logarithm to base 2.
///
/// Floating-point dtypes. Derivative: 1 / (x ln 2).
public func log2(_ x: Tensor) -> Tensor { Exponential.log2.apply(x) }
/// As ``log2(_:)`` for a value of a formula.
public func log2(_ x: Formula.Value) -> Formula.Value { x.applying(.log2) }
/// As ``log2(_:)`` for a number.
@_disfavoredOverload public func log2(_ x: Double) -> Double { adj_log2(x) }
/// As ``log2(_:)`` for a number.
@_disfavoredOverload public func log2(_ x: Float) -> Float { adj_log2f(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func log2<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Logarithm to base 10.
///
/// Floating-point dtypes. Derivative: 1 / (x ln 10).
public func log10(_ x: Tensor) -> Tensor { Exponential.log10.apply(x) }
/// As ``log10(_:)`` for a value of a formula.
public func log10(_ x: Formula.Value) -> Formula.Value { x.applying(.log10) }
/// As ``log10(_:)`` for a number.
@_disfavoredOverload public func log10(_ x: Double) -> Double { adj_log10(x) }
/// As ``log10(_:)`` for a number.
@_disfavoredOverload public func log10(_ x: Float) -> Float { adj_log10f(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func log10<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// log(1 + x), accurate near 0.
///
/// Floating-point dtypes. Derivative: 1 / (1 + x).
public func log1p(_ x: Tensor) -> Tensor { Exponential.log1p.apply(x) }
/// As ``log1p(_:)`` for a value of a formula.
public func log1p(_ x: Formula.Value) -> Formula.Value { x.applying(.log1p) }
/// As ``log1p(_:)`` for a number.
@_disfavoredOverload public func log1p(_ x: Double) -> Double { adj_log1p(x) }
/// As ``log1p(_:)`` for a number.
@_disfavoredOverload public func log1p(_ x: Float) -> Float { adj_log1pf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func log1p<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Square root; NaN below 0.
///
/// Floating-point dtypes. Derivative: 1 / (2 sqrt(x)), infinite at 0.
public func sqrt(_ x: Tensor) -> Tensor { Exponential.sqrt.apply(x) }
/// As ``sqrt(_:)`` for a value of a formula.
public func sqrt(_ x: Formula.Value) -> Formula.Value { x.applying(.sqrt) }
/// As ``sqrt(_:)`` for a number.
@_disfavoredOverload public func sqrt(_ x: Double) -> Double { adj_sqrt(x) }
/// As ``sqrt(_:)`` for a number.
@_disfavoredOverload public func sqrt(_ x: Float) -> Float { adj_sqrtf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func sqrt<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Cube root, also of negative numbers.
///
/// Floating-point dtypes. Derivative: 1 / (3 cbrt(x)^2), infinite at 0.
public func cbrt(_ x: Tensor) -> Tensor { Exponential.cbrt.apply(x) }
/// As ``cbrt(_:)`` for a value of a formula.
public func cbrt(_ x: Formula.Value) -> Formula.Value { x.applying(.cbrt) }
/// As ``cbrt(_:)`` for a number.
@_disfavoredOverload public func cbrt(_ x: Double) -> Double { adj_cbrt(x) }
/// As ``cbrt(_:)`` for a number.
@_disfavoredOverload public func cbrt(_ x: Float) -> Float { adj_cbrtf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func cbrt<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }
