import Autograd
import Testing

extension CatalogueTests {
  @Suite struct Leaks {
    @Test("nothing that a call recorded or computed stays alive", arguments: Catalogue.rows)
    func leaks(_ row: Row) {
      let references = use(row)
      #expect(!references.isEmpty)
      let alive = references.compactMap(\.object)
      #expect(
        alive.isEmpty, "\(row.name): \(alive.count) of \(references.count) nodes and storages stay alive")
    }

    /// What stays alive is asked of the objects themselves: counts would be of all tests that run meanwhile.
    private struct Reference {
      weak var object: AnyObject?
    }

    /// Records, walks in both directions and twice, forgets everything but weak references.
    private func use(_ row: Row) -> [Reference] {
      let inputs = row.draw()
      let f = row.function(at: inputs)
      let x = row.differentiable.map { inputs[$0] }
      guard row.hasDerivative, !x.isEmpty else { return references(to: inputs + row.call(inputs)) }
      let leaves = x.map { $0.tracked() }
      let results = f(leaves)
      for result in results where result.isTracked { result.backward(Tensor.ones(like: result)) }
      let pulled = { (x: [Tensor]) -> [Tensor] in
        let (value, pullback) = vjp(f, at: x)
        return pullback(value.map { Tensor.ones(like: $0) })
      }
      // At tracked leaves everything is recorded, derivatives too.
      let (value, pullback) = vjp(pulled, at: leaves)
      let second = pullback(value)
      let forward = jvp(pulled, at: leaves, along: leaves)
      let all =
        inputs + leaves + results + value + second + forward.value + forward.tangent
        + leaves.compactMap(\.grad)
      return references(to: all)
    }

    private func references(to tensors: [Tensor]) -> [Reference] {
      var seen: Set<ObjectIdentifier> = []
      var found: [Reference] = []
      func add(_ object: AnyObject?) -> Bool {
        guard let object, seen.insert(ObjectIdentifier(object)).inserted else { return false }
        found.append(Reference(object: object))
        return true
      }
      for tensor in tensors {
        _ = add(tensor.storage)
        _ = add(tensor.storage.owner)
        for node in tensor.recordedNodes where add(node) {
          for slot in 0..<node.savedCount { _ = add(node.savedStorage(slot)) }
        }
      }
      return found
    }
  }
}

extension Tensor {
  /// All nodes that this tensor was computed by.
  var recordedNodes: [Node] {
    var seen: Set<ObjectIdentifier> = []
    var nodes: [Node] = []
    var stack = [node].compactMap { $0 }
    while let node = stack.popLast() {
      guard seen.insert(ObjectIdentifier(node)).inserted else { continue }
      nodes.append(node)
      for index in 0..<node.inputCount { if let source = node.source(index) { stack.append(source.node) } }
    }
    return nodes
  }
}
