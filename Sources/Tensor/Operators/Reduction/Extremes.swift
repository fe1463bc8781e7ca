import CKernels

/// The largest or smallest over axes.
final class Extreme: Function, @unchecked Sendable {
  let axes: ReducedAxes
  let largest: Bool

  init(_ axes: ReducedAxes, largest: Bool) {
    self.axes = axes
    self.largest = largest
  }

  override var name: String { largest ? "max" : "min" }
  override var saves: [Saved] { [.input(0), .output(0)] }
  override var mayHoldTensors: Bool { false }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    return [
      Reduce.run(
        largest ? ADJ_REDUCE_MAX : ADJ_REDUCE_MIN, Reduce.identity, CollectionOfOne(x.storage), mask: axes.mask,
        keepDims: axes.keepDims
      ).map { Tensor($0) } ?? .placeholder
    ]
  }

  /// Something at the elements that are extreme, 0 elsewhere; linear in it.
  private static let tied = Formula("extreme.tied") { u, x, y in u * Formula.select(x .== y, 1, 0) }

  /// x, its extremes, and how many elements are equal to each: constants to every derivative.
  private func constants(_ saved: SavedTensors) -> (x: Tensor, extremes: Tensor, ties: Tensor) {
    withoutGrad {
      let x = saved.input(0).detached()
      let extremes = axes.restored(saved.output(0).detached())
      let ties = Extreme.tied.sum(Tensor.ones([], dtype: x.dtype), x, extremes, axes: axes.axes, keepDims: true)
      return (x, extremes, ties)
    }
  }

  /// Which element is the extreme one is not looked at.
  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [sets[0].map { ElementSets.reduced($0, axes) }]
  }

  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    axes.part(of: input, for: index)
  }

  override var spread: Spread? { { [axes] marks in [marks.united.map { axes.united($0) }] } }

  override func kink(_ inputs: [Tensor], _ results: [Tensor]) -> Kink? {
    let ties = inputs[0].detached() .== axes.restored(results[0])
    let shared = ties .& (ties.sum(axes: axes.axes, keepDims: true) .> 1)
    return shared.storage.firstTrue.map { position in
      let index = shared.shape.index(of: position)
      let value = inputs[0].storage.number(index)
      return Kink(index: index, values: [value, value], convention: "equal elements share its derivative evenly")
    }
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let (x, extremes, ties) = constants(saved)
    return [cotangents[0].map { Extreme.tied.apply([axes.restored($0) / ties, x, extremes])[0] }]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let (x, extremes, ties) = constants(saved)
    return [tangents[0].map { Extreme.tied.sum($0 / ties, x, extremes, axes: axes.axes, keepDims: axes.keepDims) }]
  }
}

extension Tensor {
  /// The largest element.
  public func max() -> Tensor { max(axes: nil) }
  /// The largest over one axis.
  public func max(axis: Int, keepDims: Bool = false) -> Tensor { max(axes: [axis], keepDims: keepDims) }

  /// The largest over some axes (nil: all); NaN where there is one.
  ///
  /// Derivative: to the largest element; ties share it evenly. The second derivative is 0.
  /// - Precondition: At least one element to choose from.
  public func max(axes: [Int]?, keepDims: Bool = false) -> Tensor {
    extreme(axes, keepDims, largest: true, "max")
  }

  /// The smallest element.
  public func min() -> Tensor { min(axes: nil) }
  /// The smallest over one axis.
  public func min(axis: Int, keepDims: Bool = false) -> Tensor { min(axes: [axis], keepDims: keepDims) }

  /// The smallest over some axes (nil: all); NaN where there is one.
  ///
  /// Derivative: to the smallest element; ties share it evenly. The second derivative is 0.
  /// - Precondition: At least one element to choose from.
  public func min(axes: [Int]?, keepDims: Bool = false) -> Tensor {
    extreme(axes, keepDims, largest: false, "min")
  }

  private func extreme(_ axes: [Int]?, _ keepDims: Bool, largest: Bool, _ operation: String) -> Tensor {
    guard let axes = ReducedAxes(shape, axes: axes, keepDims: keepDims, operation) else { return .placeholder }
    guard axes.reducedCount > 0 || axes.resultShape.elementCount == 0 else {
      return Misuse.fail(operation, "there is no element to choose from: shape \(shape) is empty along a reduced axis")
    }
    guard dtype != .bool else {
      return Misuse.fail(operation, "has no meaning for bool; convert with asType(.int32), or use any() or all()")
    }
    return Extreme(axes, largest: largest)(self)
  }

  /// The position of the largest element along an axis (nil: of the flattened tensor), as int64; the first
  /// among equals, and the first NaN where there is one.
  ///
  /// - Precondition: At least one element along the axis.
  public func argmax(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    argExtreme(axis, keepDims, largest: true, "argmax")
  }

  /// The position of the smallest element along an axis (nil: of the flattened tensor), as int64; the first
  /// among equals, and the first NaN where there is one.
  ///
  /// - Precondition: At least one element along the axis.
  public func argmin(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    argExtreme(axis, keepDims, largest: false, "argmin")
  }

  private func argExtreme(_ axis: Int?, _ keepDims: Bool, largest: Bool, _ operation: String) -> Tensor {
    guard let axis else {
      let flat = detached().flattened().argExtreme(0, false, largest: largest, operation)
      return keepDims ? flat.reshaped(Shape(repeating: 1, rank: rank)) : flat
    }
    guard let axis = normalizedAxis(axis, rank: rank, operation) else { return .placeholder }
    let (outer, length, inner) = shape.split(at: axis)
    guard length > 0 || outer * inner == 0 else {
      return Misuse.fail(operation, "there is no element to choose from along axis \(axis) of shape \(shape)")
    }
    var result = shape
    if keepDims { result[axis] = 1 } else { result.remove(at: axis) }
    let output = Storage(result, .int64)
    let input = storage.contiguous
    // A comparison for each element; in rehearsals, too, since positions are indices.
    _ = Meter.begins(count)
    withExtendedLifetime(input) {
      adj_arg_extreme(
        dtype.kernel, input.pointer, Int64(outer), Int64(length), Int64(inner), largest,
        output.typed(Int64.self))
    }
    return Tensor(output)
  }
}
