import Tensor

/// The Laplacian of a function of points, at each point: the sum of its second derivatives along the coordinates.
///
///     let residual = laplacian(net)(points) - source(points)     // net: [n, d] to [n, 1]
///
/// `f` maps points of shape [..., d] to one number each, of shape [...] or [..., 1], and each number depends on its
/// own point alone; the result has the shape of f's. For one point [d] and a function that gives one number it is
/// the trace of the Hessian.
///
/// All points at once, forward over reverse: a recorded gradient (about three evaluations), and a block of d tangents
/// pushed through it, each along one coordinate of all points (about one and a half gradients each, less in a
/// block). Memory for the recorded gradient and a block of d tangents. It can be differentiated again, with respect
/// to what `f` captures as well, which then costs what differentiating all that costs.
/// - Precondition: A floating-point input of rank 1 to 7.
public func laplacian(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  { x in laplacianWithValue(f, at: x).laplacian }
}

/// The value, the gradient and the Laplacian of a function of points at once: what ``laplacian(_:)`` computes
/// anyway.
///
/// - Returns: The value and the Laplacian in the shape of f's result, the gradient in that of the points.
public func valueGradAndLaplacian(
  _ f: @escaping (Tensor) -> Tensor
) -> (Tensor) -> (value: Tensor, gradient: Tensor, laplacian: Tensor) {
  { x in laplacianWithValue(f, at: x) }
}

private func laplacianWithValue(
  _ f: (Tensor) -> Tensor, at x: Tensor
) -> (value: Tensor, gradient: Tensor, laplacian: Tensor) {
  let zeros = (Tensor.placeholder, Tensor.zeros(like: x), Tensor.placeholder)
  guard (1..<Shape.maxRank).contains(x.rank) else {
    Misuse.report("laplacian", "points have shape [..., d] with up to \(Shape.maxRank - 1) axes, got \(x.shape)")
    return zeros
  }
  guard let call = Recording("laplacian", [x], { f($0[0]) }) else { return zeros }
  let result = call.output
  let points = x.shape.first(x.rank - 1)
  guard result.dtype.isFloatingPoint, result.shape == points || result.shape == points.followed(by: [1]) else {
    Misuse.report(
      "laplacian",
      "the function's result is \(result.dtype) \(result.shape) for points of shape \(x.shape); it must give one "
        + "floating-point number for each point, \(points) or \(points.followed(by: [1]))")
    return zeros
  }
  let gradient = call.pullback([result], [Tensor.ones(like: result)], recorded: true)[0]
  let outer = gradient.map { call.value(of: $0) } ?? Tensor.zeros(like: x)
  let dimension = x.shape[x.rank - 1]
  let forward = Pushforward(call, to: [gradient])
  // One tangent for each coordinate, the same at all points.
  let directions = Tensor.eye(dimension, dtype: x.dtype)
    .reshaped(Shape([dimension]).followed(by: Shape(repeating: 1, rank: points.rank)).followed(by: [dimension]))
    .expanded(to: Shape([dimension]).followed(by: x.shape))
  let second = dimension == 0 ? nil : forward([directions])[0]
  let sum = second.map { $0.diagonal(0, -1).sum(axis: -1) } ?? Tensor.zeros(points, dtype: x.dtype)
  return (call.value(of: result), outer, sum.reshaped(result.shape))
}
