import Tensor

// Functions of functions. Each takes a function of a tensor or of any structure of tensors (an array, a
// struct of yours) and nests in the others to any order.

/// The value and the gradient of a function that gives one number.
///
/// The gradient has the input's structure, shapes and dtypes; zeros where the function does not depend on a tensor.
/// Costs about two to three evaluations, and the memory of the graph.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func valueAndGrad<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor
) -> (Input) -> (value: Tensor, gradient: Input) {
  { valueAndGrad("valueAndGrad", f, at: $0) }
}

/// The gradient of a function that gives one number, of the input's structure, shapes and dtypes.
///
/// `grad(f)(x)`; of second order: `grad { grad(f)($0).sum() }(x)`. Costs about two to three evaluations, and the
/// memory of the graph.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func grad<Input: TensorStructure>(_ f: @escaping (Input) -> Tensor) -> (Input) -> Input {
  { valueAndGrad("grad", f, at: $0).gradient }
}

/// The value and the gradient, with misuse reported under the name of the transform that was called.
func valueAndGrad<Input: TensorStructure>(
  _ operation: String, _ f: (Input) -> Tensor, at input: Input
) -> (value: Tensor, gradient: Input) {
  let tensors = input.tensors
  guard let call = Recording(operation, tensors, { f(input.with($0)) }), isNumber(call.output, operation) else {
    return (.placeholder, input.mapTensors { Tensor.zeros(like: $0) })
  }
  let gradients = call.pullback([call.output], [Tensor.ones(like: call.output)])
  return (call.value(of: call.output), input.with(orZeros(gradients, like: tensors)))
}

// MARK: - Products with the Jacobian

/// The value of a function, and its pullback: from a cotangent of the result (any number of times) to the
/// cotangents of the input.
///
///     let (y, pullback) = vjp(f, at: x)
///     let a = pullback(u), b = pullback(w)      // no further evaluation of f
///
/// Costs an evaluation that is recorded, and one to two for each pullback. The graph lives as long as the pullback.
/// - Parameter input: Floating-point tensors.
/// - Returns: `pullback(u)` is J'u, with u of the result's structure, shapes and dtypes; tensors of u may
///   carry extra leading axes, all the same, and the results then carry them too.
@_disfavoredOverload
public func vjp<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input
) -> (value: Output, pullback: (Output) -> Input) {
  guard let call = Recording("vjp", input.tensors, { f(input.with($0)) }) else {
    return (f(input), { _ in input.mapTensors { Tensor.zeros(like: $0) } })
  }
  return (call.output.mapTensors { call.value(of: $0) }, call.pullback("vjp", of: call.output, to: input))
}

extension Recording {
  /// The map from cotangents of a result to the input's, reporting misuse as `operation`.
  func pullback<Input: TensorStructure, Result: TensorStructure>(
    _ operation: String, of result: Result, to input: Input
  ) -> (Result) -> Input {
    let results = result.tensors
    let tensors = input.tensors
    return { cotangent in
      let cotangents = cotangent.tensors
      guard fit(cotangent, result, operation, "cotangent", "result") else {
        return input.mapTensors { Tensor.zeros(like: $0) }
      }
      let pulled = self.pullback(results, cotangents)
      return input.with(orZeros(pulled, like: tensors, lead: lead(cotangents, over: results)))
    }
  }
}

/// The value of a function and Jv, the derivative of its result along a direction, of the result's structure and
/// shapes.
///
/// Costs an evaluation that is recorded and one to two more, and the memory of the graph. For many directions at one
/// point see ``linearize(_:at:)``, for orders above 1 ``directionalDerivatives(_:at:along:order:)``.
/// - Parameters:
///   - input: Floating-point tensors.
///   - tangent: v, of the input's structure, shapes and dtypes; its tensors may carry extra leading axes,
///     all the same, and the derivative then carries them too.
@_disfavoredOverload
public func jvp<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input, along tangent: Input
) -> (value: Output, tangent: Output) {
  let tensors = input.tensors
  let tangents = tangent.tensors
  guard fit(tangent, input, "jvp", "tangent", "input"),
    let call = Recording("jvp", tensors, { f(input.with($0)) })
  else {
    let value = f(input)
    return (value, value.mapTensors { Tensor.zeros(like: $0) })
  }
  let results = call.output.tensors
  let lead = lead(tangents, over: tensors)
  let pushed = orZeros(call.pushforward(results, tangents), like: results, lead: lead)
  return (call.output.mapTensors { call.value(of: $0) }, call.output.with(pushed))
}

// MARK: - Products with the Hessian

/// Hv, the Hessian of a function that gives one number times a direction, forward over reverse.
///
/// Of the input's structure and shapes. Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of a net),
/// and the memory of the gradient's graph: the gradient is recorded, but products of matrices that only its own
/// numbers would need are left out (see ``valueGradAndHVP(_:at:along:)`` for both). Its time is two to five
/// gradients, of small calls and large arrays the most, since it records more and moves more memory. For many
/// products at one point see ``HessianOperator``.
/// - Parameters:
///   - input: Floating-point tensors.
///   - direction: v, of the input's structure, shapes and dtypes; its tensors may carry extra leading axes, all the
///     same, and the product then carries them too.
/// - Precondition: A result of one floating-point element.
@_disfavoredOverload
public func hvp<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, at input: Input, along direction: Input
) -> Input {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(direction, input, "hvp", "direction", "input"),
    let call = Recording("hvp", tensors, { f(input.with($0)) }), isNumber(call.output, "hvp")
  else { return input.mapTensors { Tensor.zeros(like: $0) } }
  let pushed = call.pushforward(call.gradientHistory(call.output), directions)
  return input.with(orZeros(pushed, like: tensors, lead: lead(directions, over: tensors)))
}

/// The value, the gradient and Hv of a function that gives one number, for little more than ``hvp(_:at:along:)``
/// alone: it computes all three.
///
/// Gradient and product have the input's structure and shapes. Costs 2.8 to 2.9 G of arithmetic (G: a gradient with its
/// value, of a net), and the memory of the gradient's graph.
/// - Parameter direction: v, as in ``hvp(_:at:along:)``; the product alone carries its extra leading axes.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func valueGradAndHVP<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, at input: Input, along direction: Input
) -> (value: Tensor, gradient: Input, product: Input) {
  valueGradAndHVP("valueGradAndHVP", f, at: input, along: direction)
}

private func valueGradAndHVP<Input: TensorStructure>(
  _ operation: String, _ f: (Input) -> Tensor, at input: Input, along direction: Input
) -> (value: Tensor, gradient: Input, product: Input) {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(direction, input, operation, "direction", "input"),
    let recorded = RecordedGradient(operation, tensors, { f(input.with($0)) })
  else {
    let zeros = input.mapTensors { Tensor.zeros(like: $0) }
    return (.placeholder, zeros, zeros)
  }
  let products = orZeros(recorded.pushforward(directions), like: tensors, lead: lead(directions, over: tensors))
  return (recorded.value, input.with(recorded.gradients), input.with(products))
}

/// Hv by reverse over reverse, for comparison with ``hvp(_:at:along:)``: the gradient of <gradient, v>.
///
/// Of the input's structure and shapes. Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value, of a net),
/// and the memory of the gradient's graph.
/// - Parameter direction: v, as there.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func hvpReverse<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, at input: Input, along direction: Input
) -> Input {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(direction, input, "hvpReverse", "direction", "input"),
    let call = Recording("hvpReverse", tensors, { f(input.with($0)) }), isNumber(call.output, "hvpReverse")
  else { return input.mapTensors { Tensor.zeros(like: $0) } }
  let gradients = call.gradientHistory(call.output)
  // <gradient, v> has v for its cotangent with respect to the gradient: the product itself is not needed.
  let present = gradients.indices.filter { gradients[$0]?.isTracked ?? false }
  let products = call.pullback(present.map { gradients[$0]! }, present.map { directions[$0] })
  return input.with(orZeros(products, like: tensors, lead: lead(directions, over: tensors)))
}
