import Autograd
import Testing

/// What cannot fit is refused before memory is asked for, whatever would have asked first.
@Suite struct LargeBudgetTests {
  private static func point(_ count: Int) -> Tensor { sin(Tensor.arange(count, dtype: .float64) * 0.7) }

  @Test func aWideBandIsRefusedBeforeItIsMade() throws {
    let h = hessian({ (x: Tensor) in (x * x * x).sum() }, sparsity: .banded(50_000), memoryBudget: .megabytes(1))
    let error = #expect(throws: MemoryBudgetError.self) { try h(Self.point(100_000)) }
    // 100,001 diagonals less two corners, of 32 bytes an element.
    #expect(error?.resultBytes == 32 * (100_000 * 100_001 - 50_000 * 50_001))
  }

  @Test func aSearchEndsWhereThereAreTooManyElements() throws {
    let h = hessian({ logSumExp($0) }, sparsity: .detected, memoryBudget: .megabytes(10))
    let error = #expect(throws: MemoryBudgetError.self) { try h(Self.point(20_000)) }
    #expect((error?.predictedBytes ?? 0) > 10_000_000)
    #expect(try h(Self.point(100)).count == 10_000)
  }

  @Test func aPatternThatIsTooLargeBesideADenseResultIsLeftToBlocks() throws {
    // Four dense blocks of 150.
    let f = { (x: Tensor) in exp(0.01 * x.reshaped([4, 150]).sum(axis: 1)).sum() }
    let x = Self.point(600)
    let expected = try hessian(f)(x)
    let result = 8 * 600 * 600
    for spare in [40_000, 400_000, 4_000_000, 40_000_000] {
      let found = try hessian(f, memoryBudget: .bytes(result + spare))(x)
      #expect(abs(found - expected).max().item() < 1e-12)
    }
    let rows = abs(expected).sum(axis: 0)
    #expect((rows - rows[0]).max().item() < 1 && expected[0, 150].item() == 0 && expected[0, 149].item() != 0)
  }

  @Test func recordedRowsCount() throws {
    let x = Self.point(40)
    let f = { (x: Tensor) in logSumExp(square(x)) }
    // The result and a row: enough for numbers, not where all rows' graphs stay.
    let budget = MemoryBudget.bytes(8 * 40 * 40 + 20_000)
    #expect(try hessian(f, memoryBudget: budget)(x).shape == [40, 40])
    let scale = Tensor(2.0, dtype: .float64).tracked()
    let scaled = { (x: Tensor) in scale * f(x) }
    let error = #expect(throws: MemoryBudgetError.self) { try hessian(scaled, memoryBudget: budget)(x) }
    #expect((error?.predictedBytes ?? 0) > 2 * 8 * 40 * 40)
    let h = try hessian(scaled, memoryBudget: .megabytes(10))(x)
    #expect(h.isTracked)
  }

  /// Products solve with the derivative of a million unknowns, of which no matrix fits.
  @Test func equationsOfManyUnknowns() throws {
    let start = Tensor.zeros([1 << 20])
    let slope = grad { (t: Tensor) in
      try! fixedPoint({ x, t in 0.5 * x + t }, from: start, at: t, tolerance: 1e-4).mean()
    }
    #expect(near(slope(Tensor.ones([1])), [2], 1e-5))
    #expect(near(try rootSolve({ x, t in x - t }, from: start, at: Tensor.ones([1])).mean(), [1], 1e-6))
  }

  /// A cyclic shift, which products do not invert.
  @Test func aMatrixThatDoesNotFitIsRefused() {
    let count = 1 << 18
    let order = Tensor((0..<count).map { Int64(($0 + 1) % count) }, shape: [count])
    #expect(throws: SolveError.tooLarge(operation: "rootSolve", size: count, bytes: 1 << 39)) {
      try rootSolve(
        { x, t in x.take(order, axis: 0) - t }, from: Tensor.zeros([count]), at: sin(Tensor.arange(count)))
    }
  }

  @Test func limitsOfSearchesAreChecked() {
    let start = Tensor.zeros([2])
    let theta = Tensor.ones([2])
    #expect(
      misuse { _ = try rootSolve({ x, t in x - t }, from: start, at: theta, maxSteps: -1) }
        == "rootSolve: needs at least 0 iterations, got -1")
    #expect(
      misuse { _ = try fixedPoint({ x, t in 0.5 * x + t }, from: start, at: theta, tolerance: .nan) }
        == "fixedPoint: the tolerance is nan; it must be 0 or more")
  }

  @Test func anInputTwiceIsReported() {
    let x = Tensor([1.0, 2.0]).tracked()
    #expect(
      misuse { _ = HessianOperator(of: square(x).sum(), withRespectTo: [x, x]) }
        == "HessianOperator: input 1, float32 [2], is input 0 again; leave one of them out")
  }

  /// Blocks that do not fit the cache are multiplied in parts.
  @Test func blocksInPartsAreTheSame() {
    let count = 30_000
    let h = HessianOperator(HessianTests.rosenbrock, at: Self.point(count))
    let vectors = stacked((0..<6).map { cos(Tensor.arange(count, dtype: .float64) * (0.3 + 0.1 * Double($0))) })
    let block = h(vectors.reshaped([2, 3, count]))
    #expect(block.shape == [2, 3, count])
    for index in 0..<6 {
      let one = h(vectors[index])
      #expect(abs(block[index / 3, index % 3] - one).max().item() <= 1e-12 * abs(one).max().item())
    }
    // Of several tensors, one of which has no part in the function.
    let pair = HessianOperator(
      { (p: [Tensor]) in HessianTests.rosenbrock(p[0]) }, at: [Self.point(count), Self.point(3)])
    let products = pair([vectors, Tensor.ones([6, 3], dtype: .float64)])
    #expect(abs(products[0] - block.reshaped([6, count])).max().item() == 0)
    #expect(products[1].shape == [6, 3] && abs(products[1]).max().item() == 0)
  }
}
