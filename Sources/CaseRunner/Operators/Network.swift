import Autograd

/// Operators of nets.
enum Network {
  static func add(to table: inout OperatorTable) {
    table["log_softmax"] = { try along($0, $0.tensor(0)) { logSoftmax($0, axis: $1) } }
    table["nn.functional.linear"] = {
      try linear($0.tensor(0), $0.tensor(1, "weight"), $0.optionalTensor(2, "bias"))
    }
    table["nn.functional.softmin"] = { try along($0, $0.tensor(0)) { softmin($0, axis: $1) } }
    table["nn.functional.bilinear"] = {
      try bilinear($0.tensor(0), $0.tensor(1), $0.tensor(2, "weight"), $0.optionalTensor(3, "bias"))
    }
    table["nn.functional.embedding"] = {
      // A single case names the weight first, a program the indices.
      let (first, second) = try ($0.tensor(0), $0.tensor(1, "weight"))
      let (weight, indices) = first.dtype.isFloatingPoint ? (first, second) : (second, first)
      return try embedding(
        weight, indices, paddingIndex: $0.has(2, "padding_idx") ? $0.int(2, "padding_idx") : nil)
    }
    table["nn.functional.dropout"] = { try dropped($0) }
    table["nn.functional.scaled_dot_product_attention"] = { try attention($0) }
    table["softmax"] = { try along($0, $0.tensor(0)) { softmax($0, axis: $1) } }
  }

  /// In the dtype asked for, along the axis.
  private static func along(_ arguments: Arguments, _ x: Tensor, _ body: (Tensor, Int) -> Tensor) throws
    -> Tensor
  {
    try arguments.along(arguments.cast(x), 1, "dim", body)
  }

  /// Only what is not random: no dropout, or nothing left.
  private static func dropped(_ a: Arguments) throws -> Tensor {
    let probability = try a.double(1, "p", default: 0.5)
    let training = try a.bool(2, "training", default: true)
    var generator = RandomGenerator(seed: 1)
    return dropout(try a.tensor(0), probability: probability, training: training, using: &generator)
  }

  private static func attention(_ a: Arguments) throws -> Tensor {
    guard try a.double(4, "dropout_p", default: 0) == 0 else { throw Unsupported("dropout within attention") }
    return scaledDotProductAttention(
      try a.tensor(0), try a.tensor(1, "key"), try a.tensor(2, "value"),
      mask: try a.optionalTensor(3, "attn_mask"),
      isCausal: try a.bool(5, "is_causal", default: false), scale: try a.optionalDouble(nil, "scale"))
  }
}
