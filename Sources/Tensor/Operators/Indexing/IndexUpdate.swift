import CKernels

/// A tensor with the slabs at some positions along axis 0 (before any leading axes) overwritten.
final class IndexUpdate: Function, @unchecked Sendable {
  let positions: Positions
  let input: Shape
  /// The shape of the written part: count, then the slab's axes.
  let part: Shape
  /// 1 where an index is the last of its value, which is the one that stays; nil where none repeats.
  private let survives: Storage?

  init(_ positions: Positions, input: Shape) {
    self.positions = positions
    self.input = input
    part = Shape([positions.count]).followed(by: input.last(input.rank - 1))
    var last: [Int64: Int] = [:]
    for index in 0..<positions.count { last[positions.pointer[index]] = index }
    if last.count == positions.count {
      survives = nil
    } else {
      let flags = (0..<positions.count).map { last[positions.pointer[$0]] == $0 }
      let shape = Shape([positions.count]).followed(by: Shape(repeating: 1, rank: input.rank - 1))
      survives = Tensor(flags, shape: shape).storage
    }
  }

  override var name: String { "indexUpdate" }
  override var mayHoldTensors: Bool { false }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let leading = inputs[0].shape.first(inputs[0].rank - input.rank)
    let whole = inputs[0].storage.copied()
    let source = inputs[1].storage.contiguous
    withExtendedLifetime(source) {
      adj_put(
        whole.dtype.kernel, source.pointer, Int64(leading.elementCount), Int64(positions.length),
        Int64(input.last(input.rank - 1).elementCount), positions.pointer, Int64(positions.count), whole.pointer)
    }
    return [Tensor(whole)]
  }

  override var spread: Spread? { { marks in marks.passed(others: 0) { self.forward($0) } } }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let cotangent = cotangents[0] else { return [nil, nil] }
    var written = Take(positions, shape: [positions.count])(cotangent)
    if let survives { written = `where`(Tensor(survives), written, 0) }
    return [self(cotangent, Tensor.zeros(like: written)), written]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { updated(tangents) }

  /// Elements are moved, and so are their sets.
  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? { updated(sets) }

  /// The same for what stands for the elements of both, under extra leading axes; nil is zeros.
  private func updated(_ tangents: [Tensor?]) -> [Tensor?] {
    let some = (tangents[0] ?? tangents[1])!
    let leading = some.shape.first(some.rank - (tangents[0] == nil ? part.rank : input.rank))
    let whole = tangents[0] ?? Tensor.zeros(leading.followed(by: input), dtype: some.dtype)
    let written = tangents[1] ?? Tensor.zeros(leading.followed(by: part), dtype: some.dtype)
    return [self(whole, written)]
  }
}
