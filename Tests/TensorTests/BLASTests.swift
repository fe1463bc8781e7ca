import Autograd
import Testing

@testable import Tensor

/// A matrix in memory, by its definition.
private struct WholeMatrix {
  let numbers: [Double]
  let (rows, columns): (Int, Int)
  let (rowStride, columnStride): (Int, Int)

  init(_ numbers: [Double], rows: Int, columns: Int, stride: Int, transposed: Bool = false) {
    self.numbers = numbers
    (self.rows, self.columns) = (rows, columns)
    (rowStride, columnStride) = transposed ? (1, stride) : (stride, 1)
  }

  func applied(to vector: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: rows)
    numbers.withUnsafeBufferPointer { numbers in
      guard let numbers = numbers.baseAddress, columns > 0 else { return }
      for i in 0..<rows {
        var (place, sum) = (i * rowStride, 0.0)
        // Without the bounds of arrays, which take most of the time where nothing is optimized.
        vector.withUnsafeBufferPointer { vector in
          guard let vector = vector.baseAddress else { return }
          var j = 0
          while j < columns {
            sum += numbers[place] * vector[j]
            place += columnStride
            j += 1
          }
        }
        result[i] = sum
      }
    }
    return result
  }
}

/// The door to BLAS, beneath tensors. Numbers are whole and small, so that every order of summation is exact.
@Suite(.serialized)
struct BLASTests {
  private static let pool = {
    var random = SplitMix(11)
    return (0..<1_300_000).map { _ in Double(Int.random(in: -3...3, using: &random)) }
  }()
  private static let single = pool.map { Float($0) }

  private func numbers(_ count: Int, _ random: inout SplitMix) -> [Double] {
    Array(BLASTests.pool[slice(count, &random)])
  }

  private func slice(_ count: Int, _ random: inout SplitMix) -> Range<Int> {
    let start = Int.random(in: 0...BLASTests.pool.count - count, using: &random)
    return start..<start + count
  }

  private enum Precision { case float32, float64 }

  /// Checks one product against the definition, with rows further apart than they are long.
  private func check(
    _ precision: Precision, _ ta: Bool, _ tb: Bool, _ m: Int, _ n: Int, _ k: Int, gap: Int,
    alpha: Double, beta: Double, threads: Int, _ random: inout SplitMix
  ) -> Bool {
    let lda = max((ta ? m : k) + gap, 1)
    let ldb = max((tb ? k : n) + gap, 1)
    let ldc = n + gap
    let a = slice(max(ta ? k : m, 1) * lda, &random)
    let b = slice(max(tb ? n : k, 1) * ldb, &random)
    let before = numbers(max(m, 1) * max(ldc, 1), &random)
    let stored = beta == 0 ? [Double](repeating: .nan, count: before.count) : before
    func product<T: BitwiseCopyable>(_ dtype: DType, _ pool: [T], into c: inout [T]) {
      BLAS.gemm(
        dtype, transposeA: ta, transposeB: tb, m: m, n: n, k: k, alpha: alpha, a: Array(pool[a]), lda: lda,
        b: Array(pool[b]), ldb: ldb, beta: beta, c: &c, ldc: ldc, threads: threads)
    }
    var c = stored
    if precision == .float64 {
      product(.float64, BLASTests.pool, into: &c)
    } else {
      var single = stored.map { Float($0) }
      product(.float32, BLASTests.single, into: &single)
      c = single.map { Double($0) }
    }
    for i in 0..<m {
      for j in n..<ldc {
        // What lies between rows is not touched.
        let same =
          c[i * ldc + j] == stored[i * ldc + j] || (c[i * ldc + j].isNaN && stored[i * ldc + j].isNaN)
        if !same { return false }
      }
    }
    let left = WholeMatrix(Array(BLASTests.pool[a]), rows: m, columns: k, stride: lda, transposed: ta)
    let right = WholeMatrix(Array(BLASTests.pool[b]), rows: k, columns: n, stride: ldb, transposed: tb)
    let result = WholeMatrix(c, rows: m, columns: n, stride: ldc)
    let added = WholeMatrix(before, rows: m, columns: n, stride: ldc)
    // The definition of every element costs seconds for large products.
    for probe in m * n * k > 30_000 ? [probe(n, &random)] : unitVectors(n) {
      let product = left.applied(to: right.applied(to: probe))
      let rest = beta == 0 ? [Double](repeating: 0, count: m) : added.applied(to: probe)
      if result.applied(to: probe) != zip(product, rest).map({ alpha * $0 + beta * $1 }) { return false }
    }
    return true
  }

  /// Whole numbers, none of them 0, by which Freivalds' check multiplies ("Probabilistic machines can use less running
  /// time", 1977): a matrix that differs from the right one anywhere gives another product with them, but for one case
  /// in a million. All sums stay below 2^53, and are exact.
  private func probe(_ count: Int, _ random: inout SplitMix) -> [Double] {
    (0..<count).map { _ in Double(Int.random(in: 1...1 << 20, using: &random)) }
  }

  private func unitVectors(_ count: Int) -> [[Double]] {
    (0..<count).map { place in (0..<count).map { $0 == place ? 1 : 0 } }
  }

  /// Shapes on both sides of every choice that the products make.
  @Test func gemmOverTransposesShapesAndThresholds() {
    var random = SplitMix(1)
    let lengths = [
      (1, 1, 1), (1, 7, 5), (7, 1, 5), (5, 7, 1), (2, 3, 4), (15, 16, 31), (16, 15, 33), (32, 16, 64),
      (33, 40, 65),
      (513, 16, 10), (64, 64, 128), (100, 100, 101), (101, 100, 100), (3, 400, 500), (500, 3, 400),
      (4, 800, 700),
      // Few columns: with vectors that are not full, few rows, several runs of terms.
      (9, 20, 12), (6, 33, 16), (130, 12, 300), (3, 40, 700), (50, 64, 400),
      // Narrow ones that are cut into rows, columns, or terms of the sum; large ones that threads share.
      (2501, 33, 20), (1503, 20, 40), (33, 2501, 20), (20, 1503, 40), (20, 24, 2503), (7, 5, 40_003),
      (130, 270, 290), (270, 130, 290), (701, 70, 300),
      (1, 1024, 600), (1024, 1, 600), (1, 1, 3000), (1200, 1000, 1), (0, 3, 2), (3, 0, 2), (3, 2, 0),
    ]
    for (m, n, k) in lengths {
      for ta in [false, true] {
        for tb in [false, true] {
          let large = m * n * k > 200_000
          let threads = Int.random(in: 1...3, using: &random)
          for (gap, alpha, beta) in large
            ? [(3, 1.0, 1.0), (1, 1, 0), (0, 2, -2)] : [(0, 2.0, 0.0), (3, 2, 1), (2, 1, 0), (1, 2, -2)]
          {
            #expect(
              check(
                .float32, ta, tb, m, n, k, gap: gap, alpha: alpha, beta: beta, threads: threads, &random),
              "float32 \(m) \(n) \(k) \(ta) \(tb) gap \(gap) alpha \(alpha) beta \(beta) threads \(threads)")
            if large && ta != tb { continue }
            #expect(
              check(
                .float64, ta, tb, m, n, k, gap: gap, alpha: alpha, beta: beta, threads: threads, &random),
              "float64 \(m) \(n) \(k) \(ta) \(tb) gap \(gap) alpha \(alpha) beta \(beta) threads \(threads)")
          }
        }
      }
    }
  }

  /// However many threads share a product, its numbers are the same but for rounding; the sum of many terms is exactly.
  @Test func productsDoNotDependOnThreads() {
    var random = SplitMix(7)
    let shapes = [
      (2501, 33, 20), (33, 2501, 20), (20, 24, 2503), (130, 270, 290), (784, 512, 64), (701, 70, 300), (1, 1, 700_001),
      (64, 64, 500), (1, 1024, 600), (1024, 1, 600), (100, 100, 200),
    ]
    for (m, n, k) in shapes {
      let a = (0..<m * k).map { _ in Float.random(in: -1...1, using: &random) }
      let b = (0..<k * n).map { _ in Float.random(in: -1...1, using: &random) }
      let products = [1, 2, 3, 8].map { threads in
        var c = [Float](repeating: 0, count: m * n)
        BLAS.gemm(
          .float32, transposeA: false, transposeB: false, m: m, n: n, k: k, a: a, lda: k, b: b, ldb: n, c: &c, ldc: n,
          threads: threads)
        return c
      }
      let bound = m * n < 1000 && k > 1000 ? 0 : Float(k).squareRoot() * 1e-5
      #expect(products.allSatisfy { zip($0, products[0]).allSatisfy { abs($0 - $1) <= bound } }, "\(m) \(n) \(k)")
    }
  }

  /// Every row of the result begins as the row that is given, wherever the product is cut.
  @Test func rowsThatProductsAreAddedTo() {
    var random = SplitMix(9)
    for (m, n, k) in [
      (3, 4, 5), (1200, 40, 20), (40, 1200, 20), (20, 24, 2503), (150, 200, 300), (701, 70, 300), (4, 3, 0),
      (300, 1, 9),
      // Few columns and terms, on both sides of where our own kernels take them.
      (70, 3, 2), (9, 7, 20), (33, 8, 8), (33, 8, 9), (50, 16, 8), (50, 20, 20), (300, 32, 3), (2100, 33, 21),
      (2, 63, 65),
    ] {
      for transposeB in [false, true] {
        for threads in 1...3 {
          let (a, b) = (slice(m * k, &random), slice(k * n, &random))
          let (row, probe) = (slice(n, &random), probe(n, &random))
          let start = zip(BLASTests.pool[row], probe).reduce(0) { $0 + $1.0 * $1.1 }
          let left = WholeMatrix(Array(BLASTests.pool[a]), rows: m, columns: k, stride: k)
          let factor = WholeMatrix(
            Array(BLASTests.pool[b]), rows: k, columns: n, stride: transposeB ? k : n, transposed: transposeB)
          let expected = left.applied(to: factor.applied(to: probe)).map { start + $0 }
          func product<T: BLASScalar>(_ dtype: DType, _ pool: [T]) -> [T] {
            var c = [T](repeating: .nan, count: m * n)
            BLAS.gemm(
              dtype, transposeA: false, transposeB: transposeB, m: m, n: n, k: k, a: Array(pool[a]), lda: max(k, 1),
              b: Array(pool[b]), ldb: max(transposeB ? k : n, 1), c: &c, ldc: n, row: Array(pool[row]),
              threads: threads)
            return c
          }
          for c in [
            product(.float64, BLASTests.pool), product(.float32, BLASTests.single).map { Double($0) },
          ] {
            let right = WholeMatrix(c, rows: m, columns: n, stride: n).applied(to: probe) == expected
            #expect(right, "\(m) \(n) \(k) \(transposeB) \(threads)")
          }
        }
      }
    }
  }

  /// Integers are cut into the same pieces, and wrap around in each.
  @Test func largeIntegerProducts() {
    var random = SplitMix(10)
    for (m, n, k) in [(900, 30, 20), (30, 900, 20), (20, 24, 2503)] {
      for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
        let a = (0..<m * k).map { _ in Int32.random(in: .min ... .max, using: &random) }
        let b = (0..<k * n).map { _ in Int32.random(in: .min ... .max, using: &random) }
        var c = [Int32](repeating: 7, count: m * n)
        BLAS.gemm(
          .int32, transposeA: ta, transposeB: tb, m: m, n: n, k: k, a: a, lda: ta ? m : k, b: b, ldb: tb ? k : n,
          beta: 2, c: &c, ldc: n, threads: 3)
        let right = (0..<m).allSatisfy { i in
          (0..<n).allSatisfy { j in
            c[i * n + j]
              == (0..<k).reduce(14) { $0 &+ a[ta ? $1 * m + i : i * k + $1] &* b[tb ? j * k + $1 : $1 * n + j] }
          }
        }
        #expect(right, "\(m) \(n) \(k) \(ta) \(tb)")
      }
    }
  }

  @Test func batches() {
    var random = SplitMix(2)
    for (m, n, k, batch) in [
      (3, 4, 5, 6), (1, 4, 5, 3), (32, 32, 32, 9), (2, 2, 2, 0), (4, 1, 3, 2), (3, 4, 0, 2),
    ] {
      for shared in ["none", "a", "b"] {
        for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
          let strideA = shared == "a" ? 0 : m * k
          let strideB = shared == "b" ? 0 : k * n
          let a = numbers(m * k * max(batch, 1), &random).map { Float($0) }
          let b = numbers(k * n * max(batch, 1), &random).map { Float($0) }
          var c = [Float](repeating: .nan, count: m * n * max(batch, 1))
          BLAS.batchedGemm(
            .float32, transposeA: ta, transposeB: tb, batch: batch, m: m, n: n, k: k, a: a,
            lda: max(ta ? m : k, 1),
            strideA: strideA, b: b, ldb: max(tb ? k : n, 1), strideB: strideB, c: &c, ldc: n, strideC: m * n)
          var expected = [Float](repeating: .nan, count: c.count)
          for s in 0..<batch {
            for i in 0..<m {
              for j in 0..<n {
                var sum: Float = 0
                for p in 0..<k {
                  let x = a[s * strideA + (ta ? p * m + i : i * k + p)]
                  sum += x * b[s * strideB + (tb ? j * k + p : p * n + j)]
                }
                expected[s * m * n + i * n + j] = sum
              }
            }
          }
          #expect(
            batch == 0 ? c.allSatisfy(\.isNaN) : c == expected,
            "\(m) \(n) \(k) x \(batch), shared \(shared), \(ta) \(tb)")
        }
      }
    }
  }

  @Test func vectors() {
    var random = SplitMix(3)
    for (m, n) in [(1, 1), (3, 5), (200, 300), (1, 1000), (1000, 1), (700, 800)] {
      for transpose in [false, true] {
        for (strideX, strideY) in [(1, 1), (2, 3)] {
          let a = numbers(m * (n + 2), &random)
          let x = numbers(max(m, n) * strideX, &random)
          var y = [Double](repeating: 1, count: max(m, n) * strideY)
          BLAS.gemv(
            .float64, transpose: transpose, m: m, n: n, a: a, lda: n + 2, x: x, strideX: strideX, beta: 1,
            y: &y,
            strideY: strideY)
          let (rows, columns) = transpose ? (n, m) : (m, n)
          let right = (0..<rows).allSatisfy { i in
            let sum = (0..<columns).reduce(1.0) {
              $0 + a[transpose ? $1 * (n + 2) + i : i * (n + 2) + $1] * x[$1 * strideX]
            }
            return y[i * strideY] == sum
          }
          #expect(right, "\(m) x \(n) \(transpose) \(strideX) \(strideY)")
        }
      }
    }
    let x: [Int32] = [1, 2, 3, 4]
    var sum: Int32 = 0
    BLAS.dot(.int32, count: 2, x: x, strideX: 2, y: x, strideY: 1, result: &sum)
    #expect(sum == 7)
    let bytes: [UInt8] = [200, 2]
    var wrapped: UInt8 = 0
    BLAS.dot(.uint8, count: 2, x: bytes, strideX: 1, y: bytes, strideY: 1, result: &wrapped)
    #expect(wrapped == UInt8(truncatingIfNeeded: 200 * 200 + 4))
    var single: Float = 9
    BLAS.dot(.float32, count: 0, x: x, strideX: 1, y: x, strideY: 1, result: &single)
    #expect(single == 0)
  }

  @Test func integersWrap() {
    let a: [Int32] = [.max, 1, 2, 3]
    let b: [Int32] = [2, 0, 1, 1]
    var c: [Int32] = [1, 1, 1, 1]
    BLAS.gemm(
      .int32, transposeA: false, transposeB: true, m: 2, n: 2, k: 2, a: a, lda: 2, b: b, ldb: 2, beta: 2,
      c: &c, ldc: 2)
    #expect(c == [Int32.max &* 2 &+ 2, Int32.max &+ 3, 6, 7])
  }

  @Test func fourThreadsAtOnce() async {
    let right = await withTaskGroup(of: Bool.self) { group in
      for thread in 0..<4 {
        group.addTask {
          var random = SplitMix(UInt64(50 + thread))
          for round in 0..<12 {
            let n = [20, 70, 150, 260][(thread + round) % 4]
            let a = random.wholeNumbers([n, n])
            let v = random.wholeNumbers([n, 1])
            // (A A) v = A (A v), exactly.
            let left = matmul(matmul(a, a), v).scalars(as: Float.self)
            if left != matmul(a, matmul(a, v)).scalars(as: Float.self) { return false }
          }
          return true
        }
      }
      return await group.reduce(true) { $0 && $1 }
    }
    #expect(right)
  }

  @Test func threadSettings() async {
    await #expect(processExitsWith: .success) {
      var random = SplitMix(4)
      let a = random.wholeNumbers([300, 300])
      let stack = random.wholeNumbers([40, 128, 128])
      var results: [[Float]] = []
      for threads in [1, 2, 3, 0, -5, 2] {
        BLAS.threads = threads
        #expect(BLAS.threads == max(threads, 1))
        #expect(BLAS.info.threads == BLAS.threads)
        results.append(matmul(a, a).scalars() + matmul(stack, stack).scalars())
      }
      #expect(results.allSatisfy { $0 == results[0] })
      #expect(BLAS.description.contains("2 threads"))
      BLAS.threads = 1
      #expect(BLAS.description.hasSuffix("1 thread"))
    }
  }
}
