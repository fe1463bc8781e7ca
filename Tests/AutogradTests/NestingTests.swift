import Autograd
import Testing

@testable import Tensor

/// Transforms of transforms.
struct NestingTests {
  @Test func toOrderFourWithoutAnyFlag() {
    for dtype in [DType.float32, .float64] {
      let tolerance = dtype == .float32 ? 1e-6 : 1e-14
      let f = { (x: Tensor) in sin(x) }
      let d1 = grad(f)
      let d2 = grad(d1)
      let d3 = grad(d2)
      let d4 = grad(d3)
      for point in [-2.0, 0, 0.7, 3] {
        let x = Tensor.full([], point, dtype: dtype)
        let at = x.item()
        let expected = [cos(at), -sin(at), -cos(at), sin(at)]
        #expect(near([d1, d2, d3, d4].map { $0(x).item() }, expected, tolerance))
        #expect(d4(x).dtype == dtype && !d4(x).isTracked)
      }
    }
  }

  /// Transforms within the function, at points of their own, leave nothing behind that could be differentiated.
  @Test func whatIsNobodysIsNotRecorded() {
    let points = f64(0.3, -1.2, 2)
    let inner: [(Tensor) -> Tensor] = [
      { w in grad { x in sin(w * x).sum() }(points) },
      { w in jvp({ x in sin(w * x) }, at: points, along: points).tangent },
      { w in vjp({ x in sin(w * x) }, at: points).pullback(points) },
      { w in hvp({ x in sin(w * x).sum() }, at: points, along: points) },
      { w in laplacian { x in sin(w * x).sum() }(points) },
      { w in directionalDerivatives({ x in sin(w * x) }, at: points, along: points, order: 2)[2] },
      { w in try! jacobian { x in sin(w * x) }(points) },
    ]
    let w = scalar(0.7)
    for f in inner {
      let loss = { (w: Tensor) in square(f(w)).sum() }
      let (value, gradient) = valueAndGrad(loss)(w)
      let second = grad(grad(loss))(w)
      #expect(!value.isTracked && !gradient.isTracked && !second.isTracked)
      #expect(!jvp(loss, at: w, along: w).tangent.isTracked && !hvp(loss, at: w, along: w).isTracked)
      let step = 1e-5
      let difference = (loss(w + step).item() - loss(w - step).item()) / (2 * step)
      #expect(near(gradient, [difference], 1e-8))
      let slope = (grad(loss)(w + step).item() - grad(loss)(w - step).item()) / (2 * step)
      #expect(near(second, [slope], 1e-8))
    }
  }

  /// But a leaf that the function made may be asked about later.
  @Test func leavesThatTheFunctionMadeAreOpen() {
    var made: Tensor?
    let slope = grad { (x: Tensor) in
      if made == nil { made = scalar(3).tracked() }
      return (made! * x * grad { y in y * y * y }(scalar(2))).sum()
    }(scalar(5))
    #expect(slope.isTracked && near(slope, [36]))
    #expect(near(grad(of: slope, withRespectTo: [made!])[0], [12]))
  }

  @Test func everyMixOfModesAgrees() {
    let f = { (x: Tensor) in exp(sin(x) * x) }
    typealias Scalar = (Tensor) -> Tensor
    let reverse: (@escaping Scalar) -> Scalar = { f in grad(f) }
    let forward: (@escaping Scalar) -> Scalar = { f in
      { jvp(f, at: $0, along: Tensor.ones(like: $0)).tangent }
    }
    let pulled: (@escaping Scalar) -> Scalar = { f in { vjp(f, at: $0).pullback(Tensor.ones(like: $0)) } }
    let second: (@escaping Scalar) -> Scalar = { f in { hvp(f, at: $0, along: Tensor.ones(like: $0)) } }
    let secondReverse: (@escaping Scalar) -> Scalar = { f in
      { hvpReverse(f, at: $0, along: Tensor.ones(like: $0)) }
    }
    let x = scalar(0.8)
    let modes = [reverse, forward, pulled]
    let third = grad(grad(grad(f)))(x).item()
    for a in modes { for b in modes { for c in modes { #expect(near(a(b(c(f)))(x), [third], 1e-12)) } } }
    for a in modes {
      for b in [second, secondReverse] {
        #expect(near(a(b(f))(x), [third], 1e-12) && near(b(a(f))(x), [third], 1e-12))
      }
    }
    let fourth = grad(grad(grad(grad(f))))(x).item()
    #expect(near(second(second(f))(x), [fourth], 1e-12) && near(secondReverse(second(f))(x), [fourth], 1e-12))
    #expect(near(forward(forward(forward(forward(f))))(x), [fourth], 1e-12))
    #expect(near(forward(reverse(forward(reverse(f))))(x), [fourth], 1e-12))
  }

  /// d/dx (x d/dy (x + y)) = 1: the inner derivative must not see the outer's perturbation.
  @Test func perturbationsAreNotConfused() {
    typealias Scalar = (Tensor) -> Tensor
    let reverse: (@escaping Scalar) -> Scalar = { grad($0) }
    let forward: (@escaping Scalar) -> Scalar = { f in
      { jvp(f, at: $0, along: Tensor.ones(like: $0)).tangent }
    }
    for outer in [reverse, forward] {
      for inner in [reverse, forward] {
        let one = outer { x in x * inner { y in x + y }(scalar(1)) }
        #expect(one(scalar(3)).item() == 1)
        let two = outer { x in x * inner { y in x * y }(scalar(2)) }
        #expect(two(scalar(3)).item() == 6)
        // At the same point, as the same tensor.
        let same = outer { x in x * inner { y in x * y }(x) }
        #expect(same(scalar(3)).item() == 6)
        let square = outer { x in inner { y in x * y * y }(x) }  // 2 x^2
        #expect(square(scalar(3)).item() == 12)
        let shadow = outer { x in inner { x in x * x * x }(x * x) }  // 3 x^4
        #expect(shadow(scalar(2)).item() == 96)
        let constant = outer { x in inner { y in y * y }(scalar(5)) * x }
        #expect(constant(scalar(3)).item() == 10)
        let ignored = outer { x in inner { _ in x * x }(x) + x }
        #expect(ignored(scalar(3)).item() == 1)
        for third in [reverse, forward] {
          // d/dx d/dy 2 x y^2 at y = x
          let deep = outer { x in inner { y in third { z in x * y * z * z }(y) }(x) }
          #expect(deep(scalar(2)).item() == 16)
        }
      }
    }
  }

  @Test func closuresOverOuterTrackedTensors() {
    let w = Tensor(3, dtype: .float64, requiresGrad: true)
    let g = grad { (x: Tensor) in w * x * x }(scalar(2))
    #expect(g.item() == 12 && g.isTracked && w.grad == nil)
    (g * g).backward()  // (2 w x)^2
    #expect(w.grad!.item() == 96)
    w.clearGrad()
    hvp({ (x: Tensor) in w * w * x * x }, at: scalar(1), along: scalar(1)).backward()  // 2 w^2
    #expect(w.grad!.item() == 12)
    w.clearGrad()
    jvp({ (x: Tensor) in w * x * x }, at: scalar(5), along: w).tangent.backward()  // 2 x w^2
    #expect(w.grad!.item() == 60)
    w.clearGrad()
    // The input is the outer tensor itself.
    grad { (x: Tensor) in x * x * x }(w).backward()
    #expect(w.grad!.item() == 18)
    w.clearGrad()
    let both = valueAndGrad { (x: Tensor) in x * w }(w)
    (both.value + both.gradient).backward()
    #expect(w.grad!.item() == 7)
  }

  /// Nothing of a transform that nobody outside can differentiate is recorded.
  @Test func closedDerivativesAreConstants() {
    let f = { (x: Tensor) in (sin(x) * x).sum() }
    let x = f64(1, 2)
    #expect(!grad(f)(x).isTracked && !valueAndGrad(f)(x).value.isTracked)
    #expect(!hvp(f, at: x, along: x).isTracked && !hvpReverse(f, at: x, along: x).isTracked)
    let pushed = jvp(f, at: x, along: x)
    #expect(!pushed.value.isTracked && !pushed.tangent.isTracked)
    let pulled = vjp(f, at: x)
    #expect(!pulled.value.isTracked && !pulled.pullback(scalar(1)).isTracked)
    #expect(!grad { grad(f)($0).sum() }(x).isTracked)
    // A tracked cotangent or direction is reached from outside.
    let u = scalar(2).tracked()
    let back = pulled.pullback(u)
    #expect(back.isTracked)
    back.sum().backward()
    #expect(near(u.grad!, [sin(1.0) + cos(1.0) + sin(2.0) + 2 * cos(2.0)]))
  }

  @Test func derivativesWithRespectToTheCotangentAndDirection() {
    let x = f64(0.5, 1.5)
    let f = { (x: Tensor) in exp(x) }
    let toCotangent = grad { (u: Tensor) in vjp(f, at: x).pullback(u).sum() }(f64(3, 4))
    #expect(near(toCotangent, [exp(0.5), exp(1.5)]))
    let toDirection = grad { (v: Tensor) in jvp(f, at: x, along: v).tangent.sum() }(f64(3, 4))
    #expect(near(toDirection, [exp(0.5), exp(1.5)]))
    let toBoth = grad { (x: Tensor) in vjp(f, at: x).pullback(x).sum() }(x)  // (x e^x)'
    #expect(near(toBoth, [1.5 * exp(0.5), 2.5 * exp(1.5)]))
    let hessianTwice = grad { (v: Tensor) in dot(v, hvp({ exp($0).sum() }, at: x, along: v)) }(f64(3, 4))
    #expect(near(hessianTwice, [6 * exp(0.5), 8 * exp(1.5)]))
  }

  @Test func leavesMadeInsideAreNoTargets() {
    let f = { (x: Tensor) -> Tensor in
      let inner = Tensor(5, dtype: .float64, requiresGrad: true)
      return x * inner * inner
    }
    #expect(grad(f)(scalar(2)).item() == 25 && jvp(f, at: scalar(2), along: scalar(1)).tangent.item() == 25)
  }

  @Test func backwardInsideATransform() {
    let f = { (x: Tensor) -> Tensor in
      let leaf = x.detached().tracked()
      (leaf * leaf).backward()
      return x * leaf.grad!.detached()
    }
    #expect(grad(f)(scalar(3)).item() == 6)
  }
}
