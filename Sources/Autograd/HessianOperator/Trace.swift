import Tensor

extension HessianOperator {
  /// The diagonal, exactly, as a structure of the input's shapes.
  ///
  /// Costs one product for each element, in blocks of basis vectors that share the work of each node, and memory
  /// for one block. Of 512 elements on it first asks along the graph whether the matrix has few elements in each row
  /// that are not zero, as ``hessianDiagonal(_:)`` does; if so, a handful of products give all.
  public func diagonal() -> Input { gradient.with(map.diagonal()) }

  /// The trace, exactly, a number: the sum of ``diagonal()``, at its cost.
  public func trace() -> Tensor {
    map.space.joined(map.diagonal()).sum()
  }

  /// An estimate of the trace: the mean of z'Hz over random vectors z of signs (Hutchinson, 1990).
  ///
  /// Unbiased; its variance is 2 / samples times the squares of the elements off the diagonal. Costs one product a
  /// sample, in blocks. The trace of H + damping is larger by damping times ``count``.
  /// - Precondition: At least one sample.
  public func trace(samples: Int, using generator: inout RandomGenerator) -> Tensor {
    trace(samples, "trace", &generator).value
  }

  /// As ``trace(samples:using:)``, with its standard error, a constant.
  public func estimatedTrace(samples: Int, using generator: inout RandomGenerator) -> Estimate<Tensor> {
    trace(samples, "estimatedTrace", &generator)
  }

  private func trace(_ samples: Int, _ operation: String, _ generator: inout RandomGenerator) -> Estimate<Tensor> {
    let found = estimate(samples, operation, length: 1, &generator) { ($0 * $1).sum(axis: -1, keepDims: true) }
    return Estimate(value: found.mean.reshaped([]), standardError: found.error.reshaped([]), samples: samples)
  }

  /// An estimate of the diagonal: the mean of z * Hz over random vectors z of signs (Bekas, Kokiopoulou and Saad,
  /// 2007), as a structure of the input's shapes.
  ///
  /// Unbiased; the variance of an element is 1 / samples times the squares of the others in its row. Costs one
  /// product a sample, in blocks.
  /// - Precondition: At least one sample.
  public func diagonalEstimate(samples: Int, using generator: inout RandomGenerator) -> Input {
    diagonal(samples, "diagonalEstimate", &generator).value
  }

  /// As ``diagonalEstimate(samples:using:)``, with each element's standard error, a constant.
  public func estimatedDiagonal(samples: Int, using generator: inout RandomGenerator) -> Estimate<Input> {
    diagonal(samples, "estimatedDiagonal", &generator)
  }

  private func diagonal(_ samples: Int, _ operation: String, _ generator: inout RandomGenerator) -> Estimate<Input> {
    let found = estimate(samples, operation, length: count, &generator) { $0 * $1 }
    let structure = { gradient.with(map.space.split($0)) }
    return Estimate(value: structure(found.mean), standardError: structure(found.error), samples: samples)
  }

  /// Mean and standard error, [length], of what `body` makes of random signs and their products, [lanes, length].
  private func estimate(
    _ samples: Int, _ operation: String, length: Int, _ generator: inout RandomGenerator,
    _ body: (_ probes: Tensor, _ products: Tensor) -> Tensor
  ) -> (mean: Tensor, error: Tensor) {
    let dtype = map.space.dtype
    var sum = Tensor.zeros([length], dtype: dtype)
    guard isSamples(samples, operation) else { return (sum, sum) }
    var moments = SampleMoments()
    let lanes = map.blocks.lanes(samples)
    for first in stride(from: 0, to: samples, by: lanes) {
      let probes = map.space.signs(Swift.min(lanes, samples - first), &generator)
      let found = body(probes, map.flat(probes))
      sum = sum + found.sum(axis: 0)
      withoutGrad { moments.add(found) }
    }
    return (sum / Double(samples), withoutGrad { moments.standardError.asType(dtype) })
  }
}

extension VectorSpace {
  /// So many vectors of random signs.
  func signs(_ lanes: Int, _ generator: inout RandomGenerator) -> Tensor {
    2 * Tensor.bernoulli([lanes, count], dtype: dtype, using: &generator) - 1
  }
}
