import Autograd
import Testing

extension CatalogueTests {
  @Suite struct WhatIsSaved {
    @Test("what it saves", arguments: Catalogue.rows.filter { !$0.saves.isEmpty && $0.hasDerivative })
    func saved(_ row: Row) {
      for saves in row.saves {
        var inputs = row.draw()
        for index in saves.tracked { inputs[index] = inputs[index].tracked() }
        let results = row.call(inputs)
        guard let graph = results[0].graph else {
          Issue.record("\(row.name): nothing was recorded")
          continue
        }
        let expected = saves.kept.map { kept in
          switch kept {
          case .input(let index): inputs[index]
          case .result(let index): results[index]
          case .other(let shape): Tensor.zeros(shape, dtype: .float64)
          }
        }
        let shapes = graph.entries.flatMap(\.savedShapes)
        #expect(
          sorted(shapes) == sorted(expected.map(\.shape)),
          "\(row.name), tracking \(saves.tracked), saves:\n\(graph)")
        // A value that is saved twice counts once.
        let bytes = Set(saves.kept).map { kept -> Int in
          let tensor = expected[saves.kept.firstIndex(of: kept)!]
          return tensor.count * tensor.dtype.byteCount
        }
        #expect(
          graph.savedBytes == bytes.reduce(0, +), "\(row.name), tracking \(saves.tracked), saves:\n\(graph)")
      }
    }

    private func sorted(_ shapes: [Shape]) -> [String] { shapes.map { "\($0)" }.sorted() }

    @Test("nothing is recorded without a tracked input or within withoutGrad", arguments: Catalogue.rows)
    func unrecorded(_ row: Row) {
      let inputs = row.draw()
      #expect(row.call(inputs).allSatisfy { !$0.isTracked })
      let tracked = inputs.map { $0.dtype.isFloatingPoint ? $0.detached().tracked() : $0 }
      // An operator may give back its input itself.
      let results = withoutGrad { row.call(tracked) }
      #expect(results.allSatisfy { ($0.graph?.entries.count ?? 0) <= 1 }, "\(row.name)")
    }
  }
}
