import Foundation
import Testing

/// What `Scripts/setup.sh` asks of a machine, played by stand-ins for its programs.
struct SetupTests {
  @Test func nothingIsInstalledTwice() throws {
    let machine = try Machine(packages: ["libopenblas-dev": "installed", "liblapacke-dev": "installed"])
    let run = try machine.setUp()
    #expect(run.status == 0 && run.calls.isEmpty && run.output.isEmpty, "\(run)")
  }

  @Test func aFreshImageGetsListsFirst() throws {
    let machine = try Machine()
    let run = try machine.setUp()
    #expect(run.status == 0, "\(run)")
    #expect(
      run.calls == [
        "noninteractive -qq -o DPkg::Lock::Timeout=120 update",
        "noninteractive -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "
          + "libopenblas-dev liblapacke-dev",
      ])
    #expect(run.output == "setup: installing libopenblas-dev liblapacke-dev\n")
    // Now it is there.
    #expect(try machine.setUp().calls.count == 2)
  }

  @Test("what is half there is missing", arguments: ["half-configured", "unpacked", "config-files", "half-installed"])
  func halfInstalled(_ status: String) throws {
    let machine = try Machine(packages: ["libopenblas-dev": "installed", "liblapacke-dev": status])
    let run = try machine.setUp()
    #expect(run.status == 0 && run.calls.last?.hasSuffix("--no-install-recommends liblapacke-dev") == true, "\(run)")
  }

  @Test func furtherPackagesAreTakenAlong() throws {
    let machine = try Machine(packages: ["libopenblas-dev": "installed", "liblapacke-dev": "installed"])
    let run = try machine.setUp(["libblas-dev"])
    #expect(run.status == 0 && run.calls.last?.hasSuffix("--no-install-recommends libblas-dev") == true, "\(run)")
  }

  /// sudo hands no variables on.
  @Test func aUserAsksThroughSudo() throws {
    let machine = try Machine(user: 1000)
    try machine.add("sudo", "exec \"$REAL_ENV\" -i PATH=\"$PATH\" STATE=\"$STATE\" AS_ROOT=1 \"$@\"")
    let run = try machine.setUp()
    #expect(
      run.status == 0 && run.calls.count == 2 && run.calls.allSatisfy { $0.hasPrefix("noninteractive ") }, "\(run)")
  }

  @Test func aUserWithoutSudoIsToldWhatToDo() throws {
    let run = try Machine(user: 1000).setUp()
    #expect(run.status == 1 && run.calls.isEmpty)
    #expect(run.errors == "setup: as root: apt-get update && apt-get install libopenblas-dev liblapacke-dev\n")
  }

  @Test func oldListsMayDo() throws {
    let run = try Machine().setUp(environment: ["FAIL": "update"])
    #expect(run.status == 0 && run.errors.contains("trying with the lists that are there"), "\(run)")
  }

  @Test func aFailedInstallationFails() throws {
    let run = try Machine().setUp(environment: ["FAIL": "install"])
    #expect(run.status == 1 && run.errors.contains("E: no such package"), "\(run)")
    #expect(run.errors.contains("setup: apt-get could not install libopenblas-dev liblapacke-dev"))
    let empty = try Machine().setUp(environment: ["FAIL": "silently"])
    #expect(empty.status == 1 && empty.errors.contains("not installed: libopenblas-dev liblapacke-dev"), "\(empty)")
  }

  @Test func elsewhereItOnlyLooks() throws {
    let machine = try Machine()
    try machine.remove("apt-get")
    try machine.add("cc", "while read -r line; do :; done")
    #expect(try machine.setUp().status == 0)
    try machine.add("cc", "exit 1")
    let run = try machine.setUp()
    #expect(run.status == 1 && run.errors.contains("dnf install openblas-devel"), "\(run)")
  }

  @Test func withoutSwiftNothingIsDone() throws {
    let machine = try Machine()
    try machine.remove("swift")
    let run = try machine.setUp()
    #expect(run.status == 1 && run.calls.isEmpty && run.errors.contains("https://www.swift.org/install"), "\(run)")
  }
}

/// A folder of programs that stand in for a Debian machine's, and its packages.
private final class Machine {
  struct Run {
    let status: Int32
    let output: String
    let errors: String
    /// What apt-get was asked, after the frontend that it would use.
    let calls: [String]
  }

  private let folder = FileManager.default.temporaryDirectory.appending(path: "adjoint-machine-\(UUID())")
  private var state: URL { folder.appending(path: "state") }
  private var programs: URL { folder.appending(path: "bin") }

  init(packages: [String: String] = [:], user: Int = 0) throws {
    for place in [state, programs] {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    }
    for (name, status) in packages {
      try status.write(to: state.appending(path: name), atomically: true, encoding: .utf8)
    }
    try add("swift", "exit 1")
    try add("uname", "echo Linux")
    try add("id", "if [ -n \"${AS_ROOT:-}\" ]; then echo 0; else echo \(user); fi")
    try add("env", "exec \(Machine.path("env")) \"$@\"")
    // dpkg-query -W -f=... NAME: the status, or failure where nothing is known of the package.
    try add("dpkg-query", "for name; do :; done; [ -f \"$STATE/$name\" ] && printf '%s' \"$(<\"$STATE/$name\")\"")
    try add(
      "apt-get",
      """
      if [ "\(user)" != 0 ] && [ -z "${AS_ROOT:-}" ]; then echo "E: not root" >&2; exit 100; fi
      echo "${DEBIAN_FRONTEND:-dialog} $*" >> "$STATE/calls"
      echo "Reading package lists..."
      case "$*:${FAIL:-}" in
        *" update:update") echo "E: no network" >&2; exit 100 ;;
        *:install) echo "E: no such package" >&2; exit 100 ;;
        *:silently) exit 0 ;;
        *" install "*)
          [ "${FAIL:-}" = update ] || [ -f "$STATE/lists" ] || { echo "E: Unable to locate package" >&2; exit 100; }
          for name; do case "$name" in lib*) printf installed > "$STATE/$name" ;; esac; done ;;
        *" update:"*) : > "$STATE/lists" ;;
      esac
      """)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func add(_ name: String, _ script: String) throws {
    let file = programs.appending(path: name)
    try "#!\(Machine.path("bash"))\n\(script)\n".write(to: file, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(at: programs.appending(path: name)) }

  func setUp(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> Run {
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Scripts/setup.sh")
    let process = Process()
    process.executableURL = URL(filePath: Machine.path("bash"))
    process.arguments = [script.path] + arguments
    process.environment = ["PATH": programs.path, "STATE": state.path, "REAL_ENV": Machine.path("env")]
      .merging(environment) { $1 }
    let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let calls = (try? String(contentsOf: state.appending(path: "calls"), encoding: .utf8)) ?? ""
    return try Run(
      status: process.terminationStatus, output: String(contentsOf: output, encoding: .utf8),
      errors: String(contentsOf: errors, encoding: .utf8), calls: calls.split(separator: "\n").map(String.init))
  }

  /// A program of this machine.
  private static func path(_ name: String) -> String {
    ["/bin/\(name)", "/usr/bin/\(name)"].first { FileManager.default.isExecutableFile(atPath: $0) } ?? name
  }
}
