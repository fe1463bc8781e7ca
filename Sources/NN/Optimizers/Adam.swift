import Autograd

/// Adam (D. Kingma, J. Ba, 2015); PyTorch's formulas.
///
/// Weight decay is added to the gradient; for the decoupled one see ``AdamW``.
public final class Adam: Optimizer {
  public var learningRate: Double
  public let betas: (first: Double, second: Double)
  public let epsilon: Double
  public let weightDecay: Double

  private var list: UpdateList
  private let formula: Formula

  /// - Precondition: Numbers that are not negative, betas below 1.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    AdamRule.check("Adam", learningRate, betas, epsilon, weightDecay)
    list = UpdateList("Adam", parameters)
    formula = AdamRule.formula("Adam", betas, epsilon, addedDecay: weightDecay, shrinks: false)
    self.learningRate = learningRate
    self.betas = betas
    self.epsilon = epsilon
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

  public var parameters: [Parameter] { list.parameters }

  public func step() {
    list.update(formula, kept: 2) { step, dtype in
      AdamRule.scalars(step, learningRate, betas, shrink: nil, dtype)
    }
  }
}

/// Adam with decoupled weight decay (I. Loshchilov, F. Hutter, 2019); PyTorch's formulas.
///
/// Each step first shrinks the parameter by the factor 1 - learningRate times weightDecay.
public final class AdamW: Optimizer {
  public var learningRate: Double
  public let betas: (first: Double, second: Double)
  public let epsilon: Double
  public let weightDecay: Double

  private var list: UpdateList
  private let formula: Formula

  /// - Precondition: Numbers that are not negative, betas below 1.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 1e-2
  ) {
    AdamRule.check("AdamW", learningRate, betas, epsilon, weightDecay)
    list = UpdateList("AdamW", parameters)
    formula = AdamRule.formula("AdamW", betas, epsilon, addedDecay: 0, shrinks: weightDecay != 0)
    self.learningRate = learningRate
    self.betas = betas
    self.epsilon = epsilon
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

  public var parameters: [Parameter] { list.parameters }

  public func step() {
    list.update(formula, kept: 2) { step, dtype in
      let shrink = weightDecay == 0 ? nil : 1 - learningRate * weightDecay
      return AdamRule.scalars(step, learningRate, betas, shrink: shrink, dtype)
    }
  }
}

/// The update that Adam and AdamW share.
private enum AdamRule {
  static func check(
    _ name: String, _ learningRate: Double, _ betas: (Double, Double), _ epsilon: Double,
    _ weightDecay: Double
  ) {
    checkHyperparameter(name, "learningRate", learningRate)
    checkHyperparameter(name, "the first beta", betas.0, below: 1)
    checkHyperparameter(name, "the second beta", betas.1, below: 1)
    checkHyperparameter(name, "epsilon", epsilon)
    checkHyperparameter(name, "weightDecay", weightDecay)
  }

  /// Inputs: value, gradient, the two running means, and ``scalars(_:_:_:shrink:_:)``. Results: the first,
  /// third and fourth of them anew.
  static func formula(
    _ name: String, _ betas: (Double, Double), _ epsilon: Double, addedDecay: Double, shrinks: Bool
  ) -> Formula {
    Formula(name, inputs: shrinks ? 7 : 6) { inputs in
      let value = inputs[0]
      let gradient = inputs[1] + addedDecay * value
      let mean = betas.0 * inputs[2] + (1 - betas.0) * gradient
      let meanSquare = betas.1 * inputs[3] + (1 - betas.1) * square(gradient)
      let (stepSize, correction) = (inputs[4], inputs[5])
      let moved =
        (shrinks ? inputs[6] * value : value) - stepSize * mean / (sqrt(meanSquare) * correction + epsilon)
      return [moved, mean, meanSquare]
    }
  }

  /// What changes from step to step: the learning rate corrected for the first mean's start at zero, the
  /// factor that corrects the root of the second, and the factor of the value, if it shrinks.
  static func scalars(
    _ step: Int, _ learningRate: Double, _ betas: (Double, Double), shrink: Double?, _ dtype: DType
  ) -> [Tensor] {
    let first = 1 - power(betas.0, step)
    let second = 1 - power(betas.1, step)
    return [learningRate / first, 1 / second.squareRoot(), shrink].compactMap { number in
      number.map { .full([], $0, dtype: dtype) }
    }
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
