import Autograd
import Foundation

extension Catalogue {
  private static let twoOverRootPi = 2 / Double.pi.squareRoot()

  static let special: [Row] = [
    .unary(
      "erf", .uniform(-2, 2), { erf($0) }, { erf($0) }, saves: [.input(0)],
      specials: [
        Special(-0.0, value: -0.0, slopes: [twoOverRootPi], second: 0),
        Special(.infinity, value: 1, slopes: [0]),
        Special(100, value: 1, slopes: [0], second: 0),
      ]),
    .unary(
      "erfc", .uniform(-2, 2), { erfc($0) }, { erfc($0) }, ulps: 4, saves: [.input(0)],
      specials: [
        Special(0, value: 1, slopes: [-twoOverRootPi], second: 0), Special(-.infinity, value: 2, slopes: [0]),
        Special(.infinity, value: 0, slopes: [0]),
      ]),
    .unary(
      "erfinv", .uniform(-0.9, 0.9), { erfinv($0) }, { SpecialFunctions.erfinv($0) }, ulps: 6,
      saves: [.result(0)],
      specials: [
        Special(0, value: 0, slopes: [Double.pi.squareRoot() / 2], second: 0),
        Special(1, value: .infinity, slopes: [.infinity], kink: "infinite at the ends"), Special(-1, value: -.infinity),
        Special(2, value: .nan),
      ]),
    .unary(
      "lgamma", .uniform(0.3, 4.5), { lgamma($0) }, { SpecialFunctions.logGamma($0) }, ulps: 10,
      saves: [.input(0)],
      specials: [
        Special(1, value: 0, slopes: [-0.5772156649015329], second: 1.6449340668482264), Special(2, value: 0),
        Special(0, value: .infinity, slopes: [-.infinity], second: .infinity, kink: "infinite at 0"),
        Special(
          -1, value: .infinity, slopes: [.nan], second: .infinity,
          kink: "NaN at the negative poles, its second derivative infinite"),
        Special(-0.5, value: 1.2655121234846454),
      ]),
    .unary(
      "digamma", .uniform(1.8, 6), { digamma($0) }, { SpecialFunctions.digamma($0) }, ulps: 40,
      saves: [.input(0)],
      specials: [
        Special(1, value: -0.5772156649015329, slopes: [1.6449340668482264], second: -2.4041138063191885),
        Special(-0.5, value: 0.03648997397857652, slopes: [8.934802200544679]),
        Special(0, value: -.infinity, slopes: [.infinity], second: -.infinity, kink: "infinite at 0"),
        Special(
          -1, value: .nan, slopes: [.infinity], second: .nan,
          kink: "infinite at the negative poles, its second derivative NaN"),
      ]),
    .unary(
      "polygamma", .uniform(0.3, 4.5), { polygamma(2, $0) }, { SpecialFunctions.polygamma(2, $0) }, ulps: 64,
      saves: [.input(0)],
      specials: [
        Special(1, value: -2.4041138063191885, slopes: [6.493939402266829]),
        Special(0, value: -.infinity, slopes: [.infinity], second: -.infinity, kink: "infinite at the poles"),
      ]),
  ]
}

extension Catalogue {
  static let specialNotes: [Note] = [
    Note(
      "erf", "2 / sqrt(pi) integral of e^(-t^2) from 0 to x", "2 / sqrt(pi) e^(-x^2)", torch: "torch.erf",
      numpy: "scipy.special.erf", mxnet: "mx.npx.erf", jax: "jax.scipy.special.erf"),
    Note(
      "erfc", "1 - erf x", "-2 / sqrt(pi) e^(-x^2)", torch: "torch.erfc", numpy: "scipy.special.erfc",
      jax: "jax.scipy.special.erfc"),
    Note(
      "erfinv", "The y with `erf y = x`", "sqrt(pi) / 2 e^(y^2)", torch: "torch.erfinv",
      numpy: "scipy.special.erfinv", mxnet: "mx.npx.erfinv", jax: "jax.scipy.special.erfinv"),
    Note(
      "lgamma", "ln abs(gamma(x))", "digamma x", torch: "torch.lgamma", numpy: "scipy.special.gammaln",
      mxnet: "mx.npx.gammaln", jax: "jax.scipy.special.gammaln"),
    Note(
      "digamma", "gamma'(x) / gamma(x)", "polygamma(1, x)", torch: "torch.digamma", numpy: "scipy.special.digamma",
      mxnet: "mx.npx.digamma", jax: "jax.scipy.special.digamma"),
    Note(
      "polygamma", "The derivative of order `n` of `digamma x`", "polygamma(n + 1, x)", torch: "torch.polygamma",
      numpy: "scipy.special.polygamma", jax: "jax.scipy.special.polygamma"),
  ]
}
