// Reductions that count, and those that leave NaN out.

enum Counting {
  static let withoutNaN = Formula("nansum") { x in Formula.select(x.applying(.isNaN), 0, x) }
}

extension Tensor {
  /// Whether an element is true (not 0) over some axes (nil: all), as bool; NaN counts as true.
  public func any(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    counted(truths, axes, keepDims, "any") .> 0
  }

  /// Whether all elements are true (not 0) over some axes (nil: all), as bool; NaN counts as true.
  public func all(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    counted(.!truths, axes, keepDims, "all") .== 0
  }

  /// The number of elements that are not 0 over some axes (nil: all), as int64.
  public func countNonzero(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    counted(truths, axes, keepDims, "countNonzero")
  }

  private func counted(_ flags: Tensor, _ axes: [Int]?, _ keepDims: Bool, _ operation: String) -> Tensor {
    guard ReducedAxes(shape, axes: axes, keepDims: keepDims, operation) != nil else { return .placeholder }
    return flags.sum(axes: axes, keepDims: keepDims)
  }

  private var truths: Tensor { detached().asType(.bool) }

  /// The sum of the elements that are not NaN over some axes (nil: all).
  ///
  /// Derivative: 1, 0 at NaN.
  public func nansum(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    guard dtype.isFloatingPoint else { return sum(axes: axes, keepDims: keepDims) }
    return Counting.withoutNaN.reduced([self], axes, keepDims, "nansum", mean: false)
  }

  /// The mean of the elements that are not NaN over some axes (nil: all); NaN where there is none.
  ///
  /// Derivative: 1 / n for n elements that are not NaN, 0 at NaN.
  /// - Precondition: A floating-point dtype.
  public func nanmean(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    composed("nanmean", of: [self]) {
      guard isFloating(self, "nanmean"), ReducedAxes(shape, axes: axes, keepDims: keepDims, "nanmean") != nil else {
        return .placeholder
      }
      let count = (.!isNaN(self)).sum(axes: axes, keepDims: keepDims).asType(dtype)
      return nansum(axes: axes, keepDims: keepDims) / count

    }
  }
}

/// log(sum(exp(x))) over several axes, without overflow; -inf over no elements.
///
/// Derivative, with y the result: u exp(x - y).
/// - Precondition: A floating-point dtype.
public func logSumExp(_ x: Tensor, axes: [Int], keepDims: Bool = false) -> Tensor {
  composed("logSumExp", of: [x]) {
    guard isFloating(x, "logSumExp"),
      let reduced = ReducedAxes(x.shape, axes: axes, keepDims: keepDims, "logSumExp")
    else { return .placeholder }
    return logSumExp(x.rows(reduced), axis: -1).reshaped(reduced.resultShape)
  }
}
