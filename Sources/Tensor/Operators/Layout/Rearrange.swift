// Axes and positions in another order.

extension Tensor {
  /// Some axes (nil: all) in reverse order. A view.
  public func flipped(axes: [Int]? = nil) -> Tensor {
    guard let axes = normalizedAxes(axes ?? Array(0..<rank), rank: rank, "flipped") else { return .placeholder }
    return axes.reduce(self) { x, axis in
      x.shape[axis] < 2 ? x : x.part(axis, x.shape[axis] - 1, x.shape[axis], step: -1)
    }
  }

  /// Positions of an axis moved on by `shift`, those at the end coming first.
  public func rolled(by shift: Int, axis: Int) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "rolled") else { return .placeholder }
    let length = shape[axis]
    guard length > 0, shift % length != 0 else { return self }
    let cut = length - ((shift % length) + length) % length
    return concatenated([part(axis, cut, length - cut), part(axis, 0, cut)], axis: axis)
  }

  /// Elements in row-major order moved on by `shift`, those at the end coming first.
  public func rolled(by shift: Int) -> Tensor { flattened().rolled(by: shift, axis: 0).reshaped(shape) }

  /// Turned by quarters in the plane of two axes, from the first towards the second. A view.
  ///
  /// - Precondition: Two different axes.
  public func rotated(quarters: Int = 1, from first: Int = 0, to second: Int = 1) -> Tensor {
    guard let axes = normalizedAxes([first, second], rank: rank, "rotated") else { return .placeholder }
    let isForwards = (first < 0 ? first + rank : first) == axes[0]
    let (a, b) = isForwards ? (axes[0], axes[1]) : (axes[1], axes[0])
    switch ((quarters % 4) + 4) % 4 {
    case 1: return flipped(axes: [b]).transposed(a, b)
    case 2: return flipped(axes: [a, b])
    case 3: return transposed(a, b).flipped(axes: [b])
    default: return self
    }
  }

  /// Axes moved to other places, the others keeping their order. A view.
  ///
  /// - Precondition: As many places as axes, none named twice.
  public func movedAxes(_ sources: [Int], to destinations: [Int]) -> Tensor {
    guard sources.count == destinations.count else {
      return Misuse.fail("movedAxes", "\(sources.count) axes cannot go to \(destinations.count) places")
    }
    guard normalizedAxes(sources, rank: rank, "movedAxes") != nil,
      normalizedAxes(destinations, rank: rank, "movedAxes") != nil
    else { return .placeholder }
    let from = sources.map { $0 < 0 ? $0 + rank : $0 }
    let to = destinations.map { $0 < 0 ? $0 + rank : $0 }
    var rest = (0..<rank).filter { !from.contains($0) }[...]
    return permuted((0..<rank).map { axis in to.firstIndex(of: axis).map { from[$0] } ?? rest.removeFirst() })
  }

  /// An axis moved to another place, the others keeping their order. A view.
  public func movedAxis(_ source: Int, to destination: Int) -> Tensor { movedAxes([source], to: [destination]) }
}

/// Each coordinate of the grid that vectors span, in the order of the vectors: `result[k][i, j, ...]` is element
/// i, j, ... of vector k. Views.
///
/// - Precondition: Ranks 0 or 1.
public func meshgrid(_ vectors: [Tensor]) -> [Tensor] {
  guard vectors.allSatisfy({ $0.rank <= 1 }), vectors.count <= Shape.maxRank else {
    Misuse.report("meshgrid", "needs at most \(Shape.maxRank) vectors, got shapes \(vectors.map(\.shape))")
    return vectors.map { _ in .placeholder }
  }
  let wide = Shape(vectors.map(\.count))
  return vectors.enumerated().map { axis, vector in
    var shape = Shape(repeating: 1, rank: vectors.count)
    shape[axis] = vector.count
    return vector.reshaped(shape).expanded(to: wide)
  }
}
