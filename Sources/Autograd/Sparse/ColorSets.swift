/// A set of colours for each of some vertices, a bit a colour.
struct ColorSets {
  /// Words for each vertex.
  private var width = 1
  private var words: [UInt64]
  private let count: Int

  init(count: Int) {
    self.count = count
    words = Array(repeating: 0, count: count)
  }

  mutating func insert(_ color: Int, at vertex: Int) {
    while color >= 64 * width { widen() }
    words[vertex * width + color / 64] |= 1 << UInt64(color % 64)
  }

  /// Adds a vertex's colours to a set, those below a limit where there is one.
  @inline(__always)
  func unite(_ vertex: Int, below limit: Int = .max, into set: inout [UInt64]) {
    while set.count < width { set.append(0) }
    for word in 0..<width {
      let rest = limit - 64 * word
      if rest <= 0 { return }
      let mask: UInt64 = rest < 64 ? (1 << UInt64(rest)) - 1 : ~0
      set[word] |= words[vertex * width + word] & mask
    }
  }

  /// The first colour that a set lacks.
  static func firstFree(_ set: [UInt64]) -> Int {
    for (word, bits) in set.enumerated() where bits != ~0 { return 64 * word + (~bits).trailingZeroBitCount }
    return 64 * set.count
  }

  private mutating func widen() {
    var wider = Array(repeating: UInt64(0), count: 2 * width * count)
    for vertex in 0..<count {
      for word in 0..<width { wider[2 * width * vertex + word] = words[width * vertex + word] }
    }
    words = wider
    width *= 2
  }
}

extension RowLists {
  /// A colour for each column, such that no two of a row have the same: the first that is free, column by column.
  func colors(columnCount: Int) -> [Int] {
    let rows = transposed(columnCount: columnCount)
    var used = ColorSets(count: rowCount)
    var taken: [UInt64] = []
    return (0..<columnCount).map { column in
      for word in taken.indices { taken[word] = 0 }
      for place in rows.places(column) { used.unite(rows.entries[place], into: &taken) }
      let color = ColorSets.firstFree(taken)
      for place in rows.places(column) { used.insert(color, at: rows.entries[place]) }
      return color
    }
  }

  /// A colour for each row and column of a symmetric pattern, so that one product for each colour gives all elements:
  /// element (i, j) is the product's of the smaller of the two colours, at the vertex of the larger.
  ///
  /// A restricted star colouring (Gebremedhin, Manne and Pothen, "What color is your Jacobian?", 2005): neighbours
  /// differ, and two neighbours of a vertex may only share a colour that is larger than the vertex's. Greedy, vertices
  /// of many neighbours first, so that the tip of an arrow has a colour of its own and all others share the next.
  func starColors() -> [Int] {
    var colors = Array(repeating: -1, count: rowCount)
    var around = ColorSets(count: rowCount)
    var taken: [UInt64] = []
    for vertex in byDegree() {
      for word in taken.indices { taken[word] = 0 }
      for place in places(vertex) where entries[place] != vertex {
        let neighbor = entries[place]
        let color = colors[neighbor]
        around.unite(neighbor, below: color < 0 ? .max : color, into: &taken)
        if color >= 0 {
          while taken.count <= color / 64 { taken.append(0) }
          taken[color / 64] |= 1 << UInt64(color % 64)
        }
      }
      let color = ColorSets.firstFree(taken)
      colors[vertex] = color
      for place in places(vertex) where entries[place] != vertex { around.insert(color, at: entries[place]) }
    }
    return colors
  }

  /// Rows by descending length, equal ones in their order.
  private func byDegree() -> [Int] {
    var starts = Array(repeating: 0, count: longestRow + 2)
    for row in 0..<rowCount { starts[starts.count - 1 - places(row).count] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var order = Array(repeating: 0, count: rowCount)
    for row in 0..<rowCount {
      let bucket = starts.count - 2 - places(row).count
      order[starts[bucket]] = row
      starts[bucket] += 1
    }
    return order
  }

  /// With every element across the diagonal, too.
  func symmetrized() -> RowLists {
    let other = transposed(columnCount: rowCount)
    if entries == other.entries && starts == other.starts { return self }
    var result = RowLists(capacity: rowCount)
    for row in 0..<rowCount {
      var (left, right) = (places(row), other.places(row))
      while !left.isEmpty || !right.isEmpty {
        let (a, b) = (left.first.map { entries[$0] } ?? .max, right.first.map { other.entries[$0] } ?? .max)
        result.append(Swift.min(a, b))
        if a <= b { left = left.dropFirst() }
        if b <= a { right = right.dropFirst() }
      }
      result.endRow()
    }
    return result
  }
}
