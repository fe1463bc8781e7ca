import Foundation

/// Runs each workload in a process of its own and notes what else the machine did meanwhile.
struct Runner {
  var threads: Int
  var quietSeconds: Double
  var retries: Int
  var limitSeconds: Double

  /// The figures of the cleanest run: it is repeated where other programs disturbed it.
  func run(_ workload: Workload) -> [String: Measurement] {
    var best: (foreign: Double, results: [String: Measurement])?
    for _ in 0...retries {
      if quietSeconds > 0 { Host.waitUntilQuiet(quietSeconds) }
      var canary = Host.canary()
      var handover = Host.handover()
      let start = now()
      let own = Host.ownSeconds()
      let before = Host.processorSeconds()
      var results = workload == .importTime ? timeImport() : runWorker(workload)
      let seconds = (now() - start) * 1e-6
      let after = Host.processorSeconds()
      canary = max(canary, Host.canary())
      if let earlier = handover, let later = Host.handover() { handover = max(earlier, later) }
      var foreign = 0.0
      var steal = 0.0
      if let before, let after {
        foreign = max(0, (after.busy - before.busy - (Host.ownSeconds() - own)) / seconds)
        steal = (after.steal - before.steal) / seconds
      }
      for name in results.keys {
        results[name]!.foreignCPU = foreign.rounded(digits: 2)
        results[name]!.steal = steal.rounded(digits: 2)
        results[name]!.canaryMicroseconds = canary.rounded()
        results[name]!.handoverNanoseconds = handover?.rounded()
      }
      if best == nil || foreign < best!.foreign { best = (foreign, results) }
      if foreign < 0.15 && steal < 0.4 { break }
      print(String(format: "    noisy: foreign CPU %.2f, steal %.2f", foreign, steal))
    }
    return best!.results
  }

  private func runWorker(_ workload: Workload) -> [String: Measurement] {
    let start = now()
    var results: [String: Measurement] = [:]
    var peak: Double?
    var failure: String?
    do {
      let output = try launch("workloads", ["--worker", workload.rawValue])
      for line in output.text.split(separator: "\n") where line.hasPrefix("@@") {
        let found = try JSONDecoder().decode([String: Measurement].self, from: Data(line.dropFirst(2).utf8))
        for (name, measurement) in found {
          if name == Worker.peakName { peak = measurement.peakMegabytes } else { results[name] = measurement }
        }
      }
      failure = output.failure
    } catch {
      failure = "\(error)"
    }
    if let failure {
      results[results.isEmpty ? workload.rawValue : workload.rawValue + ".rest"] = Measurement(error: failure)
    }
    for name in results.keys where results[name]!.peakMegabytes == nil && results[name]!.error == nil {
      results[name]!.peakMegabytes = peak
    }
    let figures = results.sorted { $0.key < $1.key }.map { name, result in
      let variant = name.dropFirst(workload.rawValue.count)
      return "\(variant.isEmpty ? "=" : variant):"
        + (result.medianMicroseconds.map { String(format: "%.10g", $0) } ?? result.error ?? "?")
    }
    let seconds = String(format: " (%.0fs)", (now() - start) * 1e-6)
    print("  " + padded(workload.rawValue, 18), figures.joined(separator: "  "), seconds)
    fflush(nil)
    return results
  }

  /// From the start of a process to its first gradient.
  private func timeImport() -> [String: Measurement] {
    var result = Measurement()
    do {
      var times: [Double] = []
      var gradient = Double.nan
      for _ in 0..<7 {
        let start = Date()
        let output = try launch("first-gradient", [])
        if let failure = output.failure { throw Failure(failure) }
        let words = output.text.split(separator: " ").compactMap {
          Double($0.trimmingCharacters(in: .newlines))
        }
        guard words.count == 2 else { throw Failure("first-gradient printed \(output.text)") }
        times.append((words[0] - start.timeIntervalSince1970) * 1e6)
        gradient = words[1]
      }
      times.sort()
      result.medianMicroseconds = times[times.count / 2].rounded()
      result.minMicroseconds = times[0].rounded()
      result.iterations = times.count
      result.check = ["g": gradient.rounded(digits: 6)]
    } catch {
      result.error = "\(error)"
    }
    let figure = result.medianMicroseconds.map { String(format: "%.10g", $0) } ?? result.error ?? "?"
    print("  " + padded("import_time", 18), "=:" + figure)
    return ["import_time": result]
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Runs a program that stands beside this one and waits for it.
  private func launch(_ program: String, _ arguments: [String]) throws -> (text: String, failure: String?) {
    guard let folder = Bundle.main.executableURL?.deletingLastPathComponent() else {
      throw Failure("cannot tell where this program is")
    }
    let url = folder.appending(path: program)
    guard FileManager.default.isExecutableFile(atPath: url.path) else {
      throw Failure("\(program) is not built: swift build -c release --package-path Benchmarks")
    }
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    for name in ["ADJOINT_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"] {
      environment[name] = "\(threads)"
    }
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    let errors = FileManager.default.temporaryDirectory.appending(path: "workloads-\(UUID().uuidString)")
    guard FileManager.default.createFile(atPath: errors.path, contents: nil) else {
      throw Failure("cannot write \(errors.path)")
    }
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let watch = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + limitSeconds, execute: watch)
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    watch.cancel()
    let text = String(decoding: data, as: UTF8.self)
    if process.terminationReason == .exit && process.terminationStatus == 0 { return (text, nil) }
    let last = (try? String(contentsOf: errors, encoding: .utf8))?.split(separator: "\n").last ?? ""
    let how = process.terminationReason == .exit ? "exit" : "signal"
    return (text, "\(how) \(process.terminationStatus): \(last.prefix(300))")
  }
}

func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
