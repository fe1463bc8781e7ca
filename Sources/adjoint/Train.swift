import ArgumentParser
import Foundation
import NN
import Plot

/// The optimizers by name.
enum OptimizerName: String, ExpressibleByArgument, CaseIterable {
  case sgd, adam, adamw

  var defaultLearningRate: Double { self == .sgd ? 0.1 : 0.003 }

  func make(_ parameters: [Parameter], learningRate: Double, weightDecay: Double) -> any Optimizer {
    switch self {
    case .sgd:
      SGD(parameters, learningRate: learningRate, momentum: 0.9, nesterov: true, weightDecay: weightDecay)
    case .adam: Adam(parameters, learningRate: learningRate, weightDecay: weightDecay)
    case .adamw: AdamW(parameters, learningRate: learningRate, weightDecay: weightDecay)
    }
  }
}

/// `adjoint train`
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a small net to read handwritten digits.",
    discussion: """
      Learns from most of the examples, tests on the others, and writes the parameters \
      (net.safetensors) and the loss curve (loss.svg). The same seed gives the same result.

      A file for --data has a line for each example: numbers separated by commas, the last of them the \
      label, a whole number from 0. Without --data the digits that come with the program are used.
      """)

  @Option(help: ArgumentHelp("Examples to learn from.", valueName: "file.csv"))
  var data: String?

  @Option(help: "How often every example is seen.")
  var epochs = 120

  @Option(help: ArgumentHelp("Lengths of the hidden layers.", valueName: "256[,64...]"))
  var hidden = "256"

  @Option(help: "sgd (Nesterov momentum 0.9), adam or adamw.")
  var optimizer = OptimizerName.adamw

  @Option(
    help: "How far a step goes at first; it falls to 0 along a cosine. By default 0.1 for sgd, else 0.003.")
  var learningRate: Double?

  @Option(help: "How strongly parameters are drawn to 0.")
  var weightDecay = 0.0

  @Option(
    help: "Noise added to the inputs, as a share of their largest value: what is learned is then steadier.")
  var noise = 0.25

  @Option(help: "Examples a step.")
  var batchSize = 32

  @Option(help: "The share of the examples that is held out to test on.")
  var testFraction = 0.2

  @Option(help: "The number of classes: labels are 0 to one less.")
  var classes = 10

  @Option(help: "What the split, the first parameters and the order of the examples follow from.")
  var seed: UInt64 = 0

  @Option(name: [.short, .long], help: ArgumentHelp("The folder to write to.", valueName: "folder"))
  var output = "trained"

  @Flag(help: "Print the results as JSON.")
  var json = false

  private var hiddenSizes: [Int]? {
    if hidden.isEmpty { return [] }
    let sizes = hidden.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    return sizes.allSatisfy { (1...65536).contains($0) } ? sizes : nil
  }

  func validate() throws {
    guard epochs >= 1 else { throw ValidationError("--epochs is \(epochs); it must be 1 or more") }
    guard hiddenSizes != nil else {
      throw ValidationError("--hidden is \"\(hidden)\"; write whole numbers from 1, such as 128 or 64,32")
    }
    guard batchSize >= 1 else { throw ValidationError("--batch-size is \(batchSize); it must be 1 or more") }
    guard classes >= 2 else { throw ValidationError("--classes is \(classes); it must be 2 or more") }
    guard testFraction > 0, testFraction < 1 else {
      throw ValidationError("--test-fraction is \(testFraction); it must be between 0 and 1")
    }
    guard weightDecay >= 0, weightDecay.isFinite else {
      throw ValidationError("--weight-decay is \(weightDecay); it must be 0 or more")
    }
    guard noise >= 0, noise.isFinite else {
      throw ValidationError("--noise is \(noise); it must be 0 or more")
    }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate is \(learningRate); it must be above 0")
    }
  }

  func run() throws {
    let url = try data.map { URL(fileURLWithPath: $0) } ?? Digits.url()
    let examples = try CSVReader.read(url, .labelled, classes: classes)
    let split = Split(seed: seed, testFraction: testFraction)
    let order = split.order(examples.count)
    guard !order.test.isEmpty, !order.train.isEmpty else {
      throw Failure(
        "\(url.path): \(examples.count) examples are too few to learn from some and test on others")
    }
    // Before the work, not after it.
    let files = try OutputFiles(folder: output)

    var generator = RandomGenerator(seed: seed)
    _ = generator.split()  // the split's
    var initial = generator.split()
    let largest = Double(abs(examples.inputs).max().item())
    let classifier = Classifier(
      sizes: [examples.inputs.shape[1]] + hiddenSizes! + [classes], divisor: largest > 0 ? largest : 1,
      using: &initial)
    let all = (inputs: classifier.scaled(examples.inputs), labels: examples.labels!)
    func dataset(_ order: [Int]) -> Dataset {
      Dataset(inputs: all.inputs.take(Tensor(order)), labels: all.labels.take(Tensor(order)))
    }
    let (test, train) = (dataset(order.test), dataset(order.train))
    if !json {
      print(
        """
        \(Format.thousands(examples.count)) examples from \(data == nil ? "the built-in digits" : url.path): \
        \(Format.thousands(train.count)) to learn from, \(Format.thousands(test.count)) to test on
        net \(classifier.sizes.map(String.init).joined(separator: "-")), \
        \(Format.thousands(classifier.net.parameterCount)) parameters; \(optimizer), \(epochs) \
        epoch\(epochs == 1 ? "" : "s"), seed \(seed)
        """)
    }
    let history = learn(classifier, train, test, &generator)
    guard let last = history.epochs.last, last.loss.isFinite else {
      throw Failure("the loss is no longer finite; try a smaller --learning-rate. Nothing was written.")
    }
    let file = Safetensors(
      tensors: classifier.net.state,
      metadata: classifier.metadata(split, data: data == nil ? Classifier.builtInData : url.path))
    try files.write([("net.safetensors", file.data), ("loss.svg", Data(history.plot.svg().utf8))])
    try report(classifier, train, test, history, files)
  }

  private func learn(
    _ classifier: Classifier, _ train: Dataset, _ test: Dataset, _ generator: inout RandomGenerator
  ) -> History {
    let parameters = classifier.net.parameters
    let rate = learningRate ?? optimizer.defaultLearningRate
    let optimizer = optimizer.make(parameters, learningRate: rate, weightDecay: weightDecay)
    let steps = epochs * train.batches(of: batchSize).count
    var history = History()
    var bar = ProgressBar(quiet: json)
    var step = 0
    let clock = ContinuousClock()
    for epoch in 1...epochs {
      let start = clock.now
      var total = Tensor(0)
      for (inputs, labels) in train.shuffled(using: &generator).batches(of: batchSize) {
        optimizer.learningRate = rate * (1 + cos(.pi * Double(step) / Double(steps))) / 2
        let noisy =
          noise == 0
          ? inputs : inputs + Tensor.normal(inputs.shape, standardDeviation: noise, using: &generator)
        let loss = crossEntropy(classifier.net(noisy), labels)
        optimizer.step(minimizing: loss)
        total += loss.detached() * labels.count
        step += 1
        bar.show(Double(step) / Double(steps), history.progress(epoch, epochs, step))
      }
      history.seconds += (clock.now - start) / .seconds(1)
      let result = classifier.evaluate(test)
      history.epochs.append(
        .init(loss: total.item() / Double(train.count), testLoss: result.loss, testAccuracy: result.accuracy))
    }
    history.steps = step
    bar.clear()
    return history
  }

  private func report(
    _ classifier: Classifier, _ train: Dataset, _ test: Dataset, _ history: History, _ files: OutputFiles
  ) throws {
    let (onTrain, onTest) = (classifier.evaluate(train), classifier.evaluate(test))
    let perSecond = Double(history.steps) / max(history.seconds, 1e-9)
    if json {
      return try Format.printJSON(
        TrainReport(
          layers: classifier.sizes, optimizer: optimizer.rawValue, seed: seed,
          trainCount: train.count, testCount: test.count, trainLoss: onTrain.loss,
          trainAccuracy: onTrain.accuracy, testLoss: onTest.loss, testAccuracy: onTest.accuracy,
          epochs: history.epochs, steps: history.steps, seconds: history.seconds, stepsPerSecond: perSecond,
          parameters: files.url("net.safetensors").path, lossCurve: files.url("loss.svg").path))
    }
    print(
      """
      loss      \(Format.decimals(onTrain.loss, 4)) learned, \(Format.decimals(onTest.loss, 4)) in the test
      accuracy  \(Format.percent(onTrain.accuracy)) learned, \(Format.percent(onTest.accuracy)) in the test \
      (\(onTest.correct) of \(test.count) right)
      speed     \(Format.thousands(Int(perSecond))) steps per second, \
      \(Format.thousands(history.steps)) steps in \(Format.decimals(history.seconds, 1)) s
      wrote \(files.url("net.safetensors").path) and \(files.url("loss.svg").path)
      """)
  }
}

/// What happened during training.
private struct History {
  struct Epoch: Encodable {
    let loss: Double
    let testLoss: Double
    let testAccuracy: Double
  }

  var epochs: [Epoch] = []
  var steps = 0
  var seconds = 0.0

  func progress(_ epoch: Int, _ count: Int, _ step: Int) -> String {
    guard let last = epochs.last else { return "epoch \(epoch)/\(count)" }
    let rate = Format.thousands(Int(Double(step) / max(seconds, 1e-9)))
    return "epoch \(epoch)/\(count)  loss \(Format.decimals(last.loss, 4))  "
      + "test \(Format.percent(last.testAccuracy))  \(rate) steps/s"
  }

  var plot: LinePlot {
    var plot = LinePlot(title: "Training", x: Axis("epoch"), y: Axis("loss", scale: .logarithmic))
    plot.add(epochs.map(\.loss), label: "training")
    plot.add(epochs.map(\.testLoss), label: "test")
    return plot
  }
}

/// What `--json` prints.
private struct TrainReport: Encodable {
  let layers: [Int]
  let optimizer: String
  let seed: UInt64
  let trainCount: Int
  let testCount: Int
  let trainLoss: Double
  let trainAccuracy: Double
  let testLoss: Double
  let testAccuracy: Double
  let epochs: [History.Epoch]
  let steps: Int
  let seconds: Double
  let stepsPerSecond: Double
  let parameters: String
  let lossCurve: String
}
