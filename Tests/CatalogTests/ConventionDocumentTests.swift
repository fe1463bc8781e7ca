import Autograd
import Foundation
import Testing

extension CatalogueTests {
  /// Conventions.md says what operators do. With ADJOINT_WRITE_DOCUMENTS set it is written (`make docs`).
  @Suite struct ConventionsDocument {
    private static let file = SourceTree.root.appending(path: "Documentation/Conventions.md")

    @Test("Documentation/Conventions.md is what operators do")
    func document() throws {
      let wanted = ConventionDocument(table: ConventionTable()).text
      if ProcessInfo.processInfo.environment["ADJOINT_WRITE_DOCUMENTS"] != nil {
        try wanted.write(to: Self.file, atomically: true, encoding: .utf8)
      }
      let found = try String(contentsOf: Self.file, encoding: .utf8)
      for (line, found) in zip(wanted.split(separator: "\n"), found.split(separator: "\n")) where line != found {
        Issue.record("Documentation/Conventions.md is stale, run `make docs`: \(found) should be \(line)")
      }
      #expect(wanted.count == found.count)
    }

    @Test("all modes agree where operators are not smooth, and Hessians are symmetric", arguments: dtypes)
    func modes(_ dtype: DType) {
      for line in ConventionTable(dtype).families.flatMap(\.lines) {
        #expect(
          line.disagreements.isEmpty,
          "\(line.name) at \(line.point): \(line.disagreements.joined(separator: "; "))")
      }
    }

    private static let dtypes: [DType] = [.float32, .float64]

    /// Where kinks are likely: at 0, at small whole numbers, between them, where inputs are equal or of opposite sign.
    private static let likely: [Double] = [-3, -2, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 2, 3, 6]

    @Test(
      "a pointwise operator that has a kink at some likely point has a convention",
      arguments: Catalogue.differentiable.filter { $0.isPointwise && !$0.operators.isEmpty })
    func complete(_ row: Row) {
      let told = Set(Catalogue.conventions.map(\.name) + Catalogue.rows.flatMap { $0.tellsKinks ? $0.operators : [] })
      let special = row.specials.flatMap(\.inputs).filter { $0.isFinite && !Self.likely.contains($0) }
      let numbers = Self.likely + Set(special).sorted()
      // Every combination of numbers, one an element.
      let count = row.differentiable.reduce(1) { count, _ in count * numbers.count }
      let places = row.differentiable.enumerated().map { position, _ in
        (0..<count).map { index in
          numbers[index / (0..<position).reduce(1) { size, _ in size * numbers.count } % numbers.count]
        }
      }
      let x = places.map { Tensor($0) }
      let inputs = row.inputs.indices.map { index in
        row.differentiable.firstIndex(of: index).map { x[$0] } ?? row.draw(row.inputs.map { _ in [count] })[index]
      }
      let f = { (x: [Tensor]) in row.function(at: inputs)(x)[0].sum() }
      let derivatives: [() -> Void] = [{ _ = grad(f)(x) }, { _ = hvp(f, at: x, along: x.map { $0 * 0 + 1 }) }]
      for derivative in derivatives {
        do {
          try withStrictDerivatives(derivative)
        } catch let error as NotDifferentiableError {
          // A row of several operators may throw for one that it is made of.
          #expect(
            told.contains(error.operation) || !told.isDisjoint(with: row.operators),
            "\(row.name) has no convention: \(error)")
        } catch {
          Issue.record("\(row.name): \(error)")
        }
      }
    }

    @Test("no operator is refused or blamed where it is smooth", arguments: Catalogue.differentiable)
    func smooth(_ row: Row) {
      let inputs = row.draw()
      let f = { (x: [Tensor]) in row.function(at: inputs)(x)[0].sum() }
      let x = row.differentiable.map { inputs[$0] }
      let along = x.map { Tensor.ones(like: $0) }
      #expect(throws: Never.self) {
        try withNaNCheck {
          try withStrictDerivatives {
            _ = grad(f)(x)
            _ = hvp(f, at: x, along: along)
          }
        }
      }
    }
  }
}

extension Row {
  fileprivate var tellsKinks: Bool { specials.contains { $0.kink != nil && !$0.slopes.isEmpty } }
}
