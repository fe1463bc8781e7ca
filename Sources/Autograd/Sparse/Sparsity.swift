import Tensor

/// Which elements of a Hessian may differ from zero.
public struct Sparsity: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case banded(Int)
    case pattern([Int], [Int])
    case detected
  }
  let kind: Kind

  /// How many elements a band has in a square matrix of so many rows; nil of other patterns.
  func bandElements(_ count: Int) -> Int? {
    guard case .banded(let width) = kind else { return nil }
    return Self.bandElements(count, width)
  }

  static func bandElements(_ count: Int, _ width: Int) -> Int {
    let width = Swift.min(width, Swift.max(count - 1, 0))
    return count.multipliedClamped(2 * width + 1) - width * (width + 1)
  }

  /// Elements at most so many places beside the diagonal.
  public static func banded(_ width: Int) -> Sparsity {
    if width < 0 { Misuse.report("Sparsity.banded", "the width is \(width); it must be 0 or more") }
    return Sparsity(kind: .banded(Swift.max(width, 0)))
  }

  /// These elements, and those across the diagonal; positions in the input in row-major order, as often as you
  /// like and in any order.
  ///
  /// - Precondition: As many rows as columns.
  public static func pattern(rows: [Int], columns: [Int]) -> Sparsity {
    if rows.count != columns.count {
      Misuse.report(
        "Sparsity.pattern", "the pattern has \(counted(rows.count, "row")) and \(counted(columns.count, "column"))")
    }
    let count = Swift.min(rows.count, columns.count)
    return Sparsity(kind: .pattern(Array(rows.prefix(count)), Array(columns.prefix(count))))
  }

  /// Those that are found: by following through the gradient's recorded graph which of its elements depend on which of
  /// the input, for less than a product; or, where an operator on the way does not say (a convolution, a function of
  /// your own), by products with NaN, a few dozen where the Hessian has few elements in each row, whatever its size.
  ///
  /// What the graph says holds for this control flow, in derivatives of the Hessian, too. What products find holds at
  /// the point: where the Hessian is differentiated itself, inside another transform, all elements are kept instead.
  /// One product more checks it; where that finds something missing, all elements are kept, too.
  public static var detected: Sparsity { Sparsity(kind: .detected) }
}
