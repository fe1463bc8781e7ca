import Autograd

/// What one operator costs where its arithmetic costs nothing: one element, 2000 operators in a chain.
extension Stopwatch {
  private static let pairs = 1000

  private func chain(_ x: Tensor) -> Tensor {
    var y = x
    for _ in 0..<Self.pairs { y = y * 1.0001 + 0.1 }
    return y
  }

  /// Record, backward, free; then each of the three alone, and the same operators unrecorded.
  func overhead() {
    let x = Tensor([0.5], requiresGrad: true)
    let operators = 2 * Self.pairs
    measure(operators: operators) {
      x.clearGrad()
      chain(x).backward()
      return x.grad!
    } check: {
      ["g": $0.item()]
    }

    // Where a graph must outlive the timed part, it is released in the untimed preparation of the next.
    var kept: Tensor?
    measure("record", operators: operators) {
      kept = chain(x)
    } check: {
      ["y": kept!.item()]
    } prepare: {
      kept = nil
    }
    measure("backward", operators: operators) {
      kept!.backward()
    } check: {
      ["g": x.grad!.item()]
    } prepare: {
      x.clearGrad()
      kept = chain(x)
    }
    measure("free", operators: operators) {
      kept = nil
    } prepare: {
      kept = chain(x)
    }
    measure("nograd", operators: operators) {
      withoutGrad { chain(x) }
    } check: {
      ["y": $0.item()]
    }
  }

  /// Recording, and freeing the graph of the iteration before.
  func forwardOverhead() {
    let x = Tensor([0.5], requiresGrad: true)
    measure(operators: 2 * Self.pairs) {
      chain(x)
    } check: {
      ["y": $0.item()]
    }
  }

  /// A million operators deep, once: record, backward, free.
  func deepChain() {
    let base = Host.peakMegabytes()
    let start = now()
    var backwardStart = start
    var checks: [String: Double] = [:]
    do {
      let x = Tensor([0.5], requiresGrad: true)
      var y = x
      for _ in 0..<500_000 { y = y * 0.999999 + 1e-6 }
      backwardStart = now()
      y.backward()
      checks = ["y": y.item(), "g": x.grad!.item()]
    }
    let end = now()
    var result = Measurement()
    result.medianMicroseconds = (end - start).rounded()
    result.minMicroseconds = result.medianMicroseconds
    result.backwardMicroseconds = (end - backwardStart).rounded()
    result.peakMegabytes = Host.peakMegabytes().rounded()
    result.graphMegabytes = (Host.peakMegabytes() - base).rounded()
    result.check = checks.mapValues { $0.rounded(significant: 6) }
    report(name(""), result)
  }
}
