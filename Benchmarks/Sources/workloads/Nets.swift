import Autograd
import NN

/// Steps of training, and derivatives of second order, of small nets.
extension Stopwatch {
  /// `[W0, b0, W1, b1, ...]` applied to rows of `x`, without an activation on the last layer.
  func net(_ parameters: [Tensor], _ x: Tensor, _ activation: (Tensor) -> Tensor) -> Tensor {
    var h = x
    for layer in stride(from: 0, to: parameters.count - 2, by: 2) {
      h = activation(matmul(h, parameters[layer], adding: parameters[layer + 1]))
    }
    return matmul(h, parameters[parameters.count - 2], adding: parameters[parameters.count - 1])
  }

  func tinyNet() {
    let start = Inputs.parameters([2, 64, 64, 1])
    let x = Inputs.fill(1, [32, 2])
    let target = Inputs.fill(2, [32, 1])

    // As most programs are written: parameters that keep their gradient, and an optimizer.
    var weights: [Parameter] = []
    var optimizer: any Optimizer = SGD([Parameter(x)], learningRate: 0.01)
    measureSteps {
      let loss = mse(net(weights.map { $0.value }, x, tanh), target)
      optimizer.step(minimizing: loss)
      return loss.detached()
    } reset: {
      weights = start.map { Parameter($0) }
      optimizer = SGD(weights, learningRate: 0.01)
    }

    // A function of the parameters, its gradient, and the update as one formula.
    let lossAndGradient = valueAndGrad { parameters in mse(net(parameters, x, tanh), target) }
    let descent = Formula("descent") { p, g in p - 0.01 * g }
    var parameters = start
    measureSteps("functional") {
      let (loss, gradients) = lossAndGradient(parameters)
      parameters = zip(parameters, gradients).map { descent($0, $1) }
      return loss
    } reset: {
      parameters = start
    }
  }

  /// The gradient of each example's loss.
  func gradientsPerExample() {
    let parameters = Inputs.parameters([2, 64, 64, 1])
    let batch = [Inputs.fill(1, [128, 2]), Inputs.fill(2, [128, 1])]
    func check(_ result: (values: Tensor, gradients: [Tensor])) -> [String: Double] {
      let squares = result.gradients.reduce(0) { $0 + square($1.asType(.float64)).sum().item() }
      return ["loss": result.values.mean().item(), "gnorm": squares.squareRoot()]
    }
    let ofBatch = valueAndGradPerExampleOfBatch { (p: [Tensor], batch: [Tensor]) in
      square(net(p, batch[0], tanh) - batch[1]).mean(axis: 1)
    }
    measure {
      ofBatch(parameters, batch)
    } check: {
      check($0)
    }
    let oneByOne = valueAndGradPerExample { (p: [Tensor], example: [Tensor]) in
      square(net(p, example[0], tanh) - example[1]).mean()
    }
    measure("one_by_one") {
      oneByOne(parameters, batch)
    } check: {
      check($0)
    }
  }

  func classifier(_ sizes: [Int], batch: Int) {
    let start = Inputs.parameters(sizes)
    let x = Inputs.fill(1, [batch, sizes[0]])
    let labels = Inputs.labels(batch)

    var weights: [Parameter] = []
    var optimizer: any Optimizer = Adam([Parameter(x)])
    measureSteps {
      let loss = crossEntropy(net(weights.map { $0.value }, x, relu), labels)
      optimizer.step(minimizing: loss)
      return loss.detached()
    } reset: {
      weights = start.map { Parameter($0) }
      optimizer = Adam(weights)
    }

    let lossAndGradient = valueAndGrad { parameters in crossEntropy(net(parameters, x, relu), labels) }
    var parameters = start
    var moments = Moments(start)
    measureSteps("functional") {
      let (loss, gradients) = lossAndGradient(parameters)
      moments.update(&parameters, gradients)
      return loss
    } reset: {
      parameters = start
      moments = Moments(start)
    }
  }

  /// The mnist net: its value, its gradient, and products of its Hessian with a vector both ways.
  func hessianVectorProducts() {
    let parameters = Inputs.parameters([784, 512, 256, 10])
    let x = Inputs.fill(1, [128, 784])
    let labels = Inputs.labels(128)
    let direction = parameters.enumerated().map { Inputs.fill(50 + $0, $1.shape) }
    let loss: ([Tensor]) -> Tensor = { crossEntropy(net($0, x, relu), labels) }
    let lossAndGradient = valueAndGrad(loss)

    measure("value") {
      loss(parameters)
    } check: {
      ["loss": $0.item()]
    }
    measure("grad") {
      lossAndGradient(parameters)
    } check: {
      ["loss": $0.value.item(), "gnorm": norm($0.gradient)]
    }
    measure("hvp_for") {
      hvp(loss, at: parameters, along: direction)
    } check: {
      ["hnorm": norm($0)]
    }
    measure("value_grad_hvp") {
      valueGradAndHVP(loss, at: parameters, along: direction)
    } check: {
      ["loss": $0.value.item(), "gnorm": norm($0.gradient), "hnorm": norm($0.product)]
    }
    // At a point that is recorded already.
    let hessian = HessianOperator(loss, at: parameters)
    measure("product") {
      hessian(direction)
    } check: {
      ["hnorm": norm($0)]
    }
    measure("hvp_ror") {
      hvpReverse(loss, at: parameters, along: direction)
    } check: {
      ["hnorm": norm($0)]
    }
  }
}

/// Adam's running means, with the update of a parameter and of both in one pass over memory.
private struct Moments {
  private static let rule = Formula("adam", inputs: 6) { inputs in
    let (value, gradient, rate, correction) = (inputs[0], inputs[1], inputs[4], inputs[5])
    let mean = 0.9 * inputs[2] + 0.1 * gradient
    let meanSquare = 0.999 * inputs[3] + 0.001 * square(gradient)
    return [value - rate * mean / (sqrt(meanSquare) * correction + 1e-8), mean, meanSquare]
  }

  private var means: [(first: Tensor, second: Tensor)]
  private var decay = (first: 1.0, second: 1.0)

  init(_ parameters: [Tensor]) {
    means = parameters.map { (.zeros(like: $0), .zeros(like: $0)) }
  }

  mutating func update(_ parameters: inout [Tensor], _ gradients: [Tensor]) {
    decay.first *= 0.9
    decay.second *= 0.999
    let rate = Tensor(Float(1e-3 / (1 - decay.first)))
    let correction = Tensor(Float(1 / (1 - decay.second).squareRoot()))
    for index in parameters.indices {
      let results = Self.rule([
        parameters[index], gradients[index], means[index].first, means[index].second, rate, correction,
      ])
      parameters[index] = results[0]
      means[index] = (results[1], results[2])
    }
  }
}
