import Synchronization
import Tensor

/// A symmetric pattern with its columns coloured, so that one product with the sum of a colour's basis vectors for each
/// colour gives all elements.
struct CompressionPlan: Sendable {
  /// Rows and columns of the matrix.
  let count: Int
  /// The elements, in row-major order.
  let rows: [Int]
  let columns: [Int]
  let colorCount: Int
  let colors: [Int]
  /// Where each element stands among the products, [colours, count].
  let places: [Int]
  private let kept = KeptParts()

  private init(count: Int, rows: [Int], columns: [Int], colors: [Int]) {
    self.count = count
    self.rows = rows
    self.columns = columns
    self.colors = colors
    colorCount = (colors.max() ?? -1) + 1
    places = zip(rows, columns).map { row, column in
      let (a, b) = (colors[row], colors[column])
      return b <= a ? b * count + row : a * count + column
    }
  }

  /// Nil after a report.
  init?(_ pattern: Sparsity.Kind, count: Int) {
    switch pattern {
    case .banded(let width): self.init(count: count, banded: width)
    case .pattern(let rows, let columns):
      if let bad = (rows + columns).first(where: { $0 < 0 || $0 >= count }) {
        Misuse.report("hessian", "the pattern names element \(bad) of an input of \(counted(count, "element"))")
        return nil
      }
      self.init(RowLists(pairs: rows, columns, rowCount: count))
    case .detected: return nil
    }
  }

  /// From the columns of each row; elements across the diagonal are added.
  init(_ lists: RowLists) {
    let lists = lists.symmetrized()
    let rows = Array(count: lists.entries.count) { rows in
      for row in 0..<lists.rowCount { for place in lists.places(row) { rows[place] = row } }
    }
    self.init(count: lists.rowCount, rows: rows, columns: lists.entries, colors: lists.starColors())
  }

  /// Colours that repeat along the band: no column is next to another of its colour in a row.
  private init(count: Int, banded width: Int) {
    var rows: [Int] = []
    var columns: [Int] = []
    let width = Swift.min(width, Swift.max(count - 1, 0))
    rows.reserveCapacity(Sparsity.bandElements(count, width))
    columns.reserveCapacity(Sparsity.bandElements(count, width))
    for row in 0..<count {
      for column in Swift.max(0, row - width)..<Swift.min(count, row + width + 1) {
        rows.append(row)
        columns.append(column)
      }
    }
    let period = 2 * width + 1
    self.init(count: count, rows: rows, columns: columns, colors: (0..<count).map { $0 % period })
  }

  /// The sums of basis vectors to multiply with for some colours, [colours, count].
  func block(of chosen: Range<Int>, _ dtype: DType) -> Tensor {
    if colorCount * count * dtype.byteCount <= KeptParts.mostBytes { return block(dtype, nil)[chosen] }
    return seeds(chosen, dtype)
  }

  private func seeds(_ chosen: Range<Int>, _ dtype: DType) -> Tensor {
    let block = Tensor.zeros([chosen.count, count], dtype: dtype)
    for (column, color) in colors.enumerated() where chosen.contains(color) {
      block.storage.setNumber(1, at: (color - chosen.lowerBound) * count + column)
    }
    return block
  }

  /// The elements by the colour whose product gives them: where each colour's begin, and their positions.
  /// Kept for further calls.
  func elementsByColor() -> RowLists {
    kept.elementsByColor {
      RowLists(pairs: places.map { $0 / Swift.max(count, 1) }, Array(places.indices), rowCount: colorCount)
    }
  }

  /// The vectors for all colours, and one more where there is one; small ones are kept for further calls.
  func block(_ dtype: DType, _ last: (() -> Tensor)?) -> Tensor {
    kept.block(KeptParts.Key(dtype: dtype, hasLast: last != nil)) {
      let all = seeds(0..<colorCount, dtype)
      return last.map { concatenated([all, $0().unsqueezed(axis: 0)]) } ?? all
    }
  }
}

/// What a plan has made: blocks of vectors, and its elements by their colours.
private final class KeptParts: Sendable {
  struct Key: Hashable, Sendable {
    let dtype: DType
    let hasLast: Bool
  }

  static let mostBytes = 1 << 20
  private let blocks = Mutex<[Key: Tensor]>([:])
  private let byColor = Mutex<RowLists?>(nil)

  func elementsByColor(_ make: () -> RowLists) -> RowLists {
    if let known = byColor.withLock({ $0 }) { return known }
    let lists = make()
    byColor.withLock { $0 = lists }
    return lists
  }

  func block(_ key: Key, _ make: () -> Tensor) -> Tensor {
    if let known = blocks.withLock({ $0[key] }) { return known }
    let block = withoutGrad(make)
    if block.count * key.dtype.byteCount <= KeptParts.mostBytes { blocks.withLock { $0[key] = block } }
    return block
  }
}
