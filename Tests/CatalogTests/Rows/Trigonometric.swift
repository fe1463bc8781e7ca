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
        Special(-0.0, value: -0.0, slopes: [1], second: 0),
        Special(1, value: .pi / 2, slopes: [.infinity], kink: "infinite at the ends"),
        Special(2, value: .nan),
      ]),
    .unary(
      "acos", .uniform(-0.9, 0.9), { acos($0) }, { acos($0) }, saves: [.input(0)],
      specials: [
        Special(1, value: 0, slopes: [-.infinity], kink: "infinite at the ends"), Special(-1, value: .pi),
        Special(-2, value: .nan),
      ]),
    .unary(
      "atan", .uniform(-3, 3), { atan($0) }, { atan($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(.infinity, value: .pi / 2, slopes: [0]),
        Special(-.infinity, value: -.pi / 2, slopes: [0]),
      ]),
  ]
}

extension Catalogue {
  static let trigonometricNotes: [Note] = [
    Note("sin", "sin x", "cos x", same: "sin"),
    Note("cos", "cos x", "-sin x", same: "cos"),
    Note("tan", "tan x", "1 + y^2", same: "tan"),
    Note("asin", "The angle with `sin y = x`", "1 / sqrt(1 - x^2)", same: "arcsin"),
    Note("acos", "The angle with `cos y = x`", "-1 / sqrt(1 - x^2)", same: "arccos"),
    Note("atan", "The angle with `tan y = x`", "1 / (1 + x^2)", same: "arctan"),
  ]
}
