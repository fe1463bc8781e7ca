import Autograd
import Foundation

extension Catalogue {
  static let exponential: [Row] = [
    .unary(
      "exp", .uniform(-3, 3), { exp($0) }, { exp($0) }, saves: [.result(0)],
      specials: [
        Special(0, value: 1, slopes: [1], second: 1), Special(-.infinity, value: 0, slopes: [0], second: 0),
        Special(.infinity, value: .infinity), Special(.nan, value: .nan, slopes: [.nan]),
        Special(1e4, value: .infinity, slopes: [.infinity]), Special(-1e4, value: 0, slopes: [0]),
      ]),
    .unary(
      "exp2", .uniform(-3, 3), { exp2($0) }, { exp2($0) }, saves: [.result(0)],
      specials: [
        Special(10, value: 1024), Special(-.infinity, value: 0, slopes: [0]), Special(.nan, value: .nan),
      ]),
    .unary(
      "expm1", .uniform(-3, 3), { expm1($0) }, { expm1($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: 1),
        Special(-.infinity, value: -1, slopes: [0], second: 0),
        Special(1e-20, value: 1e-20, slopes: [1]), Special(.nan, value: .nan),
      ]),
    .unary(
      "log", .uniform(0.2, 4), { log($0) }, { log($0) }, saves: [.input(0)],
      specials: [
        Special(1, value: 0, slopes: [1], second: -1),
        Special(0, value: -.infinity, slopes: [.infinity], kink: "infinite"),
        Special(-1, value: .nan), Special(.infinity, value: .infinity, slopes: [0], second: 0),
      ]),
    .unary(
      "log2", .uniform(0.2, 4), { log2($0) }, { log2($0) }, saves: [.input(0)],
      specials: [
        Special(8, value: 3), Special(0, value: -.infinity, slopes: [.infinity], kink: "infinite"),
        Special(-1, value: .nan),
      ]),
    .unary(
      "log10", .uniform(0.2, 4), { log10($0) }, { log10($0) }, saves: [.input(0)],
      specials: [
        Special(1000, value: 3), Special(0, value: -.infinity, slopes: [.infinity], kink: "infinite"),
        Special(-1, value: .nan),
      ]),
    .unary(
      "log1p", .uniform(-0.8, 3), { log1p($0) }, { log1p($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [1], second: -1),
        Special(-1, value: -.infinity, slopes: [.infinity], kink: "infinite"),
        Special(-2, value: .nan), Special(1e-20, value: 1e-20),
      ]),
    .unary(
      "sqrt", .uniform(0.2, 4), { sqrt($0) }, { $0.squareRoot() }, saves: [.result(0)],
      specials: [
        Special(0, value: 0, slopes: [.infinity], kink: "infinite"), Special(-0.0, value: -0.0),
        Special(-1, value: .nan),
        Special(.infinity, value: .infinity, slopes: [0]),
        Special(4, value: 2, slopes: [0.25], second: -0.03125),
      ]),
    .unary(
      "cbrt", .signed(0.2, 4), { cbrt($0) }, { SpecialFunctions.cubeRoot($0) }, saves: [.result(0)],
      specials: [
        Special(-8, value: -2), Special(-0.0, value: -0.0),
        Special(0, value: 0, slopes: [.infinity], second: 0, kink: "infinite, its second derivative 0"),
        Special(-.infinity, value: -.infinity),
      ]),
  ]
}

extension Catalogue {
  static let exponentialNotes: [Note] = [
    Note("exp", "e^x", "y", same: "exp"),
    Note("exp2", "2^x", "y ln 2", same: "exp2", mxnet: ""),
    Note("expm1", "e^x - 1", "e^x", same: "expm1"),
    Note("log", "ln x", "1 / x", same: "log"),
    Note("log2", "ln x / ln 2", "1 / (x ln 2)", same: "log2"),
    Note("log10", "ln x / ln 10", "1 / (x ln 10)", same: "log10"),
    Note("log1p", "ln(1 + x)", "1 / (1 + x)", same: "log1p"),
    Note("sqrt", "x^(1/2)", "1 / (2 y)", same: "sqrt"),
    Note("cbrt", "x^(1/3)", "1 / (3 y^2)", same: "cbrt", torch: ""),
  ]
}
