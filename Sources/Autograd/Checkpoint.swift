import Tensor

/// A function that keeps only its inputs when it is recorded, and is computed again when a derivative needs more.
///
///     let block = checkpoint { (x: Tensor) in tanh(matmul(tanh(matmul(x, a)), b)) }   // a, b: constants
///     let gradient = grad { block($0).sum() }(x)
///
/// Exact to every order: a derivative is that of the function, evaluated at the inputs that were kept. Each walk
/// that passes it costs one more evaluation; nothing else changes. Memory: the inputs, beside what they came from.
///
/// What the function reads of tracked tensors must be among its inputs (a structure holds any number); a captured
/// one is reported. Random numbers must come from a generator made inside, or the second evaluation differs.
public func checkpoint<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output
) -> Checkpoint<Input, Output> {
  Checkpoint(f)
}

/// A function made by ``checkpoint(_:)``. Call it as a function.
public struct Checkpoint<Input: TensorStructure, Output: TensorStructure> {
  private let body: (Input) -> Output

  init(_ body: @escaping (Input) -> Output) { self.body = body }

  /// The function's value; where an input is tracked, recorded as one operation.
  public func callAsFunction(_ input: Input) -> Output {
    let body = body
    var structure: Output?
    let call = Recomputed { tensors in
      let output = body(input.with(tensors))
      structure = structure ?? output
      return output.tensors
    }
    let results = call(input.tensors)
    return structure.map { $0.with(results) } ?? body(input)
  }

  /// What a recorded call keeps, and what it would keep without the checkpoint. Evaluates the function once.
  public func memory(at input: Input) -> CheckpointMemory {
    let leaves = input.tensors.map { $0.dtype.isFloatingPoint ? $0.detached().tracked() : $0 }
    let plain = withRecording { body(input.with(leaves)).tensors }
    let kept = withRecording { self(input.with(leaves)).tensors }
    return CheckpointMemory(
      keptBytes: GraphSummary.savedBytes(of: kept), plainBytes: GraphSummary.savedBytes(of: plain))
  }
}

/// Bytes that a checkpoint's recorded call keeps for its derivative, beside those without a checkpoint.
public struct CheckpointMemory: Sendable, Hashable, CustomStringConvertible {
  /// Of the inputs.
  public let keptBytes: Int
  /// Of the same function's own graph.
  public let plainBytes: Int

  /// What the checkpoint saves.
  public var avoidedBytes: Int { plainBytes - keptBytes }

  /// Both in one line: `keeps 8 bytes instead of 800`.
  public var description: String {
    "keeps \(keptBytes) bytes instead of \(plainBytes)"
  }
}

/// A whole function as one operation, whose rules evaluate it again.
private final class Recomputed: Function, @unchecked Sendable {
  private let body: ([Tensor]) -> [Tensor]
  private var inputCount = 0
  private var resultCount = 0

  init(_ body: @escaping ([Tensor]) -> [Tensor]) {
    self.body = body
    super.init()
    showsOperators = true
    callsProgram = true
  }

  override var name: String { "checkpoint" }
  override var saves: [Saved] { (0..<inputCount).map { .input($0) } }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    inputCount = inputs.count
    let results = body(inputs)
    resultCount = results.count
    return results
  }

  /// The function, recorded with respect to its floating-point inputs. Nil after a report.
  private func call(_ saved: SavedTensors) -> (recording: Recording<[Tensor]>, places: [Int])? {
    let inputs = (0..<inputCount).map { saved.input($0) }
    let places = inputs.indices.filter { inputs[$0].dtype.isFloatingPoint }
    let recording = Recording(name, places.map { inputs[$0] }) { own in
      var all = inputs
      for (place, tensor) in zip(places, own) { all[place] = tensor }
      return body(all)
    }
    return recording.map { ($0, places) }
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    var result: [Tensor?] = Array(repeating: nil, count: inputCount)
    guard let (recording, places) = call(saved) else { return result }
    let present = cotangents.indices.filter { cotangents[$0] != nil }
    let pulled = recording.pullback(
      present.map { recording.output[$0] }, present.map { cotangents[$0]! })
    for (place, cotangent) in zip(places, pulled) { result[place] = cotangent }
    return result
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let (recording, places) = call(saved) else { return Array(repeating: nil, count: resultCount) }
    return recording.pushforward(recording.output, places.map { tangents[$0] })
  }
}
