enum Variance {
  /// 0 has a kink; it gets the slope 0, of every order.
  static let root = Formula("standardDeviation") { rootValue($0) }

  static func rootValue(_ v: Formula.Value) -> Formula.Value {
    sqrt(v).withSlope(in: v) { y in Formula.select(y .== 0, 0, 0.5 / y) }
  }

  static let squaredDifference = Formula("squaredDifference") { square($0 - $1) }
}

extension Tensor {
  /// The mean squared distance from the mean over some axes (nil: all), with n - `correction` instead of n:
  /// 1 estimates that of the population. NaN where that is not positive.
  ///
  /// Derivative: 2 (x - mean) / (n - correction).
  /// - Precondition: A floating-point dtype.
  public func variance(axes: [Int]? = nil, correction: Double = 0, keepDims: Bool = false) -> Tensor {
    composed("variance", of: [self]) {
      guard isFloating(self, "variance"),
        let reduced = ReducedAxes(shape, axes: axes, keepDims: keepDims, "variance")
      else { return .placeholder }
      let center = mean(axes: reduced.axes, keepDims: true)
      let sum = Variance.squaredDifference.reduced([self, center], reduced.axes, keepDims, "variance", mean: false)
      return sum / Swift.max(Double(reduced.reducedCount) - correction, 0)

    }
  }

  /// The square root of ``variance(axes:correction:keepDims:)``.
  ///
  /// Derivative: (x - mean) / ((n - correction) y); 0 where the deviation y is 0.
  /// - Precondition: A floating-point dtype.
  public func standardDeviation(axes: [Int]? = nil, correction: Double = 0, keepDims: Bool = false) -> Tensor {
    composed("standardDeviation", of: [self]) {
      guard isFloating(self, "standardDeviation") else { return .placeholder }
      return Variance.root.apply(variance(axes: axes, correction: correction, keepDims: keepDims))

    }
  }
}
