import Autograd
import Testing

@testable import Tensor

struct JacobianTests {
  private let a = Tensor([[1, 2], [3, 4], [5, 6]] as [[Double]])

  private func bent(_ x: Tensor) -> Tensor { matmul(a, sin(x)) }  // [2] -> [3]

  @Test func closedForm() throws {
    let x = f64(0.3, -1.1)
    let expected = [cos(0.3), 2 * cos(1.1), 3 * cos(0.3), 4 * cos(1.1), 5 * cos(0.3), 6 * cos(1.1)]
    for mode in [JacobianMode.automatic, .forward, .reverse] {
      let j = try jacobian(bent, mode: mode)(x)
      #expect(j.shape == [3, 2] && j.dtype == .float64 && near(j, expected, 1e-14) && !j.isTracked)
      let single = try jacobian({ matmul(a.asType(.float32), sin($0)) }, mode: mode)(x.asType(.float32))
      #expect(single.dtype == .float32 && near(single, expected, 1e-6))
    }
  }

  /// Against one product at a time, in shapes that need several blocks in either mode.
  @Test func shapesAndBlocks() throws {
    let w = sin(Tensor.arange(7 * 40, dtype: .float64)).reshaped([7, 40])
    let f = { (x: Tensor) in tanh(matmul(x, w)) * x.sum(axis: 1, keepDims: true) }  // [3, 7] -> [3, 40]
    let x = cos(Tensor.arange(21, dtype: .float64)).reshaped([3, 7])
    let forward = try jacobian(f, mode: .forward)(x)
    let reverse = try jacobian(f, mode: .reverse)(x)
    #expect(forward.shape == [3, 40, 3, 7] && reverse.shape == [3, 40, 3, 7])
    #expect(near(forward, doubles(reverse), 1e-13))
    for element in [0, 8, 20] {
      let direction = Tensor.eye(21, dtype: .float64)[element].reshaped([3, 7])
      let column = jvp(f, at: x, along: direction).tangent
      #expect(near(forward.reshaped([120, 21])[.all, element], doubles(column), 1e-13))
    }
    // A budget of few rows at a time changes nothing.
    for mode in [JacobianMode.forward, .reverse] {
      let least = try budgetThatFits { budget in _ = try jacobian(f, mode: mode, memoryBudget: budget)(x) }
      let tight = try jacobian(f, mode: mode, memoryBudget: .bytes(least))(x)
      #expect(near(tight, doubles(forward), 1e-13))
    }
  }

  @Test func structures() throws {
    let f = { (p: [Tensor]) in p[0] * p[1].sum() }
    let at = [f64(1, 2), f64(3, 4, 5)]
    let list = try jacobian(f)(at)
    #expect(list.map(\.shape) == [[2, 2], [2, 3]])
    #expect(doubles(list[0]) == [12, 0, 0, 12] && doubles(list[1]) == [1, 1, 1, 2, 2, 2])
    let both = { (p: [Tensor]) in ["a": p[0] * p[0], "b": p[1].sum(), "c": Tensor.ones([2], dtype: .float64)] }
    for mode in [JacobianMode.forward, .reverse] {
      let blocks = try jacobian(both, mode: mode)(at)
      #expect(blocks.rowShapes == [[2], [], [2]] && blocks.columnShapes == [[2], [3]])
      #expect(doubles(blocks[0, 0]) == [2, 0, 0, 4] && doubles(blocks[0, 1]) == Array(repeating: 0, count: 6))
      #expect(blocks[1, 1].shape == [3] && doubles(blocks[1, 1]) == [1, 1, 1])
      #expect(blocks[2, 0].shape == [2, 2] && doubles(blocks[2, 0]) == [0, 0, 0, 0])
      #expect(blocks.matrix().shape == [5, 5])
      #expect(doubles(blocks.matrix()[2]) == [0, 0, 1, 1, 1])
    }
    let (ja, jb) = try jacobian { (a: Tensor, b: Tensor) in a * b }(f64(1, 2), f64(3, 4))
    #expect(doubles(ja) == [3, 0, 0, 4] && doubles(jb) == [1, 0, 0, 2])
  }

  @Test func emptyScalarAndStrided() throws {
    for mode in [JacobianMode.forward, .reverse] {
      #expect(try jacobian({ $0 * $0 }, mode: mode)(scalar(3)).item() == 6)
      let none = try jacobian({ $0 * 2 }, mode: mode)(Tensor.zeros([0], dtype: .float64))
      #expect(none.shape == [0, 0])
      let toNone = try jacobian({ $0[..<0] }, mode: mode)(f64(1, 2))
      #expect(toNone.shape == [0, 2])
      let fromNone = try jacobian({ _ in Tensor.ones([2], dtype: .float64) }, mode: mode)(f64())
      #expect(fromNone.shape == [2, 0])
      let grid = Tensor.arange(12, dtype: .float64).reshaped([3, 4])
      let view = grid.transposed()[.stride(by: 2), 1...]
      let j = try jacobian({ ($0 * $0).flattened() }, mode: mode)(view)
      #expect(j.shape == [4, 2, 2])
      #expect(doubles(j.reshaped([4, 4]).diagonal()) == doubles(view).map { 2 * $0 })
    }
  }

  @Test func constantsAndMisuse() throws {
    let constant = try jacobian { (_: Tensor) in f64(1, 2) }(f64(1, 2, 3))
    #expect(constant.shape == [2, 3] && doubles(constant).allSatisfy { $0 == 0 })
    #expect(
      misuse { _ = try jacobian { (x: Tensor) in x.asType(.int64) }(f64(1)) }
        == "jacobian: a result is int64 [1], which has no derivative; leave it out")
    #expect(
      misuse { _ = try jacobian { (x: Tensor) in x * 2 }(Tensor([1, 2] as [Int])) }?.hasPrefix(
        "jacobian: cannot differentiate with respect to an int64 tensor") == true)
    let wide = Tensor.zeros([1, 1, 1, 1, 1], dtype: .float64)
    #expect(
      misuse { _ = try jacobian { (x: Tensor) in x * 2 }(wide) }?.hasPrefix(
        "jacobian: a block between tensors of rank 5 and 5 would have more than 8 axes") == true)
  }

  /// What is given after a report is as long as the body expects, and the body runs on.
  @Test func placeholdersAfterMisuse() {
    var reached = 0
    let first = misuse {
      let j: BlockMatrix = try jacobian { (p: [Tensor]) in [p[0].asType(.int64)] }([f64(1)])
      #expect(j.rowShapes == [[1]] && j.columnShapes == [[1]])
      _ = j[0, 0]
      _ = j.matrix()
      reached += 1
    }
    #expect(first == "jacobian: a result is int64 [1], which has no derivative; leave it out" && reached == 1)
    // Before the results are known.
    #expect(
      misuse {
        let j: BlockMatrix = try jacobian { (p: [Tensor]) in [p[0]] }([Tensor([1] as [Int])])
        _ = (j[0, 0], j.matrix())
        reached += 1
      }?.hasPrefix("jacobian: cannot differentiate with respect to an int64 tensor") == true && reached == 2)
    #expect(
      misuse { _ = try hessian { (p: [Tensor]) in p[0] }([f64(1, 2)])[0, 0] }?.hasPrefix("hessian: the function's")
        == true)
    #expect(
      misuse { _ = try hessian { (p: [Tensor]) in p[0].sum() }([f64(1, 2)])[0, 1] }
        == "BlockMatrix: there is no block [0, 1]; it has 1 x 1 blocks")
  }

  @Test func matricesOfNoBlocksAndOfSeveralDTypes() throws {
    let none = try hessian { (_: [Tensor]) in scalar(3) }([])
    #expect(none.matrix().shape == [0, 0])
    let columns: BlockMatrix = try jacobian { (p: [Tensor]) in [Tensor]() }([f64(1, 2), f64(3)])
    #expect(columns.matrix().shape == [0, 3])
    let rows: BlockMatrix = try jacobian { (_: [Tensor]) in [f64(1, 2)] }([])
    #expect(rows.matrix().shape == [2, 0])
    // x y^2
    let mixed = [Tensor([2] as [Float]), f64(3, 4)]
    let f = { (p: [Tensor]) in (p[0].asType(.float64) * p[1] * p[1]).sum() }
    let expected = [0.0, 6, 8, 6, 4, 0, 8, 0, 4]
    for matrix in [try hessian(f)(mixed).matrix(), try HessianOperator(f, at: mixed).dense().matrix()] {
      #expect(matrix.dtype == .float64 && matrix.shape == [3, 3] && doubles(matrix) == expected)
    }
  }

  /// The blocks' dtypes do not depend on the mode.
  @Test func dtypesOfBlocks() throws {
    let x = Pair(f64(1, 2), Tensor([3, 4]))
    let f = { (p: Pair<Tensor, Tensor>) in [p.first.asType(.float32) * p.second, p.first * p.second.asType(.float64)] }
    for mode in [JacobianMode.automatic, .forward, .reverse] {
      let blocks: BlockMatrix = try jacobian(f, mode: mode)(x)
      #expect(
        [blocks[0, 0], blocks[0, 1], blocks[1, 0], blocks[1, 1]].map(\.dtype) == [
          .float64, .float32, .float64, .float64,
        ])
      #expect(near(blocks[0, 0], [3, 0, 0, 4]) && near(blocks[1, 1], [1, 0, 0, 2]))
    }
  }

  /// Rules may take more than tangents: the columns that a convolution writes out.
  @Test func convolutionsWithinTheBudget() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2] {
        BLAS.threads = threads
        let images = sin(Tensor.arange(16 * 4 * 24 * 24, dtype: .float64)).reshaped([16, 4, 24, 24])
        for kernel in [1, 3, 5, 7] {
          let w = cos(Tensor.arange(4 * kernel * kernel, dtype: .float64)).reshaped([1, 4, kernel, kernel]) / 10
          let f = { (w: Tensor) in tanh(conv2d(images, w)).sum() }
          let h = HessianOperator(f, at: w)
          let least = try budgetThatFits { _ = try h.dense(memoryBudget: $0) }
          let expected = try h.dense().matrix()
          for budget in [least, 2 * least] {
            let (matrix, bytes) = try TensorMemory.peak { try h.dense(memoryBudget: .bytes(budget)) }
            #expect(bytes <= budget + budget / 4, "\(kernel), \(threads) threads: \(bytes) of \(budget)")
            #expect(near(matrix.matrix(), doubles(expected), 1e-10))
          }
          // Parameters of a few numbers, which many columns belong to.
          let one = { (s: Tensor) in tanh(conv2d(images, s * w)).sum() }
          let small = HessianOperator(one, at: f64(1))
          let few = try budgetThatFits { _ = try small.dense(memoryBudget: $0) }
          let bytes = try TensorMemory.peak { try small.dense(memoryBudget: .bytes(few)) }.bytes
          #expect(bytes <= few + few / 4, "\(kernel), \(threads) threads: \(bytes) of \(few)")
        }
      }
    }
  }

  /// In either mode. What is measured counts the allocator's blocks, which are up to a quarter larger than what is
  /// asked for.
  @Test func memoryStaysWithinTheBudget() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2] {
        BLAS.threads = threads
        let w = sin(Tensor.arange(120 * 90, dtype: .float64)).reshaped([120, 90])
        for (mode, side) in [(JacobianMode.forward, 90), (.reverse, 120)] {
          let f = { (x: Tensor) in tanh(matmul(sin(x * x), mode == .forward ? w.transposed() : w)) }
          let x = cos(Tensor.arange(side * 4, dtype: .float64)).reshaped([4, side])
          _ = try jacobian(f, mode: mode)(x) as Tensor
          let recording = TensorMemory.peak { _ = vjp(f, at: x) }.bytes
          let least = try budgetThatFits { _ = try jacobian(f, mode: mode, memoryBudget: $0)(x) as Tensor }
          for budget in [least, least + least / 8, 2 * least] {
            let (_, bytes) = try TensorMemory.peak {
              try jacobian(f, mode: mode, memoryBudget: .bytes(budget))(x) as Tensor
            }
            #expect(
              bytes <= budget + budget / 4 + recording,
              "\(mode), \(threads) threads: \(bytes) of \(budget) + \(recording)")
          }
        }
      }
    }
  }

  @Test func budget() {
    let x = Tensor.zeros([1_000_000], dtype: .float64)
    do {
      _ = try jacobian({ $0 * 2 }, memoryBudget: .gigabytes(1))(x)
      Issue.record("8 TB fitted")
    } catch {
      #expect(error.operation == "jacobian" && error.resultBytes == 8_000_000_000_000)
      #expect(error.predictedBytes > error.resultBytes && error.budget.bytes == 1_000_000_000)
      #expect("\(error)".contains("8000000000000"))
    }
  }

  /// The Jacobian inside a gradient, and of a Jacobian.
  @Test func nests() throws {
    let x = f64(0.4, 1.2)
    for mode in [JacobianMode.forward, .reverse] {
      // d/dx sum cos(x_i)^2 a_ji^2
      let squares = grad { (x: Tensor) in square(try! jacobian(self.bent, mode: mode)(x)).sum() }(x)
      let sums = [35.0, 56]
      #expect(near(squares, zip([0.4, 1.2], sums).map { -$1 * sin(2 * $0) }, 1e-12))
      let twice = try jacobian({ try! jacobian(self.bent, mode: mode)($0) }, mode: mode)(x)
      #expect(twice.shape == [3, 2, 2])
      #expect(near(twice[1], [-3 * sin(0.4), 0, 0, -4 * sin(1.2)], 1e-13))
    }
  }
}

/// The least budget, by what the error predicts.
func budgetThatFits(_ body: (MemoryBudget) throws -> Void) throws -> Int {
  do {
    try body(.bytes(0))
    Issue.record("nothing fitted into no memory")
    return 0
  } catch let error as MemoryBudgetError { return error.predictedBytes }
}
