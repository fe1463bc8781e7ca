import Autograd
import Testing

@testable import Tensor

/// Conjugate gradients with a preconditioner, and of several right sides at once.
struct SolveTests {
  private static func diagonal(_ numbers: Tensor) -> HessianOperator<Tensor> {
    HessianOperator({ (x: Tensor) in 0.5 * (x * (x * numbers)).sum() }, at: Tensor.zeros(like: numbers))
  }

  @Test func preconditionedOnABadlyScaledDiagonal() throws {
    for dtype in [DType.float32, .float64] {
      let numbers = exp(Tensor.linspace(from: -12, to: 12, count: 60, dtype: .float64)).asType(dtype)
      let h = Self.diagonal(numbers)
      let b = sin(Tensor.arange(60, dtype: dtype))
      #expect(throws: ConjugateGradientError.self) { _ = try h.solve(b, tolerance: 1e-6, maxIterations: 20) }
      var calls = 0
      let result = h.conjugateGradients(b, tolerance: 1e-6) { (r: Tensor) in
        calls += 1
        return r / numbers
      }
      #expect(result.failure == nil && result.iterations <= 3 && calls <= result.iterations)
      #expect(near(result.solution * numbers, doubles(b), 1e-5))
      // Damped, with the inverse of what is damped.
      let damped = try h.solve(b, tolerance: 1e-6, maxIterations: 3, damping: 2) { $0 / (numbers + 2) }
      #expect(near(h(damped) + 2 * damped, doubles(b), 1e-5))
    }
  }

  @Test func preconditionersOfStructures() throws {
    let f = { (p: [Tensor]) in 1e6 * square(p[0]).sum() + square(p[1] * f64(1, 10)).sum() + p[0].sum() * p[1].sum() }
    let h = HessianOperator(f, at: [Tensor.zeros([2, 2], dtype: .float64), f64(0, 0)])
    let b = [Tensor.ones([2, 2], dtype: .float64), f64(1, 2)]
    let x = try h.solve(b, tolerance: 1e-12, maxIterations: 8) { [$0[0] / 2e6, $0[1] / f64(2, 200)] }
    for (found, expected) in zip(h(x), b) { #expect(near(found, doubles(expected), 1e-9)) }
    #expect(
      misuse { _ = try h.solve(b) { [$0[0]] } }
        == "solve: the preconditioner's result has 1 tensor, the input 2")
    #expect(
      misuse { _ = try h.solve(b) { $0.map { -$0 } } }?.hasPrefix(
        "solve: the preconditioner is not positive definite: a residual's product with its own image is -") == true)
  }

  @Test func severalRightSides() throws {
    for dtype in [DType.float32, .float64] {
      let numbers = Tensor((1...9).map { Double($0) }).asType(dtype)
      let h = Self.diagonal(numbers)
      let tolerance = dtype == .float32 ? 1e-5 : 1e-12
      // One that takes many steps, a zero, an eigenvector, a tiny one.
      let tiny = dtype == .float32 ? 1e-30 : 1e-200
      let rows = [
        cos(Tensor.arange(9, dtype: dtype)), Tensor.zeros([9], dtype: dtype), Tensor.eye(9, dtype: dtype)[3],
        tiny * sin(Tensor.arange(9, dtype: dtype)),
      ]
      let block = stacked(rows).reshaped([2, 2, 9])
      let result = h.conjugateGradients(block, tolerance: tolerance)
      #expect(result.failure == nil && result.residuals.count == 4 && result.residual <= tolerance)
      #expect(result.solution.shape == [2, 2, 9] && result.iterations <= 9)
      for (row, b) in rows.enumerated() {
        let own = try h.solve(b, tolerance: tolerance)
        let found = result.solution.reshaped([4, 9])[row]
        let unit = row == 3 ? tiny : 1
        #expect(near(found / unit, doubles(own / unit), tolerance * 100))
      }
      let preconditioned = try h.solve(block, tolerance: tolerance, maxIterations: 3) { $0 / numbers }
      #expect(near(preconditioned.flattened(), doubles((block / numbers).flattened()), tolerance * 100))
      #expect(try h.solve(Tensor.zeros([0, 9], dtype: dtype)).shape == [0, 9])
    }
    let list = HessianOperator(
      { (p: [Tensor]) in square(p[0]).sum() + 2 * square(p[1]).sum() }, at: [f64(1, 2), f64(3)])
    let x = try list.solve(
      [Tensor.ones([3, 2], dtype: .float64), Tensor.ones([3, 1], dtype: .float64)], tolerance: 1e-12)
    #expect(near(x[0].flattened(), Array(repeating: 0.5, count: 6)) && near(x[1].flattened(), [0.25, 0.25, 0.25]))
  }

  /// The others go on.
  @Test func oneOfSeveralFails() {
    let h = Self.diagonal(f64(2, -1, 4))
    let block = Tensor([[1, 0, 1], [0, 3, 0], [1, 0, 0]] as [[Double]])
    let result = h.conjugateGradients(block, tolerance: 1e-12)
    #expect(result.failure == .negativeCurvature(iteration: 1, curvature: -1))
    #expect(doubles(result.negativeCurvatureDirection!) == [0, 3, 0])
    #expect(near(result.solution.flattened(), [0.5, 0, 0.25, 0, 0, 0, 0.5, 0, 0], 1e-12))
    #expect(result.residuals[1] == 1 && result.residual == 1)
  }

  /// What it gives is a constant, and nothing is recorded on the way.
  @Test func insideATransform() throws {
    let slope = grad { (x: Tensor) in
      let h = HessianOperator({ (y: Tensor) in (y * y * y).sum() }, at: x)
      return (try! h.solve(x * 6, tolerance: 1e-12) { $0 / (6 * x) } * x).sum()
    }(f64(1, 2))
    #expect(near(slope, [1, 1], 1e-10))
  }

  /// Rounding takes more iterations than there are elements.
  @Test(arguments: [DType.float32, .float64]) func whatIsPositiveDefiniteIsSolvedUnlessTold(_ dtype: DType) throws {
    for count in [1, 3, 5, 10, 30] {
      for seed in 1...10 {
        var generator = RandomGenerator(seed: UInt64(seed))
        let a = Tensor.normal([count, count], dtype: dtype, using: &generator)
        let matrix = matmul(a, a.transposed()) + 0.1 * Tensor.eye(count, dtype: dtype)
        let b = Tensor.normal([count], dtype: dtype, using: &generator)
        let h = HessianOperator({ (x: Tensor) in dot(x, matmul(matrix, x)) / 2 }, at: b)
        let residual = (h(try h.solve(b)) - b).norm().item() / b.norm().item()
        #expect(residual < (dtype == .float32 ? 1e-3 : 1e-5), "\(count), \(seed): \(residual)")
      }
    }
  }

  // MARK: What cannot be solved

  /// x'Hx/2 of a full matrix.
  private static func full(_ matrix: Tensor) -> HessianOperator<Tensor> {
    HessianOperator(
      { (x: Tensor) in dot(x, matmul(matrix, x)) / 2 }, at: Tensor.zeros([matrix.shape[0]], dtype: matrix.dtype))
  }

  private static func relativeResidual(_ h: HessianOperator<Tensor>, _ x: Tensor, _ b: Tensor) -> Double {
    (b - h(x)).asType(.float64).norm().item() / b.asType(.float64).norm().item()
  }

  @Test(arguments: [DType.float32, .float64]) func rightSidesThatAreNotFinite(_ dtype: DType) throws {
    let h = Self.diagonal(Tensor([1.0, 2, 4]).asType(dtype))
    for bad in [Double.infinity, -.infinity, .nan] {
      let b = Tensor([1, bad, 0]).asType(dtype)
      #expect(throws: ConjugateGradientError.notFinite(iteration: 0)) { _ = try h.solve(b) }
      for preconditioner in [nil, { (r: Tensor) in r * 0.5 }] {
        let block = stacked([Tensor([3.0, 2, 8]).asType(dtype), b, Tensor([0.0, 0, 1]).asType(dtype)])
        let result = h.conjugateGradients(block, preconditioner: preconditioner)
        #expect(result.failure == .notFinite(iteration: 0))
        #expect(near(result.solution.flattened(), [3, 1, 2, 0, 0, 0, 0, 0, 0.25], 1e-5))
        #expect(result.residuals[0] < 2e-5 && result.residuals[1].isNaN && result.residuals[2] < 2e-5)
        #expect(result.residual.isNaN)
      }
    }
    #expect(ConjugateGradientError.notFinite(iteration: 0).description == "solve: the right side is not finite")
  }

  /// A singular matrix and a right side that it does not reach: what is given is the iterate before rounding was
  /// divided by.
  @Test func inconsistentSystemsEndAtAnIterate() {
    let result = Self.diagonal(f64(1, 0, 2)).conjugateGradients(f64(1, 1, 1), tolerance: 1e-10)
    guard case .negativeCurvature(_, let curvature) = result.failure else {
      Issue.record("\(String(describing: result.failure))")
      return
    }
    #expect(abs(curvature) < 1e-15 && doubles(result.solution).allSatisfy { abs($0) < 10 })
    // Going there makes x'Hx/2 - b'x smaller.
    let x = result.solution
    #expect((x * x * f64(1, 0, 2) / 2 - x).sum().item() < -0.5 && result.residual < 10)
    let direction = doubles(result.negativeCurvatureDirection!)
    #expect(abs(direction[1]) > 1e6 * Swift.max(abs(direction[0]), abs(direction[2])))
    // Equal and opposite curvatures, rounded to either sign.
    let saddle = Self.full(Tensor([[0.1, 0.3], [0.3, -0.1]] as [[Double]]))
    for angle in stride(from: 0.0, to: 6.3, by: 0.1) {
      let found = saddle.conjugateGradients(Tensor([cos(angle), sin(angle)]), tolerance: 1e-10)
      #expect(doubles(found.solution).allSatisfy { abs($0) < 1e9 })
    }
  }

  /// B'B of rank 5 in 12 unknowns: what it reaches is solved, of anything else the iterates stay where they are sane.
  @Test(arguments: [DType.float32, .float64]) func semidefinite(_ dtype: DType) throws {
    var generator = RandomGenerator(seed: 12)
    for _ in 0..<100 {
      let b = Tensor.normal([5, 12], dtype: dtype, using: &generator)
      let given = HessianOperator(
        { (x: Tensor) in square(matmul(b, x)).sum() / 2 }, at: Tensor.zeros([12], dtype: dtype))
      for h in [given, Self.full(matmul(b.transposed(), b))] {
        let right = h(Tensor.normal([12], dtype: dtype, using: &generator))
        let x = try h.solve(right, tolerance: dtype == .float32 ? 1e-4 : 1e-10)
        #expect(Self.relativeResidual(h, x, right) <= (dtype == .float32 ? 2e-4 : 2e-10))
        let other = Tensor.normal([12], dtype: dtype, using: &generator)
        let result = h.conjugateGradients(other, tolerance: 1e-6)
        #expect(result.failure != nil && result.residual > 1e-3 && result.residual < (dtype == .float32 ? 2e3 : 4e7))
        #expect(near(f64(result.residual), [Self.relativeResidual(h, result.solution, other)], 1e-2))
        // Inexact Newton methods can go there: x'Hx/2 - b'x is no larger than at zero.
        let y = result.solution.asType(.float64)
        let model = square(matmul(b.asType(.float64), y)).sum() / 2 - dot(other.asType(.float64), y)
        #expect(model.item() <= 0 && y.norm().item() < (dtype == .float32 ? 1e7 : 1e15), "\(model.item())")
      }
    }
  }

  // MARK: Residuals

  /// D turned by two reflections, so that products round.
  private static func turned(_ spectrum: Tensor, _ dtype: DType) -> HessianOperator<Tensor> {
    let count = spectrum.count
    let (u, v) = (sin(Tensor.arange(count, dtype: .float64) + 1), cos(square(Tensor.arange(count, dtype: .float64))))
    let reflections = [u, v].map { Tensor.eye(count, dtype: .float64) - 2 * outer($0, $0) / dot($0, $0) }
    let turn = matmul(reflections[0], reflections[1])
    return full(matmul(turn * spectrum, turn.transposed()).asType(dtype))
  }

  @Test(arguments: [DType.float32, .float64]) func residualsAreComputed(_ dtype: DType) {
    for power in [2.0, 4, 6, 8, 10, 12] {
      let spectrum = pow(10, Tensor.linspace(from: -power, to: 0, count: 60, dtype: .float64))
      let h = Self.turned(spectrum, dtype)
      for seed in 1...4 {
        let b = sin(Tensor.arange(60, dtype: .float64) * Double(seed)).asType(dtype)
        for tolerance in [1e-3, 1e-5, 1e-10] {
          let result = h.conjugateGradients(b, tolerance: tolerance)
          let residual = Self.relativeResidual(h, result.solution, b)
          #expect(near(f64(result.residual), [residual], 1e-3), "\(power): \(result.residual) is \(residual)")
          #expect(result.confirmations >= 1)
          if result.failure == nil { #expect(residual <= 2.01 * tolerance, "\(power): \(residual)") }
          if power <= 2 && tolerance >= 1e-5 { #expect(result.failure == nil && result.confirmations == 1) }
        }
      }
    }
  }

  /// The recurrence says 1e-5 where rounding leaves more: it goes on from what is left while that helps, and says so
  /// where it does not.
  @Test func whatRoundingLeavesIsSaid() {
    let spectrum = pow(10, Tensor.linspace(from: -4, to: 0, count: 60, dtype: .float64))
    let (h, b) = (Self.turned(spectrum, .float32), sin(Tensor.arange(60, dtype: .float32)))
    let result = h.conjugateGradients(b, tolerance: 1e-6, maxIterations: 6000)
    guard case .notConverged(let iterations, let residual) = result.failure else {
      Issue.record("\(String(describing: result.failure))")
      return
    }
    #expect(iterations == result.iterations && iterations < 6000 && residual == result.residual && residual > 2e-6)
    #expect(result.confirmations >= 2 && residual < 1e-3)
    #expect(near(f64(residual), [Self.relativeResidual(h, result.solution, b)], 1e-3))
    #expect("\(result.failure!)".contains("the tolerance is below what the dtype reaches at this conditioning"))
    // Others of a block are not held up, nor counted in.
    let block = h.conjugateGradients(stacked([b, h(b)]), tolerance: 1e-6, maxIterations: 6000)
    #expect(block.residuals[0] > 2e-6 && block.residuals[0] < 1e-3)
    let wide = Self.turned(spectrum, .float64).conjugateGradients(b.asType(.float64), tolerance: 1e-6)
    #expect(wide.failure == nil && wide.residual <= 2e-6)
    // Without a step there is nothing to verify.
    #expect(h.conjugateGradients(b, maxIterations: 0).confirmations == 0)
  }
}
