import Autograd
import Testing

extension CatalogueTests {
  @Suite(.serialized) struct Derivatives {
    private func report(_ row: Row, order: Int, _ shapes: [Shape], _ layout: MemoryLayoutKind? = nil) throws
      -> GradientReport
    {
      var inputs = row.draw(shapes)
      if let layout { inputs = inputs.map(layout.apply) }
      let f = row.function(at: inputs)
      return try withTensorErrors {
        checkGradients(
          "\(row.name) at \(shapes)", order: order, of: f, at: row.differentiable.map { inputs[$0] },
          elements: order > 2 ? 4 : 12)
      }
    }

    @Test("first order, adjoint identity, leading axes", arguments: Catalogue.differentiable)
    func firstOrder(_ row: Row) throws {
      for shapes in row.allShapes {
        let report = try report(row, order: 1, shapes)
        #expect(report.passed, "\(report)")
        #expect(report.comparisons > 0 || row.expected(row.draw(shapes))[0].values.isEmpty)
      }
    }

    @Test("first order with strided inputs", arguments: Catalogue.differentiable, MemoryLayoutKind.allCases)
    func strided(_ row: Row, _ layout: MemoryLayoutKind) throws {
      let report = try report(row, order: 1, row.inputs.map(\.shape), layout)
      #expect(report.passed, "\(report)")
    }

    @Test("second order in all compositions", arguments: Catalogue.differentiable)
    func secondOrder(_ row: Row) throws {
      for shapes in [row.inputs.map(\.shape)] + (row.isPointwise ? row.broadcastShapes : row.shapes) {
        let report = try report(row, order: 2, shapes)
        #expect(report.passed, "\(report)")
      }
    }

    @Test("third order", arguments: Catalogue.differentiable.filter { $0.order > 2 })
    func thirdOrder(_ row: Row) throws {
      let shapes = row.isPointwise ? row.inputs.map { _ in Shape([2]) } : row.inputs.map(\.shape)
      let report = try report(row, order: 3, shapes)
      #expect(report.passed, "\(report)")
    }

    @Test("derivatives at empty tensors", arguments: Catalogue.differentiable)
    func empty(_ row: Row) throws {
      for shapes in row.allEmptyShapes {
        let report = try report(row, order: 2, shapes)
        #expect(report.passed, "\(report)")
      }
    }

    @Test("derivatives in float32 agree with float64", arguments: Catalogue.differentiable)
    func singlePrecision(_ row: Row) {
      let single = row.draw(dtype: .float32)
      // The same numbers, so that only the arithmetic differs.
      let double = single.map { $0.dtype == .float32 ? $0.asType(.float64) : $0 }
      let narrow = derivatives(row, single)
      let wide = derivatives(row, double)
      for (name, (narrow, wide)) in zip(["vjp", "vjp of vjp"], zip(narrow, wide)) {
        expectEqual(
          narrow, wide.map(\.numbers),
          Accuracy(ulps: 64 + 8 * row.ulps, dtype: .float32, byLargest: true, atLeast: 1),
          "\(name) of \(row.name) in float32")
      }
    }

    /// Cotangents of first and second order for cotangents of ones.
    private func derivatives(_ row: Row, _ inputs: [Tensor]) -> [[Tensor]] {
      let f = row.function(at: inputs)
      let x = row.differentiable.map { inputs[$0] }
      let first = { (x: [Tensor]) -> [Tensor] in
        let (value, pullback) = vjp(f, at: x)
        return pullback(value.map { Tensor.ones(like: $0) })
      }
      let (value, pullback) = vjp(first, at: x)
      return [value, pullback(value.map { Tensor.ones(like: $0) })]
    }
  }
}
