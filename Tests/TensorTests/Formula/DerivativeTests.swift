import Autograd
import Testing

@testable import Tensor

/// Derivatives of formulas against closed forms, to order 4.
struct DerivativeTests {
  /// The first four derivatives by nested transforms.
  private func derivatives(_ f: @escaping (Tensor) -> Tensor, _ x: Tensor) -> [Tensor] {
    var g = { (x: Tensor) in f(x) }
    return (0..<4).map { _ in
      let inner = g
      g = grad { inner($0).sum() }
      return g(x)
    }
  }

  private func check(
    _ f: @escaping (Tensor) -> Tensor, at points: [Double], _ expected: [(Double) -> Double], _ name: String
  ) {
    let x = Tensor(points)
    for (order, (got, want)) in zip(derivatives(f, x), expected).enumerated() {
      let numbers = points.map(want)
      for (a, b) in zip(doubles(got), numbers) {
        #expect(
          Swift.abs(a - b) <= 1e-11 * Swift.max(1, Swift.abs(b)),
          "\(name), order \(order + 1): \(a), not \(b)")
      }
    }
  }

  @Test func smoothFunctions() {
    let points = [-1.3, -0.2, 0.4, 0.9]
    check({ sin($0) }, at: points, [{ cos($0) }, { -sin($0) }, { -cos($0) }, { sin($0) }], "sin")
    check({ exp(2 * $0) }, at: points, (1...4).map { n in { pow2(n) * exp(2 * $0) } }, "exp(2x)")
    check(
      { $0 * $0 * $0 }, at: points, [{ 3 * $0 * $0 }, { 6 * $0 }, { _ in 6 }, { _ in 0 }], "x^3")
    check(
      { tanh($0) }, at: points + [20, 100],
      [
        { 1 - tanh($0) * tanh($0) }, { -2 * tanh($0) * (1 - tanh($0) * tanh($0)) },
        {
          let t = tanh($0); return (1 - t * t) * (6 * t * t - 2)
        },
        {
          let t = tanh($0); return (1 - t * t) * t * (16 - 24 * t * t)
        },
      ], "tanh")
  }

  @Test func functionsOfPositiveNumbers() {
    let points = [0.3, 1, 2.5]
    check(
      { log($0) }, at: points,
      [{ 1 / $0 }, { -1 / ($0 * $0) }, { 2 / ($0 * $0 * $0) }, { -6 / ($0 * $0 * $0 * $0) }], "log")
    check(
      { sqrt($0) }, at: points,
      [
        { 0.5 / $0.squareRoot() }, { -0.25 / ($0 * $0.squareRoot()) },
        { 0.375 / ($0 * $0 * $0.squareRoot()) },
        { -0.9375 / ($0 * $0 * $0 * $0.squareRoot()) },
      ], "sqrt")
    check(
      { 1 / $0 }, at: points,
      [
        { -1 / ($0 * $0) }, { 2 / ($0 * $0 * $0) }, { -6 / ($0 * $0 * $0 * $0) },
        { 24 / ($0 * $0 * $0 * $0 * $0) },
      ],
      "1/x")
  }

  @Test func strongZeros() {
    let x = Tensor([0, 4], dtype: .float64)
    let f = { (x: Tensor) in `where`(x .> 0, sqrt(x), 0).sum() }
    #expect(doubles(grad(f)(x)) == [0, 0.25])
    #expect(doubles(hvp(f, at: x, along: Tensor.ones(like: x))) == [0, -1.0 / 32])
    #expect(doubles(hvpReverse(f, at: x, along: Tensor.ones(like: x))) == [0, -1.0 / 32])
    // The Hessian of a square at its minimum comes from the derivative with respect to a zero cotangent.
    let at = Tensor([1, -2], dtype: .float64)
    let squares = { (x: Tensor) in square(x - at).sum() }
    for product in [hvp(squares, at: at, along: at), hvpReverse(squares, at: at, along: at)] {
      #expect(doubles(product) == [2, -4])
    }
    let rev = { (x: Tensor) in grad(squares)(x) }
    #expect(doubles(vjp(rev, at: at).pullback(at)) == [2, -4])
    let fwd = { (x: Tensor) in jvp(squares, at: x, along: at).tangent }
    #expect(doubles(grad(fwd)(at)) == [2, -4])
    #expect(jvp(fwd, at: at, along: at).tangent.item() == 10)
  }

  @Test func ties() {
    let x = Tensor([1, 2], requiresGrad: true)
    let y = Tensor([1, 5], requiresGrad: true)
    (maximum(x, y) * 10 + minimum(x, y)).sum().backward()
    #expect(doubles(x.grad!) == [5.5, 1] && doubles(y.grad!) == [5.5, 10])
  }
}

private func pow2(_ n: Int) -> Double { Double(1 << n) }
