/// Applying formulas to tensors, and their pullbacks and pushforwards.
extension Formula {
  @inline(__always)
  func apply(_ x: Tensor, _ parameters: SIMD2<Double> = .zero) -> Tensor {
    if isWatched { return watched([x], parameters) { [self.unwatched(x, parameters)] }[0] }
    return unwatched(x, parameters)
  }

  @inline(__always)
  func apply(_ x: Tensor, _ y: Tensor, _ parameters: SIMD2<Double> = .zero) -> Tensor {
    if isWatched { return watched([x, y], parameters) { [self.unwatched(x, y, parameters)] }[0] }
    return unwatched(x, y, parameters)
  }

  /// Any number of inputs and results.
  func apply(_ inputs: [Tensor], _ parameters: SIMD2<Double> = .zero) -> [Tensor] {
    if isWatched { return watched(inputs, parameters) { self.unwatched(inputs, parameters) } }
    return unwatched(inputs, parameters)
  }

  @inline(__always)
  private func unwatched(_ x: Tensor, _ parameters: SIMD2<Double>) -> Tensor {
    guard let result = evaluate(x.storage, parameters) else { return Tensor.placeholder }
    guard x.node != nil, isRecording, result.dtype.isFloatingPoint else { return Tensor(result) }
    return publishedPlan(1)._withUnsafeGuaranteedRef { plan in
      Tensor(
        result,
        node: Node(
          self, x, result: result, saving: plan.savesFirst ? x.storage : nil, plan.savesResult ? result : nil,
          parameters: parameters))
    }
  }

  @inline(__always)
  private func unwatched(_ x: Tensor, _ y: Tensor, _ parameters: SIMD2<Double>) -> Tensor {
    guard let result = evaluate(x.storage, y.storage, parameters) else { return Tensor.placeholder }
    guard x.node != nil || y.node != nil, isRecording, result.dtype.isFloatingPoint else {
      return Tensor(result)
    }
    let wanted = (x.node == nil ? 0 : 1) | (y.node == nil ? 0 : 2)
    return publishedPlan(wanted)._withUnsafeGuaranteedRef { plan in
      Tensor(
        result,
        node: Node(
          self, x, y, result: result, saving: plan.savesFirst ? x.storage : nil,
          plan.savesSecond ? y.storage : nil, plan.savesResult ? result : nil, parameters: parameters))
    }
  }

  private func unwatched(_ inputs: [Tensor], _ parameters: SIMD2<Double>) -> [Tensor] {
    guard let computed = evaluate(inputs.map(\.storage), parameters) else {
      return results.map { _ in Tensor.placeholder }
    }
    let wanted = PositionSet(tracked: inputs)
    guard !wanted.isEmpty, isRecording else { return computed.map { Tensor($0) } }
    let plan = plan(wanted: wanted, resultsKept: true)
    let slots =
      (0..<inputCount).map { plan.savedInputs.contains($0) ? inputs[$0].storage : nil }
      + computed.indices.map { plan.savedResults.contains($0) ? computed[$0] : nil }
    let node = Node(self, inputs: inputs, results: computed, saving: slots, parameters: parameters)
    return computed.enumerated().map {
      $1.dtype.isFloatingPoint ? Tensor($1, node: node, output: Int32($0)) : Tensor($1)
    }
  }

  // Slots of a node: its inputs, then its results, nil where not saved.

  func plan(of node: Node) -> Plan {
    plan(wanted: PositionSet(tracked: node, inputCount), resultsKept: true)
  }

  /// The pullback of a formula with one result.
  func pullBack(_ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink) {
    guard inputCount <= 2 else { return pullBackGenerally(node, plan(of: node), cotangent, sink) }
    let wanted = (node.isTracked(0) ? 1 : 0) | (inputCount == 2 && node.isTracked(1) ? 2 : 0)
    let published = publishedPlan(wanted)
    guard let simple = published._withUnsafeGuaranteedRef({ $0.simple }) else {
      return pullBackGenerally(node, published.takeUnretainedValue(), cotangent, sink)
    }
    if simple.passes { return node.deliver(cotangent, toInput: simple.target, sink) }
    if simple.slot < 0 {
      let result = simple.pullback._withUnsafeGuaranteedRef { [cotangent] in
        $0.apply(cotangent, node.parameters)
      }
      return node.deliver(result, toInput: simple.target, sink)
    }
    let saved =
      simple.isResult ? node.saved(simple.slot, output: 0) : node.saved(simple.slot, input: simple.slot)
    if cotangent.isSpent(saved.storage) {
      simple.pullback._withUnsafeGuaranteedRef {
        $0.evaluate(cotangent.storage, saved.storage, into: cotangent.storage, node.parameters)
      }
      return node.deliver(cotangent, toInput: simple.target, sink)
    }
    let result = simple.pullback._withUnsafeGuaranteedRef { [cotangent] in
      $0.apply(cotangent, saved, node.parameters)
    }
    node.deliver(result, toInput: simple.target, sink)
  }

  @inline(never)
  private func pullBackGenerally(
    _ node: Node, _ plan: Plan, _ cotangent: consuming Tensor, _ sink: any CotangentSink
  ) {
    guard let pullback = plan.pullback else { return }
    if plan.passesToAll {
      for target in plan.wanted { node.deliver(copy cotangent, toInput: target, sink) }
      return
    }
    let derived =
      plan.isPullbackComplete
      ? Plan.Derived(formula: pullback, targets: plan.wanted) : plan.pullback(from: [0])
    let isSpent = cotangent.isSpent()
    pullBack(node, plan, [cotangent], derived, sink, overwriting: isSpent)
  }

  func saved(_ node: Node, _ plan: Plan) -> [Tensor] {
    plan.savedInputs.map { node.saved($0, input: $0) }
      + plan.savedResults.map { node.saved(node.inputCount + $0, output: $0) }
  }

  @inline(never)
  private func pullBack(
    _ node: Node, _ plan: Plan, _ cotangents: [Tensor], _ derived: Plan.Derived, _ sink: any CotangentSink,
    overwriting isSpent: Bool = false
  ) {
    guard let formula = derived.formula else { return }
    let parts =
      isRecording || cotangents.count > 1
      ? formula.applyPartially(cotangents + saved(node, plan), node.parameters)
      : formula.applyUnrecorded(cotangents[0], node, plan, overwriting: isSpent)
    for (target, part) in zip(derived.targets, parts) { node.deliver(part, toInput: target, sink) }
  }

  func pullBack(_ node: Node, _ cotangents: [Tensor?], _ sink: any CotangentSink) {
    let present = cotangents.indices.filter { cotangents[$0] != nil }
    let plan = plan(of: node)
    pullBack(node, plan, present.map { cotangents[$0]! }, plan.pullback(from: present), sink)
  }

  func pushForward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    inputCount <= 2 && results.count == 1 ? [pushForwardOne(node, source)] : pushForwardGenerally(node, source)
  }

  /// Of at most two inputs, one result: without lists, which take as long as small tensors do.
  @inline(__always)
  private func pushForwardOne(_ node: Node, _ source: any TangentSource) -> Tensor? {
    let rank = node.shape.rank
    let first = node.tangent(ofInput: 0, alignedToRank: rank, source)
    let second = inputCount == 2 ? node.tangent(ofInput: 1, alignedToRank: rank, source) : nil
    guard let tangent = first ?? second else { return nil }
    let wanted = (node.isTracked(0) ? 1 : 0) | (inputCount == 2 && node.isTracked(1) ? 2 : 0)
    return publishedPlan(wanted)._withUnsafeGuaranteedRef { plan in
      plan.push(from: (first == nil ? 0 : 1) | (second == nil ? 0 : 2))._withUnsafeGuaranteedRef { push in
        guard let formula = push.formula else { return nil }
        // Both tangents are there where the second is passed.
        if push.passed >= 0 { return push.passed == 0 ? tangent : second }
        return formula.applyToOne(tangent, first == nil ? nil : second, node, plan)
      }
    }
  }

  /// A pushforward's only result, from its tangents and what was saved.
  @inline(__always)
  private func applyToOne(_ tangent: Tensor, _ other: Tensor?, _ node: Node, _ plan: Plan) -> Tensor {
    if inputCount == 1 { return apply(tangent, node.parameters) }
    if inputCount == 2 {
      if let other { return apply(tangent, other, node.parameters) }
      let saved = plan.savedInputs.first.map { node.saved($0, input: $0) } ?? node.saved(node.inputCount, output: 0)
      return apply(tangent, saved, node.parameters)
    }
    return apply((other.map { [tangent, $0] } ?? [tangent]) + saved(node, plan), node.parameters)[0]
  }

  private func pushForwardGenerally(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    let tangents = (0..<node.inputCount).map {
      node.tangent(ofInput: $0, alignedToRank: node.shape.rank, source)
    }
    let present = tangents.indices.filter { tangents[$0] != nil }
    let plan = plan(of: node)
    let derived = plan.pushforward(from: present)
    var result: [Tensor?] = Array(repeating: nil, count: results.count)
    guard let formula = derived.formula else { return result }
    let parts = formula.applyPartially(present.map { tangents[$0]! } + saved(node, plan), node.parameters)
    for (target, part) in zip(derived.targets, parts) { result[target] = part }
    return result
  }

  /// As `applyPartially`, of one cotangent and what was saved, where nothing is recorded; one result in the cotangent's
  /// memory where that may be overwritten.
  func applyUnrecorded(
    _ cotangent: Tensor, _ node: Node, _ plan: Plan, overwriting isSpent: Bool = false
  ) -> [Tensor] {
    let savedCount = plan.savedInputs.count + plan.savedResults.count
    if savedCount == 0 && passedThrough.allSatisfy({ $0 == 0 }) { return passedThrough.map { _ in cotangent } }
    let inputs = [Storage](unsafeUninitializedCapacity: savedCount + 1) { memory, count in
      func append(_ storage: Storage) {
        (memory.baseAddress! + count).initialize(to: storage)
        count += 1
      }
      append(cotangent.storage)
      for index in plan.savedInputs { append(node.savedStorage(index)!) }
      for index in plan.savedResults { append(node.savedStorage(node.inputCount + index)!) }
    }
    let passes = passedThrough.contains { $0 != nil }
    if passes && !passedThrough.contains(nil) { return passedThrough.map { Tensor(inputs[$0!]) } }
    if isWatched { return apply(inputs.map { Tensor($0) }, node.parameters) }
    return evaluate(inputs, node.parameters, overwritingFirst: isSpent)?.map { Tensor($0) }
      ?? passedThrough.map { _ in .placeholder }
  }

  /// Applies a derivative formula; results that are an input unchanged cost nothing.
  func applyPartially(_ inputs: [Tensor], _ parameters: SIMD2<Double>) -> [Tensor] {
    if passedThrough.contains(where: { $0 != nil }) {
      let remaining = passedThrough.indices.filter { passedThrough[$0] == nil }
      if remaining.isEmpty { return passedThrough.map { inputs[$0!] } }
    }
    switch (inputs.count, results.count) {
    case (1, 1): return [apply(inputs[0], parameters)]
    case (2, 1): return [apply(inputs[0], inputs[1], parameters)]
    default: return apply(inputs, parameters)
    }
  }
}

extension Tensor {
  /// Whether a result may be written into its memory: nothing is recorded or watched, and nobody else holds it.
  @inline(__always)
  mutating func isSpent() -> Bool {
    node == nil && !isRecording && storage.isOwned && isKnownUniquelyReferenced(&storage) && !isWatchedHere
  }

  /// Whether that is so, and a result of it and another operand has the same layout.
  @inline(__always)
  mutating func isSpent(_ other: Storage) -> Bool {
    storage.dtype == other.dtype && other.isContiguous && storage.shape == other.shape && isSpent()
  }
}
