import Autograd

/// Shapes, orders of axes, and parts along an axis.
enum Layout {
  static func add(to table: inout OperatorTable) {
    table["H"] = { try $0.tensor(0).transposed() }
    table["T"] = { try $0.tensor(0).transposed() }
    table[list: "atleast_1d"] = { try $0.tensors().map { atLeast($0, 1) } }
    table[list: "atleast_2d"] = { try $0.tensors().map { atLeast($0, 2) } }
    table[list: "atleast_3d"] = { try $0.tensors().map { atLeast($0, 3) } }
    table[list: "broadcast_tensors"] = { try broadcast($0.tensors()) }
    table["broadcast_to"] = { try $0.tensor(0).expanded(to: Shape($0.ints(1, "size"))) }
    table["expand"] = { try expanded($0.tensor(0), $0.sizes(from: 1, "size")) }
    table["expand_as"] = { try $0.tensor(0).expanded(to: $0.tensor(1, "other").shape) }
    table["flatten"] = { try flattened($0) }
    table["mH"] = { try $0.tensor(0).transposed(-2, -1) }
    table["mT"] = { try $0.tensor(0).transposed(-2, -1) }
    table["movedim"] = { try moved($0.tensor(0), $0.ints(1, "source"), $0.ints(2, "destination")) }
    table["permute"] = { try $0.tensor(0).permuted($0.sizes(from: 1, "dims")) }
    table["ravel"] = { try $0.tensor(0).flattened() }
    table["reshape"] = { try $0.tensor(0).reshaped(Shape($0.sizes(from: 1, "shape"))) }
    table["reshape_as"] = { try $0.tensor(0).reshaped($0.tensor(1, "other").shape) }
    table["squeeze"] = { try squeezed($0) }
    table["t"] = { try $0.tensor(0).transposed() }
    table["transpose"] = { try transposed($0.tensor(0), $0.int(1, "dim0"), $0.int(2, "dim1")) }
    table["unflatten"] = { try unflattened($0.tensor(0), $0.int(1, "dim"), $0.ints(2, "sizes")) }
    table["unsqueeze"] = { try $0.tensor(0).unsqueezed(axis: $0.int(1, "dim")) }
    table["view"] = { try $0.tensor(0).reshaped(Shape($0.sizes(from: 1, "size"))) }
    table["view_as"] = { try $0.tensor(0).reshaped($0.tensor(1, "other").shape) }
  }

  private static func atLeast(_ x: Tensor, _ rank: Int) -> Tensor {
    if x.rank >= rank { return x }
    let n = x.count
    switch (rank, x.rank) {
    case (1, _): return x.reshaped([1])
    case (2, _): return x.reshaped([1, n])
    case (3, 2): return x.unsqueezed(axis: 2)
    default: return x.reshaped([1, n, 1])
    }
  }

  private static func broadcast(_ tensors: [Tensor]) -> [Tensor] {
    let wide = tensors.reduce(Tensor.zeros([], dtype: .float64)) {
      $0 + Tensor.zeros($1.shape, dtype: .float64)
    }
    return tensors.map { $0.expanded(to: wide.shape) }
  }

  /// -1 keeps a length.
  private static func expanded(_ x: Tensor, _ sizes: [Int]) -> Tensor {
    let lead = sizes.count - x.rank
    return x.expanded(to: Shape(sizes.indices.map { sizes[$0] == -1 ? x.shape[$0 - lead] : sizes[$0] }))
  }

  private static func flattened(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    let first = try arguments.int(1, "start_dim", default: 0)
    let last = try arguments.int(2, "end_dim", default: -1)
    if x.rank == 0 { return x.reshaped([1]) }
    let (start, end) = (first < 0 ? first + x.rank : first, last < 0 ? last + x.rank : last)
    let lengths = Array(x.shape)
    return x.reshaped(Shape(lengths[..<start] + [lengths[start...end].reduce(1, *)] + lengths[(end + 1)...]))
  }

  private static func unflattened(_ x: Tensor, _ dim: Int, _ sizes: [Int]) -> Tensor {
    let axis = dim < 0 ? dim + x.rank : dim
    let known = sizes.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
    let lengths = Array(x.shape)
    let resolved = sizes.map { $0 == -1 ? lengths[axis] / known : $0 }
    return x.reshaped(Shape(lengths[..<axis] + resolved + lengths[(axis + 1)...]))
  }

  private static func moved(_ x: Tensor, _ source: [Int], _ destination: [Int]) -> Tensor {
    let from = source.map { $0 < 0 ? $0 + x.rank : $0 }
    let to = destination.map { $0 < 0 ? $0 + x.rank : $0 }
    var rest = (0..<x.rank).filter { !from.contains($0) }[...]
    return x.permuted(
      (0..<x.rank).map { axis in to.firstIndex(of: axis).map { from[$0] } ?? rest.removeFirst() })
  }

  /// Only axes of length 1 go.
  private static func squeezed(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    guard let dims = try arguments.optionalInts(1, "dim") else { return x.squeezed() }
    let axes = Set(dims.map { $0 < 0 ? $0 + x.rank : $0 })
    return x.reshaped(
      Shape(x.shape.indices.filter { !axes.contains($0) || x.shape[$0] != 1 }.map { x.shape[$0] }))
  }

  private static func transposed(_ x: Tensor, _ first: Int, _ second: Int) -> Tensor {
    x.rank == 0 ? x : x.transposed(first, second)
  }
}
