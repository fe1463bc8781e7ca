import Tensor

/// Finds which results of a linear map depend on which inputs.
///
/// Sets of inputs, a bit each, are followed along the recorded graph (``ForwardTape/reach(_:)``), 64 for a walk whose
/// arithmetic is less than that of one product; where a function on the way does not say how they go, products with
/// NaN are made instead. A product is sums of products of tangents with numbers, so that NaN reaches every result that
/// depends on it: a result that stays a number is zero for every tangent of those inputs. (A rule that drops a
/// tangent, as `where` does of the branch not taken, drops it whatever it is.)
///
/// Either way ranges of inputs are narrowed in steps: in each, ranges without a common row are asked together, as in
/// coloured evaluation. So a banded matrix of a million columns takes five walks, or a few dozen products.
extension SymmetricMap {
  /// From this size on a dense result first asks whether it is sparse.
  private static var leastCount: Int { 512 }

  /// Whether a dense result first asks whether it is sparse. Mixed dtypes are joined at a precision of their own.
  var asksForZeros: Bool {
    space.count >= Self.leastCount && space.templates.allSatisfy { $0.dtype == space.dtype }
  }

  /// The pattern, and whether it is certain; nil where it is not worth while, but always a pattern where `always`.
  ///
  /// - Parameters:
  ///   - most: The most vectors that a block may have.
  ///   - mostElements: The most elements that a pattern may have, even where `always`.
  ///   - isBrief: Whether a search that takes long is given up, for what it costs a prediction.
  func detectedPlan(
    always: Bool = false, most: Int = .max, mostElements: Int = .max, isBrief: Bool = false
  ) -> (plan: CompressionPlan, isCertain: Bool)? {
    guard always || asksForZeros else { return nil }
    switch searchAlongGraph(always: always, mostElements: mostElements, isBrief: isBrief) {
    case .found(let plan): return (plan, true)
    case .isDense, .isTooLarge: return nil
    case .isUnknown:
      return searchByProducts(always: always, most: most, mostElements: mostElements, isBrief: isBrief)
    }
  }

  /// The pattern by the graph alone, which is certain.
  func searchAlongGraph(
    always: Bool = false, mostElements: Int = .max, isBrief: Bool = false
  ) -> PatternSearch.Outcome {
    var search = PatternSearch(count: space.count, isThorough: always) { reachedAlongGraph($0) }
    search.mostElements = mostElements
    search.isBrief = isBrief
    return search.run()
  }

  /// The pattern by products.
  func searchByProducts(
    always: Bool = false, most: Int = .max, mostElements: Int = .max, isBrief: Bool = false
  ) -> (plan: CompressionPlan, isCertain: Bool)? {
    let count = space.count
    // An element that is zero at this point may have a derivative all the same.
    if blocks.isRecorded {
      let all = count.multipliedClamped(count)
      return always && all <= mostElements ? (CompressionPlan(.banded(count), count: count)!, true) : nil
    }
    var search = PatternSearch(count: count, isThorough: always) { reachedByProducts($0, most: most) }
    search.mostElements = mostElements
    search.isBrief = isBrief
    search.lanesPerLevel = 8
    search.countsLanes = true
    if case .found(let plan) = search.run() { return (plan, false) }
    return nil
  }

  /// Bits of the results that depend on those of some inputs, by the graph; nil where it does not say.
  private func reachedAlongGraph(_ seeds: Tensor) -> Tensor? {
    var offset = 0
    let words = seeds.shape.first(1)
    let parts = space.templates.map { template -> Tensor in
      defer { offset += template.count }
      return seeds[..., offset..<offset + template.count].reshaped(words.followed(by: template.shape))
    }
    guard space.templates.allSatisfy({ $0.rank < Shape.maxRank }), let reached = reach(parts) else { return nil }
    let flat = zip(space.templates, reached).map { template, sets in
      sets?.reshaped(words.followed(by: [template.count]))
        ?? Tensor.zeros(words.followed(by: [template.count]), dtype: .int64)
    }
    return flat.isEmpty ? seeds : concatenated(flat, axis: -1)
  }

  /// The same by products with NaN, a vector for each bit that is used.
  private func reachedByProducts(_ seeds: Tensor, most: Int) -> Tensor? {
    let count = space.count
    let bits = seeds.storage.typed(Int64.self)
    let words = seeds.shape[0]
    let lanes = (0..<64 * words).filter { lane in
      (0..<count).contains { bits[lane / 64 * count + $0] & (1 << Int64(lane % 64)) != 0 }
    }
    let width = blocks.lanes(lanes.count, most: most)
    let pieces = blocks.pieces(lanes.count, lanes: width)
    var parts: [Tensor?] = Array(repeating: nil, count: pieces.count)
    parts.withUnsafeMutableBufferPointer { parts in
      let shared = UnsafeSendable(parts)
      blocks.forEachPiece(pieces.count, lanes: width, most: most) { piece in
        withoutGrad {
          let block = Tensor.zeros([pieces[piece].count, count], dtype: space.dtype)
          for (row, lane) in lanes[pieces[piece]].enumerated() {
            let mask: Int64 = 1 << Int64(lane % 64)
            for column in 0..<count where bits[lane / 64 * count + column] & mask != 0 {
              block.storage.setNumber(.nan, at: row * count + column)
            }
          }
          shared.value[piece] = isNaN(flat(block).detached())
        }
      }
    }
    let result = Tensor.zeros(seeds.shape, dtype: .int64)
    let reached = result.storage.typed(Int64.self)
    for (piece, part) in zip(pieces, parts) {
      let flags = part!.storage.contiguous
      let isReached = flags.typed(Bool.self)
      for (row, lane) in lanes[piece].enumerated() {
        for column in 0..<count where isReached[row * count + column] {
          reached[lane / 64 * count + column] |= 1 << Int64(lane % 64)
        }
      }
      withExtendedLifetime(flags) {}
    }
    withExtendedLifetime(seeds) {}
    return result
  }
}
