import Autograd
import Testing

@testable import Tensor

/// Tensors are matched by their places, so the places must be of one structure.
struct StructureTests {
  private struct Forgetful: TensorStructure {
    var a, b: Tensor
    var tensors: [Tensor] { [a, b] }
    func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Forgetful {
      Forgetful(a: a, b: b.rebuilt(from: &tensors))
    }
  }

  @Test func whatDiffers() {
    let x = f64(1)
    #expect([x].difference(from: [x]) == nil && x.difference(from: f64(1, 2)) == nil)
    #expect([x].difference(from: [x, x]) == "1 element instead of 2")
    #expect(["a": x].difference(from: ["b": x]) == #"the keys ["a"] instead of ["b"]"#)
    #expect([nil, x].difference(from: [x, nil] as [Tensor?]) == "in element 0 nil instead of a value")
    #expect(Pair(x, [x]).difference(from: Pair(x, [])) == "1 element instead of 0")
    let nested = ["k": [x, nil] as [Tensor?]]
    #expect(nested.difference(from: nested) == nil)
    #expect(nested.difference(from: ["k": [nil, x]]) == "at k in element 0 a value instead of nil")
  }

  /// A mistyped key would give another derivative without a word.
  @Test func directionsOfOtherKeys() {
    let f = { (p: [String: Tensor]) in (square(p["a"]!) * p["b"]!).sum() }
    let at = ["a": f64(2), "b": f64(3)]
    let wrong = ["b": f64(1), "c": f64(0)]
    let reason = #"has the keys ["b", "c"] instead of ["a", "b"], which the "#
    let h = HessianOperator(f, at: at)
    let uses: [(String, () throws -> Void)] = [
      ("jvp: the tangent", { _ = jvp(f, at: at, along: wrong) }),
      ("hvp: the direction", { _ = hvp(f, at: at, along: wrong) }),
      ("hvpReverse: the direction", { _ = hvpReverse(f, at: at, along: wrong) }),
      ("vhp: the direction", { _ = vhp(f, at: at, along: wrong) }),
      ("valueGradAndHVP: the direction", { _ = valueGradAndHVP(f, at: at, along: wrong) }),
      ("linearize: the tangent", { _ = linearize(f, at: at).pushforward(wrong) }),
      ("gaussNewtonProduct: the direction", { _ = gaussNewtonProduct({ $0 }, loss: f, at: at, along: wrong) }),
      ("directionalDerivatives: the direction", { _ = directionalDerivatives(f, at: at, along: wrong, order: 3) }),
      ("HessianOperator: the vector", { _ = h(wrong) }), ("solve: the right side", { _ = try h.solve(wrong) }),
      ("vjp: the cotangent", { _ = vjp({ (p: [String: Tensor]) in p }, at: at).pullback(wrong) }),
    ]
    for (words, use) in uses {
      let message = misuse(use)
      #expect(message?.hasPrefix(words) == true && message?.contains(reason) == true, "\(words): \(message ?? "")")
    }
    let (x, none) = (f64(1), nil as Tensor?)
    let message = misuse { _ = hvp({ (p: [Tensor?]) in square(p[1]!).sum() }, at: [none, x], along: [x, none]) }
    #expect(message?.hasPrefix("hvp: the direction has in element 0 a value instead of nil") == true)
  }

  @Test func aStructureThatForgetsATensor() {
    let message = misuse {
      _ = grad { (s: Forgetful) in (s.a * s.b * s.b).sum() }(Forgetful(a: f64(2), b: f64(3)))
    }
    #expect(
      message
        == "Forgetful: rebuilt(from:) took 1 of 2 tensors; it must take as many as `tensors` gives, in that order")
  }

  /// Nothing is dropped, and nothing is put under another key.
  @Test func examplesOfOtherStructures() {
    let x = f64(-1, 2)
    let arrays = misuse { _ = vmap { (x: Tensor) -> [Tensor] in x.item() > 0 ? [x, x] : [x] }(x) }
    #expect(
      arrays
        == "vmap: the result of example 1 has 2 elements instead of 1, which example 0's has; results that lie side by "
        + "side must have the same tensors")
    #expect(misuse { _ = vmap { (x: Tensor) -> [Tensor] in x.item() < 0 ? [x, x] : [x] }(x) } != nil)
    #expect(misuse { _ = vmap { (x: Tensor) -> Tensor? in x.item() < 0 ? x : nil }(x) } != nil)
    let keys = misuse {
      _ = vmap { (x: Tensor) in x.item() < 0 ? ["a": x, "b": 2 * x] : ["b": x, "c": 3 * x] }(x)
    }
    #expect(keys?.contains(#"has the keys ["b", "c"] instead of ["a", "b"]"#) == true)
    let tracked = misuse {
      _ = grad { (x: Tensor) in vmap { $0.item() > 0 ? [$0, $0] : [$0] }(x)[0].sum() }(x)
    }
    #expect(tracked?.hasPrefix("vmap: the result of example 1 has") == true)
  }
}
