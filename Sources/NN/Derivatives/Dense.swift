import Autograd

// Matrices lead on to the parameters as gradients do, and are then composed of recorded operators. Where they are
// wanted as numbers, `withoutGrad` lets them be computed in blocks on several cores, and zeros be found.

/// The dense Hessian of a loss with respect to a module's parameters: a block for each pair of them.
///
///     let H = try withoutGrad { try hessian(model) { mse($0(x), target) } }.matrix()   // [n, n], n numbers learned
///
/// Block (i, j) has the shape of parameter i followed by that of j. Costs a recorded gradient and n products of up to
/// 1.9 gradients with their values each, in blocks; memory beside the result: the gradient's graph and a block.
/// - Precondition: A loss of one floating-point element; parameters of rank at most 4.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
public func hessian<M: Module>(
  _ model: M, memoryBudget: MemoryBudget = .automatic, _ loss: (M) -> Tensor
) throws(MemoryBudgetError) -> BlockMatrix {
  try model.atParameters(of: loss) { (f, values) throws(MemoryBudgetError) in
    try hessian(f, memoryBudget: memoryBudget)(values)
  }
}

/// The Hessian of a loss with respect to a module's parameters, whose elements off a pattern are zero, as a sparse
/// matrix [n, n]: rows and columns are the parameters' elements, one parameter after the other.
///
/// Costs a recorded gradient and as many products as the pattern has colours; see
/// ``hessian(_:sparsity:checksPattern:)``.
/// - Precondition: A loss of one floating-point element; parameters of one dtype.
public func hessian<M: Module>(
  _ model: M, sparsity: Sparsity, checksPattern: Bool = true, _ loss: (M) -> Tensor
) -> SparseMatrix {
  model.atParameters(of: loss) { f, values in hessian(f, sparsity: sparsity, checksPattern: checksPattern)(values) }
}

/// The diagonal of the Hessian of a loss with respect to a module's parameters, exactly: one tensor for each, of its
/// shape.
///
/// Costs what ``hessian(_:memoryBudget:_:)`` does, and memory for one block; for an estimate by few products see
/// ``HessianOperator/diagonalEstimate(samples:using:)``.
/// - Precondition: A loss of one floating-point element.
public func hessianDiagonal<M: Module>(_ model: M, _ loss: (M) -> Tensor) -> [Tensor] {
  model.atParameters(of: loss) { f, values in hessianDiagonal(f)(values) }
}

/// The dense Jacobian of a module's result with respect to its parameters: for each parameter the derivative, of the
/// result's shape followed by the parameter's.
///
///     let J = try withoutGrad { try jacobian(model) { $0(x) } }   // for a weight [3, 2]: [examples, outputs, 3, 2]
///
/// Costs an evaluation and one product for each element of the parameters or of the result, whichever are fewer, in
/// blocks; memory beside the result: the graph and a block.
/// - Precondition: A floating-point result, of no more than 8 axes together with any parameter.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
public func jacobian<M: Module>(
  _ model: M, mode: JacobianMode = .automatic, memoryBudget: MemoryBudget = .automatic, _ result: (M) -> Tensor
) throws(MemoryBudgetError) -> [Tensor] {
  try model.atParameters(of: result) { (f, values) throws(MemoryBudgetError) in
    try jacobian(f, mode: mode, memoryBudget: memoryBudget)(values)
  }
}

/// The dense Jacobian of a structure of a module's results with respect to its parameters: a block for each result and
/// parameter.
///
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
@_disfavoredOverload
public func jacobian<M: Module, Output: TensorStructure>(
  _ model: M, mode: JacobianMode = .automatic, memoryBudget: MemoryBudget = .automatic, _ results: (M) -> Output
) throws(MemoryBudgetError) -> BlockMatrix {
  try model.atParameters(of: results) { (f, values) throws(MemoryBudgetError) in
    try jacobian(f, mode: mode, memoryBudget: memoryBudget)(values)
  }
}
