import Autograd
import Foundation

extension Catalogue {
  /// A reduction of everything, over the last axis, and over the first, which is kept.
  private static func reducing(
    _ name: String, operators: [String]? = nil, values: Values = .uniform(-2, 2), accepts: Accepted = .floating,
    resultType: DType? = nil, integersGive: DType? = nil, ulps: Double = 8, empties: [[Shape]] = [],
    _ call: @escaping @Sendable (Tensor, [Int]?, Bool) -> Tensor,
    _ reference: @escaping @Sendable ([Double]) -> Double
  ) -> [Row] {
    [
      Row(
        name, operators: operators ?? [name], inputs: [Draw([2, 3], values)],
        reference: .arrays { [Numbers([], [reference($0[0].values)])] }, accepts: accepts, resultType: resultType,
        integersGive: integersGive, ulps: ulps, integers: 0...2, shapes: [[[2, 3, 2]], [[5]]],
        emptyShapes: empties,
        call: { [call($0[0], nil, false)] }),
      Row(
        "\(name) over the last axis", operators: operators ?? [name], inputs: [Draw([2, 3], values)],
        reference: .arrays { [$0[0].reduced(-1, reference)] }, accepts: accepts, resultType: resultType,
        integersGive: integersGive, ulps: ulps, integers: 0...2, shapes: [[[4]]], call: { [call($0[0], [-1], false)] }),
      Row(
        "\(name) over the first axis, kept", operators: operators ?? [name], inputs: [Draw([2, 3], values)],
        reference: .arrays { [$0[0].reduced(0, keepDims: true, reference)] }, accepts: accepts,
        resultType: resultType, integersGive: integersGive, ulps: ulps, integers: 0...2,
        call: { [call($0[0], [0], true)] }),
    ]
  }

  private static func squares(_ x: [Double]) -> Double {
    let mean = x.reduce(0, +) / Double(x.count)
    return x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  private static func norm(_ name: String, _ p: Double, _ values: Values = .signed(0.3, 2), empties: [[Shape]] = [])
    -> [Row]
  {
    reducing(
      name, operators: ["norm"], values: values, ulps: 32, empties: empties, { $0.norm(p, axes: $1, keepDims: $2) }
    ) {
      switch p {
      case 0: Double($0.count { $0 != 0 })
      case .infinity: $0.map { abs($0) }.max()!
      case -.infinity: $0.map { abs($0) }.min()!
      default: pow($0.reduce(0) { $0 + pow(abs($1), p) }, 1 / p)
      }
    }
  }

  static let furtherReductions: [Row] =
    reducing(
      "prod", accepts: .all, integersGive: .int64, empties: [[[0]], [[2, 0]]],
      { $0.prod(axes: $1, keepDims: $2) }, { $0.reduce(1, *) })
    + reducing(
      "prod with zeros", operators: ["prod"], values: .fixed([0, 2, 0, -1.5, 0.5, 0, 3]), accepts: .all,
      integersGive: .int64,
      { $0.prod(axes: $1, keepDims: $2) }, { $0.reduce(1, *) })
    + [
      Row(
        "prod over one axis", operators: ["prod"], inputs: [Draw([2, 3], .fixed([0, 2, 3, -1.5, 0.5, 4]))],
        reference: .arrays { [$0[0].reduced(1) { $0.reduce(1, *) }] }, accepts: .all, integersGive: .int64,
        call: { [$0[0].prod(axis: 1)] })
    ]
    + reducing("variance", ulps: 16, { $0.variance(axes: $1, keepDims: $2) }, { squares($0) / Double($0.count) })
    + reducing(
      "variance of a sample", operators: ["variance"], ulps: 16,
      { $0.variance(axes: $1, correction: 1, keepDims: $2) }, { squares($0) / Double($0.count - 1) })
    + reducing(
      "standardDeviation", values: .fixed([1, 2, 4, -3, 0.5, 7, 2.5]), ulps: 16,
      { $0.standardDeviation(axes: $1, keepDims: $2) },
      { (squares($0) / Double($0.count)).squareRoot() })
    + norm("norm", 2, empties: [[[0]]]) + norm("norm of order 1", 1) + norm("norm of order 3", 3)
    + norm("norm of order 1.5", 1.5) + norm("norm of order -2", -2) + norm("norm of order 0", 0)
    + norm("norm of order infinity", .infinity, .spaced(0.35))
    + norm("norm of order -infinity", -.infinity, .spaced(0.35))
    + reducing(
      "any", values: .fixed([0, 0, 1, 0, 0]), accepts: .all, resultType: .bool, ulps: 0, empties: [[[0]]],
      { $0.any(axes: $1, keepDims: $2) }, { $0.contains { $0 != 0 } ? 1 : 0 })
    + reducing(
      "all", values: .fixed([1, 0, 2, 1, 1]), accepts: .all, resultType: .bool, ulps: 0, empties: [[[0]]],
      { $0.all(axes: $1, keepDims: $2) }, { $0.allSatisfy { $0 != 0 } ? 1 : 0 })
    + reducing(
      "countNonzero", values: .fixed([1, 0, 2, 1, 1]), accepts: .all, resultType: .int64, ulps: 0, empties: [[[0]]],
      { $0.countNonzero(axes: $1, keepDims: $2) }, { Double($0.count { $0 != 0 }) })
    + reducing(
      "nansum", accepts: .all, integersGive: .int64, { $0.nansum(axes: $1, keepDims: $2) },
      { $0.filter { !$0.isNaN }.reduce(0, +) })
    + reducing("nanmean", { $0.nanmean(axes: $1, keepDims: $2) }, { $0.reduce(0, +) / Double($0.count) })
    + reducing(
      "logSumExp over axes", operators: ["logSumExp"],
      { logSumExp($0, axes: $1 ?? Array(0..<$0.rank), keepDims: $2) }, { log($0.reduce(0) { $0 + exp($1) }) })

  /// Lines along the middle axis replaced.
  private static func along(
    _ name: String, operators: [String]? = nil, values: Values = .uniform(-2, 2), accepts: Accepted = .all,
    resultType: DType? = nil, integersGive: DType? = .int64, ulps: Double = 8,
    empties: [[Shape]] = [[[2, 0, 2]]],
    _ call: @escaping @Sendable (Tensor) -> Tensor, _ reference: @escaping @Sendable ([Double]) -> [Double]
  ) -> Row {
    Row(
      name, operators: operators, inputs: [Draw([2, 3, 2], values)],
      reference: .arrays { [$0[0].mapLines(1, reference)] }, accepts: accepts,
      resultType: resultType, integersGive: integersGive, ulps: ulps,
      integers: 0...2, shapes: [[[1, 5, 1]]], emptyShapes: empties, call: { [call($0[0])] })
  }

  private static func prefixes(_ x: [Double], _ body: ([Double]) -> Double) -> [Double] {
    x.indices.map { body(Array(x[...$0])) }
  }

  static let cumulative: [Row] = [
    along("cumsum", { $0.cumsum(axis: 1) }, { x in prefixes(x) { $0.reduce(0, +) } }),
    along(
      "cumsum from the end", operators: ["cumsum"], { $0.cumsum(axis: -2, reverse: true) },
      { x in prefixes(x.reversed()) { $0.reduce(0, +) }.reversed() }),
    along("cumprod", { $0.cumprod(axis: 1) }, { x in prefixes(x) { $0.reduce(1, *) } }),
    along(
      "cumprod with zeros", operators: ["cumprod"], values: .fixed([0, 2, 3, 0, 0.5]),
      { $0.cumprod(axis: 1) }, { x in prefixes(x) { $0.reduce(1, *) } }),
    along(
      "logCumSumExp", accepts: .floating, ulps: 16, { $0.logCumSumExp(axis: 1) },
      { x in prefixes(x) { log($0.reduce(0) { $0 + exp($1) }) } }),
    along(
      "cummax", values: .spaced(0.3), integersGive: nil, ulps: 0, { $0.cummax(axis: 1).values },
      { x in prefixes(x) { $0.max()! } }),
    along(
      "cummin", values: .spaced(0.3), integersGive: nil, ulps: 0, { $0.cummin(axis: 1).values },
      { x in prefixes(x) { $0.min()! } }),
    along(
      "positions of cummax", operators: ["cummax"], values: .fixed([1, 3, 3, 0, 2]), resultType: .int64, empties: [],
      { $0.cummax(axis: 1).indices },
      { x in prefixes(x) { line in Double(line.lastIndex(of: line.max()!)!) } }),
    Row(
      "diff", inputs: [Draw([2, 4])],
      reference: .arrays { all in
        let x = all[0]
        return [
          Numbers([2, x.shape[1] - 2]) { (at: [Int]) -> Double in
            let first: Double = x[at]
            let next: Double = x[[at[0], at[1] + 1]]
            let last: Double = x[[at[0], at[1] + 2]]
            return last - next - (next - first)
          }
        ]
      }, accepts: .numbers, integers: 0...4, emptyShapes: [[[2, 2]]], call: { [$0[0].diff(order: 2)] }),
    Row(
      "trapezoid", inputs: [Draw([2, 4])],
      reference: .arrays { all in
        let ends = all[0].reduced(1) { (line: [Double]) -> Double in line[0] + line[3] }
        let whole = all[0].reduced(1) { (line: [Double]) -> Double in line.reduce(0, +) }
        return [Numbers([2], zip(whole.values, ends.values).map { ($0 - 0.5 * $1) * 0.5 })]
      }, ulps: 8, call: { [$0[0].trapezoid(spacing: 0.5)] }),
    Row(
      "trapezoid at points", operators: ["trapezoid"], inputs: [Draw([3, 2]), Draw([3], .spaced(0.5))],
      reference: .arrays { all in
        let x = all[1].values
        return [
          all[0].reduced(0) { (y: [Double]) -> Double in
            let first: Double = 0.5 * (y[0] + y[1]) * (x[1] - x[0])
            let second: Double = 0.5 * (y[1] + y[2]) * (x[2] - x[1])
            return first + second
          }
        ]
      }, ulps: 8, call: { [$0[0].trapezoid(at: $0[1], axis: 0)] }),
    Row(
      "cumulativeTrapezoid", inputs: [Draw([2, 3])],
      reference: .arrays { x in
        [
          Numbers([2, 2]) { (at: [Int]) -> Double in
            let line = (0..<3).map { x[0][[at[0], $0]] }
            let first: Double = 0.5 * (line[0] + line[1])
            let second: Double = 0.5 * (line[1] + line[2])
            return at[1] == 0 ? first : first + second
          }
        ]
      }, ulps: 8, call: { [$0[0].cumulativeTrapezoid()] }),
    Row(
      "cumulativeTrapezoid at points", operators: ["cumulativeTrapezoid"], inputs: [Draw([1, 3]), Draw([1, 3])],
      reference: .arrays { all in
        let (y, x) = (all[0].values, all[1].values)
        let first: Double = 0.5 * (y[0] + y[1]) * (x[1] - x[0])
        let second: Double = 0.5 * (y[1] + y[2]) * (x[2] - x[1])
        let sums: [Double] = [first, first + second]
        return [Numbers([1, 2], sums)]
      }, ulps: 8, call: { [$0[0].cumulativeTrapezoid(at: $0[1])] }),
  ]
}

extension Catalogue {
  static let furtherReductionNotes: [Note] = [
    Note("prod", "Products", "`u` times the product of the others", same: "prod"),
    Note(
      "variance", "s / (n - correction), s the sum of (x - mean)^2", "2 u (x - mean) / (n - correction)", same: "var"),
    Note("standardDeviation", "sqrt(variance)", "u (x - mean) / ((n - correction) y)", same: "std"),
    Note(
      "norm", "(sum of abs(x)^p)^(1/p)", "u sign(x) (abs(x) / y)^(p - 1)", torch: "torch.linalg.vector_norm",
      numpy: "np.linalg.norm", mxnet: "mx.np.linalg.norm", jax: "jnp.linalg.norm"),
    Note("any", "Whether one is not 0", nil, same: "any"),
    Note("all", "Whether none is 0", nil, same: "all"),
    Note("countNonzero", "How many are not 0", nil, same: "count_nonzero"),
    Note("nansum", "Sums without NaN", "u, 0 at NaN", same: "nansum"),
    Note("nanmean", "Means without NaN", "u / n, 0 at NaN", same: "nanmean", mxnet: ""),
  ]

  static let furtherReductionConventions: [Convention] = [
    Convention(
      "prod", "right where elements are 0", at: [0, 2, 3], gradient: [6, 0, 0],
      hessian: [[0, 3, 2], [3, 0, 0], [2, 0, 0]]
    ) {
      $0.prod()
    },
    Convention("norm", "0 at 0", at: [0, 0], gradient: [0, 0]) { $0.norm() },
    Convention("norm", "0 at 0, for p = 1", at: [0, 0], gradient: [0, 0]) { $0.norm(1) },
    Convention("norm", "0 at 0, for p = 3", at: [0, 0], gradient: [0, 0]) { $0.norm(3) },
    Convention(
      "norm", "0 at an element that is 0, for p = 0.5", at: [1, 0, 4], gradient: [3, 0, 1.5],
      hessian: [[-1, 0, 0.25], [0, 0, 0], [0.25, 0, -0.0625]]
    ) {
      $0.norm(0.5)
    },
    Convention("norm", "second derivative 0 at an element that is 0, for p = 1.5", at: [1, 0], gradient: [1, 0]) {
      $0.norm(1.5)
    },
    Convention("norm", "third derivative 0 at an element that is 0, for p = 2.5", at: [1, 0], gradient: [1, 0]) {
      $0.norm(2.5)
    },
    Convention("norm", "ties share evenly for infinite p", at: [-2, 1, 2], gradient: [-0.5, 0, 0.5]) {
      $0.norm(.infinity)
    },
    Convention("standardDeviation", "0 where all are equal", at: [3, 3], gradient: [0, 0]) {
      $0.standardDeviation()
    },
    Convention("nansum", "0 at NaN", at: [1, .nan], gradient: [1, 0]) { $0.nansum() },
    Convention("nanmean", "0 at NaN", at: [1, .nan, 4], gradient: [0.5, 0, 0.5]) { $0.nanmean() },
  ]

  static let cumulativeNotes: [Note] = [
    Note("cumsum", "Sums up to each element, from either end", "Sums of `u` from the other end", same: "cumsum"),
    Note("cumprod", "Products up to each element", "Sums of `u y / x` from the end", same: "cumprod"),
    Note(
      "logCumSumExp", "ln(cumsum(e^x))", "Sums of `u e^(x - y)` from the end", torch: "torch.logcumsumexp",
      jax: "jax.lax.cumlogsumexp"),
    Note(
      "cummax", "The largest so far, with its position", "`u`, added at the positions", torch: "torch.cummax",
      numpy: "np.maximum.accumulate", jax: "jax.lax.cummax"),
    Note(
      "cummin", "The smallest so far, with its position", "`u`, added at the positions", torch: "torch.cummin",
      numpy: "np.minimum.accumulate", jax: "jax.lax.cummin"),
    Note("diff", "Differences of neighbours", "Differences of `-u`", same: "diff"),
    Note(
      "trapezoid", "sum of (x[i] + x[i + 1]) d[i] / 2, d the spacings", "u (d[i - 1] + d[i]) / 2",
      same: "trapezoid", mxnet: "mx.np.trapz"),
    Note(
      "cumulativeTrapezoid", "cumsum of (x[i] + x[i + 1]) d[i] / 2", "As trapezoid, of the sums of `u` from the end",
      torch: "torch.cumulative_trapezoid", numpy: "scipy.integrate.cumulative_trapezoid"),
  ]

  static let cumulativeConventions: [Convention] = [
    Convention(
      "cumprod", "right where elements are 0", at: [2, 0, 3], gradient: [1, 8, 0],
      hessian: [[0, 4, 0], [4, 0, 2], [0, 2, 0]]
    ) {
      $0.cumprod(axis: 0).sum()
    },
    Convention("cummax", "to the last among equals", at: [3, 3, 1], gradient: [1, 2, 0]) {
      $0.cummax(axis: 0).values.sum()
    },
    Convention("cummin", "to the last among equals", at: [3, 3, 4], gradient: [1, 2, 0]) {
      $0.cummin(axis: 0).values.sum()
    },
  ]
}
