import Tensor

// Functions of functions. Each takes a function of a tensor or of any structure of tensors (an array, a
// struct of yours) and nests in the others to any order.

/// The value and the gradient of a function that gives one number.
///
/// Costs about two to three evaluations. The gradient has the input's structure, shapes and dtypes.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func valueAndGrad<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor
) -> (Input) -> (value: Tensor, gradient: Input) {
  { input in
    let tensors = input.tensors
    guard let call = Recording("grad", tensors, { f(input.with($0)) }), isNumber(call.output, "grad") else {
      return (.placeholder, input.mapTensors { Tensor.zeros(like: $0) })
    }
    let gradients = call.pullback([call.output], [Tensor.ones(like: call.output)])
    return (call.value(of: call.output), input.with(orZeros(gradients, like: tensors)))
  }
}

/// The gradient of a function that gives one number.
///
/// `grad(f)(x)`; of second order: `grad { grad(f)($0).sum() }(x)`.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func grad<Input: TensorStructure>(_ f: @escaping (Input) -> Tensor) -> (Input) -> Input {
  let both = valueAndGrad(f)
  return { both($0).gradient }
}

/// The value and the gradients of a function of two structures.
@_disfavoredOverload
public func valueAndGrad<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor
) -> (A, B) -> (value: Tensor, gradient: (A, B)) {
  let joined = valueAndGrad { (pair: Pair<A, B>) in f(pair.first, pair.second) }
  return { a, b in
    let (value, gradient) = joined(Pair(first: a, second: b))
    return (value, (gradient.first, gradient.second))
  }
}

/// The gradients of a function of two structures.
@_disfavoredOverload
public func grad<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor
) -> (A, B) -> (A, B) {
  let both = valueAndGrad(f)
  return { both($0, $1).gradient }
}

/// The gradients of a function of three structures.
@_disfavoredOverload
public func grad<A: TensorStructure, B: TensorStructure, C: TensorStructure>(
  _ f: @escaping (A, B, C) -> Tensor
) -> (A, B, C) -> (A, B, C) {
  let joined = grad { (all: Pair<A, Pair<B, C>>) in f(all.first, all.second.first, all.second.second) }
  return { a, b, c in
    let gradient = joined(Pair(first: a, second: Pair(first: b, second: c)))
    return (gradient.first, gradient.second.first, gradient.second.second)
  }
}

// MARK: - Products with the Jacobian

/// The value of a function, and its pullback: from a cotangent of the result (any number of times) to the
/// cotangents of the input.
///
/// - Parameter input: Floating-point tensors.
/// - Returns: `pullback(u)` is J'u, with u of the result's structure, shapes and dtypes; tensors of u may
///   carry extra leading axes, all the same, and the results then carry them too.
@_disfavoredOverload
public func vjp<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input
) -> (value: Output, pullback: (Output) -> Input) {
  let tensors = input.tensors
  guard let call = Recording("vjp", tensors, { f(input.with($0)) }) else {
    return (f(input), { _ in input.mapTensors { Tensor.zeros(like: $0) } })
  }
  let results = call.output.tensors
  let pullback = { (cotangent: Output) -> Input in
    let cotangents = cotangent.tensors
    guard fit(cotangents, results, "vjp", "cotangent", "result") else {
      return input.mapTensors { Tensor.zeros(like: $0) }
    }
    let pulled = call.pullback(results, cotangents)
    return input.with(orZeros(pulled, like: tensors, lead: lead(cotangents, over: results)))
  }
  return (call.output.mapTensors { call.value(of: $0) }, pullback)
}

/// The value of a function and Jv, the derivative of its result along a direction.
///
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
  guard fit(tangents, tensors, "jvp", "tangent", "input"),
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
/// Costs about two gradients: the gradient is recorded, but products of matrices that only its own numbers would need
/// are left out (see ``valueGradAndHVP(_:at:along:)`` for both).
/// - Parameters:
///   - input: Floating-point tensors.
///   - direction: v, of the input's structure, shapes and dtypes.
@_disfavoredOverload
public func hvp<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, at input: Input, along direction: Input
) -> Input {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(directions, tensors, "hvp", "direction", "input"),
    let call = Recording("hvp", tensors, { f(input.with($0)) }), isNumber(call.output, "hvp")
  else { return input.mapTensors { Tensor.zeros(like: $0) } }
  let pushed = call.pushforward(call.gradientHistory(call.output), directions)
  return input.with(orZeros(pushed, like: tensors, lead: lead(directions, over: tensors)))
}

/// The value, the gradient and Hv of a function that gives one number, for little more than Hv alone.
@_disfavoredOverload
public func valueGradAndHVP<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, at input: Input, along direction: Input
) -> (value: Tensor, gradient: Input, product: Input) {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(directions, tensors, "hvp", "direction", "input"),
    let call = Recording("hvp", tensors, { f(input.with($0)) }), isNumber(call.output, "hvp")
  else {
    let zeros = input.mapTensors { Tensor.zeros(like: $0) }
    return (.placeholder, zeros, zeros)
  }
  let seed = Tensor.ones(like: call.output)
  let gradients = orZeros(call.pullback([call.output], [seed], recorded: true), like: tensors)
  let lead = lead(directions, over: tensors)
  let products = orZeros(call.pushforward(gradients, directions), like: tensors, lead: lead)
  return (
    call.value(of: call.output), input.with(gradients.map { call.value(of: $0) }), input.with(products)
  )
}

/// Hv by reverse over reverse, for comparison with ``hvp(_:at:along:)``: the gradient of <gradient, v>.
@_disfavoredOverload
public func hvpReverse<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, at input: Input, along direction: Input
) -> Input {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(directions, tensors, "hvp", "direction", "input"),
    let call = Recording("hvp", tensors, { f(input.with($0)) }), isNumber(call.output, "hvp")
  else { return input.mapTensors { Tensor.zeros(like: $0) } }
  let gradients = call.gradientHistory(call.output)
  // <gradient, v> has v for its cotangent with respect to the gradient: the product itself is not needed.
  let present = gradients.indices.filter { gradients[$0]?.isTracked ?? false }
  let products = call.pullback(present.map { gradients[$0]! }, present.map { directions[$0] })
  return input.with(orZeros(products, like: tensors, lead: lead(directions, over: tensors)))
}
