import Autograd
import Foundation

extension Catalogue {
  static let trigonometric: [Row] = [
    .unary(
      "sin", .uniform(-3, 3), { sin($0) }, { sin($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(.infinity, value: .nan, slopes: [.nan]),
        Special(.nan, value: .nan), Special(1e22, value: -0.8522008497671888),
      ]),
    .unary(
      "cos", .uniform(-3, 3), { cos($0) }, { cos($0) }, saves: [.input(0)],
      specials: [
        Special(0, value: 1, slopes: [0], second: -1), Special(.infinity, value: .nan),
        Special(1e22, value: 0.5232147853951389),
      ]),
    .unary(
      "tan", .uniform(-1.3, 1.3), { tan($0) }, { tan($0) }, saves: [.result(0)],
      specials: [Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(.infinity, value: .nan)]),
    .unary(
      "asin", .uniform(-0.9, 0.9), { asin($0) }, { asin($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(1, value: .pi / 2, slopes: [.infinity]),
        Special(2, value: .nan),
      ]),
    .unary(
      "acos", .uniform(-0.9, 0.9), { acos($0) }, { acos($0) }, saves: [.input(0)],
      specials: [
        Special(1, value: 0, slopes: [-.infinity]), Special(-1, value: .pi), Special(-2, value: .nan),
      ]),
    .unary(
      "atan", .uniform(-3, 3), { atan($0) }, { atan($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(.infinity, value: .pi / 2, slopes: [0]),
        Special(-.infinity, value: -.pi / 2, slopes: [0]),
      ]),
  ]
}
