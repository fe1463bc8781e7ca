/// softmax(query key^T scale + mask) value: how far each query attends to each key (Vaswani et al., 2017).
///
/// The softmax is taken without overflow. A query whose keys are all masked gives NaN.
/// - Parameters:
///   - query, key, value: [..., queries, length], [..., keys, length] and [..., keys, width]; leading axes
///     broadcast.
///   - mask: Bools, true where a query may attend to a key, or numbers that are added; [..., queries, keys].
///   - isCausal: Whether query i attends to keys 0 ... i only.
///   - scale: 1 / sqrt(length) unless told otherwise.
/// - Precondition: Shapes as above, one floating-point dtype.
public func scaledDotProductAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
  scale: Double? = nil
) -> Tensor {
  composed("scaledDotProductAttention", of: [query, key, value] + (mask.map { [$0] } ?? [])) {
    let name = "scaledDotProductAttention"
    guard query.rank >= 2, key.rank >= 2, value.rank >= 2, Losses.areOneType([query, key, value], name) else {
      return query.rank >= 2 && key.rank >= 2 && value.rank >= 2
        ? .placeholder
        : Misuse.fail(name, "needs matrices, got \(query.shape), \(key.shape) and \(value.shape)")
    }
    let length = query.shape[query.rank - 1]
    guard key.shape[key.rank - 1] == length, key.shape[key.rank - 2] == value.shape[value.rank - 2] else {
      return Misuse.fail(
        name,
        "queries \(query.shape) and keys \(key.shape) need one length, keys and values \(value.shape) one number"
      )
    }
    let leading = [query, key, value].map { $0.shape.first($0.rank - 2) }
    guard let stack = leading[0].broadcast(with: leading[1]), stack.broadcast(with: leading[2]) != nil else {
      return Misuse.fail(
        name, "the leading axes of \(query.shape), \(key.shape) and \(value.shape) do not broadcast")
    }
    // The smaller operand is scaled.
    let factor = scale ?? 1 / Double(length).squareRoot()
    var scores = matmul(query * factor, key.transposed(-2, -1))
    if isCausal {
      let (queries, keys) = (query.shape[query.rank - 2], key.shape[key.rank - 2])
      let allowed =
        Tensor.arange(keys, dtype: .int64) .<= Tensor.arange(queries, dtype: .int64).unsqueezed(axis: 1)
      scores = `where`(allowed, scores, -Double.infinity)
    }
    if let mask {
      guard mask.shape.broadcast(with: scores.shape) != nil, mask.dtype == .bool || mask.dtype == query.dtype
      else {
        return Misuse.fail(
          name,
          "the mask \(mask.dtype) \(mask.shape) is not bool or \(query.dtype), or does not fit \(scores.shape)")
      }
      scores = mask.dtype == .bool ? `where`(mask, scores, -Double.infinity) : scores + mask
    }
    return matmul(softmax(scores), value)
  }
}

/// exp(-x) / sum(exp(-x)) along an axis: ``softmax(_:axis:)`` of -x.
///
/// - Precondition: A floating-point dtype, rank at least 1.
public func softmin(_ x: Tensor, axis: Int = -1) -> Tensor {
  composed("softmin", of: [x]) {
    guard x.dtype.isFloatingPoint else {
      return Misuse.fail(
        "softmin", "needs floating-point numbers, got \(x.dtype); convert with asType(.float32)")
    }
    return softmax(-x, axis: axis)
  }
}
