import Foundation

/// How a cost grows with the number of variables N: as a power, beside an overhead that does not grow.
enum CostGrowth {
  /// `overhead + c N^exponent`, as fitted.
  struct Fit: Encodable {
    /// Nil where the overhead is more than half of the cost at the largest size, so that nothing is known of the rest, and
    /// where the costs scatter too much to say.
    let exponent: Double?
    /// In the unit of the cost; of finite differences in time, for each variable.
    let overhead: Double
    /// The sizes that it was fitted to.
    let sizes: [Int]
  }

  /// The fit to the sizes of the last two decades, but to at least four; nil where fewer than three are known.
  ///
  /// - Parameter overheadPower: 1 where there is an overhead for each variable, not one for all.
  static func fit(_ points: [(count: Int, cost: Double)], overheadPower: Double = 0) -> Fit? {
    let known = points.filter { $0.cost > 0 && $0.count > 0 }.sorted { $0.count < $1.count }
    guard let largest = known.last?.count, Set(known.map(\.count)).count >= 3 else { return nil }
    let used = known.suffix(max(4, known.count { 100 * $0.count >= largest }))
    let curve = Curve(
      used.map { point in
        (Double(point.count) / Double(largest), point.cost / power(Double(point.count), overheadPower))
      })
    let best = curve.best()
    let isKnown =
      best.scale >= best.overhead && best.exponent < Curve.greatestExponent
      && (best.error / Double(used.count)).squareRoot() < 0.2
    return Fit(
      exponent: isKnown ? best.exponent + overheadPower : nil, overhead: best.overhead, sizes: used.map(\.count))
  }

  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}

/// Points that `overhead + scale x^exponent` is fitted to, x being 1 at the last: by least squares in ratios, because
/// costs at small sizes are known as well as those at large ones.
private struct Curve {
  private let points: [(x: Double, cost: Double)]

  init(_ points: [(x: Double, cost: Double)]) { self.points = points }

  typealias Parameters = (exponent: Double, overhead: Double, scale: Double, error: Double)

  /// What grows more slowly cannot be told from overhead.
  private static let leastExponent = 0.25
  /// What seems to grow faster has scattered.
  static let greatestExponent = 4.5

  /// The best of exponents, to a thousandth.
  func best() -> Parameters {
    let coarse = least(stride(from: Curve.leastExponent, through: Curve.greatestExponent, by: 0.05))
    let below = max(coarse.exponent - 0.05, Curve.leastExponent)
    return least(stride(from: below, through: coarse.exponent + 0.05, by: 0.001))
  }

  private func least(_ exponents: StrideThrough<Double>) -> Parameters {
    exponents.map(fitted).min { $0.error < $1.error }!
  }

  /// Overhead and scale for an exponent, neither negative.
  private func fitted(_ exponent: Double) -> Parameters {
    // 1 = overhead u + scale v at each point.
    let rows = points.map { (u: 1 / $0.cost, v: pow($0.x, exponent) / $0.cost) }
    func sum(_ term: ((u: Double, v: Double)) -> Double) -> Double { rows.reduce(0) { $0 + term($1) } }
    let (uu, uv, vv) = (sum { $0.u * $0.u }, sum { $0.u * $0.v }, sum { $0.v * $0.v })
    let (u, v) = (sum { $0.u }, sum { $0.v })
    func with(_ overhead: Double, _ scale: Double) -> Parameters {
      (exponent, overhead, scale, sum { pow(overhead * $0.u + scale * $0.v - 1, 2) })
    }
    let determinant = uu * vv - uv * uv
    let both = with((u * vv - v * uv) / determinant, (v * uu - u * uv) / determinant)
    let isPossible = determinant > 1e-12 * uu * vv && both.overhead >= 0 && both.scale >= 0
    return ([with(0, v / vv), with(u / uu, 0)] + (isPossible ? [both] : [])).min { $0.error < $1.error }!
  }
}
