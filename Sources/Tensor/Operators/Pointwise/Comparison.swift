// Comparisons and logic: bool results, constants to every derivative. Dotted, as Swift's SIMD comparisons
// are, because `==` on values means one answer.

enum Comparison {
  static let equal = BinaryRoom("equal", .equal)
  static let notEqual = BinaryRoom("notEqual", .notEqual)
  static let less = BinaryRoom("less", .less)
  static let lessOrEqual = BinaryRoom("lessOrEqual", .lessOrEqual)
  static let and = Formula("and") { $0.applying(.and, $1) }
  static let or = Formula("or") { $0.applying(.or, $1) }
  static let xor = Formula("xor") { .!$0 .!= .!$1 }
  static let not = Formula("not") { $0.applying(.not) }
}

extension Tensor {
  /// Where elements are equal, as bool; shapes broadcast.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { Comparison.equal.tensors.apply(a, b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .== (a: Tensor, b: Int) -> Tensor { a .== Double(b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .== (a: Tensor, b: Float) -> Tensor { a .== Double(b) }
  /// The number takes the tensor's dtype.
  public static func .== (a: Tensor, b: Double) -> Tensor { Comparison.equal.number.apply(a, SIMD2(b, 0)) }
  /// Where elements differ.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { Comparison.notEqual.tensors.apply(a, b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .!= (a: Tensor, b: Int) -> Tensor { a .!= Double(b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .!= (a: Tensor, b: Float) -> Tensor { a .!= Double(b) }
  /// The number takes the tensor's dtype.
  public static func .!= (a: Tensor, b: Double) -> Tensor { Comparison.notEqual.number.apply(a, SIMD2(b, 0)) }
  /// Where `a` is less than `b`; false at NaN.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { Comparison.less.tensors.apply(a, b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .< (a: Tensor, b: Int) -> Tensor { a .< Double(b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .< (a: Tensor, b: Float) -> Tensor { a .< Double(b) }
  /// The number takes the tensor's dtype.
  public static func .< (a: Tensor, b: Double) -> Tensor { Comparison.less.number.apply(a, SIMD2(b, 0)) }
  /// Where `a` is at most `b`; false at NaN.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { Comparison.lessOrEqual.tensors.apply(a, b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .<= (a: Tensor, b: Int) -> Tensor { a .<= Double(b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .<= (a: Tensor, b: Float) -> Tensor { a .<= Double(b) }
  /// The number takes the tensor's dtype.
  public static func .<= (a: Tensor, b: Double) -> Tensor { Comparison.lessOrEqual.number.apply(a, SIMD2(b, 0)) }
  /// Where `a` is greater than `b`; false at NaN.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { Comparison.less.tensors.apply(b, a) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .> (a: Tensor, b: Int) -> Tensor { a .> Double(b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .> (a: Tensor, b: Float) -> Tensor { a .> Double(b) }
  /// The number takes the tensor's dtype.
  public static func .> (a: Tensor, b: Double) -> Tensor { Comparison.less.reversed.apply(a, SIMD2(b, 0)) }
  /// Where `a` is at least `b`; false at NaN.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { Comparison.lessOrEqual.tensors.apply(b, a) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .>= (a: Tensor, b: Int) -> Tensor { a .>= Double(b) }
  /// The number takes the tensor's dtype.
  @_disfavoredOverload public static func .>= (a: Tensor, b: Float) -> Tensor { a .>= Double(b) }
  /// The number takes the tensor's dtype.
  public static func .>= (a: Tensor, b: Double) -> Tensor { Comparison.lessOrEqual.reversed.apply(a, SIMD2(b, 0)) }

  /// Where both are true (not 0).
  public static func .& (a: Tensor, b: Tensor) -> Tensor { Comparison.and.apply(a, b) }
  /// Where either is true (not 0).
  public static func .| (a: Tensor, b: Tensor) -> Tensor { Comparison.or.apply(a, b) }
  /// Where one is true (not 0) and the other is not.
  public static func .^ (a: Tensor, b: Tensor) -> Tensor { Comparison.xor.apply(a, b) }
  /// Where false (0).
  public static prefix func .! (a: Tensor) -> Tensor { Comparison.not.apply(a) }
}
