import Tensor

/// The diagonal of the Hessian of a function that gives one number, exactly, as a structure of the input's shapes.
///
/// Costs a recorded gradient and one product (up to 1.9 gradients) for each element of the input, in blocks of basis
/// vectors that share the work of each node; memory for one block. Of 512 elements on it first asks along the graph,
/// for less than one product (where an operator on the way cannot tell, with eight products or a few dozen), whether
/// the Hessian has few elements in each row that are not zero, as that of a sum of terms of few neighbours has; if
/// so, a handful of products give all. That search takes the memory of one vector for every 64 elements that a row may
/// have, and lists of them; the lists and products that follow it grow likewise. For an estimate by few products see
/// ``HessianOperator/diagonalEstimate(samples:using:)``.
/// - Precondition: Floating-point inputs; a result of one floating-point element.
@_disfavoredOverload
public func hessianDiagonal<Input: TensorStructure>(_ f: @escaping (Input) -> Tensor) -> (Input) -> Input {
  { input in
    guard let recorded = RecordedGradient("hessianDiagonal", input.tensors, { f(input.with($0)) }) else {
      return input.mapTensors { Tensor.zeros(like: $0) }
    }
    return input.with(recorded.map.diagonal())
  }
}
