/// A tensor cut into parts along an axis: views. Its transpose joins them again.
final class Parts: Function, @unchecked Sendable {
  /// Counted from the end.
  let axis: Int
  let lengths: [Int]
  let input: Shape

  init(_ lengths: [Int], axis: Int, of input: Shape) {
    self.axis = axis
    self.lengths = lengths
    self.input = input
  }

  /// Parts of one length.
  convenience init(_ count: Int, axis: Int, of input: Shape) {
    self.init(Array(repeating: input[axis + input.rank] / count, count: count), axis: axis, of: input)
  }

  override var name: String { "parts" }
  override var mayHoldTensors: Bool { false }

  /// The parts, in their order.
  private var regions: [SliceRegion] {
    var region = SliceRegion(whole: input)
    let position = axis + input.rank
    return lengths.map { length in
      region.result[position] = length
      defer { region.starts[position] += length }
      return region
    }
  }

  override func forward(_ inputs: [Tensor]) -> [Tensor] { regions.map { Slice($0)(inputs[0]) } }

  override var spread: Spread? { { marks in marks.passed(others: 0) { self.forward($0) } } }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let present = cotangents.indices.filter { cotangents[$0] != nil }
    let regions = regions
    if present.count == 1 { return [SliceEmbedding(regions[present[0]])(cotangents[present[0]]!)] }
    let lead = present.reduce(Shape()) {
      $0.broadcast(with: cotangents[$1]!.shape.first(cotangents[$1]!.rank - input.rank)) ?? $0
    }
    let dtype = cotangents[present[0]]!.dtype
    let parts = cotangents.indices.map { index in
      let whole = lead.followed(by: regions[index].result)
      return cotangents[index]?.expanded(to: whole) ?? Tensor.zeros(whole, dtype: dtype)
    }
    return [concatenated(parts, axis: axis)]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { parts(of: tangents[0]) }

  /// Elements are moved, and so are their sets.
  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? { parts(of: sets[0]) }

  /// The parts of something with the input's axes under extra leading ones.
  private func parts(of whole: Tensor?) -> [Tensor?] {
    guard let whole else { return lengths.map { _ in nil } }
    let lead = whole.shape.first(whole.rank - input.rank)
    return Parts(lengths, axis: axis, of: lead.followed(by: input))([whole])
  }
}

extension Tensor {
  /// `count` positions of an axis, from `start` on. A view.
  ///
  /// - Precondition: They lie within the axis; a negative start counts from the end.
  public func narrowed(axis: Int, from start: Int, count: Int) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "narrowed") else { return .placeholder }
    let first = start < 0 ? start + shape[axis] : start
    guard first >= 0, count >= 0, first + count <= shape[axis] else {
      return Misuse.fail(
        "narrowed", "\(count) positions from \(start) on are not within axis \(axis) of shape \(shape)")
    }
    return part(axis, first, count)
  }

  /// Unchecked.
  func part(_ axis: Int, _ start: Int, _ count: Int, step: Int = 1) -> Tensor {
    if start == 0 && count == shape[axis] && step == 1 { return self }
    assert(
      count <= 0 || (0..<shape[axis] ~= start && 0..<shape[axis] ~= start + (count - 1) * step),
      "part: beyond axis \(axis) of \(shape)")
    var region = SliceRegion(whole: shape)
    region.starts[axis] = start
    region.steps[axis] = step
    region.result[axis] = count
    return Slice(region)(self)
  }

  /// Parts of these lengths along an axis. Views.
  ///
  /// - Precondition: The lengths add up to the axis's.
  public func split(sizes: [Int], axis: Int = 0) -> [Tensor] {
    guard let axis = normalizedAxis(axis, rank: rank, "split") else { return sizes.map { _ in .placeholder } }
    guard sizes.allSatisfy({ $0 >= 0 }), sizes.reduce(0, +) == shape[axis] else {
      Misuse.report("split", "\(sizes) do not add up to axis \(axis) of shape \(shape) (length \(shape[axis]))")
      return sizes.map { _ in .placeholder }
    }
    return sizes.count < 2 ? sizes.map { _ in self } : Parts(sizes, axis: axis - rank, of: shape)([self])
  }

  /// Parts of one length along an axis, the last perhaps shorter. Views.
  ///
  /// - Precondition: The length is positive.
  public func split(size: Int, axis: Int = 0) -> [Tensor] {
    guard let axis = normalizedAxis(axis, rank: rank, "split") else { return [.placeholder] }
    guard size > 0 else { return [Misuse.fail("split", "a part's length is \(size); it must be positive")] }
    let whole = shape[axis]
    if whole == 0 { return [self] }
    return split(sizes: Swift.stride(from: 0, to: whole, by: size).map { Swift.min(size, whole - $0) }, axis: axis)
  }

  /// At most `count` parts of equal length along an axis, the last perhaps shorter. Views.
  ///
  /// - Precondition: The count is positive.
  public func chunk(_ count: Int, axis: Int = 0) -> [Tensor] {
    guard let axis = normalizedAxis(axis, rank: rank, "chunk") else { return [.placeholder] }
    guard count > 0 else { return [Misuse.fail("chunk", "\(count) parts are asked for; it must be at least one")] }
    return split(size: Swift.max(1, (shape[axis] + count - 1) / count), axis: axis)
  }

  /// The slabs of an axis, without it. Views.
  public func unbind(axis: Int = 0) -> [Tensor] {
    guard let axis = normalizedAxis(axis, rank: rank, "unbind") else { return [.placeholder] }
    guard shape[axis] > 0 else { return [] }
    return split(size: 1, axis: axis).map { $0.squeezed(axis: axis) }
  }
}
