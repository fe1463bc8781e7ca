import CKernels

// A product over several threads, and in pieces that OpenBLAS multiplies best. The library's own threads stay out of
// it: they wait for the next product for milliseconds, in the way of all other work.
extension Multiplication {
  // In multiply-adds, measured with AVX-512 and OpenBLAS 0.3.21.

  /// What a part must have: two microseconds.
  static let workOfPart = 200_000
  /// What a piece must have where there are more than threads: ten microseconds.
  static let workOfTurn = 1_000_000
  /// Of a product that tiles multiply: so many pieces each thread has where panels are few, of as many rows or more.
  static let piecesOfPart = 3
  static let rowsOfPiece = 60
  /// From here on a product of a batch is split itself.
  static let workOfLarge = 16_000_000
  /// From here on gemv is faster than a product of matrices.
  static let workOfVector = 500_000
  /// Up to here OpenBLAS multiplies without packing, where it has such kernels.
  static let smallWork = 1_000_000
  /// Up to here tiles are faster than the library, where there are any: beyond, a piece's operands lie in memory, and
  /// packing them does not matter.
  static let workOfMemory = 100_000_000
  /// Elements of a matrix that stays in the first-level cache while such a kernel runs.
  private static let narrow = 8192

  /// What so many multiply-adds take one thread, about.
  static func nanoseconds(_ work: Int) -> Int { work / 100 }

  /// What it takes, in multiply-adds: a number that is read or written as much as eight, so that thin matrices count.
  @inline(__always)
  var effort: Int { m &* n &* k &+ 8 &* (m &* (n &+ k) &+ n &* k) }

  /// The axis that is cut, and the length of its pieces; of panels of columns, into how many blocks of rows; of the
  /// summed axis, how many parts.
  private enum Split {
    case panels(blocks: Int)
    case rows(Int)
    case columns(Int)
    case depth(parts: Int)
  }

  /// - Parameter limit: The most threads, which is asked for only where there is enough work for two.
  @inline(__always)
  func run(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, limit: @autoclosure () -> Int
  ) {
    if m <= 0 || n <= 0 { return }
    // Most products of small nets: not worth a look.
    if effort < 2 * Multiplication.workOfPart { return runWhole(a, b, c) }
    runLarge(a, b, c, limit())
  }

  @inline(never)
  private func runLarge(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, _ limit: Int
  ) {
    guard let split = split(limit) else { return runWhole(a, b, c) }
    switch split {
    case .panels(let blocks): runPanels(blocks, a, b, c, limit)
    case .rows(let length): runRows(length, a, b, c, limit)
    case .columns(let length): runColumns(length, a, b, c, limit)
    case .depth(let parts): runDepth(parts, a, b, c, limit)
    }
  }

  private func split(_ limit: Int) -> Split? {
    let (work, effort) = (m &* n &* k, effort)
    // Few numbers, each a sum of many: always the same partial sums, however many threads there are, and as many for each
    // of two, four or eight.
    if k >= 8 * max(m, n), m &* n <= Multiplication.narrow {
      let most = effort / Multiplication.workOfPart
      return .depth(parts: most >= 6 ? 8 : most >= 3 ? 4 : most)
    }
    let parts = BLAS.splitsByItself ? 1 : min(limit, effort / Multiplication.workOfPart)
    if parts > 1, isTiled, let blocks = blocksOfPanels(parts) { return .panels(blocks: blocks) }
    if m >= n {
      if isNarrow(n, k, work) { return .rows(piece(m, n &* k, parts, 4)) }
      return parts > 1 ? .rows(rounded(m, parts * turns(m, parts), 4)) : nil
    }
    if isNarrow(m, k, work) { return .columns(piece(n, m &* k, parts, 16)) }
    return parts > 1 ? .columns(rounded(n, parts * turns(n, parts), 16)) : nil
  }

  /// How many pieces of a large product each thread has, so that one whose core is slowed down holds up less: each of
  /// so many rows or columns that the library multiplies it as fast, within a tenth.
  private func turns(_ count: Int, _ parts: Int) -> Int {
    if effort < 4 * parts * Multiplication.workOfTurn { return 1 }
    return count >= 96 * 4 * parts ? 4 : count >= 64 * 2 * parts ? 2 : 1
  }

  /// The columns that our own kernels multiply at once.
  private var panel: Int { 256 / dtype.byteCount }
  /// What is left joins the last panel where it is less than half of one.
  private var panels: Int { max((n + panel / 2) / panel, 1) }

  /// Into how many blocks of rows to cut each panel: tiles lose little by few rows, and a thread whose core is slowed
  /// down leaves some of many pieces to the others. Nil where pieces would not be for tiles, or too few.
  private func blocksOfPanels(_ parts: Int) -> Int? {
    let most = min(Multiplication.piecesOfPart * parts, effort / (2 * Multiplication.workOfTurn))
    let blocks = max(min(most / panels, m / Multiplication.rowsOfPiece), 1)
    let work = m / blocks &* min(n, panel) &* k
    return work > Multiplication.smallWork && blocks * panels >= 2 * parts && adj_has_tiles() ? blocks : nil
  }

  /// Whether small kernels multiply pieces faster than the library the whole.
  private func isNarrow(_ first: Int, _ second: Int, _ work: Int) -> Bool {
    BLAS.hasSmallKernels && dtype.isFloatingPoint && work > Multiplication.smallWork && min(first, second) > 4
      && first &* second <= Multiplication.narrow
  }

  /// The length of pieces that small kernels take, as many for each of `parts` threads.
  private func piece(_ count: Int, _ others: Int, _ parts: Int, _ unit: Int) -> Int {
    let most = max(Multiplication.smallWork / others / unit * unit, unit)
    let pieces = (count + most - 1) / most
    let parts = max(parts, 1)
    return min(rounded(count, (pieces + parts - 1) / parts * parts, unit), most)
  }

  private func rounded(_ count: Int, _ parts: Int, _ unit: Int) -> Int {
    let length = (count + parts - 1) / parts
    return (length + unit - 1) / unit * unit
  }

  private var nanoseconds: Int { Multiplication.nanoseconds(effort) }

  private func runRows(
    _ length: Int, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, _ limit: Int
  ) {
    // Transposed once, not by each piece.
    if transposeB, !transposeA, dtype.isFloatingPoint, n &* k <= Multiplication.narrow {
      return withTransposedB(b) { product, b in product.runRows(length, a, b, c, limit) }
    }
    runPieces((m + length - 1) / length, a, b, c, limit) { part in
      let first = part * length
      var product = self
      product.m = min(length, m - first)
      return (product, transposeA ? first : first * lda, 0, first * ldc)
    }
  }

  private func runColumns(
    _ length: Int, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, _ limit: Int
  ) {
    runPieces((n + length - 1) / length, a, b, c, limit) { part in
      let first = part * length
      var product = self
      product.n = min(length, n - first)
      if let row { product.row = row + first * dtype.byteCount }
      return (product, 0, transposeB ? first * ldb : first, first)
    }
  }

  /// Panels of columns, each cut into so many blocks of rows: as many whole tiles in one as in the next, or one more.
  private func runPanels(
    _ blocks: Int, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, _ limit: Int
  ) {
    let (panel, panels, tiles) = (panel, panels, (m + 5) / 6)
    runPieces(blocks * panels, a, b, c, limit) { part in
      let (block, index) = (part % blocks, part / blocks)
      let (row, column) = (tiles * block / blocks * 6, index * panel)
      var product = self
      product.m = min(tiles * (block + 1) / blocks * 6, m) - row
      product.n = index == panels - 1 ? n - column : panel
      if let row = product.row { product.row = row + column * dtype.byteCount }
      return (product, transposeA ? row : row * lda, transposeB ? column * ldb : column, row * ldc + column)
    }
  }

  /// Shares out products that do not touch one another; `piece` says which, and how many elements on a, b and c begin.
  private func runPieces(
    _ count: Int, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, _ limit: Int,
    _ piece: @Sendable (_ part: Int) -> (product: Multiplication, a: Int, b: Int, c: Int)
  ) {
    let size = dtype.byteCount
    let operands = UnsafeSendable((a: a, b: b, c: c))
    Parallel.share(count, threads: limit, nanoseconds: nanoseconds) { part in
      let piece = piece(part)
      let (a, b, c) = operands.value
      piece.product.runWhole(a + piece.a * size, b + piece.b * size, c + piece.c * size)
    }
  }

  // MARK: The summed axis

  private func runDepth(
    _ parts: Int, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer, _ limit: Int
  ) {
    guard parts > 1 else { return sum(0..<k, a, b, c) }
    var capacity = 0
    let bytes = m * n * dtype.byteCount
    let sums = adj_allocate((parts - 1) * bytes, &capacity)!
    defer { adj_free(sums, capacity) }
    let operands = UnsafeSendable((a: a, b: b, c: c, sums: sums))
    Parallel.share(parts, threads: limit, nanoseconds: nanoseconds) { part in
      let terms = k * part / parts..<k * (part + 1) / parts
      if part == 0 { return sum(terms, operands.value.a, operands.value.b, operands.value.c) }
      var product = self
      product.beta = 0
      product.row = nil
      product.ldc = n
      product.sum(terms, operands.value.a, operands.value.b, operands.value.sums + (part - 1) * bytes)
    }
    for part in 0..<parts - 1 { add(UnsafeRawPointer(sums + part * bytes), to: c) }
  }

  /// Some of the terms, in pieces for small kernels.
  private func sum(_ terms: Range<Int>, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ c: UnsafeMutableRawPointer) {
    let size = dtype.byteCount
    let most = BLAS.hasSmallKernels ? max(Multiplication.smallWork / (m * n), 64) : terms.count
    let pieces = (terms.count + most - 1) / most
    for piece in 0..<pieces {
      let first = terms.lowerBound + terms.count * piece / pieces
      var product = self
      product.k = terms.lowerBound + terms.count * (piece + 1) / pieces - first
      if piece > 0 {
        product.beta = 1
        product.row = nil
      }
      product.runWhole(
        a + (transposeA ? first * lda : first) * size, b + (transposeB ? first : first * ldb) * size, c)
    }
  }

  private func add(_ sums: UnsafeRawPointer, to c: UnsafeMutableRawPointer) {
    switch dtype {
    case .float32: add(Float.self, sums, c)
    case .float64: add(Double.self, sums, c)
    case .int32: addWrapping(Int32.self, sums, c)
    case .int64: addWrapping(Int64.self, sums, c)
    case .uint8: addWrapping(UInt8.self, sums, c)
    case .bool: preconditionFailure("BLAS: no product of bool")
    }
  }

  private func add<T: BLASScalar>(_: T.Type, _ sums: UnsafeRawPointer, _ c: UnsafeMutableRawPointer) {
    let (sums, c) = (sums.assumingMemoryBound(to: T.self), c.assumingMemoryBound(to: T.self))
    for i in 0..<m {
      let (row, part) = (c + i * ldc, sums + i * n)
      for j in 0..<n { row[j] += part[j] }
    }
  }

  private func addWrapping<T: FixedWidthInteger>(_: T.Type, _ sums: UnsafeRawPointer, _ c: UnsafeMutableRawPointer) {
    let (sums, c) = (sums.assumingMemoryBound(to: T.self), c.assumingMemoryBound(to: T.self))
    for i in 0..<m {
      let (row, part) = (c + i * ldc, sums + i * n)
      for j in 0..<n { row[j] &+= part[j] }
    }
  }
}
