import Tensor

// Half of a symmetric matrix is enough, and for its diagonal each block's own columns: products leave out what only other
// elements need.
extension BlockMap {
  /// As ``matrix(_:_:transposed:)`` for a symmetric one: where much is saved by it, half is computed, and each block of rows
  /// written to its mirror image's place, too.
  func symmetricMatrix(_ operation: String, _ budget: MemoryBudget) throws(MemoryBudgetError) -> [[Tensor]] {
    let most = try lanes(operation, within: budget)
    guard let (half, chunks) = half(most) else { return try matrix(operation, budget) }
    let columns = ranges
    return filled(chunks, most) { chunk, results in
      let rows = elements(chunk)
      let parts = products(chunk.source, chunk.rows, half.selection(rows))
      for (target, part) in parts.enumerated() {
        let (computed, mirrored) = half.columns(rows, of: columns[target])
        let value = Rows(part, count: chunk.rows.count, like: targets[target])
        let first = columns[target].lowerBound
        value.write(computed.shifted(by: -first), to: results[chunk.source][target], at: chunk.rows)
        value.mirror(mirrored.shifted(by: -first), to: results[target][chunk.source], at: chunk.rows)
      }
    }
  }

  /// The half that is computed, and in which blocks; nil where all of it is.
  func half(_ most: Int) -> (half: MatrixHalf, chunks: [Chunk])? {
    guard Set(sources.map(\.dtype)).count == 1, let needs else { return nil }
    let chunks = chunks(most, needs)
    guard chunks.count > 1 else { return nil }
    return MatrixHalf(tape!, needs, counts: sources.map(\.count)).map { ($0, chunks) }
  }

  /// What the steps of products are needed for; nil where none is left out. Checks look at all that is recorded.
  var needs: TapeNeeds? {
    guard let tape, !isRecorded, !isWatchedHere else { return nil }
    return TapeNeeds(tape, counts: targets.map(\.count))
  }

  /// What a chunk's part of the diagonal needs.
  func diagonal(_ chunk: Chunk, _ needs: TapeNeeds) -> TapeSelection {
    let rows = elements(chunk)
    return TapeSelection(needs: needs, wanted: needs.set { $0.overlaps(rows) })
  }

  /// A chunk's rows among the elements of all sources.
  func elements(_ chunk: Chunk) -> Range<Int> {
    let first = ranges[chunk.source].lowerBound
    return first + chunk.rows.lowerBound..<first + chunk.rows.upperBound
  }
}

/// Rows of one block of a matrix.
private struct Rows {
  /// [rows, columns]
  private let value: Storage

  /// Nil is zeros.
  init(_ part: Tensor?, count: Int, like target: Tensor) {
    let shape: Shape = [count, target.count]
    value =
      part.map { $0.reshaped(shape).storage }
      ?? Tensor.zeros([1, 1], dtype: target.dtype).expanded(to: shape).storage
  }

  /// Some columns to their places in a block of all rows.
  func write(_ columns: Range<Int>, to block: Storage, at rows: Range<Int>) {
    guard !columns.isEmpty else { return }
    let width = value.shape[1]
    StridedCopy.copy(
      section(columns),
      into: Storage(
        viewing: block, shape: [rows.count, columns.count], strides: [width, 1],
        offset: rows.lowerBound * width + columns.lowerBound))
  }

  /// Some columns to their places as rows of the block on the other side of the diagonal.
  func mirror(_ columns: Range<Int>, to block: Storage, at rows: Range<Int>) {
    guard !columns.isEmpty else { return }
    let width = block.count / value.shape[1]
    StridedCopy.copy(
      section(columns),
      into: Storage(
        viewing: block, shape: [rows.count, columns.count], strides: [1, width],
        offset: columns.lowerBound * width + rows.lowerBound))
  }

  private func section(_ columns: Range<Int>) -> Storage {
    Storage(
      viewing: value, shape: [value.shape[0], columns.count], strides: value.strides,
      offset: columns.lowerBound * value.strides[1])
  }
}

extension Range<Int> {
  fileprivate func shifted(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }
}
