import Tensor

// The transforms of functions of two structures, and gradients of three: each is that of a function of a pair, with
// its costs. Points and directions are tuples, `at: (x, weights), along: (u, v)`; results are, too.

/// The value and the gradients of a function of two structures that gives one number, of their shapes and dtypes.
///
/// Costs two to three evaluations for both; memory: the function's graph. See ``valueAndGrad(_:)`` of one structure.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func valueAndGrad<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor
) -> (A, B) -> (value: Tensor, gradient: (A, B)) {
  { a, b in
    let (value, gradient) = valueAndGrad("valueAndGrad", joined(f), at: Pair(a, b))
    return (value, gradient.both)
  }
}

/// The gradients of a function of two structures that gives one number: `let (da, db) = grad(f)(a, b)`.
///
/// Costs what ``valueAndGrad(_:)`` does.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func grad<A: TensorStructure, B: TensorStructure>(_ f: @escaping (A, B) -> Tensor) -> (A, B) -> (A, B) {
  { a, b in valueAndGrad("grad", joined(f), at: Pair(a, b)).gradient.both }
}

/// The value and the gradients of a function of three structures that gives one number, of their shapes and dtypes.
///
/// Costs two to three evaluations for all; memory: the function's graph. Three are the most; a ``Pair`` holds more.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func valueAndGrad<A: TensorStructure, B: TensorStructure, C: TensorStructure>(
  _ f: @escaping (A, B, C) -> Tensor
) -> (A, B, C) -> (value: Tensor, gradient: (A, B, C)) {
  { a, b, c in
    let (value, gradient) = valueAndGrad("valueAndGrad", joined(f), at: Pair(a, Pair(b, c)))
    return (value, (gradient.first, gradient.second.first, gradient.second.second))
  }
}

/// The gradients of a function of three structures that gives one number: `let (da, db, dc) = grad(f)(a, b, c)`.
///
/// Costs what ``valueAndGrad(_:)`` does.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func grad<A: TensorStructure, B: TensorStructure, C: TensorStructure>(
  _ f: @escaping (A, B, C) -> Tensor
) -> (A, B, C) -> (A, B, C) {
  { a, b, c in
    let gradient = valueAndGrad("grad", joined(f), at: Pair(a, Pair(b, c))).gradient
    return (gradient.first, gradient.second.first, gradient.second.second)
  }
}

/// The value and the gradients of a function of two structures that gives a number and something beside it; costs are
/// those of ``valueGradAndAuxiliary(_:)`` of one.
@_disfavoredOverload
public func valueGradAndAuxiliary<A: TensorStructure, B: TensorStructure, Auxiliary: TensorStructure>(
  _ f: @escaping (A, B) -> (Tensor, Auxiliary)
) -> (A, B) -> (value: Tensor, gradient: (A, B), auxiliary: Auxiliary) {
  let transformed = valueGradAndAuxiliary(joined(f))
  return { a, b in
    let (value, gradient, auxiliary) = transformed(Pair(a, b))
    return (value, gradient.both, auxiliary)
  }
}

// MARK: - Products with the Jacobian

/// The value of a function of two structures, and its pullback, from a cotangent of the result to those of both; see
/// ``vjp(_:at:)``.
@_disfavoredOverload
public func vjp<A: TensorStructure, B: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (A, B) -> Output, at point: (A, B)
) -> (value: Output, pullback: (Output) -> (A, B)) {
  let (value, pullback) = vjp(joined(f), at: Pair(point.0, point.1))
  return (value, { pullback($0).both })
}

/// The value of a function of two structures, and the derivative of its result along a direction of both; see
/// ``jvp(_:at:along:)``.
@_disfavoredOverload
public func jvp<A: TensorStructure, B: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (A, B) -> Output, at point: (A, B), along tangent: (A, B)
) -> (value: Output, tangent: Output) {
  jvp(joined(f), at: Pair(point.0, point.1), along: Pair(tangent.0, tangent.1))
}

/// The value of a function of two structures, and its derivative as a map of tangents of both that is recorded once; see
/// ``linearize(_:at:)``.
@_disfavoredOverload
public func linearize<A: TensorStructure, B: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (A, B) -> Output, at point: (A, B)
) -> (value: Output, pushforward: (A, B) -> Output) {
  let (value, push) = linearize(joined(f), at: Pair(point.0, point.1))
  return (value, { push(Pair($0, $1)) })
}

// MARK: - Products with the Hessian

/// Hv, the Hessian of a function of two structures times a direction of both; see ``hvp(_:at:along:)``.
@_disfavoredOverload
public func hvp<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor, at point: (A, B), along direction: (A, B)
) -> (A, B) {
  hvp(joined(f), at: Pair(point.0, point.1), along: Pair(direction.0, direction.1)).both
}

/// The value, the gradients and Hv of a function of two structures; see ``valueGradAndHVP(_:at:along:)``.
@_disfavoredOverload
public func valueGradAndHVP<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor, at point: (A, B), along direction: (A, B)
) -> (value: Tensor, gradient: (A, B), product: (A, B)) {
  let all = valueGradAndHVP(joined(f), at: Pair(point.0, point.1), along: Pair(direction.0, direction.1))
  return (all.value, all.gradient.both, all.product.both)
}

/// Hv of a function of two structures by reverse over reverse; see ``hvpReverse(_:at:along:)``.
@_disfavoredOverload
public func hvpReverse<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor, at point: (A, B), along direction: (A, B)
) -> (A, B) {
  hvpReverse(joined(f), at: Pair(point.0, point.1), along: Pair(direction.0, direction.1)).both
}

/// The value and v'H of a function of two structures; see ``vhp(_:at:along:)``.
@_disfavoredOverload
public func vhp<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor, at point: (A, B), along direction: (A, B)
) -> (value: Tensor, product: (A, B)) {
  let (value, product) = vhp(joined(f), at: Pair(point.0, point.1), along: Pair(direction.0, direction.1))
  return (value, product.both)
}

/// J' H J v with the Gauss-Newton matrix of a convex loss of a model of two structures; see
/// ``gaussNewtonProduct(_:loss:at:along:)``.
@_disfavoredOverload
public func gaussNewtonProduct<A: TensorStructure, B: TensorStructure, Output: TensorStructure>(
  _ model: @escaping (A, B) -> Output, loss: @escaping (Output) -> Tensor, at point: (A, B), along direction: (A, B)
) -> (A, B) {
  gaussNewtonProduct(joined(model), loss: loss, at: Pair(point.0, point.1), along: Pair(direction.0, direction.1)).both
}

/// The diagonal of the Hessian of a function of two structures, as two; see ``hessianDiagonal(_:)``.
@_disfavoredOverload
public func hessianDiagonal<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor
) -> (A, B) -> (A, B) {
  let diagonal = hessianDiagonal(joined(f))
  return { a, b in diagonal(Pair(a, b)).both }
}

/// The sparse Hessian of a function of two structures, whose rows and columns are the elements of the first, then those
/// of the second; see ``hessian(_:sparsity:checksPattern:)``.
@_disfavoredOverload
public func hessian<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true
) -> (A, B) -> SparseMatrix {
  let sparse = hessian(joined(f), sparsity: sparsity, checksPattern: checksPattern)
  return { a, b in sparse(Pair(a, b)) }
}
