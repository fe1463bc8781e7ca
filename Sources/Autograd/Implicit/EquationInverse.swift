import Synchronization
import Tensor

/// The inverse of dF/dx at a point: by factors of the dense matrix where there are few unknowns, by products where
/// there are many; by factors, too, where products find no solution or would be more than a matrix takes.
final class EquationInverse: Sendable {
  private let operation: String
  private let size: Int
  private let state: Mutex<State>

  private struct State: @unchecked Sendable {  // of constants, which any thread may multiply with
    var means: Means
    var solvedRows = 0
    /// Whether a right side that no singular matrix reaches was solved, or need not be.
    var isRegular: Bool
  }

  /// What solves. The recorded derivative, a graph, is let go when the matrix is factored.
  private enum Means {
    case products(EquationDerivative)
    case factors(LUFactors)
  }

  /// Unknowns of which a matrix and its factors take no longer than the products of a solve.
  private static let fewUnknowns = 256
  /// Unknowns of which they take no longer than the products of many solves: a right side for every sixteenth.
  private static let someUnknowns = 2048
  private static let productsOfSolve = 16
  /// Numbers that the vectors of right sides that are solved together may take.
  private static let mostNumbers = 1 << 24

  /// - Parameters:
  ///   - call: F of a vector of floating-point numbers.
  ///   - isRegular: Whether the derivative is known to have an inverse, or it will be seen in another way.
  /// - Throws: Where there are few unknowns and the derivative is singular.
  init(_ operation: String, _ call: Recording<[Tensor]>, isRegular: Bool) throws(SolveError) {
    self.operation = operation
    size = call.inputs[0].count
    let derivative = EquationDerivative(call)
    let means: Means =
      size <= EquationInverse.fewUnknowns ? .factors(try derivative.factors(operation)) : .products(derivative)
    state = Mutex(State(means: means, isRegular: isRegular))
  }

  /// The solutions for right sides that are rows: [rows, size]. Of a right side with a NaN all is NaN, and nothing
  /// finite depends on an infinity.
  func solve(_ rows: Tensor, transposed: Bool) throws(SolveError) -> Tensor {
    try checkRegularity(rows.dtype, transposed)
    let known = state.withLock { state in
      state.solvedRows += rows.shape[0]
      return state
    }
    switch known.means {
    case .factors(let factors): return factors.solve(rows, transposed: transposed)
    case .products(let derivative):
      let isWorthFactoring =
        size <= EquationInverse.someUnknowns && known.solvedRows * EquationInverse.productsOfSolve > size
      if isWorthFactoring { return try factored(derivative).solve(rows, transposed: transposed) }
      return try withoutGrad { () throws(SolveError) in
        try solveByProducts(rows, derivative, transposed)
      }
    }
  }

  /// As many rows at once as fit.
  private func solveByProducts(
    _ rows: Tensor, _ derivative: EquationDerivative, _ transposed: Bool
  ) throws(SolveError) -> Tensor {
    let most = Swift.max(EquationInverse.mostNumbers / (GMRES.dimension * size), 1)
    guard rows.shape[0] > most else { return try solveTogether(rows, derivative, transposed) }
    var parts: [Tensor] = []
    for first in stride(from: 0, to: rows.shape[0], by: most) {
      let part = rows[first..<Swift.min(first + most, rows.shape[0])]
      // A part that products do not solve leaves factors for the next.
      if case .factors(let factors) = state.withLock({ $0.means }) {
        parts.append(factors.solve(part, transposed: transposed))
      } else {
        parts.append(try solveTogether(part, derivative, transposed))
      }
    }
    return concatenated(parts)
  }

  private func solveTogether(
    _ rows: Tensor, _ derivative: EquationDerivative, _ transposed: Bool
  ) throws(SolveError) -> Tensor {
    // A rehearsal has arbitrary numbers; how many products are taken depends on them.
    if Meter.isRehearsal {
      let some = VectorSpace([rows]).irregular().reshaped(rows.shape)
      return try Meter.computing { () throws(SolveError) in try solveFinite(some, derivative, transposed) }
    }
    let areFinite = norms(rows).map(\.isFinite)
    if !areFinite.contains(false) { return try solveFinite(rows, derivative, transposed) }
    let mask = column(areFinite.map { $0 ? 1 : 0 }, like: rows) .> 0
    return `where`(mask, try solveFinite(`where`(mask, rows, 0), derivative, transposed), .nan)
  }

  private func solveFinite(
    _ rows: Tensor, _ derivative: EquationDerivative, _ transposed: Bool
  ) throws(SolveError) -> Tensor {
    // Dividing by powers of two changes no digit, and a right side of whatever size is as good as any.
    let units = column(powersOfTwo(rows), like: rows)
    // Sums of many float32 numbers round more than their unit; a few unknowns' matrix is the better answer to that.
    let tolerated = size <= EquationInverse.someUnknowns ? 4.0 : 16
    let system = GMRES(rows / units, tolerated: tolerated) { derivative.product($0, transposed: transposed) }
    return system.isConverged
      ? system.solution * units : try factored(derivative).solve(rows, transposed: transposed)
  }

  /// Solves for a right side without regularity. Where the matrix is singular there is no solution, while for another
  /// right side there may be one, which is not the only one.
  private func checkRegularity(_ dtype: DType, _ transposed: Bool) throws(SolveError) {
    let known = state.withLock { $0 }
    guard case .products(let derivative) = known.means, !known.isRegular else { return }
    try withoutGrad { () throws(SolveError) in
      let some = VectorSpace([Tensor.zeros([size], dtype: dtype)]).irregular()
      _ = try solveTogether(some.unsqueezed(axis: 0), derivative, transposed)
    }
    state.withLock { $0.isRegular = true }
  }

  private func factored(_ derivative: EquationDerivative) throws(SolveError) -> LUFactors {
    let factors = try derivative.factors(operation)
    state.withLock { $0.means = .factors(factors) }
    return factors
  }
}
