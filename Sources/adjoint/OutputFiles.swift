import Foundation
import NN

/// Files that a command will write: checked before the work, written whole at its end.
struct OutputFiles {
  private let folder: URL

  /// A folder to write into; made where it is missing.
  ///
  /// - Throws: A failure where nothing can be written there.
  init(folder path: String) throws {
    folder = URL(fileURLWithPath: path, isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      // The system's own words depend on which part of the path is in the way.
      throw Failure("cannot write to \(path): \(OutputFiles.obstacle(path) ?? FileError.reason(error))")
    }
    try OutputFiles.probe(folder.appendingPathComponent("probe"), named: path)
  }

  private static func obstacle(_ path: String) -> String? {
    var url = URL(fileURLWithPath: path)
    while url.path != "/" {
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) {
        return isDirectory.boolValue ? nil : "\(url.path) is not a directory"
      }
      url.deleteLastPathComponent()
    }
    return nil
  }

  /// Whether a file can be written at a path.
  static func check(_ path: String) throws {
    let url = URL(fileURLWithPath: path)
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      throw Failure("cannot write \(path): it is a directory")
    }
    try probe(url, named: path)
  }

  private static func probe(_ url: URL, named name: String) throws {
    do {
      try StagedFile(Data(), for: url).discard()
    } catch {
      throw Failure("cannot write to \(name): \(error.reason)")
    }
  }

  func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  /// Writes all of them: each is complete beside its place before the first is put there.
  func write(_ files: [(name: String, data: Data)]) throws {
    var staged: [StagedFile] = []
    var current = url("")
    do throws(FileError) {
      for (name, data) in files {
        current = url(name)
        staged.append(try StagedFile(data, for: current))
      }
      while let file = staged.first {
        current = file.target
        try file.commit()
        staged.removeFirst()
      }
    } catch {
      staged.forEach { $0.discard() }
      throw Failure("cannot write \(current.path): \(error.reason)")
    }
  }
}
