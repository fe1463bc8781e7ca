/// A tensor cut into equal parts along an axis: views. Its transpose joins them again.
final class EqualParts: Function, @unchecked Sendable {
  /// Counted from the end.
  let axis: Int
  let count: Int
  let input: Shape

  init(_ count: Int, axis: Int, of input: Shape) {
    self.axis = axis
    self.count = count
    self.input = input
  }

  override var name: String { "equalParts" }
  override var mayHoldTensors: Bool { false }

  private var part: Shape {
    var shape = input
    shape[axis + input.rank] /= count
    return shape
  }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    var region = SliceRegion(whole: input)
    region.result = part
    return (0..<count).map { index in
      region.starts[axis + input.rank] = index * part[axis + input.rank]
      return Slice(region)(inputs[0])
    }
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    var lead = Shape()
    for case let cotangent? in cotangents {
      lead = lead.broadcast(with: cotangent.shape.first(cotangent.rank - input.rank)) ?? lead
    }
    let whole = lead.followed(by: part)
    let some = cotangents.compactMap { $0 }[0]
    let parts = cotangents.map {
      $0.map { $0.expanded(to: whole) } ?? Tensor.zeros(whole, dtype: some.dtype)
    }
    return [concatenated(parts, axis: axis)]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let tangent = tangents[0] else { return Array(repeating: nil, count: count) }
    let lead = tangent.shape.first(tangent.rank - input.rank)
    return EqualParts(count, axis: axis, of: lead.followed(by: input))([tangent])
  }
}
