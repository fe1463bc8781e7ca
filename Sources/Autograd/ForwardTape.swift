import Tensor

/// A recorded graph prepared for walks in the direction of computation: the nodes that lead from some inputs to
/// some results, in order, and where each reads and leaves its tangents.
///
/// What a walk needs to know of the graph is worked out once, so that every further product at a point costs
/// only its arithmetic. Nothing changes after that: any number of threads may push through one tape at once.
final class ForwardTape: @unchecked Sendable {
  /// One node on the way.
  struct Step {
    let node: Node
    /// Where the tangent of its first result goes; those of others follow.
    let place: Int
    /// Its first input's entry in ``sources``.
    let firstSource: Int
    /// Whether it is linear and reads an input: the part of a basis block that it takes may be all zeros.
    let takesPart: Bool
    /// The end of its part of ``dropped``, which begins where that of the step before ended.
    var droppedEnd = 0
  }

  let steps: [Step]
  /// For each input of each step the place of its tangent, or -1 where it has none.
  let sources: [Int32]
  /// Places that no later step reads.
  let dropped: [Int]
  /// The place of each input's tangent, or -1 where no result depends on it.
  let seeds: [Int]
  /// The place of each result's tangent, or -1 where it depends on no input.
  let results: [Int]
  let placeCount: Int
  /// The most bytes that tangents take at one time, for each extra leading element.
  let bytesPerLane: Int
  /// Elements of the largest tangent, for each extra leading element.
  let largestTangent: Int
  /// Whether a step calls closures of the program: then walks stay on the thread that asks for them.
  let callsProgram: Bool

  /// Prepares the way from `inputs` to `results`.
  ///
  /// - Parameter boundary: Where given, nothing older is on the way but inputs, which may then have been computed from
  ///   one another; otherwise none was.
  init(from inputs: [Tensor], to results: [Tensor?], since boundary: UInt64? = nil) {
    let ends = inputs.compactMap(\.node)
    var builder = TapeBuilder(ends: Set(ends.map(\.sequence)))
    if let boundary {
      for node in inRecordingOrder(ends.filter { $0.sequence < boundary }) { builder.add(node) }
    }
    let oldest = boundary ?? ends.map(\.sequence).min() ?? .max
    let nodes = nodes(before: results, since: oldest)
    builder.reserve(nodes.count)
    for node in nodes { builder.add(node) }
    seeds = inputs.map { builder.place(of: $0) ?? -1 }
    self.results = results.map { $0.flatMap { builder.place(of: $0) } ?? -1 }
    let used = Set(self.results)
    (dropped, bytesPerLane) = builder.finish(keeping: used, seeds: Set(seeds))
    steps = builder.steps
    sources = builder.sources
    placeCount = builder.sizes.count
    largestTangent = builder.elements.max() ?? 0
    callsProgram = steps.contains { $0.node.function.callsProgram }
  }

  /// The results' tangents for these of the inputs; nil is zero.
  ///
  /// - Parameter lead: Extra leading axes that all tangents carry.
  func push(_ tangents: [Tensor?], lead: Shape) -> [Tensor?] {
    ForwardWalk(self, lead: lead, basis: false).run(tangents)
  }

  /// As ``push(_:lead:)`` for a block of basis vectors, in which steps look for parts that are all zeros.
  func pushBasis(_ tangents: [Tensor?], lanes: Int) -> [Tensor?] {
    ForwardWalk(self, lead: [lanes], basis: true).run(tangents)
  }
}

/// What a tape is put together from.
private struct TapeBuilder {
  var steps: [ForwardTape.Step] = []
  var sources: [Int32] = []
  /// Bytes and elements at each place.
  var sizes: [Int] = []
  var elements: [Int] = []
  /// Nodes that have places, ascending, with their first place.
  private var sequences: [UInt64] = []
  private var firstPlaces: [Int] = []
  private let ends: Set<UInt64>
  private var endPlaces: Set<Int32> = []

  init(ends: Set<UInt64>) { self.ends = ends }

  /// Makes room for so many nodes, of one result and two inputs each as a rule.
  mutating func reserve(_ count: Int) {
    steps.reserveCapacity(count)
    sources.reserveCapacity(2 * count)
    sizes.reserveCapacity(count)
    elements.reserveCapacity(count)
    sequences.reserveCapacity(count)
    firstPlaces.reserveCapacity(count)
  }

  func place(of tensor: Tensor) -> Int? { tensor.node.flatMap { place($0, Int(tensor.output)) } }

  private func place(_ node: Node, _ output: Int) -> Int? {
    var low = 0
    var high = sequences.count
    while low < high {
      let middle = (low + high) / 2
      if sequences[middle] < node.sequence { low = middle + 1 } else { high = middle }
    }
    return low < sequences.count && sequences[low] == node.sequence ? firstPlaces[low] + output : nil
  }

  private mutating func addPlaces(_ node: Node) -> Int {
    let first = sizes.count
    sequences.append(node.sequence)
    firstPlaces.append(first)
    for output in 0..<node.outputCount {
      let count = node.shape(ofOutput: output).elementCount
      elements.append(count)
      sizes.append(count * node.dtype(ofOutput: output).byteCount)
    }
    return first
  }

  /// Adds a node that is newer than those before; no step where it depends on no input.
  mutating func add(_ node: Node) {
    if ends.contains(node.sequence) {
      // An input's tangent is given, not computed.
      let first = addPlaces(node)
      for output in 0..<node.outputCount { endPlaces.insert(Int32(first + output)) }
      return
    }
    if UnrecordedGradient.isMark(node) { return node.refuseCotangent() }
    let first = sources.count
    for index in 0..<node.inputCount {
      sources.append(Int32(node.source(index).flatMap { place($0.node, $0.output) } ?? -1))
    }
    guard sources[first...].contains(where: { $0 >= 0 }) else { return sources.removeLast(sources.count - first) }
    let takesPart = node.inputCount == 1 && node.function is LinearFunction && endPlaces.contains(sources[first])
    steps.append(
      ForwardTape.Step(node: node, place: addPlaces(node), firstSource: first, takesPart: takesPart))
  }

  /// Where each step's tangents are read for the last time, and the most bytes that are held at one time.
  mutating func finish(keeping results: Set<Int>, seeds: Set<Int>) -> (dropped: [Int], bytes: Int) {
    var last = Array(repeating: -1, count: sizes.count)
    for (index, step) in steps.enumerated() {
      for output in 0..<step.node.outputCount { last[step.place + output] = index }
      for source in sources[step.firstSource..<step.firstSource + step.node.inputCount] where source >= 0 {
        last[Int(source)] = index
      }
    }
    for place in results where place >= 0 { last[place] = -1 }
    for step in last where step >= 0 { steps[step].droppedEnd += 1 }
    for index in steps.indices.dropFirst() { steps[index].droppedEnd += steps[index - 1].droppedEnd }
    let count = steps.last?.droppedEnd ?? 0
    var dropped = Array(repeating: 0, count: count)
    // Each step's part is filled from its beginning, which moves to its end.
    var next = steps.indices.map { $0 == 0 ? 0 : steps[$0 - 1].droppedEnd }
    for (place, step) in last.enumerated() where step >= 0 {
      dropped[next[step]] = place
      next[step] += 1
    }
    return (dropped, mostHeld(dropped, seeds))
  }

  /// The most bytes that are held at one time.
  private func mostHeld(_ dropped: [Int], _ seeds: Set<Int>) -> Int {
    var held = seeds.reduce(0) { $1 >= 0 ? $0 + sizes[$1] : $0 }
    var most = held
    var next = 0
    for step in steps {
      for output in 0..<step.node.outputCount { held += sizes[step.place + output] }
      most = Swift.max(most, held)
      while next < step.droppedEnd {
        held -= sizes[dropped[next]]
        next += 1
      }
    }
    return most
  }
}

/// Nodes in the order of recording, each once.
private func inRecordingOrder(_ nodes: [Node]) -> [Node] {
  var sorted: [Node] = []
  for node in nodes.sorted(by: { $0.sequence < $1.sequence }) where sorted.last !== node { sorted.append(node) }
  return sorted
}

/// The nodes that tensors depend on, in the order of recording, none older than `oldest`.
func nodes(before results: [Tensor?], since oldest: UInt64) -> [Node] {
  // The nodes that wait, ascending: the newest is last, and most arrivals belong near it.
  var waiting: [Node] = []
  func wait(_ node: Node) {
    guard node.sequence >= oldest else { return }
    var low = 0
    var high = waiting.count
    while low < high {
      let middle = (low + high) / 2
      if waiting[middle].sequence < node.sequence { low = middle + 1 } else { high = middle }
    }
    if low < waiting.count, waiting[low] === node { return }
    waiting.insert(node, at: low)
  }
  for case let node? in results.lazy.map({ $0?.node }) { wait(node) }
  var found: [Node] = []
  while let node = waiting.popLast() {
    found.append(node)
    for index in 0..<node.inputCount {
      if let source = node.source(index)?.node { wait(source) }
    }
  }
  found.reverse()
  return found
}
