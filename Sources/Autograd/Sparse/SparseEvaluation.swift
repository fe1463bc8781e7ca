import Tensor

/// A symmetric map's elements by the products of a coloured pattern.
extension SymmetricMap {
  /// The elements of a pattern, and whether one product more finds nothing missing.
  ///
  /// - Parameter most: The most vectors that a block may have.
  func evaluate(
    _ plan: CompressionPlan, checks: Bool = false, most: Int = .max
  ) -> (matrix: SparseMatrix, isComplete: Bool) {
    let probe: (() -> Tensor)? = checks ? { space.probe() } : nil
    let lanes = blocks.lanes(plan.colorCount + 1, most: most)
    guard plan.colorCount + (checks ? 1 : 0) <= lanes else {
      let matrix = SparseMatrix(plan, valuesInPieces(plan, lanes: lanes, most: most))
      return (matrix, probe.map { isComplete(matrix, $0(), flat($0())) } ?? true)
    }
    let seeds = plan.block(space.dtype, probe)
    let products = flat(seeds)
    let matrix = SparseMatrix(plan, products.flattened().elements(at: plan.places))
    let last = plan.colorCount
    return (matrix, !checks || isComplete(matrix, seeds.row(last), products.row(last)))
  }

  /// The elements, from blocks of some colours each.
  private func valuesInPieces(_ plan: CompressionPlan, lanes: Int, most: Int) -> Tensor {
    let byColor = plan.elementsByColor()
    let pieces = blocks.pieces(plan.colorCount, lanes: lanes)
    func part(_ piece: Int) -> (elements: ArraySlice<Int>, values: Tensor) {
      let chosen = pieces[piece]
      let elements = byColor.entries[byColor.starts[chosen.lowerBound]..<byColor.starts[chosen.upperBound]]
      let first = chosen.lowerBound * plan.count
      let products = flat(plan.block(of: chosen, space.dtype))
      return (elements, products.flattened().elements(at: elements.map { plan.places[$0] - first }))
    }
    if blocks.isRecorded {
      let parts = pieces.indices.map { part($0).values }
      // The values stand by colour; each is wanted at its element's place.
      var order = Array(repeating: 0, count: plan.places.count)
      for (position, element) in byColor.entries.enumerated() { order[element] = position }
      return concatenated(parts).elements(at: order)
    }
    let values = Tensor.zeros([plan.places.count], dtype: space.dtype)
    let result = UnsafeSendable(values.storage)
    blocks.forEachPiece(pieces.count, lanes: lanes, most: most) { piece in
      withoutGrad {
        let (elements, numbers) = part(piece)
        result.value.setNumbers(numbers.storage, at: elements)
      }
    }
    return values
  }
}

extension BlockMap {
  /// Consecutive parts of `0 ..< count` of at most so many vectors, as many for each of two or four threads.
  func pieces(_ count: Int, lanes: Int) -> [Range<Int>] {
    let parts = Swift.max(1, Swift.min(((count + lanes - 1) / lanes + 3) & ~3, count))
    return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
  }

  /// Runs `body` for independent pieces of so many vectors, on several cores where they may be, and where as many
  /// vectors at once fit; but large operators use several cores themselves.
  func forEachPiece(_ count: Int, lanes: Int, most: Int, _ body: (Int) -> Void) {
    guard count > 1, !callsProgram, !isRecorded, lanes <= most / BLAS.threads,
      lanes &* largestTangent < 2 * Parallel.elementGrain
    else { return (0..<count).forEach(body) }
    withoutActuallyEscaping(body) { body in
      let shared = UnsafeSendable(body)
      Parallel.runAlone(count) { shared.value($0) }
    }
  }
}

extension Tensor {
  /// The numbers of a row of a matrix, where they are.
  fileprivate func row(_ index: Int) -> Tensor {
    let (matrix, count) = (contiguousStorage, shape[1])
    return Tensor(Storage(viewing: matrix, shape: [count], strides: [1], offset: index * count))
  }
}
