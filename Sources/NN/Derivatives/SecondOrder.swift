import Autograd

// Directions are lists in the order of `parameters`, of the parameters' shapes and dtypes; their tensors may carry
// extra leading axes, the same on all, and the products then carry them too.

/// Hv, the Hessian of a loss with respect to a module's parameters times a direction, forward over reverse.
///
///     let product = hvp(model, along: v) { mse($0(x), target) }
///
/// Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value); memory: the gradient's graph. For many products
/// at one point see ``HessianOperator``.
/// - Parameter direction: v, one tensor for each of ``Module/parameters``, of its shape and dtype; extra leading axes,
///   the same on all, pass to the product.
/// - Precondition: A loss of one floating-point element.
public func hvp<M: Module>(_ model: M, along direction: [Tensor], _ loss: (M) -> Tensor) -> [Tensor] {
  model.atParameters(of: loss) { f, values in hvp(f, at: values, along: direction) }
}

/// The value, the gradient and Hv of a loss with respect to a module's parameters, for little more than
/// ``hvp(_:along:_:)`` alone.
///
/// Gradient and product have one tensor for each of ``Module/parameters``. Costs 2.8 to 2.9 G of arithmetic (G: a
/// gradient with its value); memory: the gradient's graph.
/// - Parameter direction: v, as there; the product alone carries its extra leading axes.
/// - Precondition: A loss of one floating-point element.
public func valueGradAndHVP<M: Module>(
  _ model: M, along direction: [Tensor], _ loss: (M) -> Tensor
) -> (value: Tensor, gradient: [Tensor], product: [Tensor]) {
  model.atParameters(of: loss) { f, values in valueGradAndHVP(f, at: values, along: direction) }
}

/// Hv by reverse over reverse, with respect to a module's parameters, for comparison with ``hvp(_:along:_:)``.
///
/// One tensor for each of ``Module/parameters``. Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its value);
/// memory: the gradient's graph.
/// - Parameter direction: v, as there.
/// - Precondition: A loss of one floating-point element.
public func hvpReverse<M: Module>(_ model: M, along direction: [Tensor], _ loss: (M) -> Tensor) -> [Tensor] {
  model.atParameters(of: loss) { f, values in hvpReverse(f, at: values, along: direction) }
}

/// The value and v'H of a loss with respect to a module's parameters, reverse over forward; see ``vhp(_:at:along:)``.
///
/// v'H has one tensor for each of ``Module/parameters``. Costs 2.4 to 2.5 G of arithmetic (G: a gradient with its
/// value), a block's directions 2.1 to 2.2 G each; memory: the graph of the value and its tangent.
/// - Parameter direction: v, as in ``hvp(_:along:_:)``.
/// - Precondition: A loss of one floating-point element.
public func vhp<M: Module>(
  _ model: M, along direction: [Tensor], _ loss: (M) -> Tensor
) -> (value: Tensor, product: [Tensor]) {
  model.atParameters(of: loss) { f, values in vhp(f, at: values, along: direction) }
}

/// J' H J v, the product with the Gauss-Newton matrix of a convex loss of a module's results, with respect to its
/// parameters.
///
///     let product = gaussNewtonProduct(model, along: v) { $0(x) } loss: { mse($0, target) }
///
/// One tensor for each of ``Module/parameters``. Costs 2.3 G of arithmetic (G: a gradient with its value); memory: both
/// graphs. Directions as in ``hvp(_:along:_:)``. See ``gaussNewtonProduct(_:loss:at:along:)``.
/// - Precondition: Floating-point results; a loss of one floating-point element.
public func gaussNewtonProduct<M: Module, Output: TensorStructure>(
  _ model: M, along direction: [Tensor], _ results: (M) -> Output, loss: @escaping (Output) -> Tensor
) -> [Tensor] {
  model.atParameters(of: results) { f, values in gaussNewtonProduct(f, loss: loss, at: values, along: direction) }
}

extension HessianOperator where Input == [Tensor] {
  /// The Hessian of a loss with respect to a module's parameters, in the order of ``Module/parameters``.
  ///
  ///     let H = HessianOperator(model) { model in crossEntropy(model(images), labels) }
  ///     let step = try H.solve(H.gradient, damping: 1e-3)
  ///
  /// Costs a recorded gradient, then 1.8 to 1.9 G of arithmetic a product (G: a gradient with its value); memory: the
  /// gradient's graph, as long as the operator lives. Vectors are as the directions of ``hvp(_:along:_:)``.
  ///
  /// At the parameters' values when it is made; changing them later changes nothing here. An operator is for many
  /// products in a row, so these values are constants: products lead on to what the loss captures, and to what the
  /// parameters are bound to (``Module/with(_:_:)``), not to the parameters' own leaves.
  /// - Precondition: A loss of one floating-point element.
  public init<M: Module>(_ model: M, loss: (M) -> Tensor) {
    self = model.atParameters(of: loss, reading: \.boundOrConstant) { f, values in HessianOperator(f, at: values) }
  }

  /// The Gauss-Newton matrix of a convex loss of a module's results, with respect to its parameters; at their values
  /// when it is made, as constants.
  ///
  ///     let G = HessianOperator(gaussNewton: model) { $0(images) } loss: { crossEntropy($0, labels) }
  ///
  /// Costs the recorded results and the loss's gradient, then 1.3 G of arithmetic a product (G: a gradient
  /// with its value); memory: both graphs, as long as the operator lives. Vectors are as the directions of
  /// ``hvp(_:along:_:)``.
  /// - Precondition: Floating-point results; a loss of one floating-point element.
  public init<M: Module, Output: TensorStructure>(
    gaussNewton model: M, results: (M) -> Output, loss: @escaping (Output) -> Tensor
  ) {
    self = model.atParameters(of: results, reading: \.boundOrConstant) { f, values in
      HessianOperator(gaussNewton: f, loss: loss, at: values)
    }
  }
}
