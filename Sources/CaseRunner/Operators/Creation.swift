import Autograd

/// Tensors that are not computed from others.
enum Creation {
  static func add(to table: inout OperatorTable) {
    table["arange"] = { try arange($0) }
    table["eye"] = {
      try Tensor.eye($0.int(0, "n"), columns: $0.int(1, "m", default: $0.int(0)), dtype: dtype($0))
    }
    table["fill"] = { try Tensor.full($0.tensor(0).shape, $0.double(1, "value"), dtype: $0.tensor(0).dtype) }
    table["full"] = {
      try Tensor.full(Shape($0.ints(0, "size")), $0.double(1, "fill_value"), dtype: dtype($0))
    }
    table["full_like"] = { try like($0, $0.double(1, "fill_value")) }
    table["linspace"] = { try linspace($0) }
    table["new_full"] = { try new($0, $0.ints(1, "size"), $0.double(2, "fill_value")) }
    table["new_ones"] = { try new($0, $0.sizes(from: 1, "size"), 1) }
    table["new_zeros"] = { try new($0, $0.sizes(from: 1, "size"), 0) }
    table["ones"] = { try Tensor.ones(Shape($0.sizes(from: 0, "size")), dtype: dtype($0)) }
    table["ones_like"] = { try like($0, 1) }
    table["scalar_tensor"] = { try Tensor.full([], $0.double(0), dtype: dtype($0)) }
    table["zero_"] = { try like($0, 0) }
    table["zeros"] = { try Tensor.zeros(Shape($0.sizes(from: 0, "size")), dtype: dtype($0)) }
    table["zeros_like"] = { try like($0, 0) }
  }

  /// Cases run with float64 as PyTorch's default.
  private static func dtype(_ arguments: Arguments) throws -> DType {
    try arguments.dtype(nil, "dtype") ?? .float64
  }

  private static func new(_ arguments: Arguments, _ shape: [Int], _ value: Double) throws -> Tensor {
    let own = try arguments.tensor(0).dtype
    return Tensor.full(Shape(shape), value, dtype: try arguments.dtype(nil, "dtype") ?? own)
  }

  private static func like(_ arguments: Arguments, _ value: Double) throws -> Tensor {
    try new(arguments, Array(arguments.tensor(0).shape), value)
  }

  /// arange(end), arange(start, end, step); integers give integers.
  private static func arange(_ arguments: Arguments) throws -> Tensor {
    let hasStart = arguments.count > 1 || arguments.has(nil, "end")
    let start = hasStart ? try arguments.double(0, "start") : 0
    let end = try hasStart ? arguments.double(1, "end") : arguments.double(0)
    let step = try arguments.double(2, "step", default: 1)
    let isWhole = (0..<arguments.count).allSatisfy(arguments.isWhole)
    return Tensor.arange(
      from: start, to: end, by: step,
      dtype: try arguments.dtype(nil, "dtype") ?? (isWhole ? .int64 : .float64))
  }

  private static func linspace(_ arguments: Arguments) throws -> Tensor {
    try Tensor.linspace(
      from: arguments.double(0, "start"), to: arguments.double(1, "end"), count: arguments.int(2, "steps"),
      dtype: dtype(arguments))
  }
}
