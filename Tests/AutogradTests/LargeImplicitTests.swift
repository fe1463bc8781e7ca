import Testing

@testable import Autograd

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

  @Test(arguments: [DType.float64, .float32]) func singularDerivatives(_ dtype: DType) {
    let zeros = Tensor.zeros([count], dtype: dtype)
    #expect(throws: SolveError.singular(operation: "rootSolve", size: count)) {
      try rootSolve({ x, a in x * 0 + a }, from: zeros, at: zeros + 1)
    }
    // Where the search needs no derivative, the first that is taken reports, in either direction.
    let root = { (a: Tensor) in try! rootSolve({ x, a in x * x * x - a }, from: zeros, at: a) }
    let messages = [
      misuse { _ = grad { root($0).sum() }(zeros) }, misuse { _ = jvp(root, at: zeros, along: zeros + 1) },
    ]
    for message in messages {
      #expect(message?.hasPrefix("rootSolve: the derivative of the equation") == true)
      #expect(message?.contains("320 unknowns is singular") == true)
    }
  }

  /// A right side may have a solution where the matrix is singular: one of many, which is no derivative.
  @Test func aSolutionThatIsNotTheOnlyOneIsNone() {
    let mask = (Tensor.arange(count, dtype: .float64) .> 0).asType(.float64)
    let root = { (a: Tensor) in try! rootSolve({ x, a in mask * (x - a) }, from: Tensor.zeros(like: a), at: a) }
    let message = misuse { _ = grad { (root($0) * mask).sum() }(numbers([count], 1)) }
    #expect(message?.contains("singular") == true)
  }

  /// Eigenvalues over four powers of ten, in float32: as exact as its numbers are, with and without products.
  @Test func spreadEigenvaluesInFloat32() {
    for count in [200, 320] {
      let scale = exp(Tensor.arange(count, dtype: .float64) * (-9.2 / Double(count))).asType(.float32)
      let root = { (b: Tensor) in try! rootSolve({ x, b in scale * x - b }, from: Tensor.zeros(like: b), at: b) }
      let b = numbers([count], 2).asType(.float32)
      #expect(near(grad { root($0).sum() }(b) * scale, doubles(Tensor.ones([count])), 1e-4))
    }
  }

  /// A root that is near enough is not lost because it cannot be polished.
  @Test func aStartNearEnoughIsARoot() throws {
    let large = 1 << 18
    let order = Tensor((0..<large).map { Int64(($0 + 1) % large) }, shape: [large])
    let start = 1e-7 * sin(Tensor.arange(large))
    #expect(try rootSolve({ x, a in x.take(order, axis: 0) - a }, from: start, at: 0 * start).allClose(start))
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

  /// Many right sides are solved some at a time, within 128 MB; of up to 2048 unknowns they are worth a matrix.
  @Test func manyRightSides() async {
    await #expect(processExitsWith: .success) {
      // A space's 48 vectors of all sides would be 461 and 691 MB.
      let sides = 600
      for (count, most) in [(2000, (2000 * 2000 + 4 * sides * 2000) * 8), (3000, 3 * (1 << 27))] {
        let a = sin(Tensor.arange(count, dtype: .float64)) + 2
        let root = { (a: Tensor) in try! rootSolve({ x, a in x * x * x + x - a }, from: Tensor.zeros(like: a), at: a) }
        let pullback = vjp(root, at: a).pullback
        let peak = TensorMemory.peak { pullback(Tensor.basis(0..<sides, like: a)) }
        let x = root(a)
        let slope = (1 / (3 * x * x + 1))[..<sides]
        #expect(peak.bytes < most, "\(peak.bytes) of \(most)")
        #expect(peak.result.diagonal().allClose(slope, relative: 1e-10))
        #expect(abs(peak.result.sum().item() - slope.sum().item()) < 1e-8)
      }
    }
  }

  /// A root of few unknowns keeps the factors of a matrix, and nothing of the function's graph.
  @Test func whatARootKeeps() async {
    await #expect(processExitsWith: .success) {
      let data = sin(Tensor.arange(100_000, dtype: .float64)).reshaped([10_000, 10])
      let theta = Tensor.full([10], 1, dtype: .float64).tracked()
      let before = TensorMemory.liveBytes
      let root = try rootSolve(
        { x, a in matmul(data.transposed(), tanh(matmul(data, x))) + x - a }, from: Tensor.zeros(like: theta),
        at: theta)
      #expect(TensorMemory.liveBytes - before < 20_000 && root.isTracked)
    }
  }

  @Test func empty() throws {
    let none = Tensor.zeros([0, 3])
    let f = { (a: Tensor) in try! fixedPoint({ x, a in 0.5 * x + a }, from: none, at: a) }
    #expect(grad { f($0).sum() }(none).shape == [0, 3])
  }
}
