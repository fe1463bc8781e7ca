/// What one step computes, as formulas of the gates i, f, g, o.
enum LSTM {
  typealias Value = Formula.Value

  /// The new cell and hidden state, from the four gates before their functions and the cell.
  static let step = Formula("lstmCell", inputs: 5) { v in
    let gates = activated(v)
    let cell = gates[1] * v[4] + gates[0] * gates[2]
    return [gates[3] * tanh(cell), cell]
  }

  /// The same, and the four gates after their functions: [i, f, g, o, cell, hidden]. Nobody records it, so that
  /// it needs no name.
  static let steps = Formula(inputs: 5) { v in
    let gates = activated(v)
    let cell = gates[1] * v[4] + gates[0] * gates[2]
    return gates + [cell, gates[3] * tanh(cell)]
  }

  /// The cotangents of the gates before their functions and of the cell before the step, from those of the
  /// new hidden state and cell, the gates after their functions, and the cell before and after.
  static let pullback = Formula("lstm.pullback", inputs: 8) { v in
    let (u, i, f, g, o) = (v[0], v[2], v[3], v[4], v[5])
    let top = tanh(v[7])
    let cell = v[1] + u * o * (1 - square(top))
    return slopes([cell * g, cell * v[6], cell * i, u * top], [i, f, g, o]) + [cell * f]
  }

  /// The tangents of [i, f, g, o, cell, hidden], from those of the gates before their functions and of the
  /// cell, the gates after their functions, and the cell before and after.
  static let pushforward = Formula("lstm.pushforward", inputs: 11) { v in
    let (i, f, g, o) = (v[5], v[6], v[7], v[8])
    let gates = slopes(Array(v[..<4]), [i, f, g, o])
    let cell = gates[0] * g + i * gates[2] + gates[1] * v[9] + f * v[4]
    let top = tanh(v[10])
    return gates + [cell, gates[3] * top + o * (1 - square(top)) * cell]
  }

  private static func activated(_ v: [Value]) -> [Value] {
    [Activations.sigmoidValue(v[0]), Activations.sigmoidValue(v[1]), tanh(v[2]), Activations.sigmoidValue(v[3])]
  }

  private static func slopes(_ u: [Value], _ y: [Value]) -> [Value] {
    (0..<4).map { u[$0] * ($0 == 2 ? 1 - square(y[2]) : y[$0] * (1 - y[$0])) }
  }

  static func advance(_ gates: Tensor, _ cell: Tensor) -> (hidden: Tensor, cell: Tensor) {
    let parts = Parts(4, axis: -1, of: gates.shape)([gates])
    let next = step.apply(parts + [cell])
    return (next[0], next[1])
  }
}

/// Whether the parameters of a recurrent cell with some number of gates fit; a report where not. The axes of x
/// before its last, without the first `times` of them, are those of the states.
func checkCell(
  _ x: Tensor, _ states: [Tensor], _ inputWeight: Tensor, _ hiddenWeight: Tensor, _ biases: [Tensor?],
  gates: Int, times: Int = 0, _ operation: String
) -> Bool {
  let hidden = hiddenWeight.rank == 2 ? hiddenWeight.shape[1] : -1
  let rows: Shape = [gates * hidden]
  guard x.rank >= 1, hidden >= 0, inputWeight.rank == 2, hiddenWeight.shape == [gates * hidden, hidden],
    inputWeight.shape == [gates * hidden, x.shape[x.rank - 1]],
    states.allSatisfy({ Array($0.shape) == x.shape.dropFirst(times).dropLast() + [hidden] }),
    biases.allSatisfy({ $0.map { $0.shape == rows } ?? true })
  else {
    Misuse.report(
      operation,
      "needs x [\(times > 0 ? "time, " : "")..., inputs], states [..., hidden], weights [\(gates) hidden, inputs] and [\(gates) hidden, hidden] and "
        + "biases [\(gates) hidden], got x \(x.shape), states \(states.map(\.shape)), weights \(inputWeight.shape) "
        + "and \(hiddenWeight.shape), biases \(biases.compactMap { $0?.shape })")
    return false
  }
  return Losses.areOneType([x, inputWeight, hiddenWeight] + states + biases.compactMap { $0 }, operation)
}

/// One step of a long short-term memory (Hochreiter, Schmidhuber, 1997, with a forget gate).
///
/// cell' = sigmoid(f) cell + sigmoid(i) tanh(g) and hidden' = sigmoid(o) tanh(cell'), where i, f, g, o are the
/// four parts of inputWeight x + inputBias + hiddenWeight hidden + hiddenBias.
/// - Parameters:
///   - x: [batch, inputs], or [inputs].
///   - hidden, cell: [batch, hidden], or [hidden].
///   - inputWeight, hiddenWeight: [4 hidden, inputs] and [4 hidden, hidden].
///   - inputBias, hiddenBias: [4 hidden].
/// - Precondition: Shapes as above, one floating-point dtype.
public func lstmCell(
  _ x: Tensor, hidden: Tensor, cell: Tensor, inputWeight: Tensor, hiddenWeight: Tensor,
  inputBias: Tensor? = nil,
  hiddenBias: Tensor? = nil
) -> (hidden: Tensor, cell: Tensor) {
  composed(
    "lstmCell", of: [x, hidden, cell, inputWeight, hiddenWeight, inputBias, hiddenBias].compactMap { $0 },
    tensors: { [$0.hidden, $0.cell] }
  ) {
    guard
      checkCell(
        x, [hidden, cell], inputWeight, hiddenWeight, [inputBias, hiddenBias], gates: 4, "lstmCell")
    else { return (.placeholder, .placeholder) }
    return LSTM.advance(linear(x, inputWeight, inputBias) + linear(hidden, hiddenWeight, hiddenBias), cell)
  }
}

/// A layer of ``lstmCell(_:hidden:cell:inputWeight:hiddenWeight:inputBias:hiddenBias:)`` over time.
///
/// - Parameters:
///   - x: [time, batch, inputs], or [time, inputs].
///   - hidden, cell: The first states, [batch, hidden] or [hidden].
///   - reverse: Whether time runs from the last to the first.
/// - Returns: The hidden states of all times, in the order of x, and the last states.
/// - Precondition: Shapes as above, at least one time.
public func lstm(
  _ x: Tensor, hidden: Tensor, cell: Tensor, inputWeight: Tensor, hiddenWeight: Tensor,
  inputBias: Tensor? = nil,
  hiddenBias: Tensor? = nil, reverse: Bool = false
) -> (outputs: Tensor, hidden: Tensor, cell: Tensor) {
  composed(
    "lstm", of: [x, hidden, cell, inputWeight, hiddenWeight, inputBias, hiddenBias].compactMap { $0 },
    tensors: { [$0.outputs, $0.hidden, $0.cell] }
  ) {
    guard x.rank >= 2, x.shape[0] > 0 else {
      return (
        Misuse.fail("lstm", "needs [time, ..., inputs] and at least one time, got \(x.shape)"), .placeholder,
        .placeholder
      )
    }
    guard checkCell(x, [hidden, cell], inputWeight, hiddenWeight, [inputBias, hiddenBias], gates: 4, times: 1, "lstm")
    else {
      return (.placeholder, .placeholder, .placeholder)
    }
    let width = hiddenWeight.shape[1]
    let lead = hidden.shape.first(hidden.rank - 1)
    let (times, batch) = (x.shape[0], lead.elementCount)
    // What the inputs contribute, for all times in one product.
    let biased = linear(x, inputWeight, inputBias)
    let projected = hiddenBias.map { biased + $0 } ?? biased
    let results = LSTMLayer(times: times, batch: batch, hidden: width, reverse: reverse)([
      projected.reshaped([times, batch, 4 * width]), hidden.reshaped([batch, width]), cell.reshaped([batch, width]),
      hiddenWeight,
    ])
    let state = hidden.shape
    let last = reverse ? 0 : times - 1
    return (
      results[0].reshaped(Shape([times]).followed(by: state)), results[0].part(0, last, 1).reshaped(state),
      results[1].part(0, last, 1).reshaped(state)
    )
  }
}
