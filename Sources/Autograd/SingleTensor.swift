import Tensor

// The transforms of functions from a tensor (or two) to a tensor, for themselves: where these fit, the compiler need
// not look for a structure that would, so that `grad { x in ... }` is checked in milliseconds, however long the
// expression. They are what the transforms of structures are. G is the arithmetic of a gradient with its value; figures
// are those of nets, and are held to by ProductCostTests.

/// The value and the gradient of a function of a tensor that gives one number.
///
/// The gradient has the input's shape and dtype. Costs two to three evaluations; memory: the function's graph.
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
/// `grad(f)(x)`, of the shape and dtype of x; of second order: `grad { grad(f)($0).sum() }(x)`. Costs what
/// ``valueAndGrad(_:)`` does.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func grad(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let slope = grad { (x: Single) in f(x.tensor) }
  return { slope(Single($0)).tensor }
}

/// The value and the gradients of a function of two tensors that gives one number.
///
/// The gradients have the inputs' shapes and dtypes. Costs two to three evaluations for both; memory: the function's
/// graph.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
public func valueAndGrad(
  _ f: @escaping (Tensor, Tensor) -> Tensor
) -> (Tensor, Tensor) -> (value: Tensor, gradient: (Tensor, Tensor)) {
  let both = valueAndGrad { (x: Single, y: Single) in f(x.tensor, y.tensor) }
  return { x, y in
    let (value, gradient) = both(Single(x), Single(y))
    return (value, (gradient.0.tensor, gradient.1.tensor))
  }
}

/// The gradients of a function of two tensors that gives one number: `let (da, db) = grad(f)(a, b)`.
///
/// Of the inputs' shapes and dtypes. Costs what ``valueAndGrad(_:)`` does.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
public func grad(_ f: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> (Tensor, Tensor) {
  let slopes = grad { (x: Single, y: Single) in f(x.tensor, y.tensor) }
  return { x, y in
    let (a, b) = slopes(Single(x), Single(y))
    return (a.tensor, b.tensor)
  }
}

/// The value of a function of a tensor, and its pullback, from a cotangent of the result to the input's: J'u.
///
///     let (y, pullback) = vjp(f, at: x)
///     let a = pullback(u), b = pullback(w)      // no further evaluation of f
///
/// Costs an evaluation that is recorded, and one to two for each pullback; memory: the graph, as long as the pullback
/// lives.
/// - Returns: `pullback(u)` has the shape of x, u the result's shape and dtype. Extra leading axes of u pass to it.
/// - Precondition: A floating-point input and result.
public func vjp(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor
) -> (value: Tensor, pullback: (Tensor) -> Tensor) {
  let (value, pullback) = vjp({ (x: Single) in Single(f(x.tensor)) }, at: Single(x))
  return (value.tensor, { pullback(Single($0)).tensor })
}

/// The value of a function of a tensor and Jv, the derivative of its result along a direction, of the result's shape.
///
/// Costs an evaluation that is recorded and one to two more; memory: the graph. For many directions see
/// ``linearize(_:at:)``, for orders above 1 ``directionalDerivatives(_:at:along:order:)``.
/// - Parameter tangent: v, of x's shape and dtype. Extra leading axes pass to the derivative.
/// - Precondition: A floating-point input.
public func jvp(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along tangent: Tensor
) -> (value: Tensor, tangent: Tensor) {
  let (value, pushed) = jvp({ (x: Single) in Single(f(x.tensor)) }, at: Single(x), along: Single(tangent))
  return (value.tensor, pushed.tensor)
}

/// The value of a function of a tensor, and its derivative as a map of tangents that is recorded once: v -> Jv.
///
/// Costs an evaluation that is recorded, and one to two for each product; memory: the graph, as long as the map lives.
/// - Returns: `pushforward(v)` has the result's shape, v that of x. Extra leading axes of v pass to it.
/// - Precondition: A floating-point input.
public func linearize(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor
) -> (value: Tensor, pushforward: (Tensor) -> Tensor) {
  let (value, push) = linearize({ (x: Single) in Single(f(x.tensor)) }, at: Single(x))
  return (value.tensor, { push(Single($0)).tensor })
}

/// The transpose of a linear function of a tensor: from a cotangent u of its result to A'u, of x's shape.
///
/// Costs two evaluations and a product, by which linearity is checked, then a product (one to two evaluations) each;
/// memory: the graph. Extra leading axes of u pass to the result.
/// - Parameter x: Any input of the shape and dtype that the function takes; its values do not matter.
/// - Precondition: A linear function of a floating-point tensor to one.
public func linearTranspose(_ f: @escaping (Tensor) -> Tensor, like x: Tensor) -> (Tensor) -> Tensor {
  let transposed = linearTranspose({ (x: Single) in Single(f(x.tensor)) }, like: Single(x))
  return { transposed(Single($0)).tensor }
}

// MARK: - Second order

/// Hv, the Hessian of a function of a tensor that gives one number times a direction, forward over reverse.
///
/// Of x's shape. Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of a net), and more time where
/// tensors are small; memory: the gradient's graph. For many products at one point see ``HessianOperator``, whose
/// products cost less.
/// - Parameter direction: v, of x's shape and dtype. Extra leading axes, a block of directions, pass to the product.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func hvp(_ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor) -> Tensor {
  hvp({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction)).tensor
}

/// The value, the gradient and Hv of a function of a tensor that gives one number, for little more than Hv alone.
///
/// Gradient and product have x's shape. Costs 2.8 to 2.9 G of arithmetic (G: a gradient with its value, of a net);
/// memory: the gradient's graph.
/// - Parameter direction: v, as in ``hvp(_:at:along:)``.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func valueGradAndHVP(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor
) -> (value: Tensor, gradient: Tensor, product: Tensor) {
  let all = valueGradAndHVP({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction))
  return (all.value, all.gradient.tensor, all.product.tensor)
}

/// Hv by reverse over reverse, for comparison with ``hvp(_:at:along:)``: the gradient of <gradient, v>.
///
/// Of x's shape. Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of a net); memory: the gradient's
/// graph.
/// - Parameter direction: v, as in ``hvp(_:at:along:)``.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func hvpReverse(_ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor) -> Tensor {
  hvpReverse({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction)).tensor
}

/// The value and v'H, the product of a direction with the Hessian, reverse over forward.
///
/// v'H has x's shape, and is Hv but for rounding. Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of
/// a net); a block's directions are taken one after the other, at 2.1 to 2.2 G each. Memory: the graph of the value
/// and its tangent.
/// - Parameter direction: v, as in ``hvp(_:at:along:)``.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func vhp(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor
) -> (value: Tensor, product: Tensor) {
  let (value, product) = vhp({ (x: Single) in f(x.tensor) }, at: Single(x), along: Single(direction))
  return (value, product.tensor)
}

/// J' H J v, the product with the Gauss-Newton matrix of a convex loss of a model's result: J is the model's Jacobian,
/// H the loss's Hessian.
///
///     let product = gaussNewtonProduct(model, loss: { mse($0, target) }, at: weights, along: v)
///
/// Of x's shape. Costs 2.3 G of arithmetic (G: a gradient with its value, of a net); memory: the model's graph and
/// that of the loss's gradient. For many products at one point see ``HessianOperator/init(gaussNewton:loss:at:)``.
/// - Parameter direction: v, as in ``hvp(_:at:along:)``.
/// - Precondition: A floating-point input and result of the model; a loss of one floating-point element.
public func gaussNewtonProduct(
  _ model: @escaping (Tensor) -> Tensor, loss: @escaping (Tensor) -> Tensor, at x: Tensor, along direction: Tensor
) -> Tensor {
  gaussNewtonProduct(
    { (x: Single) in Single(model(x.tensor)) }, loss: { (y: Single) in loss(y.tensor) }, at: Single(x),
    along: Single(direction)
  ).tensor
}

/// The diagonal of the Hessian of a function of a tensor that gives one number, exactly, of the input's shape.
///
/// Costs a recorded gradient and a product of up to 1.9 G (G: a gradient with its value, of a net) for each element
/// of the input, in blocks, or a few products where the Hessian is found to be sparse; memory: the gradient's graph
/// and a block. For an estimate by few products see ``HessianOperator/diagonalEstimate(samples:using:)``.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func hessianDiagonal(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let diagonal = hessianDiagonal { (x: Single) in f(x.tensor) }
  return { diagonal(Single($0)).tensor }
}

/// The Hessian of a function of a tensor that gives one number, whose elements off a pattern are zero, as a sparse
/// matrix [n, n] of the n elements of x, in row-major order.
///
///     let H = hessian(rosenbrock, sparsity: .banded(1))(x)    // three products, whatever the size of x, and a check
///
/// Costs a recorded gradient and a product of up to 1.9 G (G: a gradient with its value, of a net) for each colour of
/// the pattern: 2k + 1 for a band of width k; memory beside the elements: the gradient's graph and a block.
/// - Parameters:
///   - sparsity: A band, a pattern, or what is found (`.detected`).
///   - checksPattern: Whether one more product checks that the pattern misses nothing; a pattern that does is reported,
///     and unchecked adds the missing elements to others.
/// - Precondition: A floating-point input; a result of one floating-point element.
public func hessian(
  _ f: @escaping (Tensor) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true
) -> (Tensor) -> SparseMatrix {
  let sparse = hessian({ (x: Single) in f(x.tensor) }, sparsity: sparsity, checksPattern: checksPattern)
  return { sparse(Single($0)) }
}

extension HessianOperator where Input == Tensor {
  /// The Hessian of a function of a tensor at a point, to be multiplied with vectors of its shape.
  ///
  /// Costs a recorded gradient (its value and gradient come with it), then 1.8 to 1.9 G of arithmetic a product (G: a
  /// gradient with its value); memory: the gradient's graph, as long as the operator lives.
  /// - Precondition: A floating-point input; a result of one floating-point element.
  public init(_ f: @escaping (Tensor) -> Tensor, at x: Tensor) {
    self.init(RecordedGradient("HessianOperator", [x]) { f($0[0]) }, x)
  }
}

// MARK: - Any order

/// The value of a function of a tensor and its derivatives of order 1 ... `order` along a direction, in one sweep: u,
/// u', u'', ... of f(x + t v) at t = 0.
///
/// Costs an evaluation, and `order` to `order` (`order` + 3) / 2 more; memory: the graph and `order` tangents.
/// - Parameters:
///   - direction: v, of x's shape and dtype. Extra leading axes, a block of directions, pass to the derivatives.
///   - order: 1 ... 60.
/// - Returns: `order` + 1 tensors of the result's shape: the value, then the derivatives.
/// - Precondition: A floating-point input.
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
/// All of the result's shape. Costs an evaluation and two to five more; memory: the graph and two tangents.
/// - Parameters:
///   - direction: v, of x's shape and dtype. Extra leading axes pass to the derivatives.
///   - order: 2; for another order take the results as an array.
/// - Precondition: A floating-point input.
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
///
/// Costs less than one direction at a time, since what they share is computed once; memory: the graph, and a tangent
/// for each order of each direction.
/// - Parameters:
///   - directions: Each of x's shape and dtype, with extra leading axes of its own if any.
///   - orders: One for each direction, 1 ... 60, and together no more than 60.
/// - Returns: The value, and for each direction its derivatives in turn: `derivatives[i][k - 1]` is that of order k
///   along direction i, of the result's shape behind the leading axes of direction i.
/// - Precondition: A floating-point input.
public func directionalDerivatives(
  _ f: @escaping (Tensor) -> Tensor, at x: Tensor, alongEach directions: [Tensor], orders: [Int]
) -> (value: Tensor, derivatives: [[Tensor]]) {
  let (value, derivatives) = directionalDerivatives(
    { (x: Single) in Single(f(x.tensor)) }, at: Single(x), alongEach: directions.map(Single.init), orders: orders)
  return (value.tensor, derivatives.map { $0.map(\.tensor) })
}

/// The value of a function of two tensors and its derivatives of order 1 ... `order` along a direction of both.
///
/// Costs an evaluation, and `order` to `order` (`order` + 3) / 2 more; memory: the graph and `order` tangents.
/// - Parameters:
///   - direction: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both, pass to the
///     derivatives. One that does not move is `Tensor.zeros(like:)`.
///   - order: 1 ... 60.
/// - Returns: `order` + 1 tensors of the result's shape: the value, then the derivatives.
/// - Precondition: Floating-point inputs.
public func directionalDerivatives(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor), order: Int
) -> [Tensor] {
  directionalDerivatives(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1], order: order)
}

/// The value of a function of two tensors and its derivatives of order 1 and 2 along a direction of both:
///
///     let (u, ux, uxx) = directionalDerivatives({ x, t in net(x, t) }, at: (x, t), along: (one, zero), order: 2)
///
/// All of the result's shape. Costs an evaluation and two to five more; memory: the graph and two tangents.
/// - Parameters:
///   - direction: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both, pass to the
///     derivatives.
///   - order: 2; for another order take the results as an array.
/// - Precondition: Floating-point inputs.
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
///
/// Costs less than one direction at a time, since what they share is computed once; memory: the graph, and a tangent
/// for each order of each direction.
/// - Parameters:
///   - directions: Each a direction of both tensors, of their shapes and dtypes, with leading axes of its own if any.
///   - orders: One for each direction, 1 ... 60, and together no more than 60.
/// - Returns: The value, and for each direction its derivatives in turn: `derivatives[i][k - 1]` is that of order k
///   along direction i, of the result's shape behind the leading axes of direction i.
/// - Precondition: Floating-point inputs.
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
