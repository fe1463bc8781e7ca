import Autograd
import Foundation

extension Catalogue {
  private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static let activations: [Row] = [
    .unary(
      "relu", .signed(0.2, 2), { relu($0) }, { Swift.max($0, 0) }, primitives: [], accepts: .numbers, ulps: 0,
      saves: [.input(0)],
      specials: [
        Special(0, value: 0, slopes: [0], second: 0, kink: "as below"), Special(.nan, value: .nan),
        Special(.infinity, value: .infinity, slopes: [1]), Special(-.infinity, value: 0, slopes: [0]),
      ]),
    .unary(
      "sigmoid", .uniform(-3, 3), { sigmoid($0) }, logistic, primitives: [], ulps: 3, saves: [.result(0)],
      specials: [
        Special(0, value: 0.5, slopes: [0.25], second: 0), Special(1000, value: 1, slopes: [0], second: 0),
        Special(-1000, value: 0, slopes: [0], second: 0),
      ]),
    .unary(
      "softplus", .uniform(-3, 3), { softplus($0) }, { log1p(exp($0)) }, primitives: [], ulps: 3,
      saves: [.input(0)],
      specials: [
        Special(0, value: log(2), slopes: [0.5], second: 0.25),
        Special(1000, value: 1000, slopes: [1], second: 0),
        Special(-1000, value: 0, slopes: [0], second: 0), Special(.nan, value: .nan),
        Special(.infinity, value: .infinity, slopes: [1]), Special(-.infinity, value: 0, slopes: [0]),
      ]),
    .unary(
      "silu", .uniform(-3, 3), { silu($0) }, { $0 * logistic($0) }, primitives: [], ulps: 4,
      saves: [.input(0)],
      specials: [
        Special(0, value: 0, slopes: [0.5], second: 0.5), Special(1000, value: 1000, slopes: [1], second: 0),
      ]),
    .unary(
      "gelu", .uniform(-3, 3), { gelu($0) }, { $0 * 0.5 * erfc(-$0 / 2.0.squareRoot()) }, primitives: [],
      ulps: 32,
      saves: [.input(0)],
      specials: [
        Special(0, value: 0, slopes: [0.5], second: 0.7978845608028654),
        Special(50, value: 50, slopes: [1], second: 0),
        Special(-50, value: -0.0, slopes: [0], second: 0),
      ]),
    .unary(
      "geluTanh", .uniform(-3, 3), { gelu($0, approximation: .tanh) },
      { $0 * logistic((8 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)) }, operators: ["gelu"],
      primitives: [], ulps: 32, saves: [.input(0)],
      specials: [Special(0, value: 0, slopes: [0.5]), Special(50, value: 50, slopes: [1], second: 0)]),
  ]
}

extension Catalogue {
  static let activationNotes: [Note] = [
    Note("relu", "max(x, 0)", "1 above 0; 0 below", torch: "F.relu", mxnet: "mx.npx.relu", jax: "jax.nn.relu"),
    Note(
      "sigmoid", "1 / (1 + e^-x)", "y (1 - y)", torch: "torch.sigmoid", numpy: "scipy.special.expit",
      mxnet: "mx.npx.sigmoid", jax: "jax.nn.sigmoid"),
    Note(
      "softplus", "ln(1 + e^(beta x)) / beta", "sigmoid(beta x)", torch: "F.softplus",
      mxnet: "mx.npx.activation", jax: "jax.nn.softplus"),
    Note(
      "silu", "x s with s = sigmoid x", "s + y (1 - s)", torch: "F.silu", mxnet: "mx.gluon.nn.SiLU",
      jax: "jax.nn.silu"),
    Note(
      "gelu", "x p with p = (1 + erf(x / sqrt(2))) / 2", "p + x e^(-x^2 / 2) / sqrt(2 pi)", torch: "F.gelu",
      mxnet: "mx.gluon.nn.GELU", jax: "jax.nn.gelu"),
  ]
}
