import Tensor

// Derivatives of solutions: what an iteration found is differentiated by the equation it solves, not by its steps.
// Implicit function theorem: F(x, theta) = 0 gives dx = -(dF/dx)^-1 dF/dtheta dtheta. (A. Griewank, A. Walther,
// "Evaluating Derivatives", 2008, chapter 15.)

/// Solves f(x, theta) = 0 for x; the solution is a differentiable function of theta.
///
///     // the square root of a, and its derivative 1 / (2 sqrt(a)) without differentiating Newton's steps
///     let root = try rootSolve({ x, a in x * x - a }, from: Tensor([1.0]), at: Tensor([2.0]))
///
/// Newton's method with step halving. The derivative is that of the equation at the solution, exact to every order and as
/// near to the truth as x is, and costs one product with f and one solve with its Jacobian in x, however many steps the
/// solution took.
///
/// A solve with the Jacobian: of up to 256 unknowns by a dense matrix (n products and its factors for each step, then
/// triangular solves). Of more by GMRES, from products alone, until the residual is rounding's: some tens of products
/// as a rule, twice as many for the first derivative (is the Jacobian regular?), memory for 50 vectors and, while the
/// root lives, f's graph at it. Where that stagnates, or there are many right sides for up to 2048 unknowns, by a dense
/// matrix, too: n x n numbers in float64 and a block of rows.
///
/// Tracked tensors that f reads beside theta (a layer's parameters, the variable of an outer transform) count as theta,
/// too. f runs again on whatever thread takes derivatives, and must be the same each time: variables that it captures
/// must not change. (Modules' parameters may: it reads what they were.)
///
/// - Parameters:
///   - f: The residual, of x's shape and dtype.
///   - start: Where to begin; floating-point, any shape. A constant to every derivative.
///   - theta: What the solution depends on.
///   - tolerance: The largest magnitude of the residual, after which one step more is taken; by default 1e-10 in float64,
///     1e-5 in float32 (or where some unknowns are), times the first residual's where that is more than 1, and then steps
///     until what is left is rounding beside x.
///   - maxSteps: Of Newton's method.
/// - Throws: ``SolveError``: nothing was found, or the Jacobian is singular. Of more than 256 unknowns that, and that
///   it cannot be inverted in the memory there is, may be seen only where a derivative is taken: then it is misuse.
public func rootSolve<Theta: TensorStructure>(
  _ f: @escaping (Tensor, Theta) -> Tensor, from start: Tensor, at theta: Theta, tolerance: Double? = nil,
  maxSteps: Int = 50
) throws(SolveError) -> Tensor {
  try newtonSolve(f, start, theta, tolerance, maxSteps)
}

/// Solves f(x, theta) = 0 for a structure of tensors x: several unknowns with an equation each.
///
/// As for one tensor, with all elements of x as the unknowns; where x has several floating-point dtypes, in float64.
/// - Parameters:
///   - f: The residual, with the structure, shapes and dtypes of x.
///   - start: Where to begin; floating-point tensors. A constant to every derivative.
///   - theta: What the solution depends on.
///   - tolerance: The largest magnitude of the residual.
///   - maxSteps: Of Newton's method.
/// - Throws: ``SolveError``: nothing was found, or the Jacobian is singular.
@_disfavoredOverload
public func rootSolve<Unknowns: TensorStructure, Theta: TensorStructure>(
  _ f: @escaping (Unknowns, Theta) -> Unknowns, from start: Unknowns, at theta: Theta, tolerance: Double? = nil,
  maxSteps: Int = 50
) throws(SolveError) -> Unknowns {
  try newtonSolve(f, start, theta, tolerance, maxSteps)
}

/// Solves x = g(x, theta) for x by repeating g; the solution is a differentiable function of theta.
///
///     // an equilibrium layer
///     let state = try fixedPoint({ z, x in tanh(layer(z) + x) }, from: Tensor.zeros(like: x), at: x)
///
/// g must be a contraction near the solution: each step must bring points nearer to each other. The derivative is
/// that of the equation x - g(x, theta) = 0 at the solution, exact to every order and as near to the truth as x is,
/// without differentiating steps.
/// Costs an evaluation a step; a derivative costs one product with g and one solve with 1 - dg/dx, which is done as
/// ``rootSolve(_:from:at:tolerance:maxSteps:)`` does it: by factors of up to 256 unknowns, made where derivatives are
/// recorded, by products of more, so that a layer's state may be as large as a batch.
///
/// Tracked tensors that g reads beside theta (a layer's parameters, the variable of an outer transform) count as theta,
/// too. g runs again on whatever thread takes derivatives, and must be the same each time: variables that it captures
/// must not change. (Modules' parameters may: it reads what they were.)
///
/// - Parameters:
///   - g: The step, of x's shape and dtype.
///   - start: Where to begin; floating-point, any shape. A constant to every derivative.
///   - theta: What the solution depends on.
///   - tolerance: The largest magnitude of a step at the end. By default x is as near as that to the solution, as far as
///     the last two steps tell: 1e-12 in float64, 1e-6 in float32, times the solution's where that is more than 1.
///   - maxSteps: How often g is repeated at most.
/// - Throws: ``SolveError``: the steps did not become small, or 1 - dg/dx is singular; of more than 256 unknowns as with
///   ``rootSolve(_:from:at:tolerance:maxSteps:)``.
public func fixedPoint<Theta: TensorStructure>(
  _ g: @escaping (Tensor, Theta) -> Tensor, from start: Tensor, at theta: Theta, tolerance: Double? = nil,
  maxSteps: Int = 1000
) throws(SolveError) -> Tensor {
  try repeatedSolve(g, start, theta, tolerance, maxSteps)
}

/// Solves x = g(x, theta) for a structure of tensors x: several unknowns with an equation each.
///
/// As for one tensor, with all elements of x as the unknowns; where x has several floating-point dtypes, in float64.
/// - Parameters:
///   - g: The step, with the structure, shapes and dtypes of x.
///   - start: Where to begin; floating-point tensors. A constant to every derivative.
///   - theta: What the solution depends on.
///   - tolerance: The largest magnitude of a step at the end.
///   - maxSteps: How often g is repeated at most.
/// - Throws: ``SolveError``: the steps did not become small, or 1 - dg/dx is singular.
@_disfavoredOverload
public func fixedPoint<Unknowns: TensorStructure, Theta: TensorStructure>(
  _ g: @escaping (Unknowns, Theta) -> Unknowns, from start: Unknowns, at theta: Theta, tolerance: Double? = nil,
  maxSteps: Int = 1000
) throws(SolveError) -> Unknowns {
  try repeatedSolve(g, start, theta, tolerance, maxSteps)
}

private func newtonSolve<Unknowns: TensorStructure, Theta: TensorStructure>(
  _ f: @escaping (Unknowns, Theta) -> Unknowns, _ start: Unknowns, _ theta: Theta, _ tolerance: Double?,
  _ maxSteps: Int
) throws(SolveError) -> Unknowns {
  guard Equation.areLimits(tolerance, maxSteps, "rootSolve"),
    let equation = Equation("rootSolve", start, theta, { _, value in value }, f)
  else { return start }
  let found = try equation.solution { (x: Tensor) throws(SolveError) in
    try equation.newton(from: x, tolerance: tolerance, maxSteps: maxSteps)
  }
  return start.detached().with(found)
}

private func repeatedSolve<Unknowns: TensorStructure, Theta: TensorStructure>(
  _ g: @escaping (Unknowns, Theta) -> Unknowns, _ start: Unknowns, _ theta: Theta, _ tolerance: Double?,
  _ maxSteps: Int
) throws(SolveError) -> Unknowns {
  guard Equation.areLimits(tolerance, maxSteps, "fixedPoint"),
    let equation = Equation("fixedPoint", start, theta, { x, value in x - value }, g)
  else { return start }
  let found = try equation.solution { (x: Tensor) throws(SolveError) in
    try equation.iterate(from: x, tolerance: tolerance, maxSteps: maxSteps)
  }
  return start.detached().with(found)
}
