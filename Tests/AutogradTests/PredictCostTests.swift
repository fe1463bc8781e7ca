import Autograd
import Testing

/// In processes of their own, because memory is counted over the whole process.
@Suite struct PredictCostTests {
  // MARK: Functions

  static func rosenbrock(_ x: Tensor) -> Tensor {
    let (a, b) = (x[..<(-1)], x[1...])
    return (100 * square(b - square(a)) + square(1 - a)).sum()
  }

  static func numbers(_ shape: Shape, _ seed: UInt64 = 1, dtype: DType = .float64) -> Tensor {
    var generator = RandomGenerator(seed: seed)
    return Tensor.normal(shape, standardDeviation: 0.3, dtype: dtype, using: &generator)
  }

  /// tanh layers of these widths, a batch of 32, a mean squared error.
  static func net(_ sizes: [Int]) -> (f: ([Tensor]) -> Tensor, point: [Tensor]) {
    let (inputs, targets) = (numbers([32, sizes[0]], 2), numbers([32, sizes[sizes.count - 1]], 3))
    let point = zip(sizes, sizes.dropFirst()).flatMap { [numbers([$0, $1], 4), numbers([$1], 5)] }
    let f = { (p: [Tensor]) in
      var x = inputs
      for layer in 0..<p.count / 2 {
        x = matmul(x, p[2 * layer]) + p[2 * layer + 1]
        if layer < p.count / 2 - 1 { x = tanh(x) }
      }
      return mse(x, targets)
    }
    return (f, point)
  }

  static func convolutions(_ batch: Int) -> (f: ([Tensor]) -> Tensor, point: [Tensor]) {
    let images = numbers([batch, 1, 12, 12], 2)
    let labels = Tensor((0..<batch).map { $0 % 10 }, shape: [batch])
    let point = [numbers([4, 1, 3, 3], 3), numbers([4], 4), numbers([4 * 5 * 5, 10], 5), numbers([10], 6)]
    let f = { (p: [Tensor]) in
      let features = maxPool2d(tanh(conv2d(images, p[0], p[1])), 2)
      return crossEntropy(matmul(features.reshaped([batch, 4 * 5 * 5]), p[2], adding: p[3]), labels)
    }
    return (f, point)
  }

  static func chain(_ x: Tensor) -> Tensor {
    var y = x
    for _ in 0..<10 { y = sin(y) * 1.1 + exp(-square(y)) }
    return y.sum()
  }

  // MARK: Comparison

  /// The most that a computation needs, which on several threads not every run does: one that is asleep or busy
  /// leaves its share to the others. Of many runs one has all of them at their most.
  static func most(comparedWith predicted: Int, _ body: () -> Void) -> Int {
    var most = 0
    var runs = 0
    repeat {
      most = Swift.max(most, TensorMemory.peak(during: body).bytes)
      runs += 1
    } while BLAS.threads > 1 && Double(predicted) > 1.2 * Double(most) && runs < 200
    return most
  }

  private static func compare(
    _ what: String, _ predicted: ComputationCost, _ sourceLocation: SourceLocation, _ body: () -> Void
  ) {
    let work = TensorWork.flops(during: body).flops
    let peak = most(comparedWith: predicted.peakBytes, body)
    for (name, said, found) in [("flops", predicted.flops, work), ("bytes", predicted.peakBytes, peak)] {
      #expect(
        Double(Swift.abs(said - found)) <= 0.2 * Double(found), "\(what): \(said) \(name) predicted, \(found) measured",
        sourceLocation: sourceLocation)
    }
  }

  /// Whether what is predicted is what is then measured, within 20 %.
  static func check(
    _ f: @escaping ([Tensor]) -> Tensor, _ point: [Tensor], hessian hasHessian: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let costs = predictCost(of: f, at: point)
    compare("value", costs.value, sourceLocation) { _ = f(point) }
    compare("gradient", costs.gradient, sourceLocation) { _ = valueAndGrad(f)(point) }
    compare("hvp", costs.hvp, sourceLocation) { _ = valueGradAndHVP(f, at: point, along: point) }
    if hasHessian {
      #expect(throws: MemoryBudgetError.self, sourceLocation: sourceLocation) {
        try hessian(f, memoryBudget: .bytes(costs.hessianBudget - 1))(point)
      }
      #expect(throws: Never.self, sourceLocation: sourceLocation) {
        try hessian(f, memoryBudget: .bytes(costs.hessianBudget))(point)
      }
      compare("hessian", costs.hessian, sourceLocation) { _ = try! hessian(f)(point) }
      compare("diagonal", costs.hessianDiagonal, sourceLocation) { _ = hessianDiagonal(f)(point) }
      if let sparse = costs.sparseHessian {
        compare("sparse", sparse, sourceLocation) { _ = hessian(f, sparsity: .detected)(point) }
      }
    }
  }

  // MARK: Tests

  @Test func rosenbrockOfSeveralSizes() async {
    await #expect(processExitsWith: .success) {
      // Several threads' blocks are taken to need their most at the same time, which they may or may not.
      BLAS.threads = 1
      for count in [10, 100, 400] {
        PredictCostTests.check({ PredictCostTests.rosenbrock($0[0]) }, [PredictCostTests.numbers([count])])
      }
      PredictCostTests.check(
        { PredictCostTests.rosenbrock($0[0]) }, [PredictCostTests.numbers([100_000])], hessian: false)
    }
  }

  /// Found to be sparse: flops grow with the size, not with its square.
  @Test func hessiansThatAreFoundToBeSparse() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2] {
        BLAS.threads = threads
        for count in threads == 1 ? [600, 1000, 3000] : [1000] {
          let f = { (p: [Tensor]) in PredictCostTests.rosenbrock(p[0]) }
          let point = [PredictCostTests.numbers([count])]
          PredictCostTests.check(f, point)
          let costs = predictCost(of: f, at: point)
          #expect(costs.sparseHessian != nil && costs.hessian.flops < 100 * costs.gradient.flops)
        }
        // Blocks of several tensors, cut out of the whole.
        PredictCostTests.check(
          { p in PredictCostTests.chain(p[0]) + (p[0] * p[1] * p[1]).sum() },
          [PredictCostTests.numbers([400]), PredictCostTests.numbers([400], 2)])
      }
    }
  }

  /// Asked, and found to be dense.
  @Test func largeHessiansThatAreDense() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2] {
        BLAS.threads = threads
        let (f, point) = PredictCostTests.net([16, 24, 24, 4])
        PredictCostTests.check(f, point)
        #expect(predictCost(of: f, at: point).sparseHessian == nil)
        if threads == 1 {
          let (f, point) = PredictCostTests.convolutions(4)
          PredictCostTests.check(f, point)
        }
      }
    }
  }

  @Test func netsOfSeveralSizes() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2] {
        BLAS.threads = threads
        for sizes in [[4, 6, 1], [8, 12, 12, 3], [16, 20, 5]] {
          let (f, point) = PredictCostTests.net(sizes)
          PredictCostTests.check(f, point, hessian: threads == 1)
        }
        let (f, point) = PredictCostTests.net([64, 256, 256, 10])
        PredictCostTests.check(f, point, hessian: false)
      }
    }
  }

  @Test func convolutionNets() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      for batch in [4, 32] {
        let (f, point) = PredictCostTests.convolutions(batch)
        PredictCostTests.check(f, point, hessian: false)
      }
    }
  }

  @Test func chainsOfPointwiseFunctions() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      for count in [30, 200] {
        PredictCostTests.check({ PredictCostTests.chain($0[0]) }, [PredictCostTests.numbers([count])])
      }
      PredictCostTests.check({ PredictCostTests.chain($0[0]) }, [PredictCostTests.numbers([50_000])], hessian: false)
    }
  }

  @Test func logSumExpAndItsHessian() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      for count in [20, 300] {
        PredictCostTests.check({ logSumExp($0[0], axis: 0) }, [PredictCostTests.numbers([count])])
      }
      PredictCostTests.check(
        { logSumExp($0[0], axis: 0) }, [PredictCostTests.numbers([30_000], dtype: .float32)], hessian: false)
    }
  }

  /// Large enough that a rehearsal leaves their kernels out: nothing may depend on the numbers.
  @Test func operatorsOfManyKinds() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      let indices = Tensor((0..<300).map { $0 * 7 % 200 })
      let labels = Tensor((0..<200).map { $0 % 150 })
      let functions: [(Tensor) -> Tensor] = [
        { x in softmax(x).sorted(axis: 1).values.cumsum(axis: 1).sum() },
        { x in square(x.max(axis: 1)).sum() + x.cumprod(axis: 0).mean() },
        { x in square(x.take(indices)).sum() + (x * x).prod(axis: 1).sum() },
        { x in crossEntropy(layerNorm(x), labels) },
        { x in square(x.norm(axes: [1])).sum() + logSumExp(matmul(x, x.transposed()), axis: 0).sum() },
        { x in `where`(x .> 0, sin(x), square(x)).sum() + concatenated([x, exp(x)]).topK(5).values.sum() },
        { x in checkpoint { (y: Tensor) in tanh(y) * sigmoid(y) + relu(y) }(x).sum() },
        { x in avgPool2d(square(x).reshaped([1, 1, 200, 150]), 2).sum() + clamp(x, minimum: -1, maximum: 1).sum() },
      ]
      for f in functions {
        PredictCostTests.check({ f($0[0]) }, [PredictCostTests.numbers([200, 150])], hessian: false)
      }
    }
  }

  @Test func jacobiansBothWays() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      for (rows, columns) in [(40, 300), (300, 40)] {
        let matrix = PredictCostTests.numbers([rows, columns], 7)
        let f = { (x: Tensor) in matmul(matrix, sin(x)) }
        let x = PredictCostTests.numbers([columns])
        let (cost, budget) = predictJacobianCost(of: f, at: x)
        PredictCostTests.compare("jacobian", cost, #_sourceLocation) { _ = try! jacobian(f)(x) as Tensor }
        #expect(throws: MemoryBudgetError.self) { try jacobian(f, memoryBudget: .bytes(budget - 1))(x) as Tensor }
        #expect(throws: Never.self) { try jacobian(f, memoryBudget: .bytes(budget))(x) as Tensor }
      }
    }
  }

  @Test func theErrorOfABudgetSaysThePredictedNumber() async {
    await #expect(processExitsWith: .success) {
      let f = { (x: Tensor) in PredictCostTests.rosenbrock(x) }
      let x = PredictCostTests.numbers([10_000])
      let costs = predictCost(of: f, at: x)
      do throws(MemoryBudgetError) {
        _ = try hessian(f, memoryBudget: .megabytes(500))(x)
        Issue.record("800 MB fit into 500")
      } catch {
        #expect(error.predictedBytes == costs.hessianBudget)
      }
      #expect(costs.hessian.peakBytes >= 800_000_000)
    }
  }

  /// Counted on paper: a product of matrices is 2 m n k.
  @Test func flopsAreThoseOfTheTextbook() async {
    await #expect(processExitsWith: .success) {
      let (a, b) = (PredictCostTests.numbers([30, 40]), PredictCostTests.numbers([40, 50]))
      #expect(TensorWork.flops { matmul(a, b) }.flops == 2 * 30 * 40 * 50)
      #expect(TensorWork.flops { a + a }.flops == 30 * 40)
      #expect(TensorWork.flops { a.sum() }.flops == 30 * 40)
      #expect(TensorWork.flops { a.transposed() }.flops == 0)
      #expect(TensorWork.flops { Tensor.zeros([100]) }.flops == 0)
      let outer = TensorWork.flops { TensorWork.flops { a + a }.flops }
      #expect(outer.flops == outer.result && outer.result == 1200)

      let sizes = [64, 256, 256, 10]
      let (f, point) = PredictCostTests.net(sizes)
      let costs = predictCost(of: f, at: point)
      let layers = zip(sizes, sizes.dropFirst()).map { 2.0 * 32 * Double($0 * $1) }
      // The inputs of the first layer are data, and have no derivative.
      let (all, inner) = (layers.reduce(0, +), layers.dropFirst().reduce(0, +))
      // Each layer's value, weight's cotangent and input's cotangent, ...
      let gradient = 2 * all + inner
      // ... and each again for each of the two factors that vary along the direction.
      let product = gradient + (all + inner) + (inner + all) + 2 * inner
      func near(_ count: Int, _ expected: Double) -> Bool {
        Double(count) > expected * 0.98 && Double(count) < expected * 1.1
      }
      #expect(near(costs.value.flops, all), "\(costs.value.flops) \(all)")
      #expect(near(costs.gradient.flops, gradient), "\(costs.gradient.flops) \(gradient)")
      #expect(near(costs.hvp.flops, product), "\(costs.hvp.flops) \(product)")
    }
  }

  @Test func aPredictionComputesNothingAndLeavesNothing() async {
    await #expect(processExitsWith: .success) {
      // A Hessian of 78 GB is predicted in the memory of some products, and afterwards all is as before.
      let (f, point) = PredictCostTests.net([64, 256, 256, 64])
      _ = predictCost(of: f, at: point)
      let (live, nodes) = (TensorMemory.liveBytes, LiveGraph.nodeCount)
      let (costs, bytes) = TensorMemory.peak { predictCost(of: f, at: point) }
      #expect(bytes < 1_000_000_000, "\(bytes)")
      #expect(costs.hessian.peakBytes > 78_000_000_000)
      // An optimizer would free the net after its last use.
      withExtendedLifetime((f, point)) {
        #expect(TensorMemory.liveBytes == live && LiveGraph.nodeCount == nodes)
      }
      // Derivatives are right again after a rehearsal.
      let x = Tensor([0.5, -0.5, 1.5])
      let before = grad(PredictCostTests.rosenbrock)(x)
      _ = predictCost(of: PredictCostTests.rosenbrock, at: PredictCostTests.numbers([5000]))
      #expect(grad(PredictCostTests.rosenbrock)(x).scalars(as: Float.self) == before.scalars(as: Float.self))
    }
  }

  @Test func misuseIsReported() {
    let x = Tensor([1.0, 2.0])
    #expect(misuse { _ = predictCost(of: { (x: Tensor) in x }, at: x) }?.contains("one floating-point number") == true)
    #expect(
      misuse { _ = predictCost(of: { (x: Tensor) in x.sum() }, at: Tensor([1, 2] as [Int])) }?
        .contains("cannot differentiate") == true)
  }

  // MARK: In words

  @Test func descriptions() {
    let f = { (x: Tensor) in square(x).sum() / 2 }
    let costs = predictCost(of: f, at: Tensor.ones([600], dtype: .float64))
    let lines = "\(costs)".split(separator: "\n").map(String.init)
    #expect(
      lines.map { String($0.prefix { $0 != " " }) }
        == ["value", "gradient", "hvp", "hessian", "hessianDiagonal", "sparseHessian"])
    #expect(lines[1] == "gradient         \(costs.gradient)")
    #expect(lines[3].hasSuffix("B") && lines[3].contains(", budget of at least "))
    for line in lines { #expect(line.contains("flop, ")) }
  }

  /// What a rehearsal computes is arbitrary, and no derivative is asked for in earnest.
  @Test func checksDoNotLookAtPredictions() throws {
    let w = Tensor([1, -2, 1] as [Double]).reshaped([1, 1, 3])
    let f = { (x: Tensor) in square(tanh(conv1d(x.reshaped([1, 1, x.count]), w))).sum() }
    let x = cos(Tensor.arange(600).asType(.float64))
    for _ in 0..<3 {
      try withNaNCheck {
        _ = predictCost(of: f, at: x)
        _ = predictJacobianCost(of: { tanh(conv1d($0.reshaped([1, 1, $0.count]), w)) }, at: x)
      }
    }
    // Nor at the infinite slope of its recorded gradient.
    let zero = Tensor([0, 1] as [Double])
    _ = try withNaNCheck { predictCost(of: { sqrt($0).sum() }, at: zero) }
    _ = try withStrictDerivatives { predictCost(of: { abs($0).sum() }, at: zero) }
    // They look at what comes afterwards.
    #expect(throws: NaNError.self) {
      try withNaNCheck {
        _ = predictCost(of: f, at: x)
        _ = log(zero)
      }
    }
    #expect(throws: NotDifferentiableError.self) {
      try withStrictDerivatives {
        _ = predictCost(of: { abs($0).sum() }, at: zero)
        _ = grad { abs($0).sum() }(zero)
      }
    }
  }
}
