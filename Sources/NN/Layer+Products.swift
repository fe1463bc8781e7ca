import Autograd

// First and second derivatives of a layer with respect to its input. Each is the function of the same name, of `{
// layer($0) }`, with its shapes and costs; the results lead on to the layer's parameters. What takes a closure of the
// layer instead, `hvp(layer, along: v) { ... }`, is with respect to the parameters.

/// The derivative of a layer that acts element by element, of its input's shape; see ``elementwiseGrad(_:)``.
public func elementwiseGrad(_ layer: some Layer) -> (Tensor) -> Tensor {
  elementwiseGrad { (x: Tensor) in layer(x) }
}

/// A layer's output, and its pullback to the input: from a cotangent u of the output, any number of times, to J'u; see
/// ``vjp(_:at:)``.
public func vjp(_ layer: some Layer, at input: Tensor) -> (value: Tensor, pullback: (Tensor) -> Tensor) {
  vjp({ layer($0) }, at: input)
}

/// A layer's output, and Jv, its derivative along a direction of the input; see ``jvp(_:at:along:)``.
public func jvp(_ layer: some Layer, at input: Tensor, along tangent: Tensor) -> (value: Tensor, tangent: Tensor) {
  jvp({ layer($0) }, at: input, along: tangent)
}

/// A layer's output, and its derivative with respect to the input as a map v -> Jv that is recorded once; see
/// ``linearize(_:at:)``.
public func linearize(_ layer: some Layer, at input: Tensor) -> (value: Tensor, pushforward: (Tensor) -> Tensor) {
  linearize({ layer($0) }, at: input)
}

/// Hv, the Hessian in the input of a layer that gives one number, times a direction; see ``hvp(_:at:along:)``.
///
/// - Precondition: An output of one floating-point element.
public func hvp(_ layer: some Layer, at input: Tensor, along direction: Tensor) -> Tensor {
  hvp({ layer($0) }, at: input, along: direction)
}

/// The dense Jacobian of a layer's output with respect to its input, of the output's shape followed by the input's; see
/// ``jacobian(_:mode:memoryBudget:)``.
///
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
public func jacobian(
  _ layer: some Layer, mode: JacobianMode = .automatic, memoryBudget: MemoryBudget = .automatic
) -> (Tensor) throws(MemoryBudgetError) -> Tensor {
  jacobian({ (x: Tensor) in layer(x) }, mode: mode, memoryBudget: memoryBudget)
}
