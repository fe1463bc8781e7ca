import Autograd

/// Changes parameters so that a loss becomes smaller, by their gradients.
///
///     optimizer.step(minimizing: crossEntropy(model(images), labels))
public protocol Optimizer: AnyObject {
  /// What is learned.
  var parameters: [Parameter] { get }
  /// How far a step goes; may be changed between steps.
  var learningRate: Double { get set }
  /// Changes each parameter that has a gradient; the gradients stay.
  ///
  /// - Precondition: At least one parameter has a gradient.
  func step()
}

extension Optimizer {
  /// Forgets the parameters' gradients.
  public func zeroGrad() {
    for parameter in parameters { parameter.clearGrad() }
  }

  /// `loss.backward()`, a step, and the gradients forgotten.
  ///
  /// - Precondition: The loss is one number that depends on at least one of the parameters.
  public func step(minimizing loss: Tensor) {
    loss.backward()
    step()
    zeroGrad()
  }
}

/// What the optimizers share: the parameters with the numbers kept for each, and the fused update.
struct UpdateList {
  let parameters: [Parameter]
  /// For each parameter what is kept between steps; empty before its first.
  private var kept: [[Tensor]]
  /// For each parameter the steps it has made.
  private(set) var steps: [Int]
  private let name: String

  init(_ name: String, _ parameters: [Parameter]) {
    if parameters.isEmpty { Misuse.report(name, "there are no parameters to learn") }
    self.name = name
    self.parameters = parameters
    kept = Array(repeating: [], count: parameters.count)
    steps = Array(repeating: 0, count: parameters.count)
  }

  /// Updates every parameter that has a gradient, in one pass over its memory each.
  ///
  /// The formula's inputs are the value, the gradient, the kept tensors, and the scalars; its results the
  /// new value and the kept tensors.
  mutating func update(
    _ formula: Formula, kept count: Int, scalars: (_ step: Int, DType) -> [Tensor]
  ) {
    var found = false
    var latest: (step: Int, dtype: DType, scalars: [Tensor])?
    withoutGrad {
      for (index, parameter) in parameters.enumerated() {
        let value = parameter.value
        guard let gradient = value.gradientNumbers else { continue }
        found = true
        steps[index] += 1
        if latest?.step != steps[index] || latest?.dtype != value.dtype {
          latest = (steps[index], value.dtype, scalars(steps[index], value.dtype))
        }
        if count == 0 && latest!.scalars.isEmpty {
          parameter.value = formula(value, gradient)
          continue
        }
        if kept[index].isEmpty { kept[index] = Array(repeating: .zeros(like: value), count: count) }
        var results = formula([value, gradient] + kept[index] + latest!.scalars)
        parameter.value = results.removeFirst()
        kept[index] = results
      }
    }
    if !found {
      Misuse.report("\(name).step", "no parameter has a gradient; call backward() on the loss first")
    }
  }
}

/// Reports a hyperparameter that is out of its range.
func checkHyperparameter(_ name: String, _ label: String, _ value: Double, below limit: Double = .infinity) {
  if !(value >= 0 && value < limit) {
    let allowed = limit == .infinity ? "0 or more" : "0 or more and below \(limit)"
    Misuse.report(name, "\(label) is \(value); it must be \(allowed)")
  }
}
