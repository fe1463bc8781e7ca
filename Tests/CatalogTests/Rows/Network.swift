import Autograd
import Foundation

extension Catalogue {
  private static func softmaxed(_ x: [Double]) -> [Double] {
    let top = x.max() ?? 0
    let weights = x.map { exp($0 - top) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  private static func logSummed(_ x: [Double]) -> Double {
    let top = x.max() ?? 0
    return top + log(x.reduce(0) { $0 + exp($1 - top) })
  }

  static let network: [Row] = [
    Row(
      "softmax", inputs: [Draw([2, 4])], reference: .arrays { [$0[0].mapLines(-1, softmaxed)] }, ulps: 8,
      saves: [Saves(0, keeps: [.result(0)])], shapes: [[[3]], [[2, 1]], [[2, 2, 3]]],
      emptyShapes: [[[0]], [[2, 0, 3]], [[2, 0]]], call: { [softmax($0[0])] }),
    Row(
      "softmax along the first axis", operators: ["softmax"], inputs: [Draw([3, 2])],
      reference: .arrays { [$0[0].mapLines(0, softmaxed)] }, ulps: 8, shapes: [[[2, 2, 2]]],
      emptyShapes: [[[0, 2]], [[2, 0]]], call: { [softmax($0[0], axis: 0)] }),
    Row(
      "logSoftmax", inputs: [Draw([2, 4])],
      reference: .arrays { [$0[0].mapLines(-1) { x in x.map { $0 - logSummed(x) } }] }, ulps: 8,
      saves: [Saves(0, keeps: [.result(0)])], shapes: [[[3]], [[2, 1]], [[2, 2, 3]]],
      emptyShapes: [[[0]], [[2, 0, 3]]], call: { [logSoftmax($0[0])] }),
    Row(
      "logSoftmax along the first axis", operators: ["logSoftmax"], inputs: [Draw([3, 2])],
      reference: .arrays { [$0[0].mapLines(0) { x in x.map { $0 - logSummed(x) } }] }, ulps: 8,
      call: { [logSoftmax($0[0], axis: 0)] }),
    Row(
      "logSumExp", inputs: [Draw([2, 4])], reference: .arrays { [$0[0].reduced(-1, logSummed)] }, ulps: 8,
      shapes: [[[3]], [[2, 1]], [[2, 2, 3]]], emptyShapes: [[[0, 3]], [[2, 0, 3]]],
      call: { [logSumExp($0[0])] }),
    Row(
      "logSumExp along the first axis, kept", operators: ["logSumExp"], inputs: [Draw([3, 2])],
      reference: .arrays { [$0[0].reduced(0, keepDims: true, logSummed)] }, ulps: 8,
      saves: [Saves(0, keeps: [.input(0), .result(0)])], call: { [logSumExp($0[0], axis: 0, keepDims: true)] }
    ),
    Row(
      "crossEntropy", inputs: [Draw([3, 4]), Draw([3], .index([1, 3, 0]))],
      reference: .arrays { all in
        let losses = all[0].lines(-1).map { rest, line in logSummed(line) - line[Int(all[1].values[rest[0]])]
        }
        return [Numbers([], [losses.reduce(0, +) / Double(losses.count)])]
      }, ulps: 8, saves: [Saves(0, keeps: [.other([3, 4])])], shapes: [[[1, 4], [1]]],
      call: { [crossEntropy($0[0], $0[1])] }),
    Row(
      "mse", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in
        let squares = zip(all[0].values, all[1].values).map { ($0 - $1) * ($0 - $1) }
        return [Numbers([], [squares.reduce(0, +) / Double(squares.count)])]
      }, ulps: 8, saves: [Saves(0, 1, keeps: [.input(0), .input(1)])],
      shapes: [[[4], [4]], [[], []]],
      call: { [mse($0[0], $0[1])] }),
  ]
}

extension Catalogue {
  static let networkNotes: [Note] = [
    Note(
      "softmax", "e^x / sum(e^x)", "y (u - sum(u y))", torch: "F.softmax", numpy: "scipy.special.softmax",
      mxnet: "mx.npx.softmax", jax: "jax.nn.softmax"),
    Note(
      "logSoftmax", "x - ln(sum(e^x))", "u - e^y sum(u)", torch: "F.log_softmax", numpy: "scipy.special.log_softmax",
      mxnet: "mx.npx.log_softmax", jax: "jax.nn.log_softmax"),
    Note(
      "logSumExp", "ln(sum(e^x))", "u e^(x - y)", torch: "torch.logsumexp", numpy: "scipy.special.logsumexp",
      jax: "jax.nn.logsumexp"),
    Note(
      "crossEntropy", "-ln(softmax(x)[label])", "u (softmax(x) - target) / n", torch: "F.cross_entropy",
      mxnet: "mx.gluon.loss.SoftmaxCELoss"),
    Note("mse", "(x - t)^2", "2 u (x - t) / n; its negative", torch: "F.mse_loss", mxnet: "mx.gluon.loss.L2Loss"),
  ]

  static let networkConventions: [Convention] = [
    Convention("softmax", "nothing to an excluded class", at: [-.infinity, 3], gradient: [0, 0]) { softmax($0)[1] },
    Convention("logSoftmax", "nothing to an excluded class", at: [-.infinity, 3], gradient: [0, 0]) {
      logSoftmax($0)[1]
    },
    Convention("logSumExp", "nothing to an excluded class", at: [-.infinity, 3], gradient: [0, 1]) { logSumExp($0) },
    Convention("crossEntropy", "nothing to an excluded class", at: [-.infinity, 3], gradient: [0, 0]) {
      crossEntropy($0, Tensor(1 as Int))
    },
  ]
}
