import Tensor

/// The derivative of results with respect to inputs at a point that was recorded, as a map of tangents.
///
/// Prepared once; every product then costs its arithmetic alone.
struct Pushforward {
  let inputs: [Tensor]
  let tape: ForwardTape
  /// Whether products are recorded, because a derivative of them can be asked for from outside.
  let isRecorded: Bool
  /// Whether they are where a tangent is tracked.
  private let isObserved: Bool
  /// The transform whose recording was made where derivatives are not recorded.
  private let unobserved: String?

  /// Of a transform's own recording; a result that is nil is zero.
  ///
  /// - Parameter captured: Values from before the call that count as inputs, after its own; partial derivatives.
  init<Output>(_ call: Recording<Output>, to results: [Tensor?], captured: [Tensor] = []) {
    inputs = call.inputs + captured
    tape = ForwardTape(from: inputs, to: results, since: captured.isEmpty ? nil : call.firstLeaf)
    isRecorded = call.escapes(results.compactMap { $0 })
    isObserved = call.isObserved
    unobserved = call.isObserved ? nil : call.operation
  }

  /// Of a graph that was recorded by itself; products are constants.
  init(from inputs: [Tensor], to results: [Tensor?]) {
    self.inputs = inputs
    tape = ForwardTape(from: inputs, to: results)
    isRecorded = false
    isObserved = false
    unobserved = nil
  }

  /// Whether no result depends on an input: all products are zero.
  var isZero: Bool { tape.results.allSatisfy { $0 < 0 } }

  /// The results' tangents, with the extra leading axes of the inputs'; nil is zero.
  func callAsFunction(_ tangents: [Tensor?]) -> [Tensor?] {
    var lead = Shape()
    for (input, tangent) in zip(inputs, tangents) {
      if let tangent {
        lead = tangent.shape.first(tangent.rank - input.rank)
        break
      }
    }
    let record = isRecorded || (isObserved && tangents.contains { $0?.isTracked ?? false })
    if let unobserved { UnobservedMap.check(unobserved, tangents) }
    return record
      ? withRecording { tape.push(tangents, lead: lead) } : withoutGrad { tape.push(tangents, lead: lead) }
  }
}
