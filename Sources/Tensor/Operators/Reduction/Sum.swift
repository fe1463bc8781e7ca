import CKernels

/// Sums over axes, times a constant: the mean is one too.
final class Sum: LinearFunction, @unchecked Sendable {
  let axes: ReducedAxes
  let scale: Double
  private let label: StaticString

  init(_ label: StaticString, _ axes: ReducedAxes, scale: Double = 1) {
    self.label = label
    self.axes = axes
    self.scale = scale
  }

  override var name: String { "\(label)" }

  override func apply(_ x: Tensor) -> Tensor {
    if axes.isAll, x.rank == axes.input.rank, x.storage.isContiguous, x.dtype.isFloatingPoint {
      return Tensor(Reduce.sumOfLeadingAxes(x.storage, kept: 1, result: axes.resultShape, scale: scale))
    }
    return sum(x)
  }

  private func sum(_ x: Tensor) -> Tensor {
    Reduce.run(
      ADJ_SUM, Reduce.identity, CollectionOfOne(x.storage), mask: axes.mask, keepDims: axes.keepDims,
      scale: scale
    ).map { Tensor($0) } ?? .placeholder
  }

  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    axes.part(of: input, for: index)
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [sets[0].map { ElementSets.reduced($0, axes) }]
  }

  override func transpose(_ cotangent: Tensor) -> Tensor {
    let scaled = scale == 1 ? cotangent : cotangent * scale
    return Expand(from: axes.keptShape, to: axes.input)(axes.restored(scaled))
  }
}

extension Tensor {
  /// The sum over all elements; integers and bools are summed as int64.
  public func sum() -> Tensor { sum(ReducedAxes(all: shape)) }

  /// The sum over one axis.
  public func sum(axis: Int, keepDims: Bool = false) -> Tensor {
    sum(ReducedAxes(shape, axis: axis, keepDims: keepDims, "sum"))
  }

  /// The sum over some axes (nil: all), which stay with length 1 where `keepDims` says so.
  ///
  /// Accurate to a few ulps of the sum of magnitudes whatever the length. Integers and bools are summed as
  /// int64. Derivative: 1 for each element.
  public func sum(axes: [Int]?, keepDims: Bool = false) -> Tensor {
    sum(ReducedAxes(shape, axes: axes, keepDims: keepDims, "sum"))
  }

  private func sum(_ axes: ReducedAxes?) -> Tensor {
    guard let axes else { return .placeholder }
    return Sum("sum", axes)(dtype.isFloatingPoint ? self : asType(.int64))
  }

  /// The mean over all elements.
  public func mean() -> Tensor { mean(ReducedAxes(all: shape)) }

  /// The mean over one axis.
  public func mean(axis: Int, keepDims: Bool = false) -> Tensor {
    mean(ReducedAxes(shape, axis: axis, keepDims: keepDims, "mean"))
  }

  /// The mean over some axes (nil: all); NaN over no elements.
  ///
  /// - Precondition: A floating-point dtype. Derivative: 1 / n for each of n elements.
  public func mean(axes: [Int]?, keepDims: Bool = false) -> Tensor {
    mean(ReducedAxes(shape, axes: axes, keepDims: keepDims, "mean"))
  }

  private func mean(_ axes: ReducedAxes?) -> Tensor {
    guard let axes else { return .placeholder }
    guard dtype.isFloatingPoint else {
      return Misuse.fail("mean", "needs floating-point numbers, got \(dtype); convert with asType(.float32)")
    }
    return Sum("mean", axes, scale: 1 / Double(axes.reducedCount))(self)
  }
}
