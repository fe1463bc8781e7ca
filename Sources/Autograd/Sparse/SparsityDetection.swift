import Tensor

/// What a search for a pattern may take.
struct SearchLimits {
  /// The most vectors that a block of products may have.
  var vectors = Int.max
  /// The most elements that a pattern may have.
  var elements = Int.max
  /// The most words of sets, 64 each, that are followed along the graph at once.
  var words = Int.max
  /// Whether a search that takes long is given up, for what it costs a prediction: as at a dense matrix, after 256
  /// products, or where rows have more than 64 candidates on average.
  var isBrief = false
}

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

  /// The pattern, and whether it is certain; nil where it is not worth while, but always a pattern within the limits where
  /// `always`.
  func detectedPlan(
    always: Bool = false, limits: SearchLimits
  ) -> (plan: CompressionPlan, isCertain: Bool)? {
    guard always || asksForZeros else { return nil }
    switch searchAlongGraph(always: always, limits: limits) {
    case .found(let plan): return (plan, true)
    case .isDense, .isTooLarge: return nil
    case .isUnknown: return searchByProducts(always: always, limits: limits)
    }
  }

  /// What a search may take of so many bytes.
  func limits(in bytes: Int) -> SearchLimits {
    SearchLimits(
      vectors: Swift.max(lanes(in: bytes), 1), elements: elements(in: bytes), words: bytes / bytesOfWord)
  }

  /// What a word of sets takes on its way along the graph: one for each number of a product, and the seeds, what they
  /// reach and how that is put together.
  private var bytesOfWord: Int {
    let size = DType.int64.byteCount
    let walk = (blocks.bytesPerLane / space.dtype.byteCount).multipliedClamped(size)
    return walk.addingClamped(3 * space.count * size + 1)
  }

  /// The pattern by the graph alone, which is certain.
  func searchAlongGraph(always: Bool = false, limits: SearchLimits) -> PatternSearch.Outcome {
    var search = PatternSearch(count: space.count, isThorough: always) { reachedAlongGraph($0) }
    search.limits = limits
    return search.run()
  }

  /// The pattern by products.
  func searchByProducts(
    always: Bool = false, limits: SearchLimits
  ) -> (plan: CompressionPlan, isCertain: Bool)? {
    let count = space.count
    // An element that is zero at this point may have a derivative all the same.
    if blocks.isRecorded {
      let all = count.multipliedClamped(count)
      return always && all <= limits.elements ? (CompressionPlan(.banded(count), count: count)!, true) : nil
    }
    var search = PatternSearch(count: count, isThorough: always) {
      reachedByProducts($0, most: limits.vectors)
    }
    search.limits = limits
    search.limits.words = .max
    search.lanesPerLevel = 8
    search.countsLanes = true
    if case .found(let plan) = search.run() { return (plan, false) }
    return nil
  }

  /// Bits of the results that depend on those of some inputs, by the graph; nil where it does not say.
  private func reachedAlongGraph(_ seeds: Tensor) -> Tensor? {
    guard space.templates.allSatisfy({ $0.rank < Shape.maxRank }) else { return nil }
    var offset = 0
    let words = seeds.shape.first(1)
    let parts = space.templates.map { template -> Tensor in
      defer { offset += template.count }
      return seeds[..., offset..<offset + template.count].reshaped(words.followed(by: template.shape))
    }
    guard let reached = reach(parts) else { return nil }
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
