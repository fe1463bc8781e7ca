import Tensor

// The transforms of functions of two tensors, for themselves, as those of one (SingleTensor.swift): a closure's
// arguments have types before its body is looked at. Directions of both, and what is with respect to both, are
// tuples; costs are those of the forms for one tensor, for both tensors together.

/// The value of a function of two tensors, and its pullback, from a cotangent of the result to those of both.
///
/// Costs an evaluation that is recorded, and one to two for each pullback; memory: the graph, as long as the pullback
/// lives.
/// - Returns: `pullback(u)` has the shapes of both, u the result's shape and dtype. Extra leading axes of u pass to
///   both.
/// - Precondition: Floating-point inputs and a floating-point result.
public func vjp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor)
) -> (value: Tensor, pullback: (Tensor) -> (Tensor, Tensor)) {
  let (value, pullback) = vjp(ofPair(f), at: [point.0, point.1])
  return (value, { two(pullback($0)) })
}

/// The value of a function of two tensors, and the derivative of its result along a direction of both, of the result's
/// shape.
///
/// Costs an evaluation that is recorded and one to two more; memory: the graph. For many directions see
/// ``linearize(_:at:)``.
/// - Parameter tangent: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both,
///   pass to the derivative. One that does not move is `Tensor.zeros(like:)`.
/// - Precondition: Floating-point inputs.
public func jvp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along tangent: (Tensor, Tensor)
) -> (value: Tensor, tangent: Tensor) {
  jvp(ofPair(f), at: [point.0, point.1], along: [tangent.0, tangent.1])
}

/// The value of a function of two tensors, and its derivative as a map of tangents of both that is recorded once.
///
/// Costs an evaluation that is recorded, and one to two for each product; memory: the graph, as long as the map lives.
/// - Returns: `pushforward(u, v)` has the result's shape, u and v those of the inputs. Extra leading axes, the same on
///   both, pass to it.
/// - Precondition: Floating-point inputs.
public func linearize(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor)
) -> (value: Tensor, pushforward: (Tensor, Tensor) -> Tensor) {
  let (value, push) = linearize(ofPair(f), at: [point.0, point.1])
  return (value, { push([$0, $1]) })
}

/// Hv, the Hessian of a function of two tensors that gives one number times a direction of both: the part of the first
/// tensor and that of the second, of their shapes.
///
/// Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of a net); memory: the gradient's graph. See
/// ``hvp(_:at:along:)`` of one tensor.
/// - Parameter direction: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both,
///   pass to the products.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
public func hvp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (Tensor, Tensor) {
  two(hvp(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1]))
}

/// The value, the gradients and Hv of a function of two tensors that gives one number.
///
/// Gradients and products have the inputs' shapes. Costs 2.8 to 2.9 G of arithmetic (G: a gradient with its value, of
/// a net); memory: the gradient's graph.
/// - Parameter direction: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both,
///   pass to the products.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
public func valueGradAndHVP(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (value: Tensor, gradient: (Tensor, Tensor), product: (Tensor, Tensor)) {
  let all = valueGradAndHVP(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1])
  return (all.value, two(all.gradient), two(all.product))
}

/// Hv of a function of two tensors that gives one number, by reverse over reverse, of the inputs' shapes.
///
/// Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of a net); memory: the gradient's graph.
/// - Parameter direction: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both,
///   pass to the products.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
public func hvpReverse(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (Tensor, Tensor) {
  two(hvpReverse(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1]))
}

/// The value and v'H of a function of two tensors that gives one number, of the inputs' shapes.
///
/// Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of a net), a block's directions 2.1 to 2.2 G each;
/// memory: the graph of the value and its tangent.
/// - Parameter direction: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both,
///   pass to the products.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
public func vhp(
  _ f: @escaping (Tensor, Tensor) -> Tensor, at point: (Tensor, Tensor), along direction: (Tensor, Tensor)
) -> (value: Tensor, product: (Tensor, Tensor)) {
  let (value, product) = vhp(ofPair(f), at: [point.0, point.1], along: [direction.0, direction.1])
  return (value, two(product))
}

/// J' H J v with the Gauss-Newton matrix of a convex loss of a model of two tensors, of the inputs' shapes.
///
/// Costs 2.3 G of arithmetic (G: a gradient with its value, of a net); memory: the model's graph and that of the
/// loss's gradient.
/// - Parameter direction: A direction of each tensor, of its shape and dtype; extra leading axes, the same on both,
///   pass to the products.
/// - Precondition: Floating-point inputs and a floating-point result of the model; a loss of one floating-point
///   element.
public func gaussNewtonProduct(
  _ model: @escaping (Tensor, Tensor) -> Tensor, loss: @escaping (Tensor) -> Tensor, at point: (Tensor, Tensor),
  along direction: (Tensor, Tensor)
) -> (Tensor, Tensor) {
  two(gaussNewtonProduct(ofPair(model), loss: loss, at: [point.0, point.1], along: [direction.0, direction.1]))
}

/// The diagonal of the Hessian of a function of two tensors that gives one number, as two tensors of the inputs'
/// shapes.
///
/// Costs a recorded gradient and a product of up to 1.9 G (G: a gradient with its value, of a net) for each element
/// of both, in blocks, or a few products where the Hessian is found to be sparse; memory: the gradient's graph and a
/// block.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
public func hessianDiagonal(_ f: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> (Tensor, Tensor) {
  let diagonal = hessianDiagonal(ofPair(f))
  return { two(diagonal([$0, $1])) }
}

/// The sparse Hessian of a function of two tensors that gives one number: rows and columns are the elements of the first,
/// then those of the second.
///
/// Costs a recorded gradient and a product of up to 1.9 G (G: a gradient with its value, of a net) for each colour of
/// the pattern; memory beside the elements: the gradient's graph and a block.
/// - Parameters:
///   - sparsity: A band, a pattern, or what is found (`.detected`).
///   - checksPattern: Whether one more product checks that the pattern misses nothing.
/// - Precondition: Floating-point inputs of one dtype; a result of one floating-point element.
public func hessian(
  _ f: @escaping (Tensor, Tensor) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true
) -> (Tensor, Tensor) -> SparseMatrix {
  let sparse = hessian(ofPair(f), sparsity: sparsity, checksPattern: checksPattern)
  return { sparse([$0, $1]) }
}

/// A function of two tensors as one of a list.
func ofPair(_ f: @escaping (Tensor, Tensor) -> Tensor) -> ([Tensor]) -> Tensor { { f($0[0], $0[1]) } }

private func two(_ list: [Tensor]) -> (Tensor, Tensor) { (list[0], list[1]) }
