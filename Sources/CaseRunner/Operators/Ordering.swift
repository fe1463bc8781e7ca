import Autograd

/// Order along an axis, running results, and searches.
enum Ordering {
  static func add(to table: inout OperatorTable) {
    table["argsort"] = { try sorted($0)[1] }
    table["argwhere"] = { try $0.tensor(0).nonzero() }
    table["bincount"] = { try counted($0) }
    table["bucketize"] = {
      try $0.integers($0.tensor(0).bucketized($0.tensor(1), right: $0.bool(nil, "right", default: false)))
    }
    table[list: "cummax"] = { try $0.alongPair($0.tensor(0), 1) { $0.cummax(axis: $1) } }
    table[list: "cummin"] = { try $0.alongPair($0.tensor(0), 1) { $0.cummin(axis: $1) } }
    table["cumprod"] = { try $0.cast($0.along($0.tensor(0), 1) { $0.cumprod(axis: $1) }) }
    table["cumsum"] = { try $0.cast($0.along($0.tensor(0), 1) { $0.cumsum(axis: $1) }) }
    table["cumulative_trapezoid"] = {
      try integral($0, { $0.cumulativeTrapezoid(spacing: $1, axis: $2) }, { $0.cumulativeTrapezoid(at: $1, axis: $2) })
    }
    table["diff"] = { try difference($0) }
    table[list: "kthvalue"] = { try kth($0) }
    table["logcumsumexp"] = { try $0.along($0.tensor(0), 1) { $0.logCumSumExp(axis: $1) } }
    table[list: "mode"] = { try mode($0) }
    table["msort"] = { try $0.tensor(0).sorted(axis: 0).values }
    table["nonzero"] = { try positions($0) }
    table["searchsorted"] = { try searched($0) }
    table[list: "sort"] = { try sorted($0) }
    table[list: "topk"] = { try top($0) }
    table["trapezoid"] = {
      try integral($0, { $0.trapezoid(spacing: $1, axis: $2) }, { $0.trapezoid(at: $1, axis: $2) })
    }
    table["trapz"] = table["trapezoid"]
    table[list: "unique"] = { try unique($0) }
  }

  /// (dim, descending), with `stable` first or not, which says nothing: the order is stable.
  private static func sorted(_ arguments: Arguments) throws -> [Tensor] {
    arguments.ignore(names: "stable")
    let descending = try arguments.bool(2, "descending", default: false)
    return try arguments.alongPair(arguments.tensor(0), 1, default: -1) { $0.sorted(axis: $1, descending: descending) }
  }

  private static func kth(_ arguments: Arguments) throws -> [Tensor] {
    let k = try arguments.int(1, "k")
    let keeps = try arguments.bool(3, "keepdim", default: false)
    return try arguments.alongPair(arguments.tensor(0), 2, default: -1) { $0.kthValue(k, axis: $1, keepDims: keeps) }
  }

  private static func mode(_ arguments: Arguments) throws -> [Tensor] {
    let keeps = try arguments.bool(2, "keepdim", default: false)
    return try arguments.alongPair(arguments.tensor(0), 1, default: -1) { $0.mode(axis: $1, keepDims: keeps) }
  }

  /// Unsorted results are sorted too.
  private static func top(_ arguments: Arguments) throws -> [Tensor] {
    arguments.ignore(4, names: "sorted")
    let k = try arguments.int(1, "k")
    let largest = try arguments.bool(3, "largest", default: true)
    return try arguments.alongPair(arguments.tensor(0), 2, default: -1) { $0.topK(k, axis: $1, largest: largest) }
  }

  private static func difference(_ arguments: Arguments) throws -> Tensor {
    let (x, axis) = try (arguments.tensor(0), arguments.int(2, "dim", default: -1))
    let order = try arguments.int(1, "n", default: 1)
    let parts = try [arguments.optionalTensor(3, "prepend"), x, arguments.optionalTensor(4, "append")].compactMap { $0 }
    if order == 0 { return x }
    return (parts.count == 1 ? x : concatenated(parts, axis: axis)).diff(order: order, axis: axis)
  }

  private static func integral(
    _ arguments: Arguments, _ spaced: (Tensor, Double, Int) -> Tensor, _ placed: (Tensor, Tensor, Int) -> Tensor
  ) throws -> Tensor {
    let (y, axis) = try (arguments.tensor(0), arguments.int(nil, "dim", default: -1))
    if arguments.isTensor(1, "x") { return try placed(y, arguments.tensor(1, "x"), axis) }
    return try spaced(y, arguments.double(nil, "dx", default: 1), axis)
  }

  private static func searched(_ arguments: Arguments) throws -> Tensor {
    var sequence = try arguments.tensor(0)
    if let sorter = try arguments.optionalTensor("sorter") { sequence = sequence.gather(sorter, axis: -1) }
    let isRight = try arguments.string(nil, "side", default: "left") == "right"
    let right = try arguments.bool(nil, "right", default: false) || isRight
    return try arguments.integers(searchSorted(sequence, arguments.tensor(1, like: sequence), right: right))
  }

  private static func positions(_ arguments: Arguments) throws -> Tensor {
    if try arguments.bool(nil, "as_tuple", default: false) { throw Unsupported("as_tuple") }
    return try arguments.tensor(0).nonzero()
  }

  private static func unique(_ arguments: Arguments) throws -> [Tensor] {
    arguments.ignore(names: "sorted")
    if arguments.has(nil, "dim") { throw Unsupported("unique slabs") }
    let found = try arguments.tensor(0).unique()
    var results = [found.values]
    if try arguments.bool(nil, "return_inverse", default: false) { results.append(found.inverse) }
    if try arguments.bool(nil, "return_counts", default: false) { results.append(found.counts) }
    return results
  }

  /// PyTorch adds integer weights as float64.
  private static func counted(_ arguments: Arguments) throws -> Tensor {
    let weights = try arguments.optionalTensor("weights")?.asType(.float64)
    return try arguments.tensor(0).bincount(
      weights: weights, minimumLength: arguments.int(nil, "minlength", default: 0))
  }
}

extension Arguments {
  /// Values and positions along an axis, for tensors of any rank.
  func alongPair(
    _ x: Tensor, _ position: Int, default value: Int? = nil,
    _ body: (Tensor, Int) throws -> (values: Tensor, indices: Tensor)
  ) throws -> [Tensor] {
    let axis = try int(position, "dim", default: value)
    let (values, indices) = try body(x.rank == 0 ? x.reshaped([1]) : x, axis)
    return x.rank == 0 ? [values.reshaped([]), indices.reshaped([])] : [values, indices]
  }

  /// Positions as int32 where that is asked for.
  func integers(_ x: Tensor) throws -> Tensor {
    try bool(nil, "out_int32", default: false) ? x.asType(.int32) : x
  }
}
