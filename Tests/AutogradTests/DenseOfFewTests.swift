import Autograd
import Testing

/// Dense Hessians whose zeros are written by other threads while the rest is found.
@Suite struct DenseOfFewTests {
  private static func point(_ count: Int) -> Tensor { sin(Tensor.arange(count, dtype: .float64) * 0.7) }

  /// Memory that is likely to be taken next holds no zeros by chance.
  private static func spoil(_ count: Int) { _ = Tensor.full([count, count], .nan, dtype: .float64) }

  private static func largest(_ x: Tensor) -> Double { abs(x).max().item() }

  @Test func zerosStandWhereNothingIs() throws {
    for count in [512, 513, 700, 1100] {
      let x = Self.point(count)
      let expected = hessian(HessianTests.rosenbrock, sparsity: .banded(1))(x).dense()
      for _ in 0..<10 {
        Self.spoil(count)
        let found = try hessian(HessianTests.rosenbrock)(x)
        #expect(found.shape == [count, count])
        #expect(Self.largest(found - expected) <= 1e-9 * Self.largest(expected))
      }
    }
  }

  @Test func blocksOfSeveralTensorsAreFilled() throws {
    let (a, b) = (Self.point(300), Self.point(400))
    let f = { (p: [Tensor]) in (p[0] * p[0] * p[0]).sum() + square(p[1]).sum() + p[0].sum() }
    Self.spoil(700)
    let h = try hessian(f)([a, b])
    #expect(Self.largest(h[0, 0] - (6 * a).diagonalEmbedded()) < 1e-14)
    #expect(Self.largest(h[1, 1] - 2 * Tensor.eye(400, dtype: .float64)) == 0)
    #expect(Self.largest(h[0, 1]) == 0 && Self.largest(h[1, 0]) == 0)
  }

  @Test func aDenseOneIsComputedAfterAll() throws {
    let x = Self.point(600)
    let f = { (x: Tensor) in square(x.sum()) + (x * x * x).sum() }
    for _ in 0..<3 {
      Self.spoil(600)
      let h = try hessian(f)(x)
      #expect(Self.largest(h - (2 + (6 * x).diagonalEmbedded())) < 1e-12)
    }
  }

  @Test func withinOtherTransforms() throws {
    let x = Self.point(600)
    // The Hessian of sum x^4 is 12 x^2 on the diagonal.
    let f = { (x: Tensor) in square(square(x)).sum() }
    let slope = grad { (x: Tensor) in try! hessian(f)(x).sum() }(x)
    #expect(Self.largest(slope - 24 * x) < 1e-11)
    let sums = vmap { (x: Tensor) in try! hessian(f)(x).sum() }(stacked([x, 2 * x]))
    let expected: Double = square(x).sum().item()
    #expect(near(doubles(sums), [12 * expected, 48 * expected]))
  }
}
