import Tensor

/// A symmetric linear map between tensors of the same shapes, known by its products: a Hessian or a Gauss-Newton
/// matrix at a point.
struct SymmetricMap: @unchecked Sendable {
  let space: VectorSpace
  /// Products, with the extra leading axes that vectors carry; nil is zero.
  let products: ([Tensor?]) -> [Tensor?]
  /// Products with blocks of basis vectors of one tensor.
  let blocks: BlockMap

  /// The product with a vector of all elements, or with each of a block of them.
  func flat(_ vector: Tensor) -> Tensor {
    space.joined(products(space.split(vector)), lead: vector.shape.first(vector.rank - 1))
  }

  /// The zero map.
  static func zero(_ templates: [Tensor]) -> SymmetricMap {
    let nothing: [Tensor?] = templates.map { _ in nil }
    return SymmetricMap(
      space: VectorSpace(templates), products: { _ in nothing },
      blocks: BlockMap(
        sources: templates, targets: templates, bytesPerLane: 0, largestTangent: 0, isRecorded: false,
        callsProgram: false
      ) { _, _ in nothing })
  }

  /// A block for each pair of tensors.
  func dense(_ operation: String, _ budget: MemoryBudget) throws(MemoryBudgetError) -> [[Tensor]] {
    // Blocks of several tensors are copied out of the whole.
    let bytes = blocks.matrixBytes.multipliedClamped(space.templates.count > 1 ? 2 : 1)
    if bytes <= budget.bytes, let matrix = sparse() {
      return space.blocks(of: matrix.dense())
    }
    return try blocks.matrix(operation, budget)
  }

  /// The diagonal of each tensor's block.
  func diagonal() -> [Tensor] {
    if let matrix = sparse() { return space.split(matrix.diagonal()) }
    return blocks.diagonal()
  }

  /// All elements, where few are not zero and finding them pays; verified by a product.
  private func sparse() -> SparseMatrix? {
    guard let plan = detectedPlan() else { return nil }
    let (matrix, isComplete) = evaluate(plan, checks: true)
    return isComplete ? matrix : nil
  }
}

extension VectorSpace {
  /// The blocks of a matrix over all elements.
  func blocks(of matrix: Tensor) -> [[Tensor]] {
    if templates.count == 1 { return [[matrix.reshaped(templates[0].shape.followed(by: templates[0].shape))]] }
    var row = 0
    return templates.map { template in
      defer { row += template.count }
      return split(matrix[row..<row + template.count]).map {
        $0.reshaped(template.shape.followed(by: $0.shape.last($0.rank - 1)))
      }
    }
  }
}
