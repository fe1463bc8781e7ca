import Testing

@testable import Autograd
@testable import Tensor

/// Products that only the gradient's own numbers would need are not computed for a Hessian-vector product.
struct OmittedNumbersTests {
  private let sizes = [40, 60, 50, 3]

  private func loss(_ x: Tensor) -> ([Tensor]) -> Tensor {
    { p in
      let hidden = tanh(matmul(x, p[0], adding: p[1]))
      return square(matmul(tanh(matmul(hidden, p[2]) + p[3]), p[4])).mean()
    }
  }

  private func parameters(_ dtype: DType) -> [Tensor] {
    [[40, 60], [60], [60, 50], [50], [50, 3]].enumerated().map { index, shape in
      let shape = Shape(shape)
      return (0.2 * sin(Tensor.arange(shape.elementCount, dtype: .float64) + Double(index))).asType(dtype).reshaped(
        shape)
    }
  }

  @Test(arguments: [DType.float32, .float64]) func products(_ dtype: DType) {
    let x = cos(Tensor.arange(80 * 40, dtype: .float64)).asType(dtype).reshaped([80, 40])
    let (f, p) = (loss(x), parameters(dtype))
    let v = p.map { cos($0 * 7) }
    let all = valueGradAndHVP(f, at: p, along: v)
    let tolerance = dtype == .float64 ? 1e-12 : 1e-5
    // In memory that has held other numbers, which must not matter.
    for _ in 0..<3 {
      _ = [Tensor.full([60, 50], .nan, dtype: dtype), Tensor.full([40, 60], .nan, dtype: dtype)]
      for product in [hvp(f, at: p, along: v), hvpReverse(f, at: p, along: v)] {
        for (a, b) in zip(product, all.product) { #expect(near(a, doubles(b), tolerance)) }
      }
    }
    // One parameter in two places: its cotangents are added.
    let shared = { (p: [Tensor]) in square(matmul(tanh(matmul(x, p[0])), p[0].transposed())).mean() }
    for (a, b) in zip(
      hvp(shared, at: [p[0]], along: [v[0]]), valueGradAndHVP(shared, at: [p[0]], along: [v[0]]).product)
    {
      #expect(near(a, doubles(b), tolerance))
    }
    // Several directions at once.
    let block = hvp(f, at: p, along: v.map { stacked([$0, 2 * $0]) })
    for (a, b) in zip(block, all.product) { #expect(near(a[1], doubles(2 * b), 2 * tolerance)) }
  }

  @Test func countsLess() {
    let x = cos(Tensor.arange(80 * 40, dtype: .float64)).reshaped([80, 40])
    let (f, p) = (loss(x), parameters(.float64))
    let gradient = TensorWork.flops { grad(f)(p) }.flops
    let lean = TensorWork.flops { hvp(f, at: p, along: p) }.flops
    let whole = TensorWork.flops { valueGradAndHVP(f, at: p, along: p) }.flops
    // The weights' own gradients: a product of 2 x 80 flops for each of their numbers.
    let omitted = 2 * 80 * (40 * 60 + 60 * 50 + 50 * 3)
    #expect(whole - lean >= omitted && whole - lean < omitted + omitted / 20)
    #expect(Double(lean) < 2.4 * Double(gradient))
  }

  @Test func nested() {
    let x = cos(Tensor.arange(80 * 40, dtype: .float64)).reshaped([80, 40])
    let (f, p) = (loss(x), parameters(.float64))
    let v = p.map { cos($0 * 7) }
    func sum(_ product: [Tensor]) -> Tensor {
      product.reduce(Tensor.zeros([], dtype: .float64)) { $0 + square($1).sum() }
    }
    let lean = grad { (p: [Tensor]) in sum(hvp(f, at: p, along: v)) }(p)
    let whole = grad { (p: [Tensor]) in sum(valueGradAndHVP(f, at: p, along: v).product) }(p)
    for (a, b) in zip(lean, whole) { #expect(near(a, doubles(b), 1e-12)) }
    let third = hvp({ (p: [Tensor]) in sum(hvp(f, at: p, along: v)) }, at: p, along: v)
    let expected = valueGradAndHVP(
      { (p: [Tensor]) in sum(valueGradAndHVP(f, at: p, along: v).product) }, at: p, along: v)
    for (a, b) in zip(third, expected.product) { #expect(near(a, doubles(b), 1e-11)) }
  }

  /// A check that watches numbers sees all of them.
  @Test func watched() throws {
    let x = cos(Tensor.arange(80 * 40, dtype: .float64)).reshaped([80, 40])
    let (f, p) = (loss(x), parameters(.float64))
    let product = try withNaNCheck { hvp(f, at: p, along: p) }
    for (a, b) in zip(product, hvp(f, at: p, along: p)) { #expect(near(a, doubles(b), 1e-12)) }
  }
}
