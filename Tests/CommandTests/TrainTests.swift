import Foundation
import NN
import Testing

@Suite struct TrainTests {
  /// Points in a plane, labelled by which third of the circle they lie in.
  private func write(_ lines: [String], to folder: URL, _ name: String = "data.csv") throws -> String {
    let url = folder.appendingPathComponent(name)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
    return url.path
  }

  private let thirds = (0..<90).map { index in
    let angle = Double(index) * 2.39996
    let label = Int((angle / (2 * .pi)).truncatingRemainder(dividingBy: 1) * 3)
    return "\(cos(angle)),\(sin(angle)),\(label)"
  }

  private func withoutTimes(_ text: String) throws -> NSDictionary {
    var report = try json(text)
    for key in ["seconds", "stepsPerSecond", "parameters", "lossCurve"] {
      #expect(report.removeValue(forKey: key) != nil)
    }
    return report as NSDictionary
  }

  @Test func digitsAreLearnedAndPredictAgrees() throws {
    let adjoint = try Program("adjoint")
    try withFolder { folder in
      let trained = try adjoint.run(
        ["train", "--epochs", "15", "--hidden", "64", "--json", "--output", "out"], in: folder)
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.errors.isEmpty)
      let report = try json(trained.output)
      let accuracy = try #require(report["testAccuracy"] as? Double)
      #expect(accuracy > 0.94)
      #expect(report["trainCount"] as? Int == 1438)
      #expect(report["testCount"] as? Int == 359)
      #expect((report["epochs"] as? [[String: Any]])?.count == 15)
      let out = folder.appendingPathComponent("out")
      #expect(try contents(out) == ["loss.svg", "net.safetensors"])
      let curve = try String(contentsOf: out.appendingPathComponent("loss.svg"), encoding: .utf8)
      #expect(curve.hasPrefix("<svg") && curve.hasSuffix("</svg>\n"))
      let file = try Safetensors(contentsOf: out.appendingPathComponent("net.safetensors"))
      #expect(Set(file.tensors.keys) == ["0.weight", "0.bias", "2.weight", "2.bias"])
      #expect(file.metadata["layers"] == "64,64,10")

      let predicted = try adjoint.run(["predict", "out/net.safetensors", "--json"], in: folder)
      #expect(predicted.status == 0, "\(predicted.errors)")
      let prediction = try json(predicted.output)
      #expect(prediction["accuracy"] as? Double == accuracy)
      #expect(prediction["count"] as? Int == 359)
      #expect((prediction["predictions"] as? [[String: Any]])?.count == 359)
      let text = try adjoint.run(["predict", "out/net.safetensors"], in: folder)
      #expect(text.output.contains("of 359 examples held out"))
    }
  }

  @Test func theDefaultsReach97Percent() throws {
    let adjoint = try Program("adjoint")
    try withFolder { folder in
      let accuracies = try (0..<5).map { seed in
        let seeded = seed == 0 ? [] : ["--seed", "\(seed)"]
        let outcome = try adjoint.run(["train", "--json", "--output", "out"] + seeded, in: folder)
        return try #require(try json(outcome.output)["testAccuracy"] as? Double)
      }
      #expect(accuracies[0] >= 0.97)
      #expect(accuracies.reduce(0, +) / 5 >= 0.97)
    }
  }

  @Test func theSameSeedGivesTheSameResult() throws {
    let adjoint = try Program("adjoint")
    try withFolder { folder in
      func run(_ seed: String, _ output: String) throws -> (NSDictionary, Data) {
        let outcome = try adjoint.run(
          ["train", "--epochs", "2", "--hidden", "16", "--seed", seed, "--json", "--output", output],
          in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let file = folder.appendingPathComponent("\(output)/net.safetensors")
        return (try withoutTimes(outcome.output), try Data(contentsOf: file))
      }
      let (first, second, other) = (try run("7", "a"), try run("7", "b"), try run("8", "c"))
      #expect(first.0 == second.0)
      #expect(first.1 == second.1)
      #expect(first.0 != other.0)
      #expect(first.1 != other.1)
    }
  }

  @Test(arguments: ["sgd", "adam", "adamw"])
  func filesOfOnesOwn(optimizer: String) throws {
    let adjoint = try Program("adjoint")
    try withFolder { folder in
      let path = try write(thirds, to: folder)
      let outcome = try adjoint.run(
        [
          "train", "--data", path, "--classes", "3", "--epochs", "40", "--hidden", "16,8", "--noise", "0",
          "--optimizer", optimizer, "--learning-rate", optimizer == "sgd" ? "0.1" : "0.02", "--batch-size",
          "8",
          "--output", folder.path,
        ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.isEmpty)  // no bar where there is no terminal
      for word in [
        "loss", "accuracy", "steps per second", "2-16-8-3", optimizer, "net.safetensors", "loss.svg",
      ] {
        #expect(outcome.output.contains(word))
      }
      let model = folder.appendingPathComponent("net.safetensors").path
      let labelled = try adjoint.run(["predict", model, "--data", path, "--json"])
      #expect(try #require(try json(labelled.output)["accuracy"] as? Double) > 0.85)

      // Without labels: each prediction is printed.
      let bare = try write(["1,0", "-0.5,0.8", "-0.5,-0.8"], to: folder, "bare.csv")
      let unlabelled = try adjoint.run(["predict", model, "--data", bare])
      #expect(unlabelled.output.split(separator: "\n").count == 3)
      #expect(unlabelled.output.contains("line 2: 1 (probability"))
    }
  }

  // MARK: Errors

  private func refuses(
    _ arguments: [String], in folder: URL? = nil, _ messages: String..., status: Int32 = 1,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program("adjoint").run(arguments, in: folder)
    #expect(outcome.status == status, sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
    for message in messages {
      #expect(outcome.errors.contains(message), "\(outcome.errors)", sourceLocation: sourceLocation)
    }
  }

  @Test func aMissingFile() throws {
    try withFolder { folder in
      try refuses(
        ["train", "--data", "nowhere.csv", "--output", "out"], in: folder, "cannot read", "nowhere.csv",
        "no such file or directory")
      #expect(try contents(folder).isEmpty)
      try refuses(["predict", "nowhere.safetensors"], in: folder, "cannot read", "no such file or directory")
    }
  }

  @Test(arguments: [
    ("1,2,x", "line 3, column 3: \"x\" is not a number"),
    ("1,nan,0", "line 3, column 2: \"nan\" is not a number"),
    ("1,,0", "line 3, column 2: \"\" is not a number"),
    ("1,2", "line 3, column 3: the line ends after 2 values; 3 were expected"),
    ("1,2,0,0", "line 3, column 4: the line has 4 values; 3 were expected"),
    ("", "line 3, column 1: the line is empty"),
    ("1,2,10", "line 3, column 3: the label is 10; it must be a whole number from 0 to 9"),
    ("1,2,-1", "line 3, column 3: the label is -1; it must be a whole number from 0 to 9"),
    ("1,2,1.5", "line 3, column 3: the label is 1.5; it must be a whole number from 0 to 9"),
  ])
  func aMalformedLine(line: String, message: String) throws {
    try withFolder { folder in
      _ = try write(["1,2,0", "3,4,1", line, "5,6,1"], to: folder)
      try refuses(["train", "--data", "data.csv", "--output", "out"], in: folder, message)
      #expect(try contents(folder) == ["data.csv"])
    }
  }

  @Test func anEmptyFile() throws {
    try withFolder { folder in
      _ = try write([], to: folder)
      try refuses(["train", "--data", "data.csv", "--output", "out"], in: folder, "the file is empty")
      _ = try write(["1,2,0"], to: folder)
      try refuses(["train", "--data", "data.csv", "--output", "out"], in: folder, "too few")
    }
  }

  @Test func unwritableOutput() throws {
    try withFolder { folder in
      let path = try write(thirds, to: folder)
      // A file where a folder is meant: refused also for those who may write everywhere.
      try refuses(
        ["train", "--data", path, "--output", path + "/out"], "cannot write to", "is not a directory")
      try refuses(["train", "--data", path, "--output", path], "cannot write to", "is not a directory")
      #expect(try contents(folder) == ["data.csv"])
      // A folder in the place of a file: nothing is half-written.
      let out = folder.appendingPathComponent("out")
      let blocked = out.appendingPathComponent("net.safetensors/in-the-way")
      try FileManager.default.createDirectory(at: blocked, withIntermediateDirectories: true)
      let outcome = try Program("adjoint").run(
        ["train", "--data", path, "--epochs", "1", "--json", "--output", out.path])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("cannot write"))
      #expect(try contents(out) == ["net.safetensors"])
    }
  }

  @Test func aLossThatIsNotFinite() throws {
    try withFolder { folder in
      let path = try write(thirds, to: folder)
      let out = folder.appendingPathComponent("out")
      let outcome = try Program("adjoint").run(
        [
          "train", "--data", path, "--optimizer", "sgd", "--learning-rate", "1e30", "--epochs", "3", "--json",
          "--output", out.path,
        ])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("no longer finite"))
      #expect(try contents(out).isEmpty)
    }
  }

  @Test func optionsOutOfRange() throws {
    try refuses(["train", "--epochs", "0"], "--epochs is 0; it must be 1 or more", status: 64)
    try refuses(["train", "--hidden", "12,x"], "--hidden is \"12,x\"", status: 64)
    try refuses(["train", "--optimizer", "newton"], "newton", "sgd", status: 64)
    try refuses(["train", "--test-fraction", "1.5"], "--test-fraction is 1.5", status: 64)
    try refuses(["train", "--seed", "-1"], "--seed", status: 64)
  }

  @Test func filesThatAreNoModel() throws {
    try withFolder { folder in
      let url = folder.appendingPathComponent("model.safetensors")
      try Data("no model".utf8).write(to: url)
      try refuses(["predict", url.path], "not a well-formed safetensors file")
      try Data([1]).write(to: url)
      try refuses(["predict", url.path], "cut short: 8 bytes are needed, there are 1")
      try Sequential { Linear(2, 2) }.save(to: url)
      try refuses(["predict", url.path], "was not written by adjoint train")
      try Sequential { Linear(2, 2) }.save(
        to: url, metadata: ["format": "adjoint classifier 1", "layers": "2,1000000,10"])
      try refuses(["predict", url.path], "parameters, the file has 6")
    }
  }

  @Test func dataThatDoesNotFitTheModel() throws {
    try withFolder { folder in
      let path = try write(thirds, to: folder)
      let trained = try Program("adjoint").run(
        ["train", "--data", path, "--epochs", "1", "--hidden", "4", "--output", folder.path])
      #expect(trained.status == 0)
      let wide = try write(["1,2,3,4,5"], to: folder, "wide.csv")
      try refuses(
        ["predict", folder.appendingPathComponent("net.safetensors").path, "--data", wide],
        "line 1, column 3: the line has 5 values; the net takes 2, and a label may follow")
    }
  }
}
