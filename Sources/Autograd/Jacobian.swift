import Tensor

/// Which way a Jacobian is computed.
public enum JacobianMode: Sendable, Hashable {
  /// Forward where the inputs have fewer elements than the results or as many, else reverse.
  case automatic
  /// By columns: one product Jv for each element of the inputs.
  case forward
  /// By rows: one product J'u for each element of the results.
  case reverse
}

/// The dense Jacobian of a function: its derivative, of the result's shape followed by the input's.
///
///     let J = try jacobian { x in matmul(A, sin(x)) }(x)    // [m, n] for x of shape [n], a result [m]
///
/// Costs an evaluation and one product (one to two evaluations) for each element of the input or of the
/// result, whichever are fewer, in blocks of basis vectors that share the work of each node. A block between tensors of
/// different dtypes is float64.
///
/// - Parameters:
///   - mode: Which products; chosen by shape unless told.
///   - memoryBudget: For the result and a block of products on the way.
/// - Precondition: A floating-point input and result, of no more than 8 axes together.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
public func jacobian(
  _ f: @escaping (Tensor) -> Tensor, mode: JacobianMode = .automatic, memoryBudget: MemoryBudget = .automatic
) -> (Tensor) throws(MemoryBudgetError) -> Tensor {
  { x throws(MemoryBudgetError) in
    try jacobianBlocks([x], { [f($0[0])] }, mode, memoryBudget)[0, 0]
  }
}

/// The dense Jacobian of a function from a structure to a tensor: the input's structure, each tensor of the
/// result's shape followed by its own.
///
/// Costs an evaluation and one product (one to two evaluations) for each element of the input or of the result,
/// whichever are fewer, in blocks; memory beside the result: the graph and a block.
/// - Parameters:
///   - mode: Which products; chosen by shape unless told.
///   - memoryBudget: For the result and a block of products on the way.
/// - Precondition: Floating-point inputs and a floating-point result, of no more than 8 axes together.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
@_disfavoredOverload
public func jacobian<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, mode: JacobianMode = .automatic, memoryBudget: MemoryBudget = .automatic
) -> (Input) throws(MemoryBudgetError) -> Input {
  { input throws(MemoryBudgetError) in
    let found = try jacobianBlocks(input.tensors, { [f(input.with($0))] }, mode, memoryBudget)
    return input.with(input.tensors.indices.map { found[0, $0] })
  }
}

/// The dense Jacobians of a function from two structures to a tensor, one with respect to each: structures like them,
/// each tensor of the result's shape followed by its own.
///
/// Costs, memory and errors are those of a function of one structure that holds both.
/// - Precondition: Floating-point inputs and a floating-point result, of no more than 8 axes together.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
@_disfavoredOverload
public func jacobian<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor, mode: JacobianMode = .automatic, memoryBudget: MemoryBudget = .automatic
) -> (A, B) throws(MemoryBudgetError) -> (A, B) {
  let joined: (Pair<A, B>) throws(MemoryBudgetError) -> Pair<A, B> =
    jacobian({ (pair: Pair<A, B>) in f(pair.first, pair.second) }, mode: mode, memoryBudget: memoryBudget)
  return { a, b throws(MemoryBudgetError) in
    let pair = try joined(Pair(a, b))
    return (pair.first, pair.second)
  }
}

/// The dense Jacobian of a function from one structure to another: a block for each of the result's tensors and
/// each of the input's, `J[i, j]` of the shape of result i followed by that of input j.
///
/// Costs an evaluation and one product (one to two evaluations) for each element of the input or of all results,
/// whichever are fewer, in blocks; memory beside the result: the graph and a block.
/// - Precondition: Floating-point inputs and results, of no more than 8 axes together with any of each other.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
@_disfavoredOverload
public func jacobian<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, mode: JacobianMode = .automatic, memoryBudget: MemoryBudget = .automatic
) -> (Input) throws(MemoryBudgetError) -> BlockMatrix {
  { input throws(MemoryBudgetError) in
    try jacobianBlocks(input.tensors, { f(input.with($0)).tensors }, mode, memoryBudget)
  }
}

/// Placeholders after a report.
private func jacobianBlocks(
  _ tensors: [Tensor], _ f: ([Tensor]) -> [Tensor], _ mode: JacobianMode, _ budget: MemoryBudget
) throws(MemoryBudgetError) -> BlockMatrix {
  let columnShapes = tensors.map(\.shape)
  guard let call = Recording("jacobian", tensors, f) else { return BlockMatrix(placeholdersFor: [], columnShapes) }
  let results = call.output
  guard let (map, isForward) = jacobianMap(call, tensors, mode) else {
    return BlockMatrix(placeholdersFor: results.map(\.shape), columnShapes)
  }
  let blocks: [[Tensor]]
  if isForward {
    let columns = try map.matrix("jacobian", budget, transposed: true)
    blocks = results.indices.map { result in columns.map { $0[result] } }
  } else {
    blocks = try map.matrix("jacobian", budget)
  }
  return BlockMatrix(
    rowShapes: results.map(\.shape), columnShapes: columnShapes, blocks: inWiderDType(blocks, results, tensors))
}

/// Blocks in the wider dtype of their results and inputs, whichever of the two their products have.
private func inWiderDType(_ blocks: [[Tensor]], _ results: [Tensor], _ inputs: [Tensor]) -> [[Tensor]] {
  zip(blocks, results).map { row, result in
    zip(row, inputs).map { block, input in
      block.asType(result.dtype == .float64 || input.dtype == .float64 ? .float64 : .float32)
    }
  }
}

/// A Jacobian by its products, and whether these are its columns; nil after a report.
func jacobianMap(
  _ call: Recording<[Tensor]>, _ tensors: [Tensor], _ mode: JacobianMode
) -> (map: BlockMap, isForward: Bool)? {
  guard blocksFit(call.output, tensors, "jacobian") else { return nil }
  let results = call.output
  if let bad = results.first(where: { !$0.dtype.isFloatingPoint }) {
    Misuse.report("jacobian", "a result is \(bad.dtype) \(bad.shape), which has no derivative; leave it out")
    return nil
  }
  func count(_ tensors: [Tensor]) -> Int { tensors.reduce(0) { $0 + $1.count } }
  let isForward = mode == .forward || (mode == .automatic && count(tensors) <= count(results))
  let forward = Pushforward(call, to: results)
  return (isForward ? forward.blockMap(to: results) : forward.reversed(call), isForward)
}

extension Pushforward {
  /// The transposed map: products of blocks of cotangents. What it needs on the way is taken to be what
  /// tangents need.
  func reversed(_ call: Recording<[Tensor]>) -> BlockMap {
    let results = call.output
    return BlockMap(
      sources: results.map { $0.detached() }, targets: inputs.map { $0.detached() }, bytesPerLane: tape.bytesPerLane,
      bytesOfScratch: tape.bytesOfScratch,
      largestTangent: tape.largestTangent, isRecorded: isRecorded, callsProgram: tape.callsProgram,
      takesBlocks: tape.takesBlocks
    ) { source, rows, _ in
      if tape.results[source] < 0 { return inputs.map { _ in nil } }
      guard tape.takesBlocks else {
        return LeadingAxes.oneByOne(rows, of: results[source], to: inputs) { call.pullback([results[source]], [$0]) }
      }
      return call.pullback([results[source]], [.basis(rows, like: results[source])])
    }
  }
}
