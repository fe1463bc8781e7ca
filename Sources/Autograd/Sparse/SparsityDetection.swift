import Tensor

/// Finds which results of a linear map depend on which inputs, by products with NaN.
///
/// A product is sums of products of tangents with numbers, so that NaN reaches every result that depends on it: a
/// result that stays a number is zero for every tangent of those inputs. (A rule that drops a tangent, as `where`
/// does of the branch not taken, drops it whatever it is.) Ranges of inputs are narrowed in steps: in each, ranges
/// without a common row are asked together, as in coloured evaluation. So a banded matrix takes a few dozen products
/// whatever its size, and a dense one is recognised after eight.
extension SymmetricMap {
  /// From this size on a dense result first asks whether it is sparse: at most 8 products of 512.
  private static var leastCount: Int { 512 }
  private static var branching: Int { 8 }

  /// The pattern, or nil where it is not worth while; always a pattern where `always`.
  func detectedPlan(always: Bool = false) -> CompressionPlan? {
    let count = space.count
    // Mixed dtypes are joined at a precision of their own.
    guard always || (count >= Self.leastCount && space.templates.allSatisfy { $0.dtype == space.dtype }) else {
      return nil
    }
    // An element that is zero at this point may have a derivative all the same.
    if blocks.isRecorded { return always ? CompressionPlan(.banded(count), count: count) : nil }
    var ranges = count == 0 ? [] : [0..<count]
    // For each row the ranges it may depend on.
    var candidates = RowLists(capacity: count)
    for _ in 0..<count {
      candidates.append(0)
      candidates.endRow()
    }
    var spent = 0
    while ranges.contains(where: { $0.count > 1 }) {
      // Those of one row need a colour each: where that is too many already, colouring dense rows is wasted.
      if !always && spent + candidates.longestRow * Self.branching > count / 4 { return nil }
      let colors = candidates.colors(columnCount: ranges.count)
      let lanes = ((colors.max() ?? -1) + 1) * Self.branching
      spent += lanes
      if !always && spent > count / 4 { return nil }
      (ranges, candidates) = narrowed(ranges, candidates, colors, lanes)
    }
    let plan = CompressionPlan(candidates, count: count)
    return always || plan.colorCount + spent <= count / 3 ? plan : nil
  }

  /// Splits each range, and asks for each part which rows depend on it.
  private func narrowed(
    _ ranges: [Range<Int>], _ candidates: RowLists, _ colors: [Int], _ lanes: Int
  ) -> ([Range<Int>], RowLists) {
    let parts = Self.branching
    let widths = ranges.map { ($0.count + parts - 1) / parts }
    func part(_ range: Int, _ index: Int) -> Range<Int> {
      let whole = ranges[range]
      let start = Swift.min(whole.lowerBound + index * widths[range], whole.upperBound)
      return start..<Swift.min(start + widths[range], whole.upperBound)
    }
    let seeds = Tensor.zeros([lanes, space.count], dtype: space.dtype)
    var children: [Range<Int>] = []
    var firstChild: [Int] = []
    for range in ranges.indices {
      firstChild.append(children.count)
      for index in 0..<parts {
        let child = part(range, index)
        if child.isEmpty { break }
        children.append(child)
        let row = (colors[range] * parts + index) * space.count
        for column in child { seeds.storage.setNumber(.nan, at: row + column) }
      }
    }
    firstChild.append(children.count)
    let reached = products(withLanesOf: seeds)
    var next = RowLists(capacity: space.count)
    reached.storage.withNaNTest { isNaN in
      for row in 0..<space.count {
        for range in candidates.columns(row) {
          let lane = colors[range] * parts
          for index in 0..<firstChild[range + 1] - firstChild[range]
          where isNaN((lane + index) * space.count + row) {
            next.append(firstChild[range] + index)
          }
        }
        next.endRow()
      }
    }
    return (children, next)
  }

  /// Products of a block, some lanes at a time, contiguous.
  private func products(withLanesOf seeds: Tensor) -> Tensor {
    withoutGrad {
      let most = blocks.lanes(seeds.shape[0])
      let parts = stride(from: 0, to: seeds.shape[0], by: most).map { first in
        flat(seeds[first..<Swift.min(first + most, seeds.shape[0])]).detached()
      }
      return Tensor((parts.count == 1 ? parts[0] : concatenated(parts)).contiguousStorage)
    }
  }
}
