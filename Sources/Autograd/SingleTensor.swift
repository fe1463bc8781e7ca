import Tensor

// The transforms of functions from a tensor (or two) to a tensor, for themselves: where these fit, the compiler need
// not look for a structure that would, so that `grad { x in ... }` is checked in milliseconds, however long the
// expression. They are what the transforms of structures are; see there.

/// The value and the gradient of a function of a tensor that gives one number.
///
/// Costs about two to three evaluations. The gradient has the input's shape and dtype.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func valueAndGrad(
  _ f: @escaping (Tensor) -> Tensor
) -> (Tensor) -> (value: Tensor, gradient: Tensor) {
  let both = valueAndGrad { (x: Single) in f(x.tensor) }
  return { x in
    let (value, gradient) = both(Single(x))
    return (value, gradient.tensor)
  }
}

/// The gradient of a function of a tensor that gives one number.
///
/// `grad(f)(x)`; of second order: `grad { grad(f)($0).sum() }(x)`.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func grad(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let slope = grad { (x: Single) in f(x.tensor) }
  return { slope(Single($0)).tensor }
}

/// The value and the gradients of a function of two tensors that gives one number.
public func valueAndGrad(
  _ f: @escaping (Tensor, Tensor) -> Tensor
) -> (Tensor, Tensor) -> (value: Tensor, gradient: (Tensor, Tensor)) {
  let both = valueAndGrad { (x: Single, y: Single) in f(x.tensor, y.tensor) }
  return { x, y in
    let (value, gradient) = both(Single(x), Single(y))
    return (value, (gradient.0.tensor, gradient.1.tensor))
  }
}

/// The gradients of a function of two tensors that gives one number.
public func grad(_ f: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> (Tensor, Tensor) {
  let slopes = grad { (x: Single, y: Single) in f(x.tensor, y.tensor) }
  return { x, y in
    let (a, b) = slopes(Single(x), Single(y))
    return (a.tensor, b.tensor)
  }
}

/// The value of a function of a tensor, and its pullback, from a cotangent of the result to the input's: J'u.
///
/// A cotangent may carry extra leading axes, and the result then carries them too.
public func vjp(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor
) -> (value: Tensor, pullback: (Tensor) -> Tensor) {
  let (value, pullback) = vjp({ (x: Single) in Single(f(x.tensor)) }, at: Single(x))
  return (value.tensor, { pullback(Single($0)).tensor })
}

/// The value of a function of a tensor and Jv, the derivative of its result along a direction, which may carry extra
/// leading axes.
public func jvp(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along tangent: Tensor
) -> (value: Tensor, tangent: Tensor) {
  let (value, pushed) = jvp({ (x: Single) in Single(f(x.tensor)) }, at: Single(x), along: Single(tangent))
  return (value.tensor, pushed.tensor)
}

/// The value of a function of a tensor, and its derivative as a map of tangents that is recorded once.
public func linearize(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor
) -> (value: Tensor, pushforward: (Tensor) -> Tensor) {
  let (value, push) = linearize({ (x: Single) in Single(f(x.tensor)) }, at: Single(x))
  return (value.tensor, { push(Single($0)).tensor })
}

/// The transpose of a linear function of a tensor: from a cotangent u of its result to A'u.
public func linearTranspose(_ f: @escaping (Tensor) -> Tensor, like x: Tensor) -> (Tensor) -> Tensor {
  let transposed = linearTranspose({ (x: Single) in Single(f(x.tensor)) }, like: Single(x))
  return { transposed(Single($0)).tensor }
}

// MARK: - Second order

/// Hv, the Hessian of a function of a tensor that gives one number times a direction, forward over reverse.
public func hvp(_ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor) -> Tensor {
  hvp({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction)).tensor
}

/// The value, the gradient and Hv of a function of a tensor that gives one number, for little more than Hv alone.
public func valueGradAndHVP(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor
) -> (value: Tensor, gradient: Tensor, product: Tensor) {
  let all = valueGradAndHVP({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction))
  return (all.value, all.gradient.tensor, all.product.tensor)
}

/// Hv by reverse over reverse, for comparison with ``hvp(_:at:along:)``: the gradient of <gradient, v>.
public func hvpReverse(_ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor) -> Tensor {
  hvpReverse({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction)).tensor
}

/// The value and v'H, the product of a direction with the Hessian, reverse over forward.
public func vhp(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor
) -> (value: Tensor, product: Tensor) {
  let (value, product) = vhp({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction))
  return (value, product.tensor)
}

/// J' H J v, the product with the Gauss-Newton matrix of a convex loss of a model's result.
public func gaussNewtonProduct(
  _ model: @escaping (Tensor) -> Tensor, loss: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor
) -> Tensor {
  gaussNewtonProduct(
    { (x: Single) in Single(model(x.tensor)) }, loss: { (y: Single) in loss(y.tensor) }, at: Single(x),
    along: Single(direction)
  ).tensor
}

/// The diagonal of the Hessian of a function of a tensor that gives one number, exactly, of the input's shape.
public func hessianDiagonal(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let diagonal = hessianDiagonal { (x: Single) in f(x.tensor) }
  return { diagonal(Single($0)).tensor }
}

/// The Hessian of a function of a tensor that gives one number, whose elements off a pattern are zero, as a sparse
/// matrix.
public func hessian(
  _ f: @escaping (Tensor) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true
) -> (Tensor) -> SparseMatrix {
  let sparse = hessian({ (x: Single) in f(x.tensor) }, sparsity: sparsity, checksPattern: checksPattern)
  return { sparse(Single($0)) }
}

extension HessianOperator where Input == Tensor {
  /// The Hessian of a function of a tensor at a point.
  ///
  /// - Precondition: A floating-point input; a result of one floating-point element.
  public init(_ f: @escaping (Tensor) -> Tensor, at x: Tensor) {
    self.init(RecordedGradient("HessianOperator", [x]) { f($0[0]) }, x)
  }
}

// MARK: - Any order

/// The value of a function of a tensor and its derivatives of order 1 ... `order` along a direction, in one sweep.
///
/// - Returns: `order` + 1 tensors, see ``directionalDerivatives(_:at:along:order:)``.
public func directionalDerivatives(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor, order: Int
) -> [Tensor] {
  directionalDerivatives({ (x: Single) in Single(f(x.tensor)) }, at: Single(x), along: Single(direction), order: order)
    .map(\.tensor)
}

/// The value of a function of a tensor and its derivatives of order 1 and 2 along a direction:
///
///     let (u, ux, uxx) = directionalDerivatives({ sin($0) }, at: x, along: e, order: 2)
///
/// - Parameter order: 2; for another order take the results as an array.
@_disfavoredOverload
public func directionalDerivatives(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor, order: Int
) -> (value: Tensor, first: Tensor, second: Tensor) {
  let all: (value: Single, first: Single, second: Single) = directionalDerivatives(
    { (x: Single) in Single(f(x.tensor)) }, at: Single(x), along: Single(direction), order: order)
  return (all.value.tensor, all.first.tensor, all.second.tensor)
}

/// The value of a function of a tensor and its derivatives along several directions, each up to an order of its own,
/// from one evaluation.
///
///     let (u, d) = directionalDerivatives({ net($0) }, at: points, alongEach: [x, t], orders: [2, 1])
///     let (ux, uxx, ut) = (d[0][0], d[0][1], d[1][0])
public func directionalDerivatives(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, alongEach directions: [Tensor], orders: [Int]
) -> (value: Tensor, derivatives: [[Tensor]]) {
  let (value, derivatives) = directionalDerivatives(
    { (x: Single) in Single(f(x.tensor)) }, at: Single(x), alongEach: directions.map(Single.init), orders: orders)
  return (value.tensor, derivatives.map { $0.map(\.tensor) })
}

/// The value of a function of two tensors and its derivatives of order 1 ... `order` along a direction of both.
///
/// - Returns: `order` + 1 tensors, see ``directionalDerivatives(_:at:along:order:)``.
public func directionalDerivatives(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor), order: Int
) -> [Tensor] {
  directionalDerivatives(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1], order: order)
}

/// The value of a function of two tensors and its derivatives of order 1 and 2 along a direction of both:
///
///     let (u, ux, uxx) = directionalDerivatives({ x, t in net(x, t) }, at: (x, t), along: (one, zero), order: 2)
///
/// - Parameter order: 2; for another order take the results as an array.
@_disfavoredOverload
public func directionalDerivatives(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor), order: Int
) -> (value: Tensor, first: Tensor, second: Tensor) {
  directionalDerivatives(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1], order: order)
}

/// The value of a function of two tensors and its derivatives along several directions of both, each up to an order
/// of its own, from one evaluation.
///
///     let (u, d) = directionalDerivatives(f, at: (x, t), alongEach: [(one, zero), (zero, one)], orders: [2, 1])
///     let (ux, uxx, ut) = (d[0][0], d[0][1], d[1][0])
public func directionalDerivatives(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), alongEach directions: [(Tensor, Tensor)],
  orders: [Int]
) -> (value: Tensor, derivatives: [[Tensor]]) {
  directionalDerivatives(
    ofPair(f), at: [point.0, point.1], alongEach: directions.map { [$0.0, $0.1] }, orders: orders)
}

/// A tensor as a structure of its own.
private struct Single: TensorStructure {
  let tensor: Tensor
  init(_ tensor: Tensor) { self.tensor = tensor }
  var tensors: [Tensor] { [tensor] }
  func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Single { Single(tensors.removeFirst()) }
}
