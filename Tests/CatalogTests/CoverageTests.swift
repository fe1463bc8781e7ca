import Autograd
import Foundation
import Testing

@testable import Tensor

/// An operator without a row fails here.
@Suite struct CoverageTests {
  /// Public functions among the operators that are none themselves, and why.
  private static let notOperators: [String: String] = [
    "stride": "makes an entry of a subscript"
  ]

  private static func texts(_ folder: String) throws -> [String] {
    try SourceTree.swiftFiles(below: "Sources/Tensor/\(folder)").map(\.text)
  }

  private static func matches(_ texts: [String], _ pattern: Regex<(Substring, Substring)>) -> Set<String> {
    Set(texts.flatMap { text in text.matches(of: pattern).map { String($0.output.1) } })
  }

  @Test("every public operator has a row")
  func operators() throws {
    let functions = Set(try SourceTree.rooms().keys)
    let covered = Set(Catalogue.rows.flatMap(\.operators)).union(Self.notOperators.keys)
    #expect(functions.count > 80)
    let missing = functions.subtracting(covered)
    #expect(missing.isEmpty, "without a row: \(missing.sorted())")
    let gone = covered.subtracting(functions)
    #expect(gone.isEmpty, "rows for operators that are not there: \(gone.sorted())")
  }

  @Test("every scalar primitive has a row")
  func primitives() throws {
    let text = try String(
      contentsOf: SourceTree.root.appending(path: "Sources/Tensor/Formula/Primitive.swift"), encoding: .utf8)
    let cases = text.prefix(upTo: text.firstRange(of: "var operandCount")!.lowerBound)
      .matches(of: #/case ([a-zA-Z0-9, ]+)\n/#)
    let primitives = Set(cases.flatMap { $0.output.1.split(separator: ", ").map(String.init) })
    #expect(primitives.count > 50)
    let covered = Set(Catalogue.rows.flatMap(\.primitives))
    #expect(
      primitives.subtracting(covered).isEmpty, "without a row: \(primitives.subtracting(covered).sorted())")
    #expect(covered.subtracting(primitives).isEmpty, "gone: \(covered.subtracting(primitives).sorted())")
  }

  /// What recorded graphs of values and of their derivatives consist of: formulas by name, others by class.
  private static let recorded: (names: Set<String>, classes: Set<String>) = {
    var names: Set<String> = []
    var classes: Set<String> = []
    for row in Catalogue.differentiable {
      let inputs = row.draw()
      let f = row.function(at: inputs)
      let leaves = row.differentiable.map { inputs[$0].tracked() }
      let (value, pullback) = vjp(f, at: leaves)
      let pulled = pullback(value.map { Tensor.ones(like: $0).tracked() })
      let pushed = jvp(f, at: leaves, along: leaves.map { Tensor.ones(like: $0) }).tangent
      for node in (value + pulled + pushed).flatMap(\.recordedNodes) {
        classes.insert("\(type(of: node.function))")
        names.insert(node.function.name)
        // A sum of a formula may go by the name of the operator that it is a part of.
        if let sum = node.function as? FormulaSum { names.insert(sum.formula.label) }
      }
    }
    return (names, classes)
  }()

  @Test("every formula is recorded by some row")
  func formulas() throws {
    let labels = Self.matches(try Self.texts("Operators"), #/(?:Formula|BinaryRoom)\(\s*"([^"]+)"/#)
    #expect(labels.count > 60)
    // A reduction of a formula has its name too; comparisons record nothing.
    let reduced = Self.recorded.names.map { $0.replacing(".sum", with: "").replacing(".mean", with: "") }
    let comparisons = Catalogue.rows.filter { $0.resultType == .bool }.map(\.name)
    let missing = labels.subtracting(Self.recorded.names).subtracting(reduced).subtracting(comparisons)
    #expect(missing.isEmpty, "not recorded by any row: \(missing.sorted())")
  }

  @Test("every class of function is recorded by some row")
  func functions() throws {
    let classes = Self.matches(
      try Self.texts("Operators"), #/final class (\w+): (?:Linear|Bilinear)?Function/#)
    #expect(classes.count > 15)
    let missing = classes.subtracting(Self.recorded.classes)
    #expect(missing.isEmpty, "not recorded by any row: \(missing.sorted())")
  }

  @Test("every operator has one note, with a derivative where it has one")
  func notes() {
    let names = Catalogue.notes.map(\.name)
    let covered = Set(Catalogue.rows.flatMap(\.operators))
    #expect(covered.subtracting(names).isEmpty, "without a note: \(covered.subtracting(names).sorted())")
    #expect(Set(names).subtracting(covered).isEmpty, "gone: \(Set(names).subtracting(covered).sorted())")
    let twice = Dictionary(grouping: names) { $0 }.filter { $1.count > 1 }.keys
    #expect(twice.isEmpty, "with two notes: \(twice.sorted())")
    let differentiable = Set(Catalogue.differentiable.flatMap(\.operators))
    for note in Catalogue.notes {
      #expect((note.derivative != nil) == differentiable.contains(note.name), "\(note.name)")
    }
    let told = Set(Catalogue.conventions.map(\.name))
    #expect(told.subtracting(covered).isEmpty, "conventions of no operator: \(told.subtracting(covered).sorted())")
  }

  @Test("rows have names of their own")
  func names() {
    let counts = Dictionary(grouping: Catalogue.rows, by: \.name).filter { $1.count > 1 }
    #expect(counts.isEmpty, "\(counts.keys.sorted())")
  }
}
