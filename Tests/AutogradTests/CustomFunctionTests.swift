import Autograd
import Testing

@testable import Tensor

struct CustomFunctionTests {
  /// (x y, x + y, floor x) with rules of its own.
  private final class Several: Function, @unchecked Sendable {
    override var name: String { "several" }
    override var saves: [Saved] { [.input(0), .input(1)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] {
      [inputs[0] * inputs[1], inputs[0] + inputs[1], floor(inputs[0]).asType(.int64)]
    }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      func sum(_ a: Tensor?, _ b: Tensor?) -> Tensor? { a.map { a in b.map { a + $0 } ?? a } ?? b }
      let (u, v) = (cotangents[0], cotangents[1])
      return [sum(u.map { $0 * saved.input(1) }, v), sum(u.map { $0 * saved.input(0) }, v)]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      func sum(_ a: Tensor?, _ b: Tensor?) -> Tensor? { a.map { a in b.map { a + $0 } ?? a } ?? b }
      let product = sum(tangents[0].map { $0 * saved.input(1) }, tangents[1].map { $0 * saved.input(0) })
      return [product, sum(tangents[0], tangents[1]), nil]
    }
  }

  /// exp, by way of its own result.
  private final class OwnExp: Function, @unchecked Sendable {
    override var saves: [Saved] { [.output(0)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [exp(inputs[0])] }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [cotangents[0].map { $0 * saved.output(0) }]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [tangents[0].map { $0 * saved.output(0) }]
    }
  }

  @Test func severalResults() {
    let f = Several()
    let x = f64(2.5, 3).tracked()
    let y = f64(4, 5).tracked()
    let z = f([x, y])
    #expect(z.map(\.dtype) == [.float64, .float64, .int64] && z.map(\.isTracked) == [true, true, false])
    #expect(doubles(z[0]) == [10, 15] && doubles(z[2]) == [2, 3])
    (z[0] * 10 + z[1]).sum().backward()
    #expect(doubles(x.grad!) == [41, 51] && doubles(y.grad!) == [26, 31])
    x.clearGrad()
    z[1].sum().backward()
    #expect(doubles(x.grad!) == [1, 1])
    #expect(f([x.detached(), y.detached()]).allSatisfy { !$0.isTracked })
  }

  @Test func secondOrder() {
    let f = Several()
    let custom = { (p: [Tensor]) -> Tensor in
      let z = f(p); return (z[0] * z[0] * z[1]).sum()
    }
    let plain = { (p: [Tensor]) -> Tensor in (p[0] * p[1] * (p[0] * p[1]) * (p[0] + p[1])).sum() }
    let at = [f64(2.5, 3), f64(4, 5)]
    let along = [f64(1, -1), f64(0.5, 2)]
    for (a, b) in zip(grad(custom)(at), grad(plain)(at)) { #expect(near(a, doubles(b))) }
    for (a, b) in zip(hvp(custom, at: at, along: along), hvp(plain, at: at, along: along)) {
      #expect(near(a, doubles(b)))
    }
    for (a, b) in zip(hvpReverse(custom, at: at, along: along), hvp(plain, at: at, along: along)) {
      #expect(near(a, doubles(b)))
    }
    let one = [at[0], at[1]]
    #expect(
      near(jvp(custom, at: one, along: along).tangent, [jvp(plain, at: one, along: along).tangent.item()]))
  }

  @Test func aSavedResultLeadsOnToEveryOrder() {
    let f = OwnExp()
    let d = grad(grad(grad { f($0) }))
    #expect(near(d(scalar(0.5)), [exp(0.5)]))
    #expect(near(hvp({ f($0) * f($0) }, at: scalar(0.5), along: scalar(1)), [4 * exp(1.0)]))
  }

  @Test func linearAndBilinearKinds() {
    final class Reverse: LinearFunction, @unchecked Sendable {
      override func apply(_ x: Tensor) -> Tensor {
        x[AnyEntry(.ellipsis), AnyEntry(.range(from: nil, to: nil, step: -1))]
      }
      override func transpose(_ cotangent: Tensor) -> Tensor { self(cotangent) }
    }
    final class Outer: BilinearFunction, @unchecked Sendable {
      override func apply(_ a: Tensor, _ b: Tensor) -> Tensor {
        a.unsqueezed(axis: -1) * b.unsqueezed(axis: -2)
      }
      override func leftAdjoint(_ cotangent: Tensor, _ b: Tensor) -> Tensor {
        (cotangent * b.unsqueezed(axis: -2)).sum(axis: -1)
      }
      override func rightAdjoint(_ cotangent: Tensor, _ a: Tensor) -> Tensor {
        (cotangent * a.unsqueezed(axis: -1)).sum(axis: -2)
      }
    }
    let weights = Tensor([[1, 2], [3, 4], [5, 6]], dtype: .float64)
    let custom = { (p: [Tensor]) in (square(Outer()(Reverse()(p[0]), p[1])) * weights).sum() }
    let plain = { (p: [Tensor]) in (square(p[0][.stride(by: -1)].unsqueezed(axis: 1) * p[1]) * weights).sum()
    }
    let at = [f64(1, 2, 3), f64(-1, 0.5)]
    let v = [f64(0.5, 1, -1), f64(2, 1)]
    for (a, b) in zip(grad(custom)(at), grad(plain)(at)) { #expect(near(a, doubles(b))) }
    for (a, b) in zip(hvp(custom, at: at, along: v), hvp(plain, at: at, along: v)) {
      #expect(near(a, doubles(b)))
    }
    for (a, b) in zip(hvpReverse(custom, at: at, along: v), hvp(plain, at: at, along: v)) {
      #expect(near(a, doubles(b)))
    }
    let rows = vjp({ (p: [Tensor]) in Outer()(p[0], p[1]) }, at: at).pullback(
      Tensor.ones([4, 3, 2], dtype: .float64))
    #expect(rows[0].shape == [4, 3] && rows[1].shape == [4, 2])
    #expect(!Reverse()(Tensor([1, 2] as [Int])).isTracked)
  }

  /// w x², whose w is no input: a constant to it, as the documentation says.
  private final class Weighted: Function, @unchecked Sendable {
    let inForward, inRules: Tensor
    init(inForward: Tensor, inRules: Tensor) {
      self.inForward = inForward
      self.inRules = inRules
    }
    override var saves: [Saved] { [.input(0)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inForward * square(inputs[0])] }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [cotangents[0].map { 2 * inRules * saved.input(0) * $0 }]
    }
  }

  @Test func tensorsThatAreNoInputs() {
    let x = f64(3)
    let inForward = misuse {
      _ = grad { (w: Tensor) in Weighted(inForward: w, inRules: w.detached())(x.tracked()).sum() }(f64(2))
    }
    #expect(inForward?.contains("depends on a tracked tensor that is no input") == true)
    let inRules = { (w: Tensor) in Weighted(inForward: w.detached(), inRules: w)(x.tracked()).sum() }
    #expect(doubles(grad(inRules)(f64(2))) == [0])
  }

  /// Rules that give the wrong shape are named, not silently broadcast.
  @Test func rulesOfTheWrongShape() {
    let x = f64(1, 2, 3)
    #expect(
      misuse { _ = grad { (x: Tensor) in Misshapen()(x).sum() }(x) }
        == "derivative: a vjp gave a cotangent of shape [5] for a result of leaf, whose shape is [3]")
    #expect(
      misuse { _ = jvp({ (x: Tensor) in Misshapen()(x) }, at: x, along: x) }
        == "Misshapen: its jvp gave a tangent of shape [2, 3] for a result of shape [3]")
    #expect(
      misuse { _ = jvp({ (x: Tensor) in Widened()(x) }, at: Tensor([1, 2]), along: Tensor([1, 2])) }
        == "Widened: its jvp gave a float64 tangent for a float32 result")
    #expect(
      misuse {
        _ = directionalDerivatives({ Widened()($0) }, at: Tensor([1, 2]), along: Tensor([1, 2]), order: 2) as [Tensor]
      }
        == "Widened: its jvp gave a float64 tangent for a float32 result")
  }

  /// In every mode, as an error that can be caught: a check during training must not end it.
  @Test func missingRulesAreMisuse() {
    let x = f64(1, 2)
    func cubes(_ x: Tensor) -> Tensor { OnlyReverse()(x).sum() }
    #expect(near(grad(cubes)(x), [3, 12]) && near(hvpReverse(cubes, at: x, along: f64(1, 1)), [6, 12]))
    let forward: [() throws -> Void] = [
      { _ = jvp(cubes, at: x, along: x) }, { _ = vhp(cubes, at: x, along: x) },
      { _ = linearize(cubes, at: x).pushforward(x) },
      { _ = directionalDerivatives(cubes, at: x, along: x, order: 3) }, { _ = checkHVP(of: cubes, at: x) },
      { _ = try jacobian({ OnlyReverse()($0) }, mode: .forward)(x) as Tensor },
    ]
    for (place, use) in forward.enumerated() {
      #expect(misuse(use)?.hasPrefix("OnlyReverse: `jvp` is not overridden") == true, "\(place)")
    }
    #expect(misuse { _ = grad { Bare()($0).sum() }(x) }?.hasPrefix("Bare: `vjp` is not overridden") == true)
    #expect(misuse { _ = Nothing()(x) }?.hasPrefix("Nothing: `forward` is not overridden") == true)
    #expect(
      misuse { _ = grad { Careless()($0).sum() }(x) }
        == "Careless: a rule reads input(0), which `saves` does not declare")
    #expect(misuse { _ = NoLinear()(x) }?.hasPrefix("NoLinear: `apply` is not overridden") == true)
    #expect(misuse { _ = grad { HalfLinear()($0).sum() }(x) }?.hasPrefix("HalfLinear: `transpose` is not") == true)
    #expect(misuse { _ = NoBilinear()(x, x) }?.hasPrefix("NoBilinear: `apply` is not overridden") == true)
    let adjoints = misuse { _ = grad { (p: [Tensor]) in HalfBilinear()(p[0], p[1]).sum() }([x, x]) }
    #expect(adjoints?.contains("Adjoint` is not overridden") == true)
  }

  @Test func rulesOfTheWrongCount() {
    let x = f64(1, 2)
    #expect(
      misuse { _ = grad { Miscounted()($0).sum() }(x) }
        == "Miscounted: vjp gave 2 cotangents for 1 input; give nil where one is zero")
    #expect(
      misuse { _ = jvp({ Miscounted()($0) }, at: x, along: x) }
        == "Miscounted: jvp gave 0 tangents for 1 result; give nil where one is zero")
    #expect(
      misuse { _ = directionalDerivatives({ Miscounted()($0) }, at: x, along: x, order: 3) as [Tensor] }
        == "Miscounted: jvp gave 0 tangents for 1 result; give nil where one is zero")
  }

  /// What is not saved cannot be read.
  @Test func missingRulesSaySo() async {
    let noRule = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Bare()(Tensor(1, requiresGrad: true)).backward()
    }
    #expect(
      String(decoding: noRule!.standardErrorContent, as: UTF8.self).contains("Bare: `vjp` is not overridden"))
    let unsaved = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Careless()(Tensor(1, requiresGrad: true)).backward()
    }
    #expect(
      String(decoding: unsaved!.standardErrorContent, as: UTF8.self).contains(
        "which `saves` does not declare"))
  }
}

/// An entry of a subscript from what it says.
struct AnyEntry: TensorIndex {
  let entry: TensorIndexEntry
  init(_ entry: TensorIndexEntry) { self.entry = entry }
}

private final class Misshapen: Function, @unchecked Sendable {
  override func forward(_ inputs: [Tensor]) -> [Tensor] { inputs }
  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [Tensor.ones([5], dtype: .float64)]
  }
  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [Tensor.ones([2, 3], dtype: .float64)]
  }
}

private final class Bare: Function, @unchecked Sendable {
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * 2] }
}

private final class Careless: Function, @unchecked Sendable {
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * 2] }
  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { [saved.input(0)] }
}

private final class Widened: Function, @unchecked Sendable {
  override func forward(_ inputs: [Tensor]) -> [Tensor] { inputs }
  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [tangents[0].map { $0.asType(.float64) }]
  }
}

private final class OnlyReverse: Function, @unchecked Sendable {
  override var saves: [Saved] { [.input(0)] }
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * inputs[0] * inputs[0]] }
  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [cotangents[0].map { $0 * 3 * square(saved.input(0)) }]
  }
}

private final class Miscounted: Function, @unchecked Sendable {
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * 3] }
  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { [nil, nil] }
  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { [] }
}

private final class Nothing: Function, @unchecked Sendable {}
private final class NoLinear: LinearFunction, @unchecked Sendable {}
private final class NoBilinear: BilinearFunction, @unchecked Sendable {}

private final class HalfLinear: LinearFunction, @unchecked Sendable {
  override func apply(_ x: Tensor) -> Tensor { x * 2 }
}

private final class HalfBilinear: BilinearFunction, @unchecked Sendable {
  override func apply(_ a: Tensor, _ b: Tensor) -> Tensor { a * b }
}
