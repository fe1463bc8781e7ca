// Parts along an axis: views.

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
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return part(axis, start, size)
    }
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
    return (0..<shape[axis]).map { part(axis, $0, 1).squeezed(axis: axis) }
  }
}
