import Autograd

/// Writing and adding at positions and under masks.
enum Scattering {
  static func add(to table: inout OperatorTable) {
    table["index_add"] = { try slabs($0) { try $0.indexAdd($1, scaled($2, $4), axis: $3) } }
    table["index_copy"] = { try slabs($0) { x, index, source, axis, _ in x.indexCopy(index, source, axis: axis) } }
    table["index_fill"] = { try filled($0) }
    table["masked_scatter"] = { try $0.tensor(0).maskedScatter($0.tensor(1, "mask"), $0.tensor(2, "source")) }
    table["masked_select"] = { try $0.tensor(0).maskedSelect($0.tensor(1, "mask")) }
    table["scatter"] = { try scattered($0) { $0.scatter($1, $2, axis: $3) } }
    table["scatter_add"] = { try scattered($0) { $0.scatterAdd($1, $2, axis: $3) } }
    table["scatter_reduce"] = { try reduced($0) }
  }

  private static func scaled(_ source: Tensor, _ arguments: Arguments) throws -> Tensor {
    try source * arguments.double(nil, "alpha", default: 1)
  }

  private static func slabs(
    _ arguments: Arguments, _ body: (Tensor, Tensor, Tensor, Int, Arguments) throws -> Tensor
  ) throws -> Tensor {
    let (x, index, source) = try (arguments.tensor(0), arguments.tensor(2, "index"), arguments.tensor(3, "source"))
    let axis = try arguments.int(1, "dim")
    if x.rank > 0 { return try body(x, index.flattened(), source, axis, arguments) }
    return try body(x.reshaped([1]), index.flattened(), source.reshaped([index.count]), axis, arguments).reshaped([])
  }

  private static func filled(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let index = try arguments.tensor(2, "index").flattened()
    let value = try arguments.tensor(3, "value", like: x).reshaped([])
    return try arguments.along(x, 1) { $0.indexFill(index, value, axis: $1) }
  }

  /// PyTorch's source may be longer than the indices, and a number.
  private static func scattered(
    _ arguments: Arguments, _ body: (Tensor, Tensor, Tensor, Int) -> Tensor
  ) throws -> Tensor {
    let (x, index) = try (arguments.tensor(0), arguments.tensor(2, "index"))
    let axis = try arguments.int(1, "dim")
    var source = try arguments.tensor(3, "src", like: x)
    if source.rank == 0 && index.rank > 0 { source = source.expanded(to: index.shape) }
    if x.rank == 0 {
      return body(x.reshaped([1]), index.reshaped([index.count]), source.reshaped([index.count]), axis).reshaped([])
    }
    // Indices without elements may have a shape of any rank.
    if index.count == 0 { return x }
    for other in 0..<x.rank where source.shape[other] != index.shape[other] {
      source = Joining.narrowed(source, other, 0, index.shape[other])
    }
    return body(x, index, source, axis)
  }

  private static func reduced(_ arguments: Arguments) throws -> Tensor {
    let includes = try arguments.bool(nil, "include_self", default: true)
    let reductions: [String: ScatterReduction] = [
      "sum": .sum, "prod": .prod, "mean": .mean, "amax": .max, "amin": .min,
    ]
    guard let reduction = try reductions[arguments.string(4, "reduce")] else { throw Unsupported("such a reduction") }
    return try scattered(arguments) { $0.scatterReduce($1, $2, axis: $3, reduction, includesSelf: includes) }
  }
}
