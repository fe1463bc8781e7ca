import Tensor

/// A walk along a tape, from the inputs' tangents to the results'. All state is here and none in the tape.
final class ForwardWalk: TangentSource {
  private let tape: ForwardTape
  /// Extra leading axes that every tangent carries.
  private let lead: Shape
  /// Where tangents are basis vectors of one input, which.
  private let basis: Range<Int>?
  /// Nil is all.
  private let wanted: TapeSelection?
  /// By place; nil is zero.
  private let tangents: UnsafeMutablePointer<Tensor?>
  /// Where the sources of the step that is visited stand.
  private var firstSource = 0

  init(_ tape: ForwardTape, lead: Shape, basis: Range<Int>? = nil, wanted: TapeSelection? = nil) {
    self.tape = tape
    self.lead = lead
    self.basis = basis
    self.wanted = wanted
    tangents = .allocate(capacity: tape.placeCount)
    tangents.initialize(repeating: nil, count: tape.placeCount)
  }

  deinit {
    tangents.deinitialize(count: tape.placeCount)
    tangents.deallocate()
  }

  func tangent(ofInput index: Int) -> Tensor? {
    let place = Int(tape.sources[firstSource + index])
    return place < 0 ? nil : tangents[place]
  }

  func run(_ seeds: [Tensor?]) -> [Tensor?] {
    for (place, seed) in zip(tape.seeds, seeds) where place >= 0 {
      guard let seed else { continue }
      tangents[place] = tangents[place].map { $0 + seed } ?? seed
    }
    var dropped = 0
    var place = WalkPlace()
    let (needs, wanted) = (wanted?.needs.steps, wanted?.wanted ?? 0)
    for (index, step) in tape.steps.enumerated() {
      if needs.map({ $0[index] & wanted != 0 }) ?? true {
        step.reference._withUnsafeGuaranteedRef { node in
          place.visit(node)
          visit(step, node)
        }
      }
      while dropped < step.droppedEnd {
        tangents[tape.dropped[dropped]] = nil
        dropped += 1
      }
    }
    return tape.results.map { $0 < 0 ? nil : tangents[$0] }
  }

  private func visit(_ step: ForwardTape.Step, _ node: Node) {
    firstSource = step.firstSource
    guard (0..<node.inputCount).contains(where: { tangent(ofInput: $0) != nil }) else { return }
    let looksForZeros = basis != nil && step.takesPart
    if looksForZeros, let read = node.function.extentRead(node), !read.overlaps(basis!) { return }
    let pushed = node.function.pushforward(node, self)
    for output in pushed.indices {
      guard let tangent = pushed[output] else { continue }
      if looksForZeros, tangent.storage.isZero { continue }
      tangents[step.place + output] = fitted(tangent, node, output)
    }
  }

  /// Brings a tangent to the shape of the value it belongs to: one of a narrower input was not repeated yet.
  private func fitted(_ tangent: Tensor, _ node: Node, _ output: Int) -> Tensor {
    let shape = node.shape(ofOutput: output)
    guard tangent.dtype == node.dtype(ofOutput: output) else {
      return Misuse.fail(
        node.function.name, "its jvp gave a \(tangent.dtype) tangent for a \(node.dtype(ofOutput: output)) result")
    }
    if tangent.rank == shape.rank + lead.rank, tangent.shape.last(shape.rank) == shape { return tangent }
    let inner = tangent.shape.last(Swift.max(tangent.rank - lead.rank, 0))
    guard inner.broadcast(with: shape) == shape else {
      return Misuse.fail(
        node.function.name, "its jvp gave a tangent of shape \(inner) for a result of shape \(shape)")
    }
    return tangent.widened(from: inner, to: shape)
  }
}
