import ArgumentParser
import Foundation
import NN

/// `adjoint predict`
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Use a net that `adjoint train` wrote.",
    discussion: """
      With --data, every line of the file is classified; labels may be missing, then each prediction is \
      printed. Without, the net is tested on the examples that its training held out.
      """)

  @Argument(help: ArgumentHelp("The parameters.", valueName: "net.safetensors"))
  var model = "trained/net.safetensors"

  @Option(help: ArgumentHelp("Examples to classify.", valueName: "file.csv"))
  var data: String?

  @Flag(help: "Print every prediction, not only the wrong ones.")
  var all = false

  @Flag(help: "Print the results as JSON.")
  var json = false

  func run() throws {
    let (classifier, split, trainedOn) = try Classifier.read(URL(fileURLWithPath: model))
    let isBuiltIn = trainedOn == Classifier.builtInData
    let url =
      try data.map { URL(fileURLWithPath: $0) }
      ?? (isBuiltIn ? Digits.url() : URL(fileURLWithPath: trainedOn))
    let examples = try CSVReader.read(url, .inputs(classifier.sizes[0]), classes: classifier.classes)
    let chosen = data == nil ? split.order(examples.count).test.sorted() : Array(0..<examples.count)
    guard !chosen.isEmpty else { throw Failure("\(url.path): there is nothing to predict") }

    let found = classifier.predict(examples.inputs.take(Tensor(chosen)))
    let labels = examples.labels.map { $0.take(Tensor(chosen)).scalars(as: Int.self) }
    let predictions = found.enumerated().map { index, found in
      Prediction(
        line: examples.lines[chosen[index]], prediction: found.label, probability: found.probability,
        label: labels?[index])
    }
    let correct = labels.map { zip($0, predictions).count { $0 == $1.prediction } }
    if json {
      return try Format.printJSON(
        PredictReport(
          count: chosen.count, correct: correct,
          accuracy: correct.map { Double($0) / Double(chosen.count) }, predictions: predictions))
    }
    for prediction in predictions where all || prediction.label != prediction.prediction {
      print(prediction.text)
    }
    if let correct {
      let what =
        data == nil
        ? "examples held out from \(isBuiltIn ? "the built-in digits" : url.path)" : "examples of \(url.path)"
      print(
        "accuracy \(Format.percent(Double(correct) / Double(chosen.count))): \(correct) of \(chosen.count) \(what)"
      )
    }
  }
}

/// One line's outcome.
private struct Prediction: Encodable {
  let line: Int
  let prediction: Int
  let probability: Double
  let label: Int?

  var text: String {
    let base = "line \(line): \(prediction) (probability \(Format.decimals(probability, 3)))"
    guard let label, label != prediction else { return base }
    return base + ", the label is \(label)"
  }
}

/// What `--json` prints.
private struct PredictReport: Encodable {
  let count: Int
  let correct: Int?
  let accuracy: Double?
  let predictions: [Prediction]
}
