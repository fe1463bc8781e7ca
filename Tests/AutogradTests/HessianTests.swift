import Autograd
import Testing

@testable import Tensor

struct HessianTests {
  static func rosenbrock(_ x: Tensor) -> Tensor {
    let (a, b) = (x[..<(-1)], x[1...])
    return (100 * square(b - square(a)) + square(1 - a)).sum()
  }

  /// The closed form, row-major.
  static func rosenbrockHessian(_ x: [Double]) -> [Double] {
    let n = x.count
    var h = Array(repeating: 0.0, count: n * n)
    for i in 0..<n - 1 {
      h[i * n + i] += 1200 * x[i] * x[i] - 400 * x[i + 1] + 2
      h[(i + 1) * n + i + 1] += 200
      h[i * n + i + 1] = -400 * x[i]
      h[(i + 1) * n + i] = -400 * x[i]
    }
    return h
  }

  /// A net of one vector of parameters, whose Hessian has no zeros off some blocks.
  static func net(_ vector: Tensor) -> Tensor {
    let x = sin(Tensor.arange(10, dtype: .float64)).reshaped([5, 2]).asType(vector.dtype)
    let h = tanh(matmul(x, vector[0..<6].reshaped([2, 3])) + vector[6..<9])
    return square(matmul(h, vector[9..<12].reshaped([3, 1]))).mean()
  }

  @Test func closedForm() throws {
    for dtype in [DType.float32, .float64] {
      let x = sin(Tensor.arange(9, dtype: dtype))
      let h = try hessian(Self.rosenbrock)(x)
      #expect(h.shape == [9, 9] && h.dtype == dtype && !h.isTracked)
      #expect(near(h, Self.rosenbrockHessian(doubles(x)), dtype == .float32 ? 1e-5 : 1e-12))
    }
  }

  /// Large enough that it is found to be sparse, and in several blocks where it is not asked.
  @Test func largeSparseOne() throws {
    let x = sin(Tensor.arange(700, dtype: .float64))
    let h = try hessian(Self.rosenbrock)(x)
    #expect(near(h, Self.rosenbrockHessian(doubles(x)), 1e-11))
  }

  /// Large and dense: the elements that a product finds.
  @Test func largeDenseOne() throws {
    let w = cos(Tensor.arange(600, dtype: .float64))
    let f = { (x: Tensor) in exp(dot(x, w) / 600) + dot(x, x * x) }
    let x = sin(Tensor.arange(600, dtype: .float64))
    let h = try hessian(f)(x)
    let v = cos(Tensor.arange(600, dtype: .float64) * 3)
    #expect(near(matmul(h, v), doubles(hvp(f, at: x, along: v)), 1e-12))
    #expect(near(h[3], doubles(hvp(f, at: x, along: Tensor.eye(600, dtype: .float64)[3])), 1e-13))
  }

  @Test func againstDifferencesAndSymmetric() throws {
    let x = sin(Tensor.arange(12, dtype: .float64) + 0.3)
    let h = try hessian(Self.net)(x)
    for column in 0..<12 {
      let step = 1e-5 * Tensor.eye(12, dtype: .float64)[column]
      let difference = (grad(Self.net)(x + step) - grad(Self.net)(x - step)) / 2e-5
      #expect(near(h[column], doubles(difference), 1e-8))
    }
    #expect(near(h.transposed(), doubles(h), 1e-14))
    let single = try hessian(Self.net)(x.asType(.float32))
    #expect(near(single, doubles(h), 1e-5))
  }

  @Test func shapes() throws {
    let f = { (x: Tensor) in (x * x * x).sum() * 0.5 }
    let x = Tensor([[1, 2], [3, 4], [5, 6]] as [[Double]])
    let h = try hessian(f)(x)
    #expect(h.shape == [3, 2, 3, 2])
    #expect(near(h.reshaped([6, 6]), doubles(Tensor([3.0, 6, 9, 12, 15, 18]).diagonalEmbedded()), 1e-14))
    #expect(near(try hessian(f)(x.transposed()).reshaped([6, 6]).diagonal(), [3, 9, 15, 6, 12, 18], 1e-14))
    #expect(try hessian(f)(scalar(2)).shape == [] && hessian(f)(scalar(2)).item() == 6)
    #expect(try hessian(f)(Tensor.zeros([0, 3], dtype: .float64)).shape == [0, 3, 0, 3])
  }

  @Test func structures() throws {
    let f = { (p: [Tensor]) in (p[0] * p[0]).sum() * p[1].sum() + p[2].sum() }
    let at = [f64(1, 2), f64(3, 4, 5), scalar(7)]
    let h = try hessian(f)(at)
    #expect(h.rowShapes == [[2], [3], []] && h[0, 1].shape == [2, 3] && h[2, 1].shape == [3])
    #expect(doubles(h[0, 0]) == [24, 0, 0, 24] && doubles(h[0, 1]) == [2, 2, 2, 4, 4, 4])
    #expect(doubles(h[1, 0]) == [2, 4, 2, 4, 2, 4] && doubles(h[1, 1]).allSatisfy { $0 == 0 })
    #expect(doubles(h[2, 0]) == [0, 0] && h[2, 2].item() == 0 && h.matrix().shape == [6, 6])
    let two = try hessian { (a: Tensor, b: Tensor) in (a * a * b).sum() }(f64(1, 2), f64(3, 4))
    #expect(doubles(two.matrix()) == [6, 0, 2, 0, 0, 8, 0, 4, 2, 0, 0, 0, 0, 4, 0, 0])
    // Many elements in several tensors: found to be sparse, and split again.
    let x = sin(Tensor.arange(300, dtype: .float64))
    let large = try hessian { (p: [Tensor]) in (p[0] * p[1] * p[1]).sum() }([x, x + 2])
    #expect(near(large[0, 1].diagonal(), doubles(2 * (x + 2)), 1e-14))
    #expect(near(large[1, 1], doubles((2 * x).diagonalEmbedded()), 1e-14))
    #expect(doubles(large[0, 0]).allSatisfy { $0 == 0 } && large[1, 0].shape == [300, 300])
  }

  @Test func structuralZeros() throws {
    let x = f64(1, 2, 3)
    #expect(doubles(try hessian { (x: Tensor) in (3 * x).sum() }(x)) == Array(repeating: 0, count: 9))
    #expect(doubles(try hessian { (_: Tensor) in scalar(3) }(x)) == Array(repeating: 0, count: 9))
    #expect(doubles(try hessian { (x: Tensor) in floor(x).sum() }(x)) == Array(repeating: 0, count: 9))
    // The residual is zero, the Hessian is not.
    #expect(doubles(try hessian { (y: Tensor) in square(y - x).sum() }(x)) == [2, 0, 0, 0, 2, 0, 0, 0, 2])
  }

  @Test func budget() throws {
    let f = { (x: Tensor) in dot(x, x * x) }
    do {
      _ = try hessian(f, memoryBudget: .megabytes(100))(Tensor.ones([1_000_000], dtype: .float64))
      Issue.record("8 TB fitted")
    } catch { #expect(error.resultBytes == 8_000_000_000_000 && error.operation == "hessian") }
    let x = sin(Tensor.arange(12, dtype: .float64))
    let least = try budgetThatFits { budget in _ = try hessian(Self.net, memoryBudget: budget)(x) }
    #expect(least > 12 * 12 * 8)
    let tight = try hessian(Self.net, memoryBudget: .bytes(least))(x)
    #expect(near(tight, doubles(try hessian(Self.net)(x)), 1e-14))
    #expect(throws: MemoryBudgetError.self) { _ = try hessian(Self.net, memoryBudget: .bytes(least - 1))(x) }
  }

  /// What is measured counts the allocator's blocks, which are up to a quarter larger than what is asked for.
  @Test func memoryStaysWithinTheBudget() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2] {
        BLAS.threads = threads
        let functions: [(Int, (Tensor) -> Tensor)] = [
          (500, { x in square(tanh(x) * x.sum() + 1).sum() }), (400, { HessianTests.rosenbrock($0) }),
        ]
        for (count, f) in functions {
          let x = sin(Tensor.arange(count, dtype: .float64))
          _ = try hessian(f)(x)
          let recording = TensorMemory.peak { _ = HessianOperator(f, at: x) }.bytes
          let least = try budgetThatFits { _ = try hessian(f, memoryBudget: $0)(x) }
          for budget in [least, least + least / 8, 2 * least] {
            let (_, bytes) = try TensorMemory.peak { try hessian(f, memoryBudget: .bytes(budget))(x) }
            #expect(
              bytes <= budget + budget / 4 + recording,
              "\(count), \(threads) threads: \(bytes) of \(budget) + \(recording)")
          }
        }
      }
    }
  }

  @Test func misuseIsReported() {
    #expect(
      misuse { _ = try hessian { (x: Tensor) in x * 2 }(f64(1, 2)) }
        == "hessian: the function's result is float64 [2], and a Hessian is of one floating-point number: reduce it, "
        + "for example with sum(), or with a cotangent u, (u * result).sum()")
    #expect(
      misuse { _ = try hessian { (x: Tensor) in x.sum() }(Tensor.zeros([1, 1, 1, 1, 1])) }?.hasPrefix(
        "hessian: a block between tensors of rank 5 and 5") == true)
  }

  @Test func diagonalAlone() {
    let x = sin(Tensor.arange(12, dtype: .float64) + 0.3)
    let expected = (0..<12).map { hvp(Self.net, at: x, along: Tensor.eye(12, dtype: .float64)[$0])[$0].item() }
    #expect(near(hessianDiagonal(Self.net)(x), expected, 1e-13))
    let large = sin(Tensor.arange(700, dtype: .float64))
    let h = Self.rosenbrockHessian(doubles(large))
    #expect(near(hessianDiagonal(Self.rosenbrock)(large), (0..<700).map { h[$0 * 701] }, 1e-11))
    let list = hessianDiagonal { (p: [Tensor]) in (p[0] * p[0] * p[1]).sum() }([f64(1, 2), f64(3, 4)])
    #expect(list.map(doubles) == [[6, 8], [0, 0]])
    #expect(hessianDiagonal { (x: Tensor) in x.sum() }(Tensor.zeros([2, 0])).shape == [2, 0])
  }

  /// A rule that a block of zeros is left out of gives what each basis vector alone gives.
  @Test func blocksOfOneParameter() throws {
    let f = { (v: Tensor) -> Tensor in
      let (a, b) = (v[0..<40], v[40..<80])
      return (exp(a * 0.1) * b).sum() + (a * a.flipped()).sum()
    }
    let x = cos(Tensor.arange(80, dtype: .float64))
    let h = try hessian(f)(x)
    for row in [0, 39, 40, 79] {
      #expect(near(h[row], doubles(hvp(f, at: x, along: Tensor.eye(80, dtype: .float64)[row])), 1e-14))
    }
  }
}
