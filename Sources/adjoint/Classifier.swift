import Foundation
import NN

/// A net that classifies, with what is needed to use it again.
struct Classifier {
  /// Lengths of the layers, from the inputs to the classes.
  let sizes: [Int]
  /// What inputs are divided by.
  let divisor: Double
  let net: Sequential

  init(sizes: [Int], divisor: Double, using generator: inout RandomGenerator) {
    self.sizes = sizes
    self.divisor = divisor
    var layers: [any Layer] = []
    for (index, (inputs, outputs)) in zip(sizes, sizes.dropFirst()).enumerated() {
      if index > 0 { layers.append(ReLU()) }
      layers.append(Linear(inputs, outputs, using: &generator))
    }
    net = Sequential(layers)
  }

  var classes: Int { sizes[sizes.count - 1] }

  func scaled(_ inputs: Tensor) -> Tensor { inputs / divisor }

  /// Mean loss and the share of right answers, of scaled inputs.
  func evaluate(_ data: Dataset) -> (loss: Double, accuracy: Double, correct: Int) {
    withoutGrad {
      let (inputs, labels) = (data.inputs, data.labels)
      let logits = net(inputs)
      let correct = Int((logits.argmax(axis: -1) .== labels).asType(.int64).sum().item())
      return (crossEntropy(logits, labels).item(), Double(correct) / Double(data.count), correct)
    }
  }

  /// The most likely class of each row and its probability, of inputs as they are in the file.
  func predict(_ inputs: Tensor) -> [(label: Int, probability: Double)] {
    withoutGrad {
      let probabilities = softmax(net(scaled(inputs)), axis: -1)
      let labels = probabilities.argmax(axis: -1).scalars(as: Int.self)
      let best = probabilities.max(axis: -1).scalars(as: Float.self)
      return zip(labels, best).map { ($0, Double($1)) }
    }
  }
}

// MARK: - In a file

/// How a model's examples were chosen, so that those held out can be told from those learned.
struct Split {
  let seed: UInt64
  let testFraction: Double

  /// The order that the examples were taken in: first those to test on.
  func order(_ count: Int) -> (test: [Int], train: [Int]) {
    var generator = RandomGenerator(seed: seed)
    var order = generator.split()
    let permutation = Tensor.permutation(count, using: &order).scalars(as: Int.self)
    let testCount = Int((Double(count) * testFraction).rounded())
    return (Array(permutation[..<testCount]), Array(permutation[testCount...]))
  }
}

extension Classifier {
  static let builtInData = "digits"

  func metadata(_ split: Split, data: String) -> [String: String] {
    [
      "format": "adjoint classifier 1",
      "layers": sizes.map(String.init).joined(separator: ","),
      "activation": "relu",
      "divisor": "\(divisor)",
      "data": data,
      "seed": "\(split.seed)",
      "testFraction": "\(split.testFraction)",
    ]
  }

  /// Reads what `adjoint train` wrote.
  static func read(_ url: URL) throws -> (classifier: Classifier, split: Split, data: String) {
    let file = try Safetensors(contentsOf: url)
    func field<Value>(_ name: String, _ parse: (String) -> Value?) throws -> Value {
      guard let text = file.metadata[name], let value = parse(text) else {
        throw Failure("\(url.path) was not written by adjoint train: its metadata has no proper \"\(name)\"")
      }
      return value
    }
    _ = try field("format") { $0 == "adjoint classifier 1" ? $0 : nil }
    let sizes: [Int] = try field("layers") { text in
      let sizes = text.split(separator: ",").map { Int($0) ?? 0 }
      let areSizes = sizes.count >= 2 && sizes.allSatisfy { (1...(1 << 20)).contains($0) }
      return areSizes ? sizes : nil
    }
    // The file must hold what the layers need before memory is taken for them.
    let needed = zip(sizes, sizes.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
    let found = file.tensors.values.reduce(0) { $0 + $1.count }
    guard needed == found else {
      throw Failure("\(url.path): the layers \(sizes) have \(needed) parameters, the file has \(found)")
    }
    var generator = RandomGenerator(seed: 0)
    let classifier = Classifier(
      sizes: sizes, divisor: try field("divisor") { Double($0).flatMap { $0.isFinite && $0 > 0 ? $0 : nil } },
      using: &generator)
    try classifier.net.load(file.tensors)
    let split = Split(
      seed: try field("seed") { UInt64($0) },
      testFraction: try field("testFraction") { Double($0).flatMap { (0...1).contains($0) ? $0 : nil } })
    return (classifier, split, try field("data") { $0 })
  }
}
