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

  /// Whether some unknowns have no more digits than float32: a residual of all is no more exact.
  private var isCoarse: Bool { start.contains { $0.dtype != .float64 } }
  private var epsilon: Double { isCoarse ? 0x1p-23 : 0x1p-52 }

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
    let reads = RecordedReads()
    guard let call = reads.noting({ recorded(at: solution) }) else { return solution }
    let captured = captured(by: call.output, since: call.firstLeaf, given: call.inputs)
    let known = ImplicitSolution(
      ImplicitFunction(
        label: operation, inverse: try EquationInverse(operation, call, isRegular: false), residual: residual,
        captured: captured, reads: reads),
      solution, theta.count)
    return known(theta)[0]
  }

  /// The residual as a function of x, whose derivatives are constants.
  private func recorded(at x: Tensor) -> Recording<[Tensor]>? {
    let constants = constants
    return withoutGrad { Recording(operation, [x.detached()]) { [residual($0[0], constants)] } }
  }

  // MARK: Searches

  /// Newton's method; a step that does not make the residual smaller is halved.
  func newton(from start: Tensor, tolerance: Double?, maxSteps: Int) throws(SolveError) -> Tensor {
    var x = start
    var residual = value(x)
    var size = residual.largest
    let goal = tolerance ?? (isCoarse ? 1e-5 : 1e-10) * Swift.max(1, size.isFinite ? size : 1)
    for step in 0..<maxSteps {
      try check(x, size, step)
      if size <= goal { return polished(x, residual, size, isTold: tolerance != nil) }
      let direction = try newtonStep(from: x, residual)
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
    try check(x, size, maxSteps)
    if size <= goal { return polished(x, residual, size, isTold: tolerance != nil) }
    throw .noConvergence(operation: operation, steps: maxSteps, residual: size)
  }

  /// Numbers that are not finite are no solution, and no step leads back from them.
  private func check(_ x: Tensor, _ size: Double, _ steps: Int) throws(SolveError) {
    guard size.isFinite else { throw .noConvergence(operation: operation, steps: steps, residual: size) }
    guard x.largest.isFinite else { throw .noConvergence(operation: operation, steps: steps, residual: .infinity) }
  }

  /// Further steps: the derivatives are those at the solution, and are off by as much as it is. One where the tolerance
  /// was told; else until the next would be rounding, so that small unknowns are found as well as large ones.
  private func polished(_ start: Tensor, _ first: Tensor, _ firstSize: Double, isTold: Bool) -> Tensor {
    var (x, residual, size) = (start, first, firstSize)
    for _ in 0..<(isTold ? 1 : 10) {
      guard size > 0, let step = try? newtonStep(from: x, residual) else { return x }
      let next = x - step
      let after = value(next)
      guard after.largest <= size else { return x }
      (x, residual, size) = (next, after, after.largest)
      // What is left after a step is about its square.
      if step.largest <= epsilon.squareRoot() * x.largest { return x }
    }
    return x
  }

  /// Newton's step for a residual, to be subtracted.
  private func newtonStep(from x: Tensor, _ residual: Tensor) throws(SolveError) -> Tensor {
    guard let call = recorded(at: x) else { return residual }
    let rows = residual.reshaped([1, residual.count])
    // What a step makes of the residual is looked at.
    let inverse = try EquationInverse(operation, call, isRegular: true)
    return try inverse.solve(rows, transposed: false).reshaped(residual.shape)
  }

  /// Repeats x <- x - residual(x).
  func iterate(from start: Tensor, tolerance: Double?, maxSteps: Int) throws(SolveError) -> Tensor {
    var x = start
    var size = Double.infinity
    for step in 0..<maxSteps {
      let residual = value(x)
      let before = size
      size = residual.largest
      x = x - residual
      try check(x, size, step + 1)
      if tolerance.map({ size <= $0 }) ?? isAtEnd(x, size, before) { return x }
    }
    throw .noConvergence(operation: operation, steps: maxSteps, residual: size)
  }

  /// Whether steps that were `before` long and are `size` now have come to their end: what is left of them, by the
  /// geometric series that the two begin, is small, or they are rounding.
  private func isAtEnd(_ x: Tensor, _ size: Double, _ before: Double) -> Bool {
    let scale = Swift.max(1, x.largest)
    let accepted = (isCoarse ? 1e-6 : 1e-12) * scale
    guard size <= accepted else { return false }
    if size <= epsilon * scale { return true }
    let rate = size / before
    return before.isFinite && rate < 1 && size * rate / (1 - rate) <= accepted
  }
}
