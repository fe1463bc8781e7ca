import Tensor

/// A walk over a recorded graph in the direction of computation, from seeds to results.
final class ForwardWalk: TangentSource {
  private var tangents: [ObjectIdentifier: [Tensor?]] = [:]
  /// How many visited nodes still read a node's tangents, which are dropped after the last.
  private var readers: [ObjectIdentifier: Int] = [:]

  func tangent(_ node: Node, _ output: Int) -> Tensor? { tangents[ObjectIdentifier(node)]?[output] }

  /// The tangents of `results` for these tangents of `seeds`; nil is zero.
  func run(from seeds: [(tensor: Tensor, tangent: Tensor)], to results: [Tensor]) -> [Tensor?] {
    for (tensor, tangent) in seeds {
      guard let node = tensor.node else { continue }
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
    let isReached = (0..<node.inputCount).contains { index in
      node.source(index).map { tangent($0.node, $0.output) != nil } ?? false
    }
    guard isReached else { return }
    let pushed = node.function.pushforward(node, self)
    if pushed.contains(where: { $0 != nil }) { tangents[ObjectIdentifier(node)] = pushed }
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
