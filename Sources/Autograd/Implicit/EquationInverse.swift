import Synchronization
import Tensor

/// The inverse of dF/dx at a point: by factors of the dense matrix where there are few unknowns, by products where
/// there are many; by factors, too, where products find no solution.
final class EquationInverse: Sendable {
  private let operation: String
  private let size: Int
  private let dtype: DType
  private let derivative: UnsafeSendable<Derivative>
  private let factors: Mutex<LUFactors?>

  /// F's derivative, recorded at the point.
  private struct Derivative {
    let call: Recording<[Tensor]>
    let forward: Pushforward
    let rows: BlockMap
  }

  /// Unknowns of which a matrix and its factors take no longer than the products of a solve.
  static let fewUnknowns = 256

  /// - Parameter call: F of a vector of floating-point numbers.
  /// - Throws: Where there are few unknowns and the derivative is singular.
  init(_ operation: String, _ call: Recording<[Tensor]>) throws(SolveError) {
    let x = call.inputs[0]
    self.operation = operation
    (size, dtype) = (x.count, x.dtype)
    let forward = Pushforward(call, to: call.output)
    derivative = UnsafeSendable(Derivative(call: call, forward: forward, rows: forward.reversed(call)))
    let found = size <= EquationInverse.fewUnknowns ? try EquationInverse.factors(operation, derivative.value) : nil
    factors = Mutex(found)
  }

  /// The solutions for right sides that are rows: [rows, size]. Of a right side that is not finite, none of the
  /// solution is a number, but what factors make of an infinity.
  func solve(_ rows: Tensor, transposed: Bool) throws(SolveError) -> Tensor {
    if let factors = factors.withLock({ $0 }) { return factors.solve(rows, transposed: transposed) }
    return try withoutGrad { () throws(SolveError) in
      // A rehearsal has arbitrary numbers; how many products are taken depends on them.
      if Meter.isRehearsal {
        let some = VectorSpace([rows]).irregular().reshaped(rows.shape)
        return try Meter.computing { () throws(SolveError) in try solve(finite: some, transposed) }
      }
      let areFinite = norms(rows).map(\.isFinite)
      if !areFinite.contains(false) { return try solve(finite: rows, transposed) }
      let mask = column(areFinite.map { $0 ? 1 : 0 }, like: rows) .> 0
      let found = try solve(finite: `where`(mask, rows, 0), transposed)
      return `where`(mask, found, .nan)
    }
  }

  private func solve(finite rows: Tensor, _ transposed: Bool) throws(SolveError) -> Tensor {
    let system = GMRES(rows) { [self] in product($0, transposed) }
    if system.isConverged { return system.solution }
    let found = try EquationInverse.factors(operation, derivative.value)
    factors.withLock { $0 = found }
    return found.solve(rows, transposed: transposed)
  }

  /// The derivative, or its transpose, times vectors that are rows.
  private func product(_ rows: Tensor, _ transposed: Bool) -> Tensor {
    let (call, forward) = (derivative.value.call, derivative.value.forward)
    if forward.isZero { return Tensor.zeros(like: rows) }
    let found = transposed ? call.pullback(call.output, [rows]) : forward([rows])
    return found[0] ?? Tensor.zeros(like: rows)
  }

  /// The dense matrix, factored. Rows are pulled in blocks, straight into the matrix.
  private static func factors(_ operation: String, _ derivative: Derivative) throws(SolveError) -> LUFactors {
    let x = derivative.call.inputs[0]
    let bytes = x.count.multipliedClamped(x.count).multipliedClamped(DType.float64.byteCount)
    guard bytes <= MemoryBudget.automatic.bytes else {
      throw .tooLarge(operation: operation, size: x.count, bytes: bytes)
    }
    let found = LUFactors(size: x.count, dtype: x.dtype) { derivative.rows.write(into: $0) }
    guard let found else { throw .singular(operation: operation, size: x.count) }
    return found
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
      let part = products(0, .basis(chunk.rows, like: sources[0]))[0] ?? Tensor.zeros([1, 1], dtype: matrix.dtype)
      StridedCopy.copy(part.expanded(to: rows.shape).storage, into: rows)
    }
    guard isParallel(chunks, .max) else { return chunks.forEach(write) }
    let shared = UnsafeSendable((write: write, chunks: chunks))
    Parallel.runAlone(chunks.count) { shared.value.write(shared.value.chunks[$0]) }
  }
}
