import Autograd
import Testing

@testable import Tensor

struct LaplacianTests {
  private let points = sin(Tensor.arange(21, dtype: .float64) * 1.1).reshaped([7, 3])

  @Test func closedForms() {
    // |x|^4: 4 (d + 2) |x|^2
    let f = { (x: Tensor) in square(square(x).sum(axis: -1)) }
    let squares = doubles(square(points).sum(axis: 1))
    #expect(near(laplacian(f)(points), squares.map { 20 * $0 }, 1e-12))
    let column = laplacian { square(square($0).sum(axis: -1, keepDims: true)) }(points)
    #expect(column.shape == [7, 1] && near(column.flattened(), squares.map { 20 * $0 }, 1e-12))
    let single = laplacian(f)(points.asType(.float32))
    #expect(single.dtype == .float32 && near(single, squares.map { 20 * $0 }, 1e-5))
    let (value, gradient, second) = valueGradAndLaplacian(f)(points)
    #expect(near(value, squares.map { $0 * $0 }, 1e-13) && near(second, squares.map { 20 * $0 }, 1e-12))
    #expect(near(gradient, doubles(4 * square(points).sum(axis: 1, keepDims: true) * points), 1e-13))
    // A harmonic function.
    let harmonic = laplacian { exp($0[..., 0]) * sin($0[..., 1]) }(points[.all, 0..<2])
    #expect(near(harmonic, Array(repeating: 0, count: 7), 1e-13) && harmonic.shape == [7])
  }

  @Test func shapes() throws {
    let cubes = { (x: Tensor) in (x * x * x).sum(axis: -1) }
    #expect(near(laplacian(cubes)(points.reshaped([7, 1, 3])), doubles(6 * points.sum(axis: 1)), 1e-13))
    #expect(laplacian(cubes)(points.reshaped([7, 1, 3])).shape == [7, 1])
    #expect(near(laplacian(cubes)(points[0]), [6 * points[0].sum().item()], 1e-13))
    #expect(near(laplacian(cubes)(points[0]), [try hessian(cubes)(points[0]).trace().item()], 1e-13))
    #expect(near(laplacian(cubes)(points.transposed()), doubles(6 * points.transposed().sum(axis: 1)), 1e-13))
    #expect(
      laplacian(cubes)(Tensor.zeros([0, 3])).shape == [0] && laplacian(cubes)(Tensor.zeros([4, 0])).shape == [4])
    #expect(doubles(laplacian { $0.sum(axis: -1) }(points)) == Array(repeating: 0, count: 7))
    #expect(doubles(laplacian { x in Tensor.ones([7], dtype: .float64) }(points)) == Array(repeating: 0, count: 7))
  }

  /// Second derivatives of a net against differences of its gradient.
  @Test func ofANet() {
    let w = sin(Tensor.arange(15, dtype: .float64)).reshaped([3, 5])
    let v = cos(Tensor.arange(5, dtype: .float64)).reshaped([5, 1])
    let net = { (x: Tensor) in matmul(tanh(matmul(x, w)), v) }
    let found = laplacian(net)(points)
    var expected = Array(repeating: 0.0, count: 7)
    for axis in 0..<3 {
      let step = 1e-5 * Tensor.eye(3, dtype: .float64)[axis]
      let ends = [points + step, points - step].map { at in doubles(grad { net($0).sum() }(at)[.all, axis]) }
      for point in 0..<7 { expected[point] += (ends[0][point] - ends[1][point]) / 2e-5 }
    }
    #expect(near(found.flattened(), expected, 1e-8))
    // The loss of a differential equation, with respect to what the function captures.
    let loss = { (w: Tensor) in square(laplacian { matmul(tanh(matmul($0, w)), v) }(points)).mean() }
    let slope = grad(loss)(w)
    for element in [0, 7, 14] {
      let step = 1e-5 * Tensor.eye(15, dtype: .float64)[element].reshaped([3, 5])
      let difference = (loss(w + step) - loss(w - step)).item() / 2e-5
      #expect(near([slope.flattened()[element].item()], [difference], 1e-7))
    }
    // Of the Laplacian, again: the biharmonic operator, on |x|^4 in three dimensions 120.
    let twice = laplacian(laplacian { square(square($0).sum(axis: -1)) })(points)
    #expect(near(twice, Array(repeating: 120, count: 7), 1e-10))
  }

  /// Coordinates go through in blocks, so that memory does not grow with their number.
  @Test func memoryForABlock() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      let x = sin(Tensor.arange(200 * 400)).reshaped([200, 400])
      let f = { (x: Tensor) in square(square(x).sum(axis: -1)) }
      let (found, bytes) = TensorMemory.peak { laplacian(f)(x) }
      let expected = doubles(square(x).sum(axis: 1)).map { 4 * 402 * $0 }
      #expect(near(found, expected, 1e-4))
      // 320 kB for each tensor of all points; all tangents at once take 400 times that.
      #expect(bytes < 12 << 20, "\(bytes)")
      // Recorded, for a derivative in what it captures: what is saved grows, what is on the way does not.
      let (slope, more) = TensorMemory.peak {
        grad { (scale: Tensor) in laplacian { scale * f($0) }(x).mean() }(Tensor(2))
      }
      #expect(near([slope.item()], [expected.reduce(0, +) / 200], 1e-4))
      #expect(more < 300 << 20, "\(more)")
    }
  }

  /// More coordinates than a block holds.
  @Test func severalBlocks() throws {
    let x = sin(Tensor.arange(90 * 30, dtype: .float64)).reshaped([30, 90])
    let w = cos(Tensor.arange(90, dtype: .float64))
    let f = { (x: Tensor) in exp(matmul(x, w) * 0.05) + square(x * x).sum(axis: -1) }
    let expected = doubles(exp(matmul(x, w) * 0.05) * 0.0025 * dot(w, w) + 12 * square(x).sum(axis: 1))
    #expect(near(laplacian(f)(x), expected, 1e-12))
    let slope = grad { (x: Tensor) in laplacian(f)(x).sum() }(x)
    let inner = exp(matmul(x, w) * 0.05).unsqueezed(axis: 1) * (0.000125 * dot(w, w)) * w
    #expect(near(slope.flattened(), doubles((inner + 24 * x).flattened()), 1e-11))
    let (y, push) = jvp({ laplacian(f)($0) }, at: x, along: Tensor.ones(like: x))
    #expect(near(y, expected, 1e-12) && near(push, doubles((inner + 24 * x).sum(axis: 1)), 1e-11))
    #expect(
      near(laplacian(laplacian { square(square($0).sum(axis: -1)) })(x), Array(repeating: 8 * 90 * 92, count: 30)))
  }

  @Test func misuseIsReported() {
    #expect(
      misuse { _ = laplacian { $0.sum() }(points) }
        == "laplacian: the function's result is float64 [] for points of shape [7, 3]; it must give one floating-point "
        + "number for each point, [7] or [7, 1]")
    #expect(
      misuse { _ = laplacian { $0 }(scalar(1)) }
        == "laplacian: points have shape [..., d] with up to 7 axes, got []")
  }
}
