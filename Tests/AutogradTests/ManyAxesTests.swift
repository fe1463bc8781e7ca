import Autograd
import Testing

@testable import Tensor

/// Functions that go through tensors with as many axes as there can be, so that none is left for a block of vectors.
struct ManyAxesTests {
  private static let shape: Shape = [1, 1, 2, 1, 3, 1, 1, 2]

  /// The same function, by way of eight axes and by way of one.
  private static func wide(_ x: Tensor) -> Tensor {
    let y = sin(x.reshaped(shape)) * x.reshaped(shape)
    return (square(y).sum() + (y.sum(axes: [4]) * y.sum(axes: [4])).sum())
  }

  private static func narrow(_ x: Tensor) -> Tensor {
    let y = (sin(x) * x).reshaped([2, 3, 2])
    return (square(y).sum() + (y.sum(axes: [1]) * y.sum(axes: [1])).sum())
  }

  private static let point = cos(Tensor.arange(12, dtype: .float64))

  @Test func blocksThatTransformsChoose() throws {
    let x = Self.point
    let (f, g) = (Self.wide, Self.narrow)
    #expect(near(try hessian(f)(x), doubles(try hessian(g)(x))))
    #expect(near(hessianDiagonal(f)(x), doubles(hessianDiagonal(g)(x))))
    #expect(near(hessian(f, sparsity: .detected)(x).dense(), doubles(try hessian(g)(x))))
    let (h, k) = (HessianOperator(f, at: x), HessianOperator(g, at: x))
    let rows = sin(Tensor.arange(36, dtype: .float64)).reshaped([3, 12])
    #expect(near(h(rows), doubles(k(rows))) && h(rows).shape == [3, 12])
    #expect(near(h(rows[..<0]), []))
    #expect(near(h.trace(), doubles(k.trace())))
    #expect(near(try h.solve(x, damping: 50), doubles(try k.solve(x, damping: 50)), 1e-4))
    for mode in [JacobianMode.forward, .reverse] {
      let through = { (x: Tensor) in square(x.reshaped(Self.shape)).reshaped([4, 3]).sum(axis: 0) }
      let plain = { (x: Tensor) in square(x).reshaped([4, 3]).sum(axis: 0) }
      #expect(near(try jacobian(through, mode: mode)(x), doubles(try jacobian(plain, mode: mode)(x))))
    }
    let third = { (f: @escaping (Tensor) -> Tensor) in grad { (x: Tensor) in (try! hessian(f)(x) * rows[0]).sum() }(x) }
    #expect(near(third(f), doubles(third(g))))
    #expect(predictCost(of: f, at: x).hessian.flops > 0)
    let model = { (x: Tensor) in x.reshaped(Self.shape) * x.reshaped(Self.shape) }
    let loss = { (y: Tensor) in square(y).sum() }
    let (a, b) = (
      HessianOperator(gaussNewton: model, loss: loss, at: x),
      HessianOperator(gaussNewton: { $0 * $0 }, loss: loss, at: x)
    )
    #expect(near(try a.dense().matrix(), doubles(try b.dense().matrix())))
  }

  @Test func inputsOfAllAxes() throws {
    let x = Self.point.reshaped(Self.shape)
    let f = { (x: Tensor) in Self.wide(x) }
    let expected = try hessian(Self.narrow)(Self.point)
    #expect(near(hessianDiagonal(f)(x), doubles(expected.diagonal())))
    let h = HessianOperator(f, at: x)
    #expect(near(h.trace(), doubles(expected.diagonal().sum())))
    #expect(near(h(x), doubles(matmul(expected, Self.point))))
    for sparsity in [Sparsity.detected, .banded(12)] {
      #expect(near(hessian(f, sparsity: sparsity)(x).dense(), doubles(expected)))
    }
    #expect(misuse { _ = try hessian(f)(x) }?.contains("would have more than 8 axes") == true)
    let damped = { (x: Tensor) in Self.wide(x) + 50 * square(x).sum() }
    let plain = { (x: Tensor) in Self.narrow(x) + 50 * square(x).sum() }
    var (generator, same) = (RandomGenerator(seed: 1), RandomGenerator(seed: 1))
    let found = try HessianOperator(damped, at: x).logDeterminant(using: &generator)
    let reference = try HessianOperator(plain, at: Self.point).logDeterminant(using: &same)
    #expect(near(scalar(found), [reference]))
    #expect(predictCost(of: f, at: x).hessianDiagonal.flops > 0)
  }

  /// A large one, of which it is asked first whether it is sparse.
  @Test func zerosAreFound() throws {
    let x = sin(Tensor.arange(600, dtype: .float64))
    let f = { (x: Tensor) in
      let y = x.reshaped([1, 2, 1, 3, 1, 100, 1, 1])
      return (square(y) * y).sum() + (x[1...] * x[..<(-1)]).sum()
    }
    let plain = { (x: Tensor) in (square(x) * x).sum() + (x[1...] * x[..<(-1)]).sum() }
    #expect(near(hessianDiagonal(f)(x), doubles(hessianDiagonal(plain)(x))))
    #expect(hessian(f, sparsity: .detected)(x).dense().allClose(hessian(plain, sparsity: .detected)(x).dense()))
  }

  @Test func solutionsOfEquations() throws {
    let a = abs(Self.point) + 1
    let root = { (a: Tensor) in
      try! rootSolve({ x, a in x * x - a.reshaped(Self.shape) }, from: Tensor.ones(Self.shape, dtype: .float64), at: a)
    }
    #expect(near(grad { root($0).sum() }(a), doubles(0.5 / sqrt(a)), 1e-9))
    #expect(near(hvp({ root($0).sum() }, at: a, along: a), doubles(-0.25 / sqrt(a)), 1e-9))
  }

  /// What was given in blocks is refused in words, not by a trap.
  @Test func blocksThatAreGiven() {
    let x = Self.point
    let rows = Tensor.ones([2, 12], dtype: .float64)
    let g = { (x: Tensor) in square(x.reshaped(Self.shape)) }
    let uses: [() -> Void] = [
      { _ = hvp(Self.wide, at: x, along: rows) }, { _ = hvpReverse(Self.wide, at: x, along: rows) },
      { _ = valueGradAndHVP(Self.wide, at: x, along: rows) }, { _ = jvp(g, at: x, along: rows) },
      { _ = jvp(Self.wide, at: x, along: rows) }, { _ = linearize(g, at: x).pushforward(rows) },
      { _ = directionalDerivatives(g, at: x, along: rows, order: 3) as [Tensor] },
      { _ = vjp({ (x: Tensor) in sin(x.reshaped(Self.shape)).flattened() }, at: x).pullback(rows) },
    ]
    for (place, use) in uses.enumerated() {
      #expect(
        misuse(use)?.hasPrefix("derivative: vectors with the leading axes [2] pass a tensor of 8 axes") == true,
        "\(place): \(misuse(use) ?? "")")
    }
    #expect(near(vhp(Self.wide, at: x, along: rows).product[1], doubles(hvp(Self.narrow, at: x, along: rows[0]))))
  }
}
