/// Rows of cells for a terminal: names to the left, numbers to the right.
struct TextTable {
  private let rows: [[String]]
  private let widths: [Int]

  /// Rows, of which the first is the head and the first cells are names.
  init(_ rows: [[String]]) {
    let count = rows.map(\.count).max() ?? 0
    let full = rows.map { $0 + Array(repeating: "", count: count - $0.count) }
    self.rows = full
    widths = (0..<count).map { column in full.map { $0[column].count }.max() ?? 0 }
  }

  /// All columns, in blocks one below the other where they are wider than the terminal; each block has the names.
  func text(columns: Int? = nil) -> String {
    var blocks: [[Int]] = [[]]
    var width = 2 + widths[0]
    for column in 1..<widths.count {
      if let columns, let last = blocks.last, !last.isEmpty, width + 2 + widths[column] > columns {
        blocks.append([])
        width = 2 + widths[0]
      }
      blocks[blocks.count - 1].append(column)
      width += 2 + widths[column]
    }
    return blocks.map(block).joined(separator: "\n")
  }

  private func block(_ columns: [Int]) -> String {
    rows.map { row in
      let name = "  " + row[0] + String(repeating: " ", count: widths[0] - row[0].count)
      let line = columns.reduce(name) { line, column in
        line + "  " + String(repeating: " ", count: widths[column] - row[column].count) + row[column]
      }
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}
