import Autograd
import Testing

@testable import Tensor

struct TransformTests {
  private struct Weights: TensorStructure, Equatable {
    var w, b: Tensor
    var tensors: [Tensor] { [w, b] }
    func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Weights {
      Weights(w: w.rebuilt(from: &tensors), b: b.rebuilt(from: &tensors))
    }
    static func == (a: Weights, b: Weights) -> Bool {
      doubles(a.w) == doubles(b.w) && doubles(a.b) == doubles(b.b)
    }
  }

  @Test func valueAndGradOfOneTensor() {
    let (value, gradient) = valueAndGrad { (x: Tensor) in (x * x * x).sum() }(f64(1, 2))
    #expect(value.item() == 9 && doubles(gradient) == [3, 12])
    #expect(
      misuse { _ = grad { (x: Tensor) in x * 2 }(f64(1, 2)) }
        == "grad: the function's result is float64 [2], and a gradient is of one floating-point number: reduce it, for "
        + "example with sum(), or use vjp with a cotangent")
  }

  @Test func structures() {
    let f = { (p: Weights) in (p.w * p.w).sum() + 3 * p.b.sum() }
    let at = Weights(w: f64(1, 2), b: scalar(5))
    #expect(grad(f)(at) == Weights(w: f64(2, 4), b: scalar(3)))
    #expect(hvp(f, at: at, along: Weights(w: f64(1, 0), b: scalar(1))) == Weights(w: f64(2, 0), b: scalar(0)))
    let list = grad { (p: [Tensor]) in p[0].sum() * p[1].sum() }([f64(1, 2), f64(3)])
    #expect(list.map(doubles) == [[3, 3], [3]])
    let named = grad { (p: [String: Tensor]) in p["a"]! * p["b"]! }(["b": scalar(2), "a": scalar(7)])
    #expect(named["a"]!.item() == 2 && named["b"]!.item() == 7)
    let nested = grad { (p: [String: [Weights]]) in p["x"]![1].w.sum() }(["x": [at, at]])
    #expect(doubles(nested["x"]![1].w) == [1, 1] && doubles(nested["x"]![0].w) == [0, 0])
    let optional = grad { (p: [Tensor?]) in p[1]! * 2 }([nil, scalar(1)])
    #expect(optional[0] == nil && optional[1]!.item() == 2)
    #expect(at.mapTensors { $0 * 2 } == Weights(w: f64(2, 4), b: scalar(10)))
  }

  @Test func twoAndThreeArguments() {
    let f = { (a: Tensor, b: [Tensor]) in a * b[0] * b[1] }
    let (ga, gb) = grad(f)(scalar(2), [scalar(3), scalar(5)])
    #expect(ga.item() == 15 && gb.map { $0.item() } == [10, 6])
    let (value, both) = valueAndGrad(f)(scalar(2), [scalar(3), scalar(5)])
    #expect(value.item() == 30 && both.0.item() == 15)
    let three = grad { (a: Tensor, b: Tensor, c: Tensor) in a * b + c * c }(scalar(2), scalar(3), scalar(4))
    #expect(three.0.item() == 3 && three.1.item() == 2 && three.2.item() == 8)
  }

  @Test func vjpAndJvpAreAdjoint() {
    let f = { (p: [Tensor]) in ["s": matmul(p[0], p[1]), "t": sin(p[0]).sum()] }
    let at = [Tensor([[1, 2], [3, 4]] as [[Double]]), Tensor([[0.5, -1], [2, 0]] as [[Double]])]
    let v = [Tensor([[1, -1], [2, 0.5]] as [[Double]]), Tensor([[3, 1], [0, -2]] as [[Double]])]
    let u = ["s": Tensor([[1, 2], [-1, 0.5]] as [[Double]]), "t": scalar(3)]
    let (value, pullback) = vjp(f, at: at)
    let pushed = jvp(f, at: at, along: v)
    #expect(
      doubles(value["s"]!) == doubles(pushed.value["s"]!) && value["t"]!.item() == pushed.value["t"]!.item())
    func inner(_ a: [Tensor], _ b: [Tensor]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 * $1.1).sum().item() }
    }
    let left = inner(u.tensors, pushed.tangent.tensors)
    #expect(near([left], [inner(pullback(u), v)], 1e-13))
    // Any number of times.
    #expect(near([left], [inner(pullback(u), v)], 1e-13))
  }

  /// Tensors of seeds may carry extra leading axes, and results then do, structural zeros too.
  @Test func leadingAxes() {
    let f = { (p: [Tensor]) in [p[0] * p[0], Tensor.ones([2], dtype: .float64)] }
    let at = [f64(1, 2, 3), scalar(4)]
    let (_, pullback) = vjp(f, at: at)
    let seeds = [Tensor.eye(3, dtype: .float64), Tensor.zeros([3, 2], dtype: .float64)]
    let rows = pullback(seeds)
    #expect(rows[0].shape == [3, 3] && doubles(rows[0]) == [2, 0, 0, 0, 4, 0, 0, 0, 6])
    #expect(rows[1].shape == [3] && doubles(rows[1]) == [0, 0, 0])
    let columns = jvp(f, at: at, along: [Tensor.eye(3, dtype: .float64), Tensor.zeros([3], dtype: .float64)])
    #expect(
      columns.tangent[0].shape == [3, 3] && doubles(columns.tangent[0]) == [2, 0, 0, 0, 4, 0, 0, 0, 6])
    #expect(columns.tangent[1].shape == [3, 2])
    let h = hvp({ (x: Tensor) in (x * x * x).sum() }, at: f64(1, 2), along: Tensor.eye(2, dtype: .float64))
    #expect(h.shape == [2, 2] && doubles(h) == [6, 0, 0, 12])
    let r = hvpReverse(
      { (x: Tensor) in (x * x * x).sum() }, at: f64(1, 2), along: Tensor.eye(2, dtype: .float64))
    #expect(r.shape == [2, 2] && doubles(r) == [6, 0, 0, 12])
    let linear = hvp({ (x: Tensor) in x.sum() }, at: f64(1, 2), along: Tensor.eye(2, dtype: .float64))
    #expect(linear.shape == [2, 2])
  }

  /// Narrow inputs under leading axes and broadcasting, in both directions, against one seed at a time.
  @Test func leadingAxesWithBroadcasting() {
    let w = Tensor([[1, 2, 3], [4, 5, 6]] as [[Double]])
    let functions: [([Tensor]) -> Tensor] = [
      { w * $0[0] + $0[1] }, { $0[1] - $0[0] * w }, { ($0[0] + w).sum(axis: 0) * $0[1] },
      { maximum($0[0] * w, $0[1]) }, { exp($0[0] + $0[1]).expanded(to: [2, 3]) + w },
      { $0[0].unsqueezed(axis: 1) * $0[0] * $0[1] }, { softmax(w * $0[0]) * $0[1] },
      { (w * $0[0] * $0[1]).max(axis: 1) },
    ]
    let at = [f64(0.5, -1, 2), scalar(0.25)]
    for (index, f) in functions.enumerated() {
      let (value, pullback) = vjp(f, at: at)
      let seeds = Tensor.arange(4 * value.count, dtype: .float64).reshaped(Shape([4] + Array(value.shape)))
      let all = pullback(sin(seeds))
      let directions = [sin(Tensor.arange(12, dtype: .float64)).reshaped([4, 3]), f64(1, -1, 0.5, 2)]
      let pushed = jvp(f, at: at, along: directions).tangent
      #expect(pushed.shape == seeds.shape, "\(index)")
      for lead in 0..<4 {
        let one = pullback(sin(seeds[lead]))
        for (a, b) in zip(all, one) { #expect(near(a[lead], doubles(b), 1e-12), "pullback \(index)") }
        let single = jvp(f, at: at, along: directions.map { $0[lead] }).tangent
        #expect(near(pushed[lead], doubles(single), 1e-12), "pushforward \(index)")
      }
    }
  }

  @Test func hvpIsSymmetricAndBothWaysAgree() {
    let f = { (x: Tensor) -> Tensor in
      let a = x[..<(-1)]
      let b = x[1...]
      return (100 * square(b - square(a)) + square(1 - a)).sum() + dot(sin(x), exp(-x))
    }
    let x = f64(0.3, -1.2, 0.8, 0.1)
    let u = f64(1, 2, -1, 0.5)
    let v = f64(-0.3, 1, 1, 2)
    let hu = hvp(f, at: x, along: u)
    let hv = hvp(f, at: x, along: v)
    #expect(near([dot(v, hu).item()], [dot(u, hv).item()], 1e-12))
    #expect(near(hvpReverse(f, at: x, along: u), doubles(hu), 1e-12))
    let three = valueGradAndHVP(f, at: x, along: u)
    #expect(near([three.value.item()], [f(x).item()]) && near(three.gradient, doubles(grad(f)(x))))
    #expect(near(three.product, doubles(hu)))
    // Against central differences of the gradient.
    let h = 1e-5
    let plus = doubles(grad(f)(x + u * h))
    let minus = doubles(grad(f)(x - u * h))
    #expect(near(hu, zip(plus, minus).map { ($0 - $1) / (2 * h) }, 1e-6))
    // In float32 too.
    let single = hvp(f, at: x.asType(.float32), along: u.asType(.float32))
    #expect(single.dtype == .float32 && near(single, doubles(hu), 1e-4))
  }

  /// A derivative that is structurally zero is zero, never an error.
  @Test func structuralZeros() {
    let linear = { (x: Tensor) in (3 * x).sum() }
    let x = f64(1, 2)
    #expect(doubles(grad { grad(linear)($0).sum() }(x)) == [0, 0])
    #expect(
      doubles(hvp(linear, at: x, along: x)) == [0, 0]
        && doubles(hvpReverse(linear, at: x, along: x)) == [0, 0])
    let constant = { (_: Tensor) in scalar(7) }
    #expect(doubles(grad(constant)(x)) == [0, 0] && doubles(hvp(constant, at: x, along: x)) == [0, 0])
    #expect(
      jvp(constant, at: x, along: x).tangent.item() == 0
        && doubles(vjp(constant, at: x).pullback(scalar(1))) == [0, 0])
    let identity = { (x: Tensor) in x }
    #expect(
      doubles(vjp(identity, at: x).pullback(x)) == [1, 2]
        && doubles(jvp(identity, at: x, along: x).tangent) == [1, 2])
    #expect(grad(identity)(scalar(4)).item() == 1 && grad(grad(identity))(scalar(4)).item() == 0)
    let steps = { (x: Tensor) in floor(x).sum() + sign(x).sum() + x.detached().sum() }
    #expect(doubles(grad(steps)(x)) == [0, 0] && doubles(hvp(steps, at: x, along: x)) == [0, 0])
    let unused = grad { (a: Tensor, b: Tensor) in a * a }(scalar(2), f64(1, 2))
    #expect(unused.0.item() == 4 && doubles(unused.1) == [0, 0])
    #expect(doubles(grad { (x: Tensor) in withoutGrad { (x * x).sum() } }(x)) == [0, 0])
  }

  @Test func mixedPrecision() {
    let g = grad { (p: [Tensor]) in (p[0].asType(.float64) * p[1]).sum() }([Tensor([1, 2]), f64(3, 4)])
    #expect(
      g[0].dtype == .float32 && doubles(g[0]) == [3, 4] && g[1].dtype == .float64 && doubles(g[1]) == [1, 2])
    let h = hvp(
      { (x: Tensor) in square(x.asType(.float64)).sum() }, at: Tensor([1, 2]), along: Tensor([1, -1]))
    #expect(h.dtype == .float32 && doubles(h) == [2, -2])
  }

  @Test func seedsAndDirectionsMustFit() {
    let x = f64(1, 2)
    let f = { (x: Tensor) in x * x }
    #expect(
      misuse { _ = jvp(f, at: x, along: f64(1, 2, 3)) }
        == "jvp: a tangent is float64 [3], it must be float64 [2] as the input is")
    #expect(
      misuse { _ = vjp(f, at: x).pullback(Tensor([1, 2])) }
        == "vjp: a cotangent is float32 [2], it must be float64 [2] as the result is")
    #expect(
      misuse { _ = hvp({ f($0).sum() }, at: x, along: scalar(1)) }
        == "hvp: a direction is float64 [], it must be float64 [2] as the input is")
    #expect(
      misuse { _ = jvp({ (p: [Tensor]) in p[0] }, at: [x, x], along: [x]) }
        == "jvp: the tangent has 1 tensor, the input 2")
    #expect(
      misuse { _ = jvp({ (p: [Tensor]) in p[0] }, at: [x, x], along: [x.unsqueezed(axis: 0), x]) }?.contains(
        "float64 [2]") == true)
  }

  /// What is wrong is named where each tensor has a shape that would do alone.
  @Test func leadingAxesOfADirectionAreTheSame() {
    let p = [f64(1, 2), scalar(3)]
    let f = { (p: [Tensor]) in (square(p[0]) * p[1]).sum() }
    #expect(
      misuse { _ = hvp(f, at: p, along: [Tensor.zeros([3, 2], dtype: .float64), scalar(1)]) }
        == "hvp: a direction is float64 [], it must be float64 [3] as the input is, behind the leading axes [3] that "
        + "the first tensor of the direction has")
    #expect(
      misuse { _ = jvp(f, at: p, along: [f64(1, 2), f64(1, 2)]) }
        == "jvp: a tangent is float64 [2], it must be float64 [] as the input is")
  }

  /// The advice is one that the transform's caller can follow.
  @Test func whatToDoWithSeveralNumbers() throws {
    let x = f64(1, 2)
    let f = { (x: Tensor) in x * 2 }
    let beyond: [(advice: String, call: () throws -> Void)] = [
      (
        "a gradient is of one floating-point number: reduce it, for example with sum(), or use vjp with a cotangent",
        { _ = valueAndGrad(f)(x) }
      ),
      (
        "a Hessian is of one floating-point number: reduce it, for example with sum(), or with a cotangent u, "
          + "(u * result).sum()", { _ = hvp(f, at: x, along: x) }
      ),
      ("(u * result).sum()", { _ = hessianDiagonal(f)(x) }), ("(u * result).sum()", { _ = HessianOperator(f, at: x) }),
      ("or use vmap of a jacobian", { _ = gradPerExample { p, x in p * x }(x, x) }),
      ("or use predictJacobianCost", { _ = predictCost(of: f, at: x) }),
      ("a loss is of one floating-point number", { _ = gaussNewtonProduct(f, loss: f, at: x, along: x) }),
    ]
    for (advice, call) in beyond { #expect(misuse(call)?.contains(advice) == true, "\(advice)") }
    // As it says: of the sum with a cotangent.
    let u = f64(3, -1)
    #expect(try near(hessian { (x: Tensor) in (u * exp(x)).sum() }(x).diagonal(), [3 * exp(1), -exp(2)]))
    #expect(try vmap(jacobian { (x: Tensor) in square(x).unsqueezed(axis: 0) })(x).shape == [2, 1])
  }
}
