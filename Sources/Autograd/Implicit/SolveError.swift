/// An equation had no solution that could be found, or none with a derivative.
public enum SolveError: Error, Hashable, Sendable, CustomStringConvertible {
  /// After so many steps the residual's largest magnitude was still this.
  case noConvergence(operation: String, steps: Int, residual: Double)
  /// The derivative of the equation with respect to the unknowns has no inverse at the solution.
  case singular(operation: String, size: Int)
  /// The derivative of the equation with respect to the unknowns, a dense float64 matrix, is larger than half of the
  /// machine's memory. Thrown before that is asked for.
  case tooLarge(operation: String, size: Int, bytes: Int)

  /// Which solve failed and why: what is left of the residual and what to change, or which derivative is singular.
  public var description: String {
    switch self {
    case .noConvergence(let operation, let steps, let residual):
      "\(operation): no convergence in \(steps) steps, the residual is still \(residual); start nearer, allow more "
        + "steps or a larger tolerance"
    case .singular(let operation, let size):
      "\(operation): the derivative of the equation with respect to its \(size) unknowns is singular at the "
        + "solution, so the solution has no derivative there"
    case .tooLarge(let operation, let size, let bytes):
      "\(operation): the derivative of the equation with respect to its \(size) unknowns needs \(bytes) bytes, more "
        + "than half of the machine's memory; solve independent parts of it one by one"
    }
  }
}
