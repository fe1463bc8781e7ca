import Autograd
import Foundation
import Testing

extension CatalogueTests {
  /// Operators.md and the table in the library say what the catalogue says. With ADJOINT_WRITE_DOCUMENTS set they
  /// are written (`make docs`).
  @Suite struct OperatorsDocument {
    private func check(_ path: String, _ wanted: String) throws {
      let file = SourceTree.root.appending(path: path)
      if ProcessInfo.processInfo.environment["ADJOINT_WRITE_DOCUMENTS"] != nil {
        try wanted.write(to: file, atomically: true, encoding: .utf8)
      }
      let found = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
      let lines = wanted.components(separatedBy: "\n")
      guard lines != found else { return }
      // Not an expectation of equality: it would print both documents.
      let line = zip(lines, found).enumerated().first { $1.0 != $1.1 }?.offset ?? min(lines.count, found.count)
      Issue.record(
        """
        \(path) is stale, run `make docs`. Line \(line + 1) is
        \(found.indices.contains(line) ? found[line] : "(missing)")
        and should be
        \(lines.indices.contains(line) ? lines[line] : "(missing)")
        """)
    }

    @Test("Documentation/Operators.md is what the catalogue's run says")
    func document() throws {
      try check("Documentation/Operators.md", OperatorDocument(table: try OperatorTable()).text)
    }

    @Test("the table that programs read is what the catalogue's run says")
    func library() throws {
      let lines = try OperatorTable().families.flatMap(\.entries).map { entry in
        "    "
          + OperatorClosure.line(
            name: entry.note.name, dtypes: DType.allCases.filter { entry.values[$0] == .passed },
            passes: { entry.isDifferentiable && entry.checks[$0]![$1] == .passed })
      }
      let text = """
        // Printed by `make docs`; a test fails where it is stale.

        extension OperatorClosure {
          static let table = \"""
        \(lines.joined(separator: "\n"))
            \"""
        }

        """
      try check("Sources/Autograd/Closure/OperatorClosure+Table.swift", text)
    }

    @Test("what programs read of an operator")
    func query() throws {
      let tanh = try #require(OperatorClosure.named("tanh"))
      for check in DerivativeCheck.allCases {
        #expect(tanh.passes(check, in: .float32) && tanh.passes(check, in: .float64) && !tanh.passes(check, in: .int32))
      }
      #expect(tanh.isDifferentiable && tanh.dtypes == [.float32, .float64])
      let argmax = try #require(OperatorClosure.named("argmax"))
      #expect(!argmax.isDifferentiable && !argmax.passes(.vjp, in: .float32))
      #expect(OperatorClosure.named("nothing") == nil)
      #expect(OperatorClosure.all.count == Catalogue.families.flatMap(\.notes).count)
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
