/// The same elements in row-major order under another shape; a view where the strides allow it.
final class Reshape: LinearFunction, @unchecked Sendable {
  let input: Shape
  let result: Shape

  init(from input: Shape, to result: Shape) {
    self.input = input
    self.result = result
  }

  override var name: String { "reshape" }
  override package var movesElements: Bool { true }

  override func apply(_ x: Tensor) -> Tensor {
    let shape = x.shape.first(x.rank - input.rank).followed(by: result)
    if let strides = Reshape.viewStrides(x.storage, as: shape) {
      return Tensor(Storage(viewing: x.storage, shape: shape, strides: strides))
    }
    let copy = x.storage.copied()
    return Tensor(Storage(viewing: copy, shape: shape, strides: shape.rowMajorStrides))
  }

  override func transpose(_ cotangent: Tensor) -> Tensor { Reshape(from: result, to: input)(cotangent) }

  /// Strides that read the storage under another shape without a copy, or nil where there are none.
  private static func viewStrides(_ storage: Storage, as shape: Shape) -> Strides? {
    if storage.isContiguous { return shape.rowMajorStrides }
    var strides = Strides(repeating: 0, rank: shape.rank)
    // Groups of old and new axes that cover the same elements, from the left.
    var old = 0
    var new = 0
    while old < storage.shape.rank && new < shape.rank {
      var oldCount = storage.shape[old]
      var newCount = shape[new]
      let oldFirst = old
      let newFirst = new
      while oldCount != newCount {
        if newCount < oldCount {
          new += 1
          newCount *= shape[new]
        } else {
          old += 1
          oldCount *= storage.shape[old]
        }
      }
      guard let step = commonStep(storage, oldFirst...old) else { return nil }
      var stride = step
      for axis in (newFirst...new).reversed() {
        strides[axis] = stride
        stride *= shape[axis]
      }
      old += 1
      new += 1
    }
    return strides
  }

  /// The stride with which several axes are walked as one, or nil.
  private static func commonStep(_ storage: Storage, _ axes: ClosedRange<Int>) -> Int? {
    var step: Int?
    var expected = 0
    for axis in axes.reversed() where storage.shape[axis] != 1 {
      if step == nil { step = storage.strides[axis] } else if storage.strides[axis] != expected { return nil }
      expected = storage.strides[axis] * storage.shape[axis]
    }
    return step ?? 0
  }
}

extension Tensor {
  /// The same elements, in row-major order, with another shape; one length may be -1 and is worked out.
  ///
  /// A view where possible. Derivative: the cotangent, reshaped back.
  /// - Precondition: As many elements as before.
  public func reshaped(_ shape: Shape) -> Tensor {
    guard let shape = resolved(shape) else { return .placeholder }
    return shape == self.shape ? self : Reshape(from: self.shape, to: shape)(self)
  }

  /// The elements in row-major order, along one axis.
  public func flattened() -> Tensor { rank == 1 ? self : Reshape(from: shape, to: [count])(self) }

  /// Without an axis of length 1, or without all of them.
  public func squeezed(axis: Int? = nil) -> Tensor {
    var result = Shape()
    if let axis {
      guard let position = normalizedAxis(axis, rank: rank, "squeezed") else { return .placeholder }
      guard shape[position] == 1 else {
        return Misuse.fail("squeezed", "axis \(axis) of shape \(shape) has length \(shape[position]), not 1")
      }
      result = shape
      result.remove(at: position)
    } else {
      for length in shape where length != 1 { result.append(length) }
    }
    return reshaped(result)
  }

  /// With a new axis of length 1, which will be axis `axis` of the result.
  public func unsqueezed(axis: Int) -> Tensor {
    guard rank < Shape.maxRank else { return Misuse.fail("unsqueezed", "rank \(rank) is the most there is") }
    guard let position = normalizedAxis(axis, rank: rank + 1, "unsqueezed") else { return .placeholder }
    var result = shape
    result.insert(1, at: position)
    return Reshape(from: shape, to: result)(self)
  }

  private func resolved(_ wanted: Shape) -> Shape? {
    var result = wanted
    let open = wanted.indices.filter { wanted[$0] == -1 }
    let known = wanted.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
    if open.count == 1 && known > 0 && count % known == 0 { result[open[0]] = count / known }
    guard result.allSatisfy({ $0 >= 0 }), result.elementCount == count else {
      Misuse.report("reshaped", "\(shape) has \(counted(count, "element")) and cannot become \(wanted)")
      return nil
    }
    return result
  }
}
