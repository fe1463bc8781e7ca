import Autograd
import Testing

@testable import Tensor

/// Eigenpairs, estimates with their errors, damping.
struct SpectrumTests {
  /// The Hessian of x'Dx/2 turned by a reflection, so that it is full.
  private static func turned(_ spectrum: [Double], _ dtype: DType) -> HessianOperator<Tensor> {
    let u = sin(Tensor.arange(spectrum.count, dtype: .float64) + 1)
    let d = Tensor(spectrum).asType(dtype)
    let w = (u / u.norm()).asType(dtype)
    let f = { (x: Tensor) in
      let y = x - 2 * w * dot(w, x)
      return 0.5 * (y * y * d).sum()
    }
    return HessianOperator(f, at: Tensor.zeros([spectrum.count], dtype: dtype))
  }

  private static func check(
    _ pair: Eigenpair<Tensor>, _ h: HessianOperator<Tensor>, _ value: Double, _ tolerance: Double, damping: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let v = pair.vector.asType(.float64)
    let rest = (h(pair.vector) + damping * pair.vector).asType(.float64) - pair.value * v
    #expect(near([pair.value], [value], tolerance), "\(pair.value) \(value)", sourceLocation: sourceLocation)
    #expect(near([dot(v, v).item()], [1], 1e-6), sourceLocation: sourceLocation)
    #expect(rest.norm().item() <= pair.residual * 1.01 + tolerance * 0.1, sourceLocation: sourceLocation)
    #expect(pair.residual <= tolerance * 10 && !pair.vector.isTracked, sourceLocation: sourceLocation)
  }

  @Test func eigenpairs() throws {
    var generator = RandomGenerator(seed: 11)
    // Repeated eigenvalues at both ends; then one value alone, two elements, one.
    let spectra: [[Double]] = [
      [-3, -3, -1, 0, 0.5, 2, 2, 2, 7, 7], [2, 2, 2], [-1, 4], [5], [0, 0], (1...60).map { Double($0) },
    ]
    for dtype in [DType.float32, .float64] {
      for spectrum in spectra {
        let h = Self.turned(spectrum, dtype)
        let tolerance = dtype == .float32 ? 1e-4 : 1e-8
        let (low, high) = try h.extremeEigenpairs(tolerance: tolerance * 0.01, using: &generator)
        Self.check(low, h, spectrum.min()!, tolerance)
        Self.check(high, h, spectrum.max()!, tolerance)
        #expect(low.vector.dtype == dtype && low.vector.shape == [spectrum.count])
      }
    }
    let h = Self.turned([-1, 2, 3, 4, 5, 6], .float64)
    let (low, high) = try h.extremeEigenpairs(tolerance: 1e-8, damping: 3, using: &generator)
    Self.check(low, h, 2, 1e-7, damping: 3)
    Self.check(high, h, 9, 1e-7, damping: 3)
    #expect(abs(dot(low.vector, high.vector).item()) < 1e-6)
  }

  /// More products than a panel of the basis has rows.
  @Test func manyIterations() throws {
    var generator = RandomGenerator(seed: 4)
    let spectrum = (0..<400).map { 1 + Double($0) / 100 } + [-0.5, 9]
    for dtype in [DType.float32, .float64] {
      let h = Self.turned(spectrum, dtype)
      let (low, high) = try h.extremeEigenpairs(tolerance: 1e-4, using: &generator)
      Self.check(low, h, -0.5, 2e-3)
      Self.check(high, h, 9, 2e-3)
    }
    let tight = Self.turned((1...100).map { Double($0) }, .float64)
    let values = try tight.extremeEigenvalues(tolerance: 1e-12, using: &generator)
    #expect(near([values.smallest, values.largest], [1, 100], 1e-10))
    #expect {
      _ = try tight.extremeEigenpairs(tolerance: 1e-10, maxIterations: 20, using: &generator)
    } throws: {
      if case SpectrumError.notConverged(iterations: 20, let error) = $0 { return error > 1e-10 } else { return false }
    }
  }

  @Test func eigenpairsOfStructures() throws {
    var generator = RandomGenerator(seed: 2)
    let f = { (p: [Tensor]) in (p[0] * p[0]).sum() + 4 * (p[1] * p[1]).sum() - (p[2] * p[2]).sum() }
    let at = [Tensor.zeros([2, 3], dtype: .float64), f64(1), Tensor.zeros([0, 2], dtype: .float64)]
    let (low, high) = try HessianOperator(f, at: at).extremeEigenpairs(tolerance: 1e-10, using: &generator)
    #expect(near([low.value, high.value], [2, 8]) && high.vector.map(\.shape) == [[2, 3], [1], [0, 2]])
    #expect(
      near([abs(high.vector[1].item())], [1]) && near(high.vector[0].flattened(), Array(repeating: 0, count: 6), 1e-8))
    #expect(near([square(low.vector[0]).sum().item()], [1], 1e-8))
    // A Gauss-Newton matrix, of float32 and float64 tensors together.
    let mixed = HessianOperator(
      gaussNewton: { (p: [Tensor]) in p[0].asType(.float64) * p[1] }, loss: { square($0).sum() },
      at: [Tensor([3] as [Float]), f64(4)])
    let (flat, steep) = try mixed.extremeEigenpairs(tolerance: 1e-6, using: &generator)
    #expect(near([flat.value, steep.value], [0, 50], 1e-5) && steep.vector[0].dtype == .float32)
    #expect(near([abs(steep.vector[0].item() / steep.vector[1].item())], [4.0 / 3], 1e-5))
    #expect(
      misuse { _ = try HessianOperator({ (x: Tensor) in x.sum() }, at: f64()).extremeEigenpairs(using: &generator) }
        == "extremeEigenpairs: there are no elements, and so no eigenvalues")
    #expect(
      misuse { _ = try mixed.extremeEigenpairs(tolerance: .nan, using: &generator) }
        == "extremeEigenpairs: the tolerance is nan; it must be 0 or more")
  }

  /// The space of the products is written in place: memory for one vector an iteration, no more.
  @Test func memoryOfTheBasis() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      let n = 10_000
      let d = Tensor.linspace(from: 1, to: 2, count: n, dtype: .float64)
      let h = HessianOperator({ (x: Tensor) in 0.5 * (x * x * d).sum() }, at: d)
      var generator = RandomGenerator(seed: 1)
      let (_, bytes) = TensorMemory.peak {
        _ = try? h.extremeEigenvalues(tolerance: 0, maxIterations: 64, using: &generator)
      }
      #expect(bytes < (64 + 16) * n * 8, "\(bytes / n / 8) vectors")
    }
  }

  // MARK: Estimates

  @Test func damping() throws {
    var generator = RandomGenerator(seed: 6)
    let h = Self.turned([-1, 0, 1, 2], .float64)
    #expect(throws: SpectrumError.self) { _ = try h.logDeterminant(using: &generator) }
    let found = try h.extremeEigenvalues(tolerance: 1e-10, damping: 1.5, using: &generator)
    #expect(near([found.smallest, found.largest], [0.5, 3.5], 1e-10))
    let exact = [0.5, 1.5, 2.5, 3.5].reduce(0) { $0 + log($1) }
    let estimate = try h.estimatedLogDeterminant(samples: 3000, damping: 1.5, using: &generator)
    #expect(abs(estimate.value - exact) < 4.5 * estimate.standardError && estimate.standardError < 0.1)
    #expect(
      misuse { _ = try h.logDeterminant(damping: .nan, using: &generator) }
        == "logDeterminant: the damping is nan; it must be a finite number")
  }

  /// As many samples together as one likes: each has a stream of its own.
  @Test func logDeterminantInBlocks() throws {
    let h = Self.turned([1, 2, 3, 4, 5, 6, 7], .float64)
    var (one, many) = (RandomGenerator(seed: 8), RandomGenerator(seed: 8))
    let single = try (0..<12).map { _ in try h.logDeterminant(samples: 1, iterations: 5, using: &one) }
    let block = try h.estimatedLogDeterminant(samples: 12, iterations: 5, using: &many)
    let mean = single.reduce(0, +) / 12
    #expect(near([block.value], [mean], 1e-12) && block.samples == 12)
    let scatter = single.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    #expect(near([block.standardError], [(scatter / (12 * 11)).squareRoot()], 1e-10))
    #expect(one.next() == many.next())
    // Start vectors whose spaces are complete after different numbers of products.
    let uneven = HessianOperator(
      { (x: Tensor) in 0.5 * (x * x * f64(1, 1, 4)).sum() + x[0] * x[1] * 0.5 }, at: f64(0, 0, 0))
    let found = try uneven.logDeterminant(samples: 40, iterations: 30, using: &many)
    #expect(abs(found - log(3.0)) < 1)
    let single32 = Self.turned([1, 2, 3], .float32)
    #expect(abs(try single32.logDeterminant(samples: 400, using: &many) - log(6.0)) < 0.5)
  }

  @Test func standardErrors() throws {
    var generator = RandomGenerator(seed: 9)
    for dtype in [DType.float32, .float64] {
      let h = Self.turned([1, -2, 3, 10, 0.5], dtype)
      let trace = h.estimatedTrace(samples: 2000, using: &generator)
      let matrix = try h.dense().matrix().asType(.float64)
      let off = square(matrix).sum().item() - square(matrix.diagonal()).sum().item()
      // By the formula for the variance.
      #expect(near([trace.standardError.item()], [(2 * off / 2000).squareRoot()], 0.15))
      #expect(abs(trace.value.item() - 12.5) < 4.5 * trace.standardError.item() && trace.value.shape == [])
      let diagonal = h.estimatedDiagonal(samples: 2000, using: &generator)
      let rows = square(matrix).sum(axis: 1) - square(matrix.diagonal())
      #expect(near(diagonal.standardError, doubles(sqrt(rows / 2000)), 0.1) && diagonal.samples == 2000)
      let gaps = doubles(abs(diagonal.value.asType(.float64) - matrix.diagonal()))
      #expect(zip(gaps, doubles(diagonal.standardError)).allSatisfy { $0 < 4.5 * $1 })
      // Nothing is random in a diagonal matrix; one sample tells nothing.
      let plain = HessianOperator({ (x: Tensor) in (x * x * x).sum() }, at: f64(1, 2, 3).asType(dtype))
      #expect(plain.estimatedTrace(samples: 5, using: &generator).standardError.item() == 0)
      #expect(plain.estimatedTrace(samples: 1, using: &generator).standardError.item().isNaN)
    }
    let x = f64(0.5, 1.5)
    var same = (generator, generator)
    let slope = grad { (x: Tensor) in
      HessianOperator({ ($0 * $0 * $0 * $0).sum() }, at: x).estimatedTrace(samples: 3, using: &same.0).value
    }(x)
    #expect(near(slope, [12, 36], 1e-12))
    let h = HessianOperator({ (x: Tensor) in (x * x * x * x).sum() }, at: x)
    #expect(near(h.trace(samples: 3, using: &same.1), [12 * 2.5], 1e-12))
    #expect(
      misuse { _ = h.estimatedDiagonal(samples: 0, using: &generator) }
        == "estimatedDiagonal: needs at least one sample, got 0")
  }

  // MARK: Limits

  /// Zeros among the eigenvalues, rounded to either sign.
  @Test(arguments: [DType.float32, .float64]) func singularMatricesHaveNoLogDeterminant(_ dtype: DType) {
    var generator = RandomGenerator(seed: 21)
    for index in 0..<150 {
      let count = 3 + index % 10
      let b = Tensor.normal([1 + index % (count - 1), count], dtype: dtype, using: &generator)
      let matrix = matmul(b.transposed(), b)
      let f = { (x: Tensor) in dot(x, matmul(matrix, x)) / 2 }
      let h = HessianOperator(f, at: Tensor.zeros([count], dtype: dtype))
      #expect {
        _ = try h.logDeterminant(samples: 4, using: &generator)
      } throws: {
        if case SpectrumError.notPositiveDefinite(let value) = $0 { return value < 1e-3 } else { return false }
      }
    }
    #expect(
      SpectrumError.notPositiveDefinite(eigenvalue: 0x1p-60).description.hasSuffix(", which is zero but for rounding"))
    let zero = HessianOperator({ (x: Tensor) in x.sum() }, at: Tensor.zeros([3], dtype: dtype))
    #expect(throws: SpectrumError.notPositiveDefinite(eigenvalue: 0)) {
      _ = try zero.logDeterminant(using: &generator)
    }
  }

  /// Samples that agree with one another, and not with the truth.
  @Test func logDeterminantSaysWhatItsIterationsLeave() throws {
    var generator = RandomGenerator(seed: 31)
    for power in [2.0, 5, 8] {
      let spectrum = pow(10, Tensor.linspace(from: -power, to: 0, count: 300, dtype: .float64))
      let exact = log(spectrum).sum().item()
      let h = HessianOperator({ (x: Tensor) in (x * x * spectrum).sum() / 2 }, at: spectrum)
      var last = Double.infinity
      for iterations in [2, 8, 16, 32, 64, 128] {
        let found = try h.estimatedLogDeterminant(samples: 64, iterations: iterations, using: &generator)
        let error = abs(found.value - exact)
        let stated = try #require(found.quadratureError)
        #expect(error <= stated + 4 * found.standardError + 1e-9 * abs(exact), "\(power), \(iterations)")
        #expect(found.value >= exact * (1 + 1e-9) && stated < last)
        last = stated
      }
      #expect(power > 2 || last < 1e-6)
      let one = try h.estimatedLogDeterminant(samples: 2, iterations: 1, using: &generator)
      #expect(one.value - exact <= one.quadratureError!)
    }
    let few = Self.turned([1, 2, 3, 3, 2, 1], .float64)
    #expect(try few.estimatedLogDeterminant(using: &generator).quadratureError == 0)
    #expect(few.estimatedTrace(samples: 2, using: &generator).quadratureError == nil)
  }

  @Test(arguments: [DType.float32, .float64]) func defaultsFindTheEndsOfRosenbrock(_ dtype: DType) throws {
    let x = Tensor.ones([1000], dtype: dtype)
    let h = HessianOperator(HessianTests.rosenbrock, at: x)
    for seed in 1...8 {
      var generator = RandomGenerator(seed: UInt64(seed))
      let (low, high) = try h.extremeEigenvalues(using: &generator)
      #expect(near([low, high], [0.5, 1802], 2e-3), "\(seed): \(low), \(high)")
    }
  }

  @Test func errorsSayWhereTheyComeFrom() {
    #expect(
      SpectrumError.notConverged(iterations: 5, error: 0.25).description
        == "extremeEigenvalues: the relative error may be 0.25 after 5 iterations; give more maxIterations:, "
        + "or a larger tolerance:")
    #expect(
      SpectrumError.notFinite(iteration: 3).description == "HessianOperator: a product is not finite in iteration 3")
  }
}
