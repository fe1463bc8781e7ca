import Foundation

/// The files of the package that tests read.
enum SourceTree {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The Swift files below a folder, by their paths from the root, in order.
  static func swiftFiles(below folder: String) throws -> [(path: String, text: String)] {
    let paths =
      FileManager.default.enumerator(atPath: root.appending(path: folder).path)?
      .compactMap { $0 as? String } ?? []
    return try paths.filter { $0.hasSuffix(".swift") }.sorted().map {
      ("\(folder)/\($0)", try String(contentsOf: root.appending(path: "\(folder)/\($0)"), encoding: .utf8))
    }
  }

  /// Where each public operator is declared: its room.
  static func rooms() throws -> [String: String] {
    var rooms: [String: String] = [:]
    for (path, text) in try swiftFiles(below: "Sources/Tensor/Operators") {
      let names =
        text.matches(of: #/public (?:static )?(?:prefix )?(?:mutating )?func `?(\w+|[-+*\/.<>=!&|^]+)/#)
        .map { String($0.output.1) } + text.matches(of: #/public (subscript)/#).map { String($0.output.1) }
      let stem = URL(filePath: path).deletingPathExtension().lastPathComponent.lowercased()
      // Of several files that declare a name its room is the one that bears it.
      for name in names where rooms[name] == nil || stem == name.lowercased() { rooms[name] = path }
    }
    return rooms
  }
}
