import NN
import Testing

/// Layers within checkpoints and equations: their parameters are captured.
@Suite struct RecomputedLayerTests {
  private let x = Tensor([[1, 2, -1], [-0.5, 0.3, 0.2]] as [[Double]])
  private let target = Tensor([[0.3, -0.2, 0.1], [0.1, 0.4, -0.3]] as [[Double]])

  private func net() -> Sequential {
    withSeed(3) {
      Sequential {
        Linear(3, 5, dtype: .float64)
        Tanh()
        Linear(5, 3, dtype: .float64)
      }
    }
  }

  private func gradients(_ model: some Module, _ loss: () -> Tensor) -> [Tensor] {
    model.clearGrad()
    loss().backward()
    return model.parameters.map { ($0.grad ?? Tensor.zeros(like: $0.value)).detached() }
  }

  private func agree(_ a: [Tensor], _ b: [Tensor], _ tolerance: Double = 1e-12) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.allClose($1, relative: tolerance, absolute: tolerance) }
  }

  @Test func checkpointedNetsHaveTheirOwnDerivatives() throws {
    let net = net()
    let layers = net.layers.map { layer in checkpoint { (x: Tensor) in layer(x) } }
    let whole = checkpoint { (x: Tensor) in net(x) }
    let plain = gradients(net) { mse(net(x), target) }
    #expect(plain.allSatisfy { abs($0).max().item() > 1e-3 })
    #expect(agree(gradients(net) { mse(whole(x), target) }, plain))
    #expect(agree(gradients(net) { mse(layers.reduce(x) { $1($0) }, target) }, plain))
    #expect(agree(valueAndGrad(net) { _ in mse(whole(x), target) }.gradient, plain))
    let (H, expected) = (
      HessianOperator(net) { _ in mse(whole(x), target) }, HessianOperator(net) { mse($0(x), target) }
    )
    let v = net.parameters.map { sin($0.value.detached() * 7) }
    let product = expected(v)
    #expect(agree(H(v), product))
    #expect(try agree([H.dense().matrix()], [expected.dense().matrix()]))
    // At the values of then.
    for parameter in net.parameters { parameter.value = parameter.value * 2 }
    #expect(agree(H(v), product))
  }

  @Test func stepsOfACheckpointedNet() {
    func train(_ call: (Sequential) -> (Tensor) -> Tensor) -> [Tensor] {
      let net = net()
      let optimizer = Adam(net, learningRate: 0.05)
      let f = call(net)
      for _ in 0..<10 { optimizer.step(minimizing: mse(f(x), target)) }
      return net.parameters.map { $0.value.detached() }
    }
    let plain = train { net in { net($0) } }
    #expect(agree(train { net in checkpoint { net($0) }.callAsFunction }, plain))
    #expect(!agree(net().parameters.map { $0.value.detached() }, plain))
  }

  /// A graph that was recorded before a step keeps its numbers, also those that are computed again.
  @Test func parametersThatChangeBeforeTheDerivative() {
    let net = net()
    let plain = gradients(net) { mse(net(x), target) }
    let loss = mse(checkpoint { (x: Tensor) in checkpoint { net($0) }(x) }(x), target)
    net.clearGrad()
    for parameter in net.parameters { parameter.value = parameter.value * 3 }
    loss.backward()
    #expect(agree(net.parameters.map { $0.grad!.detached() }, plain))
  }

  // MARK: Equilibria

  private func unrolled(_ layer: Linear, _ x: Tensor) -> Tensor {
    (0..<80).reduce(Tensor.zeros(like: x)) { z, _ in tanh(0.4 * layer(z) + x) }
  }

  private func equilibrium(_ layer: Linear, _ x: Tensor) -> Tensor {
    try! fixedPoint({ z, x in tanh(0.4 * layer(z) + x) }, from: Tensor.zeros(like: x), at: x)
  }

  @Test func equilibriumLayersHaveTheDerivativesOfTheirSteps() throws {
    let layer = withSeed(5) { Linear(3, 3, dtype: .float64) }
    let plain = gradients(layer) { mse(unrolled(layer, x), target) }
    #expect(agree(gradients(layer) { mse(equilibrium(layer, x), target) }, plain, 1e-9))
    let root = { (x: Tensor) in
      try! rootSolve({ z, x in z - tanh(0.4 * layer(z) + x) }, from: Tensor.zeros(like: x), at: x)
    }
    #expect(agree(gradients(layer) { mse(root(x), target) }, plain, 1e-9))
    // One within a checkpoint.
    #expect(agree(gradients(layer) { mse(checkpoint { equilibrium(layer, $0) }(x), target) }, plain, 1e-9))
    let H = HessianOperator(layer) { mse(equilibrium($0, x), target) }
    let expected = HessianOperator(layer) { mse(unrolled($0, x), target) }
    #expect(try agree([H.dense().matrix()], [expected.dense().matrix()], 1e-8))
  }

  @Test func equilibriumLayersTrain() {
    func train(_ call: (Linear, Tensor) -> Tensor) -> (losses: [Double], weights: [Tensor]) {
      let layer = withSeed(5) { Linear(3, 3, dtype: .float64) }
      let optimizer = Adam(layer, learningRate: 0.1)
      let losses = (0..<8).map { _ in
        let loss = mse(call(layer, x), target)
        optimizer.step(minimizing: loss)
        return loss.item()
      }
      return (losses, layer.parameters.map { $0.value.detached() })
    }
    let (found, expected) = (train(equilibrium), train(unrolled))
    #expect(agree(found.weights, expected.weights, 1e-6))
    #expect(found.losses.last! < 0.9 * found.losses[0])
  }

  /// What was bound when a checkpoint was recorded is bound when it is evaluated again, after the binding has ended.
  @Test func checkpointsReadWhatWasBound() {
    let net = net()
    let doubled = net.parameters.map { $0.value.detached() * 2 }
    func loss(_ values: [Tensor], recomputes: Bool) -> (Tensor) -> Tensor {
      { x in
        net.with(values) { net in
          mse(recomputes ? checkpoint { (x: Tensor) in net(x) }(x) : net(x), target)
        }
      }
    }
    let (f, expected) = (loss(doubled, recomputes: true), loss(doubled, recomputes: false))
    #expect(agree([grad(f)(x), hvp(f, at: x, along: x)], [grad(expected)(x), hvp(expected, at: x, along: x)]))
    // Tracked tensors that are bound are captured like others.
    let slopes = grad { (p: [Tensor]) in loss(p, recomputes: true)(x) }(doubled)
    #expect(agree(slopes, grad { (p: [Tensor]) in loss(p, recomputes: false)(x) }(doubled)))
    // What is bound while rules run does not matter.
    let other = net.parameters.map { Tensor.ones(like: $0.value) }
    let within = net.with(other) { _ in grad(f)(x) }
    #expect(agree([within], [grad(expected)(x)]))
  }
}
