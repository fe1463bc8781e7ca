import Autograd
import Testing

@testable import Tensor

struct GradientVariantTests {
  @Test func auxiliaryResults() {
    let f = { (x: Tensor) -> (Tensor, [String: Tensor]) in
      let y = x * x
      return (y.sum(), ["squares": y, "largest": y.argmax()])
    }
    let (value, gradient, auxiliary) = valueGradAndAuxiliary(f)(f64(1, 3))
    #expect(value.item() == 10 && doubles(gradient) == [2, 6] && doubles(auxiliary["squares"]!) == [1, 9])
    #expect(auxiliary["largest"]!.item() == 1 && !auxiliary["squares"]!.isTracked && !value.isTracked)
    let two = valueGradAndAuxiliary({ (a: Tensor, b: [Tensor]) in (a * b[0], a + b[0]) })(scalar(2), [scalar(5)])
    #expect(two.value.item() == 10 && two.auxiliary.item() == 7 && two.gradient.0.item() == 5)
    #expect(two.gradient.1[0].item() == 2)
    #expect(
      misuse { _ = valueGradAndAuxiliary({ (x: Tensor) in (x, x) })(f64(1, 2)) }?.hasPrefix(
        "valueGradAndAuxiliary: the function's result is float64 [2]") == true)
    let empty = valueGradAndAuxiliary({ (x: Tensor) in ((x * x).sum(), x) })(f64())
    #expect(empty.value.item() == 0 && empty.gradient.shape == [0])
    // What is beside can be differentiated from outside, like the value and the gradient.
    let outer = grad { (x: Tensor) in
      let all = valueGradAndAuxiliary({ (y: Tensor) in (y * y * y, y * y) })(x)
      return all.auxiliary * all.gradient  // 3 x^4
    }(scalar(2))
    #expect(outer.item() == 96)
  }

  @Test func elementwise() {
    for dtype in [DType.float32, .float64] {
      let x = Tensor.linspace(from: -2, to: 2, count: 9, dtype: dtype).reshaped([3, 3])
      let f = { (x: Tensor) in exp(-x * x) }
      let first = elementwiseGrad(f)(x)
      #expect(near(first, doubles(x).map { -2 * $0 * exp(-$0 * $0) }, dtype == .float32 ? 1e-6 : 1e-14))
      #expect(first.shape == [3, 3] && first.dtype == dtype && !first.isTracked)
      let second = elementwiseGrad(elementwiseGrad(f))(x)
      let expected = doubles(x).map { (4 * $0 * $0 - 2) * exp(-$0 * $0) }
      #expect(near(second, expected, dtype == .float32 ? 2e-6 : 1e-13))
      #expect(near(elementwiseGrad(f)(x.transposed()), doubles(first.transposed()), 1e-14))
    }
    let fourth = elementwiseGrad(elementwiseGrad(elementwiseGrad(elementwiseGrad { sin($0) })))
    #expect(near(fourth(f64(0.3, 1.1)), [sin(0.3), sin(1.1)], 1e-14))
    #expect(elementwiseGrad { $0 * $0 }(scalar(3)).item() == 6)
    #expect(elementwiseGrad { $0 * $0 }(Tensor.zeros([0, 2])).shape == [0, 2])
    #expect(doubles(elementwiseGrad { _ in f64(1, 2) }(f64(3, 4))) == [0, 0])
    #expect(
      misuse { _ = elementwiseGrad { $0.sum() }(f64(1, 2)) }
        == "elementwiseGrad: the function's result is float64 [] for an input of shape [2]; a pointwise function's has "
        + "the input's shape. For others use jacobian or vjp")
  }

  @Test func elementwiseOfSeveral() {
    let (x, t) = (f64(0.3, 1.1), f64(2, -1))
    let (ux, ut) = elementwiseGrad { (x: Tensor, t: Tensor) in sin(x) * exp(-t) }(x, t)
    #expect(near(ux, doubles(cos(x) * exp(-t))) && near(ut, doubles(-sin(x) * exp(-t))))
    // Mixed: d/dt of d/dx.
    let mixed = elementwiseGrad { (t: Tensor) in elementwiseGrad { sin($0) * exp(-t) }(x) }(t)
    #expect(near(mixed, doubles(-cos(x) * exp(-t))))
    let list = elementwiseGrad { (p: [String: Tensor]) in p["a"]! * p["b"]! + p["a"]! }(["a": x, "b": t, "c": x])
    #expect(near(list["a"]!, doubles(t + 1)) && near(list["b"]!, doubles(x)) && doubles(list["c"]!) == [0, 0])
    let single = elementwiseGrad { (p: [Tensor]) in p[0] * p[1] }([x.asType(.float32), t.asType(.float32)])
    #expect(single.map(\.dtype) == [.float32, .float32])
    #expect(
      misuse { _ = elementwiseGrad { (x: Tensor, y: Tensor) in x * y }(x, scalar(2)) }
        == "elementwiseGrad: the function's result is float64 [2] for inputs of shapes [[2], []]; a pointwise "
        + "function's has the input's shape. For others use jacobian or vjp")
  }

  @Test func vectorHessianProduct() {
    let x = sin(Tensor.arange(12, dtype: .float64) + 0.3)
    let v = cos(Tensor.arange(12, dtype: .float64))
    let (value, product) = vhp(HessianTests.net, at: x, along: v)
    #expect(near(product, doubles(hvp(HessianTests.net, at: x, along: v)), 1e-13) && !product.isTracked)
    #expect(near(value, doubles(HessianTests.net(x))))
    let list = vhp(
      { (p: [Tensor]) in (p[0] * p[0] * p[1]).sum() }, at: [f64(1, 2), f64(3)], along: [f64(1, 1), f64(2)])
    #expect(list.product.map(doubles) == [[10, 14], [6]])
    #expect(doubles(vhp({ (x: Tensor) in x.sum() }, at: f64(1, 2), along: f64(1, 2)).product) == [0, 0])
    #expect(doubles(vhp({ (_: Tensor) in scalar(1) }, at: f64(1, 2), along: f64(1, 2)).product) == [0, 0])
    let third = grad { (x: Tensor) in vhp({ $0 * $0 * $0 * $0 }, at: x, along: scalar(1)).product }(scalar(2))
    #expect(third.item() == 48)
    let toDirection = grad { (v: Tensor) in vhp({ ($0 * $0 * $0).sum() }, at: f64(1, 2), along: v).product.sum() }(
      v[..<2])
    #expect(near(toDirection, [6, 12]))
  }

  @Test func vectorHessianProductsOfBlocks() {
    let x = sin(Tensor.arange(12, dtype: .float64) + 0.3)
    let block = cos(Tensor.arange(72, dtype: .float64)).reshaped([2, 3, 12])
    let products = vhp(HessianTests.net, at: x, along: block).product
    #expect(products.shape == [2, 3, 12])
    #expect(near(products, doubles(hvp(HessianTests.net, at: x, along: block)), 1e-12))
    let strided = block.transposed(0, 1)
    #expect(near(vhp(HessianTests.net, at: x, along: strided).product, doubles(products.transposed(0, 1)), 1e-12))
    let list = vhp(
      { (p: [Tensor]) in (p[0] * p[0] * p[1]).sum() }, at: [f64(1, 2), f64(3)],
      along: [Tensor([[1, 1], [0, 1]] as [[Double]]), Tensor([[2], [0]] as [[Double]])])
    #expect(
      list.product.map(doubles) == [[10, 14, 0, 6], [6, 4]] && list.product.map(\.shape) == [[2, 2], [2, 1]])
    let none = vhp(HessianTests.net, at: x, along: block[..<0]).product
    #expect(none.shape == [0, 3, 12])
    let flat = vhp({ (x: Tensor) in x.sum() }, at: f64(1, 2), along: Tensor.ones([3, 2], dtype: .float64)).product
    #expect(flat.shape == [3, 2] && flat.storage.isZero)
    #expect(vhp({ square($0) }, at: Tensor(3), along: Tensor([1, 2])).product.dtype == .float32)
    // Of the third order, with respect to the point and the block.
    let v = Tensor([[1, 2], [3, -1]] as [[Double]])
    let cubes = { (x: Tensor) in (x * x * x).sum() }
    #expect(near(grad { x in vhp(cubes, at: x, along: v).product.sum() }(f64(1, 2)), [24, 6]))
    #expect(near(grad { v in vhp(cubes, at: f64(1, 2), along: v).product.sum() }(v), [6, 12, 6, 12]))
  }

  @Test func pullbackAndAuxiliary() {
    let f = { (x: Tensor) in (x * x, ["twice": 2 * x, "largest": x.argmax()]) }
    let (value, pullback, auxiliary) = vjpAndAuxiliary(f, at: f64(1, 3))
    #expect(doubles(value) == [1, 9] && doubles(auxiliary["twice"]!) == [2, 6] && auxiliary["largest"]!.item() == 1)
    #expect(doubles(pullback(f64(1, 10))) == [2, 60] && !value.isTracked && !auxiliary["twice"]!.isTracked)
    #expect(pullback(Tensor.eye(2, dtype: .float64)).shape == [2, 2])
    let outer = grad { (x: Tensor) in
      let all = vjpAndAuxiliary({ (y: Tensor) in (y * y * y, y * y) }, at: x)
      return all.auxiliary * all.pullback(scalar(1))  // 3 x^4
    }(scalar(2))
    #expect(outer.item() == 96)
    #expect(
      misuse { _ = pullback(f64(1)) }
        == "vjpAndAuxiliary: a cotangent is float64 [1], it must be float64 [2] as the result is")
  }

  /// Misuse is reported under the name that was called.
  @Test func misuseNamesTheTransform() {
    let x = f64(1, 2)
    let wide = { (x: Tensor) in x }
    let calls: [(String, () -> Void)] = [
      ("grad", { _ = grad(wide)(x) }), ("valueAndGrad", { _ = valueAndGrad(wide)(x) }),
      ("grad", { _ = grad { (a: Tensor, _: Tensor) in a }(x, x) }),
      ("valueAndGrad", { _ = valueAndGrad { (a: Tensor, _: [Tensor]) in a }(x, [x]) }),
      ("valueGradAndAuxiliary", { _ = valueGradAndAuxiliary { (x: Tensor) in (x, x) }(x) }),
      ("hvp", { _ = hvp(wide, at: x, along: x) }), ("hvpReverse", { _ = hvpReverse(wide, at: x, along: x) }),
      ("valueGradAndHVP", { _ = valueGradAndHVP(wide, at: x, along: x) }),
      ("vhp", { _ = vhp(wide, at: x, along: x) }), ("hessianDiagonal", { _ = hessianDiagonal(wide)(x) }),
      ("gradPerExample", { _ = gradPerExample { (p: Tensor, _: Tensor) in p }(x, x) }),
      ("valueAndGradPerExample", { _ = valueAndGradPerExample { (p: Tensor, _: Tensor) in p }(x, x) }),
      ("gaussNewtonProduct", { _ = gaussNewtonProduct(wide, loss: wide, at: x, along: x) }),
    ]
    for (name, call) in calls {
      #expect(misuse(call)?.hasPrefix("\(name): the function's result is float64 [2]") == true, "\(name)")
    }
    let one = Tensor.ones([1], dtype: .float64)
    let sum = { (x: Tensor) in x.sum() }
    let directions: [(String, () -> Void)] = [
      ("hvp", { _ = hvp(sum, at: x, along: one) }), ("hvpReverse", { _ = hvpReverse(sum, at: x, along: one) }),
      ("valueGradAndHVP", { _ = valueGradAndHVP(sum, at: x, along: one) }),
      ("vhp", { _ = vhp(sum, at: x, along: one) }),
    ]
    for (name, call) in directions {
      #expect(
        misuse(call) == "\(name): a direction is float64 [1], it must be float64 [2] as the input is", "\(name)")
    }
    let whole = Tensor([1, 2] as [Int])
    #expect(
      misuse { _ = linearTranspose({ (x: Tensor) in x }, like: whole) }?.hasPrefix(
        "linearTranspose: cannot differentiate with respect to an int64") == true)
    #expect(
      misuse { _ = linearTranspose({ 2 * $0 }, like: x)(one) }
        == "linearTranspose: a cotangent is float64 [1], it must be float64 [2] as the result is")
  }
}
