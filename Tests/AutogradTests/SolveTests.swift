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
}
