import Foundation
import Testing

/// A built program, run as a user would.
struct Program {
  let url: URL

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  init(_ name: String) throws {
    url = try #require(
      Program.folders.map { $0.appendingPathComponent(name) }.first {
        FileManager.default.isExecutableFile(atPath: $0.path)
      }, "\(name) is not beside the tests")
  }

  /// Where products are built: beside the test bundle on Linux, around it on macOS.
  private static var folders: [URL] {
    let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
    let program = URL(fileURLWithPath: CommandLine.arguments[0])
    return (bundles + [program, Bundle.main.bundleURL.appendingPathComponent("x")]).map {
      $0.resolvingSymlinksInPath().deletingLastPathComponent()
    }
  }

  func run(_ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]) throws
    -> Outcome
  {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: a full pipe would stop the program.
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("adjoint-run-\(UUID())")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let (output, errors) = (place.appendingPathComponent("output"), place.appendingPathComponent("errors"))
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}

/// Runs `body` with a folder of its own, removed afterwards.
func withFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("adjoint-test-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

func contents(_ folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

func json(_ text: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}
