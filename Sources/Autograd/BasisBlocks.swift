import Tensor

/// A linear map that is known by its products with blocks of vectors: a derivative at a point.
struct BlockMap: @unchecked Sendable {
  /// Templates of the tensors of a vector that it takes, and of one that it gives.
  let sources: [Tensor]
  let targets: [Tensor]
  /// Bytes that a product needs on the way, and elements of the largest tensor, for each vector of a block.
  let bytesPerLane: Int
  /// Bytes that a product needs beside these, of however many vectors.
  var bytesOfScratch = 0
  let largestTangent: Int
  /// Whether products are recorded.
  let isRecorded: Bool
  /// Whether products call closures of the program, which are for the caller's thread alone.
  let callsProgram: Bool
  /// Whether several vectors can be multiplied at once.
  var takesBlocks = true
  /// The products of basis vectors of one source, [rows] + each target's shape, or [rows, elements] where blocks are not
  /// taken; nil is zero. What is not wanted may be left out; without a selection everything is wanted.
  let products: (_ source: Int, _ rows: Range<Int>, _ wanted: TapeSelection?) -> [Tensor?]
  /// The tape that products are pushed along, where they are.
  var tape: ForwardTape?

  /// Bytes of the whole matrix.
  var matrixBytes: Int {
    let width = targets.reduce(0) { $0.addingClamped($1.count.multipliedClamped($1.dtype.byteCount)) }
    return sources.reduce(0) { $0.addingClamped($1.count.multipliedClamped(width)) }
  }

  /// What a budget must have: bytes of the whole matrix and of the smallest block of rows on the way. Where products are
  /// recorded their graphs stay, of all rows, and the rows beside the matrix that they are put together to.
  var leastBytes: Int {
    let rows = sources.reduce(0) { $0.addingClamped($1.count) }
    if isRecorded {
      return matrixBytes.multipliedClamped(2).addingClamped(rows.multipliedClamped(bytesPerLane))
        .addingClamped(bytesOfScratch)
    }
    return matrixBytes.addingClamped(rows > 0 ? bytesPerLane.addingClamped(bytesOfScratch) : 0)
  }

  /// The products with every basis vector: for each source and target a tensor [source's shape + target's
  /// shape], or [target's + source's] where `transposed`.
  func matrix(
    _ operation: String, _ budget: MemoryBudget, transposed: Bool = false
  ) throws(MemoryBudgetError) -> [[Tensor]] {
    let most = try lanes(operation, within: budget)
    let chunks = chunks(most)
    if isRecorded || (chunks.count == 1 && !transposed) { return joined(chunks, transposed) }
    return filled(chunks, most, transposed) { chunk, results in
      for (result, part) in zip(results[chunk.source], products(chunk.source, chunk.rows, nil)) {
        write(part, chunk.rows, of: sources[chunk.source].count, into: result, transposed)
      }
    }
  }

  /// The most vectors that a block may have.
  func lanes(_ operation: String, within budget: MemoryBudget) throws(MemoryBudgetError) -> Int {
    guard leastBytes <= budget.bytes else {
      throw MemoryBudgetError(
        operation: operation, resultBytes: matrixBytes, predictedBytes: leastBytes, budget: budget)
    }
    return lanes(in: budget.bytes - matrixBytes)
  }

  /// The most vectors that a block may have in so many bytes.
  func lanes(in bytes: Int) -> Int {
    bytesPerLane > 0 ? Swift.max(bytes - bytesOfScratch, 0) / bytesPerLane : .max
  }

  /// Blocks of memory for each source and target, which `write` fills for each chunk.
  func filled(
    _ chunks: [Chunk], _ most: Int, _ transposed: Bool = false, _ write: (Chunk, [[Storage]]) -> Void
  ) -> [[Tensor]] {
    let results = sources.indices.map { source in
      targets.map { Storage(shape(source, $0, transposed), $0.dtype) }
    }
    run(chunks, most) { write($0, results) }
    return results.map { $0.map { Tensor($0) } }
  }

  /// The diagonal of a matrix whose sources are its targets.
  func diagonal() -> [Tensor] {
    let needs = needs
    let chunks = chunks(.max, needs)
    let parts = products(chunks) { chunk in
      let like = sources[chunk.source]
      let part = products(chunk.source, chunk.rows, needs.map { diagonal(chunk, $0) })[chunk.source]
      return part.map { $0.reshaped([chunk.rows.count, like.count]).diagonal(offset: chunk.rows.lowerBound) }
        ?? Tensor.zeros([chunk.rows.count], dtype: like.dtype)
    }
    return sources.indices.map { source in
      let own = chunks.indices.filter { chunks[$0].source == source }.map { parts[$0] }
      let whole = own.isEmpty ? Tensor.zeros([0], dtype: sources[source].dtype) : concatenated(own)
      return whole.reshaped(sources[source].shape)
    }
  }

  // MARK: Chunks

  /// Some of the basis vectors of one source.
  struct Chunk {
    let source: Int
    let rows: Range<Int>
    /// Its position among all.
    var index = 0
  }

  /// The vectors of one block: enough that a node's overhead is small beside its arithmetic, few enough that
  /// what a block needs on the way stays in the second-level cache.
  func lanes(_ count: Int, most: Int = .max) -> Int {
    let forCache = (1 << 19) / Swift.max(bytesPerLane, 1)
    let forOverhead = (1 << 13) / Swift.max(largestTangent, 1)
    return Swift.max(Swift.min(count, Swift.max(forCache, forOverhead), most), 1)
  }

  /// Of all sources. Where they are few, those of a large one come in fours of one size, so that two or four threads
  /// finish together.
  ///
  /// - Parameter needs: Where given, also cut between elements that it tells apart: what only one part needs is then
  ///   computed for its vectors alone.
  func chunks(_ most: Int, _ needs: TapeNeeds? = nil) -> [Chunk] {
    let pieces = ranges.enumerated().flatMap { source, elements in
      let least = (lanes(elements.count, most: most) + 3) / 4
      return (needs?.pieces(of: elements, least: least) ?? [0..<elements.count]).map { (source, $0) }
    }
    let unit = pieces.count < 4 ? 4 : 1
    var chunks: [Chunk] = []
    for (source, piece) in pieces {
      var lanes = lanes(piece.count, most: most)
      if lanes < piece.count {
        let parts = ((piece.count + lanes - 1) / lanes + unit - 1) / unit * unit
        lanes = (piece.count + parts - 1) / parts
      }
      for first in stride(from: piece.lowerBound, to: piece.upperBound, by: lanes) {
        let rows = first..<Swift.min(first + lanes, piece.upperBound)
        chunks.append(Chunk(source: source, rows: rows, index: chunks.count))
      }
    }
    return chunks
  }

  /// The elements of each source among those of all.
  var ranges: [Range<Int>] {
    var first = 0
    return sources.map { source in
      defer { first += source.count }
      return first..<first + source.count
    }
  }

  /// Runs `body` for each chunk. They are independent, and each thread has a walk of its own; but large operators use
  /// several cores themselves.
  private func run(_ chunks: [Chunk], _ most: Int, _ body: (Chunk) -> Void) {
    guard isParallel(chunks, most) else { return chunks.forEach(body) }
    withoutActuallyEscaping(body) { body in
      let shared = UnsafeSendable((body: body, chunks: chunks))
      Parallel.runAlone(chunks.count) { shared.value.body(shared.value.chunks[$0]) }
    }
  }

  func isParallel(_ chunks: [Chunk], _ most: Int) -> Bool {
    let largest = chunks.reduce(0) { Swift.max($0, $1.rows.count) }
    let work = chunks.reduce(0) { $0 + $1.rows.count } &* bytesPerLane
    return !callsProgram && chunks.count > 1 && largest &* largestTangent < 2 * Parallel.elementGrain
      && largest <= most / BLAS.threads
      && work > 1 << 18
  }

  /// What `body` gives for each chunk.
  private func products(_ chunks: [Chunk], _ body: (Chunk) -> Tensor) -> [Tensor] {
    if isRecorded { return chunks.map(body) }
    var parts: [Tensor?] = Array(repeating: nil, count: chunks.count)
    parts.withUnsafeMutableBufferPointer { parts in
      let shared = UnsafeSendable(parts)
      run(chunks, .max) { shared.value[$0.index] = body($0) }
    }
    return parts.map { $0! }
  }

  // MARK: Putting together

  private func shape(_ source: Int, _ target: Tensor, _ transposed: Bool) -> Shape {
    transposed
      ? target.shape.followed(by: sources[source].shape) : sources[source].shape.followed(by: target.shape)
  }

  /// Writes the products of some rows to their places.
  private func write(
    _ part: Tensor?, _ range: Range<Int>, of count: Int, into result: Storage, _ transposed: Bool
  ) {
    let width = result.count / count
    let strides: Strides = transposed ? [1, count] : [width, 1]
    let offset = transposed ? range.lowerBound : range.lowerBound * width
    let rows = Storage(viewing: result, shape: [range.count, width], strides: strides, offset: offset)
    let value = part.map { $0.reshaped([range.count, width]) } ?? Tensor.zeros([1, 1], dtype: result.dtype)
    StridedCopy.copy(value.expanded(to: [range.count, width]).storage, into: rows)
  }

  /// Composed of operators, so that it can be differentiated.
  private func joined(_ chunks: [Chunk], _ transposed: Bool) -> [[Tensor]] {
    let parts = chunks.map { chunk in
      zip(targets, products(chunk.source, chunk.rows, nil)).map { target, part in
        let shape: Shape = [chunk.rows.count, target.count]
        return part?.reshaped(shape) ?? Tensor.zeros(shape, dtype: target.dtype)
      }
    }
    return sources.indices.map { source in
      let own = chunks.indices.filter { chunks[$0].source == source }
      return targets.indices.map { target in
        let shape = shape(source, targets[target], transposed)
        if own.isEmpty { return Tensor.zeros(shape, dtype: targets[target].dtype) }
        let rows = own.count == 1 ? parts[own[0]][target] : concatenated(own.map { parts[$0][target] })
        return (transposed ? rows.transposed() : rows).reshaped(shape)
      }
    }
  }
}

extension Tensor {
  /// Rows of the identity over a tensor's elements: [rows] + its shape, of its dtype.
  static func basis(_ rows: Range<Int>, like other: Tensor) -> Tensor {
    let result = Tensor.zeros(Shape([rows.count]).followed(by: other.shape), dtype: other.dtype)
    for (lane, row) in rows.enumerated() { result.storage.setNumber(1, at: lane * other.count + row) }
    return result
  }
}

extension Int {
  func addingClamped(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
  func multipliedClamped(_ other: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? .max : product
  }
}
