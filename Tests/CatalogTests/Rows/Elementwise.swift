import Autograd
import Foundation

extension Catalogue {
  static let elementwise: [Row] = [
    .unary(
      "abs", .signed(0.3, 3), { abs($0) }, { Swift.abs($0) }, accepts: .numbers, ulps: 0, saves: [.input(0)],
      specials: [
        Special(0, value: 0, slopes: [0], second: 0, kink: "the middle of both sides"),
        Special(-0.0, value: 0, slopes: [0]),
        Special(-.infinity, value: .infinity, slopes: [-1]), Special(.nan, value: .nan),
      ]),
    .unary(
      "sign", .signed(0.3, 3), { sign($0) }, { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }, accepts: .numbers, ulps: 0,
      saves: [], specials: [Special(0, value: 0, slopes: [0], kink: "0 at the jump"), Special(.nan, value: .nan)]),
    .unary(
      "square", .uniform(-2, 2), { square($0) }, { $0 * $0 }, accepts: .numbers, ulps: 0, saves: [.input(0)],
      specials: [
        Special(0, value: 0, slopes: [0], second: 2),
        Special(-.infinity, value: .infinity, slopes: [-.infinity]),
      ]),
    .unary(
      "reciprocal", .signed(0.4, 3), { reciprocal($0) }, { 1 / $0 }, saves: [.result(0)],
      specials: [
        Special(0, value: .infinity, slopes: [-.infinity], second: .infinity, kink: "infinite"),
        Special(-0.0, value: -.infinity), Special(.infinity, value: 0),
      ]),
    .unary(
      "rsqrt", .uniform(0.3, 3), { rsqrt($0) }, { 1 / $0.squareRoot() }, saves: [.result(0)],
      specials: [
        Special(0, value: .infinity, slopes: [-.infinity], second: .infinity, kink: "infinite"),
        Special(-1, value: .nan), Special(.infinity, value: 0, slopes: [0]),
      ]),
    .unary(
      "floor", .offWhole, { floor($0) }, { $0.rounded(.down) }, accepts: .numbers, ulps: 0, saves: [],
      specials: [
        Special(-0.5, value: -1, slopes: [0]), Special(2, value: 2, slopes: [0], second: 0, kink: "0 at the jumps"),
        Special(-0.0, value: -0.0), Special(.nan, value: .nan),
      ]),
    .unary(
      "ceil", .offWhole, { ceil($0) }, { $0.rounded(.up) }, accepts: .numbers, ulps: 0, saves: [],
      specials: [
        Special(-0.5, value: -0.0, slopes: [0]), Special(2, value: 2, slopes: [0], second: 0, kink: "0 at the jumps"),
        Special(.infinity, value: .infinity),
      ]),
    .unary(
      "round", .signed(0.1, 0.4), { round($0) }, { $0.rounded(.toNearestOrEven) }, accepts: .numbers, ulps: 0,
      saves: [],
      specials: [
        Special(2.5, value: 2, slopes: [0], kink: "0 at the jumps"), Special(-1.5, value: -2), Special(0.5, value: 0),
      ]),
    .unary(
      "trunc", .offWhole, { trunc($0) }, { $0.rounded(.towardZero) }, accepts: .numbers, ulps: 0, saves: [],
      specials: [
        Special(-1.7, value: -1, slopes: [0]), Special(2, value: 2, slopes: [0], second: 0, kink: "0 at the jumps"),
        Special(.nan, value: .nan),
      ]),
    .unary(
      "isNaN", .fixed([1, .nan, -2, .infinity]), { isNaN($0) }, { $0.isNaN ? 1 : 0 }, resultType: .bool,
      saves: []),
    .unary(
      "isFinite", .fixed([1, .nan, -2, .infinity]), { isFinite($0) }, { $0.isFinite ? 1 : 0 },
      resultType: .bool,
      saves: []),
  ]
}

extension Catalogue {
  static let elementwiseNotes: [Note] = [
    Note("abs", "abs(x)", "sign x", same: "abs"),
    Note("sign", "-1, 0 or 1", "0", same: "sign"),
    Note("square", "x^2", "2 x", same: "square"),
    Note("reciprocal", "1 / x", "-y^2", same: "reciprocal"),
    Note("rsqrt", "1 / sqrt(x)", "-y / (2 x)", torch: "torch.rsqrt", jax: "jax.lax.rsqrt"),
    Note("floor", "The largest whole number not above x", "0", same: "floor"),
    Note("ceil", "The smallest whole number not below x", "0", same: "ceil"),
    Note("round", "The nearest whole number, or number of so many decimals; halves to even", "0", same: "round"),
    Note("trunc", "Elements without their fraction", "0", same: "trunc"),
    Note("isNaN", "Whether x is NaN", nil, same: "isnan"),
    Note("isFinite", "Whether x is neither infinite nor NaN", nil, same: "isfinite"),
  ]
}
