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
    var candidates = RowLists(0, rowCount: count)
    var spent = 0
    // The first range of a level is as wide as any.
    while let widest = ranges.first?.count, widest > 1 {
      let parts = Swift.min(Self.branching, widest)
      // Those of one row need a colour each: where that is too many already, colouring dense rows is wasted.
      if !always && spent + candidates.longestRow * parts > count / 4 { return nil }
      let colors = candidates.colors(columnCount: ranges.count)
      let lanes = ((colors.max() ?? -1) + 1) * parts
      spent += lanes
      if !always && spent > count / 4 { return nil }
      (ranges, candidates) = narrowed(ranges, candidates, colors, parts: parts, lanes: lanes)
    }
    let plan = CompressionPlan(candidates, count: count)
    return always || plan.colorCount + spent <= count / 3 ? plan : nil
  }

  /// Splits each range, and asks for each part which rows depend on it.
  private func narrowed(
    _ ranges: [Range<Int>], _ candidates: RowLists, _ colors: [Int], parts: Int, lanes: Int
  ) -> ([Range<Int>], RowLists) {
    let seeds = Tensor.zeros([lanes, space.count], dtype: space.dtype)
    var children: [Range<Int>] = []
    var firstChild: [Int] = []
    for (range, color) in zip(ranges, colors) {
      firstChild.append(children.count)
      let width = (range.count + parts - 1) / parts
      for (index, start) in stride(from: range.lowerBound, to: range.upperBound, by: width).enumerated() {
        let child = start..<Swift.min(start + width, range.upperBound)
        children.append(child)
        let row = (color * parts + index) * space.count
        for column in child { seeds.storage.setNumber(.nan, at: row + column) }
      }
    }
    firstChild.append(children.count)
    let reached = isNaN(products(withLanesOf: seeds))
    let isReached = reached.storage.typed(Bool.self)
    var next = RowLists(capacity: space.count)
    for row in 0..<space.count {
      for place in candidates.places(row) {
        let range = candidates.entries[place]
        let lane = colors[range] * parts
        let first = firstChild[range]
        for index in 0..<firstChild[range + 1] - first
        where isReached[(lane + index) * space.count + row] {
          next.append(first + index)
        }
      }
      next.endRow()
    }
    withExtendedLifetime(reached) {}
    return (children, next)
  }

  /// Products of a block, some lanes at a time, contiguous.
  private func products(withLanesOf seeds: Tensor) -> Tensor {
    let count = seeds.shape[0]
    let most = blocks.lanes(count)
    guard most < count, !blocks.callsProgram else { return withoutGrad { contiguous(flat(seeds)) } }
    // As many pieces for each of two or four threads.
    let pieces = Swift.min(((count + most - 1) / most + 3) & ~3, count)
    var parts: [Tensor?] = Array(repeating: nil, count: pieces)
    parts.withUnsafeMutableBufferPointer { parts in
      let parts = UnsafeSendable(parts)
      Parallel.runAlone(pieces) { piece in
        parts.value[piece] = withoutGrad {
          flat(seeds[count * piece / pieces..<count * (piece + 1) / pieces]).detached()
        }
      }
    }
    return contiguous(concatenated(parts.map { $0! }))
  }

  private func contiguous(_ tensor: Tensor) -> Tensor { Tensor(tensor.detached().contiguousStorage) }
}
