import Tensor

/// Why what was asked of a matrix's eigenvalues could not be told.
public enum SpectrumError: Error, Sendable, Hashable, CustomStringConvertible {
  /// How far the eigenvalues may still be off, relative to the largest magnitude, after so many products.
  case notConverged(iterations: Int, error: Double)
  /// The matrix is not positive definite: it has an eigenvalue as small as this, which is zero but for rounding where
  /// it is positive.
  case notPositiveDefinite(eigenvalue: Double)
  /// A product was not finite.
  case notFinite(iteration: Int)

  /// Which call failed, with its iteration, error or eigenvalue, and what it needs.
  public var description: String {
    switch self {
    case .notConverged(let iterations, let error):
      "extremeEigenvalues: the relative error may be \(error) after \(iterations) iterations; give more "
        + "maxIterations:, or a larger tolerance:"
    case .notPositiveDefinite(let value):
      "logDeterminant: needs a positive definite matrix, but an eigenvalue is at most \(value)"
        + (value > 0 ? ", which is zero but for rounding" : "")
    case .notFinite(let iteration): "HessianOperator: a product is not finite in iteration \(iteration)"
    }
  }
}

/// An eigenvalue of a symmetric matrix, with a vector that goes with it.
public struct Eigenpair<Input: TensorStructure> {
  /// The eigenvalue.
  public let value: Double
  /// The eigenvector, of length 1 over all tensors; its sign is arbitrary.
  public let vector: Input
  /// The 2-norm of Hv - value v, computed: the matrix has an eigenvalue no farther off.
  public let residual: Double
}

extension Eigenpair: Sendable where Input: Sendable {}

extension HessianOperator {
  /// The smallest and the largest eigenvalue of H + damping, by the Lanczos method from a random vector.
  ///
  /// One product an iteration, and memory for one vector each. Constants to every derivative.
  ///
  /// What is found is the ends of what the random vector shows in so many products. A lone eigenvalue close beside a
  /// bulk of others may not have shown when the bulk's own end is known to the tolerance, and is missed then: a smaller
  /// tolerance finds it. An end that lies in a dense bulk takes hundreds of products.
  ///
  /// - Parameters:
  ///   - tolerance: How far each of both may be from an eigenvalue, relative to the larger magnitude; 0 or more.
  ///   - maxIterations: At least one; at most as many as there are elements are made.
  ///   - damping: A finite number that is added to the diagonal.
  /// - Precondition: At least one element.
  /// - Throws: ``SpectrumError`` where it does not converge, or a product is not finite.
  public func extremeEigenvalues(
    tolerance: Double = 1e-4, maxIterations: Int = 500, damping: Double = 0, using generator: inout RandomGenerator
  ) throws(SpectrumError) -> (smallest: Double, largest: Double) {
    guard areRight("extremeEigenvalues", tolerance, maxIterations, damping) else { return (.nan, .nan) }
    return try extremes(tolerance, maxIterations, damping, &generator) { _, spectrum, _ in
      ((smallest: spectrum.values.first!, largest: spectrum.values.last!), 0)
    }
  }

  /// The smallest and the largest eigenvalue of H + damping, each with an eigenvector, by the Lanczos method from a
  /// random vector.
  ///
  ///     let (lowest, sharpest) = try H.extremeEigenpairs(using: &generator)
  ///     lowest.vector       // a direction of negative curvature, if lowest.value < 0
  ///     sharpest.value      // the largest curvature
  ///
  /// As ``extremeEigenvalues(tolerance:maxIterations:damping:using:)``, with two products more for residuals, that are
  /// held against the tolerance too. Of a repeated eigenvalue it is one vector of many; of a multiple of the
  /// identity both are the same.
  /// - Parameters:
  ///   - tolerance: Of both residuals, relative to the larger magnitude; 0 or more. What rounding leaves of them is
  ///     accepted.
  ///   - maxIterations: At least one; at most as many as there are elements are made.
  ///   - damping: A finite number that is added to the diagonal.
  /// - Precondition: At least one element.
  /// - Throws: ``SpectrumError`` where it does not converge, or a product is not finite.
  public func extremeEigenpairs(
    tolerance: Double = 1e-4, maxIterations: Int = 500, damping: Double = 0, using generator: inout RandomGenerator
  ) throws(SpectrumError) -> (smallest: Eigenpair<Input>, largest: Eigenpair<Input>) {
    guard areRight("extremeEigenpairs", tolerance, maxIterations, damping) else {
      let none = Eigenpair(value: .nan, vector: gradient.mapTensors { Tensor.zeros(like: $0) }, residual: .nan)
      return (none, none)
    }
    return try extremes(tolerance, maxIterations, damping, &generator) { lanczos, spectrum, size in
      let pairs = [0, spectrum.values.count - 1].map { pair(lanczos, spectrum, $0, damping) }
      let error = Swift.max(pairs[0].residual, pairs[1].residual)
      let accepted = Swift.max(tolerance, Lanczos.roundoff(of: map.space.joined(pairs[0].vector.tensors))) * size
      return (error <= accepted ? (smallest: pairs[0], largest: pairs[1]) : nil, error)
    }
  }

  private func pair(
    _ lanczos: Lanczos, _ spectrum: Lanczos.Spectrum, _ index: Int, _ damping: Double
  ) -> Eigenpair<Input> {
    let value = spectrum.values[index]
    let combined = lanczos.vector(spectrum.components(index))
    let vector = combined / column(norms(combined), like: combined)
    let rest = flat(vector, damping: damping) - column([value], like: vector) * vector
    return Eigenpair(value: value, vector: gradient.with(map.space.split(vector)), residual: norms(rest)[0])
  }

  /// Extends a space until both ends of the spectrum are known; what `take` makes of it then, or the error for which it
  /// wants more.
  private func extremes<Found>(
    _ tolerance: Double, _ maxIterations: Int, _ damping: Double, _ generator: inout RandomGenerator,
    _ take: (Lanczos, Lanczos.Spectrum, _ size: Double) -> (found: Found?, error: Double)
  ) throws(SpectrumError) -> Found {
    var lanczos = Lanczos(start: Tensor.normal([count], dtype: map.space.dtype, using: &generator))
    var (iterations, nextLook) = (0, 1)
    while true {
      withoutGrad { lanczos.extend { flat($0, damping: damping) } }
      iterations += 1
      guard lanczos.isFinite else { throw .notFinite(iteration: iterations) }
      let isLast = lanczos.isComplete || iterations >= maxIterations
      // The projection's own eigenvalues cost more the larger it is.
      guard isLast || iterations >= nextLook else { continue }
      nextLook = iterations < 8 ? iterations + 1 : iterations + Swift.max(4, iterations / 16)
      guard let spectrum = lanczos.projections[0].spectrum() else { throw .notFinite(iteration: iterations) }
      let last = spectrum.values.count - 1
      let size = Swift.max(Swift.abs(spectrum.values[0]), Swift.abs(spectrum.values[last]))
      var error = Swift.max(spectrum.error(0), spectrum.error(last))
      // A residual that happens to be small early is no sign of convergence.
      if lanczos.isComplete || (error <= tolerance * size && iterations >= Swift.min(count, 4)) {
        let (found, rest) = withoutGrad { take(lanczos, spectrum, size) }
        if let found { return found }
        error = Swift.max(error, rest)
      }
      if isLast { throw .notConverged(iterations: iterations, error: error / size) }
    }
  }

  private func areRight(_ operation: String, _ tolerance: Double, _ maxIterations: Int, _ damping: Double) -> Bool {
    hasElements(operation) && isTolerance(tolerance, operation) && isIterations(maxIterations, operation)
      && isDamping(damping, operation)
  }

  func hasElements(_ operation: String) -> Bool {
    if count == 0 { Misuse.report(operation, "there are no elements, and so no eigenvalues") }
    return count > 0
  }
}
