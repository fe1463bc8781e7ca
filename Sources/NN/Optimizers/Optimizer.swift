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
  /// - Precondition: At least one parameter has a gradient, and none is bound (see ``Module/with(_:_:)``).
  func step()
  /// `loss.backward()`, a step, and the gradients forgotten.
  ///
  /// - Precondition: The loss is one number that depends on at least one of the parameters.
  func step(minimizing loss: Tensor)
}

extension Optimizer {
  /// Forgets the parameters' gradients.
  public func zeroGrad() {
    for parameter in parameters { parameter.clearGrad() }
  }

  /// Runs `backward()` on the loss, takes a step and forgets the gradients.
  public func step(minimizing loss: Tensor) {
    loss.backward()
    step()
    zeroGrad()
  }
}

/// What the optimizers share: the parameters with the numbers kept for each, and the update in one pass over
/// the memory of each.
struct UpdateList {
  let parameters: [Parameter]
  /// For each parameter what is kept between steps; empty before its first. Nobody else holds it.
  private var kept: [[Storage]]
  /// For each parameter the steps it has made.
  private var steps: [Int]
  private let name: String

  init(_ name: String, _ parameters: [Parameter]) {
    if parameters.isEmpty { Misuse.report(name, "there are no parameters to learn") }
    self.name = name
    self.parameters = parameters
    kept = Array(repeating: [], count: parameters.count)
    steps = Array(repeating: 0, count: parameters.count)
  }

  /// Updates every parameter that has a gradient.
  ///
  /// - Parameters:
  ///   - formula: Of the value, the gradient, the kept numbers; its results are the new value and the kept ones.
  ///   - count: How many numbers are kept for each element.
  ///   - taking: Whether the gradients are forgotten, and their memory becomes the values'.
  ///   - numbers: The formula's parameters at a step, the first of which is 1.
  mutating func update(
    _ formula: Formula, kept count: Int, taking: Bool, numbers: (_ step: Int) -> [Double]
  ) {
    if parameters.contains(where: { $0.isBound("\(name).step") }) { return }
    var found = false
    var latest: (step: Int, numbers: [Double]) = (0, [])
    for index in parameters.indices {
      let step = steps[index] + 1
      let isUpdated = parameters[index].update(taking: taking) { value, gradient in
        if latest.step != step { latest = (step, numbers(step)) }
        if kept[index].count != count { kept[index] = (0..<count).map { _ in value.zeros } }
        var gradient = gradient
        let isOurs = taking && gradient.isOwned && isKnownUniquelyReferenced(&gradient)
        let target = isOurs ? gradient : Storage(like: value)
        formula.advance(value, gradient, kept[index], latest.numbers, into: target)
        return target
      }
      if isUpdated {
        steps[index] = step
        found = true
      }
    }
    if !found {
      Misuse.report("\(name).step", "no parameter has a gradient; call backward() on the loss first")
    }
  }
}

extension Storage {
  fileprivate var zeros: Storage { Tensor.zeros(shape, dtype: dtype).contiguousStorage }
}

/// Reports a hyperparameter that is out of its range.
func checkHyperparameter(_ name: String, _ label: String, _ value: Double, below limit: Double = .infinity) {
  if !(value >= 0 && value < limit) {
    let allowed = limit == .infinity ? "0 or more" : "0 or more and below \(limit)"
    Misuse.report(name, "\(label) is \(value); it must be \(allowed)")
  }
}
