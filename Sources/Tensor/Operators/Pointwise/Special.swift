import CKernels

enum Special {
  static let erf = Formula("erf") { $0.applying(.erf) }
  static let erfc = Formula("erfc") { $0.applying(.erfc) }
  static let lgamma = Formula("lgamma") { $0.applying(.lgamma) }
  static let erfinv = Formula("erfinv") { $0.applying(.erfinv) }
  static let digamma = Formula("digamma") { $0.applying(.digamma) }
  static let polygamma = Formula("polygamma", inputs: 1, parameters: 1) {
    [$1[0].applying(.polygamma, $0[0])]
  }
}

/// Error function.
///
/// Floating-point dtypes. Derivative: 2 / sqrt(pi) exp(-x^2).
public func erf(_ x: Tensor) -> Tensor { Special.erf.apply(x) }
/// As ``erf(_:)`` for a value of a formula.
public func erf(_ x: Formula.Value) -> Formula.Value { x.applying(.erf) }
/// As ``erf(_:)`` for a number.
@_disfavoredOverload public func erf(_ x: Double) -> Double { adj_erf(x) }
/// As ``erf(_:)`` for a number.
@_disfavoredOverload public func erf(_ x: Float) -> Float { adj_erff(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func erf<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// 1 - erf(x), accurate where erf is near 1.
///
/// Floating-point dtypes. Derivative: -2 / sqrt(pi) exp(-x^2).
public func erfc(_ x: Tensor) -> Tensor { Special.erfc.apply(x) }
/// As ``erfc(_:)`` for a value of a formula.
public func erfc(_ x: Formula.Value) -> Formula.Value { x.applying(.erfc) }
/// As ``erfc(_:)`` for a number.
@_disfavoredOverload public func erfc(_ x: Double) -> Double { adj_erfc(x) }
/// As ``erfc(_:)`` for a number.
@_disfavoredOverload public func erfc(_ x: Float) -> Float { adj_erfcf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func erfc<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Logarithm of the absolute value of the gamma function.
///
/// Floating-point dtypes. Derivative: digamma(x).
public func lgamma(_ x: Tensor) -> Tensor { Special.lgamma.apply(x) }
/// As ``lgamma(_:)`` for a value of a formula.
public func lgamma(_ x: Formula.Value) -> Formula.Value { x.applying(.lgamma) }
/// As ``lgamma(_:)`` for a number.
@_disfavoredOverload public func lgamma(_ x: Double) -> Double { adj_lgamma(x) }
/// As ``lgamma(_:)`` for a number.
@_disfavoredOverload public func lgamma(_ x: Float) -> Float { adj_lgammaf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func lgamma<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Inverse of the error function; infinite at -1 and 1, NaN outside.
///
/// Floating-point dtypes. Derivative: sqrt(pi) / 2 exp(erfinv(x)^2).
public func erfinv(_ x: Tensor) -> Tensor { Special.erfinv.apply(x) }
/// As ``erfinv(_:)`` for a value of a formula.
public func erfinv(_ x: Formula.Value) -> Formula.Value { x.applying(.erfinv) }

/// Derivative of lgamma.
///
/// Floating-point dtypes. Derivative: polygamma(1, x).
public func digamma(_ x: Tensor) -> Tensor { Special.digamma.apply(x) }
/// As ``digamma(_:)`` for a value of a formula.
public func digamma(_ x: Formula.Value) -> Formula.Value { x.applying(.digamma) }

/// The derivative of order `n` of digamma; `n` = 0 is digamma itself.
///
/// Floating-point dtypes; `n` not negative. Derivative: polygamma(n + 1, x).
public func polygamma(_ n: Int, _ x: Tensor) -> Tensor {
  guard n >= 0 else { return Misuse.fail("polygamma", "the order is \(n); it must be 0 or more") }
  return Special.polygamma.apply(x, SIMD2(Double(n), 0))
}
