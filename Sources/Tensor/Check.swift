import CKernels

/// A programming error that was caught by ``withTensorErrors(_:)``: which operation, and what was wrong.
public struct TensorError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The operation that refused its arguments, such as `matmul`.
  public let operation: String
  /// What was wrong, with the shapes or values, and what would be right.
  public let message: String

  /// An error of this operation, which says what is wrong and what would be right.
  public init(operation: String, message: String) {
    self.operation = operation
    self.message = message
  }

  /// Both, as the program would have stopped with: `matmul: inner axes differ, ...`.
  public var description: String { "\(operation): \(message)" }
}

/// Runs `body` and throws its first misuse (a shape, dtype or argument error) as a ``TensorError``.
///
/// Outside such a scope the same misuse stops the program with the same words. Inside it, an operation
/// that refuses its arguments gives a placeholder (a NaN of rank 0) and the body runs on to its end; its
/// result is thrown away. The scope covers the calling thread only, and scopes nest.
///
/// - Throws: The first `TensorError`, or whatever `body` itself throws, whichever came first.
public func withTensorErrors<Result>(_ body: () throws -> Result) throws -> Result {
  try ErrorScope().run(in: \.error_scope, body)
}

private final class ErrorScope: ThreadScope {
  var finding: TensorError?
}

/// A number of things, as a message says it: `1 tensor`, `2 tensors`.
package func counted(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }

/// The one voice of misuse.
package enum Misuse {
  /// Whether something was reported inside a `withTensorErrors` that runs on: results may be placeholders.
  static var isPending: Bool {
    adj_thread().pointee.error_scope.map { Unmanaged<ErrorScope>.fromOpaque($0).takeUnretainedValue().finding != nil }
      ?? false
  }

  /// Stops the program, or, inside `withTensorErrors`, remembers the first error and returns.
  @inline(never)
  package static func report(_ operation: String, _ message: @autoclosure () -> String) {
    guard let scope = adj_thread().pointee.error_scope else {
      fatalError("\(operation): \(message())")
    }
    let current = Unmanaged<ErrorScope>.fromOpaque(scope).takeUnretainedValue()
    if current.finding == nil {
      current.finding = TensorError(operation: operation, message: message())
    }
  }

  /// Reports, and gives the placeholder with which a `withTensorErrors` scope runs on.
  @inline(never)
  package static func fail(_ operation: String, _ message: @autoclosure () -> String) -> Tensor {
    report(operation, message())
    return Tensor.placeholder
  }
}

extension Tensor {
  /// What an operation gives after misuse inside `withTensorErrors`.
  package static var placeholder: Tensor { Tensor(Float.nan) }
}

/// The axis counted from 0, or nil (after a report) where it is out of range.
package func normalizedAxis(_ axis: Int, rank: Int, _ operation: String) -> Int? {
  let position = axis < 0 ? axis + rank : axis
  guard position >= 0 && position < rank else {
    let allowed = rank == 0 ? "a tensor of rank 0 has no axes" : "rank \(rank) allows \(-rank) ... \(rank - 1)"
    Misuse.report(operation, "axis \(axis) is out of range; \(allowed)")
    return nil
  }
  return position
}

/// Axes counted from 0, ascending; nil (after a report) where one is out of range or named twice.
package func normalizedAxes(_ axes: [Int], rank: Int, _ operation: String) -> [Int]? {
  var result: [Int] = []
  for axis in axes {
    guard let position = normalizedAxis(axis, rank: rank, operation) else { return nil }
    guard !result.contains(position) else {
      Misuse.report(operation, "axis \(axis) is named twice in \(axes)")
      return nil
    }
    result.append(position)
  }
  return result.sorted()
}
