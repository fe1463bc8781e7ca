import CKernels

enum Trigonometric {
  static let sin = Formula("sin") { $0.applying(.sin) }
  static let cos = Formula("cos") { $0.applying(.cos) }
  static let tan = Formula("tan") { $0.applying(.tan) }
  static let asin = Formula("asin") { $0.applying(.asin) }
  static let acos = Formula("acos") { $0.applying(.acos) }
  static let atan = Formula("atan") { $0.applying(.atan) }
}

/// Sine, in radians.
///
/// Floating-point dtypes. Derivative: cos(x).
public func sin(_ x: Tensor) -> Tensor { Trigonometric.sin.apply(x) }
/// As ``sin(_:)`` for a value of a formula.
public func sin(_ x: Formula.Value) -> Formula.Value { x.applying(.sin) }
/// As ``sin(_:)`` for a number.
@_disfavoredOverload public func sin(_ x: Double) -> Double { adj_sin(x) }
/// As ``sin(_:)`` for a number.
@_disfavoredOverload public func sin(_ x: Float) -> Float { adj_sinf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func sin<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Cosine, in radians.
///
/// Floating-point dtypes. Derivative: -sin(x).
public func cos(_ x: Tensor) -> Tensor { Trigonometric.cos.apply(x) }
/// As ``cos(_:)`` for a value of a formula.
public func cos(_ x: Formula.Value) -> Formula.Value { x.applying(.cos) }
/// As ``cos(_:)`` for a number.
@_disfavoredOverload public func cos(_ x: Double) -> Double { adj_cos(x) }
/// As ``cos(_:)`` for a number.
@_disfavoredOverload public func cos(_ x: Float) -> Float { adj_cosf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func cos<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Tangent, in radians.
///
/// Floating-point dtypes. Derivative: 1 + tan(x)^2.
public func tan(_ x: Tensor) -> Tensor { Trigonometric.tan.apply(x) }
/// As ``tan(_:)`` for a value of a formula.
public func tan(_ x: Formula.Value) -> Formula.Value { x.applying(.tan) }
/// As ``tan(_:)`` for a number.
@_disfavoredOverload public func tan(_ x: Double) -> Double { adj_tan(x) }
/// As ``tan(_:)`` for a number.
@_disfavoredOverload public func tan(_ x: Float) -> Float { adj_tanf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func tan<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Arc sine; NaN outside -1 ... 1.
///
/// Floating-point dtypes. Derivative: 1 / sqrt(1 - x^2).
public func asin(_ x: Tensor) -> Tensor { Trigonometric.asin.apply(x) }
/// As ``asin(_:)`` for a value of a formula.
public func asin(_ x: Formula.Value) -> Formula.Value { x.applying(.asin) }
/// As ``asin(_:)`` for a number.
@_disfavoredOverload public func asin(_ x: Double) -> Double { adj_asin(x) }
/// As ``asin(_:)`` for a number.
@_disfavoredOverload public func asin(_ x: Float) -> Float { adj_asinf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func asin<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Arc cosine; NaN outside -1 ... 1.
///
/// Floating-point dtypes. Derivative: -1 / sqrt(1 - x^2).
public func acos(_ x: Tensor) -> Tensor { Trigonometric.acos.apply(x) }
/// As ``acos(_:)`` for a value of a formula.
public func acos(_ x: Formula.Value) -> Formula.Value { x.applying(.acos) }
/// As ``acos(_:)`` for a number.
@_disfavoredOverload public func acos(_ x: Double) -> Double { adj_acos(x) }
/// As ``acos(_:)`` for a number.
@_disfavoredOverload public func acos(_ x: Float) -> Float { adj_acosf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func acos<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }

/// Arc tangent.
///
/// Floating-point dtypes. Derivative: 1 / (1 + x^2).
public func atan(_ x: Tensor) -> Tensor { Trigonometric.atan.apply(x) }
/// As ``atan(_:)`` for a value of a formula.
public func atan(_ x: Formula.Value) -> Formula.Value { x.applying(.atan) }
/// As ``atan(_:)`` for a number.
@_disfavoredOverload public func atan(_ x: Double) -> Double { adj_atan(x) }
/// As ``atan(_:)`` for a number.
@_disfavoredOverload public func atan(_ x: Float) -> Float { adj_atanf(x) }
/// Compiles for no argument: the message says what to write.
@_disfavoredOverload public func atan<Wrong: WrongOperand>(_ x: Wrong) -> Tensor { x.unusable() }
