import Foundation
import Testing

/// Every public declaration says what it is.
struct DocCommentTests {
  private static let modules = ["Tensor", "Autograd", "NN", "Plot", "CaseRunner"]

  /// Declarations that may go without a comment, since a protocol of Swift or a superclass says what they are.
  private static let witnesses: [(part: String, reason: String)] = [
    ("init(arrayLiteral ", "ExpressibleByArrayLiteral"), ("init(floatLiteral ", "ExpressibleByFloatLiteral"),
    ("init(integerLiteral ", "ExpressibleByIntegerLiteral"),
    ("override public var name: String", "Function.name"), ("override func callAsFunction(", "Function's calls"),
  ]

  @Test func everyPublicDeclarationHasAComment() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources")
    var count = 0
    var used: Set<String> = []
    for module in Self.modules {
      let paths =
        FileManager.default.enumerator(atPath: sources.appending(path: module).path)?
        .compactMap { $0 as? String } ?? []
      for path in paths.sorted() where path.hasSuffix(".swift") {
        let file = "\(module)/\(path)"
        let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
        let found = Self.declarations(in: text)
        count += found.count
        for declaration in found where !declaration.isDocumented {
          let witness = Self.witnesses.first { declaration.line.contains($0.part) }
          if let witness { used.insert(witness.part) }
          #expect(witness != nil, "Sources/\(file):\(declaration.number) has no comment: \(declaration.line)")
        }
      }
    }
    #expect(count > 600)
    let gone = Self.witnesses.map(\.part).filter { !used.contains($0) }
    #expect(gone.isEmpty, "no such declaration is without a comment any more: \(gone)")
  }

  /// What takes a function says what it costs, or where that stands, and of tensors alone what must hold: these are the
  /// forms that a reader meets.
  @Test func everyTransformSaysWhatItCosts() throws {
    let autograd = [
      "SingleTensor", "TwoTensors", "TwoStructures", "Transforms", "GradientVariants", "Linearize", "GaussNewton",
      "Jacobian", "Hessian", "HessianDiagonal", "Laplacian", "HessianOperator/HessianOperator",
    ]
    let nets = ["Gradients", "Products", "SecondOrder", "Dense", "Checks"].map { "Sources/NN/Derivatives/\($0).swift" }
    var count = 0
    for file in autograd.map({ "Sources/Autograd/\($0).swift" }) + nets {
      for declaration in Self.declarations(in: try Documents.text(of: file)) where declaration.isTransform {
        count += 1
        let (comment, place) = (declaration.comment, "\(file):\(declaration.number)")
        #expect(comment.contains(/[Cc]ost|``/), "\(place) does not say what it costs")
        if file.hasSuffix("SingleTensor.swift") || file.hasSuffix("TwoTensors.swift") {
          #expect(comment.contains("Precondition:"), "\(place) does not say what must hold")
          #expect(comment.contains(/[Cc]osts/), "\(place) does not say what it costs")
        }
      }
    }
    #expect(count > 80)
  }

  /// The check sees what it should see.
  @Test func aMissingCommentIsSeen() {
    let text = """
      /// One.
      public struct One {
        public var bare: Int
        /// Two.
        @inlinable
        public func two() {}
        @available(*, unavailable, message: "no (really)")
        public static func three() {}
        @_disfavoredOverload public func four() {}
        private(set) public var five = 0
        func six() {}
        // public func seven() {}
      }
      public extension One {}
      open class Eight {}
      """
    let found = Self.declarations(in: text)
    #expect(found.map(\.number) == [2, 3, 6, 8, 9, 10, 15])
    #expect(found.filter(\.isDocumented).map(\.number) == [2, 6])
  }

  private struct Declaration {
    let number: Int
    let line: String
    let comment: String

    var isDocumented: Bool { !comment.isEmpty }
    var isTransform: Bool { line.contains("public func") || line.contains("public init") }
  }

  private static func declarations(in text: String) -> [Declaration] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    return lines.indices.compactMap { index in
      guard isPublic(lines[index]) else { return nil }
      var above = index - 1
      while above >= 0, isAttribute(lines[above]) { above -= 1 }
      let comment = lines.prefix(above + 1).reversed().prefix { $0.hasPrefix("///") }.reversed()
      return Declaration(number: index + 1, line: lines[index], comment: comment.joined(separator: "\n"))
    }
  }

  /// A line of attributes alone.
  private static func isAttribute(_ line: String) -> Bool {
    line.hasPrefix("@") && line.wholeMatch(of: /@\w+(\(.*\))?/) != nil
  }

  private static func isPublic(_ line: String) -> Bool {
    guard line.contains("public ") || line.contains("open "), !line.hasPrefix("//") else { return false }
    // Attributes and modifiers may come first.
    let pattern =
      /(@\w+(\([^)]*\))? |(final|static|class|override|mutating|private\(set\)) )*(public|open) (?!extension )/
    return line.prefixMatch(of: pattern) != nil
  }
}
