import Autograd
import Testing

@testable import Tensor

struct LinearizeTests {
  private let a = Tensor([[1, 2], [3, 4], [5, 6]] as [[Double]])

  @Test func pushesManyTangents() {
    var calls = 0
    let f = { (p: [Tensor]) -> [String: Tensor] in
      calls += 1
      return ["s": matmul(a, sin(p[0])) * p[1], "t": p[1] * p[1], "c": f64(1)]
    }
    let at = [f64(0.3, -0.8), scalar(2)]
    let (value, push) = linearize(f, at: at)
    #expect(near(value["t"]!, [4]) && !value["s"]!.isTracked)
    for seed in 0..<4 {
      let v = [f64(1, Double(seed)), scalar(Double(seed) - 1)]
      let pushed = push(v)
      let expected = jvp(f, at: at, along: v).tangent
      for key in ["s", "t", "c"] { #expect(near(pushed[key]!, doubles(expected[key]!), 1e-14)) }
    }
    #expect(calls == 5)
    let block = push([Tensor.eye(2, dtype: .float64), Tensor.zeros([2], dtype: .float64)])
    #expect(block["s"]!.shape == [2, 3] && block["c"]!.shape == [2, 1])
    #expect(
      misuse { _ = push([f64(1), scalar(1)]) }
        == "linearize: a tangent is float64 [1], it must be float64 [2] as the input is")
  }

  @Test func emptyAndViews() {
    let (_, push) = linearize({ (x: Tensor) in x * x }, at: Tensor.zeros([0, 2], dtype: .float64))
    #expect(push(Tensor.ones([0, 2], dtype: .float64)).shape == [0, 2])
    let grid = Tensor.arange(6, dtype: .float64).reshaped([2, 3])
    let (_, other) = linearize({ (x: Tensor) in x * x }, at: grid.transposed())
    #expect(doubles(other(grid.transposed())) == [0, 18, 2, 32, 8, 50])
  }

  @Test func nests() {
    // d/dx of the derivative along a fixed direction.
    let slope = grad { (x: Tensor) in linearize({ $0 * $0 * $0 }, at: x).pushforward(f64(1, 2)).sum() }(f64(3, 4))
    #expect(near(slope, [18, 48]))
    let toTangent = grad { (v: Tensor) in linearize({ $0 * $0 * $0 }, at: f64(3, 4)).pushforward(v).sum() }(f64(1, 2))
    #expect(near(toTangent, [27, 48]))
  }

  @Test func transposes() {
    let f = { (x: Tensor) in matmul(a, x) + 2 * x.sum() }
    let u = f64(1, -1, 2)
    let transposed = linearTranspose(f, like: f64(7, 8))
    #expect(near(transposed(u), doubles(matmul(u, a) + 2 * u.sum()), 1e-14))
    #expect(transposed(Tensor.eye(3, dtype: .float64)).shape == [3, 2])
    let two = linearTranspose({ (p: [Tensor]) in [p[0] * 3 - p[1], p[1].sum()] }, like: [f64(1, 2), f64(0, 0)])
    let back = two([f64(1, 2), scalar(5)])
    #expect(back.map(doubles) == [[3, 6], [4, 3]])
    let single = linearTranspose({ (x: Tensor) in x * 3 }, like: Tensor.zeros([2, 2]))
    #expect(single(Tensor.ones([2, 2])).dtype == .float32)
    #expect(linearTranspose({ (x: Tensor) in x * 3 }, like: Tensor.zeros([0]))(Tensor.zeros([0])).shape == [0])
    #expect(doubles(linearTranspose({ (x: Tensor) in 0 * x }, like: f64(1, 2))(f64(1, 2))) == [0, 0])
  }

  @Test func transposingEvaluatesTwice() {
    var calls = 0
    let f = { (x: Tensor) -> Tensor in
      calls += 1
      return 3 * x
    }
    let transposed = linearTranspose(f, like: f64(1, 2))
    #expect(calls == 2 && doubles(transposed(f64(1, 1))) == [3, 3] && calls == 2)
    // What the map captures can be differentiated.
    let slope = grad { (a: Tensor) in linearTranspose({ a * $0 }, like: f64(1, 2))(f64(5, 7)).sum() }(f64(2, 3))
    #expect(doubles(slope) == [5, 7])
  }

  /// A map that was made where nothing is recorded does not give constants to those who ask later.
  @Test func mapsMadeWithoutGrad() {
    let cube = { (x: Tensor) in x * x * x }
    let (x, u) = (f64(1, 2), f64(1, 1))
    let maps: [(String, (Tensor) -> Tensor)] = withoutGrad {
      let h = HessianOperator({ (x: Tensor) in cube(x).sum() }, at: x)
      return [
        ("vjp", vjp(cube, at: x).pullback), ("linearize", linearize(cube, at: x).pushforward),
        ("linearTranspose", linearTranspose({ 3 * $0 }, like: x)), ("HessianOperator", { h($0) }),
      ]
    }
    for (name, map) in maps {
      let message = misuse { _ = grad { (u: Tensor) in (map(u) * u).sum() }(u) }
      #expect(message?.hasPrefix("\(name): its map was made within withoutGrad") == true, "\(name): \(message ?? "")")
      // Where nobody asks, it is a map like any other.
      #expect(near(withoutGrad { map(u.tracked()) }, doubles(map(u))))
      #expect(near(grad { (u: Tensor) in (map(u.detached()) * u).sum() }(u), doubles(map(u))))
    }
    let outside = vjp(cube, at: x).pullback
    #expect(near(grad { (u: Tensor) in (outside(u) * u).sum() }(u), [6, 24]))
  }

  /// Of whatever size: their squares may leave the range of their dtype.
  @Test func curvedFunctionsOfEveryScale() {
    let x = Tensor([1.0, 2.0])
    for scale in [1e-30, 1e-25, 1e-10, 1, 1e10, 1e25, 1e36] {
      #expect(
        misuse { _ = linearTranspose({ $0 * $0 * scale }, like: x)(x) }?.contains("not linear") == true, "\(scale)")
      #expect(misuse { _ = linearTranspose({ $0 * scale }, like: x)(x) } == nil, "\(scale)")
    }
  }

  @Test func curvedFunctionsAreNoLinearOnes() {
    let affine = "linearTranspose: the function is not linear: f(0) is not 0"
    let curved = "linearTranspose: the function is not linear: f(v) is not its derivative's product with v"
    #expect(misuse { _ = linearTranspose({ $0 + 1 }, like: f64(0, 0)) } == affine)
    #expect(misuse { _ = linearTranspose({ $0 * $0 }, like: f64(0, 0)) } == curved)
    #expect(misuse { _ = linearTranspose({ sin($0) }, like: Tensor.zeros([3])) } == curved)
    #expect(misuse { _ = linearTranspose({ abs($0) }, like: f64(0, 0, 0, 0)) } == curved)
  }
}
