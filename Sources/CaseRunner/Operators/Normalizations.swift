import Autograd

/// Normalizations.
enum Normalizations {
  static func add(to table: inout OperatorTable) {
    table["nn.functional.layer_norm"] = {
      layerNorm(
        try $0.tensor(0), lastAxes: try $0.ints(1, "normalized_shape").count,
        weight: try $0.optionalTensor(2, "weight"), bias: try $0.optionalTensor(3, "bias"),
        eps: try $0.double(4, "eps", default: 1e-5))
    }
    table["nn.functional.rms_norm"] = {
      rmsNorm(
        try $0.tensor(0), lastAxes: try $0.ints(1, "normalized_shape").count,
        weight: try $0.optionalTensor(2, "weight"), eps: try $0.optionalDouble(3, "eps"))
    }
    table["nn.functional.group_norm"] = {
      groupNorm(
        try $0.tensor(0), groups: try $0.int(1, "num_groups"), weight: try $0.optionalTensor(2, "weight"),
        bias: try $0.optionalTensor(3, "bias"), eps: try $0.double(4, "eps", default: 1e-5))
    }
    table["nn.functional.instance_norm"] = { try instance($0) }
    table["nn.functional.batch_norm"] = { try batch($0) }
    table["nn.functional.local_response_norm"] = {
      localResponseNorm(
        try $0.tensor(0), size: try $0.int(1, "size"), alpha: try $0.double(2, "alpha", default: 1e-4),
        beta: try $0.double(3, "beta", default: 0.75), k: try $0.double(4, "k", default: 1))
    }
    table["nn.functional.normalize"] = {
      let p = try $0.double(1, "p", default: 2)
      let eps = try $0.double(3, "eps", default: 1e-12)
      return try $0.along($0.tensor(0), 2, "dim", default: 1) { normalize($0, p: p, axis: $1, eps: eps) }
    }
  }

  private static func instance(_ a: Arguments) throws -> Tensor {
    let (weight, bias) = (try a.optionalTensor(3, "weight"), try a.optionalTensor(4, "bias"))
    let eps = try a.double(7, "eps", default: 1e-5)
    // Running statistics are not part of the result.
    let (mean, variance) = (try a.optionalTensor(1, "running_mean"), try a.optionalTensor(2, "running_var"))
    a.ignore(6, names: "momentum")
    guard try a.bool(5, "use_input_stats", default: true) else {
      guard let mean, let variance else { throw Unsupported("no statistics at all") }
      return batchNorm(
        try a.tensor(0), mean: mean, variance: variance, weight: weight, bias: bias, eps: eps)
    }
    return instanceNorm(try a.tensor(0), weight: weight, bias: bias, eps: eps)
  }

  private static func batch(_ a: Arguments) throws -> Tensor {
    let (weight, bias) = (try a.optionalTensor(3, "weight"), try a.optionalTensor(4, "bias"))
    let eps = try a.double(7, "eps", default: 1e-5)
    let (mean, variance) = (try a.optionalTensor(1, "running_mean"), try a.optionalTensor(2, "running_var"))
    let momentum = try a.double(6, "momentum", default: 0.1)
    if try a.bool(5, "training", default: false) {
      return batchNorm(
        training: try a.tensor(0), runningMean: mean, runningVariance: variance, weight: weight, bias: bias,
        momentum: momentum, eps: eps
      ).result
    }
    guard let mean, let variance else { throw Unsupported("no statistics at all") }
    return batchNorm(try a.tensor(0), mean: mean, variance: variance, weight: weight, bias: bias, eps: eps)
  }
}
