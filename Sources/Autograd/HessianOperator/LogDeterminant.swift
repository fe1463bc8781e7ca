import Tensor

extension HessianOperator {
  /// The logarithm of the determinant of H + damping, a positive definite matrix, estimated by stochastic Lanczos
  /// quadrature (Ubaru, Chen and Saad, 2017): the mean of z' log(H + damping) z over random vectors z of signs.
  ///
  /// Costs `samples` times `iterations` products, in blocks of samples, and memory for `iterations` blocks of vectors.
  /// Exact but for rounding where the matrix is diagonal and has no more than `iterations` different eigenvalues.
  /// - Precondition: At least one element, sample and iteration; a finite damping.
  /// - Throws: ``SpectrumError/notPositiveDefinite(eigenvalue:)`` where an eigenvalue that is not positive was met.
  public func logDeterminant(
    samples: Int = 16, iterations: Int = 32, damping: Double = 0, using generator: inout RandomGenerator
  ) throws(SpectrumError) -> Double {
    try logDeterminant("logDeterminant", samples, iterations, damping, &generator).value
  }

  /// As ``logDeterminant(samples:iterations:damping:using:)``, with its standard error: what the random vectors leave
  /// open, not what more iterations would change.
  public func estimatedLogDeterminant(
    samples: Int = 16, iterations: Int = 32, damping: Double = 0, using generator: inout RandomGenerator
  ) throws(SpectrumError) -> Estimate<Double> {
    try logDeterminant("estimatedLogDeterminant", samples, iterations, damping, &generator)
  }

  private func logDeterminant(
    _ operation: String, _ samples: Int, _ iterations: Int, _ damping: Double, _ generator: inout RandomGenerator
  ) throws(SpectrumError) -> Estimate<Double> {
    guard hasElements(operation), isSamples(samples, operation), isIterations(iterations, operation),
      isDamping(damping, operation)
    else { return Estimate(value: .nan, standardError: .nan, samples: samples) }
    var forms: [Double] = []
    let lanes = map.blocks.lanes(samples)
    for first in stride(from: 0, to: samples, by: lanes) {
      // Drawn one by one, so that how many go together changes no result.
      let probes = (first..<Swift.min(first + lanes, samples)).map { _ in map.space.signs(1, &generator) }
      forms += try logarithms(concatenated(probes), iterations, damping)
    }
    var moments = SampleMoments()
    moments.add(Tensor(forms).reshaped([samples, 1]))
    return Estimate(
      value: forms.reduce(0, +) / Double(samples), standardError: moments.standardError.item(), samples: samples)
  }

  /// z' log(H + damping) z for each of a block of vectors of signs.
  private func logarithms(_ probes: Tensor, _ iterations: Int, _ damping: Double) throws(SpectrumError) -> [Double] {
    var lanczos = Lanczos(start: probes)
    var iteration = 0
    while iteration < iterations && !lanczos.isComplete {
      withoutGrad { lanczos.extend { flat($0, damping: damping) } }
      iteration += 1
      guard lanczos.isFinite else { throw .notFinite(iteration: iteration) }
    }
    var forms: [Double] = []
    for projection in lanczos.projections {
      guard let spectrum = projection.spectrum() else { throw .notFinite(iteration: iteration) }
      if let value = spectrum.values.first, value <= 0 { throw .notPositiveDefinite(eigenvalue: value) }
      let sum = spectrum.values.indices.reduce(0) { $0 + spectrum.weight($1) * log(spectrum.values[$1]) }
      forms.append(sum * Double(count))
    }
    return forms
  }
}
