import Tensor

/// dF/dx, recorded at a point: its products, and the dense matrix.
struct EquationDerivative {
  private let call: Recording<[Tensor]>
  private let forward: Pushforward

  /// - Parameter call: F of a vector.
  init(_ call: Recording<[Tensor]>) {
    self.call = call
    forward = Pushforward(call, to: call.output)
  }

  /// The matrix, or its transpose, times vectors that are rows.
  func product(_ rows: Tensor, transposed: Bool) -> Tensor {
    if forward.isZero { return Tensor.zeros(like: rows) }
    if !forward.tape.takesBlocks, rows.rank > 1 {
      return stacked((0..<rows.shape[0]).map { product(rows[$0], transposed: transposed) })
    }
    return (transposed ? call.pullback(call.output, [rows]) : forward([rows]))[0] ?? Tensor.zeros(like: rows)
  }

  /// The dense matrix, factored. Rows are pulled in blocks, straight into it.
  func factors(_ operation: String) throws(SolveError) -> LUFactors {
    let x = call.inputs[0]
    let bytes = x.count.multipliedClamped(x.count).multipliedClamped(DType.float64.byteCount)
    guard bytes <= MemoryBudget.automatic.bytes else {
      throw .tooLarge(operation: operation, size: x.count, bytes: bytes)
    }
    let rows = forward.reversed(call)
    guard let factors = LUFactors(size: x.count, dtype: x.dtype, fill: { rows.write(into: $0) }) else {
      throw .singular(operation: operation, size: x.count)
    }
    return factors
  }
}

extension BlockMap {
  /// Writes the products of one source with one target to the rows of a matrix of any floating-point dtype; beside it
  /// a block is alive on each thread.
  fileprivate func write(into matrix: Storage) {
    let chunks = chunks(.max)
    let width = targets[0].count
    let write = { (chunk: Chunk) in
      let rows = Storage(
        viewing: matrix, shape: [chunk.rows.count, width], strides: [width, 1], offset: chunk.rows.lowerBound * width)
      let part = products(0, chunk.rows, nil)[0] ?? Tensor.zeros([1, 1], dtype: matrix.dtype)
      StridedCopy.copy(part.expanded(to: rows.shape).storage, into: rows)
    }
    guard isParallel(chunks, .max) else { return chunks.forEach(write) }
    let shared = UnsafeSendable((write: write, chunks: chunks))
    Parallel.runAlone(chunks.count) { shared.value.write(shared.value.chunks[$0]) }
  }
}
