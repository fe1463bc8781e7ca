import Autograd

/// Stochastic gradient descent, with momentum and Nesterov's variant; PyTorch's formulas.
///
/// With gradient g (and weight decay λ: g + λ p), momentum μ and velocity v: v ← μ v + g, and the
/// parameter moves by -learningRate times v, or g + μ v with Nesterov.
public final class SGD: Optimizer {
  public var learningRate: Double {
    didSet { if learningRate != oldValue { formula = makeFormula() } }
  }
  public let momentum: Double
  public let nesterov: Bool
  public let weightDecay: Double

  private var list: UpdateList
  private var formula: Formula?

  /// - Precondition: Numbers that are not negative; Nesterov only with momentum.
  public init(
    _ parameters: [Parameter], learningRate: Double, momentum: Double = 0, nesterov: Bool = false,
    weightDecay: Double = 0
  ) {
    checkHyperparameter("SGD", "learningRate", learningRate)
    checkHyperparameter("SGD", "momentum", momentum)
    checkHyperparameter("SGD", "weightDecay", weightDecay)
    if nesterov && momentum == 0 { Misuse.report("SGD", "nesterov needs a momentum above 0") }
    list = UpdateList("SGD", parameters)
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  /// As above, for all parameters of a module.
  public convenience init(
    _ module: some Module, learningRate: Double, momentum: Double = 0, nesterov: Bool = false,
    weightDecay: Double = 0
  ) {
    self.init(
      module.parameters, learningRate: learningRate, momentum: momentum, nesterov: nesterov,
      weightDecay: weightDecay)
  }

  public var parameters: [Parameter] { list.parameters }

  /// The learning rate is a constant of the formula: the plainest step then reads and writes nothing but
  /// the parameter and its gradient.
  private func makeFormula() -> Formula {
    let (rate, momentum, nesterov, decay) = (learningRate, momentum, nesterov, weightDecay)
    if momentum == 0 {
      return Formula("SGD") { value, gradient in value - rate * (gradient + decay * value) }
    }
    return Formula("SGD", inputs: 3) { inputs in
      let (value, gradient) = (inputs[0], inputs[1] + decay * inputs[0])
      let velocity = momentum * inputs[2] + gradient
      return [value - rate * (nesterov ? gradient + momentum * velocity : velocity), velocity]
    }
  }

  public func step() {
    let current = formula ?? makeFormula()
    formula = current
    list.update(current, kept: momentum == 0 ? 0 : 1) { _, _ in [] }
  }
}
