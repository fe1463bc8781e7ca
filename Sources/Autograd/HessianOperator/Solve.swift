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
      "solve: the relative residual is \(residual) after \(iterations) iterations; allow more, a larger tolerance, or "
        + "add damping"
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
  /// Products that were made.
  public let iterations: Int
  /// The 2-norm of the residual, relative to that of the right side, by the recurrence.
  public let residual: Double
  /// Why it is no solution; nil where it is one.
  public let failure: ConjugateGradientError?
  /// The direction of negative curvature, where one was met.
  public let negativeCurvatureDirection: Input?
}

extension HessianOperator {
  /// Solves (H + damping) x = b by conjugate gradients (Hestenes and Stiefel, 1952).
  ///
  /// One product an iteration; in exact arithmetic as many iterations as H has different eigenvalues. Six
  /// vectors are held. What it gives is a constant to every derivative.
  /// - Parameters:
  ///   - b: Of the input's structure, shapes and dtypes.
  ///   - tolerance: Of the residual's 2-norm, relative to that of `b`, as the recurrence has it; 0 or more.
  ///   - maxIterations: The number of elements unless told.
  ///   - damping: A finite number that is added to the diagonal.
  /// - Throws: ``ConjugateGradientError`` where it does not converge or H + damping is not positive definite.
  public func solve(
    _ b: Input, tolerance: Double = 1e-5, maxIterations: Int? = nil, damping: Double = 0
  ) throws(ConjugateGradientError) -> Input {
    let result = conjugateGradients(b, tolerance: tolerance, maxIterations: maxIterations, damping: damping)
    if let failure = result.failure { throw failure }
    return result.solution
  }

  /// As ``solve(_:tolerance:maxIterations:damping:)``, but gives what it has where that fails: inexact Newton
  /// methods go on from there.
  public func conjugateGradients(
    _ b: Input, tolerance: Double = 1e-5, maxIterations: Int? = nil, damping: Double = 0
  ) -> ConjugateGradientResult<Input> {
    // What is given after a report.
    let nothing = ConjugateGradientResult(
      solution: b, iterations: 0, residual: 0, failure: nil, negativeCurvatureDirection: nil)
    guard fit(b.tensors, map.space.templates, "solve", "right side", "input"),
      lead(b.tensors, over: map.space.templates) == []
    else {
      if lead(b.tensors, over: map.space.templates) != [] {
        Misuse.report("solve", "the right side has leading axes; solve for one vector at a time")
      }
      return nothing
    }
    guard isTolerance(tolerance, "solve"), isDamping(damping, "solve"),
      isIterations(maxIterations ?? 0, "solve", least: 0)
    else { return nothing }
    return withoutGrad {
      var state = ConjugateGradients(right: map.space.joined(b.tensors.map { $0.detached() }), tolerance: tolerance)
      let limit = maxIterations ?? Swift.max(count, 1)
      while !state.isDone && state.iterations < limit { state.iterate { flat($0, damping: damping) } }
      let (failure, direction) = state.failure
      return ConjugateGradientResult(
        solution: b.with(map.space.split(state.unscaledSolution)), iterations: state.iterations, residual: state.residual,
        failure: failure, negativeCurvatureDirection: direction.map { b.with(map.space.split($0)) })
    }
  }

  /// (H + damping) v for a vector of all elements, or for a block of them.
  func flat(_ vector: Tensor, damping: Double = 0) -> Tensor {
    let product = map.flat(vector)
    return damping == 0 ? product : product + damping * vector
  }
}

/// The iteration's vectors, in units of the right side's magnitude, so that a small one is no zero.
private struct ConjugateGradients {
  private var solution: Tensor
  private(set) var iterations = 0
  private var remainder: Tensor
  private var direction: Tensor
  private var square: Double
  private let target: Double
  private let unit: Tensor
  private let rightNorm: Double
  private var stop: (error: ConjugateGradientError, direction: Tensor?)?

  private static let step = Formula("conjugateGradientStep") { x, d, s in x + s * d }

  init(right: Tensor, tolerance: Double) {
    unit = column(powersOfTwo(right), like: right)
    solution = Tensor.zeros(like: right)
    remainder = right / unit
    direction = remainder
    square = innerProducts(remainder, remainder)[0]
    rightNorm = square.squareRoot()
    target = tolerance * rightNorm
  }

  var unscaledSolution: Tensor { solution * unit }
  var residual: Double { rightNorm == 0 ? 0 : square.squareRoot() / rightNorm }
  private var isConverged: Bool { square.squareRoot() <= target }
  var isDone: Bool { isConverged || stop != nil }

  var failure: (ConjugateGradientError?, Tensor?) {
    if let stop { return (stop.error, stop.direction.map { $0 * unit }) }
    return (isConverged ? nil : .notConverged(iterations: iterations, residual: residual), nil)
  }

  private func moved(_ x: Tensor, _ d: Tensor, _ s: Double) -> Tensor {
    Self.step([x, d, Tensor.full([], s, dtype: x.dtype)])[0]
  }

  mutating func iterate(_ product: (Tensor) -> Tensor) {
    iterations += 1
    let image = product(direction)
    let curvature = innerProducts(direction, image)[0]
    guard curvature.isFinite else { return stop = (.notFinite(iteration: iterations), nil) }
    guard curvature > 0 else {
      let length = innerProducts(direction, direction)[0]
      return stop = (.negativeCurvature(iteration: iterations, curvature: curvature / length), direction)
    }
    let step = square / curvature
    solution = moved(solution, direction, step)
    remainder = moved(remainder, image, -step)
    let before = square
    square = innerProducts(remainder, remainder)[0]
    guard square.isFinite else { return stop = (.notFinite(iteration: iterations), nil) }
    direction = moved(remainder, direction, square / before)
  }
}
