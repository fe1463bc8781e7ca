import Tensor

/// What a computation costs: arithmetic, and memory.
public struct ComputationCost: Sendable, Hashable {
  /// Floating-point operations, as ``TensorWork/flops(during:)`` counts them.
  public let flops: Int
  /// Bytes of tensors, beyond those that were there before, at most; as ``TensorMemory/peak(during:)`` finds them.
  public let peakBytes: Int
}

/// What the derivatives of a number would cost at a point; see ``predictCost(of:at:)``.
public struct DerivativeCosts: Sendable, Hashable {
  /// Of the function itself, with nothing recorded.
  public let value: ComputationCost
  /// Of ``valueAndGrad(_:)``.
  public let gradient: ComputationCost
  /// Of ``valueGradAndHVP(_:at:along:)``, for one direction.
  public let hvp: ComputationCost
  /// Of the dense ``hessian(_:memoryBudget:)``: the search for zeros of one of 512 elements or more, and then the few
  /// products that a sparse one takes, or those with every basis vector.
  public let hessian: ComputationCost
  /// Of ``hessianDiagonal(_:)``.
  public let hessianDiagonal: ComputationCost
  /// Of ``hessian(_:sparsity:checksPattern:)`` with the pattern ``Sparsity/detected``; nil where the Hessian was not
  /// found to have few elements in each row, or has less than 512 rows.
  public let sparseHessian: ComputationCost?
  /// The least memory budget that the dense Hessian takes: below it ``MemoryBudgetError`` says this number.
  public let hessianBudget: Int
}

/// Says what the value, the gradient, a Hessian-vector product and the Hessian of a function would cost at a point,
/// for the price of a gradient.
///
///     let costs = predictCost(of: loss, at: parameters)
///     print(costs.gradient.flops, costs.hessian.peakBytes)
///
/// The function itself is evaluated twice, as it is and recorded, and its gradient is recorded once. For an input of
/// 512 elements or more it is then found out, as a Hessian itself would, whether that is sparse: along the graph, or by
/// some products, which are part of what is predicted. All else is rehearsed: the rules of
/// derivatives are followed through the recorded graph with kernels that compute nothing. This makes the nodes and the
/// tensors that the derivative would make, and gives them free again at the same places, but their memory is not
/// written (beyond copies, fills and other rearrangements), and the time is that of the bookkeeping alone. Of a dense
/// Hessian's blocks of products some are followed, and stand for all. What rules evaluate again (functions within
/// ``checkpoint(_:)``, equations of ``rootSolve(_:from:at:tolerance:maxSteps:)``) is computed each time, since it may
/// look at its numbers.
///
/// - The search for zeros is given up after 256 products, or where rows have more than 64 elements on average: a
///   Hessian that a longer search would find to be sparse costs less than is said here.
/// - Neither ``withNaNCheck(_:)`` nor ``withStrictDerivatives(_:)`` looks at it from outside: nothing that is computed
///   here is asked for.
/// - What depends on other numbers is not foreseen. Rules of your own must not look at numbers that they compute from
///   cotangents or tangents.
/// - Other threads' allocations at the same time count in the bytes. Where a Hessian is computed on several threads,
///   the blocks of all of them are taken to need their most at once: this is what a run needs at most, and less where a
///   thread was asleep or busy and came late.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func predictCost<Input: TensorStructure>(
  of f: @escaping (Input) -> Tensor, at input: Input
) -> DerivativeCosts {
  withoutChecks { derivativeCosts(f, input) }
}

private func derivativeCosts<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, _ input: Input
) -> DerivativeCosts {
  let tensors = input.tensors.map { $0.detached() }
  // The recorded evaluation cannot stand for the plain one: it keeps what is saved, computes slopes beside sums, and
  // when the plain one would have given memory back cannot be seen in it. Nor can a rehearsal: f may look at its
  // numbers.
  let value = CostPhase(rehearses: false) { _ = withoutGrad { f(input.with(tensors)) } }.cost
  var recorded: Recording<Tensor>?
  let recording = CostPhase(rehearses: false) { recorded = Recording("predictCost", tensors) { f(input.with($0)) } }
  guard let call = recorded, isNumber(call.output, "predictCost") else {
    return DerivativeCosts(
      value: value, gradient: value, hvp: value, hessian: value, hessianDiagonal: value, sparseHessian: nil,
      hessianBudget: 0)
  }
  let seed = { [Tensor.ones(like: call.output)] }
  let gradient = CostPhase(rehearses: true) {
    _ = orZeros(call.pullback([call.output], seed()), like: tensors)
  }
  let product = CostPhase(rehearses: true) {
    let gradients = orZeros(call.pullback([call.output], seed(), recorded: true), like: tensors)
    _ = (gradients, orZeros(call.pushforward(gradients, tensors), like: tensors))
  }
  var made: RecordedGradient?
  let recordedGradient = recording.followed(by: CostPhase(rehearses: false) { made = RecordedGradient(call) })
  let map = made!.map
  let second = HessianCosts(map)
  return DerivativeCosts(
    value: value, gradient: recording.followed(by: gradient).cost, hvp: recording.followed(by: product).cost,
    hessian: recordedGradient.followed(by: second.dense).cost,
    hessianDiagonal: recordedGradient.followed(by: second.diagonal).cost,
    sparseHessian: second.sparse.map { recordedGradient.followed(by: $0).cost },
    hessianBudget: map.blocks.leastBytes)
}

/// Says what the dense Jacobian of a function would cost at a point, and the least memory budget that it takes; in
/// the way, and with the limits, of ``predictCost(of:at:)``. The function is evaluated once, recorded.
///
/// - Precondition: Floating-point inputs and results, of no more than 8 axes together.
@_disfavoredOverload
public func predictJacobianCost<Input: TensorStructure, Output: TensorStructure>(
  of f: @escaping (Input) -> Output, at input: Input, mode: JacobianMode = .automatic
) -> (cost: ComputationCost, budget: Int) {
  withoutChecks { jacobianCost(f, input, mode) }
}

private func jacobianCost<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, _ input: Input, _ mode: JacobianMode
) -> (cost: ComputationCost, budget: Int) {
  let tensors = input.tensors.map { $0.detached() }
  var recorded: Recording<[Tensor]>?
  let recording = CostPhase(rehearses: false) {
    recorded = Recording("predictCost", tensors) { f(input.with($0)).tensors }
  }
  guard let call = recorded, let (map, isForward) = jacobianMap(call, tensors, mode) else {
    return (recording.cost, 0)
  }
  return (recording.followed(by: map.cost(transposed: isForward)).cost, map.leastBytes)
}

/// As for a function of structures, of one of a tensor.
public func predictCost(of f: @escaping (Tensor) -> Tensor, at x: Tensor) -> DerivativeCosts {
  predictCost(of: { (list: [Tensor]) in f(list[0]) }, at: [x])
}

/// As for a function of structures, of one of a tensor.
public func predictJacobianCost(
  of f: @escaping (Tensor) -> Tensor, at x: Tensor, mode: JacobianMode = .automatic
) -> (cost: ComputationCost, budget: Int) {
  predictJacobianCost(of: { (list: [Tensor]) in [f(list[0])] }, at: [x], mode: mode)
}
