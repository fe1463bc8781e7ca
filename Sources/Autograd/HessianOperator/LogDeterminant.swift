import Tensor

extension HessianOperator {
  /// The logarithm of the determinant of H + damping, a positive definite matrix, estimated by stochastic Lanczos
  /// quadrature (Ubaru, Chen and Saad, 2017): the mean of z' log(H + damping) z over random vectors z of signs.
  ///
  /// Costs `samples` times `iterations` products, in blocks of samples, and memory for `iterations` blocks of vectors.
  /// Exact but for rounding where the matrix is diagonal and has no more than `iterations` different eigenvalues; where
  /// the smallest of many are far below the largest, more iterations are needed:
  /// ``estimatedLogDeterminant(samples:iterations:damping:using:)`` says how far it may be off.
  /// - Precondition: At least one element, sample and iteration; a finite damping.
  /// - Throws: ``SpectrumError/notPositiveDefinite(eigenvalue:)`` where an eigenvalue was met that is not positive, or
  ///   that rounding cannot tell from zero beside the largest. One that the iterations do not reach is not met.
  public func logDeterminant(
    samples: Int = 16, iterations: Int = 32, damping: Double = 0, using generator: inout RandomGenerator
  ) throws(SpectrumError) -> Double {
    try logDeterminant("logDeterminant", samples, iterations, damping, &generator).value
  }

  /// As ``logDeterminant(samples:iterations:damping:using:)``, with its standard error, which is what the random
  /// vectors leave open, and its ``Estimate/quadratureError``, which is what the iterations do: the mean of more
  /// iterations lies below the value, by no more than that. It is the distance between Gauss' quadrature, which is too
  /// large, and that of Gauss and Radau, which is too small, as long as no eigenvalue is so far below the largest that
  /// rounding cannot tell it from zero. It may be many times the error itself.
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
    var forms: [QuadraticForm] = []
    let lanes = map.blocks.lanes(samples)
    for first in stride(from: 0, to: samples, by: lanes) {
      // Drawn one by one, so that how many go together changes no result.
      let probes = (first..<Swift.min(first + lanes, samples)).map { _ in map.space.signs(1, &generator) }
      forms += try logarithms(concatenated(probes), iterations, damping)
    }
    var moments = SampleMoments()
    moments.add(Tensor(forms.map(\.value)).reshaped([samples, 1]))
    return Estimate(
      value: forms.reduce(0) { $0 + $1.value } / Double(samples), standardError: moments.standardError.item(),
      quadratureError: forms.reduce(0) { $0 + $1.gap } / Double(samples), samples: samples)
  }

  /// z' log(H + damping) z by quadrature, and how far above the truth it may be.
  private struct QuadraticForm {
    let value: Double
    let gap: Double
  }

  /// z' log(H + damping) z for each of a block of vectors of signs.
  private func logarithms(
    _ probes: Tensor, _ iterations: Int, _ damping: Double
  ) throws(SpectrumError) -> [QuadraticForm] {
    var lanczos = Lanczos(start: probes)
    var iteration = 0
    while iteration < iterations && !lanczos.isComplete {
      withoutGrad { lanczos.extend { flat($0, damping: damping) } }
      iteration += 1
      guard lanczos.isFinite else { throw .notFinite(iteration: iteration) }
    }
    let roundoff = Lanczos.roundoff(of: probes)
    var forms: [QuadraticForm] = []
    for projection in lanczos.projections {
      guard let form = try form(projection, roundoff) else { throw .notFinite(iteration: iteration) }
      forms.append(form)
    }
    return forms
  }

  /// z' log(A) z by the quadrature whose nodes are a projection's eigenvalues; nil where they cannot be found. Throws
  /// where the smallest is not positive, or so small beside the largest that it is rounding.
  private func form(_ projection: Lanczos.Projection, _ roundoff: Double) throws(SpectrumError) -> QuadraticForm? {
    guard let spectrum = projection.spectrum(), let smallest = spectrum.values.first, let largest = spectrum.values.last
    else { return nil }
    let least = roundoff * Swift.max(largest, 0)
    guard smallest > least else { throw .notPositiveDefinite(eigenvalue: smallest) }
    let value = logarithm(spectrum, least)
    // A complete space gives the form itself.
    if projection.isComplete { return QuadraticForm(value: value, gap: 0) }
    guard let below = projection.extended(toSmallest: least).spectrum() else { return nil }
    return QuadraticForm(value: value, gap: Swift.max(value - logarithm(below, least), 0))
  }

  private func logarithm(_ spectrum: Lanczos.Spectrum, _ least: Double) -> Double {
    Double(count)
      * spectrum.values.indices.reduce(0) { $0 + spectrum.weight($1) * log(Swift.max(spectrum.values[$1], least)) }
  }
}
