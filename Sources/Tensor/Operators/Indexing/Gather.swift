import CKernels

/// One element along an axis for each index.
final class Gather: LinearFunction, @unchecked Sendable {
  let positions: Positions
  /// The shape of the indices and of the result.
  let shape: Shape
  let input: Shape

  init(_ positions: Positions, shape: Shape, input: Shape) {
    self.positions = positions
    self.shape = shape
    self.input = input
  }

  override var name: String { "gather" }
  override package var movesElements: Bool { true }

  override func apply(_ x: Tensor) -> Tensor {
    let leading = x.shape.first(x.rank - input.rank)
    let (outer, length, inner) = input.split(at: positions.axis + input.rank)
    let result = Storage(leading.followed(by: shape), x.dtype)
    let source = x.storage.contiguous
    withExtendedLifetime(source) {
      adj_gather(
        x.dtype.kernel, source.pointer, Int64(leading.elementCount), Int64(outer), Int64(length), Int64(inner),
        positions.pointer, Int64(shape[positions.axis + shape.rank]), result.pointer)
    }
    return Tensor(result)
  }

  override func transpose(_ cotangent: Tensor) -> Tensor {
    GatherTranspose(positions, shape: shape, input: input)(cotangent)
  }
}

/// The transpose of a gather: each element is added at its index.
final class GatherTranspose: LinearFunction, @unchecked Sendable {
  let positions: Positions
  let shape: Shape
  let input: Shape

  init(_ positions: Positions, shape: Shape, input: Shape) {
    self.positions = positions
    self.shape = shape
    self.input = input
  }

  override var name: String { "gatherTranspose" }

  override func apply(_ x: Tensor) -> Tensor {
    let leading = x.shape.first(x.rank - shape.rank)
    let (outer, length, inner) = input.split(at: positions.axis + input.rank)
    let whole = Tensor.zeros(leading.followed(by: input), dtype: x.dtype)
    let source = x.storage.contiguous
    withExtendedLifetime(source) {
      guard Meter.begins(x.count) || !x.dtype.isFloatingPoint else { return }
      adj_gather_add(
        x.dtype.kernel, source.pointer, Int64(leading.elementCount), Int64(outer), Int64(length), Int64(inner),
        positions.pointer, Int64(shape[positions.axis + shape.rank]), whole.storage.pointer)
    }
    return whole
  }

  override func transpose(_ cotangent: Tensor) -> Tensor {
    Gather(positions, shape: shape, input: input)(cotangent)
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [
      sets[0].map { own in
        let leading = own.shape.first(own.rank - shape.rank)
        let (outer, _, inner) = input.split(at: positions.axis + input.rank)
        return ElementSets.scatter(
          own, lead: leading.elementCount, outer: outer, inner: inner, positions, into: leading.followed(by: input))
      }
    ]
  }
}

extension Tensor {
  /// For each index, the element at that position along an axis, all other coordinates being the index's
  /// own: NumPy's `take_along_axis`. Other axes of the indices may be 1 and broadcast.
  ///
  /// Negative indices count from the end. Derivative: cotangents are added where positions repeat.
  /// - Precondition: Integer indices within the axis, of this tensor's rank.
  public func gather(_ indices: Tensor, axis: Int) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "gather") else { return .placeholder }
    guard indices.rank == rank else {
      return Misuse.fail("gather", "indices of shape \(indices.shape) need the rank of shape \(shape)")
    }
    var wanted = shape
    wanted[axis] = indices.shape[axis]
    guard indices.shape.broadcast(with: wanted) == wanted else {
      return Misuse.fail("gather", "indices of shape \(indices.shape) do not fit shape \(shape) off axis \(axis)")
    }
    guard let positions = Positions(indices.detached().expanded(to: wanted), axis: axis, of: shape, "gather")
    else { return .placeholder }
    return Gather(positions, shape: wanted, input: shape)(self)
  }
}
