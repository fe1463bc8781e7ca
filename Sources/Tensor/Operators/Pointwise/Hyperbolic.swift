import CKernels

enum Hyperbolic {
  static let sinh = Formula("sinh") { $0.applying(.sinh) }
  static let cosh = Formula("cosh") { $0.applying(.cosh) }
  static let tanh = Formula("tanh") { $0.applying(.tanh) }
  static let asinh = Formula("asinh") { $0.applying(.asinh) }
  static let acosh = Formula("acosh") { $0.applying(.acosh) }
  static let atanh = Formula("atanh") { $0.applying(.atanh) }
}

/// Hyperbolic sine.
///
/// Floating-point dtypes. Derivative: cosh(x).
public func sinh(_ x: Tensor) -> Tensor { Hyperbolic.sinh.apply(x) }
/// As ``sinh(_:)`` for a value of a formula.
public func sinh(_ x: Formula.Value) -> Formula.Value { x.applying(.sinh) }
/// As ``sinh(_:)`` for a number.
@_disfavoredOverload public func sinh(_ x: Double) -> Double { adj_sinh(x) }
/// As ``sinh(_:)`` for a number.
@_disfavoredOverload public func sinh(_ x: Float) -> Float { adj_sinhf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func sinh<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Hyperbolic cosine.
///
/// Floating-point dtypes. Derivative: sinh(x).
public func cosh(_ x: Tensor) -> Tensor { Hyperbolic.cosh.apply(x) }
/// As ``cosh(_:)`` for a value of a formula.
public func cosh(_ x: Formula.Value) -> Formula.Value { x.applying(.cosh) }
/// As ``cosh(_:)`` for a number.
@_disfavoredOverload public func cosh(_ x: Double) -> Double { adj_cosh(x) }
/// As ``cosh(_:)`` for a number.
@_disfavoredOverload public func cosh(_ x: Float) -> Float { adj_coshf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func cosh<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Hyperbolic tangent.
///
/// Floating-point dtypes. Derivative: 1 - tanh(x)^2.
public func tanh(_ x: Tensor) -> Tensor { Hyperbolic.tanh.apply(x) }
/// As ``tanh(_:)`` for a value of a formula.
public func tanh(_ x: Formula.Value) -> Formula.Value { x.applying(.tanh) }
/// As ``tanh(_:)`` for a number.
@_disfavoredOverload public func tanh(_ x: Double) -> Double { adj_tanh(x) }
/// As ``tanh(_:)`` for a number.
@_disfavoredOverload public func tanh(_ x: Float) -> Float { adj_tanhf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func tanh<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Inverse hyperbolic sine.
///
/// Floating-point dtypes. Derivative: 1 / sqrt(x^2 + 1).
public func asinh(_ x: Tensor) -> Tensor { Hyperbolic.asinh.apply(x) }
/// As ``asinh(_:)`` for a value of a formula.
public func asinh(_ x: Formula.Value) -> Formula.Value { x.applying(.asinh) }
/// As ``asinh(_:)`` for a number.
@_disfavoredOverload public func asinh(_ x: Double) -> Double { adj_asinh(x) }
/// As ``asinh(_:)`` for a number.
@_disfavoredOverload public func asinh(_ x: Float) -> Float { adj_asinhf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func asinh<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Inverse hyperbolic cosine; NaN below 1.
///
/// Floating-point dtypes. Derivative: 1 / sqrt(x^2 - 1).
public func acosh(_ x: Tensor) -> Tensor { Hyperbolic.acosh.apply(x) }
/// As ``acosh(_:)`` for a value of a formula.
public func acosh(_ x: Formula.Value) -> Formula.Value { x.applying(.acosh) }
/// As ``acosh(_:)`` for a number.
@_disfavoredOverload public func acosh(_ x: Double) -> Double { adj_acosh(x) }
/// As ``acosh(_:)`` for a number.
@_disfavoredOverload public func acosh(_ x: Float) -> Float { adj_acoshf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func acosh<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Inverse hyperbolic tangent; NaN outside -1 ... 1.
///
/// Floating-point dtypes. Derivative: 1 / (1 - x^2).
public func atanh(_ x: Tensor) -> Tensor { Hyperbolic.atanh.apply(x) }
/// As ``atanh(_:)`` for a value of a formula.
public func atanh(_ x: Formula.Value) -> Formula.Value { x.applying(.atanh) }
/// As ``atanh(_:)`` for a number.
@_disfavoredOverload public func atanh(_ x: Double) -> Double { adj_atanh(x) }
/// As ``atanh(_:)`` for a number.
@_disfavoredOverload public func atanh(_ x: Float) -> Float { adj_atanhf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func atanh<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }
