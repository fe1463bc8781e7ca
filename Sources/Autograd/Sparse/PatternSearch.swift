import Tensor

/// Narrows down which columns each row of a square matrix has elements in, by asking which rows sets of columns reach.
struct PatternSearch {
  enum Outcome {
    case found(CompressionPlan)
    /// A coloured evaluation would cost as much as all columns one by one.
    case isDense
    /// It has more elements than are wanted, or takes more memory to find.
    case isTooLarge
    /// Who was asked does not know.
    case isUnknown
  }

  /// Bits of rows from those of columns, [words, count] of int64 both; nil for not known.
  let reached: (Tensor) -> Tensor?
  let count: Int
  /// Whether a dense pattern is wanted, too.
  let isThorough: Bool
  /// Into how many parts ranges are cut in a step, times how many colours they need: a power of two.
  var lanesPerLevel = 64
  /// Whether each bit costs a product, which then counts.
  var countsLanes = false
  var limits = SearchLimits()

  /// Ranges of columns, ascending and of one width but for the last of each cut, and for each row those it may reach.
  private var ranges: [Range<Int>]
  private var candidates: RowLists
  private var spent = 0
  private var isTooLarge = false

  init(count: Int, isThorough: Bool, reached: @escaping (Tensor) -> Tensor?) {
    self.count = count
    self.isThorough = isThorough
    self.reached = reached
    ranges = count == 0 ? [] : [0..<count]
    candidates = RowLists(0, rowCount: count)
  }

  mutating func run() -> Outcome {
    if count == 1 { candidates = RowLists(0, rowCount: 1) }
    while let widest = ranges.first?.count, widest > 1 {
      if isProbablyDense || (limits.isBrief && isLong) { return .isDense }
      let colors = candidates.colors(columnCount: ranges.count)
      let colorCount = (colors.max() ?? -1) + 1
      let parts = partCount(widest, colorCount)
      spent += colorCount * parts
      if countsLanes && !isThorough && spent > count / 4 { return .isDense }
      guard narrow(colors, colorCount, parts) else { return .isUnknown }
      // The pairs of rows and ranges become no fewer.
      if isTooLarge { return .isTooLarge }
    }
    let plan = CompressionPlan(candidates)
    return isThorough || plan.colorCount + (countsLanes ? spent : 0) <= count / 3 ? .found(plan) : .isDense
  }

  /// Powers of two, so that the lanes of a colour lie within one word.
  private func partCount(_ width: Int, _ colorCount: Int) -> Int {
    var parts = 2
    let most = countsLanes ? lanesPerLevel : lanesPerLevel / Swift.max(colorCount, 1)
    while 2 * parts <= most && parts < width { parts *= 2 }
    return parts
  }

  /// Ranges of one row need a colour each: where that is too many already, colouring dense rows is wasted.
  private var isProbablyDense: Bool {
    if isThorough { return false }
    if countsLanes { return spent + candidates.longestRow * Swift.min(lanesPerLevel, ranges[0].count) > count / 4 }
    let isFull = ranges.count >= 32 && candidates.entries.count > count * ranges.count / 10 * 9
    return isFull || candidates.longestRow > count / 3
  }

  private var isLong: Bool { countsLanes ? spent > 256 : candidates.entries.count > 64 * count }

  /// Splits each range, and asks for each part which rows depend on it; false where that is not known.
  private mutating func narrow(_ colors: [Int], _ colorCount: Int, _ parts: Int) -> Bool {
    let words = (colorCount * parts + 63) / 64
    guard words <= limits.words else {
      isTooLarge = true
      return true
    }
    let seeds = Tensor.zeros([words, count], dtype: .int64)
    let bits = seeds.storage.typed(Int64.self)
    var children: [Range<Int>] = []
    var firstChild: [Int] = []
    children.reserveCapacity(Swift.min(ranges.count * parts, count))
    firstChild.reserveCapacity(ranges.count)
    for (range, color) in zip(ranges, colors) {
      firstChild.append(children.count)
      let width = (range.count + parts - 1) / parts
      var (start, lane) = (range.lowerBound, color * parts)
      while start < range.upperBound {
        let child = start..<Swift.min(start + width, range.upperBound)
        children.append(child)
        for column in child { bits[lane / 64 * count + column] |= 1 << Int64(lane % 64) }
        (start, lane) = (child.upperBound, lane + 1)
      }
    }
    guard let found = reached(seeds) else { return false }
    let storage = found.storage.contiguous
    let isReached = storage.typed(Int64.self)
    let mask: UInt64 = parts == 64 ? ~0 : (1 << UInt64(parts)) - 1
    var next = RowLists(capacity: candidates.entries.count)
    candidates.withPointers { candidates in
      for row in 0..<count {
        for range in candidates[row] {
          let lane = colors[range] * parts
          var hits = UInt64(bitPattern: isReached[lane / 64 * count + row]) >> UInt64(lane % 64) & mask
          while hits != 0 {
            next.append(firstChild[range] + hits.trailingZeroBitCount)
            hits &= hits - 1
          }
        }
        next.endRow()
        if next.entries.count > limits.elements {
          isTooLarge = true
          break
        }
      }
    }
    withExtendedLifetime((storage, seeds)) {}
    if !isTooLarge { (ranges, candidates) = (children, next) }
    return true
  }
}
