import Autograd
import Foundation
import Testing

extension CatalogueTests {
  /// Conventions.md says what operators do. With ADJOINT_WRITE_DOCUMENTS set it is written (`make docs`).
  @Suite(.serialized) struct ConventionsDocument {
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

    @Test("all modes agree on the derivatives of both orders where operators are not smooth")
    func modes() {
      for line in ConventionTable().families.flatMap(\.lines) {
        #expect(line.modesAgree, "\(line.name) at \(line.point): \(line.first), \(line.second)")
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
