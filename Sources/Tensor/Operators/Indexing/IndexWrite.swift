// Slabs along an axis written or added at positions, and elements under a mask.

extension Tensor {
  /// With the source's slabs added at positions along an axis; repeated ones add up.
  ///
  /// Derivatives: 1; and for the source the cotangents of its places.
  /// - Precondition: A vector of integers within the axis; a source with one slab for each.
  public func indexAdd(_ indices: Tensor, _ source: Tensor, axis: Int) -> Tensor {
    guard let positions = slabs(indices, source, axis, "indexAdd") else { return .placeholder }
    return self + TakeTranspose(positions, shape: indices.shape)(source)
  }

  /// With the source's slabs at positions along an axis; the last counts where positions repeat.
  ///
  /// Derivatives: 0 at what is overwritten; to the source, what was written.
  /// - Precondition: A vector of integers within the axis; a source with one slab for each.
  public func indexCopy(_ indices: Tensor, _ source: Tensor, axis: Int) -> Tensor {
    copied(indices, source, axis, "indexCopy")
  }

  private func copied(_ indices: Tensor, _ source: Tensor, _ axis: Int, _ operation: String) -> Tensor {
    guard let positions = slabs(indices, source, axis, operation) else { return .placeholder }
    var front = movedAxis(axis, to: 0)
    if positions.count > 0 { front[Tensor(positions.storage)] = source.movedAxis(axis, to: 0) }
    return front.movedAxis(0, to: axis)
  }

  /// With one number, a tensor of rank 0, in the slabs at positions along an axis.
  ///
  /// Derivatives: 0 at what is overwritten; to the number, the sum of what was written.
  /// - Precondition: A vector of integers within the axis; equal dtypes.
  public func indexFill(_ indices: Tensor, _ value: Tensor, axis: Int) -> Tensor {
    guard value.rank == 0 else {
      return Misuse.fail("indexFill", "takes one number, got shape \(value.shape); see indexCopy")
    }
    guard indices.rank == 1, let axis = normalizedAxis(axis, rank: rank, "indexFill") else {
      return Misuse.fail("indexFill", "needs a vector of indices, got shape \(indices.shape)")
    }
    var part = shape
    part[axis] = indices.count
    return copied(indices, value.expanded(to: part), axis, "indexFill")
  }
  /// As ``indexFill(_:_:axis:)`` with a number, which takes the dtype.
  public func indexFill(_ indices: Tensor, _ value: Double, axis: Int) -> Tensor {
    indexFill(indices, Tensor.full([], value, dtype: dtype), axis: axis)
  }

  private func slabs(_ indices: Tensor, _ source: Tensor, _ axis: Int, _ operation: String) -> Positions? {
    guard let axis = normalizedAxis(axis, rank: rank, operation) else { return nil }
    var part = shape
    part[axis] = indices.count
    guard indices.rank == 1, source.shape == part, source.dtype == dtype else {
      Misuse.report(
        operation,
        "indices \(indices.shape) and a source of \(source.dtype) \(source.shape) do not fit axis \(axis) of \(dtype) "
          + "\(shape); they need a vector and its slabs, of one dtype")
      return nil
    }
    return Positions(indices, axis: axis, of: shape, operation)
  }

  /// With a number, or the elements of a tensor that broadcasts, where a mask is true.
  ///
  /// Derivatives: 0 where filled; to the value, the cotangents there.
  /// - Precondition: A bool mask, a value of the same dtype.
  public func maskedFill(_ mask: Tensor, _ value: Double) -> Tensor {
    masked(mask, "maskedFill") == nil ? .placeholder : `where`(.!mask, self, value)
  }
  /// As ``maskedFill(_:_:)`` with a tensor, which broadcasts.
  public func maskedFill(_ mask: Tensor, _ value: Tensor) -> Tensor {
    guard let wide = masked(mask, "maskedFill") else { return .placeholder }
    guard value.dtype == dtype, wide.broadcast(with: value.shape) != nil else {
      return Misuse.fail("maskedFill", "a value of \(value.dtype) \(value.shape) does not fit \(dtype) \(wide)")
    }
    return `where`(mask, value, self)
  }

  /// The elements where a mask is true, in row-major order; both broadcast.
  ///
  /// Derivative: the cotangents at their places.
  /// - Precondition: A bool mask.
  public func maskedSelect(_ mask: Tensor) -> Tensor {
    guard let wide = masked(mask, "maskedSelect") else { return .placeholder }
    return expanded(to: wide).flattened()[mask.expanded(to: wide).flattened()]
  }

  /// With the first elements of the source, in row-major order, where a mask is true; both broadcast.
  ///
  /// Derivatives: 0 at what is overwritten; to the source, what was written.
  /// - Precondition: A bool mask, a source of the same dtype with enough elements.
  public func maskedScatter(_ mask: Tensor, _ source: Tensor) -> Tensor {
    guard let wide = masked(mask, "maskedScatter") else { return .placeholder }
    let flags = mask.expanded(to: wide).flattened()
    let count = Int(flags.sum().item())
    guard count <= source.count, source.dtype == dtype else {
      return Misuse.fail(
        "maskedScatter",
        "the mask is true \(counted(count, "time")) in \(dtype) numbers, the source has "
          + counted(source.count, "\(source.dtype) element"))
    }
    var flat = expanded(to: wide).flattened()
    if count > 0 { flat[flags] = source.flattened().part(0, 0, count) }
    return flat.reshaped(wide)
  }

  private func masked(_ mask: Tensor, _ operation: String) -> Shape? {
    guard mask.dtype == .bool, let wide = shape.broadcast(with: mask.shape) else {
      Misuse.report(operation, "the mask is \(mask.dtype) \(mask.shape); it must be bool and broadcast with \(shape)")
      return nil
    }
    return wide
  }
}
