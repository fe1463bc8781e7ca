import CKernels

/// A regular part of each axis: first position, step (not 0) and length.
///
/// Without arrays, because a slice is made for every element that a program reads.
struct SliceRegion: Sendable, Hashable {
  let input: Shape
  var starts: Strides
  var steps: Strides
  var result: Shape

  /// The whole of a shape.
  init(whole shape: Shape) {
    input = shape
    starts = Strides(repeating: 0, rank: shape.rank)
    steps = Strides(repeating: 1, rank: shape.rank)
    result = shape
  }

  /// The same part of a tensor that has further axes before those of this shape.
  func within(_ shape: Shape) -> SliceRegion {
    var region = SliceRegion(whole: shape)
    let lead = shape.rank - input.rank
    for axis in 0..<input.rank {
      region.starts[lead + axis] = starts[axis]
      region.steps[lead + axis] = steps[axis]
      region.result[lead + axis] = result[axis]
    }
    return region
  }

  /// From its first element to its last, in the whole's row-major order; others may lie between.
  var extent: Range<Int> {
    if result.elementCount == 0 { return 0..<0 }
    var (first, last, width) = (0, 0, 1)
    for axis in (0..<input.rank).reversed() {
      let end = starts[axis] + steps[axis] * (result[axis] - 1)
      first += Swift.min(starts[axis], end) * width
      last += Swift.max(starts[axis], end) * width
      width *= input[axis]
    }
    return first..<last + 1
  }

  /// The same, where the whole is this result; nil where that has further axes, or there is none.
  func extent(in whole: (node: Node, output: Int)?) -> Range<Int>? {
    whole.flatMap { $0.node.shape(ofOutput: $0.output) == input ? extent : nil }
  }

  /// The part of a storage of this shape (plus leading axes) as a view.
  func view(of storage: Storage) -> Storage {
    let lead = storage.shape.rank - input.rank
    var strides = storage.strides
    var offset = 0
    for axis in 0..<input.rank {
      offset += starts[axis] * storage.strides[lead + axis]
      strides[lead + axis] = steps[axis] * storage.strides[lead + axis]
    }
    let shape = storage.shape.first(lead).followed(by: result)
    return Storage(
      viewing: storage, shape: shape, strides: strides, offset: shape.elementCount == 0 ? 0 : offset)
  }
}

/// A regular part of a tensor: a view.
package final class Slice: LinearFunction, @unchecked Sendable {
  let region: SliceRegion
  init(_ region: SliceRegion) { self.region = region }

  override package var name: String { "slice" }
  override package var movesElements: Bool { true }
  override package func apply(_ x: Tensor) -> Tensor { Tensor(region.view(of: x.storage)) }
  override package func transpose(_ cotangent: Tensor) -> Tensor { SliceEmbedding(region)(cotangent) }
  override package func extentRead(_ node: Node) -> Range<Int>? { region.extent(in: node.source(0)) }

  /// A tensor may be sliced often, so the walk is given the part as it is and puts all parts together at once.
  override package func pullback(_ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink) {
    guard let (source, output) = node.source(0), sink.wants(source, output) else { return }
    if source.outputCount > 1 {
      sink.receive(transpose(cotangent), source, output)
    } else {
      // Of the source's own shape: slices that count axes from the end may take more or fewer of them for leading ones.
      let slice = region.input.rank == source.shape.rank ? self : Slice(region.within(source.shape))
      sink.receive(Part(cotangent, of: slice), source)
    }
  }
}

/// The transpose of a slice: its elements in their places, zeros elsewhere.
final class SliceEmbedding: LinearFunction, @unchecked Sendable {
  let region: SliceRegion
  init(_ region: SliceRegion) { self.region = region }

  override var name: String { "sliceEmbedding" }
  override package var movesElements: Bool { true }

  override func apply(_ x: Tensor) -> Tensor {
    let shape = x.shape.first(x.rank - region.result.rank).followed(by: region.input)
    let whole = Tensor.zeros(shape, dtype: x.dtype)
    StridedCopy.copy(x.storage, into: region.view(of: whole.storage))
    return whole
  }

  override func transpose(_ cotangent: Tensor) -> Tensor { Slice(region)(cotangent) }
  override package func extentWritten(_ node: Node, byInput position: Int) -> Range<Int>? {
    region.extent(in: (node, 0))
  }
}

/// A tensor with a regular part overwritten; linear in both.
final class SliceUpdate: Function, @unchecked Sendable {
  let region: SliceRegion
  init(_ region: SliceRegion) { self.region = region }

  override var name: String { "sliceUpdate" }
  override var mayHoldTensors: Bool { false }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let whole = inputs[0].storage.copied()
    StridedCopy.copy(inputs[1].storage, into: region.view(of: whole))
    return [Tensor(whole)]
  }

  override var spread: Spread? { { marks in marks.passed(others: 0) { self.forward($0) } } }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let cotangent = cotangents[0] else { return [nil, nil] }
    let part = Slice(region)(cotangent)
    return [self(cotangent, Tensor.zeros(like: part)), part]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { updated(tangents) }

  /// Elements are moved, and so are their sets.
  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? { updated(sets) }

  /// The same for what stands for the elements of both, under extra leading axes; nil is zeros.
  private func updated(_ tangents: [Tensor?]) -> [Tensor?] {
    let lead = (tangents[0].map { $0.rank - region.input.rank } ?? tangents[1].map { $0.rank - region.result.rank })!
    let some = (tangents[0] ?? tangents[1])!
    let leading = some.shape.first(lead)
    let whole = tangents[0] ?? Tensor.zeros(leading.followed(by: region.input), dtype: some.dtype)
    let part = tangents[1] ?? Tensor.zeros(leading.followed(by: region.result), dtype: some.dtype)
    return [self(whole, part)]
  }
}
