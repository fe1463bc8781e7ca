import Autograd
import Testing

struct ImplicitTests {
  private let a = f64(2, 5, 0.3)

  private func squareRoot(_ a: Tensor) -> Tensor {
    try! rootSolve({ x, a in x * x - a }, from: Tensor.ones(like: a), at: a)
  }

  /// x = sqrt(a): derivatives to order 4 without differentiating Newton's steps.
  @Test func rootToOrderFour() {
    #expect(near(squareRoot(a), doubles(sqrt(a)), 1e-12))
    var f: (Tensor) -> Tensor = squareRoot
    var known: (Tensor) -> Tensor = { sqrt($0) }
    for _ in 1...4 {
      let (inner, innerKnown) = (f, known)
      f = { x in grad { inner($0).sum() }(x) }
      known = { x in grad { innerKnown($0).sum() }(x) }
      #expect(near(f(a), doubles(known(a)), 1e-9))
    }
  }

  /// Two unknowns, a matrix and a vector as parameters, in every composition of order 2.
  @Test func systemsInEveryComposition() {
    let theta = [
      sin(Tensor.arange(4, dtype: .float64)).reshaped([2, 2]) + 3 * Tensor.eye(2, dtype: .float64), f64(0.4, -1),
    ]
    // tanh(x) + A x = b; by many plain steps that can be differentiated.
    let implicit: ([Tensor]) -> Tensor = { theta in
      try! rootSolve({ x, theta in tanh(x) + matmul(theta[0], x) - theta[1] }, from: f64(0, 0), at: theta)
    }
    let unrolled: ([Tensor]) -> Tensor = { theta in
      (0..<200).reduce(Tensor.zeros([2], dtype: .float64)) { x, _ in
        x - 0.2 * (tanh(x) + matmul(theta[0], x) - theta[1])
      }
    }
    let f = { (theta: [Tensor]) in (implicit(theta) * f64(1, -2)).sum() }
    let g = { (theta: [Tensor]) in (unrolled(theta) * f64(1, -2)).sum() }
    let v = theta.map { cos($0 * 2) }
    let pairs: [([Tensor], [Tensor])] = [
      (grad(f)(theta), grad(g)(theta)),
      ([jvp(implicit, at: theta, along: v).tangent], [jvp(unrolled, at: theta, along: v).tangent]),
      (hvp(f, at: theta, along: v), hvp(g, at: theta, along: v)),
      (hvpReverse(f, at: theta, along: v), hvpReverse(g, at: theta, along: v)),
      (grad { jvp(f, at: $0, along: v).tangent }(theta), grad { jvp(g, at: $0, along: v).tangent }(theta)),
      (
        [jvp({ jvp(implicit, at: $0, along: v).tangent }, at: theta, along: v).tangent],
        [jvp({ jvp(unrolled, at: $0, along: v).tangent }, at: theta, along: v).tangent]
      ),
    ]
    for (found, expected) in pairs {
      #expect(zip(found, expected).allSatisfy { near($0, doubles($1), 1e-8) })
    }
    // All directions at once.
    let dense = try! jacobian { implicit([theta[0], $0]) }(theta[1])
    #expect(near(dense.flattened(), doubles((try! jacobian { unrolled([theta[0], $0]) }(theta[1])).flattened()), 1e-8))
    let curvature = try! hessian { f([theta[0], $0]) }(theta[1])
    #expect(
      near(curvature.flattened(), doubles((try! hessian { g([theta[0], $0]) }(theta[1])).flattened()), 1e-8))
  }

  /// cos(c x) = x, by repetition; a layer that is an equilibrium.
  @Test func fixedPoints() throws {
    let solve = { (c: Tensor) in try! fixedPoint({ x, c in cos(c * x) }, from: scalar(0.5), at: c) }
    let c = scalar(0.8)
    let x = solve(c).item()
    #expect(abs(x - cos(0.8 * x)) < 1e-11)
    // x' = -x sin(cx) / (1 + c sin(cx))
    let slope = -x * sin(0.8 * x) / (1 + 0.8 * sin(0.8 * x))
    #expect(near(grad(solve)(c), [slope], 1e-9))
    let step = 1e-5
    let second = (grad(solve)(c + step).item() - grad(solve)(c - step).item()) / (2 * step)
    #expect(near(grad(grad(solve))(c), [second], 1e-6))
    let single = try fixedPoint({ x, c in cos(c * x) }, from: Tensor(0.5 as Float), at: Tensor(0.8 as Float))
    #expect(single.dtype == .float32 && Swift.abs(single.item() - x) < 1e-5)
  }

  @Test func shapesAndConstants() throws {
    let matrix = try rootSolve(
      { x, a in exp(x) - a }, from: Tensor.zeros([2, 3], dtype: .float64), at: Tensor.full([2, 3], 2, dtype: .float64))
    #expect(matrix.shape == [2, 3] && near(matrix.flattened(), Array(repeating: 0.6931471805599453, count: 6), 1e-10))
    #expect(!matrix.isTracked)
    let empty = try rootSolve({ x, a in x - a }, from: Tensor.zeros([0]), at: Tensor.zeros([0]))
    #expect(empty.shape == [0])
    // The start is a constant.
    let start = scalar(1.5).tracked()
    #expect(!(try rootSolve({ x, a in x * x - a }, from: start, at: scalar(2))).isTracked)
  }

  /// Small unknowns as well as large ones, and mixed dtypes at the precision of the coarser.
  @Test func solutionsOfEveryScale() throws {
    for (dtype, scales) in [(DType.float64, [1e-150, 1e-30, 1e-8, 1, 1e8]), (.float32, [1e-12, 1e-6, 1, 1e6])] {
      let close = dtype == .float64 ? 1e-14 : 1e-6
      for scale in scales {
        let a = Tensor([scale * scale, 4 * scale * scale]).asType(dtype)
        let solve = { (a: Tensor) in
          try! rootSolve({ x, a in x * x - a }, from: Tensor([3, 5]).asType(dtype) * scale, at: a)
        }
        #expect(near(solve(a) / scale, [1, 2], close), "\(dtype) \(scale): \(solve(a))")
        #expect(near(grad { solve($0).sum() }(a) * scale, [0.5, 0.25], close), "\(dtype) \(scale)")
      }
    }
    let mixed = try rootSolve(
      { (x: Pair<Tensor, Tensor>, t: Tensor) in
        Pair(x.first * x.first - t, x.second * x.second - t.asType(.float32))
      }, from: Pair(f64(1, 2), Tensor([3, 4])), at: f64(2, 3))
    #expect(near(mixed.first, [2.squareRoot(), 3.squareRoot()], 1e-6) && mixed.second.dtype == .float32)
    // A root at 0.
    #expect(abs(try rootSolve({ x, a in x + x * x - a }, from: scalar(0.3), at: scalar(0)).item()) < 1e-30)
  }

  /// A slow iteration's last step says little of how far the solution is.
  @Test func slowContractions() throws {
    for rate in [0.5, 0.9, 0.99] {
      let solution = try fixedPoint(
        { x, a in rate * x + (1 - rate) * a }, from: scalar(0), at: scalar(1), maxSteps: 10_000)
      #expect(near(solution, [1], 1e-11), "\(rate)")
    }
    for rate in [0.9, 0.99, 0.999] {
      let slow = { (x: Tensor, a: Tensor) in rate * x + (1 - rate) * a }
      let solution = try fixedPoint(slow, from: Tensor([0.0]), at: Tensor([1.0]), maxSteps: 100_000)
      // Two roundings of a step, which stand for all that would follow.
      #expect(near(solution, [1], 4e-7 / (1 - rate)), "\(rate): \(solution)")
    }
    #expect(throws: SolveError.self) {
      try fixedPoint({ x, a in 0.9999 * x + 0.0001 * a }, from: Tensor([0.0]), at: Tensor([1.0]))
    }
    // Told, it is the last step's length.
    let told = try fixedPoint({ x, a in 0.9 * x + 0.1 * a }, from: scalar(0), at: scalar(1), tolerance: 1e-3)
    #expect(abs(told.item() - 1) > 1e-3 && abs(told.item() - 1) < 1e-2)
  }

  @Test func failuresAreThrown() throws {
    #expect(throws: SolveError.self) {
      try rootSolve({ x, a in x * x + a }, from: scalar(1), at: scalar(1), maxSteps: 20)
    }
    #expect {
      try rootSolve({ x, a in x * 0 + a }, from: scalar(1), at: scalar(1))
    } throws: { "\($0)".contains("singular") }
    #expect {
      try fixedPoint({ x, a in a * x + 1 }, from: scalar(1), at: scalar(3), maxSteps: 30)
    } throws: { "\($0)".hasPrefix("fixedPoint: no convergence in 30 steps") }
    // Iterations that run away end at once, and have found nothing.
    let runaways: [(Tensor, Tensor) -> Tensor] = [{ x, a in 2 * x + a }, { x, a in x * x + a }]
    for runaway in runaways {
      for start in [Tensor([3.0]), f64(3)] {
        #expect {
          try fixedPoint(runaway, from: start, at: Tensor.ones(like: start), maxSteps: 2000)
        } throws: { "\($0)".hasPrefix("fixedPoint: the iteration ran away: after ") }
      }
    }
    let notNumbers = { (x: Tensor, _: Tensor) in x * .nan }
    let searches = [
      { try rootSolve(notNumbers, from: scalar(1), at: scalar(1)) },
      { try fixedPoint(notNumbers, from: scalar(1), at: scalar(1)) },
    ]
    for search in searches {
      #expect(performing: search, throws: { "\($0)".contains("the residual is nan; start nearer") })
    }
    // 0 has no reciprocal, and infinity is none of its roots.
    #expect(throws: SolveError.noConvergence(operation: "rootSolve", steps: 0, residual: .infinity)) {
      try rootSolve({ x, a in a / x }, from: scalar(.infinity), at: scalar(1))
    }
    // x = a^(1/3) has no derivative at 0.
    #expect(throws: SolveError.singular(operation: "rootSolve", size: 1)) {
      try rootSolve({ x, a in x * x * x - a }, from: scalar(0), at: scalar(0).tracked())
    }
    let message = misuse {
      _ = try rootSolve({ x, a in (x * a).sum() }, from: f64(1, 2), at: scalar(1))
    }
    #expect(message?.contains("rootSolve") == true && message?.contains("[2]") == true)
  }
}
