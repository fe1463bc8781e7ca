import NN
import Testing

private struct Autoencoder: Layer {
  let encoder = Sequential {
    Linear(4, 2)
    Tanh()
  }
  let decoder = Linear(2, 4, bias: false)

  func callAsFunction(_ x: Tensor) -> Tensor { decoder(encoder(x)) }
}

private class Base: Module, @unchecked Sendable {
  let scale = Parameter(Tensor([1]))
}

private final class Derived: Base, @unchecked Sendable {
  let blocks = [Linear(2, 2), Linear(2, 3, bias: false)]
  let heads: [String: any Module] = ["b": Linear(1, 1, bias: false), "a": Linear(1, 1, bias: false)]
  let missing: Linear? = nil
  let present: [Linear]? = [Linear(1, 2, bias: false)]
  let width = 3
}

@Suite struct ModuleTests {
  @Test func namesArePyTorchs() {
    let model = Sequential {
      Linear(64, 128)
      ReLU()
      Linear(128, 10)
    }
    #expect(model.namedParameters.map(\.name) == ["0.weight", "0.bias", "2.weight", "2.bias"])
    #expect(model.parameters.map(\.shape) == [[128, 64], [128], [10, 128], [10]])
    #expect(model.parameterCount == 128 * 64 + 128 + 1280 + 10)
    #expect(
      Autoencoder().namedParameters.map(\.name) == ["encoder.0.weight", "encoder.0.bias", "decoder.weight"])
  }

  @Test func namesOfArraysDictionariesOptionalsAndSuperclasses() {
    #expect(
      Derived().namedParameters.map(\.name) == [
        "scale", "blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "heads.a.weight", "heads.b.weight",
        "present.0.weight",
      ])
  }

  @Test func aSharedParameterIsListedOnce() {
    let layer = Linear(2, 2)
    let model = Sequential([layer, Tanh(), layer])
    #expect(model.namedParameters.map(\.name) == ["0.weight", "0.bias"])
  }

  @Test func theBuilderTakesLoopsAndConditions() {
    let deep = true
    let model = Sequential {
      for _ in 0..<2 {
        Linear(3, 3)
        ReLU()
      }
      if deep { Linear(3, 3) } else { Tanh() }
      if !deep { Sigmoid() }
      [Softplus(), SiLU()] as [any Layer]
    }
    #expect(model.layers.count == 7)
    #expect(model(Tensor.ones([5, 3])).shape == [5, 3])
  }

  @Test func linearIsAnAffineMapOfTheLastAxis() {
    let layer = Linear(weight: Tensor([[1, 2], [3, 4], [5, 6]]), bias: Tensor([0.5, 0, -0.5]))
    #expect(layer(Tensor([[1, 1], [2, 0]])).scalars(as: Float.self) == [3.5, 7, 10.5, 2.5, 6, 9.5])
    #expect(layer(Tensor([1, 1])).scalars(as: Float.self) == [3.5, 7, 10.5])
    #expect(layer(Tensor.ones([4, 5, 2])).shape == [4, 5, 3])
  }

  @Test func linearIsInitialisedAsPyTorchs() {
    var generator = RandomGenerator(seed: 1)
    let layer = Linear(25, 4000, using: &generator)
    for parameter in [layer.weight, layer.bias!] {
      let values = parameter.value.detached()
      #expect(abs(values).max().item() <= 0.2)
      #expect(abs(values).max().item() > 0.198)
      // Evenly distributed within ±b: the mean square is b²/3.
      #expect(Swift.abs((values * values).mean().item() - 0.04 / 3) < 0.001)
    }
  }

  @Test func activationsAreTheFunctions() {
    let x = Tensor([-2, -0.5, 0, 0.5, 2])
    #expect(ReLU()(x).allClose(relu(x)))
    #expect(Tanh()(x).allClose(tanh(x)))
    #expect(Sigmoid()(x).allClose(sigmoid(x)))
    #expect(GELU()(x).allClose(gelu(x)))
    #expect(GELU(approximation: .tanh)(x).allClose(gelu(x, approximation: .tanh)))
    #expect(SiLU()(x).allClose(silu(x)))
    #expect(Softplus()(x).allClose(softplus(x)))
  }

  @Test func oneSeedOneNet() {
    func net(_ seed: UInt64) -> [Float] {
      Sequential(seed: seed) {
        Linear(3, 3)
        Linear(3, 3)
      }.parameters.flatMap { $0.value.scalars(as: Float.self) }
    }
    #expect(net(1) == net(1))
    #expect(net(1) != net(2))
    // Two layers of one net differ.
    #expect(net(1)[0..<12] != net(1)[12..<24])
    let scoped = withSeed(1) { Linear(3, 3) }
    #expect(scoped.weight.value.scalars(as: Float.self) == Array(net(1)[0..<9]))
  }

  @Test func misuseNamesWhatIsWrong() throws {
    let error = #expect(throws: TensorError.self) {
      try withTensorErrors { _ = Linear(64, 128)(Tensor.ones([1, 63])) }
    }
    #expect(error?.description == "matmul: inner axes differ, [1, 63] x [64, 128] (63 != 64)")
    let empty = #expect(throws: TensorError.self) { try withTensorErrors { _ = Linear(0, 3) } }
    #expect(empty?.description == "Linear: needs positive lengths, got 0 inputs and 3 outputs")
  }
}

@Suite struct ParameterTests {
  @Test func settingTheValueKeepsTheLeafAndOldGraphs() {
    let parameter = Parameter(Tensor([1, 2]))
    let loss = (parameter.value * parameter.value).sum()
    parameter.value = Tensor([10, 20])
    loss.backward()
    #expect(parameter.grad?.scalars(as: Float.self) == [2, 4])
    #expect(parameter.value.scalars(as: Float.self) == [10, 20])
    parameter.value.sum().backward()
    #expect(parameter.grad?.scalars(as: Float.self) == [3, 5])
    parameter.clearGrad()
    #expect(parameter.grad == nil)
  }

  @Test func theShapeCannotChange() {
    let parameter = Parameter(Tensor([1, 2]))
    let error = #expect(throws: TensorError.self) {
      try withTensorErrors { parameter.value = Tensor([1, 2, 3]) }
    }
    #expect(
      error?.description
        == "Parameter.value: the parameter is float32 [2], cannot be set to float32 [3]")
    #expect(parameter.value.scalars(as: Float.self) == [1, 2])
  }

  @Test func threadsShareAParameter() async {
    let parameter = Parameter(Tensor.zeros([8]))
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<50 { (parameter.value * Tensor.ones([8])).sum().backward() }
        }
      }
    }
    #expect(parameter.grad?.scalars(as: Float.self) == Array(repeating: 400, count: 8))
  }
}
