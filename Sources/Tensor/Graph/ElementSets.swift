/// Sets of seeds for each element of a tensor: which of them its tangent may depend on.
///
/// A seed is a bit. Sets are int64 tensors that have one extra leading axis, of as many words as the seeds take, before
/// the axes of the tensor whose elements they are about. So operators that move elements move sets as they are; the
/// others unite them, here.
package enum ElementSets {
  /// The union of two families of sets; nil is empty.
  package static func union(_ a: Tensor?, _ b: Tensor?) -> Tensor? {
    guard let a, let b else { return a ?? b }
    let shape = a.shape.broadcast(with: b.shape)!
    let left = a.expanded(to: shape).storage.contiguous
    let right = b.expanded(to: shape).storage.contiguous
    let result = Storage(shape, .int64)
    let (x, y, z) = (left.typed(Int64.self), right.typed(Int64.self), result.typed(Int64.self))
    for index in 0..<result.count { z[index] = x[index] | y[index] }
    withExtendedLifetime((left, right)) {}
    return Tensor(result)
  }

  /// Repeated over the axes that an operation repeats, as the elements are.
  static func widened(_ sets: Tensor, of node: Node, input index: Int, to shape: Shape) -> Tensor {
    let (source, output) = node.source(index)!
    return sets.widened(from: source.shape(ofOutput: output), to: shape)
  }

  /// The unions along axes, which stay with length 1. A mask's bit i is the axis that has i axes behind it.
  static func united(_ sets: Tensor, along mask: UInt32) -> Tensor {
    let rank = sets.rank
    let reduced = (0..<rank).filter { ReducedAxes.contains(mask, $0, rank: rank) }
    let kept = (0..<rank).filter { !reduced.contains($0) }
    let source = sets.permuted(kept + reduced).storage.contiguous
    var shape = sets.shape
    for axis in reduced { shape[axis] = 1 }
    let result = Storage(shape, .int64)
    let width = reduced.reduce(1) { $0 * sets.shape[$1] }
    let (x, y) = (source.typed(Int64.self), result.typed(Int64.self))
    for row in 0..<result.count {
      var all: Int64 = 0
      for index in row * width..<(row + 1) * width { all |= x[index] }
      y[row] = all
    }
    withExtendedLifetime(source) {}
    return Tensor(result)
  }

  /// The unions of each set and those before it along an axis, counted from the end, or behind it.
  static func accumulated(_ sets: Tensor, along axis: Int, isReverse: Bool) -> Tensor {
    let result = sets.storage.copied()
    let (outer, length, inner) = sets.shape.split(at: axis + sets.rank)
    let elements = result.typed(Int64.self)
    for slab in 0..<outer {
      for step in stride(from: 1, to: length, by: 1) {
        let place = isReverse ? length - 1 - step : step
        let to = elements + (slab * length + place) * inner
        let from = isReverse ? to + inner : to - inner
        for index in 0..<inner { to[index] |= from[index] }
      }
    }
    return Tensor(result)
  }

  /// The unions over the axes of a reduction.
  static func reduced(_ sets: Tensor, _ axes: ReducedAxes) -> Tensor {
    united(sets, along: axes.mask).reshaped(
      sets.shape.first(sets.rank - axes.input.rank).followed(by: axes.resultShape))
  }

  /// For a function each of whose results depends on all elements along an axis, counted from the end.
  static func shared(_ sets: Tensor, along axis: Int, of shape: Shape) -> Tensor {
    var narrow = shape
    narrow[axis + shape.rank] = 1
    return united(sets, along: 1 << UInt32(-axis - 1)).widened(from: narrow, to: shape)
  }

  /// Each set added at its position along an axis: `sets` has the positions' shape in the place of that axis, between
  /// `outer` and `inner` elements.
  static func spread(_ sets: Tensor, outer: Int, inner: Int, _ positions: Positions, into shape: Shape) -> Tensor {
    let whole = Tensor.zeros(shape, dtype: .int64)
    let source = sets.storage.contiguous
    let (x, y) = (source.typed(Int64.self), whole.storage.typed(Int64.self))
    for slab in 0..<outer {
      for (place, position) in UnsafeBufferPointer(start: positions.pointer, count: positions.count).enumerated() {
        let from = x + (slab * positions.count + place) * inner
        let to = y + (slab * positions.length + Int(position)) * inner
        for index in 0..<inner { to[index] |= from[index] }
      }
    }
    withExtendedLifetime(source) {}
    return whole
  }

  /// As `spread`, with a position for each element off the axis, too.
  static func scatter(_ sets: Tensor, lead: Int, outer: Int, inner: Int, _ positions: Positions, into shape: Shape)
    -> Tensor
  {
    let whole = Tensor.zeros(shape, dtype: .int64)
    let source = sets.storage.contiguous
    let (x, y) = (source.typed(Int64.self), whole.storage.typed(Int64.self))
    let count = outer == 0 || inner == 0 ? 0 : positions.count / (outer * inner)
    for slab in 0..<lead * outer {
      for place in 0..<count * inner {
        let position = Int(positions.pointer[slab % outer * count * inner + place])
        y[(slab * positions.length + position) * inner + place % inner] |= x[slab * count * inner + place]
      }
    }
    withExtendedLifetime(source) {}
    return whole
  }
}
