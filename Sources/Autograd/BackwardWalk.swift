import Tensor

/// A walk over a recorded graph against the direction of computation, from results to targets.
///
/// Nodes are visited in descending order of recording, so that a node's cotangent is complete when its turn
/// comes. All state is here and none in the graph, so that walks over one graph may run at the same time.
final class BackwardWalk: CotangentSink {
  /// Extra leading axes that every cotangent carries.
  private let lead: Shape
  /// The oldest and the newest target: what is older than the first, or depends on leaves that are newer than the last
  /// only (as what an outer gradient meets of an inner one's inputs does), cannot depend on a target.
  private let oldest: UInt64
  private let newest: UInt64
  private let queue: WalkQueue
  /// Targets whose cotangents' numbers nobody reads, only their history.
  private let unread: CollectedTargets?
  /// Cotangents of nodes with several results, by node.
  private var severalResults: [UInt64: [Tensor?]] = [:]

  init(lead: Shape, oldest: UInt64 = 0, newest: UInt64 = .max, unread: CollectedTargets? = nil) {
    self.lead = lead
    self.oldest = oldest
    self.newest = newest
    self.unread = unread
    queue = WalkQueue()
  }

  deinit { queue.free() }

  func wants(_ node: Node, _ output: Int) -> Bool { mayDepend(node) }

  @inline(__always)
  private func mayDepend(_ node: Node) -> Bool { node.sequence >= oldest && node.oldestLeaf <= newest }

  func reads(_ node: Node, _ output: Int) -> Bool {
    guard let unread else { return true }
    return unread.position(of: node.sequence) == nil
  }

  func receive(_ cotangent: consuming Tensor, _ node: Node, _ output: Int) {
    guard mayDepend(node) else { return }
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

  func receive(_ part: Part, _ node: Node) {
    guard mayDepend(node) else { return }
    queue.add(part, node)
  }

  func takeBack(_ node: Node) -> Tensor? {
    node.outputCount == 1 && lead.rank == 0 ? queue.removeCotangent(of: node) : nil
  }

  private func receiveResult(_ cotangent: Tensor, _ node: Node, _ output: Int) {
    queue.announce(node)
    // In place: one copy of the list for each of many results would be quadratic.
    add(cotangent, to: &severalResults[node.sequence, default: Array(repeating: nil, count: node.outputCount)][output])
  }

  private func add(_ cotangent: Tensor, to held: inout Tensor?) {
    held = held.take().map { $0.adding(cotangent) } ?? cotangent
  }

  /// Brings a cotangent to the shape of the value it belongs to: sums over axes that were broadcast.
  @inline(never)
  private func fitted(_ cotangent: consuming Tensor, _ node: Node, _ output: Int) -> Tensor {
    if lead.rank == 0, let sum = cotangent.summedRows(to: node, output) { return sum }
    let shape = node.shape(ofOutput: output)
    guard cotangent.dtype == node.dtype(ofOutput: output) else {
      return Misuse.fail(
        "derivative",
        "a vjp gave \(cotangent.dtype.withArticle) cotangent for \(node.dtype(ofOutput: output).withArticle) result of "
          + node.function.name
      )
    }
    let inner = cotangent.shape.last(Swift.max(cotangent.rank - lead.rank, 0))
    if inner == shape { return cotangent }
    guard let wide = inner.broadcast(with: shape) else {
      return Misuse.fail(
        "derivative",
        "a vjp gave a cotangent of shape \(inner) for a result of \(node.function.name), whose shape is \(shape)")
    }
    return cotangent.widened(from: inner, to: wide).reduced(from: wide, to: shape)
  }

  /// Visits nodes until none is left. What comes to a target is `targets`' to take, and to say whether the
  /// walk goes no further there.
  func run<Targets: WalkTargets>(_ targets: Targets) {
    var place = WalkPlace()
    while let entry = queue.removeNewest() {
      entry.node._withUnsafeGuaranteedRef { node in
        place.visit(node)
        if lead.rank > 0, !hasRoom(node) { return drop(entry, node) }
        if node.outputCount == 1 {
          let cotangent = queue.removedCotangent(entry)
          if targets.contains(node), targets.take(copy cotangent, node) { return }
          node.pullBack(cotangent, self)
        } else {
          let all = severalResults.removeValue(forKey: node.sequence)!
          if targets.contains(node), targets.take(all, node) { return }
          node.function.pullback(node, all, self)
        }
      }
    }
  }
}

extension BackwardWalk {
  /// Whether cotangents of a node's inputs have room for the leading axes; a report where not.
  private func hasRoom(_ node: Node) -> Bool {
    let sources = (0..<node.inputCount).lazy.compactMap { node.source($0) }
    let most = sources.map { $0.node.shape(ofOutput: $0.output).rank }.max() ?? 0
    if most + lead.rank <= Shape.maxRank { return true }
    LeadingAxes.report(lead, most)
    return false
  }

  /// Lets go what came to a node.
  private func drop(_ entry: WalkQueue.Entry, _ node: Node) {
    if node.outputCount == 1 { _ = queue.removedCotangent(entry) } else { severalResults[node.sequence] = nil }
  }
}

/// Where a walk's cotangents are wanted.
protocol WalkTargets {
  func contains(_ node: Node) -> Bool
  /// Takes the cotangent of a node's only result; whether the walk goes no further.
  func take(_ cotangent: consuming Tensor, _ node: Node) -> Bool
  /// Takes the cotangents of a node's results; whether the walk goes no further.
  func take(_ cotangents: [Tensor?], _ node: Node) -> Bool
}

/// Nodes that await their turn, with the cotangents of those that have one result.
///
/// A sorted array: the newest node, which is next, is last, and most arrivals belong near it. Kept in memory
/// of its own, cotangents beside the entries, because a class's arrays pay for exclusivity checks and an
/// optional tensor for copies, which show here.
private struct WalkQueue {
  struct Entry {
    var sequence: UInt64
    var node: Unmanaged<Node>
    /// Whether a cotangent of the node's only result stands beside the entry.
    var holdsCotangent = false
    /// What came to slices of its only result.
    var parts: Unmanaged<Parts>?
  }

  /// Cotangents of slices, which are put together when their node's turn comes.
  final class Parts {
    private var list: [Part] = []
    private var count = 0
    /// The most leading elements of a part.
    private var lanes = 1

    /// Puts what there is together first where it takes much more memory than the whole would.
    func add(_ part: Part, _ node: Node) {
      let part = part.withoutMuchElse()
      lanes = Swift.max(lanes, part.lanes)
      if count > lanes * (2 * node.shape.elementCount + 64), list.count > 1 {
        let sum = Part(whole: Part.sum(list), of: node.shape)
        list = [sum]
        count = sum.count
      }
      list.append(part)
      count += part.count
    }

    var sum: Tensor { Part.sum(list) }
  }

  struct Contents {
    var entries: UnsafeMutablePointer<Entry>
    /// Initialised where the entry says so.
    var cotangents: UnsafeMutablePointer<Tensor>
    var count: Int
    var capacity: Int
  }

  private let contents: UnsafeMutablePointer<Contents>

  init() {
    contents = .allocate(capacity: 1)
    contents.initialize(
      to: Contents(
        entries: .allocate(capacity: 16), cotangents: .allocate(capacity: 16), count: 0, capacity: 16))
  }

  func free() {
    for place in 0..<contents.pointee.count {
      contents.pointee.entries[place].parts?.release()
      if contents.pointee.entries[place].holdsCotangent {
        (contents.pointee.cotangents + place).deinitialize(count: 1)
      }
    }
    contents.pointee.entries.deallocate()
    contents.pointee.cotangents.deallocate()
    contents.deallocate()
  }

  /// Adds to a node's cotangent.
  @inline(__always)
  func add(_ cotangent: consuming Tensor, _ node: Node) {
    let (place, isNew) = place(of: node)
    if isNew { contents.pointee.entries[place] = Entry(sequence: node.sequence, node: .passUnretained(node)) }
    if !contents.pointee.entries[place].holdsCotangent {
      contents.pointee.entries[place].holdsCotangent = true
      (contents.pointee.cotangents + place).initialize(to: cotangent)
    } else {
      // In one expression: a name for what was there would be a second reference, and forbid adding in its memory.
      let held = contents.pointee.cotangents + place
      held.initialize(to: held.move().adding(cotangent))
    }
  }

  /// What was added to a node's cotangent, which keeps its turn; nil where nothing was.
  func removeCotangent(of node: Node) -> Tensor? {
    let place = position(of: node.sequence)
    guard place < contents.pointee.count, contents.pointee.entries[place].sequence == node.sequence,
      contents.pointee.entries[place].holdsCotangent
    else { return nil }
    contents.pointee.entries[place].holdsCotangent = false
    return (contents.pointee.cotangents + place).move()
  }

  /// Adds to the cotangent of a slice of a node's result.
  func add(_ part: Part, _ node: Node) {
    let place = announce(node)
    if contents.pointee.entries[place].parts == nil {
      contents.pointee.entries[place].parts = .passRetained(Parts())
    }
    contents.pointee.entries[place].parts!._withUnsafeGuaranteedRef { $0.add(part, node) }
  }

  /// Makes sure that a node has its turn.
  @discardableResult
  func announce(_ node: Node) -> Int {
    let (place, isNew) = place(of: node)
    if isNew { contents.pointee.entries[place] = Entry(sequence: node.sequence, node: .passUnretained(node)) }
    return place
  }

  /// The newest node, removed; its cotangent must be taken before anything is added.
  @inline(__always)
  func removeNewest() -> Entry? {
    guard contents.pointee.count > 0 else { return nil }
    contents.pointee.count -= 1
    return contents.pointee.entries[contents.pointee.count]
  }

  @inline(__always)
  func removedCotangent(_ entry: Entry) -> Tensor {
    if let parts = entry.parts { return withParts(parts.takeRetainedValue(), entry) }
    return (contents.pointee.cotangents + contents.pointee.count).move()
  }

  @inline(never)
  private func withParts(_ parts: Parts, _ entry: Entry) -> Tensor {
    let whole = entry.holdsCotangent ? (contents.pointee.cotangents + contents.pointee.count).move() : nil
    let sum = parts.sum
    return whole.map { sum.adding($0) } ?? sum
  }

  /// The first entry that is not older.
  @inline(__always)
  private func position(of sequence: UInt64) -> Int {
    let entries = contents.pointee.entries
    var (low, high) = (0, contents.pointee.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low
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
      low = position(of: sequence)
      if entries[low].sequence == sequence { return (low, false) }
      shift(from: low, count)
    }
    contents.pointee.count = count + 1
    return (low, true)
  }

  /// Makes a place before the entries from `low` on.
  @inline(never)
  private func shift(from low: Int, _ count: Int) {
    let entries = contents.pointee.entries
    let cotangents = contents.pointee.cotangents
    var place = count
    while place > low {
      entries[place] = entries[place - 1]
      if entries[place].holdsCotangent { (cotangents + place).moveInitialize(from: cotangents + place - 1, count: 1) }
      place -= 1
    }
  }

  @inline(never)
  private func grow() {
    let old = contents.pointee
    let capacity = old.capacity * 2
    contents.pointee = Contents(
      entries: .allocate(capacity: capacity), cotangents: .allocate(capacity: capacity), count: old.count,
      capacity: capacity)
    for place in 0..<old.count {
      contents.pointee.entries[place] = old.entries[place]
      if old.entries[place].holdsCotangent {
        (contents.pointee.cotangents + place).moveInitialize(from: old.cotangents + place, count: 1)
      }
    }
    old.entries.deallocate()
    old.cotangents.deallocate()
  }
}
