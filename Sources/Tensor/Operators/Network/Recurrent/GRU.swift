private enum GRU {
  /// The new state, from the three gates of input and of state before their functions, and the state.
  static let step = Formula("gruCell", inputs: 7) { v in
    let reset = Activations.sigmoidValue(v[0] + v[3])
    let update = Activations.sigmoidValue(v[1] + v[4])
    let candidate = tanh(v[2] + reset * v[5])
    return [candidate + update * (v[6] - candidate)]
  }
}

/// One step of a gated recurrent unit (Cho et al., 2014), in the form that resets after the product.
///
/// hidden' = (1 - z) n + z hidden with r = sigmoid(xr + hr), z = sigmoid(xz + hz), n = tanh(xn + r hn), where
/// xr, xz, xn are the three parts of inputWeight x + inputBias and hr, hz, hn those of
/// hiddenWeight hidden + hiddenBias.
/// - Parameters:
///   - x: [batch, inputs], or [inputs].
///   - hidden: [batch, hidden], or [hidden].
///   - inputWeight, hiddenWeight: [3 hidden, inputs] and [3 hidden, hidden].
///   - inputBias, hiddenBias: [3 hidden].
/// - Precondition: Shapes as above, one floating-point dtype.
public func gruCell(
  _ x: Tensor, hidden: Tensor, inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor? = nil,
  hiddenBias: Tensor? = nil
) -> Tensor {
  composed("gruCell", of: [x, hidden, inputWeight, hiddenWeight, inputBias, hiddenBias].compactMap { $0 }) {
    guard checkCell(x, [hidden], inputWeight, hiddenWeight, [inputBias, hiddenBias], gates: 3, "gruCell") else {
      return .placeholder
    }
    func gates(_ x: Tensor) -> [Tensor] { Parts(3, axis: -1, of: x.shape)([x]) }
    let ofInput = gates(linear(x, inputWeight, inputBias))
    let ofState = gates(linear(hidden, hiddenWeight, hiddenBias))
    return GRU.step.apply(ofInput + ofState + [hidden])[0]
  }
}
