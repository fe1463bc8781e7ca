// Products are trees of pairs: a derivative multiplies, and never divides by what may be zero.

extension Tensor {
  /// The product of all elements.
  public func prod() -> Tensor { prod(axes: nil) }

  /// The product over one axis.
  public func prod(axis: Int, keepDims: Bool = false) -> Tensor { prod(axes: [axis], keepDims: keepDims) }

  /// The product over some axes (nil: all), 1 over no elements. Integers and bools are multiplied as int64.
  ///
  /// Derivative: the product of the other elements, right of every order where elements are zero.
  public func prod(axes: [Int]?, keepDims: Bool = false) -> Tensor {
    composed("prod", of: [self]) {
      guard let axes = ReducedAxes(shape, axes: axes, keepDims: keepDims, "prod") else { return .placeholder }
      var factors = (dtype.isFloatingPoint ? self : asType(.int64)).rows(axes)
      let last = factors.rank - 1
      if factors.shape[last] == 0 {
        return Tensor.ones(axes.resultShape, dtype: factors.dtype)
      }
      while factors.shape[last] > 1 {
        let length = factors.shape[last]
        let half = length / 2
        let pairs = factors.part(last, 0, half) * factors.part(last, half, half)
        factors =
          length % 2 == 0 ? pairs : concatenated([pairs, factors.part(last, length - 1, 1)], axis: last)
      }
      return factors.reshaped(axes.resultShape)

    }
  }

  /// Kept axes, then the reduced ones as one.
  func rows(_ axes: ReducedAxes) -> Tensor {
    var kept: [Int] = []
    var reduced: [Int] = []
    for axis in 0..<rank {
      if ReducedAxes.contains(axes.mask, axis, rank: rank) { reduced.append(axis) } else { kept.append(axis) }
    }
    let isInOrder = kept + reduced == Array(0..<rank)
    let moved = isInOrder ? self : permuted(kept + reduced)
    return moved.reshaped(Shape(kept.map { shape[$0] } + [axes.reducedCount]))
  }
}
