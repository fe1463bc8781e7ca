/// Takes what each example of a batch brings to the cotangents of values that all share, side by side instead of summed.
///
/// Asked of nodes whose results have the examples in front: along their first axis, each example's rows side by side.
package final class PerExampleSink: CotangentSink {
  /// A shared value's cotangent: of each example, [examples] + its shape; or, where the value itself has rows for the
  /// examples, of its shape.
  package struct Found {
    package let node: Node
    package let output: Int
    package var cotangent: Tensor
  }

  private struct Value: Hashable {
    let node: ObjectIdentifier
    let output: Int
  }

  /// The number of examples.
  package let count: Int
  /// Computed shared values with more elements than this are not worth a way back for each example.
  private let largestComputed: Int
  private let isShared: (Node) -> Bool
  /// Whether every function that was asked could tell examples apart.
  package private(set) var isComplete = true
  private var sums: [Value: Found] = [:]
  private var rows: [Value: Found] = [:]

  package init(count: Int, largestComputed: Int, isShared: @escaping (Node) -> Bool) {
    self.count = count
    self.largestComputed = largestComputed
    self.isShared = isShared
  }

  package func wants(_ node: Node, _ output: Int) -> Bool { isShared(node) }
  package func reads(_ node: Node, _ output: Int) -> Bool { true }
  package func takeBack(_ node: Node) -> Tensor? { nil }
  package func receive(_ part: Part, _ node: Node) { if isShared(node) { giveUp() } }

  /// That a function cannot tell examples apart.
  package func giveUp() { isComplete = false }

  /// Takes a cotangent that is not yet summed over what was broadcast, the examples among it. Where nothing was, a value
  /// has rows for the examples itself, though it depends on none: rows picked by integers, or what a recurrence makes of
  /// its first state.
  package func receive(_ cotangent: consuming Tensor, _ node: Node, _ output: Int) {
    guard isShared(node) else { return }
    let shape = node.shape(ofOutput: output)
    let missing = cotangent.rank - shape.rank
    guard missing >= 0, let wide = examples(cotangent) else { return giveUp() }
    if missing == 0, shape[0] != 1 {
      guard !node.isEnd, node.outputCount == 1, cotangent.shape == shape else { return giveUp() }
      return add(cotangent, node, output, to: &rows)
    }
    // What each example repeats is summed.
    let repeated = (1..<wide.rank).filter { axis in
      let own = axis - 1 - missing
      return wide.shape[axis] != 1 && (own < 0 || shape[own] == 1)
    }
    let sum = repeated.isEmpty ? wide : wide.sum(axes: repeated)
    let whole = Shape([count]).followed(by: shape)
    guard sum.count == whole.elementCount else { return giveUp() }
    receive(examples: sum.reshaped(whole), node, output)
  }

  /// Takes what belongs to the input at a position, [examples] + its shape.
  func receive(examples cotangent: Tensor, _ node: Node, input: Int) {
    guard let (source, output) = node.source(input),
      cotangent.shape == Shape([count]).followed(by: source.shape(ofOutput: output))
    else { return giveUp() }
    receive(examples: cotangent, source, output)
  }

  private func receive(examples cotangent: Tensor, _ node: Node, _ output: Int) {
    // To take every example's way back from what is as large as many parameters costs as much as to take them one by one.
    if !node.isEnd, cotangent.count > count * largestComputed || cotangent.rank == Shape.maxRank { return giveUp() }
    add(cotangent, node, output, to: &sums)
  }

  private func add(_ cotangent: Tensor, _ node: Node, _ output: Int, to found: inout [Value: Found]) {
    let value = Value(node: ObjectIdentifier(node), output: output)
    let sum = found[value].map { $0.cotangent + cotangent } ?? cotangent
    found[value] = Found(node: node, output: output, cotangent: sum)
  }

  /// What came for shared values.
  package var found: [Found] { Array(sums.values) }

  /// Takes cotangents of values that have rows of examples back to what shares them, the newest first, so that each is
  /// complete.
  package func pullRows() {
    while isComplete, let next = rows.max(by: { $0.value.node.sequence < $1.value.node.sequence }) {
      rows[next.key] = nil
      let (node, cotangent) = (next.value.node, next.value.cotangent)
      if !node.function.pullbackPerExample(node, cotangent, self) { receiveApart(cotangent, node) }
    }
  }

  /// Of each example its own rows, zeros in others'.
  private func receiveApart(_ cotangent: Tensor, _ node: Node) {
    guard cotangent.count <= largestComputed,
      let wide = examples(cotangent), wide.rank < Shape.maxRank
    else { return giveUp() }
    let own = Tensor.eye(count, dtype: cotangent.dtype) .> 0
    let mask = own.reshaped(Shape([count, count] + wide.shape.dropFirst().map { _ in 1 }))
    receive(
      examples: `where`(mask, wide.unsqueezed(axis: 0), 0).reshaped(Shape([count]).followed(by: node.shape)), node, 0)
  }

  /// A tensor whose first axis holds the examples' rows, with an axis for the examples; nil where it does not.
  func examples(_ x: Tensor) -> Tensor? {
    guard x.rank > 0, x.rank < Shape.maxRank, x.shape[0] % count == 0 else { return nil }
    return x.reshaped(Shape([count, x.shape[0] / count] + x.shape.dropFirst()))
  }
}
