import CKernels

/// The numbers of an LSTM layer and of its pullback: what `LSTMLayer` computes where nothing is recorded.
///
/// Blocks of the batch do not depend on one another, so that each thread runs through all times of its own.
/// What is shared, the weight's cotangent, is one large product at the end.
struct LSTMNumbers: Sendable {
  private let order: [Int]
  private let batch: Int
  private let hidden: Int
  private let weight: Storage
  private let dtype: DType

  init(_ order: [Int], _ batch: Int, _ hidden: Int, weight: Tensor) {
    self.order = order
    self.batch = batch
    self.hidden = hidden
    self.weight = weight.storage.contiguous
    dtype = weight.dtype
  }

  private var size: Int { dtype.byteCount }

  /// Rows of the batch that are taken together. The shape alone says how many: on more threads nothing but the last
  /// digits of products differ.
  private var blockLength: Int { max(16, (batch + 7) / 8) }

  /// Runs `body` for blocks of the batch.
  private func forBlocks(_ body: @Sendable (_ rows: Range<Int>, _ threads: Int) -> Void) {
    let length = blockLength
    let count = (batch + length - 1) / length
    Parallel.runItems(count, work: order.count * length * 4 * hidden * hidden) { blocks, threads in
      for block in blocks { body(block * length..<min((block + 1) * length, batch), threads) }
    }
  }

  /// Hidden states, cells and gates.
  func results(_ projected: Tensor, _ hiddenStart: Tensor, _ cellStart: Tensor) -> [Tensor] {
    let shape = Shape([order.count, batch, hidden])
    let (states, cells) = (Storage(shape, dtype), Storage(shape, dtype))
    let gates = projected.storage.copied()
    let starts = [hiddenStart.storage.contiguous, cellStart.storage.contiguous]
    // Products with a matrix that need not be transposed are faster.
    let transposed = Storage(viewing: weight, shape: [hidden, 4 * hidden], strides: [1, hidden]).copied()
    forBlocks { rows, threads in
      for (step, time) in order.enumerated() {
        let before = step == 0 ? nil : order[step - 1]
        let hiddenBefore = place(before.map { _ in states } ?? starts[0], before ?? 0, rows, hidden)
        let cellBefore = place(before.map { _ in cells } ?? starts[1], before ?? 0, rows, hidden)
        let gate = place(gates, time, rows, 4 * hidden)
        BLAS.gemm(
          dtype, transposeA: false, transposeB: false, m: rows.count, n: 4 * hidden, k: hidden, a: hiddenBefore,
          lda: hidden, b: transposed.pointer, ldb: 4 * hidden, beta: 1, c: gate, ldc: 4 * hidden, threads: threads)
        run(
          LSTM.steps, rows.count, gatesAt(gate) + [(cellBefore, hidden)],
          gatesAt(gate) + [(place(cells, time, rows, hidden), hidden), (place(states, time, rows, hidden), hidden)])
      }
    }
    return [states, cells, gates].map { Tensor($0) }
  }

  /// The cotangents of the layer's inputs, from those of its hidden states and cells.
  func pullback(
    _ hiddenSeeds: Tensor?, _ cellSeeds: Tensor?, _ saved: SavedTensors, wanted: [Bool]
  ) -> [Tensor?] {
    let seeds = [hiddenSeeds?.storage.contiguous, cellSeeds?.storage.contiguous]
    let (states, cells, gates) = (saved.output(0).storage, saved.output(1).storage, saved.output(2).storage)
    let cellStart = saved.input(2).storage.contiguous
    let gateSeeds = Storage(like: gates)
    // Of the states before each time, and at last of the first ones.
    let carried = [Storage([batch, hidden], dtype), Storage([batch, hidden], dtype)]
    forBlocks { rows, threads in
      let hiddenSeed = place(carried[0], 0, rows, hidden)
      let cellSeed = place(carried[1], 0, rows, hidden)
      cellSeed.initializeMemory(as: UInt8.self, repeating: 0, count: rows.count * hidden * size)
      for (step, time) in order.enumerated().reversed() {
        let isLast = step == order.count - 1
        load(seeds[0], time, rows, into: hiddenSeed)
        if !isLast { multiply(place(gateSeeds, order[step + 1], rows, 4 * hidden), rows, hiddenSeed, 1, threads) }
        if seeds[1] != nil { add(seeds[1]!, time, rows, to: cellSeed) }
        let before = step == 0 ? cellStart : cells
        run(
          LSTM.pullback, rows.count,
          [(hiddenSeed, hidden), (cellSeed, hidden)] + gatesAt(place(gates, time, rows, 4 * hidden)) + [
            (place(before, step == 0 ? 0 : order[step - 1], rows, hidden), hidden),
            (place(cells, time, rows, hidden), hidden),
          ],
          gatesAt(place(gateSeeds, time, rows, 4 * hidden)) + [(cellSeed, hidden)])
      }
      if wanted[1] { multiply(place(gateSeeds, order[0], rows, 4 * hidden), rows, hiddenSeed, 0, threads) }
    }
    return [
      Tensor(gateSeeds), wanted[1] ? Tensor(carried[0]) : nil, wanted[2] ? Tensor(carried[1]) : nil,
      wanted[3] ? weightSeed(gateSeeds, states, saved.input(1).storage.contiguous) : nil,
    ]
  }

  /// The sum over times of gates' cotangents, transposed, times the hidden states before: the states lie one
  /// time apart from the gates.
  private func weightSeed(_ gateSeeds: Storage, _ states: Storage, _ hiddenStart: Storage) -> Tensor {
    let result = Storage(like: weight)
    let isReverse = order[0] != 0
    let step = batch * hidden * size
    func add(_ times: Int, _ gateTime: Int, _ states: UnsafeMutableRawPointer, beta: Double) {
      BLAS.gemm(
        dtype, transposeA: true, transposeB: false, m: 4 * hidden, n: hidden, k: times * batch,
        a: gateSeeds.pointer + gateTime * 4 * step, lda: 4 * hidden, b: states, ldb: hidden, beta: beta,
        c: result.pointer, ldc: hidden)
    }
    add(1, order[0], hiddenStart.pointer, beta: 0)
    if order.count > 1 { add(order.count - 1, isReverse ? 0 : 1, states.pointer + (isReverse ? step : 0), beta: 1) }
    return Tensor(result)
  }

  // MARK: Steps

  /// Rows of the batch at a time.
  private func place(_ storage: Storage, _ time: Int, _ rows: Range<Int>, _ width: Int) -> UnsafeMutableRawPointer {
    storage.pointer + (time * batch + rows.lowerBound) * width * size
  }

  /// The four gates, and how far apart their rows are.
  private func gatesAt(_ gates: UnsafeMutableRawPointer) -> [(UnsafeMutableRawPointer, Int)] {
    (0..<4).map { (gates + $0 * hidden * size, 4 * hidden) }
  }

  /// Gates' cotangents times the weight.
  private func multiply(
    _ gates: UnsafeMutableRawPointer, _ rows: Range<Int>, _ result: UnsafeMutableRawPointer, _ beta: Double,
    _ threads: Int
  ) {
    BLAS.gemm(
      dtype, transposeA: false, transposeB: false, m: rows.count, n: hidden, k: 4 * hidden, a: gates, lda: 4 * hidden,
      b: weight.pointer, ldb: hidden, beta: beta, c: result, ldc: hidden, threads: threads)
  }

  private func load(_ seeds: Storage?, _ time: Int, _ rows: Range<Int>, into target: UnsafeMutableRawPointer) {
    if let seeds {
      target.copyMemory(from: place(seeds, time, rows, hidden), byteCount: rows.count * hidden * size)
    } else {
      target.initializeMemory(as: UInt8.self, repeating: 0, count: rows.count * hidden * size)
    }
  }

  private func add(_ seeds: Storage, _ time: Int, _ rows: Range<Int>, to target: UnsafeMutableRawPointer) {
    run(
      Arithmetic.add.tensors, rows.count, [(target, hidden), (place(seeds, time, rows, hidden), hidden)],
      [(target, hidden)])
  }

  /// A formula over a block of rows, given where they begin and how far apart they are.
  private func run(
    _ formula: Formula, _ rows: Int, _ inputs: [(UnsafeMutableRawPointer, Int)],
    _ results: [(UnsafeMutableRawPointer, Int)]
  ) {
    guard Meter.begins(rows * hidden * formula.program.flops) else { return }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: inputs.count + results.count) { views in
      for (index, (pointer, step)) in (inputs + results).enumerated() {
        views[index] = adj_view(pointer, [step, 1], dtype)
      }
      withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2) { shape in
        shape[0] = Int64(rows)
        shape[1] = Int64(hidden)
        adj_run(
          formula.raw, Formula.kernelType(dtype), 2, shape.baseAddress!, views.baseAddress, formula.scalars,
          views.baseAddress! + inputs.count, 0, Int64(rows * hidden))
      }
    }
  }
}
