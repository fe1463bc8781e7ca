import Tensor

/// The gradient of a number, recorded once at a point: what products with the Hessian are pushed through.
struct RecordedGradient {
  let value: Tensor
  /// Zeros where the number does not depend on an input.
  let gradients: [Tensor]
  let pushforward: Pushforward

  /// Of a function, as part of a transform; nil after a report.
  init?(_ operation: String, _ tensors: [Tensor], _ f: ([Tensor]) -> Tensor) {
    guard let call = Recording(operation, tensors, f), isNumber(call.output, operation) else { return nil }
    self.init(call)
  }

  /// Of a call that gave a number.
  init(_ call: Recording<Tensor>) {
    let found = call.pullback([call.output], [Tensor.ones(like: call.output)], recorded: true)
    value = call.value(of: call.output)
    pushforward = Pushforward(call, to: found)
    gradients = orZeros(found.map { $0.map { call.value(of: $0) } }, like: call.inputs)
  }

  /// Of a number that was recorded by itself with respect to tensors none of which was computed from another;
  /// products are constants.
  init?(_ operation: String, of y: Tensor, withRespectTo inputs: [Tensor]) {
    guard isNumber(y, operation), areIndependent(inputs, operation) else { return nil }
    let found = pullBack([y], [Tensor.ones(like: y)], to: inputs, recorded: true)
    value = y.detached()
    pushforward = Pushforward(from: inputs, to: found)
    gradients = orZeros(found.map { $0?.detached() }, like: inputs)
  }

  /// The Hessian. It is symmetric: its rows are its columns.
  var map: SymmetricMap {
    SymmetricMap(
      space: VectorSpace(gradients.map { $0.detached() }), products: { pushforward($0) },
      blocks: pushforward.blockMap(to: gradients), reach: { pushforward.tape.reach($0) })
  }
}

extension Pushforward {
  /// Products with blocks of vectors, for results like these.
  func blockMap(to results: [Tensor]) -> BlockMap {
    BlockMap(
      sources: inputs.map { $0.detached() }, targets: results.map { $0.detached() }, bytesPerLane: tape.bytesPerLane,
      bytesOfScratch: tape.bytesOfScratch,
      largestTangent: tape.largestTangent, isRecorded: isRecorded, callsProgram: tape.callsProgram,
      takesBlocks: tape.takesBlocks,
      products: { source, rows, wanted in
        guard tape.seeds[source] >= 0 else { return results.map { _ in nil } }
        var tangents: [Tensor?] = Array(repeating: nil, count: inputs.count)
        guard tape.takesBlocks else {
          return LeadingAxes.oneByOne(rows, of: inputs[source], to: results) { vector in
            tangents[source] = vector
            return self(tangents)
          }
        }
        tangents[source] = .basis(rows, like: inputs[source])
        return isRecorded
          ? withRecording { tape.push(tangents, lead: [rows.count]) }
          : withoutGrad { tape.pushBasis(tangents, rows: rows, wanted: wanted) }
      }, tape: tape)
  }
}

/// Whether blocks of a matrix between these tensors have no more axes than a tensor can have.
func blocksFit(_ rows: [Tensor], _ columns: [Tensor], _ operation: String) -> Bool {
  let (row, column) = (rows.map(\.rank).max() ?? 0, columns.map(\.rank).max() ?? 0)
  guard row + column <= Shape.maxRank, Swift.max(row, column) < Shape.maxRank else {
    Misuse.report(
      operation,
      "a block between tensors of rank \(row) and \(column) would have more than \(Shape.maxRank) axes; reshape them "
        + "within the function")
    return false
  }
  return true
}
