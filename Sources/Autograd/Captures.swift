import Tensor

// Derivative rules evaluate some functions of the program again: those within checkpoints, and equations. Such a
// function may read tracked tensors that it was not given: a layer's parameters, the variable of an outer transform.
// They are found where its recorded graph meets what was there before, and are inputs of the operation like others;
// a rule pulls back to that boundary, and pushes from it, and goes no further.

/// The values from before `first` that results, recorded since, were computed from; each once, in the order of
/// recording.
///
/// They stand for places in the graph: their numbers are zeros.
/// - Parameter inputs: What the function was given, which does not count.
func captured(by results: [Tensor], since first: UInt64, given inputs: [Tensor] = []) -> [Tensor] {
  let given = Set(inputs.compactMap { $0.node?.sequence })
  var found: [Tensor] = []
  var seen: Set<GraphPlace> = []
  func meet(_ node: Node, _ output: Int) {
    guard node.sequence < first, !given.contains(node.sequence) else { return }
    if seen.insert(GraphPlace(sequence: node.sequence, output: output)).inserted {
      found.append(.standIn(for: node, output))
    }
  }
  for result in results {
    if let node = result.node { meet(node, Int(result.output)) }
  }
  for node in nodes(before: results, since: first) where !given.contains(node.sequence) {
    for index in 0..<node.inputCount {
      if let (source, output) = node.source(index) { meet(source, output) }
    }
  }
  return found.sorted { $0.graphPlace! < $1.graphPlace! }
}

/// One result of one node.
private struct GraphPlace: Hashable, Comparable {
  let sequence: UInt64
  let output: Int

  static func < (a: GraphPlace, b: GraphPlace) -> Bool { (a.sequence, a.output) < (b.sequence, b.output) }
}

extension Tensor {
  fileprivate var graphPlace: GraphPlace? { node.map { GraphPlace(sequence: $0.sequence, output: Int(output)) } }

  /// A value of a graph without its numbers: its place, shape and dtype.
  fileprivate static func standIn(for node: Node, _ output: Int) -> Tensor {
    let zero = Storage([], node.dtype(ofOutput: output))
    zero.setNumber(0, at: 0)
    let shape = node.shape(ofOutput: output)
    let numbers = Storage(viewing: zero, shape: shape, strides: Strides(repeating: 0, rank: shape.rank))
    return Tensor(numbers, node: node, output: Int32(output))
  }
}

/// A function of the program that a derivative rule has evaluated again, recorded.
struct Reevaluation {
  private let call: Recording<[Tensor]>
  private let captured: [Tensor]

  /// Nil after a report.
  ///
  /// - Parameters:
  ///   - tensors: What it is differentiated with respect to.
  ///   - captured: What it captured when it was first recorded, to which derivatives are taken, too.
  ///   - reads: What it read of parameters then.
  ///   - constants: What it may read besides.
  init?(
    _ operation: String, _ tensors: [Tensor], captured: [Tensor], reads: RecordedReads, constants: [Tensor] = [],
    _ body: ([Tensor]) -> [Tensor]
  ) {
    guard let call = Recording(operation, tensors, { own in reads.replaying { body(own) } }) else { return nil }
    self.call = call
    self.captured = captured
    let known = Set((captured + constants).compactMap(\.graphPlace))
    let read = Autograd.captured(by: call.output, since: call.firstLeaf, given: call.inputs)
    if let lost = read.first(where: { !known.contains($0.graphPlace!) }) {
      Misuse.report(
        operation,
        "the function, evaluated again, reads a tracked \(lost.dtype) tensor of shape \(lost.shape) that it did not read "
          + "when it was recorded, whose derivative would be lost; it must read the same tensors every time")
      return nil
    }
  }

  var results: [Tensor] { call.output }

  /// The cotangents of the tensors, then of what was captured; nil is zero.
  func pullback(_ cotangents: [Tensor?]) -> [Tensor?] {
    let present = results.indices.filter { cotangents[$0] != nil }
    return call.partialPullback(present.map { results[$0] }, present.map { cotangents[$0]! }, captured)
  }

  /// The results' tangents, from those of the tensors and then of what was captured; nil is zero.
  func pushforward(_ tangents: [Tensor?]) -> [Tensor?] {
    Pushforward(call, to: results, captured: captured)(tangents)
  }
}

extension Recording {
  /// Pulls cotangents of some results back to the inputs and to what the function captured.
  fileprivate func partialPullback(
    _ results: [Tensor], _ cotangents: [Tensor], _ captured: [Tensor]
  ) -> [Tensor?] {
    let record = (isObserved && cotangents.contains(where: \.isTracked)) || escapes(results)
    return pullBack(results, cotangents, to: inputs + captured, since: firstLeaf, recorded: record)
  }
}
