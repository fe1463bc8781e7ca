import Foundation

/// The project's documents, and what stands in them.
enum Documents {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A file's text, by its path in the project.
  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The paths of all documents.
  static func all() throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Documentation").path)
    return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "Documentation/\($0)" }
  }

  /// What stands between two marks, without imports and indentation.
  static func blocks(in text: String, _ begin: String, _ end: String) -> [String] {
    var blocks: [String] = []
    var block: [String]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let trimmed = line.trimmingCharacters(in: .whitespaces)
      if trimmed == begin {
        block = []
      } else if trimmed == end, let finished = block {
        blocks.append(finished.joined(separator: "\n"))
        block = nil
      } else if block != nil && !trimmed.isEmpty && !trimmed.hasPrefix("import ") {
        block!.append(trimmed)
      }
    }
    return blocks
  }
}
