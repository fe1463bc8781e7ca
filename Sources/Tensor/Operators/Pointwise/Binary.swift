// Functions of two tensors, or of a tensor and a number.

enum Binary {
  static let multiplyAdd = Formula("multiplyAdd") { $0.applying(.multiplyAdd, $1, $2) }
  static let minimum = BinaryRoom("minimum", .minimum)
  static let maximum = BinaryRoom("maximum", .maximum)
  static let pow = BinaryRoom("pow", .pow)
  static let atan2 = BinaryRoom("atan2", .atan2)
  static let hypot = BinaryRoom("hypot", .hypot)
  static let remainder = BinaryRoom("remainder", .remainder)
  static let floorDivide = BinaryRoom("floorDivide", .floorDivide)
}

/// a * b + c; shapes broadcast, dtypes must be equal. One rounding where the processor fuses the two.
///
/// Derivatives: b, a and 1.
public func multiplyAdd(_ a: Tensor, _ b: Tensor, _ c: Tensor) -> Tensor {
  Binary.multiplyAdd.apply([a, b, c])[0]
}

/// The smaller of each pair, NaN where either is. Derivative: to the smaller; ties share it evenly.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { Binary.minimum.tensors.apply(a, b) }
/// As ``minimum(_:_:)`` with a number, which takes the tensor's dtype.
public func minimum(_ a: Tensor, _ b: Double) -> Tensor { Binary.minimum.number.apply(a, SIMD2(b, 0)) }
/// As ``minimum(_:_:)`` with a number, which takes the tensor's dtype.
public func minimum(_ a: Double, _ b: Tensor) -> Tensor { minimum(b, a) }
/// As ``minimum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func minimum(_ a: Tensor, _ b: Int) -> Tensor { minimum(a, Double(b)) }
/// As ``minimum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func minimum(_ a: Tensor, _ b: Float) -> Tensor { minimum(a, Double(b)) }
/// As ``minimum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func minimum(_ a: Int, _ b: Tensor) -> Tensor { minimum(Double(a), b) }
/// As ``minimum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func minimum(_ a: Float, _ b: Tensor) -> Tensor { minimum(Double(a), b) }
/// As ``minimum(_:_:)`` for values of a formula.
public func minimum(_ a: Formula.Value, _ b: Formula.Value) -> Formula.Value { a.applying(.minimum, b) }

/// The larger of each pair, NaN where either is. Derivative: to the larger; ties share it evenly.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { Binary.maximum.tensors.apply(a, b) }
/// As ``maximum(_:_:)`` with a number, which takes the tensor's dtype.
public func maximum(_ a: Tensor, _ b: Double) -> Tensor { Binary.maximum.number.apply(a, SIMD2(b, 0)) }
/// As ``maximum(_:_:)`` with a number, which takes the tensor's dtype.
public func maximum(_ a: Double, _ b: Tensor) -> Tensor { maximum(b, a) }
/// As ``maximum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func maximum(_ a: Tensor, _ b: Int) -> Tensor { maximum(a, Double(b)) }
/// As ``maximum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func maximum(_ a: Tensor, _ b: Float) -> Tensor { maximum(a, Double(b)) }
/// As ``maximum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func maximum(_ a: Int, _ b: Tensor) -> Tensor { maximum(Double(a), b) }
/// As ``maximum(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func maximum(_ a: Float, _ b: Tensor) -> Tensor { maximum(Double(a), b) }
/// As ``maximum(_:_:)`` for values of a formula.
public func maximum(_ a: Formula.Value, _ b: Formula.Value) -> Formula.Value { a.applying(.maximum, b) }

/// a to the power of b, with C's special cases.
///
/// Derivatives: b a^(b-1), 0 where b is 0; and a^b log(a), 0 where a is 0 and b is not negative, where no derivative of
/// higher order passes to b either.
public func pow(_ a: Tensor, _ b: Tensor) -> Tensor { Binary.pow.tensors.apply(a, b) }
/// As ``pow(_:_:)`` with a number, which takes the tensor's dtype.
public func pow(_ a: Tensor, _ b: Double) -> Tensor {
  b == 2 ? square(a) : Binary.pow.number.apply(a, SIMD2(b, 0))
}
/// As ``pow(_:_:)`` with a number, which takes the tensor's dtype.
public func pow(_ a: Double, _ b: Tensor) -> Tensor { Binary.pow.reversed.apply(b, SIMD2(a, 0)) }
/// As ``pow(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func pow(_ a: Tensor, _ b: Int) -> Tensor { pow(a, Double(b)) }
/// As ``pow(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func pow(_ a: Tensor, _ b: Float) -> Tensor { pow(a, Double(b)) }
/// As ``pow(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func pow(_ a: Int, _ b: Tensor) -> Tensor { pow(Double(a), b) }
/// As ``pow(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func pow(_ a: Float, _ b: Tensor) -> Tensor { pow(Double(a), b) }
/// As ``pow(_:_:)`` for values of a formula.
public func pow(_ a: Formula.Value, _ b: Formula.Value) -> Formula.Value { a.applying(.pow, b) }
/// As ``pow(_:_:)`` for values of a formula.
public func pow(_ a: Formula.Value, _ b: Double) -> Formula.Value {
  a.applying(.pow, Formula.Value(graph: a.graph, id: a.graph.constant(b)))
}

/// The angle of the point (x: b, y: a), in radians, -pi ... pi.
///
/// Derivatives: b / (a^2 + b^2) and -a / (a^2 + b^2); 0 of every order at the origin.
public func atan2(_ a: Tensor, _ b: Tensor) -> Tensor { Binary.atan2.tensors.apply(a, b) }
/// As ``atan2(_:_:)`` for values of a formula.
public func atan2(_ a: Formula.Value, _ b: Formula.Value) -> Formula.Value { a.applying(.atan2, b) }

/// sqrt(a^2 + b^2) without overflow. Derivatives: a / hypot and b / hypot; 0 of every order at the origin.
public func hypot(_ a: Tensor, _ b: Tensor) -> Tensor { Binary.hypot.tensors.apply(a, b) }
/// As ``hypot(_:_:)`` for values of a formula.
public func hypot(_ a: Formula.Value, _ b: Formula.Value) -> Formula.Value { a.applying(.hypot, b) }

/// a - floor(a / b) b: the remainder with the sign of b, as Python's `%`.
///
/// Derivatives: 1 and -floor(a / b). Integers too (by 0: 0).
public func remainder(_ a: Tensor, _ b: Tensor) -> Tensor { Binary.remainder.tensors.apply(a, b) }
/// As ``remainder(_:_:)`` with a number, which takes the tensor's dtype.
public func remainder(_ a: Tensor, _ b: Double) -> Tensor { Binary.remainder.number.apply(a, SIMD2(b, 0)) }
/// As ``remainder(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func remainder(_ a: Tensor, _ b: Int) -> Tensor { remainder(a, Double(b)) }
/// As ``remainder(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func remainder(_ a: Tensor, _ b: Float) -> Tensor { remainder(a, Double(b)) }

/// floor(a / b), as Python's `//`. Derivative: 0 everywhere. Integers too (by 0: 0).
public func floorDivide(_ a: Tensor, _ b: Tensor) -> Tensor { Binary.floorDivide.tensors.apply(a, b) }
/// As ``floorDivide(_:_:)`` with a number, which takes the tensor's dtype.
public func floorDivide(_ a: Tensor, _ b: Double) -> Tensor { Binary.floorDivide.number.apply(a, SIMD2(b, 0)) }
/// As ``floorDivide(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func floorDivide(_ a: Tensor, _ b: Int) -> Tensor { floorDivide(a, Double(b)) }
/// As ``floorDivide(_:_:)`` with a number, which takes the tensor's dtype.
@_disfavoredOverload public func floorDivide(_ a: Tensor, _ b: Float) -> Tensor { floorDivide(a, Double(b)) }
