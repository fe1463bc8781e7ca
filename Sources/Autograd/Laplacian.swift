import Tensor

/// The Laplacian of a function of points, at each point: the sum of its second derivatives along the coordinates.
///
///     let residual = laplacian(net)(points) - source(points)     // net: [n, d] to [n, 1]; a function, or a layer
///
/// `f` maps points of shape [..., d] to one number each, of shape [...] or [..., 1], and each number depends on its
/// own point alone; the result has the shape of f's. For one point [d] and a function that gives one number it is
/// the trace of the Hessian.
///
/// Of a function of several tensors it is taken in one of them, `laplacian { f($0, t) }(x)`; structures have no
/// form of their own, since the sum over the coordinates of several tensors is the Laplacian in one tensor that holds
/// them all, `laplacian { f($0[..., 0..<3], $0[..., 3..<4]) }(points)`.
///
/// All points at once, forward over reverse: a recorded gradient (about three evaluations), and d tangents pushed
/// through it, each along one coordinate of all points (up to 1.9 gradients with their values each). Memory
/// for the recorded gradient and a block of tangents, which has a few where points are few and one where they are
/// many. It can be differentiated again, with respect to what `f` captures as well, which then costs what
/// differentiating all that costs.
/// - Precondition: A floating-point input of rank 1 to 7.
public func laplacian(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  { x in laplacianWithValue(f, at: x).laplacian }
}

/// The value, the gradient and the Laplacian of a function of points at once: what ``laplacian(_:)`` computes
/// anyway.
///
/// Costs, memory and preconditions are its.
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
  let sum = gradient.flatMap { secondDerivatives(of: call, $0) } ?? Tensor.zeros(points, dtype: x.dtype)
  return (call.value(of: result), outer, sum.reshaped(result.shape))
}

/// The sum over the coordinates of the points' second derivatives, [...]; nil is zero. Some coordinates at a time, as a
/// block of tangents.
private func secondDerivatives(of call: Recording<Tensor>, _ gradient: Tensor) -> Tensor? {
  let forward = Pushforward(call, to: [gradient])
  let points = gradient.shape.first(gradient.rank - 1)
  let coordinates = Tensor.zeros(gradient.shape.last(1), dtype: gradient.dtype)
  let ones = Shape(repeating: 1, rank: points.rank)
  let lanes = forward.blockMap(to: [gradient]).lanes(coordinates.count)
  var sum: Tensor?
  for first in stride(from: 0, to: coordinates.count, by: lanes) {
    let rows = first..<Swift.min(first + lanes, coordinates.count)
    let lead = Shape([rows.count])
    // One tangent for each coordinate, the same at all points.
    let directions = Tensor.basis(rows, like: coordinates)
      .reshaped(lead.followed(by: ones).followed(by: coordinates.shape))
      .expanded(to: lead.followed(by: gradient.shape))
    guard let second = forward([directions])[0] else { return nil }
    let part = second.diagonal(offset: first, 0, -1).sum(axis: -1)
    sum = sum.map { $0 + part } ?? part
  }
  return sum
}
