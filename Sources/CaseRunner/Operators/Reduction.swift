import Autograd

/// Reductions over axes.
enum Reduction {
  static func add(to table: inout OperatorTable) {
    table["all"] = { try $0.tensor(0).all(axes: axes($0), keepDims: keeps($0)) }
    table["amax"] = { try $0.tensor(0).max(axes: axes($0), keepDims: keeps($0)) }
    table["amin"] = { try $0.tensor(0).min(axes: axes($0), keepDims: keeps($0)) }
    table[list: "aminmax"] = { try aminmax($0) }
    table["any"] = { try $0.tensor(0).any(axes: axes($0), keepDims: keeps($0)) }
    table["argmax"] = { try $0.tensor(0).argmax(axis: axes($0)?[0], keepDims: keeps($0)) }
    table["argmin"] = { try $0.tensor(0).argmin(axis: axes($0)?[0], keepDims: keeps($0)) }
    table["count_nonzero"] = { try $0.tensor(0).countNonzero(axes: axes($0)) }
    table["dist"] = { try ($0.tensor(0) - $0.tensor(1)).norm($0.double(2, "p", default: 2)) }
    table["linalg.matrix_norm"] = { try matrixNorm($0) }
    table["linalg.norm"] = { try norm($0) }
    table["linalg.vector_norm"] = {
      try $0.tensor(0).norm(
        $0.double(1, "ord", default: 2), axes: $0.axes(2, "dim", of: $0.tensor(0)),
        keepDims: $0.bool(3, "keepdim", default: false))
    }
    table["logsumexp"] = {
      try logSumExp($0.tensor(0), axes: axes($0) ?? Array(0..<$0.tensor(0).rank), keepDims: keeps($0))
    }
    table[list: "max"] = { try extreme($0, largest: true) }
    table["mean"] = { try $0.cast($0.tensor(0)).mean(axes: axes($0), keepDims: keeps($0)) }
    table[list: "median"] = { try median($0, ignoringNaN: false) }
    table[list: "min"] = { try extreme($0, largest: false) }
    table["nanmean"] = { try $0.cast($0.tensor(0)).nanmean(axes: axes($0), keepDims: keeps($0)) }
    table[list: "nanmedian"] = { try median($0, ignoringNaN: true) }
    table["nanquantile"] = { try quantile($0, ignoringNaN: true) }
    table["nansum"] = { try $0.cast($0.tensor(0)).nansum(axes: axes($0), keepDims: keeps($0)) }
    table["norm"] = {
      try $0.isWord(1)
        ? frobenius($0)
        : $0.tensor(0).norm(
          $0.double(1, "p", default: 2), axes: $0.axes(2, "dim", of: $0.tensor(0)),
          keepDims: $0.bool(3, "keepdim", default: false))
    }
    table["prod"] = { try $0.cast($0.tensor(0)).prod(axes: axes($0), keepDims: keeps($0)) }
    table["quantile"] = { try quantile($0, ignoringNaN: false) }
    table["std"] = { try spread($0) { $0.standardDeviation(axes: $1, correction: $2, keepDims: $3) } }
    table[list: "std_mean"] = {
      try [
        spread($0) { $0.standardDeviation(axes: $1, correction: $2, keepDims: $3) },
        spread($0) { $0.mean(axes: $1, keepDims: $3) },
      ]
    }
    table["sum"] = { try $0.cast($0.tensor(0)).sum(axes: axes($0), keepDims: keeps($0)) }
    table["sum_to_size"] = { try summed($0.tensor(0), to: $0.sizes(from: 1, "size")) }
    table["trace"] = { try $0.tensor(0).trace() }
    table["var"] = { try spread($0) { $0.variance(axes: $1, correction: $2, keepDims: $3) } }
    table[list: "var_mean"] = {
      try [
        spread($0) { $0.variance(axes: $1, correction: $2, keepDims: $3) },
        spread($0) { $0.mean(axes: $1, keepDims: $3) },
      ]
    }
  }

  private static func axes(_ arguments: Arguments) throws -> [Int]? {
    try arguments.axes(1, "dim", of: arguments.tensor(0))
  }

  private static func keeps(_ arguments: Arguments) throws -> Bool {
    try arguments.bool(2, "keepdim", default: false)
  }

  private static func aminmax(_ arguments: Arguments) throws -> [Tensor] {
    let x = try arguments.tensor(0)
    let axes = try arguments.axes(nil, "dim", of: x)
    let keeps = try arguments.bool(nil, "keepdim", default: false)
    return [x.min(axes: axes, keepDims: keeps), x.max(axes: axes, keepDims: keeps)]
  }

  /// PyTorch's three meanings: of all elements, along an axis with positions, of two tensors.
  private static func extreme(_ arguments: Arguments, largest: Bool) throws -> [Tensor] {
    let x = try arguments.tensor(0)
    if arguments.isTensor(1, "other") {
      let (a, b) = try arguments.pair()
      return [largest ? maximum(a, b) : minimum(a, b)]
    }
    guard arguments.has(1, "dim") else { return [largest ? x.max() : x.min()] }
    let (axes, keeps) = try (axes(arguments), keeps(arguments))
    return largest
      ? [x.max(axes: axes, keepDims: keeps), x.argmax(axis: axes?[0], keepDims: keeps)]
      : [x.min(axes: axes, keepDims: keeps), x.argmin(axis: axes?[0], keepDims: keeps)]
  }

  private static func summed(_ x: Tensor, to sizes: [Int]) -> Tensor {
    let lead = x.rank - sizes.count
    let axes = (0..<x.rank).filter { $0 < lead || (sizes[$0 - lead] == 1 && x.shape[$0] != 1) }
    return x.sum(axes: axes, keepDims: true).reshaped(Shape(sizes))
  }

  /// (dim, unbiased or correction, keepdim), or (unbiased).
  private static func spread(
    _ arguments: Arguments, _ body: (Tensor, [Int]?, Double, Bool) -> Tensor
  ) throws -> Tensor {
    let x = try arguments.tensor(0)
    let keeps = try arguments.bool(3, "keepdim", default: false)
    if arguments.isBool(1) { return try body(x, nil, arguments.bool(1) ? 1 : 0, keeps) }
    let unbiased = try arguments.bool(2, "unbiased", default: true)
    let correction = try arguments.double(nil, "correction", default: unbiased ? 1 : 0)
    return try body(x, axes(arguments), correction, keeps)
  }

  /// Of all elements, or along an axis with positions.
  private static func median(_ arguments: Arguments, ignoringNaN: Bool) throws -> [Tensor] {
    let x = try arguments.tensor(0)
    guard arguments.has(1, "dim") else { return [x.median(ignoringNaN: ignoringNaN)] }
    let keeps = try keeps(arguments)
    return try arguments.alongPair(x, 1) { $0.median(axis: $1, keepDims: keeps, ignoringNaN: ignoringNaN) }
  }

  private static func frobenius(_ arguments: Arguments) throws -> Tensor {
    guard try arguments.string(1, "p", default: "fro") == "fro" else { throw Unsupported("the nuclear norm") }
    return try arguments.tensor(0).norm(
      2, axes: arguments.axes(2, "dim", of: arguments.tensor(0)), keepDims: arguments.bool(3, "keepdim", default: false)
    )
  }

  /// Of all elements, or along an axis; PyTorch keeps every axis of the former.
  private static func quantile(_ arguments: Arguments, ignoringNaN: Bool) throws -> Tensor {
    let x = try arguments.tensor(0)
    let fractions = try arguments.tensor(1, "q", like: x)
    let keeps = try arguments.bool(3, "keepdim", default: false)
    let words: [String: QuantileInterpolation] = [
      "linear": .linear, "lower": .lower, "higher": .higher, "midpoint": .midpoint, "nearest": .nearest,
    ]
    guard let mode = try words[arguments.string(nil, "interpolation", default: "linear")] else {
      throw Unsupported("such an interpolation")
    }
    let isWhole = !arguments.has(2, "dim") || x.rank == 0
    if x.rank == 0 { arguments.ignore(2, names: "dim") }
    let axis = isWhole ? 0 : try arguments.int(2, "dim")
    let found = (isWhole ? x.flattened() : x).quantile(
      fractions, axis: axis, keepDims: keeps && !isWhole, interpolation: mode, ignoringNaN: ignoringNaN)
    guard keeps && isWhole else { return found }
    return found.reshaped(Shape(Array(fractions.shape) + x.shape.map { _ in 1 }))
  }

  /// Of all elements or along one axis as vectors; else of matrices.
  private static func norm(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let keeps = try arguments.bool(3, "keepdim", default: false)
    let axes = try arguments.axes(2, "dim", of: x)
    if arguments.isWord(1, "ord") { return try matrixNorm(arguments.string(1, "ord"), x, axes ?? [-2, -1], keeps) }
    guard arguments.has(1, "ord") else {
      return keeps || axes != nil ? x.norm(2, axes: axes, keepDims: keeps) : x.norm()
    }
    let order = try arguments.double(1, "ord")
    if axes?.count == 2 || (axes == nil && x.rank == 2) { return try matrixNorm(order, x, axes ?? [-2, -1], keeps) }
    return x.norm(order, axes: axes, keepDims: keeps)
  }

  private static func matrixNorm(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let axes = try arguments.ints(2, "dim", default: [-2, -1])
    let keeps = try arguments.bool(3, "keepdim", default: false)
    if arguments.isWord(1, "ord") || !arguments.has(1, "ord") {
      return try matrixNorm(arguments.string(1, "ord", default: "fro"), x, axes, keeps)
    }
    return try matrixNorm(arguments.double(1, "ord"), x, axes, keeps)
  }

  private static func matrixNorm(_ name: String, _ x: Tensor, _ axes: [Int], _ keeps: Bool) throws -> Tensor {
    guard name == "fro" else { throw Unsupported("the norm \(name)") }
    return x.norm(2, axes: axes, keepDims: keeps)
  }

  /// The largest or smallest 1-norm of columns, or of rows for infinity.
  private static func matrixNorm(_ order: Double, _ x: Tensor, _ axes: [Int], _ keeps: Bool) throws -> Tensor {
    guard order.magnitude == 1 || order.isInfinite else { throw Unsupported("norms by singular values") }
    let (inner, outer) = order.isInfinite ? (axes[1], axes[0]) : (axes[0], axes[1])
    let sums = x.norm(1, axes: [inner], keepDims: true)
    let kept = order > 0 ? sums.max(axes: [outer], keepDims: true) : sums.min(axes: [outer], keepDims: true)
    return keeps ? kept : kept.sum(axes: axes)
  }
}
