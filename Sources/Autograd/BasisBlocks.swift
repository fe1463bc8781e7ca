import Tensor

/// A linear map that is known by its products with blocks of vectors: a derivative at a point.
struct BlockMap: @unchecked Sendable {
  /// Templates of the tensors of a vector that it takes, and of one that it gives.
  let sources: [Tensor]
  let targets: [Tensor]
  /// Bytes that a product needs on the way, and elements of the largest tensor, for each vector of a block.
  let bytesPerLane: Int
  let largestTangent: Int
  /// Whether products are recorded.
  let isRecorded: Bool
  /// The products of a block of basis vectors of one source, [lanes] + its shape; nil is zero.
  let products: (_ source: Int, _ block: Tensor) -> [Tensor?]

  /// Bytes of the whole matrix.
  var matrixBytes: Int {
    let width = targets.reduce(0) { $0.addingClamped($1.count.multipliedClamped($1.dtype.byteCount)) }
    return sources.reduce(0) { $0.addingClamped($1.count.multipliedClamped(width)) }
  }

  /// The products with every basis vector: for each source and target a tensor [source's shape + target's
  /// shape], or [target's + source's] where `transposed`.
  func matrix(
    _ operation: String, _ budget: MemoryBudget, transposed: Bool = false
  ) throws(MemoryBudgetError) -> [[Tensor]] {
    let result = matrixBytes
    let predicted = result.addingClamped(sources.contains { $0.count > 0 } ? bytesPerLane : 0)
    guard predicted <= budget.bytes else {
      throw MemoryBudgetError(
        operation: operation, resultBytes: result, predictedBytes: predicted, budget: budget)
    }
    let most = bytesPerLane > 0 ? (budget.bytes - result) / bytesPerLane : .max
    return sources.indices.map { rows(of: $0, most: most, transposed) }
  }

  /// The vectors of one block: enough that a node's overhead is small beside its arithmetic, few enough that
  /// what a block needs on the way stays in the second-level cache.
  func lanes(_ count: Int, most: Int = .max) -> Int {
    let forCache = BlockMap.cacheBytes / Swift.max(bytesPerLane, 1)
    let forOverhead = BlockMap.elementsPerNode / Swift.max(largestTangent, 1)
    return Swift.max(Swift.min(count, Swift.max(forCache, forOverhead), most), 1)
  }

  static let cacheBytes = 1 << 19
  static let elementsPerNode = 1 << 13

  private func rows(of source: Int, most: Int, _ transposed: Bool) -> [Tensor] {
    let count = sources[source].count
    let lanes = lanes(count, most: most)
    if count == 0 {
      return targets.map { Tensor.zeros(shape(source, $0, transposed), dtype: $0.dtype) }
    }
    if isRecorded || (lanes >= count && !transposed) { return recordedRows(source, lanes, transposed) }
    let results = targets.map { Storage(shape(source, $0, transposed), $0.dtype) }
    runChunks(count, lanes, most) { range in
      let parts = products(source, .basis(range, like: sources[source]))
      for (result, part) in zip(results, parts) { write(part, range, of: count, into: result, transposed) }
    }
    return results.map { Tensor($0) }
  }

  /// What `body` gives for consecutive ranges of 0 ..< count, in order.
  func chunks<Part>(_ count: Int, _ body: (Range<Int>) -> Part) -> [Part] {
    let lanes = lanes(count)
    guard !isRecorded else {
      return stride(from: 0, to: count, by: lanes).map { body($0..<Swift.min($0 + lanes, count)) }
    }
    var parts: [Part?] = Array(repeating: nil, count: count == 0 ? 0 : (count + lanes - 1) / lanes)
    parts.withUnsafeMutableBufferPointer { places in
      let places = UnsafeSendable(places)
      runChunks(count, lanes, .max) { range in places.value[range.lowerBound / lanes] = body(range) }
    }
    return parts.map { $0! }
  }

  /// Runs `body` for consecutive ranges of 0 ..< count. They are independent, and each thread has a walk of its
  /// own; but large operators use several cores themselves, and misuse can be thrown on the caller's thread only.
  private func runChunks(_ count: Int, _ lanes: Int, _ most: Int, _ body: (Range<Int>) -> Void) {
    let chunks = (count + lanes - 1) / lanes
    if chunks == 0 { return }
    let isParallel =
      chunks > 1 && lanes &* largestTangent < 2 * Parallel.elementGrain && lanes <= most / BLAS.threads
      && !Misuse.isCaught && count &* bytesPerLane > 1 << 18
    withoutActuallyEscaping(body) { body in
      let shared = UnsafeSendable(body)
      Parallel.run(chunks, grain: isParallel ? 1 : chunks) { first, last in
        for chunk in first..<last {
          shared.value(chunk * lanes..<Swift.min((chunk + 1) * lanes, count))
        }
      }
    }
  }

  private func shape(_ source: Int, _ target: Tensor, _ transposed: Bool) -> Shape {
    transposed
      ? target.shape.followed(by: sources[source].shape) : sources[source].shape.followed(by: target.shape)
  }

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
  private func recordedRows(_ source: Int, _ lanes: Int, _ transposed: Bool) -> [Tensor] {
    let count = sources[source].count
    let chunks = stride(from: 0, to: count, by: lanes).map { first in
      let range = first..<Swift.min(first + lanes, count)
      return zip(targets, products(source, .basis(range, like: sources[source]))).map { target, part in
        part?.reshaped([range.count, target.count]) ?? Tensor.zeros([range.count, target.count], dtype: target.dtype)
      }
    }
    return targets.indices.map { index in
      let rows = chunks.count == 1 ? chunks[0][index] : concatenated(chunks.map { $0[index] })
      return (transposed ? rows.transposed() : rows).reshaped(shape(source, targets[index], transposed))
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
