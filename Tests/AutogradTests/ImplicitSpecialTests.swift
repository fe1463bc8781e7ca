import Autograd
import Testing

/// Solutions of equations: numbers that are not finite, float32, several unknowns, memory.
struct ImplicitSpecialTests {
  typealias Solve = @Sendable (Tensor) -> Tensor

  /// exp(x) + x = a, and x = cos(x) / 2 + a.
  private static let solvers: [Solve] = [
    { a in try! rootSolve({ x, a in exp(x) + x - a }, from: Tensor.zeros(like: a), at: a) },
    { a in try! fixedPoint({ x, a in 0.5 * cos(x) + a }, from: Tensor.zeros(like: a), at: a) },
  ]

  @Test(arguments: [DType.float64, .float32]) func notANumberInBothDirections(_ dtype: DType) {
    let a = f64(1, 2, 0.5).asType(dtype)
    let spoilt = f64(1, .nan, 2).asType(dtype)
    func allNaN(_ x: Tensor) -> Bool { x.shape == [3] && x.dtype == dtype && doubles(x).allSatisfy(\.isNaN) }
    for solve in Self.solvers {
      #expect(allNaN(grad { (solve($0) * Double.nan).sum() }(a)))
      #expect(allNaN(vjp(solve, at: a).pullback(spoilt)))
      #expect(allNaN(jvp(solve, at: a, along: spoilt).tangent))
      #expect(allNaN(hvp({ solve($0).sum() }, at: a, along: spoilt)))
      // The rows of a block are apart.
      let block = vjp(solve, at: a).pullback(stacked([spoilt, Tensor.ones(like: a)]))
      #expect(allNaN(block[0]) && near(block[1], doubles(grad { solve($0).sum() }(a)), 1e-6))
    }
  }

  @Test func infinities() {
    let root = Self.solvers[0]
    #expect(doubles(grad { root($0).sum() * Double.infinity }(f64(2))) == [.infinity])
    #expect(doubles(jvp(root, at: f64(2), along: f64(-.infinity)).tangent) == [-.infinity])
    // What depends on an infinity does not come out finite.
    let three = doubles(jvp(root, at: f64(1, 2, 3), along: f64(1, .infinity, 1)).tangent)
    #expect(!three[1].isFinite)
  }

  /// Sparsity is found by products with NaN.
  @Test func detectedSparsity() throws {
    for solve in Self.solvers {
      for dtype in [DType.float64, .float32] {
        let a = (sin(Tensor.arange(5, dtype: .float64)) + 1.5).asType(dtype)
        let f = { (a: Tensor) in (solve(a) * sin(a)).sum() }
        let dense = stacked((0..<5).map { row in hvp(f, at: a, along: Tensor.eye(5, dtype: dtype)[row]) })
        let tolerance = dtype == .float64 ? 1e-10 : 1e-4
        #expect(hessian(f, sparsity: .detected)(a).dense().allClose(dense, relative: tolerance, absolute: tolerance))
      }
      // From 512 elements on a Hessian asks by itself.
      let a = sin(Tensor.arange(520, dtype: .float64)) + 1.5
      let f = { (a: Tensor) in solve(a).sum() }
      let diagonal = hvp(f, at: a, along: Tensor.ones(like: a))
      #expect((try hessian(f)(a)).allClose(diagonal.diagonalEmbedded(), relative: 1e-9, absolute: 1e-12))
      #expect(hessianDiagonal(f)(a).allClose(diagonal, relative: 1e-9, absolute: 1e-12))
    }
  }

  @Test func float32ToOrderTwo() {
    let a = Tensor([2.0, 5.0, 0.3])
    let root = { (a: Tensor) in try! rootSolve({ x, a in x * x - a }, from: Tensor.ones(like: a), at: a) }
    #expect(root(a).dtype == .float32)
    let same = agreeToOrderTwo({ (root($0[0]) * $0[0]).sum() }, { (sqrt($0[0]) * $0[0]).sum() }, at: [a], 1e-4)
    #expect(same)
  }

  /// x y = a and x - y = b: x = b/2 + sqrt(b^2/4 + a).
  @Test func structuresOfUnknowns() throws {
    #expect(
      misuse { _ = try rootSolve({ u, a in [u[0]] }, from: [f64(1), f64(2)], at: f64(1)) }?
        .hasPrefix("rootSolve: the function gives 1 tensors") == true)
    let pair = { (p: [Tensor]) -> [Tensor] in
      try! rootSolve({ u, p in [u[0] * u[1] - p[0], u[0] - u[1] - p[1]] }, from: [f64(2, 2), f64(1, 1)], at: p)
    }
    let known = { (p: [Tensor]) -> [Tensor] in
      let root = sqrt(square(p[1]) / 4 + p[0])
      return [p[1] / 2 + root, root - p[1] / 2]
    }
    let weigh = { (u: [Tensor]) in (u[0] * f64(1, -2)).sum() + (u[0] * exp(u[1])).sum() }
    let point = [f64(2, 3), f64(0.5, 1)]
    #expect(agreeToOrderTwo({ weigh(pair($0)) }, { weigh(known($0)) }, at: point, 1e-9))
    // Of different dtypes: each keeps its own.
    let mixed = try fixedPoint(
      { u, a in [cos(u[1].asType(.float32)) * 0.5, 0.3 * sin(u[0].asType(.float64)) + a] },
      from: [Tensor([0.0]), f64(0)], at: f64(0.2))
    #expect(mixed.map(\.dtype) == [.float32, .float64])
    #expect(mixed[0].allClose(cos(mixed[1].asType(.float32)) * 0.5, relative: 1e-6))
    let none = try fixedPoint({ (u: [Tensor], a: Tensor) in u }, from: [], at: f64(1))
    #expect(none.isEmpty)
  }

  @Test func wrongStarts() {
    let whole = Tensor([1, 2] as [Int32])
    for message in [
      misuse { _ = try rootSolve({ x, a in x * x - a }, from: whole, at: f64(2, 3)) },
      misuse { _ = try rootSolve({ u, a in [u[0] - a] }, from: [whole], at: f64(2, 3)) },
    ] {
      #expect(message?.hasPrefix("rootSolve: the start is int32 [2]") == true)
    }
    #expect(misuse { _ = try fixedPoint({ x, a in x }, from: whole, at: f64(2)) }?.hasPrefix("fixedPoint: ") == true)
    let other = misuse { _ = try fixedPoint({ x, a in [x[0].sum()] }, from: [f64(1, 2)], at: f64(1)) }
    #expect(other?.contains("float64 [] for unknowns that are float64 [2]") == true)
  }

  /// The matrix, which a cyclic shift needs, and beside it a block of its rows.
  @Test func memoryOfTheMatrix() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 2
      let a = Tensor.full([1500], 2, dtype: .float64)
      let order = Tensor((0..<1500).map { Int64(($0 + 1) % 1500) }, shape: [1500])
      let solve = { (a: Tensor) in
        try! rootSolve({ x, a in x.take(order, axis: 0) - a }, from: Tensor.zeros(like: a), at: a)
      }
      let matrix = 1500 * 1500 * 8
      #expect(TensorMemory.peak { solve(a) }.bytes < matrix * 5 / 4)
      #expect(TensorMemory.peak { grad { solve($0).sum() }(a) }.bytes < matrix * 5 / 4)
      let single = a.asType(.float32)
      #expect(TensorMemory.peak { solve(single) }.bytes < matrix * 5 / 4)
    }
  }
}
