import NN
import Testing

@Suite struct SecondOrderTests {
  private let model = Sequential {
    Linear(
      weight: Tensor([[0.5, -0.3], [0.2, 0.8], [-0.6, 0.1]] as [[Double]]),
      bias: Tensor([0.1, 0, -0.2] as [Double]))
    Tanh()
    Linear(weight: Tensor([[1, -1, 0.5]] as [[Double]]))
  }
  private let x = Tensor([[1, 2], [-0.5, 0.3], [0.7, -1.1], [0, 1]] as [[Double]])
  private let target = Tensor([[1], [0], [-1], [0.5]] as [[Double]])

  /// The same as a function of tensors.
  private func loss(_ p: [Tensor]) -> Tensor {
    mse(matmul(tanh(matmul(x, p[0].transposed()) + p[1]), p[2].transposed()), target)
  }

  @Test func hessianOfAModulesLoss() throws {
    let at = model.parameters.map { $0.value.detached() }
    let h = HessianOperator(model) { mse($0(x), target) }
    let expected = HessianOperator(loss, at: at)
    let v = at.map { $0 * $0 + 1 }
    for (a, b) in zip(h(v), expected(v)) { #expect(a.allClose(b, relative: 1e-12) && !a.isTracked) }
    for (a, b) in zip(h.gradient, expected.gradient) { #expect(a.allClose(b, relative: 1e-12)) }
    #expect(h.value.allClose(expected.value) && h.count == 12)
    #expect(try h.dense().matrix().allClose(expected.dense().matrix(), relative: 1e-12))
    #expect(model.parameters.allSatisfy { $0.grad == nil })
    // At the values of then.
    let before = h(v)
    for parameter in model.parameters { parameter.value = parameter.value * 2 }
    for (a, b) in zip(h(v), before) { #expect(a.allClose(b, relative: 0, absolute: 0)) }
    let step = try h.solve(h.gradient, tolerance: 1e-10, damping: 5)
    for (a, b) in zip(zip(h(step), step).map { $0 + 5 * $1 }, h.gradient) { #expect(a.allClose(b, relative: 1e-7)) }
  }

  @Test func gaussNewtonOfAModule() throws {
    let at = model.parameters.map { $0.value.detached() }
    let g = HessianOperator(gaussNewton: model) {
      $0(self.x)
    } loss: {
      mse($0, target)
    }
    let x = self.x
    let j = try jacobian { (p: [Tensor]) in
      matmul(tanh(matmul(x, p[0].transposed()) + p[1]), p[2].transposed()).flattened()
    }(at)
    let flat = concatenated(j.map { $0.reshaped([4, -1]) }, axis: 1)
    #expect(try g.dense().matrix().allClose(matmul(flat.transposed(), flat) / 2, relative: 1e-10, absolute: 1e-12))
    #expect(g.value.allClose(loss(at)))
  }

  @Test func valueAndGradOfAModule() {
    let (value, gradient) = withoutGrad { valueAndGrad(model) { mse($0(x), target) } }
    let (expected, slopes) = valueAndGrad(loss)(model.parameters.map { $0.value.detached() })
    #expect(value.allClose(expected) && !value.isTracked)
    for (a, b) in zip(gradient, slopes) { #expect(a.allClose(b, relative: 1e-12) && !a.isTracked) }
  }
}
