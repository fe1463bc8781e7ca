import Autograd
import Foundation

extension Catalogue {
  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// weight x + bias, for one row.
  private static func affine(_ weight: Numbers, _ x: [Double]) -> [Double] {
    (0..<weight.shape[0]).map { r in x.indices.reduce(0) { $0 + weight[[r, $1]] * x[$1] } }
  }

  private static func lstmStep(_ x: [Double], _ h: [Double], _ c: [Double], _ w: Numbers, _ u: Numbers)
    -> ([Double], [Double])
  {
    let z = zip(affine(w, x), affine(u, h)).map { $0 + $1 }
    let n = h.count
    let cell = (0..<n).map { sigmoid(z[n + $0]) * c[$0] + sigmoid(z[$0]) * tanh(z[2 * n + $0]) }
    return ((0..<n).map { sigmoid(z[3 * n + $0]) * tanh(cell[$0]) }, cell)
  }

  private static func attended(_ q: Numbers, _ k: Numbers, _ v: Numbers, _ allowed: (Int, Int) -> Bool)
    -> Numbers
  {
    Numbers([q.shape[0], v.shape[1]]) { index in
      let scores = (0..<k.shape[0]).map { key -> Double in
        guard allowed(index[0], key) else { return 0 }
        return exp(
          (0..<q.shape[1]).reduce(0) { $0 + q[[index[0], $1]] * k[[key, $1]] } / sqrt(Double(q.shape[1])))
      }
      let sum = scores.reduce(0, +)
      return (0..<k.shape[0]).reduce(0) { $0 + scores[$1] / sum * v[[$1, index[1]]] }
    }
  }

  static let layers: [Row] = [
    Row(
      "embedding", inputs: [Draw([4, 2]), Draw([3], .index([2, 0, 2]))],
      reference: .arrays { all in [Numbers([3, 2]) { all[0][[Int(all[1].values[$0[0]]), $0[1]]] }] },
      accepts: .all, ulps: 0, call: { [embedding($0[0], $0[1])] }),
    Row(
      "embedding with padding", operators: ["embedding"], inputs: [Draw([4, 2]), Draw([3], .index([2, 0, 2]))],
      reference: .arrays { all in [Numbers([3, 2]) { all[0][[Int(all[1].values[$0[0]]), $0[1]]] }] },
      accepts: .all, ulps: 0, call: { [embedding($0[0], $0[1], paddingIndex: -1)] }),
    Row(
      "dropout", inputs: [Draw([4, 5], .signed(0.5, 2))],
      reference: .arrays { [Numbers($0[0].shape, $0[0].values.map { 2 * $0 })] }, ulps: 1,
      call: { inputs in
        var generator = RandomGenerator(seed: 5)
        let y = dropout(inputs[0], using: &generator)
        return [`where`(y.detached() .!= Tensor.zeros(like: y), y, inputs[0] * 2)]
      }),
    Row(
      "linear", inputs: [Draw([2, 3]), Draw([4, 3]), Draw([4])],
      reference: .arrays { all in
        [
          Numbers([2, 4]) { index in
            (0..<3).reduce(all[2].values[index[1]]) { $0 + all[0][[index[0], $1]] * all[1][[index[1], $1]] }
          }
        ]
      }, accepts: .numbers, ulps: 16, call: { [linear($0[0], $0[1], $0[2])] }),
    Row(
      "bilinear", inputs: [Draw([2, 3]), Draw([2, 2]), Draw([2, 3, 2]), Draw([2])],
      reference: .arrays { all in
        [
          Numbers([2, 2]) { index in
            Numbers.positions([3, 2]).reduce(all[3].values[index[1]]) { sum, place in
              let weight = all[2][[index[1]] + place]
              return sum + all[0][[index[0], place[0]]] * weight * all[1][[index[0], place[1]]]
            }
          }
        ]
      }, accepts: .numbers, ulps: 16, integers: -2...2,
      call: { [bilinear($0[0], $0[1], $0[2], $0[3])] }),
    Row(
      "scaledDotProductAttention", inputs: [Draw([2, 4]), Draw([3, 4]), Draw([3, 2])],
      reference: .arrays { [attended($0[0], $0[1], $0[2]) { $1 <= $0 }] }, ulps: 32,
      call: { [scaledDotProductAttention($0[0], $0[1], $0[2], isCausal: true)] }),
    Row(
      "scaledDotProductAttention, masked", operators: ["scaledDotProductAttention"],
      inputs: [Draw([2, 4]), Draw([3, 4]), Draw([3, 2])],
      reference: .arrays { [attended($0[0], $0[1], $0[2]) { ($0 + $1) % 3 != 1 }] }, ulps: 32,
      call: {
        let mask = Tensor([[true, false, true], [false, true, true]])
        return [scaledDotProductAttention($0[0], $0[1], $0[2], mask: mask)]
      }),
    Row(
      "softmin", inputs: [Draw([2, 4])],
      reference: .arrays { all in
        [
          all[0].mapLines(-1) { line in
            let sum = line.reduce(0) { $0 + exp(-$1) }
            return line.map { exp(-$0) / sum }
          }
        ]
      }, ulps: 16, call: { [softmin($0[0])] }),
    Row(
      "lstmCell", inputs: [Draw([3]), Draw([2]), Draw([2]), Draw([8, 3]), Draw([8, 2])],
      reference: .arrays { all in
        let (h, c) = lstmStep(all[0].values, all[1].values, all[2].values, all[3], all[4])
        return [Numbers([2], h), Numbers([2], c)]
      }, ulps: 32,
      call: {
        let next = lstmCell($0[0], hidden: $0[1], cell: $0[2], inputWeight: $0[3], hiddenWeight: $0[4])
        return [next.hidden, next.cell]
      }),
    Row(
      "lstm", inputs: [Draw([2, 1, 3]), Draw([1, 2]), Draw([1, 2]), Draw([8, 3]), Draw([8, 2])],
      reference: .arrays { all in
        let x = all[0].values
        let first = lstmStep(Array(x[..<3]), all[1].values, all[2].values, all[3], all[4])
        let second = lstmStep(Array(x[3...]), first.0, first.1, all[3], all[4])
        return [
          Numbers([2, 1, 2], first.0 + second.0), Numbers([1, 2], second.0), Numbers([1, 2], second.1),
        ]
      }, ulps: 64,
      call: {
        let all = lstm($0[0], hidden: $0[1], cell: $0[2], inputWeight: $0[3], hiddenWeight: $0[4])
        return [all.outputs, all.hidden, all.cell]
      }),
    Row(
      "gruCell", inputs: [Draw([3]), Draw([2]), Draw([6, 3]), Draw([6, 2]), Draw([6]), Draw([6])],
      reference: .arrays { all in
        let h = all[1].values
        let a = zip(affine(all[2], all[0].values), all[4].values).map { $0 + $1 }
        let b = zip(affine(all[3], h), all[5].values).map { $0 + $1 }
        return [
          Numbers(
            [2],
            (0..<2).map {
              let (r, z) = (sigmoid(a[$0] + b[$0]), sigmoid(a[2 + $0] + b[2 + $0]))
              return (1 - z) * tanh(a[4 + $0] + r * b[4 + $0]) + z * h[$0]
            })
        ]
      }, ulps: 32,
      call: {
        [
          gruCell(
            $0[0], hidden: $0[1], inputWeight: $0[2], hiddenWeight: $0[3], inputBias: $0[4], hiddenBias: $0[5]
          )
        ]
      }),
  ]
}

extension Catalogue {
  static let layerNotes: [Note] = [
    Note(
      "embedding", "The rows of a table at positions", "`u`, added where positions repeat", torch: "F.embedding",
      mxnet: "mx.npx.embedding"),
    Note(
      "dropout", "x m / (1 - p), m random: 0 with probability p, else 1", "u m / (1 - p)", torch: "F.dropout",
      mxnet: "mx.npx.dropout"),
    Note("linear", "x w^T + b", "u w; u^T x; sum(u)", torch: "F.linear", mxnet: "mx.npx.fully_connected"),
    Note(
      "bilinear", "y[k] = a w[k] b + c[k]", "sum of u[k] w[k] b; sum of u[k] a w[k]; u[k] a b^T; u", torch: "F.bilinear"
    ),
    Note(
      "scaledDotProductAttention", "p v with p = softmax(q k^T scale + mask)",
      "d k scale; d^T q scale; p^T u, with d the pullback of softmax of u v^T",
      torch: "F.scaled_dot_product_attention", jax: "jax.nn.dot_product_attention"),
    Note("softmin", "softmax(-x)", "-y (u - sum(u y))", torch: "F.softmin"),
    Note(
      "lstmCell", "c' = f c + i g, h' = o tanh c'", "As sigmoid, tanh and linear", torch: "torch.nn.LSTMCell",
      mxnet: "mx.gluon.rnn.LSTMCell"),
    Note("lstm", "lstmCell over time", "As lstmCell, backwards", torch: "torch.nn.LSTM", mxnet: "mx.npx.rnn"),
    Note(
      "gruCell", "h' = (1 - z) n + z h", "As sigmoid, tanh and linear", torch: "torch.nn.GRUCell",
      mxnet: "mx.gluon.rnn.GRUCell"),
  ]

  static let layerConventions: [Convention] = [
    Convention("embedding", "nothing to the padding row", at: [1, 2, 3], gradient: [2, 0, 1]) {
      embedding($0, Tensor([0, 1, 2, 0] as [Int]), paddingIndex: 1).sum()
    }
  ]
}
