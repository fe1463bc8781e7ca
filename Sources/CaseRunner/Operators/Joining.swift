import Autograd

/// Tensors joined, and cut into parts.
enum Joining {
  static func add(to table: inout OperatorTable) {
    table["cat"] = { try joined($0.tensors(), axis: $0.int(1, "dim", default: 0)) }
    table[list: "chunk"] = { try chunks($0.tensor(0), $0.int(1, "chunks"), $0.int(2, "dim", default: 0)) }
    table["column_stack"] = { try concatenated($0.tensors().map(column), axis: 1) }
    table[list: "dsplit"] = { try split($0, axis: 2) }
    table["dstack"] = { try concatenated($0.tensors().map(deep), axis: 2) }
    table[list: "hsplit"] = { try split($0, axis: $0.tensor(0).rank == 1 ? 0 : 1) }
    table["hstack"] = { try flat($0.tensors(), axis: 1) }
    table["narrow"] = {
      try narrowed($0.tensor(0), $0.int(1, "dim"), $0.int(2, "start"), $0.int(3, "length"))
    }
    table["select"] = { try part($0.tensor(0), $0.int(1, "dim"), .position($0.int(2, "index"))) }
    table["slice"] = { try sliced($0) }
    table[list: "split"] = { try split($0.tensor(0), $0, $0.int(2, "dim", default: 0)) }
    table[list: "split_with_sizes"] = { try pieces($0) }
    table["stack"] = { try stacked($0.tensors(), axis: $0.int(1, "dim", default: 0)) }
    table[list: "tensor_split"] = { try split($0, axis: $0.int(2, "dim", default: 0)) }
    table[list: "unbind"] = { try unbound($0.tensor(0), $0.int(1, "dim", default: 0)) }
    table[list: "vsplit"] = { try split($0, axis: 0) }
    table["vstack"] = { try concatenated($0.tensors().map(row)) }
  }

  /// An entry of a subscript at one axis, all other axes whole.
  static func part(_ x: Tensor, _ axis: Int, _ entry: TensorIndexEntry) -> Tensor {
    let before = axis < 0 ? axis + x.rank : axis
    return x.selected((0..<before).map { _ in .range(from: nil, to: nil, step: 1) } + [entry])
  }

  static func narrowed(_ x: Tensor, _ axis: Int, _ start: Int, _ length: Int) -> Tensor {
    let from = start < 0 ? start + x.shape[axis < 0 ? axis + x.rank : axis] : start
    return part(x, axis, .range(from: from, to: from + length, step: 1))
  }

  /// PyTorch lets empty vectors join anything.
  private static func joined(_ tensors: [Tensor], axis: Int) -> Tensor {
    let present = tensors.filter { $0.shape != [0] }
    return concatenated(present.isEmpty ? tensors : present, axis: present.isEmpty ? 0 : axis)
  }

  private static func flat(_ tensors: [Tensor], axis: Int) -> Tensor {
    concatenated(
      tensors.map { $0.rank == 0 ? $0.reshaped([1]) : $0 }, axis: (tensors.first?.rank ?? 0) < 2 ? 0 : axis)
  }

  private static func column(_ x: Tensor) -> Tensor { x.rank < 2 ? x.reshaped([-1, 1]) : x }

  private static func row(_ x: Tensor) -> Tensor { x.rank < 2 ? x.reshaped([1, -1]) : x }

  private static func deep(_ x: Tensor) -> Tensor {
    x.rank == 2 ? x.unsqueezed(axis: 2) : x.rank < 2 ? x.reshaped([1, -1, 1]) : x
  }

  private static func pieces(_ arguments: Arguments) throws -> [Tensor] {
    try pieces(arguments.tensor(0), arguments.ints(1, "split_sizes"), arguments.int(2, "dim", default: 0))
  }

  private static func pieces(_ x: Tensor, _ sizes: [Int], _ axis: Int) -> [Tensor] {
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return narrowed(x, axis, start, size)
    }
  }

  private static func length(_ x: Tensor, _ axis: Int) -> Int { x.shape[axis < 0 ? axis + x.rank : axis] }

  /// As many parts of one size as fit, the last perhaps smaller.
  private static func pieces(_ x: Tensor, of size: Int, _ axis: Int) -> [Tensor] {
    let whole = length(x, axis)
    if whole == 0 { return [x] }
    return pieces(x, stride(from: 0, to: whole, by: size).map { min(size, whole - $0) }, axis)
  }

  private static func chunks(_ x: Tensor, _ count: Int, _ axis: Int) -> [Tensor] {
    if length(x, axis) == 0 { return (0..<count).map { _ in x } }
    return pieces(x, of: (length(x, axis) + count - 1) / count, axis)
  }

  /// By one size, or by sizes.
  private static func split(_ x: Tensor, _ arguments: Arguments, _ axis: Int) throws -> [Tensor] {
    let sizes = try arguments.ints(1, "split_size")
    return arguments.isList(1) ? pieces(x, sizes, axis) : pieces(x, of: sizes[0], axis)
  }

  /// Into a number of nearly equal parts, or at positions.
  private static func split(_ arguments: Arguments, axis: Int) throws -> [Tensor] {
    let x = try arguments.tensor(0)
    let whole = length(x, axis)
    let isCount = try arguments.isInt(1) && (!arguments.isTensor(1) || arguments.tensor(1).rank == 0)
    if isCount {
      let count = try arguments.int(1)
      return pieces(x, (0..<count).map { whole / count + ($0 < whole % count ? 1 : 0) }, axis)
    }
    let bounds = try [0] + arguments.ints(1).map { min(max($0 < 0 ? $0 + whole : $0, 0), whole) } + [whole]
    return pieces(x, zip(bounds, bounds.dropFirst()).map { max($1 - $0, 0) }, axis)
  }

  private static func sliced(_ arguments: Arguments) throws -> Tensor {
    let axis = try arguments.int(1, "dim", default: 0)
    let from = arguments.has(2, "start") ? try arguments.int(2, "start") : nil
    let to = arguments.has(3, "end") ? try arguments.int(3, "end") : nil
    return try part(
      arguments.tensor(0), axis, .range(from: from, to: to, step: arguments.int(4, "step", default: 1)))
  }

  private static func unbound(_ x: Tensor, _ axis: Int) -> [Tensor] {
    (0..<length(x, axis)).map { part(x, axis, .position($0)) }
  }
}
