import Autograd

/// Value and gradient of normalizations and reductions over large matrices.
extension Stopwatch {
  func softmaxOfLayerNorm() {
    let x = Inputs.fill(1, [4096, 1024])
    let gamma = Tensor(Inputs.fill(2, count: 1024, scale: 0.1).map { Float(1 + $0) }, shape: [1024])
    let beta = Inputs.fill(3, [1024], scale: 0.1)
    let weights = Inputs.fill(4, [4096, 1024])
    measureGradient(of: [x, gamma, beta]) { p in
      (logSoftmax(layerNorm(p[0], weight: p[1], bias: p[2])) * weights).sum() / 4096
    }
  }

  func reductions() {
    let x = Inputs.fill(1, [2048, 2048]) + Inputs.fill(2, [2048, 2048])
    measureGradient(of: [x]) { p in
      let x = p[0]
      let squares = square(x.sum(axis: 0)).mean() / 2048 + square(x.sum(axis: 1)).mean() / 2048
      return logSumExp(x, axis: 1).mean() + squares + x.max(axis: 0).mean()
    }
  }

  /// Times value and gradient of a number; the check is the number and the norm of all gradients.
  func measureGradient(_ variant: String = "", of inputs: [Tensor], _ function: @escaping ([Tensor]) -> Tensor) {
    let lossAndGradient = valueAndGrad(function)
    measure(variant) {
      lossAndGradient(inputs)
    } check: {
      ["loss": $0.value.item(), "gnorm": norm($0.gradient)]
    }
  }
}
