/// Lists of numbers, one for each row of a matrix, one after another.
struct RowLists {
  private(set) var starts: [Int]
  private(set) var entries: [Int]

  /// Rows to be appended.
  init(capacity: Int) {
    starts = [0]
    entries = []
    starts.reserveCapacity(capacity + 1)
    entries.reserveCapacity(capacity)
  }

  /// From pairs in any order, as often as they come: each row's entries ascending, each once.
  init(pairs rows: [Int], _ columns: [Int], rowCount: Int) {
    self.init(capacity: rowCount)
    var order = RowLists(unordered: rows, columns, rowCount: rowCount)
    for row in 0..<rowCount {
      let places = order.places(row)
      order.entries[places].sort()
      for place in places where place == places.lowerBound || order.entries[place] != order.entries[place - 1] {
        append(order.entries[place])
      }
      endRow()
    }
  }

  /// From pairs in any order.
  private init(unordered rows: [Int], _ columns: [Int], rowCount: Int) {
    starts = Array(repeating: 0, count: rowCount + 1)
    entries = Array(repeating: 0, count: rows.count)
    for row in rows { starts[row + 1] += 1 }
    for row in 0..<rowCount { starts[row + 1] += starts[row] }
    var next = starts
    for (row, column) in zip(rows, columns) {
      entries[next[row]] = column
      next[row] += 1
    }
  }

  /// The same number in each row.
  init(_ entry: Int, rowCount: Int) {
    starts = Array(0...rowCount)
    entries = Array(repeating: entry, count: rowCount)
  }

  var rowCount: Int { starts.count - 1 }
  var longestRow: Int { (0..<rowCount).reduce(0) { Swift.max($0, places($1).count) } }

  /// Where a row's numbers stand among the entries.
  @inline(__always)
  func places(_ row: Int) -> Range<Int> { starts[row]..<starts[row + 1] }

  mutating func append(_ entry: Int) { entries.append(entry) }
  mutating func endRow() { starts.append(entries.count) }

  /// All lists, read as pointers, and without checks, which loops over every entry are bound by otherwise.
  func withPointers<R>(_ body: (Pointers) -> R) -> R {
    starts.withUnsafeBufferPointer { starts in
      entries.withUnsafeBufferPointer { body(Pointers(starts: starts.baseAddress!, entries: $0)) }
    }
  }

  struct Pointers {
    fileprivate let starts: UnsafePointer<Int>
    fileprivate let entries: UnsafeBufferPointer<Int>

    @inline(__always)
    subscript(row: Int) -> UnsafeBufferPointer<Int> {
      UnsafeBufferPointer(rebasing: entries[starts[row]..<starts[row + 1]])
    }
  }

  /// The lists of the transposed matrix: the rows of each column, ascending.
  func transposed(columnCount: Int) -> RowLists {
    var result = RowLists(capacity: 0)
    result.starts = Array(repeating: 0, count: columnCount + 1)
    for column in entries { result.starts[column + 1] += 1 }
    for column in 0..<columnCount { result.starts[column + 1] += result.starts[column] }
    var next = result.starts
    result.entries = Array(count: entries.count) { transposed in
      next.withUnsafeMutableBufferPointer { next in
        withPointers { rows in
          for row in 0..<rowCount {
            for column in rows[row] {
              transposed[next[column]] = row
              next[column] += 1
            }
          }
        }
      }
    }
    return result
  }
}

extension [Int] {
  /// So many numbers, all of which `fill` writes, in memory that was not written before.
  init(count: Int, _ fill: (UnsafeMutableBufferPointer<Int>) -> Void) {
    // Of none, too, the standard library would write the count: to memory that all empty arrays share.
    if count == 0 {
      self = []
      return
    }
    self.init(unsafeUninitializedCapacity: count) { numbers, written in
      fill(numbers)
      written = count
    }
  }
}
