import NN
import Testing

/// A net where a function of a tensor is taken: derivatives in its input.
struct LayerDerivativeTests {
  private let net = Sequential(seed: 3) {
    Linear(2, 8, dtype: .float64)
    Tanh()
    Linear(8, 1, dtype: .float64)
  }
  private let points = Tensor([[0.1, 0.4], [-0.7, 0.2], [1, -1]], dtype: .float64)
  private let along = Tensor([[1, 2], [-1, 0.5], [0.3, 1]], dtype: .float64)

  @Test func areThoseOfTheClosure() throws {
    let f = { (x: Tensor) in net(x) }
    let u = Tensor([[1], [-2], [0.5]], dtype: .float64)
    #expect(vjp(net, at: points).pullback(u).allClose(vjp(f, at: points).pullback(u)))
    #expect(jvp(net, at: points, along: along).tangent.allClose(jvp(f, at: points, along: along).tangent))
    #expect(linearize(net, at: points).pushforward(along).allClose(jvp(f, at: points, along: along).tangent))
    #expect(try jacobian(net)(points).allClose(jacobian(f)(points)))
    #expect(throws: MemoryBudgetError.self) { try jacobian(net, memoryBudget: .bytes(8))(points) }
    #expect(hvp(net, at: points[..<1], along: along[..<1]).allClose(hvp(f, at: points[..<1], along: along[..<1])))
    #expect(elementwiseGrad(Tanh())(points).allClose(elementwiseGrad { tanh($0) }(points)))
  }

  /// They lead on to the layer's parameters, and beside them the forms for parameters are what they were.
  @Test func leadOnToParameters() {
    square(jvp(net, at: points, along: along).tangent).sum().backward()
    let slopes = net.parameters.map { $0.grad ?? Tensor.zeros(like: $0.value) }
    let expected = withoutGrad {
      grad(net) { net in square(jvp({ (x: Tensor) in net(x) }, at: points, along: along).tangent).sum() }
    }
    #expect(zip(slopes, expected).allSatisfy { $0.allClose($1) })
    #expect(jvp(net, along: net.parameters.map(\.value)) { $0(points) }.tangent.shape == [3, 1])
  }
}
