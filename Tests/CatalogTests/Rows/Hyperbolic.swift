import Autograd
import Foundation

extension Catalogue {
  static let hyperbolic: [Row] = [
    .unary(
      "sinh", .uniform(-3, 3), { sinh($0) }, { sinh($0) }, saves: [.input(0)],
      specials: [Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(.infinity, value: .infinity)]),
    .unary(
      "cosh", .uniform(-3, 3), { cosh($0) }, { cosh($0) }, saves: [.input(0)],
      specials: [Special(0, value: 1, slopes: [0], second: 1), Special(-.infinity, value: .infinity)]),
    .unary(
      "tanh", .uniform(-2, 2), { tanh($0) }, { tanh($0) }, saves: [.result(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(100, value: 1, slopes: [0], second: 0),
        Special(-.infinity, value: -1, slopes: [0], second: 0), Special(.nan, value: .nan),
      ]),
    .unary(
      "asinh", .uniform(-3, 3), { asinh($0) }, { asinh($0) }, saves: [.input(0)],
      specials: [Special(-0.0, value: -0.0, slopes: [1], second: 0), Special(-.infinity, value: -.infinity)]),
    .unary(
      "acosh", .uniform(1.2, 4), { acosh($0) }, { acosh($0) }, saves: [.input(0)],
      specials: [Special(1, value: 0, slopes: [.infinity], kink: "infinite at the end"), Special(0.5, value: .nan)]),
    .unary(
      "atanh", .uniform(-0.9, 0.9), { atanh($0) }, { atanh($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: 0),
        Special(1, value: .infinity, slopes: [.infinity], kink: "infinite at the ends"),
        Special(2, value: .nan),
      ]),
  ]
}

extension Catalogue {
  static let hyperbolicNotes: [Note] = [
    Note("sinh", "(e^x - e^-x) / 2", "cosh x", same: "sinh"),
    Note("cosh", "(e^x + e^-x) / 2", "sinh x", same: "cosh"),
    Note("tanh", "sinh x / cosh x", "1 - y^2", same: "tanh"),
    Note("asinh", "ln(x + sqrt(x^2 + 1))", "1 / sqrt(x^2 + 1)", same: "arcsinh"),
    Note("acosh", "ln(x + sqrt(x^2 - 1))", "1 / sqrt(x^2 - 1)", same: "arccosh"),
    Note("atanh", "ln((1 + x) / (1 - x)) / 2", "1 / (1 - x^2)", same: "arctanh"),
  ]
}
