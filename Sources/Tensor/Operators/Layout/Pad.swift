/// What ``Tensor/padded(_:mode:)`` puts beside a tensor.
public enum PaddingMode: Sendable, Hashable {
  /// A number.
  case constant(Double)
  /// Neighbours in reverse, without the outermost itself.
  case reflect
  /// The outermost element.
  case replicate
  /// The other end.
  case circular
}

extension Tensor {
  /// Longer at both ends of the last axes by so many positions, one pair for each, the last pair for the last
  /// axis. Negative widths cut.
  ///
  /// Derivative: the cotangent's own part; copies of an element are added to it.
  /// - Precondition: At most one pair for each axis; reflections shorter than the axis, copies of the other end
  ///   not longer.
  public func padded(_ widths: [(before: Int, after: Int)], mode: PaddingMode = .constant(0)) -> Tensor {
    guard widths.count <= rank else {
      return Misuse.fail("padded", "\(widths.count) pairs of widths are too many for shape \(shape)")
    }
    if case .constant(let number) = mode { return surrounded(widths, number) }
    var result = self
    for (offset, width) in widths.enumerated() where width != (0, 0) {
      let axis = rank - widths.count + offset
      let length = shape[axis]
      // The other end is that of what is left.
      let start = Swift.max(-width.before, 0)
      let period = length - start - Swift.max(-width.after, 0)
      let widest = Swift.max(width.before, width.after)
      let most = mode == .reflect ? length - 1 : mode == .circular ? period : length > 0 ? .max : 0
      guard -width.before <= length + width.after, widest <= most else {
        return Misuse.fail("padded", "\(mode) cannot widen axis \(axis) of shape \(shape) by \(width)")
      }
      let positions = (-width.before..<length + width.after).map { position in
        switch mode {
        case .reflect: position < 0 ? -position : position < length ? position : 2 * (length - 1) - position
        case .circular: start + (position - start + period) % period
        default: Swift.min(Swift.max(position, 0), length - 1)
        }
      }
      result = result.take(Tensor(positions), axis: axis)
    }
    return result
  }

  /// Cut where widths are negative, then put into a constant.
  private func surrounded(_ widths: [(before: Int, after: Int)], _ number: Double) -> Tensor {
    var inner = self
    var wide = shape
    var region = SliceRegion(whole: shape)
    for (offset, width) in widths.enumerated() {
      let axis = rank - widths.count + offset
      wide[axis] += width.before + width.after
      let start = Swift.max(-width.before, 0)
      let count = shape[axis] - start - Swift.max(-width.after, 0)
      guard wide[axis] >= 0, count >= 0 else {
        return Misuse.fail("padded", "\(width) cuts more than axis \(axis) of shape \(shape) has")
      }
      inner = inner.part(axis, start, count)
      region.starts[axis] = Swift.max(width.before, 0)
    }
    var target = SliceRegion(whole: wide)
    target.starts = region.starts
    target.result = inner.shape
    if wide == inner.shape { return inner }
    return number == 0
      ? SliceEmbedding(target)(inner) : SliceUpdate(target)(Tensor.full(wide, number, dtype: dtype), inner)
  }
}
