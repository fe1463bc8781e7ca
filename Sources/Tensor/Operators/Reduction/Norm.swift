enum Norm {
  static let square = Formula("norm.square") { $0.applying(.square) }
  static let length = Formula("norm.length") { Variance.rootValue($0) }
  /// At least eps, where the root's kink at 0 does not count.
  static let boundedLength = Formula("normalize.length", inputs: 1, parameters: 1) { squares, eps in
    let length = Variance.rootValue(squares[0])
    return [Formula.select(length .< eps[0], eps[0], length)]
  }
  static let abs = Formula("norm.abs") { $0.applying(.abs) }
  /// |x|^p, whose derivatives at 0 are 0 for positive p.
  static let power = Formula("norm.power", inputs: 1, parameters: 1) { x, p in
    [Formula.select(x[0] .== 0, 0, pow(x[0].applying(.abs), p[0]))]
  }
  static let negativePower = Formula("norm.negativePower", inputs: 1, parameters: 1) { x, p in
    [pow(x[0].applying(.abs), p[0])]
  }
  /// s^(1/p), whose derivatives at 0 are 0.
  static let root = Formula("norm.root", inputs: 1, parameters: 1) { s, p in
    [Formula.select(s[0] .== 0, 0, pow(s[0], p[0]))]
  }
  static let negativeRoot = Formula("norm.negativeRoot", inputs: 1, parameters: 1) { s, p in [pow(s[0], p[0])] }
}

extension Tensor {
  /// The p-norm over some axes (nil: all): sum(|x|^p)^(1/p); with 0 the number of elements that are not 0, with
  /// infinity the largest magnitude, with -infinity the smallest.
  ///
  /// Derivative: sign(x) (|x| / y)^(p - 1), 0 where x or the norm y is 0; of the extremes, ties share evenly.
  /// - Precondition: A floating-point dtype.
  public func norm(_ p: Double = 2, axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    composed("norm", of: [self]) {
      guard isFloating(self, "norm") else { return .placeholder }
      guard !p.isNaN else { return Misuse.fail("norm", "the order is NaN") }
      func sum(_ formula: Formula) -> Tensor {
        formula.reduced([self], axes, keepDims, "norm", mean: false, parameters: SIMD2(p, 0))
      }
      switch p {
      case 0: return (self .!= 0).asType(dtype).sum(axes: axes, keepDims: keepDims)
      case 1: return sum(Norm.abs)
      case 2: return Norm.length.apply(sum(Norm.square))
      case .infinity: return Norm.abs.apply(self).max(axes: axes, keepDims: keepDims)
      case -.infinity: return Norm.abs.apply(self).min(axes: axes, keepDims: keepDims)
      case 0...: return Norm.root.apply(sum(Norm.power), SIMD2(1 / p, 0))
      default: return Norm.negativeRoot.apply(sum(Norm.negativePower), SIMD2(1 / p, 0))
      }

    }
  }
}
