import Tensor

extension BlockMap {
  /// Blocks that stand for all.
  private static var sampleCount: Int { 32 }

  /// What ``matrix(_:_:transposed:)`` would cost, from some of its blocks.
  func cost(transposed: Bool) -> CostPhase {
    let chunks = chunks(.max)
    // The rows of a single block are the result themselves; others are copied into it.
    return cost(chunks, result: chunks.count == 1 && !transposed ? 0 : matrixBytes) { _ in nil }
  }

  /// What ``symmetricMatrix(_:_:)`` would cost, from some of its blocks.
  func symmetricCost() -> CostPhase {
    guard let (half, chunks) = half(.max) else { return cost(transposed: false) }
    return cost(chunks, result: matrixBytes) { half.selection(elements($0)) }
  }

  /// What ``diagonal()`` would cost, from some of its blocks: their parts of it, and the whole.
  func diagonalCost() -> CostPhase {
    let needs = needs
    let result = sources.reduce(0) { $0.addingClamped(2 * $1.count * $1.dtype.byteCount) }
    return cost(chunks(.max, needs), result: result) { chunk in needs.map { diagonal(chunk, $0) } }
  }

  private func cost(_ chunks: [Chunk], result: Int, _ wanted: (Chunk) -> TapeSelection?) -> CostPhase {
    guard !chunks.isEmpty else { return CostPhase(flops: 0, peakBytes: 0) }
    let step = Swift.max(chunks.count / BlockMap.sampleCount, 1)
    // An odd step, since chunks may come in fours.
    let sample = stride(from: 0, to: chunks.count, by: step | 1).map { chunks[$0] }
    let threads = isParallel(chunks, .max) ? Swift.min(BLAS.threads, chunks.count) : 1
    var flops = 0.0
    // The most that a chunk needs in each thread's stretch; all threads may come to theirs at once. One that wakes late
    // leaves the others its chunks, and then less is needed.
    var blocks = Array(repeating: 0, count: threads)
    for chunk in sample {
      let phase = CostPhase(rehearses: true) {
        _ = products(chunk.source, chunk.rows, wanted(chunk))
      }
      flops += Double(phase.flops)
      let thread = ((chunk.index + 1) * threads - 1) / chunks.count
      blocks[thread] = Swift.max(blocks[thread], phase.peakBytes)
    }
    let atOnce = blocks.reduce(0) { $0.addingClamped($1) }
    let rows = { (chunks: [Chunk]) in Double(chunks.reduce(0) { $0 + $1.rows.count }) }
    let all = (flops * rows(chunks) / rows(sample)).rounded()
    return CostPhase(flops: all >= 0x1p62 ? .max : Int(all), peakBytes: result.addingClamped(atOnce))
  }
}
