/// A result's recorded graph, for reading: which operations it came from and what they keep alive.
public struct GraphSummary: Sendable, CustomStringConvertible {
  /// One recorded operation or leaf.
  public struct Entry: Sendable {
    /// The operation's name, or `leaf`.
    public let function: String
    /// The shape and dtype of each result.
    public let shapes: [Shape]
    /// The dtypes that occur in the graph.
    public let dtypes: [DType]
    /// The entries that the inputs came from, by position in ``GraphSummary/entries``; nil for constants.
    public let inputs: [Int?]
    /// Bytes of the inputs and results that it keeps for its derivative.
    public let savedBytes: Int
    /// The shapes of what it keeps.
    public let savedShapes: [Shape]
  }

  /// In the order of recording; the last is what the result came from.
  public let entries: [Entry]

  /// Bytes of all that is kept; memory that several operations share counts once.
  public let savedBytes: Int

  /// Bytes that nodes keep together.
  package static func savedBytes(of nodes: [Node]) -> Int {
    bytes(of: nodes.flatMap { node in (0..<node.savedCount).compactMap { node.savedStorage($0) } })
  }

  /// Bytes of the memory of several storages; what they share counts once.
  package static func bytes(of storages: [Storage]) -> Int {
    var blocks: [ObjectIdentifier: Int] = [:]
    for storage in storages {
      let memory = storage.owner ?? storage
      blocks[ObjectIdentifier(memory)] = memory.count * memory.dtype.byteCount
    }
    return blocks.values.reduce(0, +)
  }

  /// Ends in the results' nodes.
  package init(_ results: [Node]) {
    var seen: Set<ObjectIdentifier> = []
    var stack = results
    var nodes: [Node] = []
    while let node = stack.popLast() {
      guard seen.insert(ObjectIdentifier(node)).inserted else { continue }
      nodes.append(node)
      for index in 0..<node.inputCount { if let source = node.source(index) { stack.append(source.node) } }
    }
    nodes.sort { $0.sequence < $1.sequence }
    var position: [ObjectIdentifier: Int] = [:]
    for (index, node) in nodes.enumerated() { position[ObjectIdentifier(node)] = index }
    entries = nodes.map { node in
      let saved = (0..<node.savedCount).compactMap { node.savedStorage($0) }
      return Entry(
        function: node.function.name, shapes: (0..<node.outputCount).map { node.shape(ofOutput: $0) },
        dtypes: (0..<node.outputCount).map { node.dtype(ofOutput: $0) },
        inputs: (0..<node.inputCount).map { node.source($0).flatMap { position[ObjectIdentifier($0.node)] } },
        savedBytes: node.savedBytes, savedShapes: saved.map(\.shape))
    }
    savedBytes = GraphSummary.savedBytes(of: nodes)
  }

  /// One line an operation: `%2 = multiply(%0, %1)  float32 [3]  saves [3]`.
  public var description: String {
    entries.enumerated().map { index, entry in
      let results = zip(entry.dtypes, entry.shapes).map { "\($0) \($1)" }.joined(separator: ", ")
      let inputs = entry.inputs.map { $0.map { "%\($0)" } ?? "constant" }.joined(separator: ", ")
      let call = entry.function == "leaf" ? "leaf" : "\(entry.function)(\(inputs))"
      let saves =
        entry.savedShapes.isEmpty
        ? "" : "  saves " + entry.savedShapes.map { "\($0)" }.joined(separator: ", ") + " (\(entry.savedBytes) bytes)"
      return "%\(index) = \(call)  \(results)\(saves)"
    }.joined(separator: "\n")
  }
}

extension Tensor {
  /// The graph this tensor was computed by; nil where nothing was recorded.
  public var graph: GraphSummary? { node.map { GraphSummary([$0]) } }
}
