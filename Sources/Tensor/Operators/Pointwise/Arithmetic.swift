// + - * / and unary minus, of tensors with tensors and with numbers. A number takes the tensor's dtype.
//
// Float and Int are disfavoured so that a number written in source is a Double at once: the type checker then
// tries one overload instead of three for each, and long expressions take milliseconds instead of seconds.

/// Formulas of two tensors, and of a tensor and a number on either side.
struct BinaryRoom: Sendable {
  let tensors: Formula
  let number: Formula
  let reversed: Formula

  init(_ name: String, _ primitive: Primitive) {
    tensors = Formula(name) { $0.applying(primitive, $1) }
    number = Formula(name, inputs: 1, parameters: 1) { [$0[0].applying(primitive, $1[0])] }
    reversed = Formula(name, inputs: 1, parameters: 1) { [$1[0].applying(primitive, $0[0])] }
  }
}

enum Arithmetic {
  static let add = BinaryRoom("add", .add)
  static let subtract = BinaryRoom("subtract", .subtract)
  static let multiply = BinaryRoom("multiply", .multiply)
  static let divide = BinaryRoom("divide", .divide)
  static let negate = Formula("negate") { -$0 }
}

extension Int {
  /// Whether a Double holds it exactly, and so can carry it to a kernel.
  fileprivate var isExact: Bool { magnitude <= 1 << 53 }

  fileprivate func tensor(like other: Tensor) -> Tensor { Tensor(self).asType(other.dtype) }
}

extension Tensor {
  /// Elementwise sum; shapes broadcast, dtypes must be equal.
  public static func + (a: Tensor, b: Tensor) -> Tensor { Arithmetic.add.tensors.apply(a, b) }
  /// Elementwise sum; the number takes the tensor's dtype.
  public static func + (a: Tensor, b: Double) -> Tensor { Arithmetic.add.number.apply(a, SIMD2(b, 0)) }
  /// Elementwise sum; the number takes the tensor's dtype.
  public static func + (a: Double, b: Tensor) -> Tensor { Arithmetic.add.reversed.apply(b, SIMD2(a, 0)) }
  /// Elementwise sum; the number takes the tensor's dtype.
  @_disfavoredOverload public static func + (a: Tensor, b: Float) -> Tensor { a + Double(b) }
  /// Elementwise sum; the number takes the tensor's dtype.
  @_disfavoredOverload public static func + (a: Float, b: Tensor) -> Tensor { Double(a) + b }
  /// Elementwise sum; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func + (a: Tensor, b: Int) -> Tensor { b.isExact ? a + Double(b) : a + b.tensor(like: a) }
  /// Elementwise sum; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func + (a: Int, b: Tensor) -> Tensor { a.isExact ? Double(a) + b : a.tensor(like: b) + b }

  /// Elementwise difference; shapes broadcast, dtypes must be equal.
  public static func - (a: Tensor, b: Tensor) -> Tensor { Arithmetic.subtract.tensors.apply(a, b) }
  /// Elementwise difference; the number takes the tensor's dtype.
  public static func - (a: Tensor, b: Double) -> Tensor { Arithmetic.subtract.number.apply(a, SIMD2(b, 0)) }
  /// Elementwise difference; the number takes the tensor's dtype.
  public static func - (a: Double, b: Tensor) -> Tensor { Arithmetic.subtract.reversed.apply(b, SIMD2(a, 0)) }
  /// Elementwise difference; the number takes the tensor's dtype.
  @_disfavoredOverload public static func - (a: Tensor, b: Float) -> Tensor { a - Double(b) }
  /// Elementwise difference; the number takes the tensor's dtype.
  @_disfavoredOverload public static func - (a: Float, b: Tensor) -> Tensor { Double(a) - b }
  /// Elementwise difference; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func - (a: Tensor, b: Int) -> Tensor { b.isExact ? a - Double(b) : a - b.tensor(like: a) }
  /// Elementwise difference; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func - (a: Int, b: Tensor) -> Tensor { a.isExact ? Double(a) - b : a.tensor(like: b) - b }

  /// Elementwise product; shapes broadcast, dtypes must be equal. For matrices see ``matmul(_:_:)``.
  public static func * (a: Tensor, b: Tensor) -> Tensor { Arithmetic.multiply.tensors.apply(a, b) }
  /// Elementwise product; the number takes the tensor's dtype.
  public static func * (a: Tensor, b: Double) -> Tensor { Arithmetic.multiply.number.apply(a, SIMD2(b, 0)) }
  /// Elementwise product; the number takes the tensor's dtype.
  public static func * (a: Double, b: Tensor) -> Tensor { Arithmetic.multiply.reversed.apply(b, SIMD2(a, 0)) }
  /// Elementwise product; the number takes the tensor's dtype.
  @_disfavoredOverload public static func * (a: Tensor, b: Float) -> Tensor { a * Double(b) }
  /// Elementwise product; the number takes the tensor's dtype.
  @_disfavoredOverload public static func * (a: Float, b: Tensor) -> Tensor { Double(a) * b }
  /// Elementwise product; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func * (a: Tensor, b: Int) -> Tensor { b.isExact ? a * Double(b) : a * b.tensor(like: a) }
  /// Elementwise product; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func * (a: Int, b: Tensor) -> Tensor { a.isExact ? Double(a) * b : a.tensor(like: b) * b }

  /// Elementwise quotient; shapes broadcast, dtypes must be equal and floating-point (for integers see
  /// ``floorDivide(_:_:)``).
  public static func / (a: Tensor, b: Tensor) -> Tensor { Arithmetic.divide.tensors.apply(a, b) }
  /// Elementwise quotient; the number takes the tensor's dtype.
  public static func / (a: Tensor, b: Double) -> Tensor { Arithmetic.divide.number.apply(a, SIMD2(b, 0)) }
  /// Elementwise quotient; the number takes the tensor's dtype.
  public static func / (a: Double, b: Tensor) -> Tensor { Arithmetic.divide.reversed.apply(b, SIMD2(a, 0)) }
  /// Elementwise quotient; the number takes the tensor's dtype.
  @_disfavoredOverload public static func / (a: Tensor, b: Float) -> Tensor { a / Double(b) }
  /// Elementwise quotient; the number takes the tensor's dtype.
  @_disfavoredOverload public static func / (a: Float, b: Tensor) -> Tensor { Double(a) / b }
  /// Elementwise quotient; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func / (a: Tensor, b: Int) -> Tensor { b.isExact ? a / Double(b) : a / b.tensor(like: a) }
  /// Elementwise quotient; the number takes the tensor's dtype.
  @_disfavoredOverload
  public static func / (a: Int, b: Tensor) -> Tensor { a.isExact ? Double(a) / b : a.tensor(like: b) / b }

  /// Each element with the other sign.
  public static prefix func - (a: Tensor) -> Tensor { Arithmetic.negate.apply(a) }
  /// The tensor itself.
  public static prefix func + (a: Tensor) -> Tensor { a }

  /// `a = a + b`; the memory is a new one.
  public static func += (a: inout Tensor, b: Tensor) { a = a + b }
  /// `a = a - b`; the memory is a new one.
  public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
  /// `a = a * b`; the memory is a new one.
  public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
  /// `a = a / b`; the memory is a new one.
  public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
  /// `a = a + b`; the memory is a new one.
  public static func += (a: inout Tensor, b: Double) { a = a + b }
  /// `a = a - b`; the memory is a new one.
  public static func -= (a: inout Tensor, b: Double) { a = a - b }
  /// `a = a * b`; the memory is a new one.
  public static func *= (a: inout Tensor, b: Double) { a = a * b }
  /// `a = a / b`; the memory is a new one.
  public static func /= (a: inout Tensor, b: Double) { a = a / b }
  /// `a = a + b`; the memory is a new one.
  @_disfavoredOverload public static func += (a: inout Tensor, b: Int) { a = a + b }
  /// `a = a + b`; the memory is a new one.
  @_disfavoredOverload public static func += (a: inout Tensor, b: Float) { a = a + b }
  /// `a = a - b`; the memory is a new one.
  @_disfavoredOverload public static func -= (a: inout Tensor, b: Int) { a = a - b }
  /// `a = a - b`; the memory is a new one.
  @_disfavoredOverload public static func -= (a: inout Tensor, b: Float) { a = a - b }
  /// `a = a * b`; the memory is a new one.
  @_disfavoredOverload public static func *= (a: inout Tensor, b: Int) { a = a * b }
  /// `a = a * b`; the memory is a new one.
  @_disfavoredOverload public static func *= (a: inout Tensor, b: Float) { a = a * b }
  /// `a = a / b`; the memory is a new one.
  @_disfavoredOverload public static func /= (a: inout Tensor, b: Int) { a = a / b }
  /// `a = a / b`; the memory is a new one.
  @_disfavoredOverload public static func /= (a: inout Tensor, b: Float) { a = a / b }
}
