import Autograd
import Testing

@testable import Tensor

/// The transforms of second order inside others, and others inside them.
struct SecondOrderNestingTests {
  private typealias Scalar = (Tensor) -> Tensor

  /// Every way to the derivative of a function of a number, as a number.
  private let derivatives: [(String, (@escaping Scalar) -> Scalar)] = [
    ("grad", { grad($0) }),
    ("jvp", { f in { jvp(f, at: $0, along: Tensor.ones(like: $0)).tangent } }),
    ("linearize", { f in { linearize(f, at: $0).pushforward(Tensor.ones(like: $0)) } }),
    ("jacobian, forward", { f in { try! jacobian(f, mode: .forward)($0) } }),
    ("jacobian, reverse", { f in { try! jacobian(f, mode: .reverse)($0) } }),
    ("elementwiseGrad", { elementwiseGrad($0) }),
    ("auxiliary", { f in { valueGradAndAuxiliary { (x: Tensor) in (f(x), x) }($0).gradient } }),
    ("vjp", { f in { vjp(f, at: $0).pullback(Tensor.ones(like: $0)) } }),
    (
      "directionalDerivatives",
      { f in { directionalDerivatives(f, at: $0, along: Tensor.ones(like: $0), order: 1)[1] } }
    ),
    ("vmap", { f in { vmap(grad(f))($0.reshaped([1])).reshaped([]) } }),
    ("gradPerExample", { f in { x in gradPerExample { (p: Tensor, e: Tensor) in e * f(p) }(x, f64(1)).reshaped([]) } }),
    (
      "linearTranspose",
      { f in
        { x in linearTranspose({ jvp(f, at: x, along: $0).tangent }, like: x)(Tensor.ones(like: x)) }
      }
    ),
  ]

  /// Ways through functions that must not capture tracked tensors.
  private let closed: [(String, (@escaping Scalar) -> Scalar)] = [
    ("checkpoint", { f in grad { checkpoint(f)($0) } }),
    ("checkpoint, forward", { f in { x in jvp({ checkpoint(f)($0) }, at: x, along: Tensor.ones(like: x)).tangent } }),
    // The solution is x, by an equation.
    (
      "rootSolve",
      { f in
        grad { x in f(try! rootSolve({ y, x in y * y * y + y - x * x * x - x }, from: x.detached(), at: x)) }
      }
    ),
  ]

  /// A checkpoint refuses what the tangent of a captured point, transposed, gives: it counts as tracked, by the leaf of
  /// the inner jvp.
  private func mixes(_ a: String, _ b: String) -> Bool {
    !(a.hasPrefix("checkpoint") && b == "linearTranspose" || b.hasPrefix("checkpoint") && a == "linearTranspose")
  }

  /// Every way to the second derivative.
  private let seconds: [(String, (@escaping Scalar) -> Scalar)] = [
    ("hessian", { f in { try! hessian(f)($0) } }),
    ("banded", { f in { hessian(f, sparsity: .banded(1))($0).values.sum() } }),
    ("detected", { f in { hessian(f, sparsity: .detected)($0).dense().sum() } }),
    ("diagonal", { hessianDiagonal($0) }),
    ("operator", { f in { HessianOperator(f, at: $0)(Tensor.ones(like: $0)) } }),
    ("trace", { f in { HessianOperator(f, at: $0).trace() } }),
    ("vhp", { f in { vhp(f, at: $0, along: Tensor.ones(like: $0)).product } }),
    ("laplacian", { f in { x in laplacian { f($0.sum()) }(x.reshaped([1])) } }),
    ("hvp", { f in { hvp(f, at: $0, along: Tensor.ones(like: $0)) } }),
    ("hvpReverse", { f in { hvpReverse(f, at: $0, along: Tensor.ones(like: $0)) } }),
    ("valueGradAndHVP", { f in { valueGradAndHVP(f, at: $0, along: Tensor.ones(like: $0)).product } }),
    ("gaussNewtonProduct", { f in { gaussNewtonProduct({ $0 * 1 }, loss: f, at: $0, along: Tensor.ones(like: $0)) } }),
    (
      "directionalDerivatives",
      { f in { directionalDerivatives(f, at: $0, along: Tensor.ones(like: $0), order: 2)[2] } }
    ),
  ]

  private let f: Scalar = { exp(sin($0) * $0) }

  @Test func orderThreeInEveryMix() {
    let x = scalar(0.8)
    let third = grad(grad(grad(f)))(x).item()
    for (a, first) in derivatives + closed {
      for (b, second) in seconds {
        #expect(near(first(second(f))(x), [third], 1e-12), "\(a) of \(b)")
        #expect(near(second(first(f))(x), [third], 1e-12), "\(b) of \(a)")
      }
      for (b, other) in derivatives + closed where mixes(a, b) {
        #expect(near(first(other(grad(f)))(x), [third], 1e-12), "\(a) of \(b)")
      }
    }
  }

  @Test func orderFourInEveryMix() {
    let x = scalar(0.8)
    let fourth = grad(grad(grad(grad(f))))(x).item()
    for (a, first) in seconds {
      for (b, second) in seconds { #expect(near(first(second(f))(x), [fourth], 1e-11), "\(a) of \(b)") }
    }
    for (a, first) in derivatives + closed {
      for (b, second) in derivatives + closed where mixes(a, b) {
        #expect(near(first(second(first(second(f))))(x), [fourth], 1e-11), "\(a) and \(b)")
      }
      for (b, second) in seconds { #expect(near(first(second(first(f)))(x), [fourth], 1e-12), "\(a) around \(b)") }
    }
  }

  /// d/dx (x d/dy (x y^2)) and the like: an inner transform must not see the outer's perturbation.
  @Test func perturbationsAreNotConfused() {
    for (a, outer) in derivatives {
      for (b, inner) in derivatives {
        // The derivative of x + y with respect to y is 1, and x goes through it as a constant.
        #expect(near(outer { x in x * inner { y in x + y * y }(scalar(1)) }(scalar(3)), [2], 1e-12), "\(a), \(b)")
        #expect(near(outer { x in x * inner { y in x * y }(x) }(scalar(3)), [6], 1e-12), "\(a), \(b)")
        #expect(near(outer { x in inner { x in x * x * x }(x * x) }(scalar(2)), [96], 1e-12), "\(a), \(b)")
      }
      for (b, inner) in seconds {
        // d2/dy2 (x^2 y^3) = 6 x^2 y
        #expect(near(outer { x in inner { y in x * x * y * y * y }(x) }(scalar(2)), [72], 1e-12), "\(a), \(b)")
        #expect(near(outer { x in x * inner { y in x * y }(x) }(scalar(2)), [0], 1e-12), "\(a), \(b)")
        #expect(near(outer { x in x * inner { y in y * y }(scalar(5)) }(scalar(2)), [2], 1e-12), "\(a), \(b)")
      }
    }
    for (a, outer) in seconds {
      for (b, inner) in derivatives {
        // x d/dy (x y^2) at y = x is 2 x^3, whose second derivative is 12 x.
        #expect(near(outer { x in x * inner { y in x * y * y }(x) }(scalar(2)), [24], 1e-12), "\(a), \(b)")
      }
    }
  }

  @Test func closuresOverOuterTrackedTensors() {
    for (name, second) in seconds {
      let w = Tensor(3, dtype: .float64, requiresGrad: true)
      let result = second { x in w * w * x * x * x }(scalar(2))  // 6 w^2 x
      #expect(near(result, [108], 1e-12) && result.isTracked, "\(name)")
      result.sum().backward()
      #expect(near(w.grad!, [72], 1e-12), "\(name)")
      w.clearGrad()
      second { x in x * x * x * x }(w).sum().backward()  // 12 w^2, the input itself
      #expect(near(w.grad!, [72], 1e-12), "\(name)")
    }
  }

  /// What nobody outside can differentiate is a constant.
  @Test func closedResultsAreConstants() {
    for (name, transform) in derivatives + closed + seconds where name != "linearTranspose" {
      #expect(!transform(f)(scalar(0.5)).isTracked, "\(name)")
      #expect(!withoutGrad { transform(f)(Tensor(2, dtype: .float64, requiresGrad: true)) }.isTracked, "\(name)")
    }
  }

  @Test func gradientsOfMatrices() {
    let x = f64(0.5, -1.2, 0.7)
    let f = { (x: Tensor) in exp(x[0] * x[1]) * x[2] + (x * x * x * x).sum() }
    func difference(_ g: @escaping (Tensor) -> Tensor) -> [Double] {
      (0..<3).map {
        let step = 1e-5 * Tensor.eye(3, dtype: .float64)[$0]
        return (g(x + step) - g(x - step)).item() / 2e-5
      }
    }
    let functions: [(Tensor) -> Tensor] = [
      { try! hessian(f)($0).trace() }, { square(try! hessian(f)($0)).sum() },
      { try! hessian { (p: [Tensor]) in f(p[0] * p[1]) }([$0, x]).matrix().sum() },
      { (x: Tensor) in try! jacobian { jvp(f, at: $0, along: x).tangent }(x).sum() },
      { try! hessian { y in jvp(f, at: y, along: y * y).tangent }($0).sum() },
      { (x: Tensor) in (hessian(f, sparsity: .banded(2))(x)(x) * x).sum() },
      { (x: Tensor) in HessianOperator(gaussNewton: { $0 * $0 }, loss: { exp($0).sum() }, at: x).diagonal().sum() },
    ]
    for (index, g) in functions.enumerated() {
      let found = grad(g)(x)
      #expect(near(found, difference(g), 1e-6), "\(index)")
      let pushed = (0..<3).map { jvp(g, at: x, along: Tensor.eye(3, dtype: .float64)[$0]).tangent.item() }
      #expect(near(pushed, doubles(found), 1e-10), "\(index)")
    }
  }

  @Test func detachedIsAConstantAtEveryOrder() {
    let f = { (x: Tensor) in x.detached() * x * x }  // a x^2 with a = x
    for (name, second) in seconds { #expect(near(second(f)(scalar(3)), [6], 1e-12), "\(name)") }
    #expect(grad(grad(f))(scalar(3)).item() == 6 && grad { $0 * $0.detached() }(scalar(3)).item() == 3)
  }
}
