import Autograd
import Testing

@testable import Tensor

struct HessianOperatorTests {
  /// x'Ax/2 - b'x with a positive definite A.
  private static let matrix: Tensor = {
    let m = sin(Tensor.arange(36, dtype: .float64) * 1.3).reshaped([6, 6])
    return matmul(m.transposed(), m) + Tensor.eye(6, dtype: .float64)
  }()

  private static func quadratic(_ x: Tensor) -> Tensor {
    let a = matrix.asType(x.dtype)
    return 0.5 * dot(x, matmul(a, x)) - x.sum()
  }

  private struct Net: TensorStructure {
    var w, b: Tensor
    var tensors: [Tensor] { [w, b] }
    func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Net {
      Net(w: w.rebuilt(from: &tensors), b: b.rebuilt(from: &tensors))
    }
  }

  private static func loss(_ net: Net) -> Tensor {
    let x = sin(Tensor.arange(15, dtype: .float64)).reshaped([5, 3]).asType(net.w.dtype)
    return square(tanh(matmul(x, net.w) + net.b)).sum()
  }

  private static let net = Net(
    w: cos(Tensor.arange(6, dtype: .float64)).reshaped([3, 2]), b: f64(0.1, -0.2))

  @Test func productsAgainstHVP() {
    let x = sin(Tensor.arange(12, dtype: .float64) + 0.3)
    let h = HessianOperator(HessianTests.net, at: x)
    #expect(near(h.value, doubles(HessianTests.net(x)), 1e-14))
    #expect(near(h.gradient, doubles(grad(HessianTests.net)(x)), 1e-14) && h.count == 12)
    for seed in 0..<3 {
      let v = cos(Tensor.arange(12, dtype: .float64) * Double(seed + 1))
      #expect(near(h(v), doubles(hvp(HessianTests.net, at: x, along: v)), 1e-14) && !h(v).isTracked)
    }
    let block = cos(Tensor.arange(36, dtype: .float64)).reshaped([3, 12])
    let products = h(block)
    #expect(products.shape == [3, 12])
    for lane in 0..<3 { #expect(near(products[lane], doubles(h(block[lane])), 1e-13)) }
  }

  @Test func symmetric() {
    for dtype in [DType.float32, .float64] {
      let x = sin(Tensor.arange(40, dtype: dtype))
      let h = HessianOperator(HessianTests.rosenbrock, at: x)
      let (u, v) = (cos(Tensor.arange(40, dtype: dtype)), sin(Tensor.arange(40, dtype: dtype) * 2))
      let (left, right) = (dot(u, h(v)).item(), dot(v, h(u)).item())
      #expect(abs(left - right) <= (dtype == .float32 ? 1e-5 : 1e-13) * abs(left))
      let at = Net(w: Self.net.w.asType(dtype), b: Self.net.b.asType(dtype))
      for op in [
        HessianOperator(Self.loss, at: at),
        HessianOperator(gaussNewton: { (n: Net) in n.w * n.b }, loss: { exp($0).sum() }, at: at),
      ] {
        let one = Net(w: at.w * at.w, b: 1 - at.b)
        let two = Net(w: 1 - at.w, b: at.b * 3)
        func inner(_ a: Net, _ b: Net) -> Double { (a.w * b.w).sum().item() + (a.b * b.b).sum().item() }
        let pair = (inner(one, op(two)), inner(two, op(one)))
        #expect(abs(pair.0 - pair.1) <= (dtype == .float32 ? 1e-5 : 1e-13) * Swift.max(1, abs(pair.0)))
      }
    }
  }

  @Test func structuresAndDense() throws {
    let h = HessianOperator(Self.loss, at: Self.net)
    let dense = try h.dense()
    let expected = try hessian(Self.loss)(Self.net)
    #expect(near(dense.matrix(), doubles(expected.matrix()), 1e-14) && dense.matrix().shape == [8, 8])
    let v = Net(w: Tensor.ones([3, 2], dtype: .float64), b: f64(1, 1))
    let product = h(v)
    #expect(near(concatenated([product.w.flattened(), product.b]), doubles(dense.matrix().sum(axis: 1)), 1e-13))
    let diagonal = h.diagonal()
    #expect(near(concatenated([diagonal.w.flattened(), diagonal.b]), doubles(dense.matrix().diagonal()), 1e-14))
    #expect(near(h.trace(), [dense.matrix().trace().item()], 1e-13))
    #expect(throws: MemoryBudgetError.self) { _ = try h.dense(memoryBudget: .bytes(100)) }
  }

  @Test func ofLeaves() throws {
    let w = f64(1, 2).tracked()
    let b = f64(3).tracked()
    let y = (w * w * b).sum()
    let h = HessianOperator(of: y, withRespectTo: [w, b])
    #expect(h.value.item() == 15 && h.gradient.map(doubles) == [[6, 12], [5]] && !h.gradient[0].isTracked)
    #expect(h([f64(1, 0), f64(1)]).map(doubles) == [[8, 4], [2]])
    #expect(w.grad == nil)
    let g = HessianOperator(gaussNewton: w * b, loss: { square($0).sum() * 0.5 }, withRespectTo: [w, b])
    // J = [3 0 1; 0 3 2]
    #expect(doubles(try g.dense().matrix()) == [9, 0, 3, 0, 9, 6, 3, 6, 5])
    #expect(
      misuse { _ = HessianOperator(of: y, withRespectTo: [f64(1)]) }
        == "HessianOperator: input 0 is not tracked; make it with requiresGrad: true or tracked()")
  }

  @Test func inputsAreIndependent() throws {
    let x = f64(1, 2).tracked()
    let y = x * x
    let z = (y * y + x).sum()
    let expected =
      "HessianOperator: input 1, float64 [2], was computed from input 0; the derivatives in both are no Hessian. Leave "
      + "one of them out, or compute the number from detached().tracked() copies"
    #expect(misuse { _ = HessianOperator(of: z, withRespectTo: [x, y]) } == expected)
    #expect(misuse { _ = HessianOperator(gaussNewton: z, loss: { $0 }, withRespectTo: [x, y]) } == expected)
    #expect(
      misuse { _ = HessianOperator(of: z, withRespectTo: [y, x]) }?.contains("input 0, float64 [2], was computed")
        == true)
    // Through something between, of which it is a view.
    let far = sin(exp(x) * 2).reshaped([2, 1])
    #expect(misuse { _ = HessianOperator(of: far.sum(), withRespectTo: [x, far]) } != nil)
    // What is said to be right is right.
    #expect(doubles(try HessianOperator(of: z, withRespectTo: [y]).dense().matrix()) == [2, 0, 0, 2])
    let copy = y.detached().tracked()
    let both = try HessianOperator(of: (copy * copy + x).sum(), withRespectTo: [x, copy]).dense().matrix()
    #expect(doubles(both) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2])
    // Siblings are independent.
    let siblings = HessianOperator(of: (exp(x) * y).sum(), withRespectTo: [y])
    #expect(siblings.count == 2)
    let (a, b) = (exp(x), sin(x))
    #expect(try HessianOperator(of: (a * b).sum(), withRespectTo: [a, b]).dense().matrix().sum().item() == 4)
  }

  @Test func solves() throws {
    for (dtype, tolerance) in [(DType.float64, 1e-12), (.float32, 1e-6)] {
      let h = HessianOperator(Self.quadratic, at: Tensor.zeros([6], dtype: dtype))
      let b = sin(Tensor.arange(6, dtype: dtype))
      let x = try h.solve(b, tolerance: tolerance, maxIterations: 20)
      #expect(near(matmul(Self.matrix.asType(dtype), x), doubles(b), tolerance * 20) && x.dtype == dtype)
      let damped = try h.solve(b, tolerance: tolerance, maxIterations: 20, damping: 3)
      #expect(near(h(damped) + 3 * damped, doubles(b), tolerance * 20))
    }
    let zero = try HessianOperator(Self.quadratic, at: Tensor.zeros([6], dtype: .float64))
      .solve(Tensor.zeros([6], dtype: .float64))
    #expect(doubles(zero) == Array(repeating: 0, count: 6))
    let net = HessianOperator(
      gaussNewton: { (n: Net) in n }, loss: { 2 * square($0.w).sum() + square($0.b).sum() }, at: Self.net)
    let step = try net.solve(Net(w: Tensor.ones([3, 2], dtype: .float64), b: f64(4, 6)), tolerance: 1e-12)
    #expect(near(step.w, Array(repeating: 0.25, count: 6), 1e-12) && near(step.b, [2, 3], 1e-12))
  }

  @Test func solvingFails() {
    let h = HessianOperator(Self.quadratic, at: Tensor.zeros([6], dtype: .float64))
    let b = sin(Tensor.arange(6, dtype: .float64))
    #expect {
      _ = try h.solve(b, tolerance: 1e-12, maxIterations: 2)
    } throws: {
      guard case ConjugateGradientError.notConverged(let iterations, let residual) = $0 else { return false }
      return iterations == 2 && residual > 1e-12 && residual < 10
    }
    let saddle = HessianOperator({ (x: Tensor) in x[0] * x[0] - x[1] * x[1] }, at: f64(0, 0))
    #expect(throws: ConjugateGradientError.negativeCurvature(iteration: 1, curvature: -2)) {
      _ = try saddle.solve(f64(0, 1))
    }
    let partial = saddle.conjugateGradients(f64(0, 3))
    #expect(doubles(partial.solution) == [0, 0] && doubles(partial.negativeCurvatureDirection!) == [0, 3])
    let linear = HessianOperator({ (x: Tensor) in x.sum() }, at: f64(1, 2))
    #expect(throws: ConjugateGradientError.negativeCurvature(iteration: 1, curvature: 0)) {
      _ = try linear.solve(f64(1, 1))
    }
    let broken = HessianOperator({ (x: Tensor) in (x * x / 0.0).sum() }, at: f64(1, 2))
    #expect(throws: ConjugateGradientError.notFinite(iteration: 1)) { _ = try broken.solve(f64(1, 1)) }
    #expect(
      misuse { _ = try h.solve(f64(1)) }
        == "solve: a right side is float64 [1], it must be float64 [6] as the input is")
  }

  @Test func extremeEigenvalues() throws {
    var generator = RandomGenerator(seed: 1)
    let spectrum = [-3.0, -1, 0, 0.5, 2, 2, 2, 7]
    for dtype in [DType.float32, .float64] {
      let h = HessianOperator(
        { (x: Tensor) in 0.5 * (x * x * Tensor(spectrum).asType(dtype)).sum() }, at: Tensor.ones([8], dtype: dtype))
      let (low, high) = try h.extremeEigenvalues(tolerance: 1e-5, using: &generator)
      #expect(near([low, high], [-3, 7], dtype == .float32 ? 1e-4 : 1e-6))
    }
    // Many more elements than iterations.
    let x = Tensor.ones([400], dtype: .float64)
    let (low, high) = try HessianOperator(HessianTests.rosenbrock, at: x)
      .extremeEigenvalues(tolerance: 1e-3, maxIterations: 200, using: &generator)
    // Inside rows are -400, 1002, -400: eigenvalues within 202 ... 1802, and 0.5 or so at the ends.
    #expect(high > 1795 && high < 1802.1 && low < 1 && low > -1)
    #expect {
      _ = try HessianOperator(HessianTests.rosenbrock, at: x)
        .extremeEigenvalues(tolerance: 1e-12, maxIterations: 5, using: &generator)
    } throws: {
      if case SpectrumError.notConverged(iterations: 5, error: _) = $0 { return true } else { return false }
    }
    #expect(
      try HessianOperator({ (x: Tensor) in x * x }, at: scalar(3)).extremeEigenvalues(using: &generator) == (2, 2))
    let zero = HessianOperator({ (x: Tensor) in x.sum() }, at: f64(1, 2))
    #expect(try zero.extremeEigenvalues(using: &generator) == (0, 0))
    #expect(
      misuse { _ = try HessianOperator({ (x: Tensor) in x.sum() }, at: f64()).extremeEigenvalues(using: &generator) }
        == "extremeEigenvalues: there are no elements, and so no eigenvalues")
  }

  @Test func estimates() throws {
    var generator = RandomGenerator(seed: 3)
    // Off a diagonal matrix there is no variance.
    let diagonal = HessianOperator({ (x: Tensor) in (x * x * x).sum() }, at: f64(1, 2, 3))
    #expect(near(diagonal.trace(samples: 1, using: &generator), [36], 1e-13))
    #expect(near(diagonal.diagonalEstimate(samples: 2, using: &generator), [6, 12, 18], 1e-13))
    #expect(near([try diagonal.logDeterminant(samples: 2, using: &generator)], [log(6.0 * 12 * 18)], 1e-12))
    let h = HessianOperator(Self.quadratic, at: Tensor.zeros([6], dtype: .float64))
    let exact = doubles(Self.matrix)
    let trace = (0..<6).reduce(0) { $0 + exact[$1 * 7] }
    let off = exact.indices.reduce(0) { $1 % 7 == 0 ? $0 : $0 + exact[$1] * exact[$1] }
    // Four standard deviations.
    let samples = 4000
    let found = h.trace(samples: samples, using: &generator).item()
    #expect(abs(found - trace) < 4 * (2 * off / Double(samples)).squareRoot() && found != trace)
    let rows = doubles(h.diagonalEstimate(samples: samples, using: &generator))
    for row in 0..<6 {
      let others = (0..<6).reduce(0) { $1 == row ? $0 : $0 + exact[row * 6 + $1] * exact[row * 6 + $1] }
      #expect(abs(rows[row] - exact[row * 7]) < 4.5 * (others / Double(samples)).squareRoot())
    }
    // log det by elimination.
    let logDeterminant = eliminated(exact, 6)
    let estimate = try h.logDeterminant(samples: 400, using: &generator)
    #expect(abs(estimate - logDeterminant) < 0.2 * abs(logDeterminant))
    #expect {
      _ = try HessianOperator({ (x: Tensor) in x[0] * x[0] - x[1] * x[1] }, at: f64(0, 0))
        .logDeterminant(using: &generator)
    } throws: {
      if case SpectrumError.notPositiveDefinite = $0 { return true } else { return false }
    }
    #expect(misuse { _ = h.trace(samples: 0, using: &generator) } == "trace: needs at least one sample, got 0")
  }

  /// Numbers whose squares no float32 (and, far out, no float64) can hold.
  @Test func farFromOne() throws {
    var generator = RandomGenerator(seed: 5)
    for (dtype, sizes) in [(DType.float32, [1e-24, 1, 1e25]), (.float64, [1e-200, 1e-24, 1, 1e200])] {
      for size in sizes {
        let factors = (1...4).map { Double($0) }
        let h = HessianOperator(
          { (x: Tensor) in 0.5 * (x * (x * Tensor(factors.map { $0 * size }).asType(dtype))).sum() },
          at: Tensor.zeros([4], dtype: dtype))
        let tolerance = dtype == .float32 ? 1e-5 : 1e-10
        let (low, high) = try h.extremeEigenvalues(using: &generator)
        #expect(near([low / size, high / size], [1, 4], tolerance), "\(dtype) \(size)")
        let b = Tensor(factors.map { $0 * size }).asType(dtype)
        let x = try h.solve(b, tolerance: tolerance)
        #expect(near(x, [1, 1, 1, 1], tolerance * 10), "\(dtype) \(size): \(x)")
        let logs = factors.reduce(0) { $0 + log($1 * size) }
        #expect(near([try h.logDeterminant(samples: 2, using: &generator)], [logs], tolerance))
      }
      let identity = HessianOperator({ (x: Tensor) in 0.5 * (x * x).sum() }, at: Tensor.zeros([3], dtype: dtype))
      for size in sizes {
        let b = Tensor([size, -2 * size, 0]).asType(dtype)
        #expect(near(try identity.solve(b) / size, [1, -2, 0], 1e-6))
        #expect(identity.conjugateGradients(b).iterations == 1)
      }
    }
    // Below the normal numbers.
    let identity = HessianOperator({ (x: Tensor) in 0.5 * (x * x).sum() }, at: Tensor.zeros([2]))
    let b = Tensor([0x1p-140, 0x1p-149] as [Float])
    #expect(doubles(try identity.solve(b)) == [0x1p-140, 0x1p-149])
  }

  @Test func wrongNumbersAreReported() {
    let h = HessianOperator(Self.quadratic, at: Tensor.zeros([6], dtype: .float64))
    let b = Tensor.ones([6], dtype: .float64)
    var generator = RandomGenerator(seed: 1)
    #expect(misuse { _ = try h.solve(b, tolerance: -1) } == "solve: the tolerance is -1.0; it must be 0 or more")
    #expect(misuse { _ = try h.solve(b, tolerance: .nan) } == "solve: the tolerance is nan; it must be 0 or more")
    #expect(
      misuse { _ = try h.solve(b, damping: .infinity) } == "solve: the damping is inf; it must be a finite number")
    #expect(misuse { _ = try h.solve(b, maxIterations: -1) } == "solve: needs at least 0 iterations, got -1")
    #expect(
      misuse { _ = try h.extremeEigenvalues(tolerance: -0.1, using: &generator) }
        == "extremeEigenvalues: the tolerance is -0.1; it must be 0 or more")
    #expect(
      misuse { _ = try h.extremeEigenvalues(maxIterations: 0, using: &generator) }
        == "extremeEigenvalues: needs at least 1 iteration, got 0")
    #expect(
      misuse { _ = try h.logDeterminant(samples: 0, using: &generator) }
        == "logDeterminant: needs at least one sample, got 0")
    #expect(
      misuse { _ = try h.logDeterminant(iterations: -2, using: &generator) }
        == "logDeterminant: needs at least 1 iteration, got -2")
    #expect(
      misuse { _ = h.diagonalEstimate(samples: -1, using: &generator) }
        == "diagonalEstimate: needs at least one sample, got -1")
    #expect(h.conjugateGradients(b, maxIterations: 0).failure == .notConverged(iterations: 0, residual: 1))
  }

  private func eliminated(_ matrix: [Double], _ n: Int) -> Double {
    var a = matrix
    var sum = 0.0
    for pivot in 0..<n {
      sum += log(a[pivot * n + pivot])
      for row in pivot + 1..<n {
        let factor = a[row * n + pivot] / a[pivot * n + pivot]
        for column in pivot..<n { a[row * n + column] -= factor * a[pivot * n + column] }
      }
    }
    return sum
  }

  @Test func gaussNewton() throws {
    let a = sin(Tensor.arange(12, dtype: .float64)).reshaped([4, 3])
    let model = { (x: Tensor) in tanh(matmul(a, x)) }
    let loss = { (y: Tensor) in exp(y).sum() + dot(y, y) }
    let x = f64(0.3, -0.5, 0.9)
    let j = try jacobian(model)(x)
    let expected = matmul(matmul(j.transposed(), try hessian(loss)(model(x))), j)
    let g = HessianOperator(gaussNewton: model, loss: loss, at: x)
    #expect(near(try g.dense().matrix(), doubles(expected), 1e-13))
    #expect(near(g.gradient, doubles(grad { loss(model($0)) }(x)), 1e-13) && near(g.value, [loss(model(x)).item()]))
    let v = f64(1, 2, -1)
    #expect(near(gaussNewtonProduct(model, loss: loss, at: x, along: v), doubles(matmul(expected, v)), 1e-13))
    let block = gaussNewtonProduct(model, loss: loss, at: x, along: Tensor.eye(3, dtype: .float64))
    #expect(near(block, doubles(expected), 1e-13))
    // Of a linear model it is the Hessian; of a linear loss, zero.
    let linear = { (x: Tensor) in matmul(a, x) }
    let same = HessianOperator({ loss(linear($0)) }, at: x)(v)
    #expect(near(gaussNewtonProduct(linear, loss: loss, at: x, along: v), doubles(same), 1e-12))
    #expect(doubles(gaussNewtonProduct(model, loss: { $0.sum() }, at: x, along: v)) == [0, 0, 0])
    let words =
      "the model's result is int64 [], which has no derivative; a Gauss-Newton product needs floating-point results"
    #expect(
      misuse { _ = gaussNewtonProduct({ $0.argmax() }, loss: { $0.asType(.float64) }, at: x, along: v) }
        == "gaussNewtonProduct: \(words)")
    #expect(
      misuse { _ = HessianOperator(gaussNewton: { $0.argmax() }, loss: { $0.asType(.float64) }, at: x) }
        == "HessianOperator: \(words)")
    // Several results.
    let two = gaussNewtonProduct(
      { (x: Tensor) in [x * x, exp(x)] }, loss: { square($0[0]).sum() + $0[1].sum() }, at: x, along: v)
    #expect(near(two, [0.72, 4, -6.48], 1e-13))
    // With respect to the point and the direction.
    let slope = grad { (x: Tensor) in gaussNewtonProduct(model, loss: loss, at: x, along: v).sum() }(x)
    for index in 0..<3 {
      let step = 1e-5 * Tensor.eye(3, dtype: .float64)[index]
      let ends = [x + step, x - step].map { gaussNewtonProduct(model, loss: loss, at: $0, along: v).sum().item() }
      #expect(near([slope[index].item()], [(ends[0] - ends[1]) / 2e-5], 1e-8))
    }
    let toDirection = grad { (v: Tensor) in gaussNewtonProduct(model, loss: loss, at: x, along: v).sum() }(v)
    #expect(near(toDirection, doubles(expected.sum(axis: 0)), 1e-13))
  }

  /// A product is differentiable where the operator was made inside a transform.
  @Test func insideATransform() {
    let x = f64(0.5, 1.5)
    let v = f64(2, 3)
    let f = { (x: Tensor) in (x * x * x * x).sum() }
    let slope = grad { (x: Tensor) in dot(v, HessianOperator(f, at: x)(v)) }(x)
    #expect(near(slope, [24 * 0.5 * 4, 24 * 1.5 * 9], 1e-12))
    let trace = grad { (x: Tensor) in HessianOperator(f, at: x).trace() }(x)
    #expect(near(trace, [12, 36], 1e-12))
    let direction = grad { (v: Tensor) in dot(v, HessianOperator(f, at: x)(v)) }(v)
    #expect(near(direction, [24 * 0.25 * 2, 24 * 2.25 * 3], 1e-12))
  }

  /// Products after the first are computed in its memory.
  @Test func furtherProductsReuseMemory() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      let x = sin(Tensor.arange(20_000, dtype: .float64))
      let f = { (x: Tensor) in square(tanh(x * x) * x + x.sum()).sum() + dot(exp(-x), x) }
      let operators = [
        HessianOperator(f, at: x),
        HessianOperator(gaussNewton: { (x: Tensor) in tanh(x * x) }, loss: { square($0).sum() }, at: x),
      ]
      for h in operators {
        for v in [cos(x), stacked([cos(x), x, x * x])] {
          // The first result is given back, as those after it are.
          let most = TensorMemory.peak { _ = h(v) }.bytes
          let numbers = doubles(h(v))
          let system = { TensorMemory.liveBytes + TensorMemory.cachedBytes }
          let (live, all) = (TensorMemory.liveBytes, system())
          for _ in 0..<20 {
            let bytes = TensorMemory.peak { _ = h(v) }.bytes
            #expect(bytes <= most, "\(bytes), at first \(most)")
            #expect(TensorMemory.liveBytes == live && system() == all)
          }
          // One that is kept takes its own place, and the next product that of the one before.
          let kept = h(v)
          #expect(system() - all <= TensorMemory.peak { Tensor.zeros(like: kept) }.bytes)
          #expect(doubles(kept) == numbers)
        }
      }
    }
  }

  @Test func manyThreadsAtOnce() async {
    let x = sin(Tensor.arange(50, dtype: .float64))
    let h = HessianOperator(HessianTests.rosenbrock, at: x)
    let expected = (0..<8).map { doubles(h(cos(x * Double($0)))) }
    await withTaskGroup(of: Bool.self) { group in
      for round in 0..<16 { group.addTask { near(h(cos(x * Double(round % 8))), expected[round % 8], 1e-15) } }
      for await isSame in group { #expect(isSame) }
    }
  }
}
