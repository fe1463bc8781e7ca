import CKernels

extension Tensor {
  /// A tensor of zeros.
  public static func zeros(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 0, dtype: dtype) }

  /// A tensor of ones.
  public static func ones(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 1, dtype: dtype) }

  /// A tensor of one number.
  ///
  /// - Precondition: No negative length.
  public static func full(_ shape: Shape, _ value: Double, dtype: DType = .float32) -> Tensor {
    guard checkLengths(shape, "full") else { return .placeholder }
    let storage = Storage(shape, dtype)
    let scalar = value.kernelScalar(dtype)
    let target = UnsafeSendable(storage.pointer)
    Parallel.run(storage.count, grain: 2 * Parallel.elementGrain) { begin, end in
      adj_fill(target.value + begin * dtype.byteCount, dtype.kernel, Int64(end - begin), scalar)
    }
    return Tensor(storage)
  }

  /// Zeros with this tensor's shape and dtype.
  public static func zeros(like other: Tensor) -> Tensor { zeros(other.shape, dtype: other.dtype) }

  /// Ones with this tensor's shape and dtype.
  public static func ones(like other: Tensor) -> Tensor { ones(other.shape, dtype: other.dtype) }

  /// The identity matrix, of `rows` rows and as many columns unless told otherwise.
  public static func eye(_ rows: Int, columns: Int? = nil, dtype: DType = .float32) -> Tensor {
    let columns = columns ?? rows
    guard rows >= 0, columns >= 0 else {
      return Misuse.fail("eye", "\(rows) x \(columns) is no size of a matrix")
    }
    let result = zeros([rows, columns], dtype: dtype)
    let diagonal = Storage(
      viewing: result.storage, shape: [Swift.min(rows, columns)], strides: [columns + 1])
    StridedCopy.copy(ones(diagonal.shape, dtype: dtype).storage, into: diagonal)
    return result
  }

  /// The whole numbers 0 ..< count.
  public static func arange(_ count: Int, dtype: DType = .float32) -> Tensor {
    arange(from: 0, to: Double(count), by: 1, dtype: dtype)
  }

  /// Numbers from `start`, `step` apart, before `end`.
  ///
  /// - Precondition: `step` is not 0.
  public static func arange(
    from start: Double, to end: Double, by step: Double = 1, dtype: DType = .float32
  ) -> Tensor {
    guard step != 0, start.isFinite, end.isFinite, step.isFinite else {
      return Misuse.fail("arange", "cannot go from \(start) to \(end) by \(step)")
    }
    let steps = ((end - start) / step).rounded(.up)
    guard steps <= Double(mostElements) else {
      return Misuse.fail("arange", "from \(start) to \(end) by \(step) are more numbers than memory can hold")
    }
    let count = Swift.max(0, Int(steps))
    let storage = Storage([count], dtype)
    adj_arange(
      storage.pointer, dtype.kernel, Int64(count), start.kernelScalar(dtype), step.kernelScalar(dtype))
    return Tensor(storage)
  }

  /// `count` numbers from `start` to `end`, both included, evenly apart.
  ///
  /// - Precondition: A floating-point dtype and a count that is not negative.
  public static func linspace(
    from start: Double, to end: Double, count: Int, dtype: DType = .float32
  ) -> Tensor {
    guard count >= 0, dtype.isFloatingPoint else {
      return Misuse.fail("linspace", "needs a count of 0 or more and a floating-point dtype, got \(count), \(dtype)")
    }
    // Rounded once, from float64; the ends are met exactly.
    let step = count > 1 ? (end - start) / Double(count - 1) : 0
    let numbers = (0..<count).map { $0 == count - 1 && count > 1 ? end : start + Double($0) * step }
    return Tensor(numbers).asType(dtype)
  }

  /// No machine has memory for more: 2^46 bytes of the largest dtype.
  private static let mostElements = 1 << 43

  static func checkLengths(_ shape: Shape, _ operation: String) -> Bool {
    if shape.contains(where: { $0 < 0 }) {
      Misuse.report(operation, "\(shape) has a negative length")
      return false
    }
    var count = 1
    for length in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: length)
      guard !overflows, product <= mostElements else {
        Misuse.report(operation, "\(shape) has more elements than memory can hold")
        return false
      }
      count = product
    }
    return true
  }
}

extension DType {
  package var kernel: adj_dtype { adj_dtype(rawValue: UInt32(rawValue)) }
}

extension Double {
  package func kernelScalar(_ dtype: DType) -> adj_scalar {
    dtype.isFloatingPoint ? adj_scalar(f: self) : adj_scalar(i: whole(dtype))
  }

  /// The number as casts convert it: without its fraction, saturated; NaN is 0, and a bool 1 where not 0.
  private func whole(_ dtype: DType) -> Int64 {
    func saturated<T: FixedWidthInteger>(_: T.Type) -> Int64 {
      let cut = rounded(.towardZero)
      return isNaN ? 0 : cut >= Double(T.max) ? Int64(T.max) : cut <= Double(T.min) ? Int64(T.min) : Int64(cut)
    }
    return switch dtype {
    case .bool: self != 0 ? 1 : 0
    case .uint8: saturated(UInt8.self)
    case .int32: saturated(Int32.self)
    default: saturated(Int64.self)
    }
  }
}
