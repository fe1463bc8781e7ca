import Autograd
import Foundation
import Testing

/// Programs composed of several operators, where rules meet.
@Suite struct ProgramTests {
  /// The Hessian of a function that gives one number, by each composition of walks.
  private func hessians(_ f: @escaping (Tensor) -> Tensor, at x: Tensor) -> [(name: String, rows: [[Double]])] {
    let basis = (0..<x.count).map { index in
      Tensor((0..<x.count).map { $0 == index ? 1.0 : 0.0 }, shape: x.shape).asType(x.dtype)
    }
    func numbers(_ x: Tensor) -> [Double] { x.asType(.float64).scalars(as: Double.self) }
    let along = { (e: Tensor) in { (x: Tensor) in jvp(f, at: x, along: e).tangent } }
    return [
      ("vjp of vjp", basis.map { numbers(vjp(grad(f), at: x).pullback($0)) }),
      ("jvp of vjp", basis.map { numbers(jvp(grad(f), at: x, along: $0).tangent) }),
      ("vjp of jvp", basis.map { numbers(grad(along($0))(x)) }),
      ("jvp of jvp", basis.map { e in basis.map { jvp(along(e), at: x, along: $0).tangent.item() } }),
      ("hvp", basis.map { numbers(hvp(f, at: x, along: $0)) }),
      ("hvpReverse", basis.map { numbers(hvpReverse(f, at: x, along: $0)) }),
    ]
  }

  private static let start = Tensor([0.3, -1.7, 2.5] as [Double])
  private static let squareDifference = Formula("squareDifference") { square($0 - $1) }

  /// Many ways to write sum((x - x0)^2).
  private static let squares: [(String, @Sendable (Tensor) -> Tensor)] = [
    ("square", { square($0 - start).sum() }), ("product", { (($0 - start) * ($0 - start)).sum() }),
    ("pow", { pow($0 - start, 2).sum() }),
    ("pow of tensors", { pow($0 - start, Tensor.full([3], 2, dtype: .float64)).sum() }),
    ("formula", { squareDifference.sum($0, start) }), ("mse", { 3 * mse($0, start) }),
    ("dot", { dot($0 - start, $0 - start) }), ("matmul", { matmul($0 - start, $0 - start) }),
  ]

  @Test("the Hessian of sum((x - x0)^2) at x0 is 2I", arguments: squares.indices)
  func quadratic(_ index: Int) {
    let (name, f) = Self.squares[index]
    for (composition, rows) in hessians(f, at: Self.start) {
      #expect(rows == [[2, 0, 0], [0, 2, 0], [0, 0, 2]], "\(name), \(composition): \(rows)")
    }
  }

  @Test("where keeps an infinite slope out, to second order")
  func strongZeros() {
    let x = Tensor([-1, 0, 4] as [Double])
    let zeros = Tensor.zeros([3], dtype: .float64)
    let fused = Formula("guarded") { x in Formula.select(x .> 0, sqrt(x), 0) }
    for (name, f) in [
      ("tensors", { (x: Tensor) in `where`(x .> 0, sqrt(x), zeros).sum() }),
      ("formula", { fused($0).sum() }), ("reduction", { fused.sum($0) }),
    ] {
      let gradient = grad(f)(x).scalars(as: Double.self)
      #expect(gradient == [0, 0, 0.25], "\(name): \(gradient)")
      for (composition, rows) in hessians(f, at: x) {
        #expect(rows == [[0, 0, 0], [0, 0, 0], [0, 0, -0.03125]], "\(name), \(composition): \(rows)")
      }
    }
  }

  @Test("a function that ignores its input, or is linear in it, has a second derivative of zero")
  func zeros() {
    let x = Tensor([1, 2] as [Double])
    for f in [{ (_: Tensor) in Tensor.ones([], dtype: .float64) }, { $0.sum() }, { floor($0).sum() * 2 }] {
      for (composition, rows) in hessians(f, at: x) {
        #expect(rows == [[0, 0], [0, 0]], "\(composition): \(rows)")
      }
    }
  }

  // MARK: - Checked numerically

  private static func draw(_ shape: Shape, _ seed: UInt64, dtype: DType = .float64) -> Tensor {
    var generator = RandomGenerator(seed: seed)
    return Tensor.normal(shape, dtype: dtype, using: &generator)
  }

  private static let labels = Tensor([2, 0, 1, 2] as [Int])

  /// Programs with the shapes of their inputs.
  private static let programs: [(name: String, shapes: [Shape], order: Int, f: @Sendable ([Tensor]) -> [Tensor])] = [
    (
      "net", [[4, 3], [3, 5], [5], [5, 3], [3]], 2,
      { v in [crossEntropy(matmul(tanh(matmul(v[0], v[1]) + v[2]), v[3]) + v[4], labels)] }
    ),
    (
      "net with gelu and mse", [[4, 2], [2, 3], [3, 1], [4, 1]], 2,
      { v in [mse(matmul(gelu(matmul(v[0], v[1])), v[2]), v[3])] }
    ),
    (
      "layer normalisation", [[2, 4], [4], [4]], 3,
      { v in
        let centred = v[0] - v[0].mean(axis: -1, keepDims: true)
        let variance = square(centred).mean(axis: -1, keepDims: true)
        return [centred * rsqrt(variance + 1e-2) * v[1] + v[2]]
      }
    ),
    (
      "attention", [[2, 3, 2], [2, 3, 2], [2, 3, 2]], 2,
      { v in [matmul(softmax(matmul(v[0], v[1].transposed(-2, -1)) / 2.0.squareRoot()), v[2])] }
    ),
    ("norm", [[5]], 3, { v in [sqrt(dot(v[0], v[0]))] }),
    ("normalised", [[2, 3]], 3, { v in [v[0] / sqrt(square(v[0]).sum(axis: -1, keepDims: true))] }),
    ("quadratic form", [[3], [3, 3]], 3, { v in [matmul(matmul(v[0], v[1]), v[0])] }),
    ("log likelihood", [[4], []], 3, { v in [logSumExp(v[0] * exp(v[1])) - log(sum(square(v[0])) + 1)] }),
    (
      "writes", [[4], [2], []], 3,
      { v in
        var x = v[0] * v[0]
        x[1..<3] = v[1] * x[0]
        x[3] = x[1] * v[2]
        x[Tensor([0, 2] as [Int])] = sin(x[2..<4])
        return [x, x[SpecialIndex.stride(by: -2)]]
      }
    ),
    (
      "recurrence", [[3], [3, 3]], 2,
      { v in
        var state = v[0]
        var states: [Tensor] = []
        for _ in 0..<4 {
          state = tanh(matmul(v[1], state) + v[0])
          states.append(state)
        }
        return [stacked(states), state]
      }
    ),
    (
      "diamonds", [[3]], 3,
      { v in
        var x = v[0]
        for _ in 0..<3 { x = x * sin(x) + x }
        return [x, x.sum()]
      }
    ),
    (
      "embedding", [[4, 2], [2, 3]], 2,
      { v in [softmax(matmul(v[0].take(labels), v[1])).gather(labels.reshaped([4, 1]), axis: 1)] }
    ),
    (
      "broadcasts", [[2, 1, 3], [4, 1], []], 2,
      { v in [(v[0] * v[1] - v[2]).mean(axes: [0, 2]), exp(-square(v[0] - v[1])).sum(axis: 1)] }
    ),
    ("extremes", [[3, 4]], 2, { v in [v[0].max(axis: 1) * v[0].min(axis: 1), relu(v[0]).max()] }),
    (
      "gradient inside", [[3]], 2,
      { v in
        [
          grad { (x: Tensor) in (sin(x) * v[0] * x).sum() }(v[0]),
          hvp({ exp($0 * v[0]).sum() }, at: v[0], along: v[0]),
        ]
      }
    ),
  ]

  private static func sum(_ x: Tensor) -> Tensor { x.sum() }

  @Test("derivatives of programs", arguments: programs.indices)
  func program(_ index: Int) {
    let (name, shapes, order, f) = Self.programs[index]
    let inputs = shapes.enumerated().map { Self.draw($1, UInt64(index * 10 + $0)) }
    let report = checkGradients(name, order: order, of: f, at: inputs, elements: order > 2 ? 3 : 8)
    #expect(report.passed, "\(report)")
    let single = inputs.map { $0.asType(.float32) }
    let coarse = checkGradients(name, order: 1, of: f, at: single, elements: 4)
    #expect(coarse.passed, "float32: \(coarse)")
  }

  @Test("Hessian-vector products of several directions at once")
  func directions() {
    let x = Tensor([0.3, -0.8, 1.1] as [Double])
    let v = Self.draw([4, 3], 77)
    let curved: @Sendable (Tensor) -> Tensor = { (sin($0) * $0.sum()).sum() }
    for f in [curved, { $0.sum() }] {
      let each = stacked((0..<4).map { hvp(f, at: x, along: v[$0]) })
      for all in [hvp(f, at: x, along: v), hvpReverse(f, at: x, along: v)] {
        #expect(all.allClose(each, relative: 1e-12), "\(all) \(each)")
      }
    }
  }

  @Test("a fifth derivative")
  func fifth() {
    func derivative(_ f: @escaping (Tensor) -> Tensor, _ order: Int) -> (Tensor) -> Tensor {
      order == 0 ? f : derivative({ x in grad { f($0).sum() }(x) }, order - 1)
    }
    let x = Tensor([0.3, -0.8] as [Double])
    let got = derivative({ exp(2 * $0) }, 5)(x).scalars(as: Double.self)
    for (got, x) in zip(got, [0.3, -0.8]) { #expect(abs(got / (32 * Foundation.exp(2 * x)) - 1) < 1e-12) }
    let sine = derivative({ sin($0) }, 5)(x).scalars(as: Double.self)
    for (got, x) in zip(sine, [0.3, -0.8]) { #expect(abs(got - Foundation.cos(x)) < 1e-12) }
  }

  @Test("perturbations of nested walks stay apart")
  func confusion() {
    // d/dx (x d/dy (x + y)) = 1, and with y shadowing x's own walk.
    let x = Tensor(2.0)
    let outer = grad { (x: Tensor) in x * grad { (y: Tensor) in x + y }(Tensor(1.0)) }(x)
    #expect(outer.item() == 1)
    let forward = jvp(
      { (x: Tensor) in x * jvp({ (y: Tensor) in x * y }, at: Tensor(3.0), along: Tensor(1.0)).tangent },
      at: x,
      along: Tensor(1.0))
    #expect(forward.tangent.item() == 4)
  }
}
