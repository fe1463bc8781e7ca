import Autograd

/// Products of vectors and matrices.
enum LinearAlgebra {
  static func add(to table: inout OperatorTable) {
    table["__rmatmul__"] = { try matmul($0.tensor(1), $0.tensor(0)) }
    table["addbmm"] = { try blended($0, matmul($0.tensor(1), $0.tensor(2)).sum(axis: 0)) }
    table["addmm"] = { try blended($0, matmul($0.tensor(1), $0.tensor(2))) }
    table["addmv"] = { try blended($0, matmul($0.tensor(1), $0.tensor(2))) }
    table["addr"] = { try blended($0, outer($0.tensor(1), $0.tensor(2))) }
    table["baddbmm"] = { try blended($0, matmul($0.tensor(1), $0.tensor(2))) }
    table["bmm"] = { try matmul($0.tensor(0), $0.tensor(1)) }
    table["cross"] = { try cross($0.tensor(0), $0.tensor(1), axis: $0.int(2, "dim", default: -1)) }
    table["dot"] = { try dot($0.tensor(0), $0.tensor(1)) }
    table["einsum"] = { try einsum($0.string(1), $0.tensors()) }
    table["inner"] = { try inner($0.tensor(0), $0.tensor(1)) }
    table["kron"] = { try kron($0.tensor(0), $0.tensor(1)) }
    table["linalg.cross"] = { try cross($0.tensor(0), $0.tensor(1), axis: $0.int(nil, "dim", default: -1)) }
    table["linalg.multi_dot"] = { try product($0.tensors()) }
    table["linalg.vecdot"] = { try ($0.tensor(0) * $0.tensor(1)).sum(axis: $0.int(nil, "dim", default: -1)) }
    table["matmul"] = { try matmul($0.tensor(0), $0.tensor(1)) }
    table["mm"] = { try matmul($0.tensor(0), $0.tensor(1)) }
    table["mv"] = { try matmul($0.tensor(0), $0.tensor(1)) }
    table["outer"] = { try outer($0.tensor(0), $0.tensor(1)) }
    table["tensordot"] = { try contracted($0) }
    table["vdot"] = { try dot($0.tensor(0), $0.tensor(1)) }
  }

  /// beta * input + alpha * product.
  private static func blended(_ arguments: Arguments, _ product: Tensor) throws -> Tensor {
    let beta = try arguments.double(nil, "beta", default: 1)
    let alpha = try arguments.double(nil, "alpha", default: 1)
    return try arguments.tensor(0) * beta + product * alpha
  }

  /// Over the last axes, all others side by side; a tensor of rank 0 scales.
  private static func inner(_ a: Tensor, _ b: Tensor) -> Tensor {
    if a.rank == 0 || b.rank == 0 { return a * b }
    let length = a.shape[a.rank - 1]
    let rows = matmul(
      a.reshaped([a.count / max(length, 1), length]),
      b.reshaped([b.count / max(length, 1), length]).transposed())
    return rows.reshaped(Shape(Array(a.shape.dropLast()) + Array(b.shape.dropLast())))
  }

  private static func product(_ factors: [Tensor]) -> Tensor {
    factors.dropFirst().reduce(factors[0], matmul)
  }

  /// Over a number of axes, or over lists of them.
  private static func contracted(_ arguments: Arguments) throws -> Tensor {
    let (a, b) = try (arguments.tensor(0), arguments.tensor(1))
    if let axes = try arguments.intLists(2, "dims") { return tensordot(a, b, axes: (axes[0], axes[1])) }
    return try tensordot(a, b, axes: arguments.int(2, "dims", default: 2))
  }
}
