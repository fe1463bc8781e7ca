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
      accepts: accepts, ulps: ulps, specials: specials, call: { [call($0[0])] })
  }

  static let furtherActivations: [Row] = [
    pieces(
      "leakyRelu", ulps: 0,
      specials: [
        Special(0, value: 0, slopes: [0.25], second: 0, kink: "as below, here for a slope of 0.25"),
        Special(.nan, value: .nan),
      ],
      { leakyRelu($0, slope: 0.25) }, { $0 > 0 ? $0 : 0.25 * $0 }),
    pieces(
      "elu",
      specials: [
        Special(0, value: 0, slopes: [1.5], kink: "as below, here for alpha 1.5"),
        Special(1000, value: 1000, slopes: [1], second: 0),
      ],
      { elu($0, alpha: 1.5) }, { eluValue($0, 1.5, 1) }),
    pieces(
      "celu",
      specials: [
        Special(0, value: 0, slopes: [1], second: 0.5, kink: "second derivative as below, here for alpha 2"),
        Special(-4000, value: -2, slopes: [0], second: 0),
      ],
      { celu($0, alpha: 2) }, { eluValue($0, 2, 0.5) }),
    pieces(
      "selu",
      specials: [Special(0, value: 0, slopes: [1.7580993408473768], kink: "as below")], { selu($0) },
      { 1.0507009873554805 * eluValue($0, 1.6732632423543772, 1) }),
    pieces(
      "hardtanh", accepts: .numbers, ulps: 0,
      specials: [
        Special(-1, value: -1, slopes: [0], kink: "0 at the bounds"),
        Special(2, value: 2, slopes: [0], kink: "0 at the bounds"), Special(.nan, value: .nan),
      ],
      { hardtanh($0, minimum: -1, maximum: 2) }, { Swift.min(Swift.max($0, -1), 2) }),
    pieces(
      "relu6", values: .signed(0.3, 9), accepts: .numbers, ulps: 0,
      specials: [
        Special(0, value: 0, slopes: [0], second: 0, kink: "0 at the bounds"),
        Special(6, value: 6, slopes: [0], second: 0, kink: "0 at the bounds"),
      ],
      { relu6($0) }, { Swift.min(Swift.max($0, 0), 6) }),
    pieces(
      "hardsigmoid", values: .signed(0.3, 2.5),
      specials: [
        Special(-3, value: 0, slopes: [0], second: 0, kink: "0 at the bounds"),
        Special(3, value: 1, slopes: [0], second: 0, kink: "0 at the bounds"), Special(-4, value: 0, slopes: [0]),
      ],
      { hardsigmoid($0) }, { Swift.min(Swift.max($0 / 6 + 0.5, 0), 1) }),
    pieces(
      "hardswish", values: .signed(0.3, 2.5),
      specials: [
        Special(3, value: 3, slopes: [1], kink: "as outside"), Special(-3, value: 0, slopes: [0], kink: "as outside"),
        Special(5, value: 5),
      ],
      { hardswish($0) }, { $0 * ($0 / 6 + 0.5) }),
    pieces(
      "softshrink", ulps: 0,
      specials: [
        Special(0.25, value: 0, slopes: [0], kink: "as within, here for the amount 0.25"), Special(.nan, value: .nan),
      ],
      { softshrink($0, amount: 0.25) }, { $0 > 0 ? $0 - 0.25 : $0 + 0.25 }),
    pieces(
      "hardshrink", ulps: 0,
      specials: [
        Special(0.25, value: 0, slopes: [0], kink: "as within, here for the amount 0.25"), Special(.nan, value: .nan),
      ],
      { hardshrink($0, amount: 0.25) }, { $0 }),
    pieces(
      "threshold", accepts: .numbers, ulps: 0, specials: [Special(0, value: 7, slopes: [0], kink: "as below")],
      { threshold($0, above: 0, value: 7) }, { $0 > 0 ? $0 : 7 }),
    Row(
      "prelu", inputs: [Draw([2, 3], .signed(0.3, 2)), Draw([], .uniform(0.2, 0.4))],
      reference: .elements { $0[0] > 0 ? $0[0] : $0[0] * $0[1] }, ulps: 1,
      specials: [Special(0, 0.25, value: 0, slopes: [0.25, 0], hessian: [[0, 1], [1, 0]], kink: "as below")],
      call: { [$0[1].count == 1 ? prelu($0[0], $0[1]) : `where`($0[0] .> 0, $0[0], $0[0] * $0[1])] }),
    Row(
      "prelu of channels", operators: ["prelu"],
      inputs: [Draw([2, 3, 2], .signed(0.3, 2)), Draw([3], .uniform(0.2, 0.4))],
      reference: .arrays { all in
        [Numbers(all[0].shape) { all[0][$0] > 0 ? all[0][$0] : all[0][$0] * all[1][[$0[1]]] }]
      }, call: { [prelu($0[0], $0[1])] }),
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
      "softsign",
      specials: [Special(0, value: 0, slopes: [1], second: 0, kink: "second derivative in the middle of both sides")],
      { softsign($0) }, { $0 / (1 + abs($0)) }),
    pieces(
      "tanhshrink", ulps: 64, specials: [Special(0, value: 0, slopes: [0])], { tanhshrink($0) }, { $0 - tanh($0) }),
    Row(
      "glu", inputs: [Draw([2, 4])],
      reference: .arrays { x in
        [Numbers([2, x[0].shape[1] / 2]) { x[0][$0] * logistic(x[0][[$0[0], $0[1] + x[0].shape[1] / 2]]) }]
      }, ulps: 4, shapes: [[[2, 2]]], call: { [glu($0[0])] }),
  ]

  static let furtherNumeric: [Row] = [
    pieces(
      "frac", values: .offWhole, ulps: 0,
      specials: [Special(-1.5, value: -0.5, slopes: [1]), Special(-1, value: 0, slopes: [1], kink: "1 at the jumps")],
      { frac($0) }, { $0 - $0.rounded(.towardZero) }),
    pieces(
      "round to decimals", operators: ["round"], values: .offWhole, ulps: 1, specials: [Special(0.125, value: 0.12)],
      { round($0, decimals: 2) }, { ($0 * 100).rounded(.toNearestOrEven) / 100 }),
    pieces(
      "round to tens", operators: ["round"], values: .signed(11, 14), ulps: 0,
      { round($0, decimals: -1) }, { ($0 / 10).rounded(.toNearestOrEven) * 10 }),
    .unary(
      "isInf", .fixed([1, -.infinity, .nan, 0, .infinity, 2]), { isInf($0) }, { $0.isInfinite ? 1 : 0 },
      primitives: [], resultType: .bool, ulps: 0, saves: []),
    .unary(
      "signBit", .fixed([1, -0.0, 0, -2, .infinity, -.infinity]), { signBit($0) }, { $0.sign == .minus ? 1 : 0 },
      primitives: [], resultType: .bool, ulps: 0, saves: []),
    pieces(
      "logit", values: .uniform(0.1, 0.9), ulps: 32,
      specials: [
        Special(0, value: -.infinity, slopes: [.infinity], second: -.infinity, kink: "infinite at the ends"),
        Special(1, value: .infinity, slopes: [.infinity], second: .infinity, kink: "infinite at the ends"),
        Special(0.5, value: 0, slopes: [4]),
      ],
      { logit($0) }, { log($0 / (1 - $0)) }),
    pieces(
      "logit within a margin", operators: ["logit"], values: .uniform(0.3, 0.7), ulps: 32,
      specials: [
        Special(
          0.25, value: -1.0986122886681098, slopes: [16.0 / 3], second: -128.0 / 9, kink: "as within at the margins"),
        Special(0.125, value: -1.0986122886681098, slopes: [0]), Special(0.5, value: 0, slopes: [4]),
      ],
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
        Special(.nan, value: 1, slopes: [0], kink: "0 at what is replaced"),
        Special(.infinity, value: 9, slopes: [0], kink: "0 at what is replaced"),
        Special(-.infinity, value: -9, slopes: [0]),
      ], { nanToNum($0, nan: 1, positiveInfinity: 9, negativeInfinity: -9) }, { $0 }),
  ]

  static let furtherPairs: [Row] = [
    .binary(
      "logAddExp", .uniform(0.5, 3), .uniform(0.5, 3), { logAddExp($0, $1) }, { log(exp($0) + exp($1)) },
      primitives: [], ulps: 64,
      specials: [
        Special(1000, 1000, value: 1000.6931471805599, slopes: [0.5, 0.5], second: 0.25),
        Special(
          -.infinity, -.infinity, value: -.infinity, slopes: [0.5, 0.5], kink: "shared evenly by equal infinities"),
        Special(.infinity, 1, value: .infinity, slopes: [1, 0]),
      ]),
    .binary(
      "logAddExp2", .uniform(0.5, 3), .uniform(0.5, 3), { logAddExp2($0, $1) }, { log2(exp2($0) + exp2($1)) },
      primitives: [], ulps: 64, specials: [Special(1000, 1000, value: 1001, slopes: [0.5, 0.5])]),
    .binary(
      "xlogy", .uniform(-2, 2), .uniform(0.2, 3), { xlogy($0, $1) }, { $0 * log($1) }, primitives: [], ulps: 2,
      specials: [
        Special(0, 0, value: 0, slopes: [0, 0], kink: "0 where x is 0 and y is not positive"),
        Special(0, -1, value: 0, slopes: [0, 0], kink: "0 where x is 0 and y is not positive"),
        Special(0, 3, value: 0, slopes: [1.0986122886681098, 0]),
        Special(0, .nan, value: .nan),
      ]),
    Row(
      "lerp", inputs: [Draw([2, 3]), Draw([2, 3]), Draw([2, 3], .uniform(-1, 2))],
      reference: .elements { $0[0] + $0[2] * ($0[1] - $0[0]) }, ulps: 256,
      specials: [Special(0.1, 0.3, 1, value: 0.3)], call: { [lerp($0[0], $0[1], $0[2])] }),
    .binary(
      "lerp by a number", .uniform(-2, 2), .uniform(-2, 2), { lerp($0, $1, 0.25) }, { $0 + 0.25 * ($1 - $0) },
      operators: ["lerp"], primitives: [], ulps: 256),
    .binary(
      "copysign", .signed(0.2, 2), .signed(0.2, 2), { copysign($0, $1) }, { $1 < 0 ? -abs($0) : abs($0) },
      primitives: [], ulps: 0,
      specials: [
        Special(2, -0.0, value: -2, slopes: [-1, 0]), Special(0, 1, value: 0, slopes: [0, 0], kink: "0 at 0"),
      ]),
    .binary(
      "fmod", .uniform(4.1, 5.9), .fixed([2, -2, 2, 2, -2, -2]), { fmod($0, $1) },
      { $0.truncatingRemainder(dividingBy: $1) },
      primitives: [], accepts: .numbers, ulps: 0, integers: 1...4,
      specials: [
        Special(6, 3, value: 0, slopes: [1, -2], kink: "as above at the jumps"),
        Special(6, 0, value: .nan, slopes: [1, .nan], kink: "NaN for b where b is 0"),
        Special(-7, 3, value: -1, slopes: [1, 2]), Special(7, -3, value: 1, slopes: [1, 2]),
      ]),
    .binary(
      "fmod by a number", .uniform(-5.9, -4.1), .fixed([1]), { fmod($0, 2.0) + $1 - $1 },
      { a, _ in a.truncatingRemainder(dividingBy: 2) }, operators: ["fmod"], primitives: [], accepts: .numbers, ulps: 8),
    .binary(
      "fmax", .signed(0.2, 2), .uniform(2.2, 3), { fmax($0, $1) }, { Swift.max($0, $1) }, primitives: [],
      ulps: 0,
      specials: [
        Special(1, 1, value: 1, slopes: [1, 0], kink: "to the first among equals"),
        Special(1, .nan, value: 1, slopes: [1, 0]), Special(.nan, 2, value: 2, slopes: [0, 1]),
      ]),
    .binary(
      "fmin", .signed(0.2, 2), .uniform(2.2, 3), { fmin($0, $1) }, { Swift.min($0, $1) }, primitives: [],
      ulps: 0,
      specials: [
        Special(1, .nan, value: 1, slopes: [1, 0]),
        Special(1, 1, value: 1, slopes: [1, 0], kink: "to the first among equals"),
      ]),
    .binary(
      "heaviside", .signed(0.2, 2), .uniform(-1, 1), { heaviside($0, $1) }, { x, _ in x < 0 ? 0 : 1 },
      primitives: [], accepts: .numbers, ulps: 0, integers: 1...4,
      specials: [
        Special(0, 0.25, value: 0.25, slopes: [0, 1], kink: "to the value at 0"), Special(.nan, 1, value: .nan),
      ]),
    Row(
      "clamp with tensors", operators: ["clamp"],
      inputs: [
        Draw([2, 3], .fixed([-2, 0.5, 2, 0.1])), Draw([2, 3], .uniform(-1, -0.5)), Draw([2, 3], .uniform(0.6, 1)),
      ],
      reference: .elements { Swift.min(Swift.max($0[0], $0[1]), $0[2]) }, accepts: .numbers, ulps: 0,
      specials: [Special(1, 1, 2, value: 1, slopes: [1, 0, 0]), Special(1, 3, 2, value: 2, slopes: [0, 0, 1])],
      call: { [clamp($0[0], minimum: $0[1], maximum: $0[2])] }),
    .binary(
      "clamp below", .fixed([-2, 0.5, 2]), .uniform(-1, -0.5), { clamp($0, minimum: $1, maximum: nil) },
      { Swift.max($0, $1) }, operators: ["clamp"], primitives: [], accepts: .numbers, ulps: 0),
    .binary(
      "clamp above", .fixed([-2, 0.5, 2]), .uniform(0.6, 1), { clamp($0, minimum: nil, maximum: $1) },
      { Swift.min($0, $1) }, operators: ["clamp"], primitives: [], accepts: .numbers, ulps: 0),
    Row(
      "xor", operators: [".^"], inputs: [Draw([2, 3], .flags), Draw([2, 3], .flags)],
      reference: .elements { ($0[0] != 0) != ($0[1] != 0) ? 1 : 0 }, accepts: .all, resultType: .bool, ulps: 0,
      call: { [$0[0] .^ $0[1]] }),
  ]
}

extension Catalogue {
  static let furtherActivationNotes: [Note] = [
    Note(
      "leakyRelu", "x above 0, slope x below", "1; slope", torch: "F.leaky_relu", mxnet: "mx.npx.leaky_relu",
      jax: "jax.nn.leaky_relu"),
    Note("prelu", "x above 0, weight x below", "1 or weight; 0 or x", torch: "F.prelu", mxnet: "mx.gluon.nn.PReLU"),
    Note(
      "elu", "x above 0, alpha (e^x - 1) below", "1 above 0, y + alpha below", torch: "F.elu",
      mxnet: "mx.gluon.nn.ELU", jax: "jax.nn.elu"),
    Note(
      "celu", "x above 0, alpha (e^(x / alpha) - 1) below", "1 above 0, e^(x / alpha) below", torch: "F.celu",
      jax: "jax.nn.celu"),
    Note(
      "selu", "1.0507 elu(x, alpha: 1.6733)", "1.0507 above 0, y + 1.7581 below", torch: "F.selu",
      mxnet: "mx.gluon.nn.SELU", jax: "jax.nn.selu"),
    Note(
      "hardtanh", "min(max(x, minimum), maximum)", "1 between; 0 outside", torch: "F.hardtanh",
      jax: "jax.nn.hard_tanh"),
    Note("relu6", "min(max(x, 0), 6)", "1 between; 0 outside", torch: "F.relu6", jax: "jax.nn.relu6"),
    Note(
      "hardsigmoid", "min(max(x / 6 + 1/2, 0), 1)", "1/6 between; 0 outside", torch: "F.hardsigmoid",
      jax: "jax.nn.hard_sigmoid"),
    Note(
      "hardswish", "x hardsigmoid x", "x / 3 + 1/2 between; 0 below, 1 above", torch: "F.hardswish",
      jax: "jax.nn.hard_swish"),
    Note(
      "softshrink", "x - amount above it, x + amount below -amount, 0 between", "1 outside; 0", torch: "F.softshrink"),
    Note("hardshrink", "0 where abs(x) <= amount, else x", "1 outside; 0", torch: "F.hardshrink"),
    Note("threshold", "x above the bound, else value", "1 above; 0", torch: "F.threshold"),
    Note(
      "logSigmoid", "-ln(1 + e^-x)", "sigmoid(-x)", torch: "F.logsigmoid", mxnet: "mx.npx.activation",
      jax: "jax.nn.log_sigmoid"),
    Note(
      "mish", "x t with t = tanh(softplus x)", "t + x (1 - t^2) sigmoid x", torch: "F.mish",
      mxnet: "mx.npx.activation", jax: "jax.nn.mish"),
    Note(
      "softsign", "x / (1 + abs(x))", "1 / (1 + abs(x))^2", torch: "F.softsign", mxnet: "mx.npx.softsign",
      jax: "jax.nn.soft_sign"),
    Note("tanhshrink", "x - tanh x", "tanh(x)^2", torch: "F.tanhshrink"),
    Note(
      "glu", "a s with s = sigmoid b, for the halves a and b of x", "u s; u a s (1 - s)", torch: "F.glu",
      jax: "jax.nn.glu"),
  ]

  static let furtherNumericNotes: [Note] = [
    Note("frac", "x - trunc x", "1", torch: "torch.frac"),
    Note("isInf", "Whether x is infinite", nil, same: "isinf"),
    Note("signBit", "Whether x is negative or -0", nil, same: "signbit"),
    Note(
      "logit", "ln(x / (1 - x))", "1 / (x (1 - x))", torch: "torch.logit", numpy: "scipy.special.logit",
      jax: "jax.scipy.special.logit"),
    Note("sinc", "sin(pi x) / (pi x)", "(cos(pi x) - y) / x", same: "sinc", mxnet: ""),
    Note("degrees", "180 x / pi", "180 / pi", same: "degrees", torch: "torch.rad2deg"),
    Note("radians", "pi x / 180", "pi / 180", same: "radians", torch: "torch.deg2rad"),
    Note("nanToNum", "x, numbers instead of NaN and infinities", "1 at what stays; 0", same: "nan_to_num"),
  ]

  static let furtherPairNotes: [Note] = [
    Note("logAddExp", "ln(e^a + e^b)", "e^(a - y); e^(b - y)", same: "logaddexp"),
    Note("logAddExp2", "log2(2^a + 2^b)", "2^(a - y); 2^(b - y)", same: "logaddexp2", mxnet: ""),
    Note(
      "xlogy", "x ln y", "ln y; x / y", torch: "torch.xlogy", numpy: "scipy.special.xlogy",
      jax: "jax.scipy.special.xlogy"),
    Note("lerp", "a + w (b - a)", "1 - w; w; b - a", torch: "torch.lerp"),
    Note("copysign", "abs(a) with the sign of b", "1 or -1; 0", same: "copysign"),
    Note("fmod", "a - trunc(a / b) b", "1; -trunc(a / b)", same: "fmod"),
    Note("fmax", "max(a, b), a number where one is NaN", "1 for the larger; 0", same: "fmax"),
    Note("fmin", "min(a, b), a number where one is NaN", "1 for the smaller; 0", same: "fmin"),
    Note("heaviside", "0 below 0, 1 above, value at 0", "0; 0, 1 at 0", same: "heaviside"),
  ]
}
