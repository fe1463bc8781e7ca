/// What ``Tensor/quantile(_:axis:keepDims:interpolation:ignoringNaN:)`` gives between two elements.
public enum QuantileInterpolation: Sendable, Hashable { case linear, lower, higher, midpoint, nearest }

extension Tensor {
  /// The elements at these fractions of the way from the smallest to the largest along an axis: the fractions'
  /// axis (none for one of rank 0) comes first. NaN where there is one, unless `ignoringNaN`.
  ///
  /// Derivatives: to the two elements, by their weights; for the fraction their difference times n - 1, where
  /// linear.
  /// - Precondition: Equal floating-point dtypes, fractions within 0 ... 1 of rank 0 or 1, at least one element.
  public func quantile(
    _ fractions: Tensor, axis: Int, keepDims: Bool = false, interpolation: QuantileInterpolation = .linear,
    ignoringNaN: Bool = false
  ) -> Tensor {
    composed("quantile", of: [self]) {
      guard isFloating(self, "quantile"), let axis = normalizedAxis(axis, rank: rank, "quantile") else {
        return .placeholder
      }
      guard fractions.rank <= 1, fractions.dtype == dtype, shape[axis] > 0 else {
        return Misuse.fail(
          "quantile", "fractions of \(fractions.dtype) \(fractions.shape) do not fit \(dtype) \(shape), axis \(axis)")
      }
      let (least, most) =
        fractions.count > 0 ? (fractions.detached().min().item(), fractions.detached().max().item()) : (0, 0)
      guard least >= 0, most <= 1 else {
        return Misuse.fail("quantile", "the fractions lie within \(least) ... \(most); they must lie within 0 ... 1")
      }
      let lines = movedAxis(axis, to: -1)
      let ordered = lines.sorted().values
      let known = (.!isNaN(lines.detached())).sum(axis: -1, keepDims: true).asType(dtype)
      let place = fractions.reshaped([-1]) * maximum(known - 1, 0)
      func element(_ position: Tensor) -> Tensor { ordered.gather(position.asType(.int64), axis: -1) }
      let (low, high) = (floor(place.detached()), ceil(place.detached()))
      let found: Tensor
      switch interpolation {
      case .linear: found = lerp(element(low), element(high), place - low)
      case .lower: found = element(low)
      case .higher: found = element(high)
      case .midpoint: found = lerp(element(low), element(high), 0.5)
      case .nearest: found = element(round(place.detached()))
      }
      let isComplete = ignoringNaN ? known .> 0 : known .== Double(shape[axis])
      let result = `where`(isComplete, found, .nan).movedAxis(-1, to: 0)
      let kept = keepDims ? result.unsqueezed(axis: axis + 1) : result
      return fractions.rank == 0 ? kept.squeezed(axis: 0) : kept

    }
  }
}
