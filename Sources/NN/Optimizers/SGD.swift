import Autograd

/// Stochastic gradient descent, with momentum and Nesterov's variant; PyTorch's formulas.
///
/// With gradient g (and weight decay λ: g + λ p), momentum μ and velocity v: v ← μ v + g, and the
/// parameter moves by -learningRate times v, or g + μ v with Nesterov.
public final class SGD: Optimizer {
  /// What the step is multiplied with; may change between steps.
  public var learningRate: Double
  /// How much of the velocity stays with each step.
  public let momentum: Double
  /// Whether the step looks ahead along the velocity (Nesterov's variant).
  public let nesterov: Bool
  /// How much of each parameter is added to its gradient.
  public let weightDecay: Double

  private var list: UpdateList
  private let formula: Formula

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
    formula = SGD.formula(momentum, nesterov, weightDecay)
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

  /// The parameters that it moves.
  public var parameters: [Parameter] { list.parameters }

  /// Of the value, the gradient and perhaps the velocity; its parameter is the learning rate.
  private static func formula(_ momentum: Double, _ nesterov: Bool, _ decay: Double) -> Formula {
    if momentum == 0 && decay == 0 { return plain }
    return Formula("SGD", inputs: momentum == 0 ? 2 : 3, parameters: 1) { inputs, rate in
      let gradient = inputs[1] + decay * inputs[0]
      if momentum == 0 { return [inputs[0] - rate[0] * gradient] }
      let velocity = momentum * inputs[2] + gradient
      return [inputs[0] - rate[0] * (nesterov ? gradient + momentum * velocity : velocity), velocity]
    }
  }

  private static let plain = Formula("SGD", inputs: 2, parameters: 1) { inputs, rate in
    [inputs[0] - rate[0] * inputs[1]]
  }

  /// Moves the parameters along their gradients.
  public func step() { step(taking: false) }

  /// Runs `backward()` on the loss, takes a step and forgets the gradients.
  public func step(minimizing loss: Tensor) {
    loss.backward()
    step(taking: true)
  }

  private func step(taking: Bool) {
    list.update(formula, kept: momentum == 0 ? 0 : 1, taking: taking) { _ in [learningRate] }
  }
}
