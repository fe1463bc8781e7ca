// Simple functions of one tensor.

enum Elementwise {
  static let abs = Formula("abs") { $0.applying(.abs) }
  static let sign = Formula("sign") { $0.applying(.sign) }
  static let square = Formula("square") { $0.applying(.square) }
  static let reciprocal = Formula("reciprocal") { $0.applying(.reciprocal) }
  static let rsqrt = Formula("rsqrt") { $0.applying(.rsqrt) }
  static let floor = Formula("floor") { $0.applying(.floor) }
  static let ceil = Formula("ceil") { $0.applying(.ceil) }
  static let round = Formula("round") { $0.applying(.round) }
  static let trunc = Formula("trunc") { $0.applying(.trunc) }
  static let isNaN = Formula("isNaN") { $0.applying(.isNaN) }
  static let isFinite = Formula("isFinite") { $0.applying(.isFinite) }
}

/// Absolute value. Derivative: sign(x), 0 at 0.
public func abs(_ x: Tensor) -> Tensor { Elementwise.abs.apply(x) }
/// As ``abs(_:)`` for a value of a formula.
public func abs(_ x: Formula.Value) -> Formula.Value { x.applying(.abs) }

/// -1, 0 or 1; NaN stays NaN. Derivative: 0 everywhere.
public func sign(_ x: Tensor) -> Tensor { Elementwise.sign.apply(x) }
/// As ``sign(_:)`` for a value of a formula.
public func sign(_ x: Formula.Value) -> Formula.Value { x.applying(.sign) }

/// The square of each element. Derivative: 2x.
public func square(_ x: Tensor) -> Tensor { Elementwise.square.apply(x) }
/// As ``square(_:)`` for a value of a formula.
public func square(_ x: Formula.Value) -> Formula.Value { x.applying(.square) }

/// 1 / x. Derivative: -1 / x^2.
public func reciprocal(_ x: Tensor) -> Tensor { Elementwise.reciprocal.apply(x) }
/// As ``reciprocal(_:)`` for a value of a formula.
public func reciprocal(_ x: Formula.Value) -> Formula.Value { x.applying(.reciprocal) }

/// 1 / sqrt(x). Derivative: -1 / (2 x sqrt(x)).
public func rsqrt(_ x: Tensor) -> Tensor { Elementwise.rsqrt.apply(x) }
/// As ``rsqrt(_:)`` for a value of a formula.
public func rsqrt(_ x: Formula.Value) -> Formula.Value { x.applying(.rsqrt) }

/// The largest whole number not above each element. Derivative: 0 everywhere.
public func floor(_ x: Tensor) -> Tensor { Elementwise.floor.apply(x) }
/// As ``floor(_:)`` for a value of a formula.
public func floor(_ x: Formula.Value) -> Formula.Value { x.applying(.floor) }

/// The smallest whole number not below each element. Derivative: 0 everywhere.
public func ceil(_ x: Tensor) -> Tensor { Elementwise.ceil.apply(x) }
/// As ``ceil(_:)`` for a value of a formula.
public func ceil(_ x: Formula.Value) -> Formula.Value { x.applying(.ceil) }

/// The nearest whole number, halves to even. Derivative: 0 everywhere.
public func round(_ x: Tensor) -> Tensor { Elementwise.round.apply(x) }
/// As ``round(_:)`` for a value of a formula.
public func round(_ x: Formula.Value) -> Formula.Value { x.applying(.round) }

/// Each element without its fraction. Derivative: 0 everywhere.
public func trunc(_ x: Tensor) -> Tensor { Elementwise.trunc.apply(x) }
/// As ``trunc(_:)`` for a value of a formula.
public func trunc(_ x: Formula.Value) -> Formula.Value { x.applying(.trunc) }

/// Where elements are NaN, as bool.
public func isNaN(_ x: Tensor) -> Tensor { Elementwise.isNaN.apply(x) }

/// Where elements are neither infinite nor NaN, as bool.
public func isFinite(_ x: Tensor) -> Tensor { Elementwise.isFinite.apply(x) }
