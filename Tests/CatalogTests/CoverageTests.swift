import Autograd
import Foundation
import Testing

/// An operator without a row fails here.
@Suite struct CoverageTests {
  /// Public functions among the operators that are none themselves, and why.
  private static let notOperators: [String: String] = [
    "stride": "makes an entry of a subscript"
  ]

  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/Tensor")

  private static func texts(_ folder: String) throws -> [String] {
    let root = sources.appending(path: folder)
    let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return try paths.filter { $0.hasSuffix(".swift") }.map {
      try String(contentsOf: root.appending(path: $0), encoding: .utf8)
    }
  }

  private static func matches(_ texts: [String], _ pattern: Regex<(Substring, Substring)>) -> Set<String> {
    Set(texts.flatMap { text in text.matches(of: pattern).map { String($0.output.1) } })
  }

  @Test("every public operator has a row")
  func operators() throws {
    let texts = try Self.texts("Operators")
    #expect(texts.count > 20)
    let functions = Self.matches(
      texts, #/public (?:static )?(?:prefix )?(?:mutating )?func `?(\w+|[-+*\/.<>=!&|^]+)/#)
    let subscripts = Self.matches(texts, #/public (subscript)/#)
    let covered = Set(Catalogue.rows.flatMap(\.operators)).union(Self.notOperators.keys)
    #expect(functions.count > 80)
    let missing = functions.union(subscripts).subtracting(covered)
    #expect(missing.isEmpty, "without a row: \(missing.sorted())")
    let gone = covered.subtracting(functions).subtracting(subscripts)
    #expect(gone.isEmpty, "rows for operators that are not there: \(gone.sorted())")
  }

  @Test("every scalar primitive has a row")
  func primitives() throws {
    let text = try String(
      contentsOf: Self.sources.appending(path: "Formula/Primitive.swift"), encoding: .utf8)
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

  @Test("rows have names of their own")
  func names() {
    let counts = Dictionary(grouping: Catalogue.rows, by: \.name).filter { $1.count > 1 }
    #expect(counts.isEmpty, "\(counts.keys.sorted())")
  }
}
