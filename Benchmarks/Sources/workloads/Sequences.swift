import Autograd

/// Value and gradient of layers over sequences: a transformer's block, a long short-term memory.
extension Stopwatch {
  func transformerBlock() {
    let (batch, length, width, heads) = (8, 128, 128, 4)
    let scale = 1.4 / Double(width).squareRoot()
    func bias(_ k: Int, _ count: Int) -> Tensor { Inputs.fill(k, [count], scale: 0.1) }
    let parameters = [
      1 + bias(10, width), bias(11, width),
      Inputs.fill(12, [width, 3 * width], scale: scale), bias(13, 3 * width),
      Inputs.fill(14, [width, width], scale: scale), bias(15, width),
      1 + bias(16, width), bias(17, width),
      Inputs.fill(18, [width, 4 * width], scale: scale), bias(19, 4 * width),
      Inputs.fill(20, [4 * width, width], scale: scale / 2), bias(21, width),
    ]
    let x = Inputs.fill(1, [batch, length, width])

    func block(_ p: [Tensor], _ x: Tensor, _ attention: (Tensor, Tensor, Tensor) -> Tensor) -> Tensor {
      let normalized = layerNorm(x, weight: p[0], bias: p[1])
      let projected = matmul(normalized, p[2]) + p[3]
      let qkv = projected.reshaped([batch, length, 3, heads, width / heads]).permuted([2, 0, 3, 1, 4]).unbind()
      let attended = attention(qkv[0], qkv[1], qkv[2]).transposed(1, 2).reshaped([batch, length, width])
      let h = x + matmul(attended, p[4]) + p[5]
      let widened = matmul(layerNorm(h, weight: p[6], bias: p[7]), p[8]) + p[9]
      return h + matmul(gelu(widened, approximation: .tanh), p[10]) + p[11]
    }

    measureGradient(of: parameters + [x]) {
      square(block(Array($0.dropLast()), $0.last!) { scaledDotProductAttention($0, $1, $2) }).mean()
    }
    measureGradient("manual_attn", of: parameters + [x]) {
      square(
        block(Array($0.dropLast()), $0.last!) { q, k, v in
          matmul(softmax(matmul(q, k.transposed(-2, -1)) * (1 / Double(width / heads).squareRoot())), v)
        }
      ).mean()
    }
  }

  func longShortTermMemory() {
    let (time, batch, inputs, hidden) = (64, 32, 64, 128)
    let parameters = [
      Inputs.fill(10, [inputs, 4 * hidden], scale: 1.4 / 8),
      Inputs.fill(11, [hidden, 4 * hidden], scale: 1.4 / Double(hidden).squareRoot()),
      Inputs.fill(12, [4 * hidden], scale: 0.1),
    ]
    let x = Inputs.fill(1, [time, batch, inputs])
    let zeros = Tensor.zeros([batch, hidden])

    // A loop over the steps, as a user writes it who has no layer.
    measureGradient(of: parameters) { p in
      var (h, c) = (zeros, zeros)
      var states: [Tensor] = []
      for projected in (matmul(x, p[0]) + p[2]).unbind() {
        let gates = (projected + matmul(h, p[1])).chunk(4, axis: 1)
        c = sigmoid(gates[1]) * c + sigmoid(gates[0]) * tanh(gates[2])
        h = sigmoid(gates[3]) * tanh(c)
        states.append(h)
      }
      return square(stacked(states)).mean()
    }

    // The layer, which stores its weights transposed.
    let stored = [parameters[0].transposed() * 1, parameters[1].transposed() * 1, parameters[2]]
    measureGradient("lstm_fused", of: stored) { p in
      let states = lstm(
        x, hidden: zeros, cell: zeros, inputWeight: p[0], hiddenWeight: p[1], inputBias: p[2])
      return square(states.outputs).mean()
    }
  }
}
