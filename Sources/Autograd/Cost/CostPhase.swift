import Tensor

/// A part of a computation: its arithmetic, the most bytes it has at once, and those that it leaves.
struct CostPhase {
  var flops = 0
  var peakBytes = 0
  var leftBytes = 0

  /// What a function does; a rehearsal computes nothing.
  init(rehearses: Bool, _ body: () -> Void) {
    let before = TensorMemory.liveBytes
    let (work, peak) = TensorMemory.peak { Meter.run(rehearses: rehearses, body).flops }
    flops = work
    peakBytes = peak
    leftBytes = Swift.max(TensorMemory.liveBytes - before, 0)
  }

  init(flops: Int, peakBytes: Int) {
    self.flops = flops
    self.peakBytes = peakBytes
  }

  var cost: ComputationCost { ComputationCost(flops: flops, peakBytes: peakBytes) }

  /// This and then another, while what this left stays.
  func followed(by next: CostPhase) -> CostPhase {
    var both = self
    both.flops = flops.addingClamped(next.flops)
    both.peakBytes = Swift.max(peakBytes, leftBytes.addingClamped(next.peakBytes))
    both.leftBytes = leftBytes.addingClamped(next.leftBytes)
    return both
  }
}

extension BlockMap {
  /// Blocks that stand for all.
  private static var sampleCount: Int { 32 }

  /// What ``matrix(_:_:transposed:)`` would cost, from some of its blocks.
  func cost(transposed: Bool) -> CostPhase {
    let chunks = chunks(.max)
    guard !chunks.isEmpty else { return CostPhase(flops: 0, peakBytes: 0) }
    let step = Swift.max(chunks.count / BlockMap.sampleCount, 1)
    // An odd step, since chunks come in fours.
    let sample = stride(from: 0, to: chunks.count, by: step | 1).map { chunks[$0] }
    let threads = isParallel(chunks, .max) ? Swift.min(BLAS.threads, chunks.count) : 1
    var flops = 0.0
    // The most that a chunk needs in each thread's stretch; all threads may come to theirs at once. One that wakes late
    // leaves the others its chunks, and then less is needed.
    var blocks = Array(repeating: 0, count: threads)
    for chunk in sample {
      let phase = CostPhase(rehearses: true) {
        _ = products(chunk.source, .basis(chunk.rows, like: sources[chunk.source]))
      }
      flops += Double(phase.flops)
      let thread = ((chunk.index + 1) * threads - 1) / chunks.count
      blocks[thread] = Swift.max(blocks[thread], phase.peakBytes)
    }
    let atOnce = blocks.reduce(0) { $0.addingClamped($1) }
    let rows = { (chunks: [Chunk]) in Double(chunks.reduce(0) { $0 + $1.rows.count }) }
    let all = (flops * rows(chunks) / rows(sample)).rounded()
    // The rows of a single block are the result themselves; others are copied into it.
    let result = chunks.count == 1 && !transposed ? 0 : matrixBytes
    return CostPhase(
      flops: all >= 0x1p62 ? .max : Int(all), peakBytes: result.addingClamped(atOnce))
  }
}
