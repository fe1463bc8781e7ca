import Autograd

/// Repetition, order of positions, diagonals and margins.
enum Rearranging {
  static func add(to table: inout OperatorTable) {
    table["diag"] = { try diagonal($0.tensor(0), $0.int(1, "diagonal", default: 0)) }
    table["diag_embed"] = {
      try $0.tensor(0).diagonalEmbedded(
        offset: $0.int(1, "offset", default: 0), $0.int(2, "dim1", default: -2), $0.int(3, "dim2", default: -1))
    }
    table["diagflat"] = { try $0.tensor(0).flattened().diagonalEmbedded(offset: $0.int(1, "offset", default: 0)) }
    table["diagonal"] = {
      try $0.tensor(0).diagonal(
        offset: $0.int(1, "offset", default: 0), $0.int(2, "dim1", default: 0), $0.int(3, "dim2", default: 1))
    }
    table["diagonal_copy"] = table["diagonal"]
    table["flip"] = { try $0.tensor(0).flipped(axes: $0.axes(1, "dims", of: $0.tensor(0)) ?? []) }
    table["fliplr"] = { try $0.tensor(0).flipped(axes: [1]) }
    table["flipud"] = { try $0.tensor(0).flipped(axes: [0]) }
    table["linalg.diagonal"] = {
      try $0.tensor(0).diagonal(
        offset: $0.int(nil, "offset", default: 0), $0.int(nil, "dim1", default: -2), $0.int(nil, "dim2", default: -1))
    }
    table[list: "meshgrid"] = { try grid($0) }
    table["nn.functional.pad"] = { try padded($0) }
    table["repeat"] = { try $0.tensor(0).tiled($0.sizes(from: 1, "repeats")) }
    table["repeat_interleave"] = { try interleaved($0) }
    table["roll"] = { try rolled($0) }
    table["rot90"] = { try rotated($0) }
    table["tile"] = { try $0.tensor(0).tiled($0.sizes(from: 1, "dims")) }
    table["tril"] = { try $0.tensor(0).tril(offset: $0.int(1, "diagonal", default: 0)) }
    table["triu"] = { try $0.tensor(0).triu(offset: $0.int(1, "diagonal", default: 0)) }
    table["unfold"] = { try windows($0) }
    table["unfold_copy"] = table["unfold"]
  }

  private static func diagonal(_ x: Tensor, _ offset: Int) -> Tensor {
    x.rank == 1 ? x.diagonalEmbedded(offset: offset) : x.diagonal(offset: offset)
  }

  /// By rows and columns unless told otherwise; NumPy's "xy" exchanges the first two.
  private static func grid(_ arguments: Arguments) throws -> [Tensor] {
    let isExchanged = try arguments.string(nil, "indexing", default: "ij") == "xy"
    let vectors = try arguments.tensors()
    guard isExchanged, vectors.count > 1 else { return meshgrid(vectors) }
    var swapped = vectors
    swapped.swapAt(0, 1)
    var grids = meshgrid(swapped)
    grids.swapAt(0, 1)
    return grids
  }

  private static func rotated(_ arguments: Arguments) throws -> Tensor {
    let axes = try arguments.ints(2, "dims", default: [0, 1])
    return try arguments.tensor(0).rotated(
      quarters: arguments.int(1, "k", default: 1), from: axes[0], to: axes[1])
  }

  private static func rolled(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let shifts = try arguments.ints(1, "shifts")
    let axes = try arguments.ints(2, "dims", default: [])
    if axes.isEmpty { return x.rolled(by: shifts[0]) }
    return zip(shifts, axes).reduce(x) { $0.rank == 0 ? $0 : $0.rolled(by: $1.0, axis: $1.1) }
  }

  private static func interleaved(_ arguments: Arguments) throws -> Tensor {
    arguments.ignore(names: "output_size")
    let x = try arguments.tensor(0)
    let isWhole = !arguments.has(2, "dim")
    let flat = isWhole || x.rank == 0 ? x.flattened() : x
    let axis = try isWhole ? 0 : arguments.int(2, "dim")
    if arguments.isTensor(1, "repeats"), try arguments.tensor(1, "repeats").count > 1 {
      return try flat.repeatInterleave(arguments.tensor(1, "repeats"), axis: axis)
    }
    return try flat.repeatInterleave(arguments.int(1, "repeats"), axis: axis)
  }

  private static func windows(_ arguments: Arguments) throws -> Tensor {
    let (x, axis) = try (arguments.tensor(0), arguments.int(1, "dimension"))
    let (size, step) = try (arguments.int(2, "size"), arguments.int(3, "step"))
    if x.rank > 0 { return x.unfolded(axis: axis, size: size, step: step) }
    return x.reshaped([1]).unfolded(axis: 0, size: size, step: step).reshaped([size])
  }

  /// PyTorch's widths begin with the last axis.
  private static func padded(_ arguments: Arguments) throws -> Tensor {
    let widths = try arguments.ints(1, "pad")
    let pairs = stride(from: 0, to: widths.count, by: 2).map { (widths[$0], widths[$0 + 1]) }
    let number = try arguments.double(3, "value", default: 0)
    let mode: PaddingMode =
      switch try arguments.string(2, "mode", default: "constant") {
      case "constant": .constant(number)
      case "reflect": .reflect
      case "replicate": .replicate
      case "circular": .circular
      case let other: throw Unsupported("the mode \(other)")
      }
    return try arguments.tensor(0).padded(pairs.reversed(), mode: mode)
  }
}
