import Tensor

// The transforms of functions of two tensors, for themselves, as those of one (SingleTensor.swift): a closure's arguments
// have types before its body is looked at.

/// The value of a function of two tensors, and its pullback, from a cotangent of the result to those of both.
public func vjp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor)
) -> (value: Tensor, pullback: (Tensor) -> (Tensor, Tensor)) {
  let (value, pullback) = vjp(ofPair(f), at: [point.0, point.1])
  return (value, { two(pullback($0)) })
}

/// The value of a function of two tensors, and the derivative of its result along a direction of both.
public func jvp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along tangent: (Tensor, Tensor)
) -> (value: Tensor, tangent: Tensor) {
  jvp(ofPair(f), at: [point.0, point.1], along: [tangent.0, tangent.1])
}

/// The value of a function of two tensors, and its derivative as a map of tangents of both that is recorded once.
public func linearize(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor)
) -> (value: Tensor, pushforward: (Tensor, Tensor) -> Tensor) {
  let (value, push) = linearize(ofPair(f), at: [point.0, point.1])
  return (value, { push([$0, $1]) })
}

/// Hv, the Hessian of a function of two tensors that gives one number times a direction of both.
public func hvp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (Tensor, Tensor) {
  two(hvp(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1]))
}

/// The value, the gradients and Hv of a function of two tensors that gives one number.
public func valueGradAndHVP(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (value: Tensor, gradient: (Tensor, Tensor), product: (Tensor, Tensor)) {
  let all = valueGradAndHVP(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1])
  return (all.value, two(all.gradient), two(all.product))
}

/// Hv of a function of two tensors that gives one number, by reverse over reverse.
public func hvpReverse(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (Tensor, Tensor) {
  two(hvpReverse(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1]))
}

/// The value and v'H of a function of two tensors that gives one number.
public func vhp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (value: Tensor, product: (Tensor, Tensor)) {
  let (value, product) = vhp(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1])
  return (value, two(product))
}

/// J' H J v with the Gauss-Newton matrix of a convex loss of a model of two tensors.
public func gaussNewtonProduct(
  _ model: @escaping (Tensor, Tensor) -> Tensor, loss: @escaping (Tensor) -> Tensor, at point: (Tensor, Tensor),
  along direction: (Tensor, Tensor)
) -> (Tensor, Tensor) {
  two(gaussNewtonProduct(ofPair(model), loss: loss, at: [point.0, point.1], along: [direction.0, direction.1]))
}

/// The diagonal of the Hessian of a function of two tensors that gives one number, as two.
public func hessianDiagonal(_ f: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> (Tensor, Tensor) {
  let diagonal = hessianDiagonal(ofPair(f))
  return { two(diagonal([$0, $1])) }
}

/// The sparse Hessian of a function of two tensors that gives one number: rows and columns are the elements of the first,
/// then those of the second.
public func hessian(
  _ f: @escaping (Tensor, Tensor) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true
) -> (Tensor, Tensor) -> SparseMatrix {
  let sparse = hessian(ofPair(f), sparsity: sparsity, checksPattern: checksPattern)
  return { sparse([$0, $1]) }
}

/// A function of two tensors as one of a list.
func ofPair(_ f: @escaping (Tensor, Tensor) -> Tensor) -> ([Tensor]) -> Tensor { { f($0[0], $0[1]) } }

private func two(_ list: [Tensor]) -> (Tensor, Tensor) { (list[0], list[1]) }
