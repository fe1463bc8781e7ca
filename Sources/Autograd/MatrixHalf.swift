import Tensor

/// Which half of a symmetric matrix products give, so that the other is its mirror image: of row r the columns from r on,
/// or those up to r. Rows and columns are the elements of all sources together.
///
/// Where the first rows belong to a net's first layer, a product with one of the last layer's basis vectors then wants
/// columns of that layer alone, and leaves out the walk back through those before.
struct MatrixHalf {
  private enum Side {
    case upper, lower

    /// Whether some of these columns are wanted of the first of these rows, or of the last.
    func reaches(_ columns: Range<Int>, _ rows: Range<Int>) -> Bool {
      self == .upper ? columns.upperBound > rows.lowerBound : columns.lowerBound < rows.upperBound
    }
  }

  private let side: Side
  private let needs: TapeNeeds

  /// Nil where it would save little beside the copying.
  ///
  /// - Parameter counts: The elements of each input of the tape, which are those of its results.
  init?(_ tape: ForwardTape, _ needs: TapeNeeds, counts: [Int]) {
    let work = Work(tape, needs, counts)
    let (upper, lower) = (work.elements(of: Side.upper.reaches), work.elements(of: Side.lower.reaches))
    self.needs = needs
    side = upper <= lower ? .upper : .lower
    let count = counts.reduce(0, +)
    guard work.elements(of: { _, _ in true }) - Swift.min(upper, lower) > 2 * count * count else { return nil }
  }

  /// The steps that products with some basis vectors need.
  func selection(_ rows: Range<Int>) -> TapeSelection {
    TapeSelection(needs: needs, wanted: needs.set { side.reaches($0, rows) })
  }

  /// Of the columns of one tensor, those that products with some basis vectors give, and those of them that are rows of
  /// other products' missing columns.
  func columns(_ rows: Range<Int>, of target: Range<Int>) -> (computed: Range<Int>, mirrored: Range<Int>) {
    switch side {
    case .upper:
      (target.clamped(to: rows.lowerBound..<Int.max), target.clamped(to: rows.upperBound..<Int.max))
    case .lower:
      (target.clamped(to: 0..<rows.upperBound), target.clamped(to: 0..<rows.lowerBound))
    }
  }
}

/// The work of all products, estimated in elements of tangents.
private struct Work {
  private let needs: TapeNeeds
  /// For each step the elements of its results, and the ranges whose basis vectors reach it.
  private var sizes: [Int] = []
  private var reached: [UInt64] = []

  init(_ tape: ForwardTape, _ needs: TapeNeeds, _ counts: [Int]) {
    self.needs = needs
    let elements = tape.elements
    var places = Array(repeating: UInt64(0), count: elements.count)
    var first = 0
    for (place, count) in zip(tape.seeds, counts) {
      if place >= 0 { places[place] |= needs.set { $0.overlaps(first..<first + count) } }
      first += count
    }
    for index in tape.steps.indices {
      let (step, sources) = (tape.steps[index], tape.sources(ofStep: index))
      var found = sources.reduce(0) { $1 < 0 ? $0 : $0 | places[Int($1)] }
      if step.takesPart, let read = step.node.function.extentRead(step.node) {
        let first = zip(tape.seeds, counts).prefix { $0.0 != sources.first! }.reduce(0) { $0 + $1.1 }
        found &= needs.set { $0.overlaps(first + read.lowerBound..<first + read.upperBound) }
      }
      var size = 0
      for place in tape.places(ofStep: index) {
        places[place] = found
        size += elements[place]
      }
      reached.append(found)
      sizes.append(size)
    }
  }

  /// Of products that compute the columns which each range of rows wants.
  func elements(of isWanted: (_ columns: Range<Int>, _ rows: Range<Int>) -> Bool) -> Int {
    let ranges = needs.ranges
    let wanted = ranges.map { rows in needs.set { isWanted($0, rows) } }
    var sum = 0
    for step in sizes.indices {
      var rest = reached[step]
      while rest != 0 {
        let range = rest.trailingZeroBitCount
        rest &= rest - 1
        if needs.steps[step] & wanted[range] != 0 { sum += sizes[step] * ranges[range].count }
      }
    }
    return sum
  }
}
