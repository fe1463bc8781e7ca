import Tensor

// Dense Hessians, forward over reverse: the gradient is recorded once, and blocks of basis vectors are pushed
// through it, each product with a matrix in place of many with vectors. Blocks are independent and run on
// several cores.

/// The dense Hessian of a function that gives one number.
///
///     let H = try hessian(rosenbrock, memoryBudget: .gigabytes(1))(x)   // [n, n] for x of shape [n]
///
/// For an input of shape s the result has shape s + s. It costs a recorded gradient and n products of up to 1.8
/// gradients with their values each (n the number of elements; fewer where the Hessian has few elements that are not
/// zero, see ``hessian(_:sparsity:checksPattern:)``), in blocks that share the work of each node. Where the gradient
/// does not depend on the input (f is linear) it is zeros at once.
///
/// A Hessian is symmetric. Where the function reads parts of the input one after the other, as a net its layers, and much
/// is saved by it, half is computed and the other half is its mirror image. Rules of your own may give gradients that are
/// no function's: their derivatives are not symmetric, as ``checkHVP(_:of:at:seed:)`` tells, and are mirrored all the same.
///
/// - Parameter memoryBudget: For the result and a block of rows on the way.
/// - Precondition: A floating-point input of rank at most 4; a result of one floating-point element.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
public func hessian(
  _ f: @escaping (Tensor) -> Tensor, memoryBudget: MemoryBudget = .automatic
) -> (Tensor) throws(MemoryBudgetError) -> Tensor {
  { x throws(MemoryBudgetError) in
    guard blocksFit([x], [x], "hessian"), let gradient = RecordedGradient("hessian", [x], { f($0[0]) }) else {
      return .placeholder
    }
    return try gradient.map.dense("hessian", memoryBudget)[0][0]
  }
}

/// The dense Hessian of a function of any structure: a block for each pair of its tensors.
///
/// Costs and budget as for one tensor; `H[i, j]` has the shape of tensor i followed by that of tensor j, and
/// ``BlockMatrix/matrix()`` is all of it as one matrix.
/// - Precondition: Floating-point inputs of rank at most 4; a result of one floating-point element.
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
@_disfavoredOverload
public func hessian<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, memoryBudget: MemoryBudget = .automatic
) -> (Input) throws(MemoryBudgetError) -> BlockMatrix {
  { input throws(MemoryBudgetError) in
    let tensors = input.tensors
    let shapes = tensors.map(\.shape)
    guard blocksFit(tensors, tensors, "hessian"),
      let gradient = RecordedGradient("hessian", tensors, { f(input.with($0)) })
    else {
      return BlockMatrix(placeholdersFor: shapes, shapes)
    }
    return BlockMatrix(
      rowShapes: shapes, columnShapes: shapes, blocks: try gradient.map.dense("hessian", memoryBudget))
  }
}

/// The dense Hessian of a function of two structures, with respect to the tensors of both, in order: a block for each
/// pair of them. Costs, budget and preconditions as for one structure.
///
/// - Throws: ``MemoryBudgetError``, before memory is asked for.
@_disfavoredOverload
public func hessian<A: TensorStructure, B: TensorStructure>(
  _ f: @escaping (A, B) -> Tensor, memoryBudget: MemoryBudget = .automatic
) -> (A, B) throws(MemoryBudgetError) -> BlockMatrix {
  let joined: (Pair<A, B>) throws(MemoryBudgetError) -> BlockMatrix =
    hessian({ (pair: Pair<A, B>) in f(pair.first, pair.second) }, memoryBudget: memoryBudget)
  return { a, b throws(MemoryBudgetError) in try joined(Pair(a, b)) }
}
