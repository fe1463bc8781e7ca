/// A function linear in its one input: its author says how to apply it and how to transpose it.
///
/// vjp is the transpose, jvp the function itself; nothing is saved. Both take extra leading axes, so
/// an instance describes its axes counted from the end.
open class LinearFunction: Function, @unchecked Sendable {
  /// Applies the function to untracked numbers.
  open func apply(_ x: Tensor) -> Tensor { lacks("apply") }

  /// The transpose, composed of operators on tensors.
  open func transpose(_ cotangent: Tensor) -> Tensor {
    lacks("transpose")
  }

  /// Whether each element of the result is one of the input, or zero: then `apply` moves sets of elements, too.
  package var movesElements: Bool { false }

  override package func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    movesElements ? [sets[0].map { apply($0) }] : nil
  }

  override var spread: Spread? { { marks in marks.passed(others: 0) { [self.apply($0[0])] } } }

  public final override func callAsFunction(_ x: Tensor) -> Tensor {
    if isWatched { return watched([x]) { [self.unwatched(x)] }[0] }
    return unwatched(x)
  }

  @inline(__always)
  private final func unwatched(_ x: Tensor) -> Tensor {
    let applied = apply(x.detached())
    if applied.node != nil { reportHeldTensor() }
    let result = applied.storage
    guard x.node != nil, isRecording, result.dtype.isFloatingPoint else { return Tensor(result) }
    return Tensor(result, node: Node(self, x, result: result))
  }

  /// Applies the function to a list of one tensor.
  public final override func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
    takes(1, inputs) ? [self(inputs[0])] : [.placeholder]
  }

  public final override func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor {
    takes(1, [x, y]) ? self(x) : .placeholder
  }

  package override func pullback(
    _ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink
  ) {
    node.deliver(transpose(cotangent), toInput: 0, sink)
  }

  package final override func pushforward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    [node.tangent(ofInput: 0, source).map { self($0) }]
  }

  package final override func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    let layout = source.layout
    return [
      node.series(ofInput: 0, source).map { series in
        series.enumerated().map { place, entry in
          entry.map { entry in withSeriesEntry(order: layout.order(ofEntry: place)) { self(entry) } }
        }
      }
    ]
  }

  package final override var pushesBlocksOfSeries: Bool { true }
}

/// A function linear in each of its two inputs: its author says how to apply it and its two adjoints.
///
/// jvp is f(a', b) + f(a, b'). An input is saved only where the other one is tracked. Inputs, cotangents
/// and tangents take extra leading axes; sums over broadcast axes are done by the walk.
open class BilinearFunction: Function, @unchecked Sendable {
  /// Applies the function to untracked numbers.
  open func apply(_ a: Tensor, _ b: Tensor) -> Tensor { lacks("apply") }

  /// The cotangent of the left input, composed of operators on tensors.
  open func leftAdjoint(_ cotangent: Tensor, _ b: Tensor) -> Tensor {
    lacks("leftAdjoint")
  }

  /// The cotangent of the right input, composed of operators on tensors.
  open func rightAdjoint(_ cotangent: Tensor, _ a: Tensor) -> Tensor {
    lacks("rightAdjoint")
  }

  /// Whether its rules are nothing but further functions like it, which look at no number: a large result that
  /// nobody reads then need not be computed.
  package var isMultiplication: Bool { false }

  /// The function's result added to a sum, in whose memory it may be left; nil where that is no simpler.
  package func apply(_ a: Tensor, _ b: Tensor, addingTo sum: Storage) -> Tensor? { nil }

  /// As the adjoints, of untracked numbers, added to a sum likewise.
  package func leftAdjoint(_ cotangent: Tensor, _ b: Tensor, addingTo sum: Storage) -> Tensor? { nil }
  package func rightAdjoint(_ cotangent: Tensor, _ a: Tensor, addingTo sum: Storage) -> Tensor? { nil }

  /// Of ones, as a product may leave out zeros.
  override var spread: Spread? { { marks in marks.passed(others: 1) { [self.apply($0[0], $0[1])] } } }

  public final override func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    if isWatched { return watched([a, b]) { [self.unwatched(a, b)] }[0] }
    return unwatched(a, b)
  }

  @inline(__always)
  private final func unwatched(_ a: Tensor, _ b: Tensor) -> Tensor {
    let applied = apply(a.detached(), b.detached())
    if applied.node != nil { reportHeldTensor() }
    let result = applied.storage
    guard a.node != nil || b.node != nil, isRecording, result.dtype.isFloatingPoint else { return Tensor(result) }
    let node = Node(
      self, a, b, result: result, saving: b.node == nil ? nil : a.storage, a.node == nil ? nil : b.storage)
    return Tensor(result, node: node)
  }

  /// Applies the function to a list of two tensors.
  public final override func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
    takes(2, inputs) ? [self(inputs[0], inputs[1])] : [.placeholder]
  }

  public final override func callAsFunction(_ x: Tensor) -> Tensor {
    takes(2, [x]) ? x : .placeholder
  }

  package final override func pullback(
    _ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink
  ) {
    deliverAdjoints(node, cotangent, sink)
  }

  /// The cotangents of the first two inputs of a node, which are this function's.
  @inline(__always)
  final func deliverAdjoints(_ node: Node, _ cotangent: Tensor, _ sink: any CotangentSink) {
    let lead = cotangent.rank - node.shape.rank
    node.deliver(
      toInput: 0, sink, isOmissible: isMultiplication,
      add: { leftAdjoint(cotangent, node.saved(1), addingTo: $0) },
      { leftAdjoint(cotangent, node.saved(1, input: 1).aligned(lead, with: cotangent)) })
    node.deliver(
      toInput: 1, sink, isOmissible: isMultiplication,
      add: { rightAdjoint(cotangent, node.saved(0), addingTo: $0) },
      { rightAdjoint(cotangent, node.saved(0, input: 0).aligned(lead, with: cotangent)) })
  }

  package final override func pushforward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    func lead(_ tangent: Tensor, _ index: Int) -> Int {
      let (node, output) = node.source(index)!
      return tangent.rank - node.shape(ofOutput: output).rank
    }
    let left = node.tangent(ofInput: 0, source).map {
      self($0, node.saved(1, input: 1).aligned(lead($0, 0), with: $0))
    }
    guard let tangent = node.tangent(ofInput: 1, source) else { return [left] }
    let a = node.saved(0, input: 0).aligned(lead(tangent, 1), with: tangent)
    guard let left else { return [self(a, tangent)] }
    if !isRecording, !isWatched, left.storage.isOwned, let sum = apply(a, tangent, addingTo: left.storage) {
      return [sum]
    }
    return [left + self(a, tangent)]
  }

  package final override func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    [convolvedSeries(node, source)]
  }

  package final override var pushesBlocksOfSeries: Bool { true }
}

extension Tensor {
  /// A saved input that meets a derivative with extra leading axes: where the meeting is recorded it has as
  /// many of its own, of length 1, so that another walk's leading axes go before them on both sides.
  @inline(__always)
  func aligned(_ lead: Int, with derivative: borrowing Tensor) -> Tensor {
    guard lead > 0, isRecording, node != nil || derivative.node != nil else { return self }
    return Reshape(from: shape, to: Shape(repeating: 1, rank: lead).followed(by: shape))(self)
  }
}

extension Function {
  fileprivate func lacks(_ method: String) -> Tensor {
    Misuse.fail(name, "`\(method)` is not overridden, and a function of this kind needs it")
  }

  /// Whether a function of so many inputs was given as many; false after a report.
  fileprivate func takes(_ count: Int, _ inputs: [Tensor]) -> Bool {
    if inputs.count != count {
      Misuse.report(name, "takes \(counted(count, "input")), got \(inputs.count)")
    }
    return inputs.count == count
  }
}
