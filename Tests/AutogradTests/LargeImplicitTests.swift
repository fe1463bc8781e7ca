import Autograd
import Testing

/// Solutions of equations with so many unknowns that products invert their derivatives.
struct LargeImplicitTests {
  private let count = 320

  /// Numbers without regularity between -1 and 1.
  private func numbers(_ shape: Shape, _ seed: Double) -> Tensor {
    sin(Tensor.arange(shape.elementCount, dtype: .float64) * 12.9898 + seed).reshaped(shape)
  }

  /// A state of a batch: 40 examples of 8 numbers.
  private func equilibrium(_ theta: [Tensor]) -> Tensor {
    try! fixedPoint(
      { z, theta in tanh(matmul(z, theta[0]) + theta[1]) },
      from: Tensor.zeros(like: theta[1]), at: theta)
  }

  private func repeated(_ theta: [Tensor]) -> Tensor {
    (0..<80).reduce(Tensor.zeros(like: theta[1])) { z, _ in tanh(matmul(z, theta[0]) + theta[1]) }
  }

  @Test func layersInEveryComposition() {
    let theta = [0.15 * numbers([8, 8], 0.3), numbers([40, 8], 1)]
    let weights = numbers([40, 8], 2)
    let agree = agreeToOrderTwo(
      { (square(equilibrium($0)) * weights).sum() }, { (square(repeated($0)) * weights).sum() }, at: theta, 1e-9)
    #expect(agree)
  }

  @Test func layersInFloat32() {
    let theta = [0.15 * numbers([8, 8], 0.3), numbers([40, 8], 1)].map { $0.asType(.float32) }
    #expect(equilibrium(theta).dtype == .float32)
    let agree = agreeToOrderTwo({ square(equilibrium($0)).mean() }, { square(repeated($0)).mean() }, at: theta, 1e-4)
    #expect(agree)
  }

  /// A x = b + x^3 / 10 with A far from symmetric: a root, and its Jacobian from blocks of right sides.
  @Test func rootsAgreeWithTheDenseDerivative() throws {
    let matrix = 4 * Tensor.eye(count, dtype: .float64) + 2 * numbers([count, count], 0.7) / Double(count).squareRoot()
    let b = numbers([count], 3)
    let root = { (b: Tensor) in
      try! rootSolve({ x, b in matmul(matrix, x) - b - x * x * x / 10 }, from: Tensor.zeros(like: b), at: b)
    }
    let x = root(b)
    #expect(near(matmul(matrix, x) - x * x * x / 10, doubles(b), 1e-11))
    let derivative = matrix - (0.3 * x * x).diagonalEmbedded()
    let found = try jacobian(root)(b)
    #expect(near(matmul(derivative, found).flattened(), doubles(Tensor.eye(count, dtype: .float64).flattened()), 1e-10))
    // Right sides of very different sizes, a zero and one that is no number, each by itself.
    let sides = stacked([b, 1e-200 * b, 0 * b, .nan * b, 1e200 * b])
    let pulled = vjp(root, at: b).pullback(sides)
    for (row, scale) in [(0, 1), (1, 1e-200), (4, 1e200)] {
      #expect(near(matmul(pulled[row] / scale, derivative), doubles(b), 1e-10))
    }
    #expect(doubles(pulled[2]) == Array(repeating: 0, count: count))
    #expect(doubles(pulled[3]).allSatisfy { $0.isNaN })
  }

  /// A cyclic shift: products lead nowhere before there are as many as unknowns, so the matrix is factored.
  @Test func whatProductsDoNotSolveIsFactored() {
    let order = Tensor((0..<count).map { Int64(($0 + 1) % count) }, shape: [count])
    let b = numbers([count], 5)
    let root = { (b: Tensor) in
      try! rootSolve({ x, b in x.take(order, axis: 0) - b }, from: Tensor.zeros(like: b), at: b)
    }
    #expect(near(root(b).take(order, axis: 0), doubles(b), 1e-12))
    let weights = numbers([count], 6)
    #expect(near(grad { (root($0) * weights).sum() }(b), doubles(weights.take(order, axis: 0)), 1e-12))
  }

  @Test func singularDerivatives() {
    let zeros = Tensor.zeros([count], dtype: .float64)
    #expect(throws: SolveError.singular(operation: "rootSolve", size: count)) {
      try rootSolve({ x, a in x * 0 + a }, from: zeros, at: zeros + 1)
    }
    // Where the search needs no derivative, the first that is taken reports.
    let message = misuse {
      let root = { (a: Tensor) in try! rootSolve({ x, a in x * x * x - a }, from: zeros, at: a) }
      _ = grad { root($0).sum() }(zeros)
    }
    #expect(message?.hasPrefix("rootSolve: the derivative of the equation") == true)
    #expect(message?.contains("320 unknowns is singular") == true)
  }

  /// No matrix is made: 3000 unknowns would take 72 MB.
  @Test func memoryIsThatOfVectors() async {
    await #expect(processExitsWith: .success) {
      let a = sin(Tensor.arange(3000, dtype: .float64)) + 2
      let root = { (a: Tensor) in try! rootSolve({ x, a in x * x * x + x - a }, from: Tensor.zeros(like: a), at: a) }
      let peak = TensorMemory.peak { grad { root($0).sum() }(a) }
      #expect(peak.bytes < 100 * a.count * 8)
      let x = root(a)
      #expect(near(peak.result, doubles(1 / (3 * x * x + 1)), 1e-10))
    }
  }

  @Test func empty() throws {
    let none = Tensor.zeros([0, 3])
    let f = { (a: Tensor) in try! fixedPoint({ x, a in 0.5 * x + a }, from: none, at: a) }
    #expect(grad { f($0).sum() }(none).shape == [0, 3])
  }
}
