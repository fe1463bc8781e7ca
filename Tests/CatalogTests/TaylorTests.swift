import Autograd
import Testing

/// Taylor mode against nested jvp, which shares no rule with it beyond first order.
extension CatalogueTests {
  @Suite struct Taylor {
    private func compare(_ got: [[Tensor]], _ expected: [[Tensor]], _ what: String) {
      for difference in Series.differences(got, expected) { Issue.record("\(what): \(difference)") }
    }

    @Test("all orders are those of nested jvp", arguments: Catalogue.differentiable)
    func againstNested(_ row: Row) {
      #expect(Checks.run(row, .taylor, .float64) == .passed)
    }

    @Test("strided inputs", arguments: Catalogue.differentiable, [MemoryLayoutKind.transposed, .reversed])
    func strided(_ row: Row, _ layout: MemoryLayoutKind) {
      let inputs = row.draw()
      let x = row.differentiable.map { inputs[$0] }
      let v = Series.directions(x)
      compare(
        directionalDerivatives(
          row.floatingFunction(at: inputs.map(layout.apply)), at: x.map(layout.apply), along: v.map(layout.apply),
          order: 3),
        directionalDerivatives(row.floatingFunction(at: inputs), at: x, along: v, order: 3), "\(row.name), \(layout)")
    }

    @Test("nothing in, nothing out", arguments: Catalogue.differentiable)
    func empty(_ row: Row) {
      for shapes in row.allEmptyShapes {
        let inputs = row.draw(shapes)
        let f = row.floatingFunction(at: inputs)
        let x = row.differentiable.map { inputs[$0] }
        let all = directionalDerivatives(f, at: x, along: Series.directions(x), order: 3)
        for results in all { #expect(results.map(\.shape) == f(x).map(\.shape), "\(row.name) at \(shapes)") }
      }
    }

    @Test("a block of directions is each of them", arguments: Catalogue.differentiable)
    func leadingAxes(_ row: Row) {
      for shapes in [row.inputs.map(\.shape)] + (row.isPointwise ? row.broadcastShapes : row.shapes) {
        let inputs = row.draw(shapes)
        let f = row.floatingFunction(at: inputs)
        let x = row.differentiable.map { inputs[$0] }
        let v = Series.directions(x, lead: [2, 1])
        let block = directionalDerivatives(f, at: x, along: v, order: 3)
        for index in 0..<2 {
          let single = directionalDerivatives(f, at: x, along: v.map { $0[index, 0] }, order: 3)
          compare(
            [block[0]] + block[1...].map { $0.map { $0[index, 0] } }, single, "\(row.name) at \(shapes), \(index)")
        }
      }
    }

    @Test("several directions are each of them", arguments: Catalogue.differentiable)
    func severalDirections(_ row: Row) {
      let inputs = row.draw()
      let f = row.floatingFunction(at: inputs)
      let x = row.differentiable.map { inputs[$0] }
      // Two alone and two blocks, of which those of a kind go together.
      let all = [[], [2], [], [2]].map { Series.directions(x, lead: $0) }
      let (value, derivatives) = directionalDerivatives(
        f, at: x, alongEach: all.enumerated().map { index, v in v.map { $0 * Double(index + 1) } },
        orders: [2, 3, 3, 1])
      for (index, v) in all.enumerated() {
        let scaled = v.map { $0 * Double(index + 1) }
        compare(
          [value] + derivatives[index],
          directionalDerivatives(f, at: x, along: scaled, order: [2, 3, 3, 1][index]), "\(row.name), direction \(index)"
        )
      }
    }

    @Test("reverse over Taylor", arguments: Catalogue.differentiable)
    func gradientOfDerivatives(_ row: Row) {
      for shapes in [row.inputs.map(\.shape)] + row.broadcastShapes.prefix(row.isPointwise ? 2 : 0) {
        let inputs = row.draw(shapes)
        let f = row.floatingFunction(at: inputs)
        let x = row.differentiable.map { inputs[$0] }
        let v = Series.directions(x)
        // A different weight for every order and element, so that nothing cancels.
        func loss(_ all: [[Tensor]]) -> Tensor {
          let weights = Series.directions(all.flatMap { $0 })
          return zip(all.flatMap { $0 }, weights).reduce(Tensor.zeros([], dtype: .float64)) {
            $0 + ($1.0 * $1.1).asType(.float64).sum()
          }
        }
        let got = grad { (x: [Tensor], v: [Tensor]) in
          loss(directionalDerivatives(f, at: x, along: v, order: 2))
        }(x, v)
        let expected = grad { (x: [Tensor], v: [Tensor]) in loss(Series.nested(f, x, along: v, order: 2)) }(x, v)
        compare([got.0, got.1], [expected.0, expected.1], "the gradient for \(row.name) at \(shapes)")
      }
    }

    @Test("second derivatives are second differences", arguments: Catalogue.differentiable.filter(\.isPointwise))
    func differences(_ row: Row) {
      let inputs = row.draw()
      let f = row.floatingFunction(at: inputs)
      let x = row.differentiable.map { inputs[$0] }
      let v = Series.directions(x)
      func value(_ step: Double) -> [Tensor] { f(zip(x, v).map { $0 + step * $1 }) }
      // Extrapolated once: the error is of order h^4, and of rounding 1e-16 / h^2.
      func second(_ h: Double) -> [Tensor] {
        zip(zip(value(h), value(-h)), value(0)).map { ($0.0 + $0.1 - 2 * $1) / (h * h) }
      }
      let expected = zip(second(1e-4), second(2e-4)).map { ($0 * 4 - $1) / 3 }
      let got = directionalDerivatives(f, at: x, along: v, order: 2)[2]
      expectEqual(
        got, expected.map(\.numbers), Accuracy(ulps: 0x1p28, dtype: .float64, byLargest: true, atLeast: 100),
        "the second derivative of \(row.name)")
    }
  }
}
