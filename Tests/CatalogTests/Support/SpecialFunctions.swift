import Foundation

/// Special functions in plain Swift, from textbook formulas, as references.
enum SpecialFunctions {
  /// Bernoulli numbers B2, B4, ...
  private static let bernoulli: [Double] = [
    1 / 6.0, -1 / 30.0, 1 / 42.0, -1 / 30.0, 5 / 66.0, -691 / 2730.0, 7 / 6.0, -3617 / 510.0,
  ]

  private static func factorial(_ n: Int) -> Double { (1...Swift.max(n, 1)).reduce(1) { $0 * Double($1) } }

  /// By recurrence to large arguments and the asymptotic series there.
  static func digamma(_ x: Double) -> Double {
    var x = x
    var shift = 0.0
    while x < 24 {
      shift += 1 / x
      x += 1
    }
    var series = log(x) - 0.5 / x
    for (index, b) in bernoulli.enumerated() {
      let k = Double(2 * (index + 1))
      series -= b / (k * pow(x, k))
    }
    return series - shift
  }

  /// As ``digamma(_:)``, for n >= 1.
  static func polygamma(_ n: Int, _ x: Double) -> Double {
    var x = x
    var shift = 0.0
    while x < 24 {
      shift += factorial(n) / pow(x, Double(n + 1))
      x += 1
    }
    var series = factorial(n - 1) / pow(x, Double(n)) + factorial(n) / (2 * pow(x, Double(n + 1)))
    for (index, b) in bernoulli.enumerated() {
      let k = 2 * (index + 1)
      series += b * factorial(k + n - 1) / (factorial(k) * pow(x, Double(k + n)))
    }
    return (n % 2 == 1 ? 1 : -1) * (series + shift)
  }

  /// By Newton's iteration on erf, or on the logarithm of erfc in the tails.
  static func erfinv(_ p: Double) -> Double {
    if Swift.abs(p) == 1 { return p * .infinity }
    if Swift.abs(p) > 1 || p.isNaN { return .nan }
    if p == 0 { return p }
    let q = 1 - Swift.abs(p)
    var y = sqrt(-log(q * (2 - q))) * 0.9
    for _ in 0..<60 {
      let slope = 2 / Double.pi.squareRoot() * exp(-y * y)
      let error = q < 0.5 ? q - erfc(y) : erf(y) - Swift.abs(p)
      y -= error / slope
    }
    return p < 0 ? -y : y
  }

  /// The library's cube root, which may be off by some ulps, after a step of Newton's iteration.
  static func cubeRoot(_ x: Double) -> Double {
    let y = cbrt(x)
    return y - (y * y * y - x) / (3 * y * y)
  }

  static func logGamma(_ x: Double) -> Double {
    let value: Double = lgamma(x)
    return value
  }
}
