/// A whole number for each spatial axis; one number counts for all of them: `2` or `[2, 1]`.
public struct SpatialSize: Sendable, Hashable {
  let lengths: [Int]

  /// One length for every spatial axis.
  public init(_ length: Int) { lengths = [length] }
  /// One length for each spatial axis.
  public init(_ lengths: [Int]) { self.lengths = lengths }

  /// One number an axis; nil after a report.
  func resolved(_ axes: Int, atLeast least: Int, _ name: String, _ operation: String) -> [Int]? {
    guard lengths.count == 1 || lengths.count == axes, lengths.allSatisfy({ $0 >= least }) else {
      Misuse.report(
        operation, "\(name) is \(lengths); it must be one number or \(axes), each at least \(least)")
      return nil
    }
    return lengths.count == axes ? lengths : Array(repeating: lengths[0], count: axes)
  }
}

extension SpatialSize: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  public init(integerLiteral value: Int) { self.init(value) }
  public init(arrayLiteral elements: Int...) { self.init(elements) }
}

/// Zeros that a convolution reads around its input.
public enum ConvolutionPadding: Sendable, Hashable {
  /// None.
  case valid
  /// As many that the result has the input's lengths, one more behind than before where their number is odd.
  case same
  /// So many before and behind each axis.
  case zeros(SpatialSize)
}

extension ConvolutionPadding: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  public init(integerLiteral value: Int) { self = .zeros(SpatialSize(value)) }
  public init(arrayLiteral elements: Int...) { self = .zeros(SpatialSize(elements)) }
}
