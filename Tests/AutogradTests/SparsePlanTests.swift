import Testing

@testable import Autograd
@testable import Tensor

/// Colourings, what finding a pattern costs, and the memory of sparse Hessians.
struct SparsePlanTests {
  private func plan(_ pairs: [(Int, Int)], count: Int) -> CompressionPlan {
    CompressionPlan(.pattern(pairs.map(\.0), pairs.map(\.1)), count: count)!
  }

  /// Reads every element of a symmetric matrix of the pattern from the products that a plan asks for.
  private func isRight(_ plan: CompressionPlan) -> Bool {
    let n = plan.count
    let pairs = Set(zip(plan.rows, plan.columns).map { $0 * n + $1 })
    guard pairs.allSatisfy({ pairs.contains($0 % n * n + $0 / n) }) else { return false }
    func element(_ row: Int, _ column: Int) -> Double {
      pairs.contains(row * n + column) ? Double(Swift.min(row, column) * n + Swift.max(row, column) + 1) : 0
    }
    let products = (0..<plan.colorCount).map { color in
      (0..<n).map { row in
        (0..<n).reduce(0.0) { plan.colors[$1] == color ? $0 + element(row, $1) : $0 }
      }
    }
    return plan.places.indices.allSatisfy {
      products[plan.places[$0] / n][plan.places[$0] % n] == element(plan.rows[$0], plan.columns[$0])
    }
  }

  @Test func colorings() {
    var generator = PatternGenerator(state: 7)
    for count in [1, 2, 3, 10, 40] {
      for density in [0.5, 1, 3, 10] {
        let pairs = (0..<Int(density * Double(count))).map { _ in (generator.next(count), generator.next(count)) }
        let plan = plan(pairs, count: count)
        #expect(isRight(plan), "\(count), \(density)")
      }
      for width in [0, 1, 2, 5] {
        let pairs = (0..<count).flatMap { row in
          (Swift.max(0, row - width)..<Swift.min(count, row + width + 1)).map { (row, $0) }
        }
        let found = plan(pairs, count: count)
        let banded = CompressionPlan(.banded(width), count: count)!
        #expect(isRight(found) && isRight(banded) && found.rows == banded.rows && found.columns == banded.columns)
        #expect(found.colorCount <= 2 * width + 1 && banded.colorCount == Swift.min(2 * width + 1, count))
      }
    }
    // More colours than a word has bits.
    #expect(isRight(CompressionPlan(.banded(99), count: 100)!))
    #expect(isRight(plan((0..<100).flatMap { row in (0..<100).map { (row, $0) } }, count: 100)))
  }

  /// An arrow takes two products, wherever its tip is: an element is read from either side of the diagonal.
  @Test func arrows() {
    for tip in [0, 17, 299] {
      let arrow = plan((0..<300).flatMap { [($0, $0), (tip, $0)] }, count: 300)
      #expect(arrow.colorCount == 2 && isRight(arrow))
    }
    let count = 4000
    let x = sin(Tensor.arange(count, dtype: .float64) + 1)
    let pattern = Sparsity.pattern(
      rows: Array(repeating: 0, count: count) + Array(0..<count), columns: Array(0..<count) + Array(0..<count))
    let f = { (x: Tensor) in (x[0] * x * x).sum() }
    let h = hessian(f, sparsity: pattern)(x)
    #expect(h.count == 3 * count - 2 && near(h.diagonal()[1...], doubles(2 * x[0].expanded(to: [count - 1])), 1e-13))
  }

  /// The number of products does not depend on the size; walks along the graph cost less than one.
  @Test func constantCost() {
    let flops = [600, 2400].map { count in
      let x = sin(Tensor.arange(count, dtype: .float64))
      let gradient = TensorWork.flops { HessianOperator(HessianTests.rosenbrock, at: x) }
      let one = TensorWork.flops { gradient.result(x) }.flops
      return [Sparsity.banded(1), .detected].map { sparsity in
        let all = TensorWork.flops { hessian(HessianTests.rosenbrock, sparsity: sparsity)(x) }.flops
        return Double(all - gradient.flops) / Double(one)
      } + [Double(TensorWork.flops { try! hessian(HessianTests.rosenbrock)(x) }.flops - gradient.flops) / Double(one)]
    }
    for costs in flops {
      // Three colours, and a check where the pattern was given.
      #expect(costs.allSatisfy { $0 > 2.5 && $0 < 4.5 }, "\(costs)")
    }
  }

  /// Colours go in blocks: the memory on the way does not grow with their number.
  @Test func memory() async {
    // In a process of its own: a peak counts what all threads hold.
    await #expect(processExitsWith: .success) {
      let x = sin(Tensor.arange(640, dtype: .float64))
      let weights = cos(Tensor.arange(2000, dtype: .float64)).unsqueezed(axis: 1)
      let f = { (x: Tensor) in sin(weights * (x[..<(-60)] * x[60...])).sum() }
      let (product, gradient) = TensorMemory.peak { HessianOperator(f, at: x) }
      let one = TensorMemory.peak { product(x) }.bytes
      for sparsity in [Sparsity.banded(60), .detected] {
        let all = TensorMemory.peak { hessian(f, sparsity: sparsity)(x) }.bytes
        #expect(all < gradient + 3 * one, "\(sparsity): \(all), gradient \(gradient), a product \(one)")
      }
    }
  }

  @Test func budget() async throws {
    let x = sin(Tensor.arange(900, dtype: .float64))
    let elements = 2698 * (8 + 24)
    for sparsity in [Sparsity.banded(1), .detected] {
      let within = hessian(HessianTests.rosenbrock, sparsity: sparsity, memoryBudget: .megabytes(10))
      #expect(near(try within(x).dense(), HessianTests.rosenbrockHessian(doubles(x)), 1e-11))
      let error = #expect(throws: MemoryBudgetError.self) {
        try hessian(HessianTests.rosenbrock, sparsity: sparsity, memoryBudget: .bytes(elements))(x)
      }
      #expect(error?.resultBytes == elements && error?.operation == "hessian")
      // One product at a time, if no more fits.
      let least = try #require(error?.predictedBytes)
      let slow = hessian(HessianTests.rosenbrock, sparsity: sparsity, memoryBudget: .bytes(least))
      #expect(near(try slow(x).dense(), HessianTests.rosenbrockHessian(doubles(x)), 1e-11))
      let listed = hessian(
        { (p: [Tensor]) in HessianTests.rosenbrock(p[0]) }, sparsity: sparsity, memoryBudget: .bytes(least))
      #expect(try listed([x]).count == 2698)
    }
    await #expect(processExitsWith: .success) {
      let x = sin(Tensor.arange(3000, dtype: .float64))
      let budget = MemoryBudget.bytes(2_000_000)
      let gradient = TensorMemory.peak { HessianOperator(HessianTests.rosenbrock, at: x) }.bytes
      let peak = TensorMemory.peak {
        try! hessian(HessianTests.rosenbrock, sparsity: .banded(5), memoryBudget: budget)(x)
      }.bytes
      #expect(peak <= gradient + budget.bytes)
    }
  }

  /// Found patterns are kept inside other transforms, where the graph gives them.
  @Test func recorded() {
    let x = sin(Tensor.arange(600, dtype: .float64))
    var counts: [Int] = []
    let slope = grad { (x: Tensor) in
      let h = hessian(HessianTests.rosenbrock, sparsity: .detected)(x)
      counts.append(h.count)
      return square(h.values).sum()
    }(x)
    let given = grad { (x: Tensor) in square(hessian(HessianTests.rosenbrock, sparsity: .banded(1))(x).values).sum() }(
      x)
    #expect(counts == [3 * 600 - 2] && near(slope, doubles(given), 1e-9))
    let dense = grad { (x: Tensor) in square(try! hessian(HessianTests.rosenbrock)(x)).sum() }(x)
    #expect(near(dense, doubles(given), 1e-9))
    let diagonals = grad { (x: Tensor) in square(hessianDiagonal(HessianTests.rosenbrock)(x)).sum() }(x)
    let expected = grad { (x: Tensor) in
      square(hessian(HessianTests.rosenbrock, sparsity: .banded(1))(x).diagonal()).sum()
    }(x)
    #expect(near(diagonals, doubles(expected), 1e-9))
  }

  /// In pieces and recorded: values are put back in the order of the elements.
  @Test func recordedInPieces() {
    let x = sin(Tensor.arange(40, dtype: .float64))
    let weights = cos(Tensor.arange(3000, dtype: .float64)).unsqueezed(axis: 1)
    let f = { (x: Tensor) in sin(weights * (x[..<(-9)] * x[9...])).mean() }
    let sparse = grad { (x: Tensor) in square(hessian(f, sparsity: .banded(9))(x).values).sum() }(x)
    let dense = grad { (x: Tensor) in square(try! hessian(f)(x)).sum() }(x)
    #expect(near(sparse, doubles(dense), 1e-9))
  }

  /// A function whose rule hides NaN from the search is found out, and all elements are computed.
  @Test func hiddenDependence() {
    final class Guarded: Function, @unchecked Sendable {
      override var name: String { "guarded" }
      override var saves: [Saved] { [.input(0)] }
      override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * inputs[0]] }
      override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [cotangents[0].map { 2 * $0 * saved.input(0) }]
      }
      override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [tangents[0].map { 2 * `where`($0 .== $0, $0, 0) * saved.input(0) }]
      }
    }
    let f = { (x: Tensor) in
      let y = Guarded()(x)
      return (y[1...] * y[..<(-1)]).sum()
    }
    let x = sin(Tensor.arange(20, dtype: .float64)) + 2
    let found = hessian(f, sparsity: .detected)(x)
    #expect(near(found.dense(), doubles(try! hessian(f)(x)), 1e-12))
  }

  /// An element that is not finite says nothing of the others, which are checked all the same.
  @Test func checkBesideInfinity() {
    let f = { (x: Tensor) in pow(x[0], 1.5) + (x[1..<18] * x[3..<20]).sum() }
    var x = sin(Tensor.arange(20, dtype: .float64))
    x[0] = 0
    let message = misuse { _ = hessian(f, sparsity: .banded(1))(x) }
    #expect(message?.hasPrefix("hessian: the sparsity pattern misses elements") == true)
    #expect(misuse { _ = hessian(f, sparsity: .banded(2))(x) } == nil)
  }

  // MARK: What the check finds

  /// Where all is rounding there is nothing to miss.
  @Test(arguments: [DType.float32, .float64]) func rightPatternsOfWhatVanishesPass(_ dtype: DType) {
    let functions: [(Tensor) -> Tensor] = [
      { softmax($0, axis: -1).sum() }, { (exp(logSoftmax($0, axis: -1)) * 1e6).sum() },
      { softmax($0 * 10, axis: -1).sum() + 1e-6 * square($0).sum() },
      { (square($0) * square($0)).sum() * (dtype == .float64 ? 0x1p-1063 : 0x1p-143) },
      { (square(sin($0)) + square(cos($0))).sum() }, { (logSumExp($0 + 1000, axis: -1) - 1000) * 0 + $0.sum() },
    ]
    for (index, f) in functions.enumerated() {
      for count in [2, 5, 40, 700] {
        for seed in 0..<10 {
          let x = sin(Tensor.arange(count, dtype: .float64) * 1.1 + Double(seed)).asType(dtype)
          #expect(misuse { _ = hessian(f, sparsity: .banded(0))(x) } == nil, "\(index), \(count), \(seed)")
        }
      }
    }
  }

  /// A missing pair of elements beside a unit diagonal, wherever it is.
  @Test(arguments: [(DType.float32, 0.01), (.float64, 1e-6), (.float64, 1e-9)])
  func missingPairsAreFound(_ dtype: DType, _ size: Double) {
    let count = 200
    let x = sin(Tensor.arange(count, dtype: dtype))
    let unit = { (x: Tensor) in square(x).sum() / 2 }
    for row in 0..<count {
      // A third of the pairs, of all distances.
      for column in stride(from: row + 1 + row % 3, to: count, by: 3) {
        let f = { (x: Tensor) in unit(x) + size * x[row] * x[column] }
        #expect(misuse { _ = hessian(f, sparsity: .banded(0))(x) } != nil, "\(row), \(column)")
      }
    }
  }

  /// No two elements are nearly the same, however many there are.
  @Test func probes() {
    for count in [1, 2, 200, 100_000] {
      let numbers = doubles(VectorSpace([Tensor.zeros([count], dtype: .float64)]).probe())
      #expect(numbers.count == count && numbers.allSatisfy { abs($0) >= 0.25 && abs($0) <= 1 })
      #expect(count < 2 || (numbers.contains { $0 < 0 } && numbers.contains { $0 > 0 }))
      let sorted = numbers.enumerated().sorted { $0.element < $1.element }
      for (one, next) in zip(sorted, sorted.dropFirst()) {
        #expect((next.element - one.element) * Double(abs(next.offset - one.offset)) >= 0.57)
      }
    }
  }
}

/// A small generator, so that patterns are the same everywhere.
private struct PatternGenerator {
  var state: UInt64
  mutating func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
}
