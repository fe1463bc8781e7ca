/// A set of colours, a bit a colour.
struct ColorSet {
  /// Those below 64: nearly always all.
  fileprivate var low: UInt64 = 0
  fileprivate var high: [UInt64] = []

  @inline(__always)
  mutating func removeAll() {
    low = 0
    for word in high.indices { high[word] = 0 }
  }

  @inline(__always)
  mutating func insert(_ color: Int) { unite(1 << UInt64(color % 64), word: color / 64) }

  @inline(__always)
  fileprivate mutating func unite(_ bits: UInt64, word: Int) {
    if word == 0 { low |= bits } else if bits != 0 { uniteHigh(bits, word: word - 1) }
  }

  @inline(never)
  private mutating func uniteHigh(_ bits: UInt64, word: Int) {
    while high.count <= word { high.append(0) }
    high[word] |= bits
  }

  /// The first colour that it lacks.
  @inline(__always)
  var firstFree: Int { low != ~0 ? (~low).trailingZeroBitCount : firstFreeHigh }

  private var firstFreeHigh: Int {
    for (word, bits) in high.enumerated() where bits != ~0 { return 64 * (word + 1) + (~bits).trailingZeroBitCount }
    return 64 * (high.count + 1)
  }
}

/// A set of colours for each of some vertices.
struct ColorSets: ~Copyable {
  /// Words for each vertex.
  private var width = 1
  private var words: UnsafeMutablePointer<UInt64>
  private let count: Int

  init(count: Int) {
    self.count = count
    words = .allocate(capacity: count)
    words.initialize(repeating: 0, count: count)
  }

  deinit { words.deallocate() }

  @inline(__always)
  mutating func insert(_ color: Int, at vertex: Int) {
    while color >= 64 * width { widen() }
    words[vertex * width + color / 64] |= 1 << UInt64(color % 64)
  }

  /// Adds a vertex's colours to a set, those below a limit where there is one.
  @inline(__always)
  func unite(_ vertex: Int, below limit: Int = .max, into set: inout ColorSet) {
    for word in 0..<width {
      let rest = limit - 64 * word
      if rest <= 0 { return }
      let mask: UInt64 = rest < 64 ? (1 << UInt64(rest)) - 1 : ~0
      set.unite(words[vertex * width + word] & mask, word: word)
    }
  }

  @inline(never)
  private mutating func widen() {
    let wider = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * width * count)
    wider.initialize(repeating: 0, count: 2 * width * count)
    for vertex in 0..<count {
      for word in 0..<width { wider[2 * width * vertex + word] = words[width * vertex + word] }
    }
    words.deallocate()
    words = wider
    width *= 2
  }
}

extension RowLists {
  /// A colour for each column, such that no two of a row have the same: the first that is free, column by column.
  func colors(columnCount: Int) -> [Int] {
    var used = ColorSets(count: rowCount)
    var taken = ColorSet()
    return transposed(columnCount: columnCount).withPointers { columns in
      Array(count: columnCount) { colors in
        for column in 0..<columnCount {
          taken.removeAll()
          for row in columns[column] { used.unite(row, into: &taken) }
          let color = taken.firstFree
          for row in columns[column] { used.insert(color, at: row) }
          colors[column] = color
        }
      }
    }
  }

  /// A colour for each row and column of a symmetric pattern, so that one product for each colour gives all elements:
  /// element (i, j) is the product's of the smaller of the two colours, at the vertex of the larger.
  ///
  /// Entries must be rows, which is not checked. A restricted star colouring (Gebremedhin, Manne and Pothen, "What
  /// color is your Jacobian?", 2005): neighbours differ, and two neighbours of a vertex may only share a colour that is
  /// larger than the vertex's. Greedy, vertices of many neighbours first, so that the tip of an arrow has a colour of
  /// its own and all others share the next.
  func starColors() -> [Int] {
    var colors = Array(repeating: -1, count: rowCount)
    var around = ColorSets(count: rowCount)
    var taken = ColorSet()
    let order = byDegree()
    colors.withUnsafeMutableBufferPointer { colors in
      withPointers { rows in
        for vertex in order {
          taken.removeAll()
          for neighbor in rows[vertex] where neighbor != vertex {
            let color = colors[neighbor]
            around.unite(neighbor, below: color < 0 ? .max : color, into: &taken)
            if color >= 0 { taken.insert(color) }
          }
          let color = taken.firstFree
          colors[vertex] = color
          for neighbor in rows[vertex] where neighbor != vertex { around.insert(color, at: neighbor) }
        }
      }
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
