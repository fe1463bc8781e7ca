import Autograd

/// Reading and writing at positions.
enum Indexing {
  static func add(to table: inout OperatorTable) {
    table["__getitem__"] = { try selected($0.tensor(0), $0.entries(1)) }
    table["gather"] = { try gathered($0.tensor(0), $0.int(1, "dim"), $0.tensor(2, "index")) }
    table["index_put"] = { try put($0) }
    table["index_select"] = { try taken($0.tensor(0), $0.tensor(2, "index"), $0.int(1, "dim")) }
    table["select_scatter"] = { try updated($0, .position($0.int(3, "index"))) }
    table["slice_scatter"] = { try updated($0, range($0)) }
    table["take"] = { try $0.tensor(0).flattened().take($0.tensor(1)) }
    table["take_along_dim"] = { try takenAlong($0) }
  }

  /// Index tensors apart from each other, or beside a mask, are not read.
  private static func selected(_ x: Tensor, _ entries: [TensorIndexEntry]) throws -> Tensor {
    let places = entries.indices.filter { if case .tensor = entries[$0] { true } else { false } }
    let isApart = zip(places, places.dropFirst()).contains { $1 != $0 + 1 }
    let masks = entries.count { if case .tensor(let index) = $0 { index.dtype == .bool } else { false } }
    if isApart || (masks > 0 && places.count > 1) {
      throw Unsupported("index tensors that do not stand side by side")
    }
    return x.selected(entries)
  }

  /// PyTorch's indices may be shorter than the tensor along other axes.
  private static func gathered(_ x: Tensor, _ dim: Int, _ index: Tensor) -> Tensor {
    if x.rank == 0 { return x.reshaped([1]).gather(index.flattened(), axis: 0).reshaped(index.shape) }
    let axis = dim < 0 ? dim + x.rank : dim
    // Indices without elements may have a shape of any rank.
    if index.count == 0 && index.rank != x.rank { return x.flattened()[0..<0].reshaped(index.shape) }
    let fitting = (0..<x.rank).reduce(x) { x, other in
      other == axis || x.shape[other] == index.shape[other]
        ? x : Joining.narrowed(x, other, 0, index.shape[other])
    }
    return fitting.gather(index, axis: axis)
  }

  private static func updated(_ x: Tensor, _ axis: Int, _ entry: TensorIndexEntry, _ value: Tensor) -> Tensor {
    var result = x
    let before = axis < 0 ? axis + x.rank : axis
    result.assign(value, (0..<before).map { _ in .range(from: nil, to: nil, step: 1) } + [entry])
    return result
  }

  private static func updated(_ arguments: Arguments, _ entry: TensorIndexEntry) throws -> Tensor {
    try updated(arguments.tensor(0), arguments.int(2, "dim", default: 0), entry, arguments.tensor(1, "src"))
  }

  private static func range(_ arguments: Arguments) throws -> TensorIndexEntry {
    .range(
      from: arguments.has(3, "start") ? try arguments.int(3, "start") : nil,
      to: arguments.has(4, "end") ? try arguments.int(4, "end") : nil,
      step: try arguments.int(5, "step", default: 1))
  }

  private static func put(_ arguments: Arguments) throws -> Tensor {
    if try arguments.bool(3, "accumulate", default: false) { throw Unsupported("accumulate") }
    var result = try arguments.tensor(0)
    result.assign(try arguments.tensor(2, "values"), try arguments.entries(1))
    return result
  }

  private static func taken(_ x: Tensor, _ index: Tensor, _ axis: Int) -> Tensor {
    if x.rank == 0 { return x.reshaped([1]).take(index.flattened()).reshaped([]) }
    return x.take(index.rank == 0 ? index.reshaped([1]) : index, axis: axis)
  }

  /// Both broadcast, but for the axis.
  private static func takenAlong(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let index = try arguments.tensor(1, "indices")
    guard arguments.has(2, "dim") else { return x.flattened().take(index.flattened()) }
    let dim = try arguments.int(2, "dim")
    let axis = dim < 0 ? dim + x.rank : dim
    var wide = x.shape
    for other in 0..<x.rank where other != axis { wide[other] = max(wide[other], index.shape[other]) }
    return x.expanded(to: wide).gather(index, axis: axis)
  }
}
