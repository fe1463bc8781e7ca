import Autograd
import NN

/// A small convolutional net (LeCun, Bottou, Bengio, Haffner, 1998, with relu and max pooling).
extension Stopwatch {
  func lenet() {
    let start =
      [
        Inputs.fill(10, [6, 1, 5, 5], scale: 1.4 / 5), Inputs.fill(11, [6], scale: 0.1),
        Inputs.fill(12, [16, 6, 5, 5], scale: 1.4 / 150.squareRoot()), Inputs.fill(13, [16], scale: 0.1),
      ] + Inputs.parameters([400, 120, 84, 10], from: 14)
    let x = Inputs.fill(1, [64, 1, 28, 28])
    let labels = Inputs.labels(64)

    func logits(_ p: [Tensor]) -> Tensor {
      var h = maxPool2d(relu(conv2d(x, p[0], p[1], padding: 2)), 2)
      h = maxPool2d(relu(conv2d(h, p[2], p[3])), 2).reshaped([64, 400])
      h = relu(matmul(h, p[4]) + p[5])
      h = relu(matmul(h, p[6]) + p[7])
      return matmul(h, p[8]) + p[9]
    }

    var weights: [Parameter] = []
    var optimizer: any Optimizer = SGD([Parameter(x)], learningRate: 0.01)
    measureSteps {
      let loss = crossEntropy(logits(weights.map(\.value)), labels)
      optimizer.step(minimizing: loss)
      return loss.detached()
    } reset: {
      weights = start.map { Parameter($0) }
      optimizer = SGD(weights, learningRate: 0.01)
    }
  }
}
