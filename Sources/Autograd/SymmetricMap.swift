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
    if !blocks.takesBlocks, vector.rank > 1 {
      return vector.shape[0] == 0 ? vector : stacked((0..<vector.shape[0]).map { flat(vector[$0]) })
    }
    let lead = vector.shape.first(vector.rank - 1)
    return space.joined(product(space.split(vector), lead: lead), lead: lead)
  }

  /// The products with vectors that carry extra leading axes; nil is zero. As many at once as stay within the cache,
  /// where they are not recorded.
  func product(_ vectors: [Tensor], lead: Shape) -> [Tensor?] {
    let count = lead.elementCount
    if !blocks.takesBlocks, lead.rank > 0 { return productOneByOne(vectors, lead) }
    let lanes = blocks.lanes(count)
    let isTracked = isRecording && vectors.contains { $0.isTracked }
    if blocks.isRecorded || isTracked || lanes >= count { return products(vectors) }
    return productInParts(vectors, lead, lanes)
  }

  private func productOneByOne(_ vectors: [Tensor], _ lead: Shape) -> [Tensor?] {
    let rows = zip(vectors, space.templates).map { $0.reshaped(Shape([lead.elementCount]).followed(by: $1.shape)) }
    let lists = (0..<lead.elementCount).map { row in products(rows.map { $0[row] }) }
    return zip(LeadingAxes.joined(lists, like: space.templates), space.templates).map { product, template in
      product?.reshaped(lead.followed(by: template.shape))
    }
  }

  private func productInParts(_ vectors: [Tensor], _ lead: Shape, _ lanes: Int) -> [Tensor?] {
    let rows = zip(vectors, space.templates).map { vector, template in
      vector.reshaped(Shape(arrayLiteral: lead.elementCount).followed(by: template.shape))
    }
    let results = rows.map { Storage($0.shape, $0.dtype) }
    let pieces = blocks.pieces(lead.elementCount, lanes: lanes)
    blocks.forEachPiece(pieces.count, lanes: lanes, most: .max) { piece in
      withoutGrad {
        for (result, part) in zip(results, products(rows.map { $0[pieces[piece]] })) {
          result.write(part, rows: pieces[piece])
        }
      }
    }
    return zip(results, space.templates).map { Tensor($0).reshaped(lead.followed(by: $1.shape)) }
  }

  /// The zero map.
  static func zero(_ templates: [Tensor]) -> SymmetricMap {
    let nothing: [Tensor?] = templates.map { _ in nil }
    return SymmetricMap(
      space: VectorSpace(templates), products: { _ in nothing },
      blocks: BlockMap(
        sources: templates, targets: templates, bytesPerLane: 0, largestTangent: 0, isRecorded: false,
        callsProgram: false
      ) { _, _, _ in nothing }, reach: { _ in nothing })
  }

  /// A block for each pair of tensors.
  func dense(_ operation: String, _ budget: MemoryBudget) throws(MemoryBudgetError) -> [[Tensor]] {
    let spare = budget.bytes - blocks.matrixBytes
    if spare > 0, let matrix = denseOfFew(beside: spare) { return space.blocks(of: matrix) }
    return try blocks.symmetricMatrix(operation, budget)
  }

  /// What an element of a pattern takes beside a dense result: its row, column and place, the lists that they are found
  /// by, and its number.
  private var bytesOfElement: Int { 6 * MemoryLayout<Int>.size + space.dtype.byteCount }

  /// The most elements of a pattern in so many bytes.
  func elements(in bytes: Int) -> Int { bytes / bytesOfElement }

  /// The most vectors that a block may have in so many bytes, beside a pattern of some elements.
  func lanes(in bytes: Int, beside elements: Int = 0) -> Int {
    blocks.lanes(in: bytes - elements.multipliedClamped(bytesOfElement))
  }

  /// The diagonal of each tensor's block.
  func diagonal() -> [Tensor] {
    if let matrix = sparse() { return space.split(matrix.diagonal()) }
    return blocks.diagonal()
  }

  /// All elements, where few are not zero and finding them pays, in so many bytes.
  func sparse(in bytes: Int = .max) -> SparseMatrix? {
    detectedPlan(limits: limits(in: bytes)).flatMap { evaluated($0, in: bytes) }
  }

  /// The elements of a pattern; what products found is verified by another one.
  func evaluated(_ found: (plan: CompressionPlan, isCertain: Bool), in bytes: Int) -> SparseMatrix? {
    let most = lanes(in: bytes, beside: found.plan.places.count)
    guard most > 0 else { return nil }
    let (matrix, isComplete) = evaluate(found.plan, checks: !found.isCertain, most: most)
    return isComplete ? matrix : nil
  }

  /// All elements that may differ from zero, within a budget where there is one.
  func detected(_ budget: MemoryBudget?) throws(MemoryBudgetError) -> SparseMatrix {
    // A search needs a product, too, and no more.
    var limits = budget.map { self.limits(in: $0.bytes) } ?? SearchLimits()
    limits.elements = budget.map { $0.bytes / bytesOfSparseElement } ?? .max
    guard let (plan, isCertain) = detectedPlan(always: true, limits: limits) else {
      // Given up where there was one too many.
      _ = try lanes(for: limits.elements.addingClamped(1), within: budget)
      return try whole(budget)
    }
    let (matrix, isComplete) = evaluate(
      plan, checks: !isCertain, most: try lanes(for: plan.places.count, within: budget))
    return isComplete ? matrix : try whole(budget)
  }

  /// Every element.
  private func whole(_ budget: MemoryBudget?) throws(MemoryBudgetError) -> SparseMatrix {
    let most = try lanes(for: space.count.multipliedClamped(space.count), within: budget)
    return evaluate(CompressionPlan(.banded(space.count), count: space.count)!, most: most).matrix
  }

  /// What an element of a sparse result takes: its number, row, column and place among the products.
  private var bytesOfSparseElement: Int { space.dtype.byteCount + 3 * MemoryLayout<Int>.size }

  /// The most vectors that a block of products may have within a budget, beside so many elements of a sparse result.
  func lanes(for count: Int, within budget: MemoryBudget?) throws(MemoryBudgetError) -> Int {
    guard let budget else { return .max }
    let elements = count.multipliedClamped(bytesOfSparseElement)
    // The vectors that are multiplied and their products count, too.
    let lane = blocks.bytesPerLane + 2 * space.count * space.dtype.byteCount
    let needed = elements.addingClamped(count > 0 ? lane.addingClamped(blocks.bytesOfScratch) : 0)
    guard needed <= budget.bytes else {
      throw MemoryBudgetError(
        operation: "hessian", resultBytes: elements, predictedBytes: needed, budget: budget)
    }
    return Swift.max(1, (budget.bytes - elements - blocks.bytesOfScratch) / lane)
  }
}

extension Storage {
  /// Sets some rows along the first axis, of contiguous memory that nobody else reads; nil is zeros.
  fileprivate func write(_ part: Tensor?, rows: Range<Int>) {
    let width = count / shape[0]
    let place = Storage(
      viewing: self, shape: [rows.count, width], strides: [width, 1], offset: rows.lowerBound * width)
    let value = part?.reshaped([rows.count, width]) ?? Tensor.zeros([1, 1], dtype: dtype).expanded(to: place.shape)
    StridedCopy.copy(value.storage, into: place)
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
