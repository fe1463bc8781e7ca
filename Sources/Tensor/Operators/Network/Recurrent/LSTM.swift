private enum LSTM {
  /// The new cell and hidden state, from the four gates before their functions and the cell.
  static let step = Formula("lstmCell", inputs: 5) { v in
    let input = Activations.sigmoidValue(v[0])
    let forget = Activations.sigmoidValue(v[1])
    let cell = forget * v[4] + input * tanh(v[2])
    return [Activations.sigmoidValue(v[3]) * tanh(cell), cell]
  }

  static func advance(_ gates: Tensor, _ cell: Tensor) -> (hidden: Tensor, cell: Tensor) {
    let parts = EqualParts(4, axis: -1, of: gates.shape)([gates])
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
  guard
    checkCell(
      x, [hidden, cell], inputWeight, hiddenWeight, [inputBias, hiddenBias], gates: 4, "lstmCell")
  else { return (.placeholder, .placeholder) }
  return LSTM.advance(linear(x, inputWeight, inputBias) + linear(hidden, hiddenWeight, hiddenBias), cell)
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
  // What the inputs contribute, for all times in one product.
  let projected = linear(x, inputWeight, inputBias)
  let bias = hiddenBias.map { projected + $0 } ?? projected
  let recurrent = hiddenWeight.transposed()
  let times = unstacked(bias)
  var (hidden, cell) = (hidden, cell)
  var outputs = Array(repeating: hidden, count: times.count)
  for time in reverse ? Array(times.indices.reversed()) : Array(times.indices) {
    (hidden, cell) = LSTM.advance(times[time] + matmul(hidden, recurrent), cell)
    outputs[time] = hidden
  }
  return (stacked(outputs), hidden, cell)
}

/// The parts along the first axis, without it.
private func unstacked(_ x: Tensor) -> [Tensor] {
  let parts = EqualParts(x.shape[0], axis: -x.rank, of: x.shape)([x])
  return parts.map { $0.squeezed(axis: 0) }
}
