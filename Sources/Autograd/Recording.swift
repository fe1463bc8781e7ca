import Tensor

/// A function's call, recorded with respect to inputs of its own.
///
/// Inputs that are untracked outside become leaves that nobody else can reach, so that whether a derivative
/// may be differentiated again is decidable: only if an outer leaf can be reached too.
struct Recording<Output> {
  let inputs: [Tensor]
  let output: Output
  /// What is older was there before the call.
  let firstLeaf: UInt64
  /// Whether the transform was called where derivatives are recorded.
  let isObserved: Bool
  /// The transform.
  let operation: String

  /// Nil after a report.
  init?(
    _ operation: String, _ tensors: [Tensor], _ body: ([Tensor]) -> Output
  ) {
    if let bad = tensors.first(where: { !$0.dtype.isFloatingPoint }) {
      Misuse.report(
        operation,
        "cannot differentiate with respect to \(bad.dtype.withArticle) tensor of shape \(bad.shape); convert it with "
          + "asType(.float32)"
      )
      return nil
    }
    self.operation = operation
    let observed = isRecording
    isObserved = observed
    let first = SequenceNumbers.reserve(tensors.count)
    firstLeaf = first
    let own = tensors.enumerated().map { index, tensor in
      observed && tensor.isTracked ? Alias.of(tensor) : tensor.privateLeaf(first + UInt64(index))
    }
    inputs = own
    // A function that is evaluated again in the course of a rehearsal may look at its numbers.
    output = Meter.computing { withRecording { withRecomputation { body(own) } } }
  }

  /// Whether a derivative of `results` can be reached from outside, and so must be recorded: they depend on a leaf that
  /// was there before the call, or on one that the function made and may have kept. Not on those of transforms within
  /// the function, which are over.
  func escapes(_ results: [Tensor]) -> Bool {
    guard isObserved else { return false }
    let lastLeaf = firstLeaf + UInt64(inputs.count) - 1
    return results.contains { result in
      guard let node = result.node else { return false }
      return node.oldestLeaf < firstLeaf || node.newestOpenLeaf > lastLeaf
    }
  }

  /// A result as it leaves the transform: with its history only where someone outside can ask for it.
  func value(of result: Tensor) -> Tensor { escapes([result]) ? result : result.detached() }

  /// Pulls cotangents of some results back to the inputs. `recorded`: even if nobody outside can ask.
  func pullback(_ results: [Tensor], _ cotangents: [Tensor], recorded: Bool = false) -> [Tensor?] {
    let record = recorded || (isObserved && cotangents.contains(where: \.isTracked)) || escapes(results)
    if !record, !isObserved { UnobservedMap.check(operation, cotangents) }
    return pullBack(results, cotangents, to: inputs, recorded: record)
  }

  /// The gradient of a number, recorded, for what is derived from its history: large numbers of it are arbitrary.
  func gradientHistory(_ result: Tensor) -> [Tensor?] {
    pullBack([result], [Tensor.ones(like: result)], to: inputs, recorded: true, numbers: false)
  }

  /// Pushes tangents of the inputs forward to some results; nil is zero.
  func pushforward(_ results: [Tensor?], _ tangents: [Tensor?]) -> [Tensor?] {
    Pushforward(self, to: results)(tangents)
  }
}

enum UnobservedMap {
  /// Reports where a map that was made within `withoutGrad` is given something tracked where derivatives are recorded:
  /// its products would be constants to them without a word.
  static func check(_ operation: String, _ vectors: [Tensor?]) {
    guard isRecording, vectors.contains(where: { $0?.isTracked ?? false }) else { return }
    Misuse.report(
      operation,
      "its map was made within withoutGrad and is given a tracked vector, whose derivative would be lost; make the map "
        + "outside of withoutGrad, or give it detached vectors")
  }
}

/// The cotangents of `targets`, from those of some results; nil is zero.
///
/// - Parameter boundary: Where given, nothing older is passed, nor any target: cotangents are those of partial
///   derivatives, also where a target came from another.
func pullBack(
  _ results: [Tensor], _ cotangents: [Tensor], to targets: [Tensor], since boundary: UInt64 = 0, recorded: Bool,
  numbers: Bool = true
) -> [Tensor?] {
  guard let first = results.first else { return targets.map { _ in nil } }
  let collected = CollectedTargets(targets, boundary)
  let walk = BackwardWalk(
    lead: cotangents[0].shape.first(cotangents[0].rank - first.rank), oldest: collected.oldest,
    newest: collected.newest, unread: numbers ? nil : collected)
  func run() {
    for index in results.indices {
      if let node = results[index].node { walk.receive(cotangents[index], node, Int(results[index].output)) }
    }
    walk.run(collected)
  }
  if recorded { withRecording(run) } else { withoutGrad(run) }
  return targets.map { collected.cotangent(of: $0) }
}

/// Targets among a graph's values, and the cotangents that came to them.
final class CollectedTargets: WalkTargets {
  /// Nodes of targets, ascending, each once.
  private let sequences: [UInt64]
  let newest: UInt64
  let oldest: UInt64
  /// Nothing older is passed, nor any target; 0 where there is no such bound.
  private let boundary: UInt64
  /// What came to each; the results' after the first by node and number.
  private var found: [Tensor?]
  private var others: [UInt64: [Tensor?]] = [:]

  init(_ targets: [Tensor], _ boundary: UInt64) {
    self.boundary = boundary
    var sequences: [UInt64] = []
    sequences.reserveCapacity(targets.count)
    var isAscending = true
    for target in targets {
      guard let sequence = target.node?.sequence else { continue }
      if let last = sequences.last, last >= sequence { isAscending = false }
      sequences.append(sequence)
    }
    if !isAscending { sequences = Set(sequences).sorted() }
    self.sequences = sequences
    oldest = sequences.first ?? .max
    newest = sequences.last ?? 0
    found = Array(repeating: nil, count: sequences.count)
  }

  func position(of sequence: UInt64) -> Int? {
    guard sequence >= oldest, sequence <= newest else { return nil }
    // A transform's own inputs are leaves with consecutive numbers.
    let guess = Int(sequence - oldest)
    if guess < sequences.count, sequences[guess] == sequence { return guess }
    var low = 0
    var high = sequences.count
    while low < high {
      let middle = (low + high) / 2
      if sequences[middle] < sequence { low = middle + 1 } else { high = middle }
    }
    return sequences[low] == sequence ? low : nil
  }

  func contains(_ node: Node) -> Bool {
    node.isEnd || node.sequence < boundary || position(of: node.sequence) != nil
  }

  func take(_ cotangent: consuming Tensor, _ node: Node) -> Bool {
    if let position = position(of: node.sequence) {
      found[position] = cotangent
    } else {
      refuse(node)
    }
    return isLast(node)
  }

  func take(_ cotangents: [Tensor?], _ node: Node) -> Bool {
    if let position = position(of: node.sequence) {
      found[position] = cotangents[0]
      others[node.sequence] = cotangents
    } else {
      refuse(node)
    }
    return isLast(node)
  }

  private func refuse(_ node: Node) { if node.isEnd && node.gradient == nil { node.refuseCotangent() } }

  /// What a target came from may be another target.
  private func isLast(_ node: Node) -> Bool { node.isEnd || boundary > 0 || node.sequence == oldest }

  func cotangent(of target: Tensor) -> Tensor? {
    guard let node = target.node, let position = position(of: node.sequence) else { return nil }
    return target.output == 0 ? found[position] : others[node.sequence]?[Int(target.output)]
  }
}

extension Node {
  /// Reports that a walk came to a gradient that was computed without recording how.
  func refuseCotangent() { Misuse.report("derivative", UnrecordedGradient.explanation) }
}
