import Autograd
import Testing

extension CatalogueTests {
  @Suite struct Values {
    @Test("value", arguments: Catalogue.rows)
    func value(_ row: Row) {
      // Long enough for whole vectors, their tails and several blocks.
      let long = row.isPointwise ? [row.inputs.map { _ in Shape([7, 83]) }] : []
      for shapes in row.allShapes + long {
        let inputs = row.draw(shapes)
        expectEqual(
          row.call(inputs), row.expected(inputs), row.accuracy(row.resultType ?? .float64),
          "\(row.name) at \(shapes)")
      }
    }

    @Test("dtypes", arguments: Catalogue.rows)
    func dtypes(_ row: Row) {
      for dtype in DType.allCases {
        let outcome = Checks.values(row, dtype)
        #expect(outcome == (row.accepts.contains(dtype) ? .passed : .refused), "\(row.name)")
      }
    }

    @Test("strided inputs", arguments: Catalogue.rows)
    func strided(_ row: Row) {
      for layout in MemoryLayoutKind.allCases {
        for shapes in row.allShapes {
          let inputs = row.draw(shapes)
          let laidOut = inputs.map(layout.apply)
          expectEqual(
            row.call(laidOut), row.expected(inputs), row.accuracy(row.resultType ?? .float64),
            "\(row.name), \(layout) at \(shapes)")
        }
      }
    }

    @Test("expanded inputs", arguments: Catalogue.rows)
    func expanded(_ row: Row) {
      let inputs = row.draw().map { $0.rank > 0 ? $0[..., 0..<1].expanded(to: $0.shape) : $0 }
      expectEqual(
        row.call(inputs), row.expected(inputs), row.accuracy(row.resultType ?? .float64),
        "\(row.name), expanded")
    }

    @Test("empty inputs", arguments: Catalogue.rows)
    func empty(_ row: Row) throws {
      for shapes in row.allEmptyShapes {
        let inputs = row.draw(shapes)
        let results = try withTensorErrors { row.call(inputs) }
        expectEqual(
          results, row.expected(inputs), row.accuracy(row.resultType ?? .float64), "\(row.name) at \(shapes)")
      }
    }
  }
}
