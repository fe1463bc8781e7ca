import Foundation

/// How a cost grows with the number of variables N: as a power, beside an overhead that does not grow.
enum CostGrowth {
  /// `overhead + c N^exponent`, as fitted.
  struct Fit: Encodable {
    /// What can be said of the growth.
    enum Kind: String, Encodable {
      /// A power of N.
      case power
      /// The cost is the same at all sizes, within a half.
      case flat
      /// The overhead is more than half of the cost at the largest size, so that nothing is known of the rest; what is
      /// beside it grows too slowly to be told from it; or the costs scatter too much.
      case unknown
    }
    let kind: Kind
    /// To a thousandth; nil where the growth is no known power.
    let exponent: Double?
    /// In the unit of the cost; of finite differences in time, for each variable.
    let overhead: Double
    /// The sizes that it was fitted to.
    let sizes: [Int]

    init(exponent: Double?, isFlat: Bool = false, overhead: Double, sizes: [Int]) {
      kind = isFlat ? .flat : exponent == nil ? .unknown : .power
      (self.exponent, self.overhead, self.sizes) = (exponent, overhead, sizes)
    }
  }

  /// The fit to the sizes of the last two decades, but to at least four; nil where fewer than three are known.
  ///
  /// - Parameter overheadPower: 1 where there is an overhead for each variable, not one for all.
  static func fit(_ points: [(count: Int, cost: Double)], overheadPower: Double = 0) -> Fit? {
    let known = points.filter { $0.cost > 0 && $0.count > 0 }.sorted { $0.count < $1.count }
    guard let largest = known.last?.count, Set(known.map(\.count)).count >= 3 else { return nil }
    let used = known.suffix(max(4, known.count { 100 * $0.count >= largest }))
    func curve(_ overheadPower: Double) -> Curve {
      Curve(
        used.map { (Double($0.count) / Double(largest), $0.cost / power(Double($0.count), overheadPower)) })
    }
    let best = curve(overheadPower).best()
    func fit(_ exponent: Double?, isFlat: Bool = false) -> Fit {
      Fit(exponent: exponent.map(rounded), isFlat: isFlat, overhead: best.overhead, sizes: used.map(\.count))
    }
    let costs = used.map(\.cost)
    if costs.max()! < 1.5 * costs.min()! { return fit(nil, isFlat: true) }
    if curve(overheadPower).knows(best) { return fit(best.exponent + overheadPower) }
    // Where the overhead of each variable hides what grows beside it, both together grow all the same.
    let whole = curve(0).best()
    return fit(overheadPower > 0 && curve(0).knows(whole) ? whole.exponent : nil)
  }

  /// The fit to an operation that is some calls for each variable, by what is known of one call: that is measured more
  /// often, and at more sizes. Nil where its cost for each variable is not one number of calls, by a factor of two.
  static func fit(_ points: [(count: Int, cost: Double)], callsOf part: [(count: Int, cost: Double)]) -> Fit? {
    guard let one = fit(part), let exponent = one.exponent, fit(points) != nil else { return nil }
    let costs = Dictionary(part.filter { $0.cost > 0 }.map { ($0.count, $0.cost) }) { first, _ in first }
    let calls = points.compactMap { point in costs[point.count].map { point.cost / Double(point.count) / $0 } }.sorted()
    guard let least = calls.first, let most = calls.last, calls.count >= 3, most <= 2 * least else { return nil }
    return Fit(exponent: rounded(exponent + 1), overhead: one.overhead * calls[calls.count / 2], sizes: one.sizes)
  }

  private static func rounded(_ exponent: Double) -> Double { (1000 * exponent).rounded() / 1000 }

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
  private static let greatestExponent = 4.5

  /// What the points may be off, by the mean of squares: where they grow much, more does not matter.
  private var scatter: Double {
    let costs = points.map(\.cost)
    return max(0.2, 0.1 * log(costs.max()! / costs.min()!))
  }

  /// Whether something is known of the growth: it stands out of the overhead, lies between the bounds of the search,
  /// and the points do not scatter much.
  func knows(_ best: Parameters) -> Bool {
    best.scale >= best.overhead
      && best.exponent > Curve.leastExponent + 1e-6 && best.exponent < Curve.greatestExponent - 1e-6
      && (best.error / Double(points.count)).squareRoot() < scatter
  }

  /// The best of exponents, to a thousandth.
  func best() -> Parameters {
    let coarse = least(stride(from: Curve.leastExponent, through: Curve.greatestExponent + 1e-9, by: 0.05))
    let below = max(coarse.exponent - 0.05, Curve.leastExponent)
    let above = min(coarse.exponent + 0.05, Curve.greatestExponent)
    return least(stride(from: below, through: above + 1e-9, by: 0.001))
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
