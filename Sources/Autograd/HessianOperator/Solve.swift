import Tensor

/// Why a linear system was not solved.
public enum ConjugateGradientError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The residual, relative to the right side, that was left after so many iterations.
  case notConverged(iterations: Int, residual: Double)
  /// A direction d with d'Hd <= 0 was met: the matrix is not positive definite. `curvature` is d'Hd / d'd.
  case negativeCurvature(iteration: Int, curvature: Double)
  /// A product was not finite.
  case notFinite(iteration: Int)

  /// Where the solve stood when it ended, and what to change.
  public var description: String {
    switch self {
    case .notConverged(let iterations, let residual):
      "solve: the relative residual is \(residual) after \(iterations) iterations; give more maxIterations:, a larger "
        + "tolerance:, or damping:"
    case .negativeCurvature(let iteration, let curvature):
      "solve: met a direction of curvature \(curvature) in iteration \(iteration); the matrix is not positive "
        + "definite: add damping, or use a Gauss-Newton operator"
    case .notFinite(let iteration): "solve: a product is not finite in iteration \(iteration)"
    }
  }
}

/// Where conjugate gradients ended.
public struct ConjugateGradientResult<Input: TensorStructure> {
  /// The last iterate; before a direction of negative curvature, where one was met.
  public let solution: Input
  /// Products that were made, each of all right sides together.
  public let iterations: Int
  /// The 2-norms of the residuals, relative to those of the right sides, by the recurrence: one for each, in row-major
  /// order of the leading axes.
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
  /// preconditioner brings them together. Six vectors are held, and two of float64 while lengths are taken. Right sides
  /// under leading axes are solved together, a block of products an iteration until the last is solved. What it gives
  /// is a constant to every derivative.
  /// - Parameters:
  ///   - b: Of the input's structure, shapes and dtypes; its tensors may carry extra leading axes, all the same.
  ///   - tolerance: Of the residual's 2-norm, relative to that of `b`, as the recurrence has it; 0 or more.
  ///   - maxIterations: Unless told ten times the number of elements: rounding makes it more than the number itself.
  ///   - damping: A finite number that is added to the diagonal.
  ///   - preconditioner: v -> M^-1 v of a vector like `b`, with its leading axes: linear, symmetric and positive
  ///     definite, near the inverse of H + damping. Once an iteration.
  /// - Throws: ``ConjugateGradientError`` where it does not converge or H + damping is not positive definite.
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
  /// Newton methods go on from there.
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
        solution: b, iterations: 0, residuals: [], failure: nil, negativeCurvatureDirection: nil)
    }
    return withoutGrad {
      let lead = lead(right, over: space.templates)
      let precondition = preconditioner.map { given in { flatPreconditioner(given, b, $0, lead) } }
      var state = ConjugateGradients(
        right: space.joined(right, lead: lead), tolerance: tolerance, preconditioner: precondition)
      let limit = maxIterations ?? Swift.max(10 * count, 1)
      while !state.isDone && state.iterations < limit { state.iterate { flat($0, damping: damping) } }
      let (failure, direction) = state.failure
      return ConjugateGradientResult(
        solution: b.with(space.split(state.solution)), iterations: state.iterations, residuals: state.residuals,
        failure: failure, negativeCurvatureDirection: direction.map { b.with(space.split($0)) })
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
