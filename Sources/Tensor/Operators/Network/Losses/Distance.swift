// Losses of distances and angles between vectors.

extension Losses {
  static let ranking = Formula("marginRanking", inputs: 3, parameters: 1) { v, margin in
    let short = margin[0] - v[2] * (v[0] - v[1])
    return [Formula.select(short .< 0, 0, short)]
  }
  static let cosineEmbedding = Formula("cosineEmbedding", inputs: 2, parameters: 1) { v, margin in
    let (cosine, y) = (v[0], v[1])
    let over = cosine - margin[0]
    let apart = Formula.select(over .< 0, 0, over)
    return [Formula.select(y .== 1, 1 - cosine, 0) + Formula.select(y .== -1, apart, 0)]
  }
  static let triplet = Formula("tripletMargin", inputs: 2, parameters: 1) { v, margin in
    let short = v[0] - v[1] + margin[0]
    return [Formula.select(short .< 0, 0, short)]
  }
  /// From the inner product and the two squared lengths.
  static let embeddedCosine = Formula("cosineEmbedding.cosine") { product, a, b in
    product * rsqrt((a + 1e-12) * (b + 1e-12))
  }
  static let innerProduct = Formula("cosineSimilarity.product") { $0 * $1 }
  static let squaredLength = Formula("cosineSimilarity.square") { square($0) }
  /// From the squared length, but at least eps: one formula, since the root's infinite slope at 0 does not count there.
  static let length = Formula("cosineSimilarity.length", inputs: 1, parameters: 1) { squares, eps in
    let length = sqrt(squares[0])
    return [Formula.select(length .< eps[0], eps[0], length)]
  }
}

/// max(margin - y (a - b), 0): y of 1 wants a above b, -1 below; by default the mean.
///
/// Derivative: -y, y and b - a where positive (or 0), else 0.
/// - Precondition: Equal shapes and floating-point dtypes.
public func marginRanking(
  _ a: Tensor, _ b: Tensor, _ y: Tensor, margin: Double = 0, reduction: LossReduction = .mean
) -> Tensor {
  Losses.ranking.losses([a, b, y], reduction, "marginRanking", parameters: SIMD2(margin, 0))
}

/// The cosine of the angle between vectors along an axis, whose lengths count as at least eps.
///
/// Derivative, with c the result and lengths above eps: b / (|a| |b|) - c a / |a|^2 for a, likewise for b.
/// - Precondition: Floating-point dtypes; shapes that broadcast.
public func cosineSimilarity(_ a: Tensor, _ b: Tensor, axis: Int = 1, eps: Double = 1e-8) -> Tensor {
  composed("cosineSimilarity", of: [a, b]) {
    guard Losses.areOneType([a, b], "cosineSimilarity") else { return .placeholder }
    guard let shape = a.shape.broadcast(with: b.shape) else {
      return Misuse.fail("cosineSimilarity", "the shapes \(a.shape) and \(b.shape) do not broadcast")
    }
    guard let position = normalizedAxis(axis, rank: shape.rank, "cosineSimilarity") else { return .placeholder }
    let (wideA, wideB) = (a.expanded(to: shape), b.expanded(to: shape))
    let last = position - shape.rank
    func length(_ x: Tensor) -> Tensor {
      Losses.length.apply(Losses.squaredLength.sum(x, axes: [last]), SIMD2(eps, 0))
    }
    return Losses.innerProduct.sum(wideA, wideB, axes: [last]) / (length(wideA) * length(wideB))
  }
}

/// 1 - cos(a, b) where y is 1, max(cos(a, b) - margin, 0) where y is -1; by default the mean.
///
/// The vectors are the last axis; squared lengths have 1e-12 added. y is a constant.
/// - Parameters:
///   - a, b: Floating-point, [rows, length], or [length].
///   - y: [rows], or a number.
/// - Precondition: Shapes as above.
public func cosineEmbedding(
  _ a: Tensor, _ b: Tensor, _ y: Tensor, margin: Double = 0, reduction: LossReduction = .mean
) -> Tensor {
  composed("cosineEmbedding", of: [a, b, y]) {
    guard Losses.agree([a, b], "cosineEmbedding") else { return .placeholder }
    guard a.rank == 1 || a.rank == 2, y.shape == a.shape.first(a.rank - 1) else {
      return Misuse.fail(
        "cosineEmbedding", "needs vectors [rows, length] and y [rows], got \(a.shape) and \(y.shape)")
    }
    let product = Losses.innerProduct.sum(a, b, axes: [-1])
    let cosine = Losses.embeddedCosine(
      product, Losses.squaredLength.sum(a, axes: [-1]), Losses.squaredLength.sum(b, axes: [-1]))
    return Losses.cosineEmbedding.losses(
      [cosine, y.detached().asType(a.dtype)], reduction, "cosineEmbedding", parameters: SIMD2(margin, 0))
  }
}

/// The p-norm of a - b + eps along the last axis.
///
/// Derivative at a distance of 0: 0.
/// - Precondition: Floating-point dtypes; shapes that broadcast, of rank 1 or more.
public func pairwiseDistance(
  _ a: Tensor, _ b: Tensor, p: Double = 2, eps: Double = 1e-6, keepDims: Bool = false
) -> Tensor {
  composed("pairwiseDistance", of: [a, b]) {
    guard Losses.areOneType([a, b], "pairwiseDistance") else { return .placeholder }
    guard let shape = a.shape.broadcast(with: b.shape), shape.rank > 0 else {
      return Misuse.fail(
        "pairwiseDistance", "the shapes \(a.shape) and \(b.shape) are no vectors that broadcast")
    }
    let norm = (a - b + eps).norm(p, axes: [-1], keepDims: true)
    return keepDims ? norm : norm.squeezed(axis: -1)
  }
}

/// max(d(anchor, positive) - d(anchor, negative) + margin, 0), d the ``pairwiseDistance(_:_:p:eps:keepDims:)``;
/// by default the mean.
///
/// Derivative: that of the distances where positive (or 0), else 0.
/// - Parameter swap: Whether the negative's distance is the smaller of those to anchor and positive
///   (Balntas, Riba, Ponsa, Mikolajczyk, 2016).
/// - Precondition: Equal shapes of rank 1 or more, floating-point dtypes.
public func tripletMargin(
  _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2,
  eps: Double = 1e-6, swap: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
  composed("tripletMargin", of: [anchor, positive, negative]) {
    guard Losses.agree([anchor, positive, negative], "tripletMargin") else { return .placeholder }
    let near = pairwiseDistance(anchor, positive, p: p, eps: eps)
    var far = pairwiseDistance(anchor, negative, p: p, eps: eps)
    if swap { far = minimum(far, pairwiseDistance(positive, negative, p: p, eps: eps)) }
    return Losses.triplet.losses([near, far], reduction, "tripletMargin", parameters: SIMD2(margin, 0))
  }
}
