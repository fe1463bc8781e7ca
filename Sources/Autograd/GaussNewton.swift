import Tensor

/// J' H J v, the product with the Gauss-Newton matrix: J is the Jacobian of `model` at the input, H the Hessian
/// of `loss`, a convex function of the model's results that gives one number.
///
/// Of the input's structure and shapes. Costs 2.3 G of arithmetic (G: a gradient with its value, of a net): both
/// recorded, and one product each with J, H and J'; memory: the model's graph and that of the loss's gradient. For
/// many products at one point see ``HessianOperator/init(gaussNewton:loss:at:)``.
/// - Parameter direction: v, of the input's structure, shapes and dtypes; its tensors may carry extra leading
///   axes, all the same, and the product then carries them too.
/// - Precondition: Floating-point inputs and results; a loss of one floating-point element.
@_disfavoredOverload
public func gaussNewtonProduct<Input: TensorStructure, Output: TensorStructure>(
  _ model: @escaping (Input) -> Output, loss: @escaping (Output) -> Tensor, at input: Input,
  along direction: Input
) -> Input {
  let tensors = input.tensors
  let directions = direction.tensors
  guard fit(direction, input, "gaussNewtonProduct", "direction", "input"),
    let recorded = RecordedGaussNewton("gaussNewtonProduct", tensors, { model(input.with($0)) }, loss)
  else { return input.mapTensors { Tensor.zeros(like: $0) } }
  return input.with(
    orZeros(recorded.map.products(directions), like: tensors, lead: lead(directions, over: tensors)))
}

/// A model and a loss of its results, recorded at a point.
struct RecordedGaussNewton {
  let value: Tensor
  let gradients: [Tensor]
  let map: SymmetricMap

  /// As part of a transform; nil after a report.
  init?<Output: TensorStructure>(
    _ operation: String, _ tensors: [Tensor], _ model: ([Tensor]) -> Output, _ loss: @escaping (Output) -> Tensor
  ) {
    guard let call = Recording(operation, tensors, model) else { return nil }
    let results = call.output.tensors
    self.init(
      operation, call.output, loss, tensors, outer: { call.value(of: $0) }, Pushforward(call, to: results)
    ) { present, cotangents in call.pullback(present.map { results[$0] }, cotangents) }
  }

  /// Of results that were computed already; products are constants. Nil after a report.
  init?<Output: TensorStructure>(
    _ operation: String, _ output: Output, _ loss: @escaping (Output) -> Tensor, withRespectTo inputs: [Tensor]
  ) {
    guard areIndependent(inputs, operation) else { return nil }
    let results = output.tensors
    self.init(
      operation, output, loss, inputs, outer: { $0.detached() }, Pushforward(from: inputs, to: results)
    ) { present, cotangents in
      pullBack(present.map { results[$0] }, cotangents, to: inputs, recorded: false)
    }
  }

  /// `outer` gives a result as it is seen outside of the model's recording.
  private init?<Output: TensorStructure>(
    _ operation: String, _ output: Output, _ loss: (Output) -> Tensor, _ inputs: [Tensor],
    outer: (Tensor) -> Tensor, _ forward: Pushforward,
    _ pullback: @escaping (_ results: [Int], _ cotangents: [Tensor]) -> [Tensor?]
  ) {
    let results = output.tensors
    if let bad = results.first(where: { !$0.dtype.isFloatingPoint }) {
      Misuse.report(
        operation,
        "the model's result is \(bad.dtype) \(bad.shape), which has no derivative; a Gauss-Newton product needs "
          + "floating-point results")
      return nil
    }
    guard let gradient = RecordedGradient(operation, results.map(outer), { loss(output.with($0)) }) else { return nil }
    func pulled(_ cotangents: [Tensor?]) -> [Tensor?] {
      let present = cotangents.indices.filter { cotangents[$0] != nil }
      return present.isEmpty ? inputs.map { _ in nil } : pullback(present, present.map { cotangents[$0]! })
    }
    value = gradient.value
    gradients = orZeros(pulled(gradient.gradients), like: inputs)
    let product = { (tangents: [Tensor?]) in pulled(gradient.pushforward(forward(tangents))) }
    let templates = inputs.map { $0.detached() }
    let takesBlocks = forward.tape.takesBlocks && gradient.pushforward.tape.takesBlocks
    let blocks = BlockMap(
      sources: templates, targets: templates,
      bytesPerLane: 2 * forward.tape.bytesPerLane + gradient.pushforward.tape.bytesPerLane,
      bytesOfScratch: Swift.max(forward.tape.bytesOfScratch, gradient.pushforward.tape.bytesOfScratch),
      largestTangent: Swift.max(forward.tape.largestTangent, gradient.pushforward.tape.largestTangent),
      isRecorded: forward.isRecorded || gradient.pushforward.isRecorded,
      callsProgram: forward.tape.callsProgram || gradient.pushforward.tape.callsProgram,
      takesBlocks: takesBlocks
    ) { source, rows, _ in
      var tangents: [Tensor?] = Array(repeating: nil, count: templates.count)
      guard takesBlocks else {
        return LeadingAxes.oneByOne(rows, of: templates[source], to: templates) { vector in
          tangents[source] = vector
          return product(tangents)
        }
      }
      tangents[source] = .basis(rows, like: templates[source])
      return product(tangents)
    }
    map = SymmetricMap(space: VectorSpace(templates), products: product, blocks: blocks, reach: { _ in nil })
  }
}
