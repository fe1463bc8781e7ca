import Tensor

/// A recorded graph prepared for walks in the direction of computation: the nodes that lead from some inputs to
/// some results, in order, and where each reads and leaves its tangents.
///
/// What a walk needs to know of the graph is worked out once, so that every further product at a point costs
/// only its arithmetic. Nothing changes after that: any number of threads may push through one tape at once.
final class ForwardTape: @unchecked Sendable {
  /// One node on the way.
  struct Step {
    /// Held by ``ends``, which depend on it: a walk that looks at a step should not count references.
    let reference: Unmanaged<Node>
    /// Where the tangent of its first result goes; those of others follow.
    let place: Int
    /// Its first input's entry in ``sources``.
    let firstSource: Int
    /// Whether it is linear and reads an input: the part of a basis block that it takes may be all zeros.
    let takesPart: Bool
    /// The end of its part of ``dropped``, which begins where that of the step before ended.
    var droppedEnd = 0

    var node: Node { reference.takeUnretainedValue() }
  }

  let steps: [Step]
  /// The results' nodes.
  private let ends: [Node]
  /// For each input of each step the place of its tangent, or -1 where it has none.
  let sources: [Int32]
  /// Places that no later step reads.
  let dropped: [Int]
  /// The place of each input's tangent, or -1 where no result depends on it.
  let seeds: [Int]
  /// The place of each result's tangent, or -1 where it depends on no input.
  let results: [Int]
  /// Elements of the tangent at each place, for each extra leading element.
  let elements: [Int]
  /// The most bytes that tangents, and steps beside them, take at one time, for each extra leading element.
  let bytesPerLane: Int
  /// The most bytes that a step takes beside tangents, however many lanes there are.
  let bytesOfScratch: Int
  /// Elements of the largest tangent, for each extra leading element.
  let largestTangent: Int
  /// The axes of the tangent with most of them, without extra leading ones.
  let mostAxes: Int
  /// Whether a step calls closures of the program: then walks stay on the thread that asks for them.
  let callsProgram: Bool

  /// Prepares the way from `inputs` to `results`.
  ///
  /// - Parameter boundary: Where given, nothing older is on the way but inputs, which may then have been computed from
  ///   one another; otherwise none was.
  init(from inputs: [Tensor], to results: [Tensor?], since boundary: UInt64? = nil) {
    let starts = inputs.compactMap(\.node)
    var builder = TapeBuilder(ends: starts.map(\.sequence).sorted())
    if let boundary {
      for node in inRecordingOrder(starts.filter { $0.sequence < boundary }) { builder.add(node) }
    }
    let oldest = boundary ?? starts.map(\.sequence).min() ?? .max
    let way = references(before: results, since: oldest)
    builder.reserve(way.count)
    for node in way { node._withUnsafeGuaranteedRef { builder.add($0) } }
    seeds = inputs.map { builder.place(of: $0) ?? -1 }
    self.results = results.map { $0.flatMap { builder.place(of: $0) } ?? -1 }
    (dropped, bytesPerLane) = builder.finish(keeping: self.results, seeds: seeds)
    steps = builder.steps
    ends = results.compactMap { $0?.node }
    sources = builder.sources
    elements = builder.elements
    largestTangent = builder.elements.max() ?? 0
    mostAxes = builder.mostAxes
    bytesOfScratch = builder.scratch.reduce(0) { Swift.max($0, $1.together) }
    callsProgram = steps.contains { $0.reference._withUnsafeGuaranteedRef { $0.function.callsProgram } }
  }

  var placeCount: Int { elements.count }

  /// For each place the step that leaves its tangent there, or -1.
  var producers: [Int32] {
    var producers = Array(repeating: Int32(-1), count: placeCount)
    for index in steps.indices {
      for place in places(ofStep: index) { producers[place] = Int32(index) }
    }
    return producers
  }

  /// The places of a step's results.
  func places(ofStep index: Int) -> Range<Int> {
    let step = steps[index]
    return step.place..<step.place + step.reference._withUnsafeGuaranteedRef { $0.outputCount }
  }

  /// The places of a step's inputs, as ``sources`` has them.
  func sources(ofStep index: Int) -> ArraySlice<Int32> {
    sources[steps[index].firstSource..<(index + 1 < steps.count ? steps[index + 1].firstSource : sources.count)]
  }

  /// The results' tangents for these of the inputs; nil is zero.
  ///
  /// - Parameter lead: Extra leading axes that all tangents carry.
  func push(_ tangents: [Tensor?], lead: Shape) -> [Tensor?] {
    guard mostAxes + lead.rank <= Shape.maxRank else {
      LeadingAxes.report(lead, mostAxes)
      return results.map { _ in nil }
    }
    return ForwardWalk(self, lead: lead).run(tangents)
  }

  /// Whether blocks of vectors, which have an axis more, can be pushed.
  var takesBlocks: Bool { mostAxes < Shape.maxRank }

  /// As ``push(_:lead:)`` for basis vectors of one input, in which steps look for parts that are all zeros.
  ///
  /// - Parameter wanted: The results' elements; others may be left zero.
  func pushBasis(_ tangents: [Tensor?], rows: Range<Int>, wanted: TapeSelection?) -> [Tensor?] {
    ForwardWalk(self, lead: [rows.count], basis: rows, wanted: wanted).run(tangents)
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
  /// Ascending.
  private let ends: [UInt64]
  /// Whether the tangent at each place is given, not computed.
  private var isGiven: [Bool] = []
  private(set) var mostAxes = 0
  /// What each step takes beside tangents.
  private(set) var scratch: [(together: Int, each: Int)] = []

  init(ends: [UInt64]) { self.ends = ends }

  /// Makes room for so many nodes, of one result and two inputs each as a rule.
  mutating func reserve(_ count: Int) {
    steps.reserveCapacity(count)
    scratch.reserveCapacity(count)
    sources.reserveCapacity(2 * count)
    sizes.reserveCapacity(count)
    elements.reserveCapacity(count)
    isGiven.reserveCapacity(count)
    sequences.reserveCapacity(count)
    firstPlaces.reserveCapacity(count)
  }

  func place(of tensor: Tensor) -> Int? { tensor.node.flatMap { place($0, Int(tensor.output)) } }

  private func place(_ node: Node, _ output: Int) -> Int? {
    position(of: node.sequence, in: sequences).map { firstPlaces[$0] + output }
  }

  private mutating func addPlaces(_ node: Node, isGiven: Bool) -> Int {
    let first = sizes.count
    sequences.append(node.sequence)
    firstPlaces.append(first)
    for output in 0..<node.outputCount {
      let shape = node.shape(ofOutput: output)
      let count = shape.elementCount
      mostAxes = Swift.max(mostAxes, shape.rank)
      elements.append(count)
      self.isGiven.append(isGiven)
      sizes.append(count * node.dtype(ofOutput: output).byteCount)
    }
    return first
  }

  /// Adds a node that is newer than those before; no step where it depends on no input.
  mutating func add(_ node: Node) {
    if position(of: node.sequence, in: ends) != nil {
      _ = addPlaces(node, isGiven: true)
      return
    }
    if UnrecordedGradient.isMark(node) { return node.refuseCotangent() }
    let first = sources.count
    for index in 0..<node.inputCount {
      sources.append(Int32(node.source(index).flatMap { place($0.node, $0.output) } ?? -1))
    }
    guard sources[first...].contains(where: { $0 >= 0 }) else { return sources.removeLast(sources.count - first) }
    let takesPart = node.inputCount == 1 && isGiven[Int(sources[first])] && node.function is LinearFunction
    scratch.append(node.function.scratchBytes(node))
    steps.append(
      ForwardTape.Step(
        reference: .passUnretained(node), place: addPlaces(node, isGiven: false), firstSource: first,
        takesPart: takesPart))
  }

  /// The places of a step's results.
  private func places(ofStep index: Int) -> Range<Int> {
    let count = steps[index].reference._withUnsafeGuaranteedRef { $0.outputCount }
    return steps[index].place..<steps[index].place + count
  }

  /// Where in `sources` a step's are.
  private func firstSources(ofStep index: Int) -> Range<Int> {
    let end = index + 1 < steps.count ? steps[index + 1].firstSource : sources.count
    return steps[index].firstSource..<end
  }

  /// Where each step's tangents are read for the last time, and the most bytes that are held at one time.
  mutating func finish(keeping results: [Int], seeds: [Int]) -> (dropped: [Int], bytes: Int) {
    var last = Array(repeating: -1, count: sizes.count)
    for index in steps.indices {
      for place in places(ofStep: index) { last[place] = index }
      for source in firstSources(ofStep: index) where sources[source] >= 0 { last[Int(sources[source])] = index }
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
  private func mostHeld(_ dropped: [Int], _ seeds: [Int]) -> Int {
    var held = 0
    // An input may be given twice.
    var isCounted = Array(repeating: false, count: sizes.count)
    for seed in seeds where seed >= 0 && !isCounted[seed] {
      isCounted[seed] = true
      held += sizes[seed]
    }
    var most = held
    var next = 0
    for index in steps.indices {
      for place in places(ofStep: index) { held += sizes[place] }
      most = Swift.max(most, held + scratch[index].each)
      while next < steps[index].droppedEnd {
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
  references(before: results, since: oldest).map { $0.takeUnretainedValue() }
}

/// Those nodes as the results hold them: counting references is much of what a small graph's tape costs.
private func references(before results: [Tensor?], since oldest: UInt64) -> [Unmanaged<Node>] {
  // The nodes that wait, ascending: the newest is last, and most arrivals belong near it. Held by the results.
  var waiting: [(sequence: UInt64, node: Unmanaged<Node>)] = []
  func wait(_ node: Node) {
    guard node.sequence >= oldest else { return }
    var low = waiting.count
    if low > 0, waiting[low - 1].sequence >= node.sequence {
      low = 0
      var high = waiting.count
      while low < high {
        let middle = (low + high) / 2
        if waiting[middle].sequence < node.sequence { low = middle + 1 } else { high = middle }
      }
      if waiting[low].sequence == node.sequence { return }
    }
    waiting.insert((node.sequence, .passUnretained(node)), at: low)
  }
  for case let node? in results.lazy.map({ $0?.node }) { wait(node) }
  var found: [Unmanaged<Node>] = []
  while let next = waiting.popLast() {
    found.append(next.node)
    next.node._withUnsafeGuaranteedRef { node in
      for index in 0..<node.inputCount {
        if let source = node.source(index)?.node { wait(source) }
      }
    }
  }
  found.reverse()
  return found
}

/// Where a number stands in an ascending list; nil where it does not.
private func position(of number: UInt64, in numbers: [UInt64]) -> Int? {
  var low = 0
  var high = numbers.count
  while low < high {
    let middle = (low + high) / 2
    if numbers[middle] < number { low = middle + 1 } else { high = middle }
  }
  return low < numbers.count && numbers[low] == number ? low : nil
}
