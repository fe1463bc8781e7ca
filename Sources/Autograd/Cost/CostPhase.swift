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

  /// This while so many bytes more are alive.
  func beside(bytes: Int) -> CostPhase {
    var all = self
    all.peakBytes = peakBytes.addingClamped(bytes)
    return all
  }

  /// This and then another, while what this left stays.
  func followed(by next: CostPhase) -> CostPhase {
    var both = self
    both.flops = flops.addingClamped(next.flops)
    both.peakBytes = Swift.max(peakBytes, leftBytes.addingClamped(next.peakBytes))
    both.leftBytes = leftBytes.addingClamped(next.leftBytes)
    return both
  }
}
