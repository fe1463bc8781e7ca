import NN
import Testing

struct LayerTaylorTests {
  private let net = Sequential(seed: 3) {
    Linear(2, 8, dtype: .float64)
    Tanh()
    Linear(8, 1, dtype: .float64)
  }
  private let points = Tensor([[0.1, 0.4], [-0.7, 0.2], [1, -1]], dtype: .float64)

  private func along(_ x: Double, _ t: Double) -> Tensor {
    Tensor([[x, t]], dtype: .float64).expanded(to: [3, 2])
  }

  @Test func aLayerIsTheFunctionThatItIs() {
    let (u, ux, uxx) = directionalDerivatives(net, at: points, along: along(1, 0), order: 2)
    let all = directionalDerivatives({ net($0) }, at: points, along: along(1, 0), order: 3)
    let own = directionalDerivatives(net, at: points, along: along(1, 0), order: 3)
    #expect(all.count == 4 && own.count == 4)
    for (a, b) in zip([u, ux, uxx], all) { #expect(a.allClose(b)) }
    for (a, b) in zip(own, all) { #expect(a.allClose(b)) }
    let (value, d) = directionalDerivatives(net, at: points, alongEach: [along(1, 0), along(0, 1)], orders: [2, 1])
    #expect(value.allClose(u) && d[0][1].allClose(uxx))
    #expect(d[1][0].allClose(jvp({ (x: Tensor) in net(x) }, at: points, along: along(0, 1)).tangent))
  }

  @Test func laplacianOfALayer() {
    #expect(laplacian(net)(points).allClose(laplacian { net($0) }(points)))
    let (value, gradient, second) = valueGradAndLaplacian(net)(points)
    #expect(value.allClose(net(points)) && second.allClose(laplacian(net)(points)))
    let (_, d) = directionalDerivatives(net, at: points, alongEach: [along(1, 0), along(0, 1)], orders: [2, 2])
    #expect(second.allClose(d[0][1] + d[1][1]) && gradient[.all, 1..<2].allClose(d[1][0]))
    // With respect to the parameters.
    let weight = net.parameters[0].value
    #expect(grad(of: laplacian(net)(points).sum(), withRespectTo: [weight])[0].shape == weight.shape)
  }

  /// The slope of a loss made of u_xx with respect to a weight, against differences.
  @Test func gradientsReachTheParameters() {
    func loss(_ net: some Layer) -> Tensor {
      let (u, ux, uxx) = directionalDerivatives(net, at: points, along: along(1, 0.5), order: 2)
      return 1000 * square(u * ux - uxx).sum()
    }
    let weight = net.parameters[0]
    let slope = grad(of: loss(net), withRespectTo: [weight.value])[0].detached()[2, 1].item()
    func shifted(_ by: Double) -> Double {
      var value = weight.value.detached()
      value[2, 1] = value[2, 1] + by
      let second = net.layers[2] as! Linear
      let first = Linear(weight: value, bias: (net.layers[0] as! Linear).bias!.value.detached())
      return loss(Sequential([first, Tanh(), second])).item()
    }
    let difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5
    #expect(abs(slope - difference) < 1e-6 * abs(slope) && abs(slope) > 1e-3)
  }
}
