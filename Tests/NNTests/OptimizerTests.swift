import NN
import Testing

/// Expected values: PyTorch 2.13, float64, five steps from the same start.
@Suite struct OptimizerTests {
  private func parameters(_ dtype: DType = .float64) -> [Parameter] {
    [
      Parameter(Tensor([[0.5, -1, 2], [1.5, 0.25, -0.75]], dtype: dtype)),
      Parameter(Tensor([0.1, -0.2], dtype: dtype)),
    ]
  }

  private func loss(_ parameters: [Parameter]) -> Tensor {
    let dtype = parameters[0].dtype
    let x = Tensor([[1, 2, -1], [0.5, -0.5, 3]], dtype: dtype)
    let y = Tensor([[1, 0], [-1, 2]], dtype: dtype)
    return mse(matmul(x, parameters[0].value.transposed()) + parameters[1].value, y)
  }

  private func expect(
    _ expected: [Double], _ make: ([Parameter]) -> any Optimizer,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let parameters = parameters()
    let optimizer = make(parameters)
    for _ in 0..<5 { optimizer.step(minimizing: loss(parameters)) }
    let found = parameters.flatMap { $0.value.scalars(as: Double.self) }
    for (found, expected) in zip(found, expected) {
      #expect(Swift.abs(found - expected) <= 1e-13, sourceLocation: sourceLocation)
    }
    #expect(found.count == expected.count)
  }

  @Test func sgd() {
    expect([
      0.540725287612915, -0.09915965653991692, 0.04736525317382808, 1.4420264795608524, -0.2591845342330933,
      0.22552767160034182, -0.13240463513183592, -0.12689435598754886,
    ]) { SGD($0, learningRate: 0.05) }
  }

  @Test func sgdWithWeightDecay() {
    expect([
      0.5280019011169678, -0.09230606002873536, 0.03834881239853504, 1.4072167386583374, -0.25467140023497314,
      0.22761837460488285, -0.1294934814588086, -0.12164920616001958,
    ]) { SGD($0, learningRate: 0.05, weightDecay: 0.1) }
  }

  @Test func sgdWithMomentum() {
    expect([
      0.5963151631011961, 0.9483101554718022, -2.1929014313964843, 1.3597163269729615, -0.8660400212936401,
      1.3397199152526857, -0.3889114466552735, -0.06179278128051757,
    ]) { SGD($0, learningRate: 0.05, momentum: 0.9) }
  }

  @Test func sgdWithNesterov() {
    expect([
      0.547181202394929, 0.50771925803732, -1.166372663000894, 1.2535497051238305, -0.6096962908915153,
      0.8195223691005937, -0.23599131325546183, -0.10844146174374907,
    ]) { SGD($0, learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1) }
  }

  @Test func adam() {
    expect([
      0.9695977261786924, -0.5039932624723709, 1.5032470112314025, 1.0170663438669516, -0.24016384020783893,
      -0.258874940371226, -0.3984356438312724, 0.2943954927363106,
    ]) { Adam($0, learningRate: 0.1) }
  }

  @Test func adamWithWeightDecay() {
    expect([
      0.9093392327525006, -0.5059401962862443, 1.5048676982102667, 1.0173489889183882, -0.23586215886658624,
      -0.2624722209065863, -0.39656597440186425, 0.28929317395157017,
    ]) { Adam($0, learningRate: 0.1, betas: (0.8, 0.95), epsilon: 1e-3, weightDecay: 0.1) }
  }

  @Test func adamW() {
    expect([
      0.9662084418488444, -0.5000641091600667, 1.4943277001924766, 1.0110599742550979, -0.24031479891695456,
      -0.2561868021665588, -0.39787689210021415, 0.29446171149343897,
    ]) { AdamW($0, learningRate: 0.1) }
  }

  @Test func adamWWithWeightDecay() {
    expect([
      0.8634438869011108, -0.3964136377733814, 1.2541489390936835, 0.8629231692602524, -0.23867949894871496,
      -0.1877007181149204, -0.37949010963764557, 0.2925864000252727,
    ]) { AdamW($0, learningRate: 0.1, betas: (0.8, 0.95), epsilon: 1e-3, weightDecay: 0.3) }
  }

  @Test func float32AndFloat64Agree() {
    func run(_ dtype: DType) -> [Double] {
      let parameters = parameters(dtype)
      let optimizer = Adam(parameters, learningRate: 0.1)
      for _ in 0..<20 { optimizer.step(minimizing: loss(parameters)) }
      return parameters.flatMap { $0.value.detached().asType(.float64).scalars(as: Double.self) }
    }
    for (single, double) in zip(run(.float32), run(.float64)) { #expect(Swift.abs(single - double) < 1e-4) }
  }

  @Test func theLearningRateMayChange() {
    let parameter = Parameter(Tensor([1.0], dtype: .float64))
    let optimizer = SGD([parameter], learningRate: 0.5)
    optimizer.step(minimizing: parameter.value.sum())
    #expect(parameter.value.item() == 0.5)
    optimizer.learningRate = 0.25
    optimizer.step(minimizing: parameter.value.sum())
    #expect(parameter.value.item() == 0.25)
  }

  @Test func aParameterWithoutGradientStays() {
    let parameters = parameters()
    for optimizer in [Adam(parameters), SGD(parameters, learningRate: 1, momentum: 0.9)] as [any Optimizer] {
      let before = parameters[0].value.scalars(as: Double.self)
      parameters[1].value.sum().backward()
      optimizer.step()
      optimizer.zeroGrad()
      #expect(parameters[0].value.scalars(as: Double.self) == before)
      #expect(parameters[1].value.scalars(as: Double.self) != [0.1, -0.2])
    }
  }

  @Test func gradientsStayUntilCleared() {
    let parameters = parameters()
    let optimizer = SGD(parameters, learningRate: 0.1)
    loss(parameters).backward()
    optimizer.step()
    #expect(parameters.allSatisfy { $0.grad != nil })
    optimizer.zeroGrad()
    #expect(parameters.allSatisfy { $0.grad == nil })
  }

  @Test func misuseNamesWhatIsWrong() {
    func message(_ body: () -> Void) -> String? {
      #expect(throws: TensorError.self) { try withTensorErrors(body) }?.description
    }
    #expect(
      message { Adam(parameters()).step() }
        == "Adam.step: no parameter has a gradient; call backward() on the loss first")
    #expect(
      message { _ = SGD(parameters(), learningRate: -1) }
        == "SGD: learningRate is -1.0; it must be 0 or more")
    #expect(
      message { _ = SGD(parameters(), learningRate: 1, nesterov: true) }
        == "SGD: nesterov needs a momentum above 0")
    #expect(
      message { _ = AdamW(parameters(), betas: (0.9, 1)) }
        == "AdamW: the second beta is 1.0; it must be 0 or more and below 1.0")
    #expect(message { _ = Adam([]) } == "Adam: there are no parameters to learn")
  }

  @Test func aNetLearns() {
    let model = Sequential(seed: 3) {
      Linear(2, 16)
      Tanh()
      Linear(16, 1)
    }
    let x = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    let y = Tensor([[0], [1], [1], [0]])
    let optimizer = Adam(model, learningRate: 0.05)
    for _ in 0..<200 { optimizer.step(minimizing: mse(model(x), y)) }
    #expect(mse(model(x), y).item() < 1e-3)
  }

  @Test func anUpdateThatOverflowsIsNamed() {
    let parameter = Parameter(Tensor([1, 3e38], dtype: .float32))
    var line = 0
    func update() throws {
      try withNaNCheck {
        let loss = (parameter.value * Tensor([0, -1], dtype: .float32)).sum()
        line = #line + 1
        SGD([parameter], learningRate: 1e38).step(minimizing: loss)
      }
    }
    let error = #expect(throws: NaNError.self) { try update() }
    #expect(error?.file?.hasSuffix("OptimizerTests.swift") == true && error?.line == line)
    #expect(error?.operation == "SGD" && error?.index == [1] && error?.derivativeOrder == 0)
    #expect(error?.inputs.map(\.value) == [Double(Float(3e38)), -1, 1e38])
  }

  @Test func aRateThatDoesNotFitIsNamed() {
    let parameter = Parameter(Tensor([1, 2], dtype: .float32))
    let error = #expect(throws: NaNError.self) {
      try withNaNCheck {
        SGD([parameter], learningRate: 1e39).step(
          minimizing: (parameter.value * Tensor([0, 1], dtype: .float32)).sum())
      }
    }
    // 0 times the infinity that the rate is in float32.
    #expect(error?.operation == "SGD" && error?.inputs.last?.value == 1e39)
  }
}
