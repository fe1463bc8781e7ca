import Tensor

// Further forms of the gradient.

/// The value and the gradient of a function that gives a number and something beside it: predictions, measures.
///
///     let (loss, gradient, predictions) = valueGradAndAuxiliary { p in
///       let y = model(p, x)
///       return (mse(y, target), y)
///     }(parameters)
///
/// Costs what ``valueAndGrad(_:)`` does. Tensors beside the number have no part in the gradient, and leave without the
/// history that only this transform can see.
/// - Precondition: Floating-point inputs; a number of one floating-point element.
@_disfavoredOverload
public func valueGradAndAuxiliary<Input: TensorStructure, Auxiliary: TensorStructure>(
  _ f: @escaping (Input) -> (Tensor, Auxiliary)
) -> (Input) -> (value: Tensor, gradient: Input, auxiliary: Auxiliary) {
  { input in
    let tensors = input.tensors
    guard let call = Recording("valueGradAndAuxiliary", tensors, { f(input.with($0)) }) else {
      let (value, auxiliary) = f(input)
      return (value, input.mapTensors { Tensor.zeros(like: $0) }, auxiliary)
    }
    let (value, auxiliary) = call.output
    let outer = auxiliary.mapTensors { call.value(of: $0) }
    guard isNumber(value, "valueGradAndAuxiliary") else {
      return (.placeholder, input.mapTensors { Tensor.zeros(like: $0) }, outer)
    }
    let gradients = call.pullback([value], [Tensor.ones(like: value)])
    return (call.value(of: value), input.with(orZeros(gradients, like: tensors)), outer)
  }
}

/// The derivative of a pointwise function, element by element: the gradient of its sum.
///
///     elementwiseGrad { sin($0) * $0 }(x)                    // of x's shape
///     elementwiseGrad(elementwiseGrad { exp(-$0 * $0) })(x)  // the second derivative
///
/// Costs two to three evaluations; memory: the graph.
/// - Precondition: A floating-point input; a result of its shape, whose every element depends on the input's element
///   there alone (else it is the sum over the elements of the result of their derivatives).
public func elementwiseGrad(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
  let slopes = elementwiseGrad { (list: [Tensor]) in f(list[0]) }
  return { slopes([$0])[0] }
}

/// The derivatives of a pointwise function of two tensors with respect to both, element by element:
///
///     let (ux, ut) = elementwiseGrad { x, t in sin(x) * exp(-t) }(x, t)
///
/// Of the inputs' shape. Costs two to three evaluations; memory: the graph.
/// - Precondition: Floating-point inputs of one shape; a result of their shape, whose every element depends on the
///   inputs' elements there alone.
public func elementwiseGrad(
  _ f: @escaping (Tensor, Tensor) -> Tensor
) -> (Tensor, Tensor) -> (Tensor, Tensor) {
  let slopes = elementwiseGrad { (list: [Tensor]) in f(list[0], list[1]) }
  return { x, y in
    let both = slopes([x, y])
    return (both[0], both[1])
  }
}

/// The derivatives of a pointwise function of a structure of tensors of one shape with respect to each, element by
/// element: the gradient of its sum, of the input's structure.
///
/// Costs two to three evaluations; memory: the graph.
/// - Precondition: Floating-point inputs of one shape; a result of their shape, whose every element depends on the
///   inputs' elements there alone.
@_disfavoredOverload
public func elementwiseGrad<Input: TensorStructure>(_ f: @escaping (Input) -> Tensor) -> (Input) -> Input {
  { input in
    let tensors = input.tensors
    let zeros = input.mapTensors { Tensor.zeros(like: $0) }
    guard let call = Recording("elementwiseGrad", tensors, { f(input.with($0)) }) else { return zeros }
    let result = call.output
    guard tensors.allSatisfy({ $0.shape == result.shape }), result.dtype.isFloatingPoint else {
      let shapes = tensors.map { "\($0.shape)" }
      Misuse.report(
        "elementwiseGrad",
        "the function's result is \(result.dtype) \(result.shape) for "
          + (shapes.count == 1
            ? "an input of shape \(shapes[0])" : "inputs of shapes [\(shapes.joined(separator: ", "))]")
          + "; a pointwise function's has the input's shape. For others use jacobian or vjp")
      return zeros
    }
    return input.with(orZeros(call.pullback([result], [Tensor.ones(like: result)]), like: tensors))
  }
}

/// The value of a function, its pullback, and something beside the value: what ``vjp(_:at:)`` is for a function that
/// gives two things, of which the second has no derivative.
///
///     let (y, pullback, hidden) = vjpAndAuxiliary({ x in
///       let h = tanh(matmul(x, a))
///       return (matmul(h, b), h)
///     }, at: x)
///
/// Costs what ``vjp(_:at:)`` does: an evaluation that is recorded, and one to two for each pullback; memory: the graph,
/// as long as the pullback lives. Tensors beside the value leave without the history that only this transform sees.
/// - Parameter input: Floating-point tensors, in any structure.
/// - Returns: `pullback(u)` has the input's structure and shapes; u has the value's, behind extra leading axes if any,
///   which pass to it. The auxiliary is of any structure.
/// - Precondition: A floating-point value.
public func vjpAndAuxiliary<Input: TensorStructure, Output: TensorStructure, Auxiliary: TensorStructure>(
  _ f: @escaping (Input) -> (Output, Auxiliary), at input: Input
) -> (value: Output, pullback: (Output) -> Input, auxiliary: Auxiliary) {
  guard let call = Recording("vjpAndAuxiliary", input.tensors, { f(input.with($0)) }) else {
    let (value, auxiliary) = f(input)
    return (value, { _ in input.mapTensors { Tensor.zeros(like: $0) } }, auxiliary)
  }
  let (value, auxiliary) = call.output
  let pullback = call.pullback("vjpAndAuxiliary", of: value, to: input)
  return (value.mapTensors { call.value(of: $0) }, pullback, auxiliary.mapTensors { call.value(of: $0) })
}

/// The value and v'H, the product of a direction with the Hessian of a function that gives one number, reverse over
/// forward: the gradient of the derivative along v.
///
/// v'H has the input's structure and shapes, and is Hv but for rounding, since the Hessian is symmetric. Costs an
/// evaluation with its tangent, recorded, and a pullback of both: 2.4 to 2.5 G of arithmetic (G: a gradient with its
/// value, of a net), and the memory of that graph. Directions of a block are taken one after the other, at 2.1 to 2.2
/// G each, where those of ``hvp(_:at:along:)`` share the recorded gradient.
/// - Parameter direction: v, of the input's structure, shapes and dtypes; its tensors may carry extra leading axes, all
///   the same, and the product then carries them too.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func vhp<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, at input: Input, along direction: Input
) -> (value: Tensor, product: Input) {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(direction, input, "vhp", "direction", "input"),
    let call = Recording("vhp", tensors, { f(input.with($0)) }), isNumber(call.output, "vhp")
  else { return (.placeholder, input.mapTensors { Tensor.zeros(like: $0) }) }
  let tape = ForwardTape(from: call.inputs, to: [call.output])
  func product(_ directions: [Tensor]) -> [Tensor] {
    let slope = withRecording { tape.push(directions, lead: []) }[0]
    let products = slope.map { call.pullback([$0], [Tensor.ones(like: $0)]) } ?? tensors.map { _ in nil }
    return orZeros(products, like: tensors)
  }
  let lead = lead(directions, over: tensors)
  guard lead.rank > 0 else { return (call.value(of: call.output), input.with(product(directions))) }
  // The pullback of a block's slopes would mix its directions: it adds up over leading axes.
  let rows = zip(directions, tensors).map { $0.reshaped(Shape([lead.elementCount]).followed(by: $1.shape)) }
  let products = zip(vmap(product)(rows), tensors).map { $0.reshaped(lead.followed(by: $1.shape)) }
  return (call.value(of: call.output), input.with(products))
}
