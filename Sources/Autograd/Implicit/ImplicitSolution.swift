import Tensor

/// An equation F(x, theta) = 0 at a solution, as the rules of its derivatives need it.
struct ImplicitFunction {
  let label: String
  /// Of dF/dx.
  let inverse: EquationInverse
  let residual: (Tensor, [Tensor]) -> Tensor
  /// What the residual depends on beside x and theta.
  let captured: [Tensor]
  /// What it read of parameters.
  let reads: RecordedReads
}

/// x(theta), where F(x, theta) = 0. The rules differentiate F at the solution, which is read with its history, so
/// that they can be differentiated themselves.
final class ImplicitSolution: Function, @unchecked Sendable {
  private let equation: ImplicitFunction
  private let solution: Tensor
  private let inputCount: Int

  init(_ equation: ImplicitFunction, _ solution: Tensor, _ inputCount: Int) {
    self.equation = equation
    self.solution = solution
    self.inputCount = inputCount
    super.init()
    callsProgram = true
    captured = equation.captured
  }

  override var name: String { equation.label }
  override var saves: [Saved] { (0..<inputCount).map { .input($0) } + [.output(0)] }

  override func forward(_ inputs: [Tensor]) -> [Tensor] { [solution] }

  /// F as a function of the parameters that are tracked. Nil after a report.
  private func residual(_ saved: SavedTensors) -> (
    again: Reevaluation, places: [Int], x: Tensor, theta: [Tensor]
  )? {
    let theta = (0..<inputCount).map { saved.input($0) }
    let places = theta.indices.filter { saved.isTracked($0) }
    // Nobody asks for derivatives with respect to x where the rule is not recorded.
    let x = isRecording ? saved.output(0) : saved.output(0).detached()
    let again = Reevaluation(
      name, places.map { theta[$0] }, captured: equation.captured, reads: equation.reads, constants: [x]
    ) { [residual = equation.residual] own in [residual(x, theta.replacing(places, own))] }
    return again.map { ($0, places, x, theta) }
  }

  private func solve(_ b: Tensor, _ x: Tensor, _ theta: [Tensor], transposed: Bool) -> Tensor {
    LinearSolve(equation, transposed: transposed, parameters: inputCount)([b, x] + theta)[0]
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let cotangent = cotangents[0], let (again, places, x, theta) = residual(saved) else {
      return Array(repeating: nil, count: inputCount + equation.captured.count)
    }
    let adjoint = solve(-cotangent, x, theta, transposed: true)
    return again.pullback([adjoint]).spread(to: places, of: inputCount)
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let (again, places, x, theta) = residual(saved) else { return [nil] }
    let pushed = again.pushforward(places.map { tangents[$0] } + tangents[inputCount...])[0]
    return [pushed.map { solve(-$0, x, theta, transposed: false) }]
  }
}
