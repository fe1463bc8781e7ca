import Autograd
import Testing

extension CatalogueTests {
  /// Cotangents and tangents of any layout and number, and inputs that are worth several threads.
  @Suite struct Seeds {
    private func seeds(_ tensors: [Tensor]) -> [Tensor] {
      tensors.map { tensor in
        Tensor((0..<tensor.count).map { Double($0 % 7) - 2.5 }, shape: tensor.shape).asType(tensor.dtype)
      }
    }

    @Test("strided and expanded cotangents and tangents", arguments: Catalogue.differentiable)
    func strided(_ row: Row) throws {
      let inputs = row.draw()
      let x = row.differentiable.map { inputs[$0] }
      let f = row.function(at: inputs)
      let (value, pullback) = vjp(f, at: x)
      let (u, v) = (seeds(value), seeds(x))
      let exact = Accuracy(ulps: 64, dtype: .float64, byLargest: true, atLeast: 1e-3)
      let (pulled, pushed) = (pullback(u), jvp(f, at: x, along: v).tangent)
      for layout in MemoryLayoutKind.allCases {
        expectEqual(
          pullback(u.map(layout.apply)), pulled.map(\.numbers), exact, "vjp of \(row.name), \(layout)")
        let tangent = jvp(f, at: x, along: v.map(layout.apply)).tangent
        expectEqual(tangent, pushed.map(\.numbers), exact, "jvp of \(row.name), \(layout)")
      }
      let ones = { (tensors: [Tensor]) in
        tensors.map { Tensor.ones([], dtype: $0.dtype).expanded(to: $0.shape) }
      }
      let full = { (tensors: [Tensor]) in tensors.map { Tensor.ones(like: $0) } }
      expectEqual(pullback(ones(u)), pullback(full(u)).map(\.numbers), exact, "vjp of \(row.name), expanded")
      expectEqual(
        jvp(f, at: x, along: ones(v)).tangent, jvp(f, at: x, along: full(v)).tangent.map(\.numbers), exact,
        "jvp of \(row.name), expanded")
    }

    @Test("a leading axis of length 0", arguments: Catalogue.differentiable)
    func none(_ row: Row) throws {
      let inputs = row.draw()
      let x = row.differentiable.map { inputs[$0] }
      let f = row.function(at: inputs)
      func nothing(_ tensors: [Tensor]) -> [Tensor] {
        tensors.map { Tensor.zeros(Shape([0] + Array($0.shape)), dtype: $0.dtype) }
      }
      try withTensorErrors {
        let (value, pullback) = vjp(f, at: x)
        #expect(pullback(nothing(value)).map(\.shape) == nothing(x).map(\.shape), "\(row.name)")
        #expect(
          jvp(f, at: x, along: nothing(x)).tangent.map(\.shape) == nothing(value).map(\.shape), "\(row.name)")
      }
    }

    @Test("long inputs, split over threads, give what their parts give", arguments: Catalogue.pointwise)
    func long(_ row: Row) {
      let part = row.draw(row.inputs.map { _ in [1000] })
      let times = 3 * Parallel.elementGrain / 1000 + 1
      let whole = part.map { concatenated(Array(repeating: $0.unsqueezed(axis: 0), count: times)) }
      func same(_ whole: [Tensor], _ part: [Tensor], _ what: String) {
        for (whole, part) in zip(whole, part) {
          let agrees = (whole .== part) .| ((whole .!= whole) .& (part .!= part))
          #expect(agrees.min(as: Bool.self), "\(what) of \(row.name)")
        }
      }
      same(row.call(whole), row.call(part), "value")
      guard row.hasDerivative else { return }
      let pulled = [whole, part].map { inputs -> [Tensor] in
        let (value, pullback) = vjp(row.function(at: inputs), at: row.differentiable.map { inputs[$0] })
        return pullback(value.map { Tensor.ones(like: $0) })
      }
      same(pulled[0], pulled[1], "vjp")
    }
  }
}

extension Tensor {
  /// Whether all elements are true.
  fileprivate func min(as _: Bool.Type) -> Bool { asType(.int64).sum().item() == Double(count) }
}
