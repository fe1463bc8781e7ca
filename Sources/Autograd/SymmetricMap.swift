import Tensor

/// A symmetric linear map between tensors of the same shapes, known by its products: a Hessian or a Gauss-Newton
/// matrix at a point.
struct SymmetricMap: @unchecked Sendable {
  let space: VectorSpace
  /// Products, with the extra leading axes that vectors carry; nil is zero.
  let products: ([Tensor?]) -> [Tensor?]
  /// Products with blocks of basis vectors of one tensor.
  let blocks: BlockMap
  /// Which seeds the result's elements depend on, from those of the vector's elements, where the graph says.
  let reach: ([Tensor?]) -> [Tensor?]?

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
      ) { _, _ in nothing }, reach: { _ in nothing })
  }

  /// A block for each pair of tensors.
  func dense(_ operation: String, _ budget: MemoryBudget) throws(MemoryBudgetError) -> [[Tensor]] {
    let most = lanesBesideDense(budget)
    if most > 0, let matrix = denseOfFew(most: most) { return space.blocks(of: matrix) }
    return try blocks.matrix(operation, budget)
  }

  /// The most vectors that a block may have beside the dense result within a budget: of several tensors its blocks are
  /// parts of one matrix.
  func lanesBesideDense(_ budget: MemoryBudget) -> Int {
    let bytes = blocks.matrixBytes
    return bytes <= budget.bytes ? (budget.bytes - bytes) / Swift.max(blocks.bytesPerLane, 1) : 0
  }

  /// The diagonal of each tensor's block.
  func diagonal() -> [Tensor] {
    if let matrix = sparse() { return space.split(matrix.diagonal()) }
    return blocks.diagonal()
  }

  /// All elements, where few are not zero and finding them pays. What products find is verified by another one.
  func sparse(most: Int = .max) -> SparseMatrix? {
    guard let (plan, isCertain) = detectedPlan(most: most) else { return nil }
    let (matrix, isComplete) = evaluate(plan, checks: !isCertain, most: most)
    return isComplete ? matrix : nil
  }

  /// All elements that may differ from zero, within a budget where there is one.
  func detected(_ budget: MemoryBudget?) throws(MemoryBudgetError) -> SparseMatrix {
    // A search needs a product, too, and no more.
    let least = budget.map { Swift.max(1, $0.bytes / Swift.max(blocks.bytesPerLane, 1)) } ?? .max
    let (plan, isCertain) = detectedPlan(always: true, most: least)!
    let (matrix, isComplete) = evaluate(plan, checks: !isCertain, most: try lanes(for: plan, within: budget))
    if isComplete { return matrix }
    let whole = CompressionPlan(.banded(space.count), count: space.count)!
    return evaluate(whole, most: try lanes(for: whole, within: budget)).matrix
  }

  /// The most vectors that a block of a pattern's products may have within a budget.
  func lanes(for plan: CompressionPlan, within budget: MemoryBudget?) throws(MemoryBudgetError) -> Int {
    guard let budget else { return .max }
    let elements = plan.places.count.multipliedClamped(space.dtype.byteCount + 3 * MemoryLayout<Int>.size)
    // The vectors that are multiplied and their products count, too.
    let lane = blocks.bytesPerLane + 2 * space.count * space.dtype.byteCount
    let needed = elements.addingClamped(plan.colorCount > 0 ? lane : 0)
    guard needed <= budget.bytes else {
      throw MemoryBudgetError(
        operation: "hessian", resultBytes: elements, predictedBytes: needed, budget: budget)
    }
    return Swift.max(1, (budget.bytes - elements) / lane)
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
