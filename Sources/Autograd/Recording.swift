import Tensor

/// A function's call, recorded with respect to inputs of its own.
///
/// Inputs that are untracked outside become leaves that nobody else can reach, so that whether a derivative
/// may be differentiated again is decidable: only if an outer leaf can be reached too.
struct Recording<Output> {
  let inputs: [Tensor]
  let output: Output
  private let firstLeaf: UInt64
  private let isObserved: Bool

  /// Nil after a report.
  init?(
    _ operation: String, _ tensors: [Tensor], _ body: ([Tensor]) -> Output
  ) {
    if let bad = tensors.first(where: { !$0.dtype.isFloatingPoint }) {
      Misuse.report(
        operation,
        "cannot differentiate with respect to a \(bad.dtype) tensor of shape \(bad.shape); convert it with asType(.float32)"
      )
      return nil
    }
    let observed = isRecording
    isObserved = observed
    let first = SequenceNumbers.reserve(tensors.count)
    firstLeaf = first
    let own = tensors.enumerated().map { index, tensor in
      observed && tensor.isTracked ? Alias.of(tensor) : tensor.privateLeaf(first + UInt64(index))
    }
    inputs = own
    output = withRecording { body(own) }
  }

  /// Whether a derivative of `results` can be reached from outside, and so must be recorded.
  func escapes(_ results: [Tensor]) -> Bool {
    guard isObserved else { return false }
    let lastLeaf = firstLeaf + UInt64(inputs.count) - 1
    return results.contains { result in
      guard let node = result.node else { return false }
      return node.oldestLeaf < firstLeaf || node.newestLeaf > lastLeaf
    }
  }

  /// A result as it leaves the transform: with its history only where someone outside can ask for it.
  func value(of result: Tensor) -> Tensor { escapes([result]) ? result : result.detached() }

  /// Pulls cotangents of some results back to the inputs. `recorded`: even if nobody outside can ask.
  func pullback(_ results: [Tensor], _ cotangents: [Tensor], recorded: Bool = false) -> [Tensor?] {
    let record = recorded || (isObserved && cotangents.contains(where: \.isTracked)) || escapes(results)
    return pullBack(results, cotangents, to: inputs, recorded: record)
  }

  /// Pushes tangents of the inputs forward to some results; nil is zero.
  func pushforward(_ results: [Tensor], _ tangents: [Tensor?], recorded: Bool = false) -> [Tensor?] {
    let record = recorded || (isObserved && tangents.contains { $0?.isTracked ?? false }) || escapes(results)
    let seeds = zip(inputs, tangents).compactMap { input, tangent in tangent.map { (input, $0) } }
    return record
      ? withRecording { ForwardWalk().run(from: seeds, to: results) }
      : withoutGrad { ForwardWalk().run(from: seeds, to: results) }
  }
}

/// The cotangents of `targets`, from those of some results; nil is zero.
func pullBack(
  _ results: [Tensor], _ cotangents: [Tensor], to targets: [Tensor], recorded: Bool
) -> [Tensor?] {
  let oldest = targets.compactMap { $0.node?.sequence }.min() ?? .max
  guard let first = results.first else { return targets.map { _ in nil } }
  let lead = cotangents[0].shape.first(cotangents[0].rank - first.rank)
  let walk = BackwardWalk(lead: lead, oldest: oldest)
  var found: [UInt64: [Tensor?]] = [:]
  let sequences = Set(targets.compactMap { $0.node?.sequence })
  func run() {
    for (result, cotangent) in zip(results, cotangents) {
      if let node = result.node { walk.receive(cotangent, node, Int(result.output)) }
    }
    walk.run(isTarget: { sequences.contains($0.sequence) || $0.isEnd }) { node, cotangents in
      if sequences.contains(node.sequence) {
        found[node.sequence] = cotangents
      } else if node.gradient == nil {
        node.refuseCotangent()
      }
      // What a target came from may be another target.
      return node.isEnd || node.sequence == oldest
    }
  }
  if recorded { withRecording(run) } else { withoutGrad(run) }
  return targets.map { target in target.node.flatMap { found[$0.sequence]?[Int(target.output)] } }
}

extension Node {
  /// Reports that a walk came to a gradient that was computed without recording how.
  func refuseCotangent() { Misuse.report("derivative", UnrecordedGradient.explanation) }
}
