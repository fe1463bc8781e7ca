import Tensor

/// A walk over a recorded graph against the direction of computation, from results to targets.
///
/// Nodes are visited in descending order of recording, so that a node's cotangent is complete when its turn
/// comes. All state is here and none in the graph, so that walks over one graph may run at the same time.
final class BackwardWalk: CotangentSink {
  /// Extra leading axes that every cotangent carries.
  private let lead: Shape
  /// Nothing older than this is of use; older nodes cannot depend on a target.
  private let oldest: UInt64
  /// Nodes with a cotangent, ascending: the next to visit is the last.
  private var queue: [Entry] = []
  /// Cotangents of nodes with several results, by node.
  private var severalResults: [UInt64: [Tensor?]] = [:]

  private struct Entry {
    let sequence: UInt64
    let node: Unmanaged<Node>
    /// Nil where the node has several results.
    var cotangent: Tensor?
  }

  init(lead: Shape, oldest: UInt64) {
    self.lead = lead
    self.oldest = oldest
  }

  func wants(_ node: Node, _ output: Int) -> Bool { node.sequence >= oldest }

  func receive(_ cotangent: consuming Tensor, _ node: Node, _ output: Int) {
    guard node.sequence >= oldest else { return }
    let fitted = fitted(cotangent, node.shape(ofOutput: output))
    var low = queue.count
    // Most often the newest node is next, at the end.
    if let last = queue.last, last.sequence >= node.sequence { low = position(of: node.sequence) }
    if low < queue.count && queue[low].sequence == node.sequence {
      if node.outputCount == 1 {
        let before = queue[low].cotangent.take()!
        queue[low].cotangent = sum(before, fitted)
      } else {
        addResult(fitted, node, output)
      }
      return
    }
    if node.outputCount == 1 {
      queue.insert(Entry(sequence: node.sequence, node: .passUnretained(node), cotangent: fitted), at: low)
    } else {
      queue.insert(Entry(sequence: node.sequence, node: .passUnretained(node), cotangent: nil), at: low)
      addResult(fitted, node, output)
    }
  }

  /// The first entry that is not older.
  private func position(of sequence: UInt64) -> Int {
    var low = 0
    var high = queue.count
    while low < high {
      let middle = (low + high) / 2
      if queue[middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func addResult(_ cotangent: Tensor, _ node: Node, _ output: Int) {
    var all = severalResults[node.sequence] ?? Array(repeating: nil, count: node.outputCount)
    all[output] = all[output].map { sum($0, cotangent) } ?? cotangent
    severalResults[node.sequence] = all
  }

  private func sum(_ a: consuming Tensor, _ b: consuming Tensor) -> Tensor { a.adding(b) }

  /// Brings a cotangent to the shape of the value it belongs to: sums over axes that were broadcast.
  private func fitted(_ cotangent: consuming Tensor, _ shape: Shape) -> Tensor {
    if lead.rank == 0 && cotangent.shape == shape { return cotangent }
    let inner = cotangent.shape.last(cotangent.rank - lead.rank)
    if inner == shape { return cotangent }
    let wide = inner.broadcast(with: shape)!
    return cotangent.widened(from: inner, to: wide).reduced(from: wide, to: shape)
  }

  // MARK: - Walking

  /// Visits nodes until none is left. `stop` takes a target's cotangents (a result each) and says whether
  /// the node was one.
  func run(stop: (Node, [Tensor?]) -> Bool) {
    while let entry = queue.popLast() {
      let node = entry.node.takeUnretainedValue()
      if let cotangent = entry.cotangent {
        if node.isTarget(stop, [cotangent]) { continue }
        node.function.pullback(node, cotangent, self)
      } else {
        let all = severalResults.removeValue(forKey: node.sequence)!
        if node.isTarget(stop, all) { continue }
        node.function.pullback(node, all, self)
      }
    }
  }
}

extension Node {
  fileprivate func isTarget(_ stop: (Node, [Tensor?]) -> Bool, _ cotangents: [Tensor?]) -> Bool {
    stop(self, cotangents)
  }
}
