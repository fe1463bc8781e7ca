import Tensor

extension ForwardTape {
  /// Which seeds each element of the results may depend on, by the graph alone, from those of the inputs' elements;
  /// see ``ElementSets``. Nil where a function on the way does not say.
  ///
  /// What is not reached has no derivative, at this point and along this control flow, of any order: no number is
  /// looked at.
  func reach(_ seeds: [Tensor?]) -> [Tensor?]? {
    var sets: [Tensor?] = Array(repeating: nil, count: placeCount)
    for (place, seed) in zip(self.seeds, seeds) where place >= 0 {
      sets[place] = ElementSets.union(sets[place], seed)
    }
    var dropped = 0
    for step in steps {
      let inputs = (0..<step.node.inputCount).map { index -> Tensor? in
        let place = Int(sources[step.firstSource + index])
        return place < 0 ? nil : sets[place]
      }
      if inputs.contains(where: { $0 != nil }) {
        guard hasRoom(step.node), let results = step.node.function.reach(step.node, inputs) else { return nil }
        for output in results.indices { sets[step.place + output] = results[output] }
      }
      while dropped < step.droppedEnd {
        sets[self.dropped[dropped]] = nil
        dropped += 1
      }
    }
    return results.map { $0 < 0 ? nil : sets[$0] }
  }

  /// Whether all shapes of a step leave an axis for the words of sets.
  private func hasRoom(_ node: Node) -> Bool {
    (0..<node.outputCount).allSatisfy { node.shape(ofOutput: $0).rank < Shape.maxRank }
  }
}
