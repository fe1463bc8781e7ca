import Autograd
import Testing

@testable import Tensor

private struct Weights: TensorStructure, Equatable {
  var w, b: Tensor
  var tensors: [Tensor] { [w, b] }
  func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Weights {
    Weights(w: w.rebuilt(from: &tensors), b: b.rebuilt(from: &tensors))
  }
  static func == (a: Weights, b: Weights) -> Bool {
    zip(a.tensors, b.tensors).allSatisfy { doubles($0) == doubles($1) }
  }
}

/// Functions of two and three structures under the transforms, against the same of one list.
struct ArgumentTests {
  private let x = f64(0.5, -1.5, 2)
  private let p = Weights(w: Tensor([[1, 0.5, -1], [0.3, 2, 0.1]] as [[Double]]), b: f64(0.2, -0.4))
  private let u = f64(1, 0.3, -2)
  private let v = Weights(w: Tensor([[0.2, 1, 1], [-1, 0.4, 3]] as [[Double]]), b: f64(2, 1))

  private let net = { (x: Tensor, p: Weights) in tanh(matmul(p.w, x) + p.b) }
  private let loss = { (x: Tensor, p: Weights) in square(tanh(matmul(p.w, x) + p.b)).sum() + exp(x).sum() }
  private let netOfList = { (t: [Tensor]) in tanh(matmul(t[1], t[0]) + t[2]) }
  private let lossOfList = { (t: [Tensor]) in
    square(tanh(matmul(t[1], t[0]) + t[2])).sum() + exp(t[0]).sum()
  }
  private var list: [Tensor] { [x, p.w, p.b] }
  private var along: [Tensor] { [u, v.w, v.b] }

  private func agree(_ a: (Tensor, Weights), _ b: [Tensor], _ what: String) {
    for (a, b) in zip([a.0, a.1.w, a.1.b], b) { #expect(a.shape == b.shape && near(a, doubles(b), 1e-12), "\(what)") }
  }

  @Test func firstOrder() {
    let cotangent = f64(1, -2)
    let (value, pullback) = vjp(net, at: (x, p))
    agree(pullback(cotangent), vjp(netOfList, at: list).pullback(cotangent), "vjp")
    #expect(near(value, doubles(net(x, p))))
    let expected = jvp(netOfList, at: list, along: along).tangent
    #expect(near(jvp(net, at: (x, p), along: (u, v)).tangent, doubles(expected), 1e-13))
    #expect(near(linearize(net, at: (x, p)).pushforward(u, v), doubles(expected), 1e-13))
    agree(grad(loss)(x, p), grad(lossOfList)(list), "grad")
    agree(valueAndGrad(loss)(x, p).gradient, grad(lossOfList)(list), "valueAndGrad")
  }

  @Test func secondOrder() {
    let product = hvp(lossOfList, at: list, along: along)
    agree(hvp(loss, at: (x, p), along: (u, v)), product, "hvp")
    agree(hvpReverse(loss, at: (x, p), along: (u, v)), product, "hvpReverse")
    agree(vhp(loss, at: (x, p), along: (u, v)).product, product, "vhp")
    let all = valueGradAndHVP(loss, at: (x, p), along: (u, v))
    agree(all.product, product, "valueGradAndHVP")
    agree(all.gradient, grad(lossOfList)(list), "valueGradAndHVP")
    agree(
      gaussNewtonProduct(net, loss: { exp($0).sum() }, at: (x, p), along: (u, v)),
      gaussNewtonProduct(netOfList, loss: { exp($0).sum() }, at: list, along: along), "gaussNewtonProduct")
    agree(hessianDiagonal(loss)(x, p), hessianDiagonal(lossOfList)(list), "hessianDiagonal")
    let sparse = hessian(loss, sparsity: .detected)(x, p)
    #expect(near(sparse.dense(), doubles(hessian(lossOfList, sparsity: .detected)(list).dense()), 1e-12))
    // In another transform, with respect to the point and the direction.
    let third = grad { x in hvp(loss, at: (x, p), along: (x, v)).1.w.sum() }(x)
    #expect(near(third, doubles(grad { x in hvp(lossOfList, at: [x, p.w, p.b], along: [x, v.w, v.b])[1].sum() }(x))))
  }

  /// Closures of two tensors, whose arguments need no types.
  @Test func twoTensors() {
    let (a, b, u, v) = (f64(1, 2), f64(3, 4), f64(1, 1), f64(2, 0))
    func check(_ found: (Tensor, Tensor), _ a: [Double], _ b: [Double], _ what: String) {
      #expect(near(found.0, a) && near(found.1, b), "\(what)")
    }
    // H of sum a^2 b is [2 b, 2 a; 2 a, 0].
    check(hvp({ a, b in (a * a * b).sum() }, at: (a, b), along: (u, v)), [10, 8], [2, 4], "hvp")
    check(hvpReverse({ a, b in (a * a * b).sum() }, at: (a, b), along: (u, v)), [10, 8], [2, 4], "hvpReverse")
    check(vhp({ a, b in (a * a * b).sum() }, at: (a, b), along: (u, v)).product, [10, 8], [2, 4], "vhp")
    let all = valueGradAndHVP({ a, b in (a * a * b).sum() }, at: (a, b), along: (u, v))
    check(all.product, [10, 8], [2, 4], "valueGradAndHVP")
    check(all.gradient, [6, 16], [1, 4], "valueGradAndHVP")
    check(hessianDiagonal { a, b in (a * a * b).sum() }(a, b), [6, 8], [0, 0], "hessianDiagonal")
    let sparse = hessian({ a, b in (a * a * b).sum() }, sparsity: .detected)(a, b)
    #expect(doubles(sparse.dense()) == [6, 0, 2, 0, 0, 8, 0, 4, 2, 0, 0, 0, 0, 4, 0, 0])
    check(vjp({ a, b in a * a * b }, at: (a, b)).pullback(f64(1, 10)), [6, 160], [1, 40], "vjp")
    #expect(near(jvp({ a, b in a * a * b }, at: (a, b), along: (u, v)).tangent, [8, 16]))
    #expect(near(linearize({ a, b in a * a * b }, at: (a, b)).pushforward(u, v), [8, 16]))
    // J = [2 a b, a^2] an element, H = 1.
    let product = gaussNewtonProduct({ a, b in a * a * b }, loss: { square($0).sum() / 2 }, at: (a, b), along: (u, v))
    check(product, [48, 256], [8, 64], "gaussNewtonProduct")
  }

  @Test func threeArguments() {
    let f = { (a: Tensor, b: [Tensor], c: Tensor) in (a * b[0] * c).sum() }
    let (value, slopes) = valueAndGrad(f)(f64(1, 2), [f64(3, 4)], f64(5, 6))
    #expect(value.item() == 63 && doubles(slopes.0) == [15, 24] && doubles(slopes.1[0]) == [5, 12])
    #expect(doubles(slopes.2) == [3, 8])
    let both = grad(f)(f64(1, 2), [f64(3, 4)], f64(5, 6))
    #expect(doubles(both.0) == [15, 24] && doubles(both.2) == [3, 8])
    #expect(
      misuse { _ = valueAndGrad { (a: Tensor, _: Tensor, _: Tensor) in a }(x, x, x) }?.hasPrefix("valueAndGrad: ")
        == true)
  }

  @Test func pairs() {
    let pair = Pair(x, Pair(p, [u]))
    #expect(pair.tensors.count == 4)
    let doubled = pair.mapTensors { $0 * 2 }
    #expect(
      doubled.second.first == Weights(w: p.w * 2, b: p.b * 2) && doubles(doubled.second.second[0]) == [2, 0.6, -4])
    let loss = loss
    #expect(checkHVP(of: { (q: Pair<Tensor, Weights>) in loss(q.first, q.second) }, at: Pair(x, p)).passed)
  }
}
