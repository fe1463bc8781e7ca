import Autograd

/// Activation functions.
enum Activations {
  static func add(to table: inout OperatorTable) {
    table["nn.functional.celu"] = { try celu($0.tensor(0), alpha: $0.double(1, "alpha", default: 1)) }
    table["nn.functional.elu"] = { try elu($0.tensor(0), alpha: $0.double(1, "alpha", default: 1)) }
    table["nn.functional.gelu"] = { try gelu($0.tensor(0), approximation: approximation($0)) }
    table["nn.functional.glu"] = { try glu($0.tensor(0), axis: $0.int(1, "dim", default: -1)) }
    table["nn.functional.hardshrink"] = { try hardshrink($0.tensor(0), amount: $0.double(1, "lambd", default: 0.5)) }
    table["nn.functional.hardsigmoid"] = { try hardsigmoid($0.tensor(0)) }
    table["nn.functional.hardswish"] = { try hardswish($0.tensor(0)) }
    table["nn.functional.hardtanh"] = {
      try hardtanh(
        $0.tensor(0), minimum: $0.double(1, "min_val", default: -1), maximum: $0.double(2, "max_val", default: 1))
    }
    table["nn.functional.leaky_relu"] = {
      try leakyRelu($0.tensor(0), slope: $0.double(1, "negative_slope", default: 0.01))
    }
    table["nn.functional.logsigmoid"] = { try logSigmoid($0.tensor(0)) }
    table["nn.functional.mish"] = { try mish($0.tensor(0)) }
    table["nn.functional.prelu"] = { try prelu($0.tensor(0), $0.tensor(1, "weight")) }
    table["nn.functional.relu"] = { try relu($0.tensor(0)) }
    table["nn.functional.relu6"] = { try relu6($0.tensor(0)) }
    table["nn.functional.rrelu"] = { try evaluatedRrelu($0) }
    table["nn.functional.selu"] = { try selu($0.tensor(0)) }
    table["nn.functional.silu"] = { try silu($0.tensor(0)) }
    table["nn.functional.softplus"] = {
      try softplus(
        $0.tensor(0), beta: $0.double(1, "beta", default: 1), threshold: $0.double(2, "threshold", default: 20))
    }
    table["nn.functional.softshrink"] = { try softshrink($0.tensor(0), amount: $0.double(1, "lambd", default: 0.5)) }
    table["nn.functional.softsign"] = { try softsign($0.tensor(0)) }
    table["nn.functional.tanhshrink"] = { try tanhshrink($0.tensor(0)) }
    table["nn.functional.threshold"] = {
      try threshold($0.tensor(0), above: $0.double(1, "threshold"), value: $0.double(2, "value"))
    }
    table["sigmoid"] = { try sigmoid($0.tensor(0)) }
  }

  private static func approximation(_ arguments: Arguments) throws -> GeluApproximation {
    switch try arguments.string(1, "approximate", default: "none") {
    case "none": .none
    case "tanh": .tanh
    case let other: throw Unsupported("the approximation \(other)")
    }
  }

  /// Slopes are random in training; their mean otherwise.
  private static func evaluatedRrelu(_ arguments: Arguments) throws -> Tensor {
    let low = try arguments.double(1, "lower", default: 0.125)
    let high = try arguments.double(2, "upper", default: 1.0 / 3)
    if try arguments.bool(3, "training", default: false) { throw Unsupported("random slopes") }
    return try leakyRelu(arguments.tensor(0), slope: (low + high) / 2)
  }
}
