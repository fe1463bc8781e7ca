/// Axes in another order: a view.
final class Permute: LinearFunction, @unchecked Sendable {
  /// Which of the input's axes each axis of the result is.
  let order: [Int]

  init(_ order: [Int]) { self.order = order }

  override var name: String { "permute" }

  override func apply(_ x: Tensor) -> Tensor {
    let lead = x.rank - order.count
    var shape = x.shape
    var strides = x.storage.strides
    for (axis, source) in order.enumerated() {
      shape[lead + axis] = x.shape[lead + source]
      strides[lead + axis] = x.storage.strides[lead + source]
    }
    return Tensor(Storage(viewing: x.storage, shape: shape, strides: strides))
  }

  override func transpose(_ cotangent: Tensor) -> Tensor {
    var inverse = order
    for (axis, source) in order.enumerated() { inverse[source] = axis }
    return Permute(inverse)(cotangent)
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
    return Permute(order)(self)
  }

  /// Two axes exchanged. A view.
  public func transposed(_ first: Int, _ second: Int) -> Tensor {
    guard let a = normalizedAxis(first, rank: rank, "transposed"),
      let b = normalizedAxis(second, rank: rank, "transposed")
    else { return .placeholder }
    var order = Array(0..<rank)
    order.swapAt(a, b)
    return Permute(order)(self)
  }

  /// All axes in reverse order: a matrix's transpose. A view.
  public func transposed() -> Tensor { rank < 2 ? self : Permute(Array((0..<rank).reversed()))(self) }

  /// The matrices of the last two axes, each transposed.
  func matrixTransposed() -> Tensor { transposed(-2, -1) }
}
