/// x times the transposed weight, plus a bias, along the last axis.
///
/// - Parameters:
///   - x: [..., inputs].
///   - weight: [outputs, inputs], or [inputs] for one output without an axis.
///   - bias: [outputs].
/// - Precondition: Shapes as above, equal dtypes.
public func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
  composed("linear", of: [x, weight] + (bias.map { [$0] } ?? [])) {
    if x.rank >= 1, weight.rank == 2, x.shape[x.rank - 1] != weight.shape[1] {
      let matrix = Shape(rows: weight.shape[1], columns: weight.shape[0])
      return MatrixProduct.innerAxesDiffer(x.shape, matrix, x.shape[x.rank - 1], weight.shape[1])
    }
    guard x.rank >= 1, weight.rank == 1 || weight.rank == 2,
      x.shape[x.rank - 1] == weight.shape[weight.rank - 1],
      x.dtype == weight.dtype
    else {
      return Misuse.fail(
        "linear",
        "needs x [..., inputs] and weight [outputs, inputs] of one dtype, got \(x.dtype) \(x.shape) and \(weight.dtype) "
          + "\(weight.shape)")
    }
    if let bias, bias.shape != weight.shape.first(weight.rank - 1) || bias.dtype != x.dtype {
      return Misuse.fail(
        "linear",
        "the bias is \(bias.dtype) \(bias.shape); it must be \(x.dtype) \(weight.shape.first(weight.rank - 1))")
    }
    if weight.rank == 2, let bias, x.dtype != .bool {
      return Affine.of(transposesWeight: true).alongLastAxis(x, weight, bias)
    }
    let product = matmul(x, weight.rank == 2 ? weight.transposed() : weight)
    return bias.map { product + $0 } ?? product
  }
}

/// y[..., k] = a[..., :] weight[k, :, :] b[..., :] + bias[k].
///
/// - Parameters:
///   - a, b: [..., left] and [..., right], their leading axes equal.
///   - weight: [outputs, left, right].
///   - bias: [outputs].
/// - Precondition: Shapes as above, equal dtypes.
public func bilinear(_ a: Tensor, _ b: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
  composed("bilinear", of: [a, b, weight] + (bias.map { [$0] } ?? [])) {
    guard a.rank >= 1, a.rank == b.rank, weight.rank == 3,
      a.shape.first(a.rank - 1) == b.shape.first(b.rank - 1),
      a.shape[a.rank - 1] == weight.shape[1], b.shape[b.rank - 1] == weight.shape[2],
      bias.map({ $0.shape == [weight.shape[0]] }) ?? true,
      ([b, weight] + (bias.map { [$0] } ?? [])).allSatisfy({ $0.dtype == a.dtype })
    else {
      let got = ([a, b, weight] + (bias.map { [$0] } ?? [])).map { "\($0.dtype) \($0.shape)" }
      return Misuse.fail(
        "bilinear",
        "needs a [..., left], b [..., right], weight [outputs, left, right] and bias [outputs] of one dtype, got "
          + got.joined(separator: ", "))
    }
    let rows = a.shape.first(a.rank - 1).elementCount
    let (outputs, left, right) = (weight.shape[0], weight.shape[1], weight.shape[2])
    // [rows, left] x [left, outputs * right], then row by row against b.
    let table = weight.permuted([1, 0, 2]).reshaped([left, outputs * right])
    let half = matmul(a.reshaped([rows, left]), table).reshaped([rows, outputs, right])
    let product = matmul(half, b.reshaped([rows, right, 1])).reshaped(
      a.shape.first(a.rank - 1).followed(by: [outputs]))
    return bias.map { product + $0 } ?? product
  }
}
