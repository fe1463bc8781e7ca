import Autograd
import Foundation

extension Catalogue {
  private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static let activations: [Row] = [
    .unary(
      "relu", .signed(0.2, 2), { relu($0) }, { Swift.max($0, 0) }, primitives: [], accepts: .numbers, ulps: 0,
      saves: [.input(0)],
      specials: [
        Special(0, value: 0, slopes: [0], second: 0), Special(.nan, value: .nan),
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
      { $0 * logistic((8 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)) }, operators: [],
      primitives: [], ulps: 32, saves: [.input(0)],
      specials: [Special(0, value: 0, slopes: [0.5]), Special(50, value: 50, slopes: [1], second: 0)]),
  ]
}
