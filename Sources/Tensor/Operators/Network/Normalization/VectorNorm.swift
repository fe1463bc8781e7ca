/// p-norms along one axis, as losses and ``normalize(_:p:axis:eps:)`` need them.
enum VectorNorm {
  private static let absolute = Formula("vectorNorm.absolute") { x in abs(x) }
  private static let squares = Formula("vectorNorm.square") { x in square(x) }
  private static let powers = Formula("vectorNorm.power", inputs: 1, parameters: 1) { v, p in
    [pow(abs(v[0]), p[0])]
  }

  /// The norm of x along an axis counted from the end, which stays with length 1.
  static func of(_ x: Tensor, _ p: Double, axis: Int) -> Tensor {
    switch p {
    case 0:
      return (x.detached() .!= Tensor.zeros([], dtype: x.dtype)).asType(x.dtype).sum(
        axis: axis, keepDims: true)
    case 1: return absolute.sum(x, axes: [axis], keepDims: true)
    case 2: return sqrt(squares.sum(x, axes: [axis], keepDims: true))
    case .infinity: return abs(x).max(axis: axis, keepDims: true)
    case -.infinity: return abs(x).min(axis: axis, keepDims: true)
    default:
      let sum = powers.reduced([x], [axis], true, "sum", mean: false, parameters: SIMD2(p, 0))
      return pow(sum, 1 / p)
    }
  }
}
