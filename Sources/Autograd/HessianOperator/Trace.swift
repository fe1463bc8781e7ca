import Tensor

extension HessianOperator {
  /// The diagonal, exactly, as a structure of the input's shapes.
  ///
  /// Costs one product for each element, in blocks of basis vectors that share the work of each node, and memory
  /// for one block. Of 512 elements on it first asks, with eight products or a few dozen, whether the matrix has few
  /// elements in each row that are not zero; if so, a handful of products give all.
  public func diagonal() -> Input { gradient.with(map.diagonal()) }

  /// The trace, exactly, a number: the sum of ``diagonal()``, at its cost.
  public func trace() -> Tensor {
    map.space.joined(map.diagonal()).sum()
  }

  /// An estimate of the trace: the mean of z'Hz over random vectors z of signs (Hutchinson, 1990).
  ///
  /// Unbiased; its variance is 2 / samples times the squares of the elements off the diagonal. Costs one product a
  /// sample, in blocks.
  /// - Precondition: At least one sample.
  public func trace(samples: Int, using generator: inout RandomGenerator) -> Tensor {
    let sums = estimate(samples, "trace", &generator) { probes, products in (probes * products).sum() }
    return sums.reduce(Tensor.zeros([], dtype: map.space.dtype)) { $0 + $1 } / Double(Swift.max(samples, 1))
  }

  /// An estimate of the diagonal: the mean of z * Hz over random vectors z of signs (Bekas, Kokiopoulou and Saad,
  /// 2007), as a structure of the input's shapes.
  ///
  /// Unbiased; the variance of an element is 1 / samples times the squares of the others in its row. Costs one
  /// product a sample, in blocks.
  /// - Precondition: At least one sample.
  public func diagonalEstimate(samples: Int, using generator: inout RandomGenerator) -> Input {
    let sums = estimate(samples, "diagonalEstimate", &generator) { probes, products in
      (probes * products).sum(axis: 0)
    }
    let sum = sums.reduce(Tensor.zeros([count], dtype: map.space.dtype)) { $0 + $1 }
    return gradient.with(map.space.split(sum / Double(Swift.max(samples, 1))))
  }

  /// What `body` makes of blocks of random signs and their products.
  private func estimate(
    _ samples: Int, _ operation: String, _ generator: inout RandomGenerator,
    _ body: (_ probes: Tensor, _ products: Tensor) -> Tensor
  ) -> [Tensor] {
    guard isSamples(samples, operation) else { return [] }
    let lanes = map.blocks.lanes(samples)
    return stride(from: 0, to: samples, by: lanes).map { first in
      let probes = map.space.signs(Swift.min(lanes, samples - first), &generator)
      return body(probes, map.flat(probes))
    }
  }
}

extension VectorSpace {
  /// So many vectors of random signs.
  func signs(_ lanes: Int, _ generator: inout RandomGenerator) -> Tensor {
    2 * Tensor.bernoulli([lanes, count], dtype: dtype, using: &generator) - 1
  }
}
