import Tensor

/// Why what was asked of a matrix's eigenvalues could not be told.
public enum SpectrumError: Error, Sendable, Hashable, CustomStringConvertible {
  /// How far the eigenvalues may still be off, relative to the largest magnitude, after so many products.
  case notConverged(iterations: Int, error: Double)
  /// The matrix is not positive definite: it has an eigenvalue as small as this.
  case notPositiveDefinite(eigenvalue: Double)
  /// A product was not finite.
  case notFinite(iteration: Int)

  /// Which call failed, with its iteration, error or eigenvalue, and what it needs.
  public var description: String {
    switch self {
    case .notConverged(let iterations, let error):
      "extremeEigenvalues: the relative error may be \(error) after \(iterations) iterations; allow more, or a larger "
        + "tolerance"
    case .notPositiveDefinite(let value):
      "logDeterminant: needs a positive definite matrix, but an eigenvalue is at most \(value)"
    case .notFinite(let iteration): "spectrum: a product is not finite in iteration \(iteration)"
    }
  }
}

extension HessianOperator {
  /// The smallest and the largest eigenvalue, by the Lanczos method from a random vector.
  ///
  /// One product an iteration, and memory for one vector each. Constants to every derivative.
  /// - Parameters:
  ///   - tolerance: Of both, relative to the larger magnitude; 0 or more.
  ///   - maxIterations: At least one; at most as many as there are elements are made.
  /// - Precondition: At least one element.
  /// - Throws: ``SpectrumError`` where it does not converge, or a product is not finite.
  public func extremeEigenvalues(
    tolerance: Double = 1e-4, maxIterations: Int = 100, using generator: inout RandomGenerator
  ) throws(SpectrumError) -> (smallest: Double, largest: Double) {
    guard hasElements("extremeEigenvalues"), isTolerance(tolerance, "extremeEigenvalues"),
      isIterations(maxIterations, "extremeEigenvalues")
    else { return (.nan, .nan) }
    var lanczos = Lanczos(start: Tensor.normal([count], dtype: map.space.dtype, using: &generator))
    var iterations = 0
    while true {
      withoutGrad { lanczos.extend { flat($0) } }
      iterations += 1
      guard lanczos.isFinite else { throw .notFinite(iteration: iterations) }
      let isLast = lanczos.isComplete || iterations >= maxIterations
      // The projection's own eigenvalues cost more the larger it is.
      guard isLast || iterations < 8 || iterations % 4 == 0 else { continue }
      guard let found = lanczos.spectrum(), let low = found.first, let high = found.last else {
        throw .notFinite(iteration: iterations)
      }
      let size = Swift.max(Swift.abs(low.value), Swift.abs(high.value))
      let error = Swift.max(low.error, high.error)
      // A residual that happens to be small early is no sign of convergence.
      if lanczos.isComplete || (error <= tolerance * size && iterations >= Swift.min(count, 4)) {
        return (low.value, high.value)
      }
      if isLast { throw .notConverged(iterations: iterations, error: error / size) }
    }
  }

  /// The logarithm of the determinant of a positive definite matrix, estimated by stochastic Lanczos quadrature
  /// (Ubaru, Chen and Saad, 2017): the mean of z' log(H) z over random vectors z of signs.
  ///
  /// Costs `samples` times `iterations` products, and memory for `iterations` vectors. Exact but for rounding
  /// where the matrix is diagonal and has no more than `iterations` different eigenvalues.
  /// - Precondition: At least one element, sample and iteration.
  /// - Throws: ``SpectrumError/notPositiveDefinite(eigenvalue:)`` where an eigenvalue that is not positive was met.
  public func logDeterminant(
    samples: Int = 16, iterations: Int = 32, using generator: inout RandomGenerator
  ) throws(SpectrumError) -> Double {
    guard hasElements("logDeterminant"), isSamples(samples, "logDeterminant"),
      isIterations(iterations, "logDeterminant")
    else { return .nan }
    var sum = 0.0
    for _ in 0..<samples {
      var lanczos = Lanczos(start: map.space.signs(1, &generator)[0])
      for iteration in 0..<iterations where !lanczos.isComplete {
        withoutGrad { lanczos.extend { flat($0) } }
        guard lanczos.isFinite else { throw .notFinite(iteration: iteration + 1) }
      }
      guard let found = lanczos.spectrum() else { throw .notFinite(iteration: iterations) }
      for (value, weight, _) in found {
        guard value > 0 else { throw .notPositiveDefinite(eigenvalue: value) }
        sum += weight * log(value)
      }
    }
    return sum * Double(count) / Double(samples)
  }

  private func hasElements(_ operation: String) -> Bool {
    if count == 0 { Misuse.report(operation, "there are no elements, and so no eigenvalues") }
    return count > 0
  }
}
