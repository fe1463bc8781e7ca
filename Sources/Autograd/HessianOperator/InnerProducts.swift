import Tensor

// Inner products and lengths of vectors along the last axis, as float64: the square of a float32 number far from 1
// is no float32 number.

private let product = Formula("innerProduct") { x, y in x * y }

/// <x, y>, one for each vector, summed in float64.
func innerProducts(_ x: Tensor, _ y: Tensor) -> [Double] {
  product.sum(x.detached().asType(.float64), y.detached().asType(.float64), axes: [-1]).scalars(as: Double.self)
}

/// The 2-norms, one for each vector, wherever they are numbers of float64.
func norms(_ x: Tensor) -> [Double] {
  let wide = x.detached().asType(.float64)
  let squares = innerProducts(wide, wide)
  // Of a sum that is far from the ends nothing was lost that counts.
  if squares.allSatisfy({ $0 > 0x1p-900 && $0 < .infinity }) { return squares.map { $0.squareRoot() } }
  let scales = powersOfTwo(wide)
  let scaled = wide / column(scales, like: wide)
  return zip(scales, innerProducts(scaled, scaled)).map { $0 * $1.squareRoot() }
}

/// For each vector the power of two at its largest magnitude, or 1 where that is zero or not finite: dividing by
/// it changes no digit.
func powersOfTwo(_ x: Tensor) -> [Double] {
  guard x.shape[x.rank - 1] > 0 else { return Array(repeating: 1, count: x.shape.first(x.rank - 1).elementCount) }
  return abs(x.detached().asType(.float64)).max(axis: -1).scalars(as: Double.self).map {
    $0 > 0 && $0.isFinite ? Double(sign: .plus, exponent: $0.exponent, significand: 1) : 1
  }
}

/// A number for each vector, of a shape that broadcasts with them.
func column(_ numbers: [Double], like x: Tensor) -> Tensor {
  Tensor(numbers).reshaped(x.shape.first(x.rank - 1).followed(by: [1])).asType(x.dtype)
}
