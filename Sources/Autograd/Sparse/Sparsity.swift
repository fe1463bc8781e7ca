import Tensor

/// Which elements of a Hessian may differ from zero.
public struct Sparsity: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case banded(Int)
    case pattern([Int], [Int])
    case detected
  }
  let kind: Kind

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
      Misuse.report("Sparsity.pattern", "there are \(rows.count) rows and \(columns.count) columns")
    }
    let count = Swift.min(rows.count, columns.count)
    return Sparsity(kind: .pattern(Array(rows.prefix(count)), Array(columns.prefix(count))))
  }

  /// Those that are found by asking which elements of the gradient depend on which of the input, at the point: a few
  /// dozen products where the Hessian has few elements in each row, whatever its size.
  ///
  /// What is found holds at the point. So where the Hessian is differentiated itself, inside another transform, all
  /// elements are kept; give a pattern there.
  public static var detected: Sparsity { Sparsity(kind: .detected) }
}

/// A symmetric pattern with its columns coloured: columns of one colour have no row in common, so that one product
/// with the sum of their basis vectors gives the elements of all.
struct CompressionPlan: Sendable {
  /// Rows and columns of the matrix.
  let count: Int
  /// The elements, in row-major order.
  let rows: [Int]
  let columns: [Int]
  let colorCount: Int
  let colors: [Int]
  /// Where an element stands among the products, [colours, count].
  let positions: Tensor

  init(count: Int, rows: [Int], columns: [Int], colors: [Int]) {
    self.count = count
    self.rows = rows
    self.columns = columns
    self.colors = colors
    colorCount = (colors.max() ?? -1) + 1
    positions = Tensor(zip(rows, columns).map { colors[$1] * count + $0 }, shape: [rows.count])
  }

  /// Nil after a report.
  init?(_ pattern: Sparsity.Kind, count: Int) {
    switch pattern {
    case .banded(let width): self.init(count: count, banded: width)
    case .pattern(let rows, let columns):
      if let bad = (rows + columns).first(where: { $0 < 0 || $0 >= count }) {
        Misuse.report("hessian", "the pattern names element \(bad) of an input of \(count) elements")
        return nil
      }
      var keys: Set<Int> = []
      for (row, column) in zip(rows, columns) {
        keys.insert(row * count + column)
        keys.insert(column * count + row)
      }
      let sorted = keys.sorted()
      let lists = RowLists(sorted.map { $0 / count }, sorted.map { $0 % count }, rowCount: count)
      self.init(lists, count: count)
    case .detected: return nil
    }
  }

  /// From the columns of each row.
  init(_ lists: RowLists, count: Int) {
    var rows: [Int] = []
    rows.reserveCapacity(lists.entries.count)
    for row in 0..<count { for _ in lists.places(row) { rows.append(row) } }
    self.init(count: count, rows: rows, columns: lists.entries, colors: lists.colors(columnCount: count))
  }

  private init(count: Int, banded width: Int) {
    var rows: [Int] = []
    var columns: [Int] = []
    let width = Swift.min(width, Swift.max(count - 1, 0))
    rows.reserveCapacity(count * (2 * width + 1))
    columns.reserveCapacity(count * (2 * width + 1))
    for row in 0..<count {
      for column in Swift.max(0, row - width)..<Swift.min(count, row + width + 1) {
        rows.append(row)
        columns.append(column)
      }
    }
    let period = 2 * width + 1
    self.init(count: count, rows: rows, columns: columns, colors: (0..<count).map { $0 % period })
  }

  /// The sums of basis vectors to multiply with, [colours, count].
  func seeds(_ dtype: DType) -> Tensor {
    let block = Tensor.zeros([colorCount, count], dtype: dtype)
    for (column, color) in colors.enumerated() { block.storage.setNumber(1, at: color * count + column) }
    return block
  }
}
