// What the compiler says where a tensor meets something that it does not combine with.
//
// A declaration marked unavailable is passed over until every other overload has failed, and in a long
// expression that takes so many attempts that the compiler gives up ("unable to type-check this expression in
// reasonable time"). A conformance marked unavailable is found at once, and its message is an error all the same.
// So the operators take a `WrongOperand`, and what is often written by mistake conforms, unavailably.

/// What is written beside a tensor by mistake. No type conforms that could be used: the compiler shows what to
/// write instead.
public protocol WrongOperand {}

extension WrongOperand {
  /// Never reached, since no call compiles that would.
  func unusable() -> Tensor { Misuse.fail("Tensor", "\(Self.self) does not combine with a tensor") }
}

@available(*, unavailable, message: "an array is no tensor: write Tensor(values)")
extension Array: WrongOperand {}
@available(*, unavailable, message: "a slice is no tensor: write Tensor(Array(values))")
extension ArraySlice: WrongOperand {}
@available(*, unavailable, message: "unwrap it first, with ! or if let")
extension Optional: WrongOperand {}
@available(*, unavailable, message: "tensors combine with tensors and numbers: write Double(text)!")
extension String: WrongOperand {}
@available(*, unavailable, message: "tensors combine with tensors and numbers")
extension Character: WrongOperand {}
@available(*, unavailable, message: "tensors combine with tensors and numbers: write flag ? 1 : 0")
extension Bool: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension Int8: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension Int16: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension Int32: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension Int64: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension UInt: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension UInt8: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension UInt16: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension UInt32: WrongOperand {}
@available(*, unavailable, message: "the numbers beside tensors are Int, Float and Double: write Int(number)")
extension UInt64: WrongOperand {}

// Each of these compiles for no operand: the conformances' messages say what to write.
extension Tensor {
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func + <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func + <Wrong: WrongOperand>(a: Wrong, b: Tensor) -> Tensor { a.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func - <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func - <Wrong: WrongOperand>(a: Wrong, b: Tensor) -> Tensor { a.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func * <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func * <Wrong: WrongOperand>(a: Wrong, b: Tensor) -> Tensor { a.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func / <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func / <Wrong: WrongOperand>(a: Wrong, b: Tensor) -> Tensor { a.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func .== <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func .!= <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func .< <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func .<= <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func .> <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
  /// No operand fits: see ``WrongOperand``.
  @_disfavoredOverload
  public static func .>= <Wrong: WrongOperand>(a: Tensor, b: Wrong) -> Tensor { b.unusable() }
}

// Swift's own comparisons give one answer, which a tensor does not have. Nothing else fits them in a short
// condition, so that plain unavailability shows its message.
extension Tensor {
  /// Unavailable: compare elements with `.==`.
  @available(*, unavailable, message: "compare elements with .==, or all of them with allClose(_:)")
  public static func == (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.==`.
  @available(*, unavailable, message: "compare elements with .==, or all of them with allClose(_:)")
  public static func == (a: Tensor, b: Double) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.!=`.
  @available(*, unavailable, message: "compare elements with .!=, or all of them with !allClose(_:)")
  public static func != (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.!=`.
  @available(*, unavailable, message: "compare elements with .!=, or all of them with !allClose(_:)")
  public static func != (a: Tensor, b: Double) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.<`.
  @available(*, unavailable, message: "compare elements with .<, or one number with item()")
  public static func < (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.<`.
  @available(*, unavailable, message: "compare elements with .<, or one number with item()")
  public static func < (a: Tensor, b: Double) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.<=`.
  @available(*, unavailable, message: "compare elements with .<=, or one number with item()")
  public static func <= (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.<=`.
  @available(*, unavailable, message: "compare elements with .<=, or one number with item()")
  public static func <= (a: Tensor, b: Double) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.>`.
  @available(*, unavailable, message: "compare elements with .>, or one number with item()")
  public static func > (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.>`.
  @available(*, unavailable, message: "compare elements with .>, or one number with item()")
  public static func > (a: Tensor, b: Double) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.>=`.
  @available(*, unavailable, message: "compare elements with .>=, or one number with item()")
  public static func >= (a: Tensor, b: Tensor) -> Bool { fatalError("unavailable") }
  /// Unavailable: compare elements with `.>=`.
  @available(*, unavailable, message: "compare elements with .>=, or one number with item()")
  public static func >= (a: Tensor, b: Double) -> Bool { fatalError("unavailable") }
  /// Unavailable: see ``remainder(_:_:)``.
  @available(*, unavailable, message: "write remainder(a, b)")
  public static func % (a: Tensor, b: Double) -> Tensor { fatalError("unavailable") }
  /// Unavailable: see ``pow(_:_:)``.
  @available(*, unavailable, message: "write pow(a, b)")
  public static func ^ (a: Tensor, b: Double) -> Tensor { fatalError("unavailable") }
}
