import Autograd
import Foundation

extension Catalogue {
  private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private static func eluValue(_ x: Double, _ alpha: Double, _ scale: Double) -> Double {
    x > 0 ? x : alpha * expm1(x * scale)
  }

  /// A pointwise operator in pieces.
  private static func pieces(
    _ name: String, operators: [String]? = nil, values: Values = .signed(0.3, 2.6),
    accepts: Accepted = .floating, ulps: Double = 3, specials: [Special] = [],
    _ call: @escaping @Sendable (Tensor) -> Tensor, _ reference: @escaping @Sendable (Double) -> Double
  ) -> Row {
    Row(
      name, operators: operators, inputs: [Draw([2, 3], values)], reference: .elements { reference($0[0]) },
      accepts: accepts, ulps: ulps, order: 3, specials: specials, call: { [call($0[0])] })
  }

  static let furtherActivations: [Row] = [
    pieces(
      "leakyRelu", ulps: 0,
      specials: [Special(0, value: 0, slopes: [0.25], second: 0), Special(.nan, value: .nan)],
      { leakyRelu($0, slope: 0.25) }, { $0 > 0 ? $0 : 0.25 * $0 }),
    pieces(
      "elu", specials: [Special(0, value: 0, slopes: [1.5]), Special(1000, value: 1000, slopes: [1], second: 0)],
      { elu($0, alpha: 1.5) }, { eluValue($0, 1.5, 1) }),
    pieces(
      "celu", specials: [Special(0, value: 0, slopes: [1]), Special(-4000, value: -2, slopes: [0], second: 0)],
      { celu($0, alpha: 2) }, { eluValue($0, 2, 0.5) }),
    pieces("selu", { selu($0) }, { 1.0507009873554805 * eluValue($0, 1.6732632423543772, 1) }),
    pieces(
      "hardtanh", accepts: .numbers, ulps: 0,
      specials: [Special(-1, value: -1, slopes: [0]), Special(2, value: 2, slopes: [0]), Special(.nan, value: .nan)],
      { hardtanh($0, minimum: -1, maximum: 2) }, { Swift.min(Swift.max($0, -1), 2) }),
    pieces(
      "relu6", values: .signed(0.3, 9), accepts: .numbers, ulps: 0, specials: [Special(6, value: 6, slopes: [0])],
      { relu6($0) }, { Swift.min(Swift.max($0, 0), 6) }),
    pieces(
      "hardsigmoid", values: .signed(0.3, 2.5),
      specials: [Special(3, value: 1, slopes: [0]), Special(-4, value: 0, slopes: [0])],
      { hardsigmoid($0) }, { Swift.min(Swift.max($0 / 6 + 0.5, 0), 1) }),
    pieces(
      "hardswish", values: .signed(0.3, 2.5),
      specials: [Special(3, value: 3, slopes: [1]), Special(-3, value: 0, slopes: [0]), Special(5, value: 5)],
      { hardswish($0) }, { $0 * ($0 / 6 + 0.5) }),
    pieces(
      "softshrink", ulps: 0, specials: [Special(0.25, value: 0, slopes: [0]), Special(.nan, value: .nan)],
      { softshrink($0, amount: 0.25) }, { $0 > 0 ? $0 - 0.25 : $0 + 0.25 }),
    pieces(
      "hardshrink", ulps: 0, specials: [Special(0.25, value: 0, slopes: [0]), Special(.nan, value: .nan)],
      { hardshrink($0, amount: 0.25) }, { $0 }),
    pieces(
      "threshold", accepts: .numbers, ulps: 0, specials: [Special(0, value: 7, slopes: [0])],
      { threshold($0, above: 0, value: 7) }, { $0 > 0 ? $0 : 7 }),
    Row(
      "prelu", inputs: [Draw([2, 3], .signed(0.3, 2)), Draw([], .uniform(0.2, 0.4))],
      reference: .elements { $0[0] > 0 ? $0[0] : $0[0] * $0[1] }, ulps: 1, order: 3,
      call: { [$0[1].count == 1 ? prelu($0[0], $0[1]) : `where`($0[0] .> 0, $0[0], $0[0] * $0[1])] }),
    Row(
      "prelu of channels", operators: [], inputs: [Draw([2, 3, 2], .signed(0.3, 2)), Draw([3], .uniform(0.2, 0.4))],
      reference: .arrays { all in
        [Numbers(all[0].shape) { all[0][$0] > 0 ? all[0][$0] : all[0][$0] * all[1][[$0[1]]] }]
      }, order: 3, call: { [prelu($0[0], $0[1])] }),
    pieces(
      "scaled softplus", operators: ["softplus"],
      specials: [Special(1000, value: 1000, slopes: [1], second: 0)],
      { softplus($0, beta: 2) }, { log1p(exp(2 * $0)) / 2 }),
    pieces(
      "logSigmoid", specials: [Special(-1000, value: -1000, slopes: [1], second: 0), Special(1000, value: 0)],
      { logSigmoid($0) }, { -log1p(exp(-$0)) }),
    pieces(
      "mish", ulps: 8, specials: [Special(0, value: 0, slopes: [0.6]), Special(1000, value: 1000, slopes: [1])],
      { mish($0) }, { $0 * tanh(log1p(exp($0))) }),
    pieces(
      "softsign", specials: [Special(0, value: 0, slopes: [1], second: 0)], { softsign($0) }, { $0 / (1 + abs($0)) }),
    pieces(
      "tanhshrink", ulps: 64, specials: [Special(0, value: 0, slopes: [0])], { tanhshrink($0) }, { $0 - tanh($0) }),
    Row(
      "glu", inputs: [Draw([2, 4])],
      reference: .arrays { x in
        [Numbers([2, x[0].shape[1] / 2]) { x[0][$0] * logistic(x[0][[$0[0], $0[1] + x[0].shape[1] / 2]]) }]
      }, ulps: 4, order: 3, shapes: [[[2, 2]]], call: { [glu($0[0])] }),
  ]

  static let furtherNumeric: [Row] = [
    pieces(
      "frac", values: .offWhole, ulps: 0, specials: [Special(-1.5, value: -0.5, slopes: [1])],
      { frac($0) }, { $0 - $0.rounded(.towardZero) }),
    pieces(
      "round to decimals", operators: ["round"], values: .offWhole, ulps: 1, specials: [Special(0.125, value: 0.12)],
      { round($0, decimals: 2) }, { ($0 * 100).rounded(.toNearestOrEven) / 100 }),
    pieces(
      "round to tens", operators: [], values: .signed(11, 14), ulps: 0,
      { round($0, decimals: -1) }, { ($0 / 10).rounded(.toNearestOrEven) * 10 }),
    .unary(
      "isInf", .fixed([1, -.infinity, .nan, 0, .infinity, 2]), { isInf($0) }, { $0.isInfinite ? 1 : 0 },
      primitives: [], resultType: .bool, ulps: 0, saves: []),
    .unary(
      "signBit", .fixed([1, -0.0, 0, -2, .infinity, -.infinity]), { signBit($0) }, { $0.sign == .minus ? 1 : 0 },
      primitives: [], resultType: .bool, ulps: 0, saves: []),
    pieces(
      "logit", values: .uniform(0.1, 0.9), ulps: 32,
      specials: [Special(0, value: -.infinity), Special(0.5, value: 0, slopes: [4])],
      { logit($0) }, { log($0 / (1 - $0)) }),
    pieces(
      "logit within a margin", operators: [], values: .uniform(0.3, 0.7), ulps: 32,
      specials: [Special(0.125, value: -1.0986122886681098, slopes: [0]), Special(0.5, value: 0, slopes: [4])],
      { logit($0, margin: 0.25) }, { log($0 / (1 - $0)) }),
    pieces(
      "sinc", values: .signed(0.05, 2.9), ulps: 512,
      specials: [Special(0, value: 1, slopes: [0], second: -3.289868133696453)], { sinc($0) },
      { sin(Double.pi * $0) / (Double.pi * $0) }),
    pieces("degrees", ulps: 2, { degrees($0) }, { $0 * 180 / Double.pi }),
    pieces("radians", ulps: 2, { radians($0) }, { $0 * Double.pi / 180 }),
    pieces(
      "nanToNum", accepts: .all, ulps: 0,
      specials: [
        Special(.nan, value: 1, slopes: [0]), Special(.infinity, value: 9, slopes: [0]),
        Special(-.infinity, value: -9, slopes: [0]),
      ], { nanToNum($0, nan: 1, positiveInfinity: 9, negativeInfinity: -9) }, { $0 }),
  ]

  static let furtherPairs: [Row] = [
    .binary(
      "logAddExp", .uniform(0.5, 3), .uniform(0.5, 3), { logAddExp($0, $1) }, { log(exp($0) + exp($1)) },
      primitives: [], ulps: 64,
      specials: [
        Special(1000, 1000, value: 1000.6931471805599, slopes: [0.5, 0.5], second: 0.25),
        Special(-.infinity, -.infinity, value: -.infinity), Special(.infinity, 1, value: .infinity, slopes: [1, 0]),
      ]),
    .binary(
      "logAddExp2", .uniform(0.5, 3), .uniform(0.5, 3), { logAddExp2($0, $1) }, { log2(exp2($0) + exp2($1)) },
      primitives: [], ulps: 64, specials: [Special(1000, 1000, value: 1001, slopes: [0.5, 0.5])]),
    .binary(
      "xlogy", .uniform(-2, 2), .uniform(0.2, 3), { xlogy($0, $1) }, { $0 * log($1) }, primitives: [], ulps: 2,
      specials: [
        Special(0, 0, value: 0, slopes: [0, 0]), Special(0, 3, value: 0, slopes: [1.0986122886681098, 0]),
        Special(0, .nan, value: .nan),
      ]),
    Row(
      "lerp", inputs: [Draw([2, 3]), Draw([2, 3]), Draw([2, 3], .uniform(-1, 2))],
      reference: .elements { $0[0] + $0[2] * ($0[1] - $0[0]) }, ulps: 256, order: 3,
      specials: [Special(0.1, 0.3, 1, value: 0.3)], call: { [lerp($0[0], $0[1], $0[2])] }),
    .binary(
      "lerp by a number", .uniform(-2, 2), .uniform(-2, 2), { lerp($0, $1, 0.25) }, { $0 + 0.25 * ($1 - $0) },
      operators: [], primitives: [], ulps: 256),
    .binary(
      "copysign", .signed(0.2, 2), .signed(0.2, 2), { copysign($0, $1) }, { $1 < 0 ? -abs($0) : abs($0) },
      primitives: [], ulps: 0,
      specials: [Special(2, -0.0, value: -2, slopes: [-1, 0]), Special(0, 1, value: 0, slopes: [0, 0])]),
    .binary(
      "fmod", .uniform(4.1, 5.9), .fixed([2, -2, 2, 2, -2, -2]), { fmod($0, $1) },
      { $0.truncatingRemainder(dividingBy: $1) },
      primitives: [], accepts: .numbers, ulps: 0, integers: 1...4,
      specials: [Special(-7, 3, value: -1, slopes: [1, 2]), Special(7, -3, value: 1, slopes: [1, 2])]),
    .binary(
      "fmod by a number", .uniform(-5.9, -4.1), .fixed([1]), { fmod($0, 2.0) + $1 - $1 },
      { a, _ in a.truncatingRemainder(dividingBy: 2) }, operators: [], primitives: [], accepts: .numbers, ulps: 8),
    .binary(
      "fmax", .signed(0.2, 2), .uniform(2.2, 3), { fmax($0, $1) }, { Swift.max($0, $1) }, primitives: [],
      ulps: 0, specials: [Special(1, .nan, value: 1, slopes: [1, 0]), Special(.nan, 2, value: 2, slopes: [0, 1])]),
    .binary(
      "fmin", .signed(0.2, 2), .uniform(2.2, 3), { fmin($0, $1) }, { Swift.min($0, $1) }, primitives: [],
      ulps: 0, specials: [Special(1, .nan, value: 1, slopes: [1, 0]), Special(1, 1, value: 1, slopes: [1, 0])]),
    .binary(
      "heaviside", .signed(0.2, 2), .uniform(-1, 1), { heaviside($0, $1) }, { x, _ in x < 0 ? 0 : 1 },
      primitives: [], accepts: .numbers, ulps: 0, integers: 1...4,
      specials: [Special(0, 0.25, value: 0.25, slopes: [0, 1]), Special(.nan, 1, value: .nan)]),
    Row(
      "clamp with tensors", operators: ["clamp"],
      inputs: [
        Draw([2, 3], .fixed([-2, 0.5, 2, 0.1])), Draw([2, 3], .uniform(-1, -0.5)), Draw([2, 3], .uniform(0.6, 1)),
      ],
      reference: .elements { Swift.min(Swift.max($0[0], $0[1]), $0[2]) }, accepts: .numbers, ulps: 0, order: 3,
      specials: [Special(1, 1, 2, value: 1, slopes: [1, 0, 0]), Special(1, 3, 2, value: 2, slopes: [0, 0, 1])],
      call: { [clamp($0[0], minimum: $0[1], maximum: $0[2])] }),
    .binary(
      "clamp below", .fixed([-2, 0.5, 2]), .uniform(-1, -0.5), { clamp($0, minimum: $1, maximum: nil) },
      { Swift.max($0, $1) }, operators: [], primitives: [], accepts: .numbers, ulps: 0),
    .binary(
      "clamp above", .fixed([-2, 0.5, 2]), .uniform(0.6, 1), { clamp($0, minimum: nil, maximum: $1) },
      { Swift.min($0, $1) }, operators: [], primitives: [], accepts: .numbers, ulps: 0),
    Row(
      "xor", operators: [".^"], inputs: [Draw([2, 3], .flags), Draw([2, 3], .flags)],
      reference: .elements { ($0[0] != 0) != ($0[1] != 0) ? 1 : 0 }, accepts: .all, resultType: .bool, ulps: 0,
      call: { [$0[0] .^ $0[1]] }),
  ]
}
