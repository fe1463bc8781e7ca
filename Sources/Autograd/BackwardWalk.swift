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
  private let queue: WalkQueue
  /// Cotangents of nodes with several results, by node.
  private var severalResults: [UInt64: [Tensor?]] = [:]

  init(lead: Shape, oldest: UInt64) {
    self.lead = lead
    self.oldest = oldest
    queue = WalkQueue()
  }

  deinit { queue.free() }

  func wants(_ node: Node, _ output: Int) -> Bool { node.sequence >= oldest }

  func receive(_ cotangent: consuming Tensor, _ node: Node, _ output: Int) {
    guard node.sequence >= oldest else { return }
    if node.outputCount == 1 {
      if lead.rank == 0 && cotangent.shape == node.shape && cotangent.dtype == node.dtype {
        queue.add(cotangent, node)
      } else {
        queue.add(fitted(cotangent, node, 0), node)
      }
    } else {
      receiveResult(fitted(cotangent, node, output), node, output)
    }
  }

  private func receiveResult(_ cotangent: Tensor, _ node: Node, _ output: Int) {
    queue.announce(node)
    var all = severalResults[node.sequence] ?? Array(repeating: nil, count: node.outputCount)
    all[output] = all[output].map { $0 + cotangent } ?? cotangent
    severalResults[node.sequence] = all
  }

  /// Brings a cotangent to the shape of the value it belongs to: sums over axes that were broadcast.
  @inline(never)
  private func fitted(_ cotangent: Tensor, _ node: Node, _ output: Int) -> Tensor {
    let shape = node.shape(ofOutput: output)
    guard cotangent.dtype == node.dtype(ofOutput: output) else {
      return Misuse.fail(
        "derivative",
        "a vjp gave a \(cotangent.dtype) cotangent for a \(node.dtype(ofOutput: output)) result of \(node.function.name)")
    }
    let inner = cotangent.shape.last(Swift.max(cotangent.rank - lead.rank, 0))
    if inner == shape { return cotangent }
    guard let wide = inner.broadcast(with: shape) else {
      return Misuse.fail("derivative", "a vjp gave a cotangent of shape \(inner) for a result of \(node.function.name), whose shape is \(shape)")
    }
    return cotangent.widened(from: inner, to: wide).reduced(from: wide, to: shape)
  }

  /// Visits nodes until none is left. Of those that `isTarget` names, `arrived` takes the cotangents, one for
  /// each result, and says whether the walk goes no further.
  func run(isTarget: (Node) -> Bool, arrived: (Node, [Tensor?]) -> Bool) {
    while let (node, cotangent) = queue.next() {
      if let cotangent {
        if isTarget(node), arrived(node, [cotangent]) { continue }
        node.pullBack(cotangent, self)
      } else {
        let all = severalResults.removeValue(forKey: node.sequence)!
        if isTarget(node), arrived(node, all) { continue }
        node.function.pullback(node, all, self)
      }
    }
  }
}

/// Nodes that await their turn, with the cotangents of those that have one result.
///
/// A sorted array: the newest node, which is next, is last, and most arrivals belong near it. Kept in memory
/// of its own because a class's arrays pay for exclusivity checks on every access, which show here.
private struct WalkQueue {
  struct Entry {
    var sequence: UInt64
    var node: Unmanaged<Node>
    /// Nil where the node has several results.
    var cotangent: Tensor?
  }

  struct Contents {
    var entries: UnsafeMutablePointer<Entry>
    var count: Int
    var capacity: Int
  }

  private let contents: UnsafeMutablePointer<Contents>

  init() {
    contents = .allocate(capacity: 1)
    contents.initialize(to: Contents(entries: .allocate(capacity: 16), count: 0, capacity: 16))
  }

  func free() {
    contents.pointee.entries.deinitialize(count: contents.pointee.count)
    contents.pointee.entries.deallocate()
    contents.deallocate()
  }

  /// Adds to a node's cotangent.
  @inline(__always)
  func add(_ cotangent: consuming Tensor, _ node: Node) {
    let (place, isNew) = place(of: node)
    if isNew {
      (contents.pointee.entries + place).initialize(
        to: Entry(sequence: node.sequence, node: .passUnretained(node), cotangent: cotangent))
    } else {
      let before = contents.pointee.entries[place].cotangent.take()!
      contents.pointee.entries[place].cotangent = before.adding(cotangent)
    }
  }

  /// Makes sure that a node with several results has its turn.
  func announce(_ node: Node) {
    let (place, isNew) = place(of: node)
    if isNew {
      (contents.pointee.entries + place).initialize(
        to: Entry(sequence: node.sequence, node: .passUnretained(node), cotangent: nil))
    }
  }

  /// The newest node, removed.
  @inline(__always)
  func next() -> (Node, Tensor?)? {
    guard contents.pointee.count > 0 else { return nil }
    contents.pointee.count -= 1
    let entry = (contents.pointee.entries + contents.pointee.count).move()
    return (entry.node.takeUnretainedValue(), entry.cotangent)
  }

  /// Where a node stands, or an uninitialised place made for it.
  @inline(__always)
  private func place(of node: Node) -> (Int, isNew: Bool) {
    let count = contents.pointee.count
    let sequence = node.sequence
    if count == contents.pointee.capacity { grow() }
    let entries = contents.pointee.entries
    var low = count
    if count > 0 && entries[count - 1].sequence >= sequence {
      low = 0
      var high = count
      while low < high {
        let middle = (low + high) / 2
        if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
      }
      if entries[low].sequence == sequence { return (low, false) }
      (entries + low + 1).moveInitialize(from: entries + low, count: count - low)
    }
    contents.pointee.count = count + 1
    return (low, true)
  }

  @inline(never)
  private func grow() {
    let old = contents.pointee
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: old.capacity * 2)
    entries.moveInitialize(from: old.entries, count: old.count)
    old.entries.deallocate()
    contents.pointee = Contents(entries: entries, count: old.count, capacity: old.capacity * 2)
  }
}
