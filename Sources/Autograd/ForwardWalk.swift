import Tensor

/// A walk over a recorded graph in the direction of computation, from seeds to results.
final class ForwardWalk: TangentSource {
  private var tangents: [ObjectIdentifier: [Tensor?]] = [:]
  /// How many visited nodes still read a node's tangents, which are dropped after the last.
  private var readers: [ObjectIdentifier: Int] = [:]
  /// Extra leading axes that every tangent carries.
  private var lead = Shape()

  func tangent(_ node: Node, _ output: Int) -> Tensor? { tangents[ObjectIdentifier(node)]?[output] }

  /// The tangents of `results` for these tangents of `seeds`; nil is zero.
  func run(from seeds: [(tensor: Tensor, tangent: Tensor)], to results: [Tensor]) -> [Tensor?] {
    for (tensor, tangent) in seeds {
      guard let node = tensor.node else { continue }
      lead = tangent.shape.first(tangent.rank - tensor.rank)
      add(tangent, node, Int(tensor.output))
    }
    let oldest = seeds.compactMap { $0.tensor.node?.sequence }.min() ?? .max
    let kept = Set(results.compactMap { $0.node.map(ObjectIdentifier.init) })
    for node in dependents(of: results, since: oldest) {
      // A seed's tangent is given, not computed.
      if tangents[ObjectIdentifier(node)] == nil { visit(node) }
      release(node, keeping: kept)
    }
    return results.map { result in result.node.flatMap { tangent($0, Int(result.output)) } }
  }

  private func add(_ tangent: Tensor, _ node: Node, _ output: Int) {
    let key = ObjectIdentifier(node)
    var all = tangents[key] ?? Array(repeating: nil, count: node.outputCount)
    all[output] = all[output].map { $0 + tangent } ?? tangent
    tangents[key] = all
  }

  private func visit(_ node: Node) {
    if UnrecordedGradient.isMark(node) { return node.refuseCotangent() }
    let isReached = (0..<node.inputCount).contains { index in
      node.source(index).map { tangent($0.node, $0.output) != nil } ?? false
    }
    guard isReached else { return }
    let pushed = node.function.pushforward(node, self)
    guard pushed.contains(where: { $0 != nil }) else { return }
    tangents[ObjectIdentifier(node)] = pushed.enumerated().map { output, tangent in
      tangent.map { fitted($0, node, node.shape(ofOutput: output)) }
    }
  }

  /// Brings a tangent to the shape of the value it belongs to: one of a narrower input was not repeated yet.
  private func fitted(_ tangent: Tensor, _ node: Node, _ shape: Shape) -> Tensor {
    let inner = tangent.shape.last(Swift.max(tangent.rank - lead.rank, 0))
    if inner == shape { return tangent }
    guard inner.broadcast(with: shape) == shape else {
      return Misuse.fail(
        node.function.name, "its jvp gave a tangent of shape \(inner) for a result of shape \(shape)")
    }
    return tangent.widened(from: inner, to: shape)
  }

  private func release(_ node: Node, keeping kept: Set<ObjectIdentifier>) {
    for index in 0..<node.inputCount {
      guard let source = node.source(index)?.node else { continue }
      let key = ObjectIdentifier(source)
      guard let count = readers[key] else { continue }
      readers[key] = count - 1
      if count == 1 && !kept.contains(key) { tangents[key] = nil }
    }
  }

  /// The nodes that `results` depend on, in the order of recording, none older than `oldest`.
  private func dependents(of results: [Tensor], since oldest: UInt64) -> [Node] {
    var seen: Set<ObjectIdentifier> = []
    var stack = results.compactMap(\.node).filter { $0.sequence >= oldest }
    var found: [Node] = []
    while let node = stack.popLast() {
      guard seen.insert(ObjectIdentifier(node)).inserted else { continue }
      found.append(node)
      for index in 0..<node.inputCount {
        guard let source = node.source(index)?.node, source.sequence >= oldest else { continue }
        readers[ObjectIdentifier(source), default: 0] += 1
        stack.append(source)
      }
    }
    return found.sorted { $0.sequence < $1.sequence }
  }
}
