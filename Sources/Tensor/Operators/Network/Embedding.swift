/// The rows of a table at these positions; their axis takes the indices' place.
///
/// Derivative: cotangents are added where positions repeat, and nothing goes to the row `paddingIndex`.
/// - Parameters:
///   - weight: [rows, ...].
///   - indices: Integers within the rows, of any shape.
/// - Precondition: A table of rank 1 or more; indices and padding index within its rows.
public func embedding(_ weight: Tensor, _ indices: Tensor, paddingIndex: Int? = nil) -> Tensor {
  guard weight.rank > 0 else { return Misuse.fail("embedding", "needs a table [rows, ...], got a number") }
  guard indices.rank + weight.rank - 1 <= Shape.maxRank else {
    return Misuse.fail(
      "embedding", "indices of shape \(indices.shape) into \(weight.shape) would give more than \(Shape.maxRank) axes")
  }
  guard let positions = Positions(indices, axis: 0, of: weight.shape, "embedding") else {
    return .placeholder
  }
  guard let paddingIndex else { return Take(positions, shape: indices.shape)(weight) }
  let row = paddingIndex < 0 ? paddingIndex + weight.shape[0] : paddingIndex
  guard (0..<weight.shape[0]).contains(row) else {
    return Misuse.fail(
      "embedding", "the padding index \(paddingIndex) is no row of \(weight.shape); rows are 0 ..< \(weight.shape[0])")
  }
  let isPadding = (Tensor(positions.storage) .== Tensor(row)).reshaped(
    Shape(Array(indices.shape) + Array(repeating: 1, count: weight.rank - 1)))
  let rows = Take(positions, shape: indices.shape)(weight)
  return `where`(isPadding, rows.detached(), rows)
}

/// Each element with this probability replaced by 0, the others divided by the probability of staying, so that
/// the expected result is x (Srivastava et al., 2014); x itself when not training.
///
/// Derivative: the same factors, which are constants.
/// - Precondition: Floating-point numbers; a probability of 0 ... 1.
public func dropout(
  _ x: Tensor, probability: Double = 0.5, training: Bool = true, using generator: inout RandomGenerator
) -> Tensor {
  guard x.dtype.isFloatingPoint, (0...1).contains(probability) else {
    return Misuse.fail(
      "dropout", "needs floating-point numbers and a probability of 0 ... 1, got \(x.dtype), \(probability)")
  }
  guard training, probability > 0 else { return x }
  guard probability < 1 else { return x * Tensor.zeros([], dtype: x.dtype) }
  let stays = Tensor.bernoulli(x.shape, probability: 1 - probability, dtype: x.dtype, using: &generator)
  return Dropout.scaled.apply([x, stays], SIMD2(1 / (1 - probability), 0))[0]
}

private enum Dropout {
  static let scaled = Formula("dropout", inputs: 2, parameters: 1) { v, scale in [v[0] * v[1] * scale[0]] }
}
