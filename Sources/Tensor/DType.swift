/// The type of a tensor's elements, known at run time.
///
/// `float32` is the default for numbers written in source. The floating-point dtypes can be
/// differentiated; the others cannot.
public enum DType: UInt8, Sendable, Hashable, CaseIterable, Codable {
  case float32, float64, int32, int64, uint8, bool

  /// Bytes an element takes.
  @inlinable public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float64, .int64: 8
    case .uint8, .bool: 1
    }
  }

  /// Whether elements are floating-point numbers, and so can carry derivatives.
  @inlinable public var isFloatingPoint: Bool { rawValue < 2 }
}

extension DType {
  /// Its name behind an article, for messages: `a float32`, `an int32`.
  package var withArticle: String {
    switch self {
    case .int32, .int64: "an \(self)"
    default: "a \(self)"
    }
  }
}

extension DType: CustomStringConvertible {
  /// Its name, as in code: `float32`.
  public var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    }
  }
}
