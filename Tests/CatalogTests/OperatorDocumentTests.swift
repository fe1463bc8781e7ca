import Foundation
import Testing

extension CatalogueTests {
  /// Operators.md says what the catalogue says. With ADJOINT_WRITE_DOCUMENTS set it is written (`make docs`).
  @Suite(.serialized) struct OperatorsDocument {
    private static let file = SourceTree.root.appending(path: "Documentation/Operators.md")

    @Test("Documentation/Operators.md is what the catalogue's run says")
    func document() throws {
      let wanted = OperatorDocument(table: try OperatorTable()).text
      if ProcessInfo.processInfo.environment["ADJOINT_WRITE_DOCUMENTS"] != nil {
        try wanted.write(to: Self.file, atomically: true, encoding: .utf8)
      }
      let found = try String(contentsOf: Self.file, encoding: .utf8).components(separatedBy: "\n")
      let lines = wanted.components(separatedBy: "\n")
      guard lines != found else { return }
      // Not an expectation of equality: it would print both documents.
      let line = zip(lines, found).enumerated().first { $1.0 != $1.1 }?.offset ?? min(lines.count, found.count)
      Issue.record(
        """
        Documentation/Operators.md is stale, run `make docs`. Line \(line + 1) is
        \(found.indices.contains(line) ? found[line] : "(missing)")
        and should be
        \(lines.indices.contains(line) ? lines[line] : "(missing)")
        """)
    }

    @Test("every check is passed by every operator in every floating-point dtype that it takes")
    func holes() throws {
      for entry in try OperatorTable().families.flatMap(\.entries) {
        let holes = entry.holes.map { "\($0.rawValue) in \($1)" }
        #expect(holes.isEmpty, "\(entry.note.name) has not passed \(holes.joined(separator: ", "))")
      }
    }
  }
}
