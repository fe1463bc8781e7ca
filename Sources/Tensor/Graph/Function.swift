/// Takes the cotangents that a function's pullback gives for its inputs. A walk is one.
package protocol CotangentSink: AnyObject {
  /// Whether a cotangent for this result of this node is of use.
  func wants(_ node: Node, _ output: Int) -> Bool
  /// Whether the numbers of such a cotangent will be read, or only its history.
  func reads(_ node: Node, _ output: Int) -> Bool
  /// Adds a cotangent; it may be broadcast against the result's shape in either direction.
  func receive(_ cotangent: consuming Tensor, _ node: Node, _ output: Int)
  /// Adds the cotangent of a slice of a node's only result.
  func receive(_ part: Part, _ node: Node)
  /// Gives back what has come to a node's only result, for a rule that adds to it in its memory; nil where nothing has.
  func takeBack(_ node: Node) -> Tensor?
}

/// Gives the tangents of the inputs of the node that is visited. A forward walk is one.
package protocol TangentSource: AnyObject {
  /// The tangent of the input at this position; nil is zero.
  func tangent(ofInput index: Int) -> Tensor?
}

/// What a function keeps for its derivative rules.
public enum Saved: Sendable, Hashable {
  /// The input at this position.
  case input(Int)
  /// The result at this position.
  case output(Int)
}

/// What a function kept of one call, with the history that makes rules differentiable themselves.
public struct SavedTensors {
  let node: Node
  let declared: [Saved]

  /// The input at a position that the function declared in ``Function/saves``.
  public func input(_ index: Int) -> Tensor {
    slot(.input(index)).map { node.saved($0, input: index) } ?? .placeholder
  }
  /// The result at a position that the function declared in ``Function/saves``.
  public func output(_ index: Int) -> Tensor {
    slot(.output(index)).map { node.saved($0, output: index) } ?? .placeholder
  }
  /// Whether a derivative with respect to this input can be asked for at all.
  public func isTracked(_ index: Int) -> Bool { node.isTracked(index) }

  private func slot(_ wanted: Saved) -> Int? {
    guard let slot = declared.firstIndex(of: wanted) else {
      Misuse.report(node.function.name, "a rule reads \(wanted), which `saves` does not declare")
      return nil
    }
    return slot
  }
}

/// An operator together with its derivative rules.
///
/// This class is the general kind: `forward`, `vjp` and `jvp` are written out. Subclass it for an operator
/// of your own and call the instance. Rules must be composed of operators on tensors: that is what makes
/// derivatives of every order exist. Zero is `nil`. Cotangents and tangents may carry extra leading axes,
/// so count axes from the end.
///
/// Three further kinds need less: ``Formula`` (pointwise), ``LinearFunction`` and ``BilinearFunction``.
open class Function: @unchecked Sendable {
  /// For subclasses.
  public init() {}

  /// The operator's name in messages and in printed graphs.
  open var name: String { "\(type(of: self))" }

  /// What of a call the rules read; nothing else is kept alive.
  open var saves: [Saved] { [] }

  /// Computes the results. Called with untracked tensors; nothing in it is recorded.
  open func forward(_ inputs: [Tensor]) -> [Tensor] {
    Misuse.report(name, "`forward` is not overridden, so there is nothing to compute")
    return [.placeholder]
  }

  /// The cotangents of the inputs, from those of the results; `nil` is zero.
  open func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    Misuse.report(
      name,
      "`vjp` is not overridden, so it cannot be differentiated in reverse mode; override it, or make it a Formula, a "
        + "LinearFunction or a BilinearFunction, which need no rules for directions")
    return Array(repeating: nil, count: saved.node.inputCount)
  }

  /// The tangents of the results, from those of the inputs; `nil` is zero.
  open func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    Misuse.report(
      name,
      "`jvp` is not overridden, so it cannot be differentiated in forward mode; override it, or make it a Formula, a "
        + "LinearFunction or a BilinearFunction, which need no rules for directions")
    return Array(repeating: nil, count: saved.node.outputCount)
  }

  /// Whether instances may hold tensors (and so a graph). A function that does not is freed faster.
  package var mayHoldTensors: Bool { true }

  /// Whether operators within `forward` are the user's own, so that a check names them even where the function's
  /// results are in order.
  package final var showsOperators = false

  /// Whether rules call closures of the program, which need not be fit for threads that it did not start.
  package final var callsProgram = false

  /// Tracked values that a call depends on beside what it is given: the last inputs of its node, whose numbers it does
  /// not save. Read after ``forward(_:)``.
  package final var captured: [Tensor]?

  /// A point at which a call is not differentiable in its tracked inputs; nil where there is none.
  ///
  /// Override it where the function has kinks, so that ``withStrictDerivatives(_:)`` finds them:
  ///
  ///     override func kink(_ inputs: [Tensor], _ results: [Tensor]) -> Kink? {
  ///       Kink(where: inputs[0] .== 0, of: inputs[0], convention: "its derivative is taken to be 0")
  ///     }
  ///
  /// Asked for inside of that only, of recorded calls; nothing in it is recorded or judged. The rules' own operators
  /// are judged where they are recorded, so a slope with a kink needs no word here.
  /// - Parameters:
  ///   - inputs: As they were given; `isTracked` says which the derivative is wanted in.
  ///   - results: What `forward` gave.
  open func kink(_ inputs: [Tensor], _ results: [Tensor]) -> Kink? { nil }

  /// The same with the numbers that a call takes beside tensors.
  func kink(_ inputs: [Tensor], _ results: [Tensor], _ numbers: [Double]) -> Kink? { kink(inputs, results) }

  /// What of an input an element of the first result is made of, where that is a slice: for ``NaNError``. Nil where
  /// it may be all.
  func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? { nil }

  /// How marks spread from the inputs to the results, for ``withNaNCheck(_:)``; nil where only what `forward` is made
  /// of tells that.
  var spread: Spread? { nil }

  /// Applies the function to tensors, recording it where one of them is tracked.
  public func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
    isWatched ? watched(inputs) { self.unwatched(inputs) } : unwatched(inputs)
  }

  private final func unwatched(_ inputs: [Tensor]) -> [Tensor] {
    let results = forward(inputs.map { $0.detached() })
    if results.isEmpty { Misuse.report(name, "forward gave no result; a function has at least one") }
    if results.contains(where: { $0.node != nil }) { reportHeldTensor() }
    if results.isEmpty { return [.placeholder] }
    return record(captured.map { inputs + $0 } ?? inputs, results.map { $0.detached() })
  }

  /// Applies the function to one tensor; its first result.
  public func callAsFunction(_ x: Tensor) -> Tensor { self([x])[0] }

  /// Applies the function to two tensors; its first result.
  public func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor { self([x, y])[0] }

  // MARK: What walks call

  /// Pulls the cotangent of the only result back to the inputs.
  package func pullback(_ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink) {
    pullback(node, [cotangent], sink)
  }

  package func pullback(_ node: Node, _ cotangents: [Tensor?], _ sink: any CotangentSink) {
    let results = vjp(cotangents, SavedTensors(node: node, declared: saves))
    guard fits(results, node.inputCount, "vjp", "cotangent", "input") else { return }
    for (index, result) in results.enumerated() {
      if let result { node.deliver(result, toInput: index, sink) }
    }
  }

  /// Pulls the cotangent of the first result, which has the examples in front and is the only one that has one, back to
  /// those inputs that `sink` wants, each example's part by itself; false, and nothing is delivered, where the function has
  /// no rule for that.
  package func pullbackPerExample(_ node: Node, _ cotangent: Tensor, _ sink: PerExampleSink) -> Bool { false }

  /// Pushes the inputs' tangents forward to the results.
  package func pushforward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    let tangents = (0..<node.inputCount).map { node.tangent(ofInput: $0, source) }
    if tangents.allSatisfy({ $0 == nil }) { return Array(repeating: nil, count: node.outputCount) }
    return derivatives(jvp(tangents, SavedTensors(node: node, declared: saves)), node)
  }

  /// What `jvp` gave, where it is a tangent for each result; zeros after a report.
  final func derivatives(_ tangents: [Tensor?], _ node: Node) -> [Tensor?] {
    fits(tangents, node.outputCount, "jvp", "tangent", "result")
      ? tangents : Array(repeating: nil, count: node.outputCount)
  }

  private func fits(_ given: [Tensor?], _ count: Int, _ rule: String, _ what: String, _ whose: String) -> Bool {
    if given.count != count {
      Misuse.report(
        name, "\(rule) gave \(counted(given.count, what)) for \(counted(count, whose)); give nil where one is zero")
    }
    return given.count == count
  }

  /// Pushes the inputs' series of derivatives along directions forward to the results.
  package func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] { seriesOneByOne(node, source) }

  /// Whether series of higher orders may carry extra leading axes, a block of directions at once.
  package var pushesBlocksOfSeries: Bool { false }

  /// Bytes that computing tangents takes on the way, beside these: for all vectors of a block together, on however many
  /// threads, and for each of them.
  package func scratchBytes(_ node: Node) -> (together: Int, each: Int) { (0, 0) }

  /// For each result the sets of seeds that a tangent of its elements may depend on, from those of the inputs, as
  /// ``ElementSets`` keep them; nil where this function does not say. More than there are is allowed, fewer are not:
  /// what is left out of a sparse derivative is taken to be zero.
  package func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? { nil }

  /// The consecutive elements of its only input beyond which this function reads none; nil where it may read all.
  package func extentRead(_ node: Node) -> Range<Int>? { nil }

  /// The consecutive elements of its only result beyond which an input has a part in none, those being sums of what the
  /// inputs bring; nil where it may have a part in all.
  package func extentWritten(_ node: Node, byInput position: Int) -> Range<Int>? { nil }
}

extension Node {
  @inline(__always)
  package func deliver(_ cotangent: consuming Tensor, toInput index: Int, _ sink: any CotangentSink) {
    guard let (node, output) = source(index) else { return }
    sink.receive(cotangent, node, output)
  }

  package func wants(_ index: Int, _ sink: any CotangentSink) -> Bool {
    guard let (node, output) = source(index) else { return false }
    return sink.wants(node, output)
  }

  /// Delivers what a rule computes for an input, where that is wanted; without its numbers where nobody will read
  /// them, which is for rules that neither save nor look at what they compute.
  @inline(__always)
  func deliver(
    toInput index: Int, _ sink: any CotangentSink, isOmissible: Bool = true, _ compute: () -> Tensor
  ) {
    guard let (node, output) = source(index), sink.wants(node, output) else { return }
    let isRead = !isOmissible || sink.reads(node, output) || isWatched
    sink.receive(isRead ? compute() : Meter.omitting(compute), node, output)
  }

  /// As that; what has come to the input before is added to in its memory by `add`, where nobody else holds it and that
  /// can be done.
  @inline(__always)
  func deliver(
    toInput index: Int, _ sink: any CotangentSink, isOmissible: Bool = true, add: (Storage) -> Tensor?,
    _ compute: () -> Tensor
  ) {
    guard let (node, output) = source(index), sink.wants(node, output) else { return }
    let isRead = !isOmissible || sink.reads(node, output) || isWatched
    if isRead, !isRecording, var held = sink.takeBack(node) {
      let sum = held.isSpent() ? add(held.storage) : nil
      sink.receive(sum ?? held, node, output)
      if sum != nil { return }
    }
    sink.receive(isRead ? compute() : Meter.omitting(compute), node, output)
  }

  package func tangent(ofInput index: Int, _ source: any TangentSource) -> Tensor? {
    source.tangent(ofInput: index)
  }
}

extension Node {
  /// The tangent of an input that broadcasts in an operation of this rank: extra leading axes are put
  /// before the axes that the input lacks.
  package func tangent(ofInput index: Int, alignedToRank rank: Int, _ source: any TangentSource) -> Tensor? {
    guard let (node, output) = self.source(index), let tangent = source.tangent(ofInput: index) else { return nil }
    let shape = node.shape(ofOutput: output)
    guard tangent.rank > shape.rank, shape.rank < rank else { return tangent }
    let padded = Shape(repeating: 1, rank: rank - shape.rank).followed(by: shape)
    return Reshape(from: shape, to: padded)(tangent)
  }
}

// MARK: - Calling a function

extension Function {
  /// A tracked tensor that a function holds instead of taking would have no derivative, silently.
  func reportHeldTensor() {
    Misuse.report(
      name,
      "its result depends on a tracked tensor that is no input, whose derivative would be lost; make it an "
        + "input, or detached() if it is a constant")
  }

  /// Attaches a node to results that were computed already.
  package func record(_ inputs: [Tensor], _ results: [Tensor]) -> [Tensor] {
    guard inputs.contains(where: { $0.node != nil }), isRecording else { return results }
    let saved: [Storage?] = saves.map {
      switch $0 {
      case .input(let index): inputs[index].storage
      case .output(let index): results[index].storage
      }
    }
    let node = Node(self, inputs: inputs, results: results.map(\.storage), saving: saved)
    return results.enumerated().map {
      // Integer results (indices) have no derivative and no history.
      $1.dtype.isFloatingPoint ? Tensor($1.storage, node: node, output: Int32($0)) : $1
    }
  }
}

/// A gradient that was computed without recording how: differentiating it again is an error, not zero.
package final class UnrecordedGradient: Function, @unchecked Sendable {
  private static let shared = UnrecordedGradient()
  override package var name: String { "gradient computed without createGraph" }
  override package var mayHoldTensors: Bool { false }

  package static func mark(_ storage: Storage) -> Tensor {
    Tensor(storage, node: Node(mark: shared, storage))
  }

  /// What walks say when they reach a mark.
  package static let explanation = """
    reached a gradient whose computation was not recorded. Ask for it with createGraph: true, or use \
    grad(grad(f)), which needs no flag; detached() makes it a constant
    """

  package static func isMark(_ node: Node) -> Bool { node.function === shared }
}
