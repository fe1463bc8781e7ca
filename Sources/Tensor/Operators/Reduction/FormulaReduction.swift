import CKernels

/// The sum over axes of a formula's result, which is never stored.
///
/// Its pullback is the formula's own, with the cotangent broadcast over the summed axes.
final class FormulaSum: Function, @unchecked Sendable {
  let formula: Formula
  let axes: ReducedAxes
  let scale: Double
  let parameters: SIMD2<Double>
  /// The operator that it is, where that is no sum or mean by name.
  private let operation: String?
  /// The sum that it is a derivative of.
  private let origin: FormulaSum?

  init(
    _ formula: Formula, _ axes: ReducedAxes, scale: Double, parameters: SIMD2<Double>, operation: String? = nil,
    derivativeOf origin: FormulaSum? = nil
  ) {
    self.formula = formula
    self.operation = operation
    self.origin = origin
    self.axes = axes
    self.scale = scale
    self.parameters = parameters
  }

  override var name: String {
    if let origin { return "\(origin.name).pushforward" }
    return operation ?? (scale == 1 ? "\(formula.label).sum" : "\(formula.label).mean")
  }

  override var mayHoldTensors: Bool { false }

  func callAsFunction(_ inputs: [Tensor]) -> Tensor {
    if isWatched { return watched(inputs, numbers) { [self.unwatched(inputs)] }[0] }
    return unwatched(inputs)
  }

  private var numbers: [Double] { (0..<formula.parameterCount).map { parameters[$0] } }

  private func unwatched(_ inputs: [Tensor]) -> Tensor {
    if let result = sumWithSlopes(inputs) { return result }
    guard let result = sum(inputs) else { return .placeholder }
    return recorded(result, inputs)
  }

  /// The sum of the formula's result over all elements, by the short way where there is one.
  private func sum(_ inputs: [Tensor]) -> Storage? {
    if axes.isAll, !axes.keepDims, axes.input.rank == inputs[0].rank,
      let sum = Reduce.sumOfAll(formula, inputs, scale: scale, parameters: parameters)
    {
      return sum
    }
    return Reduce.run(
      ADJ_SUM, formula, inputs.map(\.storage), mask: axes.mask, keepDims: axes.keepDims, scale: scale,
      parameters: parameters)
  }

  private func recorded(_ result: Storage, _ inputs: [Tensor]) -> Tensor {
    let wanted = PositionSet(tracked: inputs)
    guard !wanted.isEmpty, isRecording, result.dtype.isFloatingPoint else { return Tensor(result) }
    let plan = formula.plan(wanted: wanted, resultsKept: false)
    if inputs.count == 2 {
      return Tensor(
        result,
        node: Node(
          self, inputs[0], inputs[1], result: result, saving: plan.savesFirst ? inputs[0].storage : nil,
          plan.savesSecond ? inputs[1].storage : nil, parameters: parameters))
    }
    let slots = inputs.indices.map { plan.savedInputs.contains($0) ? inputs[$0].storage : nil }
    return Tensor(result, node: Node(self, inputs: inputs, results: [result], saving: slots, parameters: parameters))
  }

  /// The sum of a costly formula over all elements, recorded with its slopes beside its inputs: a walk that is
  /// not recorded itself reads the slopes, any other derives them from the inputs. Nil where that does not apply.
  private func sumWithSlopes(_ inputs: [Tensor]) -> Tensor? {
    let wanted = PositionSet(tracked: inputs)
    let first = inputs[0].storage
    guard wanted.ofFirstTwo != nil, axes.isAll, axes.resultShape.rank == 0, isRecording,
      first.dtype.isFloatingPoint, first.count >= 1 << 12,
      inputs.allSatisfy({ $0.storage.isContiguous && $0.shape == first.shape && $0.dtype == first.dtype }),
      let combined = formula.plan(wanted: wanted, resultsKept: false).valueAndSlopes
    else { return nil }
    let (sum, slopes) = SumAndSlopes.run(combined, inputs.map(\.storage), scale: scale)
    return Tensor(
      sum, node: Node(self, inputs: inputs, results: [sum], saving: inputs.map(\.storage) + slopes))
  }

  /// Delivers the slopes that were saved, times the cotangent; false where there are none or their history counts.
  private func deliverSlopes(_ node: Node, _ plan: Plan, _ cotangent: Tensor, _ sink: any CotangentSink) -> Bool {
    guard !isRecording, cotangent.rank == 0, node.savedStorage(node.inputCount) != nil else { return false }
    let seed = scale == 1 ? cotangent : cotangent * scale
    // A loss's own seed is 1, and then the slopes are the gradient.
    let isOne = seed.item() == 1
    for (slot, target) in plan.wanted.enumerated() {
      let slope = node.saved(node.inputCount + slot)
      let part = isOne ? slope : SumAndSlopes.scaled(seed, slope)
      if isWatched { watchSlope(part, seed, node) }
      node.deliver(part, toInput: target, sink)
    }
    return true
  }

  override func kink(_ inputs: [Tensor], _ results: [Tensor], _ numbers: [Double]) -> Kink? {
    formula.firstKink(inputs, numbers)
  }

  /// Slopes are computed with the sum, so a check sees them here, as made of the inputs.
  private func watchSlope(_ part: Tensor, _ seed: Tensor, _ node: Node) {
    let inputs = (0..<node.inputCount).map { node.saved($0) }
    _ = formula.watched([seed] + inputs, node.parameters) { [part] }
  }

  private func plan(of node: Node) -> Plan {
    formula.plan(wanted: PositionSet(tracked: node, node.inputCount), resultsKept: false)
  }

  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    axes.part(of: input, for: index)
  }

  override var spread: Spread? { { [axes] marks in [marks.united.map { axes.united($0) }] } }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    let plan = plan(of: node)
    var all: Tensor?
    for index in sets.indices where !plan.pushforward(from: [index]).targets.isEmpty {
      all = ElementSets.union(all, sets[index].map { ElementSets.widened($0, of: node, input: index, to: axes.input) })
    }
    return [all.map { ElementSets.reduced($0, axes) }]
  }

  private func saved(_ node: Node, _ plan: Plan) -> [Tensor] {
    plan.savedInputs.map { node.saved($0, input: $0) }
  }

  override func pullback(_ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink) {
    let plan = plan(of: node)
    guard let pullback = plan.pullback else { return }
    if deliverSlopes(node, plan, cotangent, sink) { return }
    let derived =
      plan.isPullbackComplete
      ? Plan.Derived(formula: pullback, targets: plan.wanted) : plan.pullback(from: [0])
    // One number broadcasts as it is.
    let isNumber = cotangent.rank == 0 && axes.resultShape.rank == 0
    let scaled = scale == 1 ? cotangent : cotangent * scale
    let seed = isNumber ? scaled : axes.restored(scaled)
    let parts =
      isRecording
      ? derived.formula!.applyPartially([seed] + saved(node, plan), node.parameters)
      : derived.formula!.applyUnrecorded(seed, node, plan)
    for (target, part) in zip(derived.targets, parts) {
      // Where the slope is a constant nothing has widened the seed yet.
      let narrow = part.rank < axes.input.rank ? part.shape : part.shape.last(axes.input.rank)
      node.deliver(Expand.ifNeeded(part, from: narrow, to: axes.input), toInput: target, sink)
    }
  }

  override func pullback(_ node: Node, _ cotangents: [Tensor?], _ sink: any CotangentSink) {
    if let cotangent = cotangents[0] { pullback(node, cotangent, sink) }
  }

  override func pushforward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    let plan = plan(of: node)
    let tangents = (0..<node.inputCount).map {
      node.tangent(ofInput: $0, alignedToRank: axes.input.rank, source)
    }
    let present = tangents.indices.filter { tangents[$0] != nil }
    guard !present.isEmpty, let pushforward = plan.pushforward(from: present).formula else { return [nil] }
    return [sum(pushforward, present.map { tangents[$0]! } + saved(node, plan), node.parameters)]
  }

  override func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    let plan = plan(of: node)
    guard let inputs = SeriesInputs(node, rank: axes.input.rank, source) else { return [nil] }
    if isWatched { formula.judgeSeries(node, plan, inputs) }
    let saved = saved(node, plan)
    let layout = source.layout
    return [
      (0..<layout.count).map { entry in
        plan.series(inputs.key(only: entry)).formula.map { formula in
          withSeriesEntry(order: layout.order(ofEntry: entry)) {
            sum(formula, inputs.entries(for: entry) + saved, node.parameters)
          }
        }
      }
    ]
  }

  /// The sum of a formula of some of the inputs' derivatives and of what was saved.
  private func sum(_ formula: Formula, _ inputs: [Tensor], _ parameters: SIMD2<Double>) -> Tensor {
    var inputs = inputs
    // One of a narrower input counts once for every element the input is broadcast to.
    let shape = inputs[0].shape
    let narrow = shape.rank < axes.input.rank ? shape : shape.last(axes.input.rank)
    inputs[0] = Expand.ifNeeded(inputs[0], from: narrow, to: axes.input)
    let axes = ReducedAxes(shape: inputs[0].shape, mask: axes.mask, keepDims: axes.keepDims)
    return FormulaSum(
      formula, axes, scale: scale, parameters: parameters, derivativeOf: self)(inputs)
  }

  override var pushesBlocksOfSeries: Bool { true }
}

extension Formula {
  /// The sum of the formula's result over some axes (nil: all), in one pass that never stores the result.
  ///
  /// - Precondition: One result; inputs that broadcast.
  public func sum(_ inputs: Tensor..., axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduced(inputs, axes, keepDims, "sum", mean: false)
  }

  /// The mean of the formula's result over some axes (nil: all), in one pass that never stores the result.
  ///
  /// - Precondition: One result, a floating-point dtype; inputs that broadcast.
  public func mean(_ inputs: Tensor..., axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduced(inputs, axes, keepDims, "mean", mean: true)
  }

  private func commonShape(_ inputs: [Tensor]) -> Shape? {
    for input in inputs where input.shape != inputs[0].shape { return broadcastShape(inputs.lazy.map(\.storage)) }
    return inputs[0].shape
  }

  func reduced(
    _ inputs: [Tensor], _ axes: [Int]?, _ keepDims: Bool, _ operation: String, mean: Bool,
    parameters: SIMD2<Double> = .zero
  ) -> Tensor {
    guard inputs.count == inputCount, results.count == 1 else {
      return Misuse.fail(
        name(operation),
        "takes \(counted(inputCount, "input")) and reduces one result; got \(counted(inputs.count, "input")), "
          + counted(results.count, "result"))
    }
    if mean, let other = inputs.first(where: { !$0.dtype.isFloatingPoint }) {
      return Misuse.fail(
        name(operation),
        "needs floating-point numbers, got \(other.dtype); convert with asType(.float32)")
    }
    guard let shape = commonShape(inputs),
      let reduced = ReducedAxes(shape, axes: axes, keepDims: keepDims, name(operation))
    else { return .placeholder }
    let sum = FormulaSum(
      self, reduced, scale: mean ? 1 / Double(reduced.reducedCount) : 1, parameters: parameters,
      operation: isPlain(operation) ? nil : operation)
    return sum(inputs)
  }

  /// As `swish.sum`; an operator that is made of such a sum has a name of its own.
  private func name(_ operation: String) -> String {
    isPlain(operation) ? "\(label).\(operation)" : operation
  }

  private func isPlain(_ operation: String) -> Bool { operation == "sum" || operation == "mean" }
}
