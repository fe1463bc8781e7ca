/// A Swift number type that is the element type of a dtype.
public protocol TensorScalar: TensorValue {
  static var dtype: DType { get }
}

extension Float: TensorScalar { public static var dtype: DType { .float32 } }
extension Double: TensorScalar { public static var dtype: DType { .float64 } }
extension Int32: TensorScalar { public static var dtype: DType { .int32 } }
extension Int64: TensorScalar { public static var dtype: DType { .int64 } }
extension Int: TensorScalar { public static var dtype: DType { .int64 } }
extension UInt8: TensorScalar { public static var dtype: DType { .uint8 } }
extension Bool: TensorScalar { public static var dtype: DType { .bool } }

/// A number or an array of them, of any depth: what a tensor can be made from.
public protocol TensorValue {
  /// The numbers' dtype.
  static var elementType: DType { get }
  /// Depth of nesting.
  static var depth: Int { get }
  /// Lengths of the axes, as the first element of each level has them.
  func appendShape(to shape: inout [Int])
  /// Writes the elements; false where the value is ragged.
  func write(to target: UnsafeMutableRawPointer, at offset: inout Int, shape: ArraySlice<Int>) -> Bool
}

extension TensorScalar {
  /// The dtype of its numbers.
  public static var elementType: DType { dtype }
  /// Levels of nesting, 0 for a number.
  public static var depth: Int { 0 }
  /// Appends the lengths of its levels.
  public func appendShape(to shape: inout [Int]) {}
  /// Writes its numbers in row-major order; false where it is ragged.
  public func write(to target: UnsafeMutableRawPointer, at offset: inout Int, shape: ArraySlice<Int>) -> Bool {
    target.storeBytes(of: self, toByteOffset: offset * MemoryLayout<Self>.stride, as: Self.self)
    offset += 1
    return true
  }
}

extension Array: TensorValue where Element: TensorValue {
  /// The dtype of its numbers.
  public static var elementType: DType { Element.elementType }
  /// Levels of nesting, 0 for a number.
  public static var depth: Int { Element.depth + 1 }

  /// Appends the lengths of its levels.
  public func appendShape(to shape: inout [Int]) {
    shape.append(count)
    if let first {
      first.appendShape(to: &shape)
    } else {
      shape += Swift.Array(repeating: 0, count: Element.depth)
    }
  }

  /// Writes its numbers in row-major order; false where it is ragged.
  public func write(to target: UnsafeMutableRawPointer, at offset: inout Int, shape: ArraySlice<Int>) -> Bool {
    guard count == shape.first else { return false }
    if Element.depth == 0 && count > 0 {
      // Numbers lie one after another already.
      withUnsafeBytes {
        (target + offset * MemoryLayout<Element>.stride).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
      }
      offset += count
      return true
    }
    return allSatisfy { $0.write(to: target, at: &offset, shape: shape.dropFirst()) }
  }
}

/// Numbers written in source, nested or not: they become float32 unless told otherwise.
public enum TensorLiteral: ExpressibleByArrayLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  case number(Double)
  case integer(Int)
  case array([TensorLiteral])

  public init(arrayLiteral elements: TensorLiteral...) { self = .array(elements) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }

  func appendShape(to shape: inout [Int]) {
    guard case .array(let elements) = self else { return }
    shape.append(elements.count)
    elements.first?.appendShape(to: &shape)
  }

  /// The numbers in order, and those written as integers; false where the literal is ragged.
  func flattened(_ shape: ArraySlice<Int>, into numbers: inout [Double], _ integers: inout [Int]) -> Bool {
    switch self {
    case .number(let number):
      numbers.append(number)
      return shape.isEmpty
    case .integer(let integer):
      numbers.append(Double(integer))
      integers.append(integer)
      return shape.isEmpty
    case .array(let elements):
      guard elements.count == shape.first else { return false }
      return elements.allSatisfy { $0.flattened(shape.dropFirst(), into: &numbers, &integers) }
    }
  }
}

// MARK: - From Swift numbers

extension Tensor {
  /// A tensor of numbers written in source, nested to any depth: `Tensor([[1, 2], [3, 4]])`.
  ///
  /// - Parameters:
  ///   - dtype: float32 unless told otherwise.
  ///   - requiresGrad: Whether the result is a leaf whose ``grad`` `backward()` fills.
  /// - Precondition: Rows of one level have one length.
  public init(_ literal: TensorLiteral, dtype: DType = .float32, requiresGrad: Bool = false) {
    var lengths: [Int] = []
    literal.appendShape(to: &lengths)
    guard Tensor.isRank(lengths.count) else {
      self = .placeholder
      return
    }
    var numbers: [Double] = []
    var integers: [Int] = []
    guard literal.flattened(lengths[...], into: &numbers, &integers) else {
      self = Misuse.fail("Tensor", "the array is ragged: its first row says \(Shape(lengths)), another differs")
      return
    }
    // Large integers have no float64 of their own.
    let isWhole = integers.count == numbers.count && !dtype.isFloatingPoint
    let base = isWhole ? Tensor(integers, shape: Shape(lengths)) : Tensor(numbers, shape: Shape(lengths))
    self = requiresGrad ? base.asType(dtype).tracked() : base.asType(dtype)
  }

  /// A tensor of a Swift number or (nested) array, whose dtype is that of the numbers: `[Double]` gives
  /// float64, `[Float]` float32, `[Int]` int64, `[Bool]` bool.
  ///
  /// - Precondition: Rows of one level have one length; at most eight levels.
  @_disfavoredOverload
  public init<Value: TensorValue>(_ value: Value, dtype: DType? = nil, requiresGrad: Bool = false) {
    var lengths: [Int] = []
    value.appendShape(to: &lengths)
    guard Tensor.isRank(lengths.count) else {
      self = .placeholder
      return
    }
    let storage = Storage(Shape(lengths), Value.elementType)
    var offset = 0
    guard value.write(to: storage.pointer, at: &offset, shape: lengths[...]) else {
      self = Misuse.fail("Tensor", "the array is ragged: its first row says \(Shape(lengths)), another differs")
      return
    }
    let base = dtype.map { Tensor(storage).asType($0) } ?? Tensor(storage)
    self = requiresGrad ? base.tracked() : base
  }

  /// A tensor of `shape` with these numbers in row-major order.
  ///
  /// - Precondition: As many numbers as the shape has elements.
  public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: Shape, requiresGrad: Bool = false) {
    guard Tensor.checkLengths(shape, "Tensor") else {
      self = .placeholder
      return
    }
    guard scalars.count == shape.elementCount else {
      self = Misuse.fail("Tensor", "\(scalars.count) numbers do not fill \(shape), which takes \(shape.elementCount)")
      return
    }
    let storage = Storage(shape, Scalar.dtype)
    scalars.withUnsafeBytes {
      if let base = $0.baseAddress { storage.pointer.copyMemory(from: base, byteCount: $0.count) }
    }
    let base = Tensor(storage)
    self = requiresGrad ? base.tracked() : base
  }

  private static func isRank(_ depth: Int) -> Bool {
    if depth > Shape.maxRank {
      Misuse.report("Tensor", "an array nested \(depth) deep has more axes than the \(Shape.maxRank) there can be")
    }
    return depth <= Shape.maxRank
  }
}

// MARK: - To Swift numbers

extension Tensor {
  /// The elements in row-major order.
  ///
  /// - Precondition: `Scalar` is the Swift type of the dtype (for int64 both `Int` and `Int64` are).
  public func scalars<Scalar: TensorScalar>(as _: Scalar.Type = Scalar.self) -> [Scalar] {
    guard Scalar.dtype == dtype else {
      Misuse.report(
        "scalars",
        "the elements are \(dtype), not \(Scalar.dtype) (\(Scalar.self)); convert with asType(.\(Scalar.dtype))")
      return []
    }
    let storage = storage.contiguous
    return withExtendedLifetime(storage) {
      Array(UnsafeBufferPointer(start: storage.typed(Scalar.self), count: count))
    }
  }

  /// The only element, as a `Double`.
  ///
  /// - Precondition: One element.
  public func item() -> Double {
    guard count == 1 else {
      Misuse.report("item", "needs exactly one element, the shape is \(shape) (\(count) elements)")
      return .nan
    }
    return element(at: 0)
  }

  /// The only element, as the Swift type of the dtype.
  public func item<Scalar: TensorScalar>(as type: Scalar.Type) -> Scalar {
    let values = count == 1 ? scalars(as: type) : []
    guard let value = values.first else {
      Misuse.report("item", "needs exactly one element, the shape is \(shape) (\(count) elements)")
      return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) {
        $0[0] = 0
        return UnsafeRawPointer($0.baseAddress!).load(as: Scalar.self)
      }
    }
    return value
  }

  /// The element at an offset from the first, in elements of memory.
  func element(at offset: Int) -> Double {
    withExtendedLifetime(storage) {
      switch dtype {
      case .float32: Double(storage.typed(Float.self)[offset])
      case .float64: storage.typed(Double.self)[offset]
      case .int32: Double(storage.typed(Int32.self)[offset])
      case .int64: Double(storage.typed(Int64.self)[offset])
      case .uint8: Double(storage.typed(UInt8.self)[offset])
      case .bool: storage.typed(Bool.self)[offset] ? 1 : 0
      }
    }
  }

  /// Whether shapes and dtypes are equal and elements differ by at most `absolute + relative |other|`.
  ///
  /// Equal infinities are close; NaN is close to NaN only with `nanEqual`.
  public func allClose(
    _ other: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, nanEqual: Bool = false
  ) -> Bool {
    guard shape == other.shape, dtype == other.dtype else { return false }
    let mine = detached().asType(.float64).scalars(as: Double.self)
    let theirs = other.detached().asType(.float64).scalars(as: Double.self)
    return zip(mine, theirs).allSatisfy { a, b in
      a == b || (nanEqual && a.isNaN && b.isNaN)
        || (a.isFinite && b.isFinite && Swift.abs(a - b) <= absolute + relative * Swift.abs(b))
    }
  }
}

// MARK: - Codable

extension Tensor: Codable {
  private enum Key: String, CodingKey { case dtype, shape, scalars }

  /// Reads what `encode(to:)` wrote; the result is untracked.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let name = try container.decode(String.self, forKey: .dtype)
    guard let dtype = DType.allCases.first(where: { $0.description == name }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .dtype, in: container, debugDescription: "\(name) is no dtype")
    }
    let shape = try container.decode(Shape.self, forKey: .shape)
    var count = 1
    for length in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: length)
      guard !overflows else {
        throw DecodingError.dataCorruptedError(
          forKey: .shape, in: container, debugDescription: "\(shape) has more elements than can be counted")
      }
      count = product
    }
    func decode<Scalar: TensorScalar & Decodable>(_: Scalar.Type) throws -> Tensor {
      let scalars = try container.decode([Scalar].self, forKey: .scalars)
      guard scalars.count == shape.elementCount else {
        throw DecodingError.dataCorruptedError(
          forKey: .scalars, in: container,
          debugDescription: "\(scalars.count) numbers do not fill \(shape)")
      }
      return Tensor(scalars, shape: shape)
    }
    self =
      switch dtype {
      case .float32: try decode(Float.self)
      case .float64: try decode(Double.self)
      case .int32: try decode(Int32.self)
      case .int64: try decode(Int64.self)
      case .uint8: try decode(UInt8.self)
      case .bool: try decode(Bool.self)
      }
  }

  /// Writes dtype, shape and elements. Infinities and NaN need an encoder that can write them.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(dtype.description, forKey: .dtype)
    try container.encode(shape, forKey: .shape)
    switch dtype {
    case .float32: try container.encode(scalars(as: Float.self), forKey: .scalars)
    case .float64: try container.encode(scalars(as: Double.self), forKey: .scalars)
    case .int32: try container.encode(scalars(as: Int32.self), forKey: .scalars)
    case .int64: try container.encode(scalars(as: Int64.self), forKey: .scalars)
    case .uint8: try container.encode(scalars(as: UInt8.self), forKey: .scalars)
    case .bool: try container.encode(scalars(as: Bool.self), forKey: .scalars)
    }
  }
}
