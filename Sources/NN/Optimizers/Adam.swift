import Autograd

/// Adam (D. Kingma, J. Ba, 2015); PyTorch's formulas.
///
/// Weight decay is added to the gradient; for the decoupled one see ``AdamW``.
public final class Adam: Optimizer {
  /// How far a step goes, about the most that a number moves; may be changed between steps.
  public var learningRate: Double
  /// How much of the running means of the gradient and of its square a step keeps.
  public var betas: (first: Double, second: Double) { rule.betas }
  /// What is added to the root of the mean square, against division by zero.
  public var epsilon: Double { rule.epsilon }
  /// What of the value is added to the gradient.
  public let weightDecay: Double

  private let rule: AdamRule
  private var list: UpdateList

  /// - Precondition: Numbers that are not negative, betas below 1.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    rule = AdamRule("Adam", learningRate, betas, epsilon, weightDecay, isDecoupled: false)
    list = UpdateList("Adam", parameters)
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }

  /// As above, for all parameters of a module.
  public convenience init(
    _ module: some Module, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.init(
      module.parameters, learningRate: learningRate, betas: betas, epsilon: epsilon,
      weightDecay: weightDecay)
  }

  /// What is learned.
  public var parameters: [Parameter] { list.parameters }

  /// Changes each parameter that has a gradient; the gradients stay.
  public func step() { rule.update(&list, learningRate, taking: false) }

  /// `loss.backward()`, a step, and the gradients forgotten.
  public func step(minimizing loss: Tensor) {
    loss.backward()
    rule.update(&list, learningRate, taking: true)
  }
}

/// Adam with decoupled weight decay (I. Loshchilov, F. Hutter, 2019); PyTorch's formulas.
///
/// Each step first shrinks the parameter by the factor 1 - learningRate times weightDecay.
public final class AdamW: Optimizer {
  /// How far a step goes, about the most that a number moves; may be changed between steps.
  public var learningRate: Double
  /// How much of the running means of the gradient and of its square a step keeps.
  public var betas: (first: Double, second: Double) { rule.betas }
  /// What is added to the root of the mean square, against division by zero.
  public var epsilon: Double { rule.epsilon }
  /// How much of the value, times the learning rate, a step takes away.
  public let weightDecay: Double

  private let rule: AdamRule
  private var list: UpdateList

  /// - Precondition: Numbers that are not negative, betas below 1.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 1e-2
  ) {
    rule = AdamRule("AdamW", learningRate, betas, epsilon, weightDecay, isDecoupled: true)
    list = UpdateList("AdamW", parameters)
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }

  /// As above, for all parameters of a module.
  public convenience init(
    _ module: some Module, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 1e-2
  ) {
    self.init(
      module.parameters, learningRate: learningRate, betas: betas, epsilon: epsilon,
      weightDecay: weightDecay)
  }

  /// What is learned.
  public var parameters: [Parameter] { list.parameters }

  /// Changes each parameter that has a gradient; the gradients stay.
  public func step() { rule.update(&list, learningRate, taking: false) }

  /// `loss.backward()`, a step, and the gradients forgotten.
  public func step(minimizing loss: Tensor) {
    loss.backward()
    rule.update(&list, learningRate, taking: true)
  }
}

/// The update that Adam and AdamW share.
private struct AdamRule {
  let betas: (first: Double, second: Double)
  let epsilon: Double
  /// The part of the value that a step takes away is this times the learning rate.
  private let decoupledDecay: Double
  /// Of the value, the gradient and the two running means, whose new values it gives with the value's.
  private let formula: Formula

  init(
    _ name: String, _ learningRate: Double, _ betas: (Double, Double), _ epsilon: Double,
    _ weightDecay: Double, isDecoupled: Bool
  ) {
    checkHyperparameter(name, "learningRate", learningRate)
    checkHyperparameter(name, "the first beta", betas.0, below: 1)
    checkHyperparameter(name, "the second beta", betas.1, below: 1)
    checkHyperparameter(name, "epsilon", epsilon)
    checkHyperparameter(name, "weightDecay", weightDecay)
    self.betas = betas
    self.epsilon = epsilon
    decoupledDecay = isDecoupled ? weightDecay : 0
    formula = AdamRule.formula(
      name, betas, epsilon, addedDecay: isDecoupled ? 0 : weightDecay, shrinks: decoupledDecay != 0)
  }

  func update(_ list: inout UpdateList, _ learningRate: Double, taking: Bool) {
    list.update(formula, kept: 2, taking: taking) { numbers($0, learningRate) }
  }

  /// Parameters: what ``numbers(_:_:)`` gives.
  private static func formula(
    _ name: String, _ betas: (Double, Double), _ epsilon: Double, addedDecay: Double, shrinks: Bool
  ) -> Formula {
    Formula(name, inputs: 4, parameters: shrinks ? 3 : 2) { inputs, numbers in
      let value = inputs[0]
      let gradient = inputs[1] + addedDecay * value
      let mean = betas.0 * inputs[2] + (1 - betas.0) * gradient
      let meanSquare = betas.1 * inputs[3] + (1 - betas.1) * square(gradient)
      let (stepSize, correction) = (numbers[0], numbers[1])
      let moved =
        (shrinks ? numbers[2] * value : value) - stepSize * mean / (sqrt(meanSquare) * correction + epsilon)
      return [moved, mean, meanSquare]
    }
  }

  /// What changes from step to step: the learning rate corrected for the first mean's start at zero, the
  /// factor that corrects the root of the second, and the factor of the value, if it shrinks.
  private func numbers(_ step: Int, _ learningRate: Double) -> [Double] {
    let first = 1 - AdamRule.power(betas.first, step)
    let second = 1 - AdamRule.power(betas.second, step)
    let corrected = [learningRate / first, 1 / second.squareRoot()]
    return decoupledDecay == 0 ? corrected : corrected + [1 - learningRate * decoupledDecay]
  }

  /// By squaring: the same on every machine, to the last bit.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
