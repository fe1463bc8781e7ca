import Tensor

/// Why a linear system was not solved.
public enum ConjugateGradientError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The residual, relative to the right side and computed, that was left after so many iterations: they were all that
  /// were allowed, or further ones do not make it smaller, because rounding in the dtype is what is left of it at this
  /// conditioning.
  case notConverged(iterations: Int, residual: Double)
  /// A direction d with d'Hd <= 0, but for rounding, was met: the matrix is not positive definite. `curvature` is
  /// d'Hd / d'd; where that is zero or hardly more, the matrix may be semidefinite.
  case negativeCurvature(iteration: Int, curvature: Double)
  /// A product was not finite; where the iteration is 0, the right side was not.
  case notFinite(iteration: Int)

  /// Where the solve stood when it ended, and what to change.
  public var description: String {
    switch self {
    case .notConverged(let iterations, let residual):
      "solve: the relative residual is \(residual) after \(iterations) iterations; give more maxIterations:, a larger "
        + "tolerance:, or damping:. Where more iterations were allowed, the tolerance is below what the dtype reaches "
        + "at this conditioning: use float64, damping:, or a larger tolerance:"
    case .negativeCurvature(let iteration, let curvature):
      "solve: met a direction of curvature \(curvature)\(curvature > 0 ? ", zero but for rounding," : "") in iteration "
        + "\(iteration); the matrix is not positive definite: add damping, or use a Gauss-Newton operator"
    case .notFinite(0): "solve: the right side is not finite"
    case .notFinite(let iteration): "solve: a product is not finite in iteration \(iteration)"
    }
  }
}

/// Where conjugate gradients ended.
public struct ConjugateGradientResult<Input: TensorStructure> {
  /// The last iterate; before a direction of negative curvature, where one was met. Where the residual has grown as it
  /// cannot but by rounding, the one of the smallest residual; where more than one was verified, the best of those.
  public let solution: Input
  /// The steps that were taken, each for one product of all right sides together.
  public let iterations: Int
  /// The products that were made beside those, to compute residuals: one, one more for each time that the iteration
  /// went on because the recurrence had been wrong, and one where an earlier iterate was taken; none without iterations.
  public let confirmations: Int
  /// The 2-norms of the residuals b - (H + damping) x, computed, relative to those of the right sides: one for each, in
  /// row-major order of the leading axes. NaN of a right side that is not finite; where products are not, what the
  /// recurrence had last.
  public let residuals: [Double]
  /// Why it is no solution, of the first right side for which it is none; nil where it is one.
  public let failure: ConjugateGradientError?
  /// The direction of negative curvature, where one was met (of the first right side for which it was).
  public let negativeCurvatureDirection: Input?

  /// The largest of ``residuals``.
  public var residual: Double { residuals.reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 } }
}

extension HessianOperator {
  /// Solves (H + damping) x = b by conjugate gradients (Hestenes and Stiefel, 1952).
  ///
  ///     try H.solve(b, tolerance: 1e-8) { r in r / diagonal }     // with a preconditioner
  ///
  /// One product an iteration; in exact arithmetic as many iterations as H has different eigenvalues, fewer where a
  /// preconditioner brings them together. Seven vectors are held, and two of float64 while lengths are taken. Right
  /// sides under leading axes are solved together, a block of products an iteration until the last is solved. What it
  /// gives is a constant to every derivative.
  ///
  /// The recurrence of the residual drifts away from the truth where the matrix is badly conditioned. So one product
  /// more computes the residual in the end. Where that is above twice the tolerance, the iteration goes on from it, and
  /// computes it again when the recurrence says so: two products more, and another one as often as it was halved; then
  /// an eighth vector is held.
  /// - Parameters:
  ///   - b: Of the input's structure, shapes and dtypes; its tensors may carry extra leading axes, all the same.
  ///   - tolerance: Of the residual's 2-norm, relative to that of `b`; 0 or more. Iterations end where the recurrence
  ///     has it, and up to twice as much is accepted of the computed one.
  ///   - maxIterations: Unless told ten times the number of elements: rounding makes it more than the number itself.
  ///   - damping: A finite number that is added to the diagonal.
  ///   - preconditioner: v -> M^-1 v of a vector like `b`, with its leading axes: linear, symmetric and positive
  ///     definite, near the inverse of H + damping. Once an iteration.
  /// - Throws: ``ConjugateGradientError`` where it does not converge, H + damping is not positive definite but for
  ///   rounding, or `b` is not finite. A singular matrix is met where `b` has a part that it does not reach.
  public func solve(
    _ b: Input, tolerance: Double = 1e-5, maxIterations: Int? = nil, damping: Double = 0,
    preconditioner: ((Input) -> Input)? = nil
  ) throws(ConjugateGradientError) -> Input {
    let result = conjugateGradients(
      b, tolerance: tolerance, maxIterations: maxIterations, damping: damping, preconditioner: preconditioner)
    if let failure = result.failure { throw failure }
    return result.solution
  }

  /// As ``solve(_:tolerance:maxIterations:damping:preconditioner:)``, but gives what it has where that fails: inexact
  /// Newton methods go on from there. Other right sides of a block are solved all the same.
  public func conjugateGradients(
    _ b: Input, tolerance: Double = 1e-5, maxIterations: Int? = nil, damping: Double = 0,
    preconditioner: ((Input) -> Input)? = nil
  ) -> ConjugateGradientResult<Input> {
    let space = map.space
    let right = b.tensors.map { $0.detached() }
    guard fit(b, gradient, "solve", "right side", "input"), isTolerance(tolerance, "solve"),
      isDamping(damping, "solve"), isIterations(maxIterations ?? 0, "solve", least: 0)
    else {
      return ConjugateGradientResult(
        solution: b, iterations: 0, confirmations: 0, residuals: [], failure: nil,
        negativeCurvatureDirection: nil)
    }
    return withoutGrad {
      let lead = lead(right, over: space.templates)
      let precondition = preconditioner.map { given in { flatPreconditioner(given, b, $0, lead) } }
      var state = ConjugateGradients(
        right: space.joined(right, lead: lead), tolerance: tolerance, preconditioner: precondition)
      let limit = maxIterations ?? Swift.max(10 * count, 1)
      state.run(limit: limit) { flat($0, damping: damping) }
      let (failure, direction) = state.failure
      return ConjugateGradientResult(
        solution: b.with(space.split(state.solution)), iterations: state.iterations,
        confirmations: state.confirmations, residuals: state.residuals, failure: failure,
        negativeCurvatureDirection: direction.map { b.with(space.split($0)) })
    }
  }

  /// (H + damping) v for a vector of all elements, or for a block of them.
  func flat(_ vector: Tensor, damping: Double = 0) -> Tensor {
    let product = map.flat(vector)
    return damping == 0 ? product : product + damping * vector
  }

  /// A preconditioner of structures, of vectors of all elements; the vector itself after a report.
  private func flatPreconditioner(
    _ preconditioner: (Input) -> Input, _ structure: Input, _ vector: Tensor, _ lead: Shape
  ) -> Tensor {
    let given = map.space.split(vector)
    let image = preconditioner(structure.with(given))
    let found = image.tensors
    guard fit(image, gradient, "solve", "preconditioner's result", "input"),
      Autograd.lead(found, over: map.space.templates) == lead
    else {
      Misuse.report("solve", "the preconditioner's result has other leading axes than the right side, \(lead)")
      return vector
    }
    return map.space.joined(found.map { $0.detached() }, lead: lead)
  }
}
