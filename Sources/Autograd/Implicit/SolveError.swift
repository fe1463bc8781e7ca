/// An equation had no solution that could be found, or none with a derivative.
public enum SolveError: Error, Hashable, Sendable, CustomStringConvertible {
  /// After so many steps the residual's largest magnitude was still this; not finite where the iteration ran away.
  case noConvergence(operation: String, steps: Int, residual: Double)
  /// The derivative of the equation with respect to the unknowns has no inverse: at the solution, or on the way to it.
  case singular(operation: String, size: Int)
  /// The derivative of the equation with respect to the unknowns could not be inverted by its products, and as a dense
  /// float64 matrix is larger than half of the machine's memory. Thrown before that is asked for.
  case tooLarge(operation: String, size: Int, bytes: Int)

  /// Which solve failed and why: what is left of the residual and what to change, or which derivative is singular.
  public var description: String { "\(operation): \(reason)" }

  private var operation: String {
    switch self {
    case .noConvergence(let operation, _, _), .singular(let operation, _), .tooLarge(let operation, _, _): operation
    }
  }

  /// The description without the operation's name.
  var reason: String {
    switch self {
    case .noConvergence(_, let steps, let residual) where !residual.isFinite:
      "the iteration ran away: after \(steps) steps the residual is \(residual); start nearer to a solution, where the "
        + "function is finite" + (operation == "fixedPoint" ? " and its steps bring points nearer to each other" : "")
    case .noConvergence(_, let steps, let residual):
      "no convergence in \(steps) steps, the residual is still \(residual); start nearer, allow more "
        + "steps or a larger tolerance"
    case .singular(_, let size):
      "the derivative of the equation with respect to its \(size) unknowns is singular: a solution has no derivative "
        + "there, and Newton's method no step; start elsewhere, and see that the equation determines its unknowns"
    case .tooLarge(_, let size, let bytes):
      "products with the derivative of the equation with respect to its \(size) unknowns do not invert it (GMRES), and "
        + "as a matrix it needs \(bytes) bytes, more than half of the machine's memory; solve independent parts of the "
        + "equation one by one, or bring its unknowns to one scale"
    }
  }
}
