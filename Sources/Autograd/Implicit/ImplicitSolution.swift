import Tensor

// Derivatives of solutions: what an iteration found is differentiated by the equation it solves, not by its steps.
// Implicit function theorem: F(x, theta) = 0 gives dx = -(dF/dx)^-1 dF/dtheta dtheta. (A. Griewank, A. Walther,
// "Evaluating Derivatives", 2008, chapter 15.)

/// An equation had no solution that could be found, or none with a derivative.
public enum SolveError: Error, Hashable, Sendable, CustomStringConvertible {
  /// After so many steps the residual's largest magnitude was still this.
  case noConvergence(operation: String, steps: Int, residual: Double)
  /// The derivative of the equation with respect to the unknowns has no inverse at the solution.
  case singular(operation: String, size: Int)

  /// Which solve failed and why: what is left of the residual and what to change, or which derivative is singular.
  public var description: String {
    switch self {
    case .noConvergence(let operation, let steps, let residual):
      "\(operation): no convergence in \(steps) steps, the residual is still \(residual); start nearer, allow more "
        + "steps or a larger tolerance"
    case .singular(let operation, let size):
      "\(operation): the derivative of the equation with respect to its \(size) unknowns is singular at the "
        + "solution, so the solution has no derivative there"
    }
  }
}

/// Solves f(x, theta) = 0 for x; the solution is a differentiable function of theta.
///
///     // the square root of a, and its derivative 1 / (2 sqrt(a)) without differentiating Newton's steps
///     let root = try rootSolve({ x, a in x * x - a }, from: Tensor([1.0]), at: Tensor([2.0]))
///
/// Newton's method with step halving, with the dense Jacobian of f in x. The derivative is that of the equation at
/// the solution, exact to every order. Costs n products a step for n unknowns, and memory for an n x n matrix; a
/// derivative costs one product with f and a triangular solve, however many steps the solution took.
///
/// - Parameters:
///   - f: The residual, of x's shape and dtype. What it reads of tracked tensors must be x or theta.
///   - start: Where to begin; floating-point, any shape. A constant to every derivative.
///   - theta: What the solution depends on.
///   - tolerance: The largest magnitude of the residual; by default 1e-10 in float64, 1e-5 in float32, times the
///     first residual's where that is more than 1.
///   - maxSteps: Of Newton's method.
/// - Throws: ``SolveError``: nothing was found, or the Jacobian is singular.
public func rootSolve<Theta: TensorStructure>(
  _ f: @escaping (Tensor, Theta) -> Tensor, from start: Tensor, at theta: Theta, tolerance: Double? = nil,
  maxSteps: Int = 50
) throws(SolveError) -> Tensor {
  let equation = Equation("rootSolve", theta.tensors) { x, tensors in f(x, theta.with(tensors)) }
  return try equation.solution { () throws(SolveError) in
    try equation.newton(from: start.detached(), tolerance: tolerance, maxSteps: maxSteps)
  }
}

/// Solves x = g(x, theta) for x by repeating g; the solution is a differentiable function of theta.
///
/// g must be a contraction near the solution: each step must bring points nearer to each other. The derivative is
/// that of the equation x - g(x, theta) = 0 at the solution, exact to every order, without differentiating steps.
///
/// - Parameters:
///   - g: The step, of x's shape and dtype. What it reads of tracked tensors must be x or theta.
///   - start: Where to begin; floating-point, any shape. A constant to every derivative.
///   - theta: What the solution depends on.
///   - tolerance: The largest magnitude of a step at the end; by default 1e-12 in float64, 1e-6 in float32, times
///     the solution's where that is more than 1.
///   - maxSteps: How often g is repeated at most.
/// - Throws: ``SolveError``: the steps did not become small, or 1 - dg/dx is singular.
public func fixedPoint<Theta: TensorStructure>(
  _ g: @escaping (Tensor, Theta) -> Tensor, from start: Tensor, at theta: Theta, tolerance: Double? = nil,
  maxSteps: Int = 1000
) throws(SolveError) -> Tensor {
  let equation = Equation("fixedPoint", theta.tensors) { x, tensors in x - g(x, theta.with(tensors)) }
  return try equation.solution { () throws(SolveError) in
    try equation.iterate(from: start.detached(), tolerance: tolerance, maxSteps: maxSteps)
  }
}

/// f(x, theta) = 0.
private struct Equation {
  let operation: String
  let theta: [Tensor]
  let residual: (Tensor, [Tensor]) -> Tensor

  init(_ operation: String, _ theta: [Tensor], _ residual: @escaping (Tensor, [Tensor]) -> Tensor) {
    self.operation = operation
    self.theta = theta
    self.residual = residual
  }

  private var constants: [Tensor] { theta.map { $0.detached() } }

  private func value(_ x: Tensor) -> Tensor? {
    let value = residual(x, constants).detached()
    guard value.shape == x.shape, value.dtype == x.dtype, x.dtype.isFloatingPoint else {
      Misuse.report(
        operation,
        "the function gives \(value.dtype) \(value.shape) for unknowns that are \(x.dtype) \(x.shape); both must have "
          + "one shape and one floating-point dtype")
      return nil
    }
    return value
  }

  /// dF/dx at a point, factored; nil where it is singular.
  func jacobian(at x: Tensor) -> LUFactors? {
    let constants = constants
    let (_, pullback) = vjp({ residual($0, constants) }, at: x.detached())
    let basis = Tensor.eye(x.count, dtype: x.dtype).reshaped(Shape([x.count]).followed(by: x.shape))
    return LUFactors(pullback(basis).reshaped([x.count, x.count]))
  }

  /// Newton's method; a step that does not make the residual smaller is halved.
  func newton(from start: Tensor, tolerance: Double?, maxSteps: Int) throws(SolveError) -> Tensor {
    var x = start
    guard var residual = value(x) else { return start }
    var size = residual.largest
    let goal = tolerance ?? (x.dtype == .float64 ? 1e-10 : 1e-5) * Swift.max(1, size.isFinite ? size : 1)
    for step in 0..<maxSteps {
      if size <= goal { return polished(x, residual, size) }
      guard size.isFinite else { throw .noConvergence(operation: operation, steps: step, residual: size) }
      guard let factors = jacobian(at: x) else { throw .singular(operation: operation, size: x.count) }
      let direction = factors.solve(residual.reshaped([1, x.count]), transposed: false).reshaped(x.shape)
      var length = 1.0
      while true {
        let next = x - direction * length
        let after = value(next) ?? residual
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
    let next = x - factors.solve(residual.reshaped([1, x.count]), transposed: false).reshaped(x.shape)
    return (value(next)?.largest ?? .infinity) <= size ? next : x
  }

  /// Repeats x <- x - residual(x).
  func iterate(from start: Tensor, tolerance: Double?, maxSteps: Int) throws(SolveError) -> Tensor {
    var x = start
    var size = Double.infinity
    for _ in 0..<maxSteps {
      guard let residual = value(x) else { return start }
      size = residual.largest
      x = x - residual
      let goal = tolerance ?? (x.dtype == .float64 ? 1e-12 : 1e-6) * Swift.max(1, x.largest)
      if size <= goal { return x }
    }
    throw .noConvergence(operation: operation, steps: maxSteps, residual: size)
  }

  /// What `search` finds, as a function of theta. Both look at numbers, so that they compute in rehearsals, too.
  func solution(_ search: () throws(SolveError) -> Tensor) throws(SolveError) -> Tensor {
    try Meter.computing { () throws(SolveError) in try differentiable(search()) }
  }

  private func differentiable(_ solution: Tensor) throws(SolveError) -> Tensor {
    guard isRecording, theta.contains(where: \.isTracked) else { return solution }
    guard let factors = jacobian(at: solution) else {
      throw .singular(operation: operation, size: solution.count)
    }
    let known = ImplicitSolution(operation, solution, factors, residual, theta.count)
    return known(theta)[0]
  }
}

/// x(theta), where F(x, theta) = 0. The rules differentiate F at the solution, which is read with its history, so
/// that they can be differentiated themselves.
private final class ImplicitSolution: Function, @unchecked Sendable {
  private let label: String
  private let solution: Tensor
  private let factors: LUFactors
  private let residual: (Tensor, [Tensor]) -> Tensor
  private let inputCount: Int

  init(
    _ label: String, _ solution: Tensor, _ factors: LUFactors,
    _ residual: @escaping (Tensor, [Tensor]) -> Tensor, _ inputCount: Int
  ) {
    self.label = label
    self.solution = solution
    self.factors = factors
    self.residual = residual
    self.inputCount = inputCount
    super.init()
    callsProgram = true
  }

  override var name: String { label }
  override var saves: [Saved] { (0..<inputCount).map { .input($0) } + [.output(0)] }

  override func forward(_ inputs: [Tensor]) -> [Tensor] { [solution] }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let theta = (0..<inputCount).map { saved.input($0) }
    guard let cotangent = cotangents[0] else { return theta.map { _ in nil } }
    let x = saved.output(0)
    let adjoint = solve(-cotangent, x, theta, transposed: true)
    let places = theta.indices.filter { theta[$0].dtype.isFloatingPoint }
    let (_, pullback) = Autograd.vjp(
      { [residual] (own: [Tensor]) in residual(x, theta.replacing(places, own)) }, at: places.map { theta[$0] })
    var result: [Tensor?] = Array(repeating: nil, count: inputCount)
    for (place, part) in zip(places, pullback(adjoint)) { result[place] = part }
    return result
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let theta = (0..<inputCount).map { saved.input($0) }
    let x = saved.output(0)
    let places = tangents.indices.filter { tangents[$0] != nil }
    let pushed = Autograd.jvp(
      { [residual] (own: [Tensor]) in residual(x, theta.replacing(places, own)) }, at: places.map { theta[$0] },
      along: places.map { tangents[$0]! }
    ).tangent
    return [solve(-pushed, x, theta, transposed: false)]
  }

  private func solve(_ b: Tensor, _ x: Tensor, _ theta: [Tensor], transposed: Bool) -> Tensor {
    let solve = LinearSolve(
      label, factors, transposed: transposed, unknowns: solution.shape, parameters: inputCount, residual)
    return solve([b, x] + theta)[0]
  }
}

extension Tensor {
  /// The largest magnitude; 0 of no elements.
  fileprivate var largest: Double { count == 0 ? 0 : abs(self).max().item() }
}
