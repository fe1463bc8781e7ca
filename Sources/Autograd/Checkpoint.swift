import Tensor

/// A function that keeps only its inputs when it is recorded, and is computed again when a derivative needs more.
///
///     let block = checkpoint { (x: Tensor) in layer(x) }
///     let gradient = grad { block($0).sum() }(x)
///
/// Exact to every order: a derivative is that of the function, evaluated at the inputs that were kept. Each walk
/// that passes it costs one more evaluation; nothing else changes. Memory: the inputs, beside what they came from, in
/// gradients. A gradient that is recorded, as for a Hessian-vector product, keeps what it evaluated again, since its own
/// derivative needs that: of such a product a checkpoint saves the first evaluation's part alone, about a quarter.
///
/// Tracked tensors that the function reads without being given them (a layer's parameters, the variable of an outer
/// transform) are inputs as well: they are found as it is evaluated, whose graph is alive until it ends. A function
/// that reads others when it is evaluated again is reported. It runs on whatever thread walks the graph, and must give
/// the same each time: random numbers must come from a generator made inside, and variables that it captures must not
/// change. (Modules' parameters may: it reads what they were.)
public func checkpoint<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output
) -> Checkpoint<Input, Output> {
  Checkpoint(f)
}

/// A function made by ``checkpoint(_:)``. Call it as a function.
public struct Checkpoint<Input: TensorStructure, Output: TensorStructure> {
  private let body: (Input) -> Output

  init(_ body: @escaping (Input) -> Output) { self.body = body }

  /// The function's value; where an input, or a tensor that the function captures, is tracked, recorded as one
  /// operation.
  public func callAsFunction(_ input: Input) -> Output {
    let call = Recomputed(body, like: input)
    let results = call(input.tensors)
    return call.takeOutput().with(results)
  }

  /// What a recorded call keeps, and what it would keep without the checkpoint. Evaluates the function once.
  public func memory(at input: Input) -> CheckpointMemory {
    let leaves = input.tensors.map { $0.dtype.isFloatingPoint ? $0.detached().tracked() : $0.detached() }
    let first = SequenceNumbers.reserve(1)
    let reads = RecordedReads()
    let results = withRecording { reads.noting { body(input.with(leaves)).tensors } }
    return CheckpointMemory(
      keptBytes: GraphSummary.bytes(of: leaves.map(\.storage) + reads.storages),
      plainBytes: GraphSummary.savedBytes(of: nodes(before: results, since: first)))
  }
}

/// Bytes that a checkpoint's recorded call keeps for its derivative, beside those without a checkpoint.
public struct CheckpointMemory: Sendable, Hashable, CustomStringConvertible {
  /// Of the inputs, and of the parameters of modules that the function reads.
  public let keptBytes: Int
  /// Of the same function's own graph. What it saves of other tensors that the function captures counts, although these
  /// are alive with the function anyway.
  public let plainBytes: Int

  /// What the checkpoint saves.
  public var avoidedBytes: Int { plainBytes - keptBytes }

  /// Both in one line: `keeps 8 bytes instead of 800`.
  public var description: String {
    "keeps \(keptBytes) bytes instead of \(plainBytes)"
  }
}

/// A whole function as one operation, whose rules evaluate it again.
private final class Recomputed<Input: TensorStructure, Output: TensorStructure>: Function, @unchecked Sendable {
  private let body: (Input) -> Output
  /// The inputs' structure.
  private let template: Input
  private let inputCount: Int
  private let reads = RecordedReads()
  private var resultCount = 0
  /// The first evaluation's, until it is taken: a node that held its results would keep them alive.
  private var output: Output?

  init(_ body: @escaping (Input) -> Output, like input: Input) {
    self.body = body
    template = input.detached()
    inputCount = input.tensors.count
    super.init()
    showsOperators = true
    callsProgram = true
  }

  func takeOutput() -> Output {
    defer { output = nil }
    return output!
  }

  override var name: String { "checkpoint" }
  override var saves: [Saved] { (0..<inputCount).map { .input($0) } }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let first = SequenceNumbers.reserve(1)
    let value = reads.noting { body(template.with(inputs)) }
    captured = Autograd.captured(by: value.tensors, since: first)
    let constants = value.detached()
    output = constants
    let results = constants.tensors
    resultCount = results.count
    return results
  }

  /// The function, recorded with respect to its tracked inputs. Nil after a report.
  private func call(_ saved: SavedTensors) -> (again: Reevaluation, places: [Int])? {
    let inputs = (0..<inputCount).map { saved.input($0) }
    let places = inputs.indices.filter { saved.isTracked($0) }
    let again = Reevaluation(name, places.map { inputs[$0] }, captured: captured!, reads: reads) {
      [body, template] own in
      body(template.with(inputs.replacing(places, own))).tensors
    }
    return again.map { ($0, places) }
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let (again, places) = call(saved) else {
      return Array(repeating: nil, count: inputCount + captured!.count)
    }
    let pulled = again.pullback(cotangents)
    return pulled.spread(to: places, of: inputCount)
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let (again, places) = call(saved) else { return Array(repeating: nil, count: resultCount) }
    return again.pushforward(places.map { tangents[$0] } + tangents[inputCount...])
  }
}

extension Array where Element == Tensor? {
  /// Derivatives with respect to some of an operation's inputs and then to what it captured, as those with respect to
  /// all; nil is zero.
  func spread(to places: [Int], of count: Int) -> [Tensor?] {
    var all: [Tensor?] = Array(repeating: nil, count: count)
    for (place, part) in zip(places, self) { all[place] = part }
    return all + self[places.count...]
  }
}

extension Array where Element == Tensor {
  /// The same with other tensors at some places.
  func replacing(_ places: [Int], _ tensors: [Tensor]) -> [Tensor] {
    var result = self
    for (place, tensor) in zip(places, tensors) { result[place] = tensor }
    return result
  }
}
