import Autograd
import Testing

@testable import Tensor

struct SparseHessianTests {
  @Test func banded() {
    for (count, dtype) in [(2, DType.float64), (3, .float64), (40, .float32), (900, .float64)] {
      let x = sin(Tensor.arange(count, dtype: dtype))
      let h = hessian(HessianTests.rosenbrock, sparsity: .banded(1))(x)
      #expect(h.rowCount == count && h.count == 3 * count - 2 && h.values.dtype == dtype && !h.values.isTracked)
      let expected = HessianTests.rosenbrockHessian(doubles(x))
      #expect(near(h.dense(), expected, dtype == .float32 ? 1e-5 : 1e-11))
      #expect(near(h.diagonal(), (0..<count).map { expected[$0 * (count + 1)] }, dtype == .float32 ? 1e-5 : 1e-11))
      let v = cos(Tensor.arange(count, dtype: dtype))
      #expect(near(h(v), doubles(hvp(HessianTests.rosenbrock, at: x, along: v)), dtype == .float32 ? 1e-3 : 1e-10))
      let block = stacked([v, 2 * v])
      #expect(near(h(block)[1], doubles(h(2 * v)), 1e-12))
    }
  }

  @Test func widerBandAndWhole() {
    let x = sin(Tensor.arange(12, dtype: .float64) + 0.3)
    let f = { (x: Tensor) in (x[..<(-3)] * x[3...] * x[1..<10]).sum() + HessianTests.rosenbrock(x) }
    let dense = try! hessian(f)(x)
    for width in [3, 5, 11, 100] {
      #expect(near(hessian(f, sparsity: .banded(width))(x).dense(), doubles(dense), 1e-13))
    }
    #expect(
      near(
        hessian(HessianTests.net, sparsity: .banded(11))(x).dense(), doubles(try! hessian(HessianTests.net)(x)), 1e-14))
    #expect(hessian({ (x: Tensor) in (x * x).sum() }, sparsity: .banded(0))(x).values.count == 12)
  }

  @Test func patterns() {
    // An arrow: the first element meets all.
    let f = { (x: Tensor) in (x[0] * x * x).sum() }
    let x = sin(Tensor.arange(30, dtype: .float64) + 1)
    let rows = Array(0..<30) + Array(repeating: 0, count: 30)
    let columns = Array(0..<30) + Array(0..<30)
    let h = hessian(f, sparsity: .pattern(rows: rows, columns: columns))(x)
    #expect(h.count == 30 + 2 * 29 && near(h.dense(), doubles(try! hessian(f)(x)), 1e-13))
    #expect(h.rows == h.rows.sorted() && h.columns[..<30].elementsEqual(0..<30))
    let found = hessian(f, sparsity: .detected)(x)
    #expect(found.rows == h.rows && found.columns == h.columns && near(found.values, doubles(h.values), 1e-13))
    let structure = hessian({ (p: [Tensor]) in (p[0] * p[1]).sum() }, sparsity: .detected)([x, x])
    #expect(structure.rowCount == 60 && structure.count == 60)
    #expect(
      structure.columns == (0..<60).map { ($0 + 30) % 60 }
        && doubles(structure.values) == Array(repeating: 1, count: 60))
  }

  /// What is found is what differs from zero, whatever the shape of the pattern.
  @Test func detection() {
    let x = sin(Tensor.arange(64, dtype: .float64) + 1)
    let order = Tensor((0..<64).map { $0 * 37 % 64 })
    let functions: [(Tensor) -> Tensor] = [
      HessianTests.rosenbrock, { HessianTests.rosenbrock($0.take(order)) },
      { ($0.reshaped([8, 8]).sum(axis: 0)).reshaped([8]).prod() },
      { square(matmul($0.reshaped([8, 8]), Tensor.ones([8, 1], dtype: .float64))).sum() },
      { exp($0[...].take(Tensor([3, 9, 33] as [Int]))).prod() }, { $0.sum() },
      { `where`($0 .> 0, $0 * $0 * $0, 0).sum() }, { $0.max() * $0.min() }, { logSumExp($0) },
      { square($0.cumsum(axis: 0)).sum() }, { ($0.sorted().values * $0).sum() },
    ]
    for (index, f) in functions.enumerated() {
      let found = hessian(f, sparsity: .detected)(x)
      var expected = Array(repeating: 0.0, count: 64 * 64)
      for column in 0..<64 {
        let product = doubles(hvp(f, at: x, along: Tensor.eye(64, dtype: .float64)[column]))
        for row in 0..<64 { expected[row * 64 + column] = product[row] }
      }
      #expect(near(found.dense(), expected, 1e-11), "\(index)")
      // Nothing that is kept stands where another path would have left a zero by structure.
      #expect(found.count >= expected.filter { $0 != 0 }.count, "\(index)")
    }
    #expect(hessian(functions[0], sparsity: .detected)(x).count == 3 * 64 - 2)
    #expect(hessian(functions[4], sparsity: .detected)(x).count == 9)
    #expect(hessian(functions[5], sparsity: .detected)(x).count == 0)
  }

  @Test func wrongPatternsAreReported() {
    let x = sin(Tensor.arange(20, dtype: .float64))
    let f = { (x: Tensor) in (x[..<(-2)] * x[2...]).sum() }
    let message = misuse { _ = hessian(f, sparsity: .banded(1))(x) }
    #expect(message?.hasPrefix("hessian: the sparsity pattern misses elements that are not zero") == true)
    // Without the check the missing elements are added to others.
    let wrong = hessian(f, sparsity: .banded(1), checksPattern: false)(x)
    #expect(doubles(wrong.dense()) != doubles(try! hessian(f)(x)))
    #expect(misuse { _ = hessian(f, sparsity: .banded(2))(x) } == nil)
    #expect(
      misuse { _ = hessian(f, sparsity: .pattern(rows: [0, 20], columns: [1, 1]))(x) }
        == "hessian: the pattern names element 20 of an input of 20 elements")
    #expect(
      misuse { _ = Sparsity.pattern(rows: [0], columns: []) } == "Sparsity.pattern: the pattern has 1 row and 0 columns"
    )
    #expect(misuse { _ = Sparsity.banded(-1) } == "Sparsity.banded: the width is -1; it must be 0 or more")
    let mixed = [f64(1), Tensor([1.0] as [Float])]
    #expect(
      misuse { _ = hessian({ (p: [Tensor]) in p[0].sum() }, sparsity: .banded(1))(mixed) }
        == "hessian: the inputs are float64 and float32; a sparse Hessian needs one dtype")
    let h = hessian(f, sparsity: .banded(2))(x)
    #expect(misuse { _ = h(f64(1)) } == "SparseMatrix: needs a float64 vector of length 20, got float64 [1]")
  }

  @Test func emptyAndScalar() {
    let square = { (x: Tensor) in (x * x).sum() }
    let none = hessian(square, sparsity: .banded(1))(Tensor.zeros([0]))
    #expect(none.count == 0 && none.dense().shape == [0, 0])
    #expect(hessian(square, sparsity: .detected)(Tensor.zeros([0])).count == 0)
    #expect(doubles(hessian(square, sparsity: .detected)(scalar(4)).dense()) == [2])
    #expect(doubles(hessian(square, sparsity: .banded(3))(scalar(4)).dense()) == [2])
    let grid = sin(Tensor.arange(12, dtype: .float64)).reshaped([3, 4]).transposed()
    let cube = { (x: Tensor) in (x * x * x).sum() }
    #expect(near(hessian(cube, sparsity: .banded(0))(grid).values, doubles(6 * grid), 1e-14))
  }

  @Test func canBeDifferentiated() {
    let x = sin(Tensor.arange(10, dtype: .float64))
    let toDense = grad { (x: Tensor) in square(try! hessian(HessianTests.rosenbrock)(x)).sum() }(x)
    for sparsity in [Sparsity.banded(1), .detected] {
      let h = hessian(HessianTests.rosenbrock, sparsity: sparsity)
      #expect(near(grad { (x: Tensor) in square(h(x).values).sum() }(x), doubles(toDense), 1e-10))
      #expect(near(grad { (x: Tensor) in square(h(x).dense()).sum() }(x), doubles(toDense), 1e-10))
      let v = cos(x)
      let product = grad { (x: Tensor) in dot(v, h(x)(v)) }(x)
      let expected = grad { (x: Tensor) in dot(v, hvp(HessianTests.rosenbrock, at: x, along: v)) }(x)
      #expect(near(product, doubles(expected), 1e-10))
    }
  }

  /// The threads that parts of a block are shared among do not show.
  @Test func oneThreadOrSomeGiveTheSameBits() async {
    await #expect(processExitsWith: .success) {
      let x = sin(Tensor.arange(3000, dtype: .float64))
      func results(_ threads: Int) -> [[Double]] {
        BLAS.threads = threads
        let map = HessianOperator(HessianTests.rosenbrock, at: x)
        return [true, false].map { checks in
          doubles(hessian(HessianTests.rosenbrock, sparsity: .banded(1), checksPattern: checks)(x).values)
        } + [doubles(map(stacked([x, cos(x), 2 * x, exp(x), x * x])))]
      }
      let one = results(1)
      for threads in [2, 3, 5, 8] { #expect(results(threads) == one) }
    }
  }
}
