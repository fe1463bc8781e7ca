// Further functions of one tensor.

enum Numeric {
  static let frac = Formula("frac") { x in x - trunc(x) }
  static let scaledRound = Formula("roundToDecimals", inputs: 1, parameters: 1) { x, p in
    [round(x[0] * p[0]) / p[0]]
  }
  static let coarseRound = Formula("roundToTens", inputs: 1, parameters: 1) { x, p in
    [round(x[0] / p[0]) * p[0]]
  }
  static let isInf = Formula("isInf") { x in .!(x.applying(.isFinite) .| x.applying(.isNaN)) }
  static let signBit = Formula("signBit") { x in isNegative(x) }
  static let logit = Formula("logit") { x in logitValue(x) }
  static let clampedLogit = Formula("clampedLogit", inputs: 1, parameters: 1) { x, p in
    let high = 1 - p[0]
    let raised = Formula.select(x[0] .< p[0], p[0], x[0])
    return [logitValue(Formula.select(high .< x[0], high, raised))]
  }
  /// By its series near 0, where derivatives of the quotient would cancel.
  static let sinc = Formula("sinc") { x in
    let z = Double.pi * x
    let square = z * z
    var tail = square * (1.0 / 600)
    for k in (1...11).reversed() { tail = square * (1 / Double(2 * k * (2 * k + 1))) * (1 - tail) }
    return Formula.select(abs(z) .< 1.5, 1 - tail, sin(z) / z)
  }

  /// Also of -0.
  static func isNegative(_ x: Formula.Value) -> Formula.Value { (x .< 0) .| ((1 / x) .< 0) }

  private static func logitValue(_ x: Formula.Value) -> Formula.Value {
    log(x / (1 - x)).withSlope(in: x) { _ in 1 / (x * (1 - x)) }
  }
}

/// Each element's fraction, with its sign: x - trunc(x). Derivative: 1 everywhere.
///
/// Floating-point dtypes.
public func frac(_ x: Tensor) -> Tensor {
  guard isFloating(x, "frac") else { return .placeholder }
  return Numeric.frac.apply(x)
}

/// The nearest number of so many decimals (negative: tens, hundreds), halves to even.
///
/// Floating-point dtypes. Derivative: 0 everywhere.
public func round(_ x: Tensor, decimals: Int) -> Tensor {
  guard isFloating(x, "round") else { return .placeholder }
  if decimals == 0 { return round(x) }
  // A power of ten that is a whole number, so that it is exact.
  let scale = (0..<decimals.magnitude).reduce(1.0) { power, _ in power * 10 }
  return (decimals > 0 ? Numeric.scaledRound : Numeric.coarseRound).apply(x, SIMD2(scale, 0))
}

/// Where elements are infinite, as bool.
public func isInf(_ x: Tensor) -> Tensor { Numeric.isInf.apply(x) }

/// Where elements are negative or -0, as bool.
///
/// Floating-point dtypes.
public func signBit(_ x: Tensor) -> Tensor { Numeric.signBit.apply(x) }

/// log(x / (1 - x)), the inverse of sigmoid; NaN outside 0 ... 1. Derivative: 1 / (x (1 - x)).
///
/// Floating-point dtypes.
public func logit(_ x: Tensor) -> Tensor { Numeric.logit.apply(x) }

/// ``logit(_:)`` of x kept within `margin` ... 1 - `margin`. Derivative: 0 outside.
///
/// Floating-point dtypes.
public func logit(_ x: Tensor, margin: Double) -> Tensor {
  Numeric.clampedLogit.apply(x, SIMD2(margin, 0))
}

/// sin(pi x) / (pi x), 1 at 0, where every derivative is exact too.
///
/// Floating-point dtypes.
public func sinc(_ x: Tensor) -> Tensor { Numeric.sinc.apply(x) }

/// Angles in degrees, from radians.
public func degrees(_ x: Tensor) -> Tensor {
  guard isFloating(x, "degrees") else { return .placeholder }
  return x * (180 / Double.pi)
}

/// Angles in radians, from degrees.
public func radians(_ x: Tensor) -> Tensor {
  guard isFloating(x, "radians") else { return .placeholder }
  return x * (Double.pi / 180)
}

/// NaN and infinities replaced; the infinities by the largest finite numbers unless told otherwise.
///
/// Integers stay as they are. Derivative: 1 at what stays, 0 at what is replaced.
public func nanToNum(
  _ x: Tensor, nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil
) -> Tensor {
  guard x.dtype.isFloatingPoint else { return x }
  let largest =
    x.dtype == .float32 ? Double(Float.greatestFiniteMagnitude) : Double.greatestFiniteMagnitude
  let lowered = `where`(x .== .infinity, positiveInfinity ?? largest, x)
  let raised = `where`(x .== -.infinity, negativeInfinity ?? -largest, lowered)
  return `where`(isNaN(x), nan, raised)
}
