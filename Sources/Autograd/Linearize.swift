import Tensor

/// The value of a function, and its derivative as a map of tangents that is recorded once: `pushforward(v)` is Jv.
///
///     let (y, push) = linearize(f, at: x)
///     let a = push(v), b = push(w)      // no further evaluation of f
///
/// Costs an evaluation that is recorded; every product then about one to two evaluations. The recorded graph lives
/// as long as the map. For J'u see ``vjp(_:at:)``.
/// - Parameter input: Floating-point tensors.
/// - Returns: `pushforward(v)` takes a tangent of the input's structure, shapes and dtypes, whose tensors may carry
///   extra leading axes, all the same, and then gives them to the result.
@_disfavoredOverload
public func linearize<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, at input: Input
) -> (value: Output, pushforward: (Input) -> Output) {
  let tensors = input.tensors
  guard let call = Recording("linearize", tensors, { f(input.with($0)) }) else {
    let value = f(input)
    return (value, { _ in value.mapTensors { Tensor.zeros(like: $0) } })
  }
  let output = call.output
  let results = output.tensors
  let forward = Pushforward(call, to: results)
  let templates = output.mapTensors { $0.detached() }
  let push = { (tangent: Input) -> Output in
    let tangents = tangent.tensors
    let others = templates.tensors
    guard fit(tangent, input, "linearize", "tangent", "input") else {
      return templates.mapTensors { Tensor.zeros(like: $0) }
    }
    return templates.with(orZeros(forward(tangents), like: others, lead: lead(tangents, over: tensors)))
  }
  return (output.mapTensors { call.value(of: $0) }, push)
}

/// The transpose of a linear function: from a cotangent u of its result to A'u, where the function is v -> Av.
///
/// That the function is linear is checked once, at two points: f(0) must be 0, and f of a fixed irregular vector
/// its own derivative's product with it, to rounding. This finds affine and curved functions, not every function
/// that bends somewhere else. Costs two evaluations and a product; then a product each.
/// - Parameter like: Any input of the structure, shapes and dtypes that the function takes; its values do not
///   matter.
/// - Returns: A map that takes extra leading axes on all tensors of a cotangent.
/// - Precondition: A linear function of floating-point tensors to floating-point tensors.
@_disfavoredOverload
public func linearTranspose<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, like: Input
) -> (Output) -> Input {
  let zero = like.mapTensors { Tensor.zeros(like: $0) }
  guard let call = Recording("linearTranspose", zero.tensors, { f(zero.with($0)) }) else { return { _ in zero } }
  let irregular = like.mapTensors { tensor in
    sin(Tensor.arange(tensor.count, dtype: .float64) * 1.7 + 0.5).asType(tensor.dtype).reshaped(tensor.shape)
  }
  withoutGrad {
    let results = call.output.tensors
    let (direct, push) = (f(irregular).tensors, orZeros(call.pushforward(results, irregular.tensors), like: results))
    let isLinear = zip(direct, push).allSatisfy { a, b in
      let roundoff = a.dtype == .float64 ? 1e-10 : 1e-4
      let exact = a.asType(.float64)
      return (exact - b.asType(.float64)).largest <= roundoff * exact.largest
    }
    let passesOrigin = results.allSatisfy { $0.detached().storage.isZero }
    if !isLinear || !passesOrigin {
      Misuse.report(
        "linearTranspose",
        passesOrigin
          ? "the function is not linear: f(v) is not its derivative's product with v"
          : "the function is not linear: f(0) is not 0")
    }
  }
  return call.pullback("linearTranspose", of: call.output, to: zero)
}
