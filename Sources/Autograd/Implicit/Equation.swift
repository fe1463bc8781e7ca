import Tensor

/// F(x, theta) = 0 for the vector x of all unknowns.
struct Equation {
  private let operation: String
  /// The unknowns' tensors.
  private let space: VectorSpace
  private let start: [Tensor]
  private let theta: [Tensor]
  private let residual: (Tensor, [Tensor]) -> Tensor
  private let reading = Reading()

  /// Whether an evaluation at constants read tracked tensors.
  private final class Reading {
    var isTracked = false
  }

  /// Nil after a report.
  ///
  /// - Parameter form: The residual, of x and the function's value.
  init?<Unknowns: TensorStructure, Theta: TensorStructure>(
    _ operation: String, _ start: Unknowns, _ theta: Theta, _ form: @escaping (Tensor, Tensor) -> Tensor,
    _ f: @escaping (Unknowns, Theta) -> Unknowns
  ) {
    // Rules hold the residual: it must not hold the graphs of what it was first evaluated at.
    let (start, template) = (start.detached(), theta.detached())
    let tensors = start.tensors
    if let bad = tensors.first(where: { !$0.dtype.isFloatingPoint }) {
      Misuse.report(
        operation,
        "the start is \(bad.dtype) \(bad.shape), and unknowns are floating-point numbers; convert it with "
          + "asType(.float32), or whatever dtype the function gives")
      return nil
    }
    let space = VectorSpace(tensors)
    self.operation = operation
    self.start = tensors
    self.theta = theta.tensors
    self.space = space
    residual = { x, theta in
      let value = f(start.with(space.split(x)), template.with(theta)).tensors
      // After a report any equation will do that has a solution.
      return Equation.fits(value, tensors, operation) ? form(x, space.joined(value)) : x
    }
  }

  private static func fits(_ value: [Tensor], _ unknowns: [Tensor], _ operation: String) -> Bool {
    if value.count != unknowns.count {
      Misuse.report(operation, "the function gives \(value.count) tensors for unknowns that are \(unknowns.count)")
      return false
    }
    for (value, x) in zip(value, unknowns) where value.shape != x.shape || value.dtype != x.dtype {
      Misuse.report(
        operation,
        "the function gives \(value.dtype) \(value.shape) for unknowns that are \(x.dtype) \(x.shape); both must have "
          + "one shape and one floating-point dtype")
      return false
    }
    return true
  }

  private var constants: [Tensor] { theta.map { $0.detached() } }

  private func value(_ x: Tensor) -> Tensor {
    let value = residual(x, constants)
    if value.isTracked { reading.isTracked = true }
    return value.detached()
  }

  // MARK: Derivatives

  /// Whether a search can keep to these limits; false after a report.
  static func areLimits(_ tolerance: Double?, _ maxSteps: Int, _ operation: String) -> Bool {
    (tolerance.map { isTolerance($0, operation) } ?? true) && isIterations(maxSteps, operation, least: 0)
  }

  /// What `search` finds, as a function of theta. Both look at numbers, so that they compute in rehearsals, too.
  func solution(_ search: (Tensor) throws(SolveError) -> Tensor) throws(SolveError) -> [Tensor] {
    try Meter.computing { () throws(SolveError) in
      try space.split(differentiable(search(space.joined(start))))
    }
  }

  private func differentiable(_ solution: Tensor) throws(SolveError) -> Tensor {
    guard isRecording, reading.isTracked || theta.contains(where: \.isTracked) else { return solution }
    try checkSize()
    let reads = RecordedReads()
    guard let call = reads.noting({ recorded(at: solution) }) else { return solution }
    let captured = captured(by: call.output, since: call.firstLeaf, given: call.inputs)
    guard let factors = factors(of: call) else { throw .singular(operation: operation, size: solution.count) }
    let known = ImplicitSolution(
      ImplicitFunction(label: operation, factors: factors, residual: residual, captured: captured, reads: reads),
      solution, theta.count)
    return known(theta)[0]
  }

  /// The residual as a function of x, whose derivatives are constants.
  private func recorded(at x: Tensor) -> Recording<[Tensor]>? {
    let constants = constants
    return withoutGrad { Recording(operation, [x.detached()]) { [residual($0[0], constants)] } }
  }

  /// Throws where dF/dx is more than memory should hold.
  private func checkSize() throws(SolveError) {
    let bytes = space.count.multipliedClamped(space.count).multipliedClamped(DType.float64.byteCount)
    guard bytes <= MemoryBudget.automatic.bytes else {
      throw .tooLarge(operation: operation, size: space.count, bytes: bytes)
    }
  }

  /// dF/dx, factored; nil where it is singular. Rows are pulled in blocks, straight into the matrix.
  private func factors(of call: Recording<[Tensor]>) -> LUFactors? {
    guard let (rows, _) = jacobianMap(call, call.inputs, .reverse) else { return nil }
    return LUFactors(size: space.count, dtype: space.dtype) { rows.write(into: $0) }
  }

  private func jacobian(at x: Tensor) -> LUFactors? { recorded(at: x).flatMap { factors(of: $0) } }

  // MARK: Searches

  /// Newton's method; a step that does not make the residual smaller is halved.
  func newton(from start: Tensor, tolerance: Double?, maxSteps: Int) throws(SolveError) -> Tensor {
    try checkSize()
    var x = start
    var residual = value(x)
    var size = residual.largest
    let goal = tolerance ?? (x.dtype == .float64 ? 1e-10 : 1e-5) * Swift.max(1, size.isFinite ? size : 1)
    for step in 0..<maxSteps {
      if size <= goal { return polished(x, residual, size) }
      guard size.isFinite else { throw .noConvergence(operation: operation, steps: step, residual: size) }
      guard let factors = jacobian(at: x) else { throw .singular(operation: operation, size: x.count) }
      let direction = factors.step(residual)
      var length = 1.0
      while true {
        let next = x - direction * length
        let after = value(next)
        if after.largest < size || length < 1e-6 {
          (x, residual) = (next, after)
          break
        }
        length /= 2
      }
      let before = size
      size = residual.largest
      // Rounding: as near as this dtype comes.
      if !(size < before) && size <= goal * 10 { return x }
    }
    if size <= goal { return polished(x, residual, size) }
    throw .noConvergence(operation: operation, steps: maxSteps, residual: size)
  }

  /// One step more: the derivatives are those at the solution, and are off by as much as it is.
  private func polished(_ x: Tensor, _ residual: Tensor, _ size: Double) -> Tensor {
    guard size > 0, let factors = jacobian(at: x) else { return x }
    let next = x - factors.step(residual)
    return value(next).largest <= size ? next : x
  }

  /// Repeats x <- x - residual(x).
  func iterate(from start: Tensor, tolerance: Double?, maxSteps: Int) throws(SolveError) -> Tensor {
    var x = start
    var size = Double.infinity
    for _ in 0..<maxSteps {
      let residual = value(x)
      size = residual.largest
      x = x - residual
      let goal = tolerance ?? (x.dtype == .float64 ? 1e-12 : 1e-6) * Swift.max(1, x.largest)
      if size <= goal { return x }
    }
    throw .noConvergence(operation: operation, steps: maxSteps, residual: size)
  }
}

extension LUFactors {
  /// Newton's step for a residual.
  fileprivate func step(_ residual: Tensor) -> Tensor {
    solve(residual.reshaped([1, residual.count]), transposed: false).reshaped(residual.shape)
  }
}

extension BlockMap {
  /// Writes the products of one source with one target to the rows of a matrix of any floating-point dtype; beside it
  /// a block is alive on each thread.
  fileprivate func write(into matrix: Storage) {
    let chunks = chunks(.max)
    let width = targets[0].count
    let write = { (chunk: Chunk) in
      let rows = Storage(
        viewing: matrix, shape: [chunk.rows.count, width], strides: [width, 1], offset: chunk.rows.lowerBound * width)
      let part = products(0, .basis(chunk.rows, like: sources[0]))[0] ?? Tensor.zeros([1, 1], dtype: matrix.dtype)
      StridedCopy.copy(part.expanded(to: rows.shape).storage, into: rows)
    }
    guard isParallel(chunks, .max) else { return chunks.forEach(write) }
    let shared = UnsafeSendable((write: write, chunks: chunks))
    Parallel.runAlone(chunks.count) { shared.value.write(shared.value.chunks[$0]) }
  }
}

extension Tensor {
  /// The largest magnitude; 0 of no elements.
  fileprivate var largest: Double { count == 0 ? 0 : abs(self).max().item() }
}
