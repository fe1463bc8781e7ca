import Autograd

/// A module's results, and their pullback to its parameters: from a cotangent u of the results, any number of times,
/// to J'u, one tensor for each of ``Module/parameters``.
///
///     let (y, pullback) = vjp(model) { $0(x) }
///
/// Costs an evaluation, and one to two more for each pullback; memory: the graph, as long as the pullback lives.
/// - Returns: `pullback(u)` takes the results' structure, shapes and dtypes; extra leading axes, the same on all its
///   tensors, pass to the gradients.
/// - Precondition: Floating-point results (others have no cotangent).
public func vjp<M: Module, Output: TensorStructure>(
  _ model: M, _ results: (M) -> Output
) -> (value: Output, pullback: (Output) -> [Tensor]) {
  model.atParameters(of: results) { f, values in vjp(f, at: values) }
}

/// A module's results, and Jv, their derivative along a direction of its parameters.
///
/// Costs an evaluation and one to two more; memory: the graph.
/// - Parameter tangent: v, one tensor for each of ``Module/parameters``, of its shape and dtype; extra leading axes,
///   the same on all, pass to the derivative.
public func jvp<M: Module, Output: TensorStructure>(
  _ model: M, along tangent: [Tensor], _ results: (M) -> Output
) -> (value: Output, tangent: Output) {
  model.atParameters(of: results) { f, values in jvp(f, at: values, along: tangent) }
}

/// A module's results, and their derivative as a map of directions of its parameters, recorded once: v -> Jv.
///
///     let (y, push) = linearize(model) { $0(x) }
///
/// Costs an evaluation, and one to two for each product; memory: the graph, as long as the map lives. Directions as in
/// ``jvp(_:along:_:)``.
public func linearize<M: Module, Output: TensorStructure>(
  _ model: M, _ results: (M) -> Output
) -> (value: Output, pushforward: ([Tensor]) -> Output) {
  model.atParameters(of: results) { f, values in linearize(f, at: values) }
}

/// A module's results and their derivatives of order 1 ... `order` along a direction of its parameters, in one sweep:
/// of what the results are at the values p + t v, at t = 0.
///
///     let along = directionalDerivatives(model, along: step, order: 3) { loss($0) }
///
/// Costs an evaluation, and `order` to `order` (`order` + 3) / 2 more; memory: the graph and `order` tangents.
/// - Parameters:
///   - direction: v, as in ``jvp(_:along:_:)``.
///   - order: 1 ... 60.
/// - Returns: `order` + 1 results: the value, then the derivatives.
public func directionalDerivatives<M: Module, Output: TensorStructure>(
  _ model: M, along direction: [Tensor], order: Int, _ results: (M) -> Output
) -> [Output] {
  model.atParameters(of: results) { f, values in
    directionalDerivatives(f, at: values, along: direction, order: order)
  }
}

/// A module's results and their derivatives along several directions of its parameters, each up to an order of its
/// own, from one evaluation; see ``directionalDerivatives(_:at:alongEach:orders:)``.
public func directionalDerivatives<M: Module, Output: TensorStructure>(
  _ model: M, alongEach directions: [[Tensor]], orders: [Int], _ results: (M) -> Output
) -> (value: Output, derivatives: [[Output]]) {
  model.atParameters(of: results) { f, values in
    directionalDerivatives(f, at: values, alongEach: directions, orders: orders)
  }
}
