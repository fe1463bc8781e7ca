/// Axes in another order: a view.
final class Permute: LinearFunction, @unchecked Sendable {
  /// Which of the input's axes each axis of the result is.
  let order: Shape

  init(_ order: Shape) { self.order = order }

  /// Exchanges the axes of a matrix.
  static let matrix = Permute([1, 0])

  override var name: String { "permute" }
  override package var movesElements: Bool { true }

  override func apply(_ x: Tensor) -> Tensor {
    let lead = x.rank - order.rank
    var shape = x.storage.shape
    var strides = x.storage.strides
    for axis in 0..<order.rank {
      shape[lead + axis] = x.storage.shape[lead + order[axis]]
      strides[lead + axis] = x.storage.strides[lead + order[axis]]
    }
    return Tensor(Storage(viewing: x.storage, shape: shape, strides: strides))
  }

  override func transpose(_ cotangent: Tensor) -> Tensor {
    var inverse = order
    for axis in 0..<order.rank { inverse[order[axis]] = axis }
    return (inverse == order ? self : Permute(inverse))(cotangent)
  }
}

extension Tensor {
  /// Axes in another order: axis i of the result is axis `axes[i]` of this. A view.
  ///
  /// - Precondition: Every axis is named once.
  public func permuted(_ axes: [Int]) -> Tensor {
    let order = axes.map { $0 < 0 ? $0 + rank : $0 }
    guard order.sorted() == Array(0..<rank) else {
      return Misuse.fail("permuted", "\(axes) does not name each axis of shape \(shape) once")
    }
    return Permute(Shape(order))(self)
  }

  /// Two axes exchanged. A view.
  public func transposed(_ first: Int, _ second: Int) -> Tensor {
    guard let a = normalizedAxis(first, rank: rank, "transposed"),
      let b = normalizedAxis(second, rank: rank, "transposed")
    else { return .placeholder }
    var order = Shape()
    for axis in 0..<rank { order.append(axis == a ? b : axis == b ? a : axis) }
    return Permute(order)(self)
  }

  /// All axes in reverse order: a matrix's transpose. A view.
  public func transposed() -> Tensor {
    if rank == 2 { return Permute.matrix(self) }
    var order = Shape()
    for axis in 0..<rank { order.append(rank - 1 - axis) }
    return rank < 2 ? self : Permute(order)(self)
  }
}
