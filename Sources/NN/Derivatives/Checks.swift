import Autograd

/// Checks the second derivatives of a loss with respect to a module's parameters, for the price of about six
/// Hessian-vector products:
///
///     if step % 1000 == 0 { print(checkHVP("loss", of: model) { mse($0(x), target) }) }
///
/// See ``checkHVP(_:of:at:seed:)``. The parameters themselves are not moved.
public func checkHVP<M: Module>(
  _ name: String = "function", of model: M, seed: UInt64 = 0, _ loss: (M) -> Tensor
) -> GradientReport {
  model.atParameters(of: loss) { f, values in checkHVP(name, of: f, at: values, seed: seed) }
}

/// Checks the derivatives of a module's results with respect to its parameters, up to an order, against finite
/// differences and each other; see ``checkGradients(_:order:of:at:step:tolerance:seed:elements:)``.
public func checkGradients<M: Module, Output: TensorStructure>(
  _ name: String = "function", order: Int = 1, of model: M, step: Double? = nil, tolerance: Double? = nil,
  seed: UInt64 = 0, elements: Int = 32, _ results: (M) -> Output
) -> GradientReport {
  model.atParameters(of: results) { f, values in
    checkGradients(
      name, order: order, of: f, at: values, step: step, tolerance: tolerance, seed: seed, elements: elements)
  }
}

/// Checks the second derivatives of a module's results with respect to its parameters alone; see
/// ``checkSecondOrder(_:of:at:step:tolerance:seed:elements:)``.
public func checkSecondOrder<M: Module, Output: TensorStructure>(
  _ name: String = "function", of model: M, step: Double? = nil, tolerance: Double? = nil, seed: UInt64 = 0,
  elements: Int = 32, _ results: (M) -> Output
) -> GradientReport {
  model.atParameters(of: results) { f, values in
    checkSecondOrder(name, of: f, at: values, step: step, tolerance: tolerance, seed: seed, elements: elements)
  }
}

/// Says what the value, the gradient, a Hessian-vector product, the dense Hessian, its diagonal and, where it is
/// found to be sparse, the sparse Hessian of a loss with respect to a module's parameters would cost, in flops and
/// bytes, and the least memory budget of the dense one.
///
///     let costs = predictCost(of: model) { mse($0(x), target) }
///
/// Costs two evaluations of the loss and a recorded gradient, and from 512 parameters on the search for zeros; all
/// else is followed without its arithmetic. See ``predictCost(of:at:)``.
/// - Precondition: A loss of one floating-point element.
public func predictCost<M: Module>(of model: M, _ loss: (M) -> Tensor) -> DerivativeCosts {
  model.atParameters(of: loss) { f, values in predictCost(of: f, at: values) }
}

/// Says what the dense Jacobian of a module's results with respect to its parameters would cost, and the least memory
/// budget that it takes; see ``predictJacobianCost(of:at:mode:)``. The module is evaluated once.
public func predictJacobianCost<M: Module, Output: TensorStructure>(
  of model: M, mode: JacobianMode = .automatic, _ results: (M) -> Output
) -> (cost: ComputationCost, budget: Int) {
  model.atParameters(of: results) { f, values in predictJacobianCost(of: f, at: values, mode: mode) }
}
