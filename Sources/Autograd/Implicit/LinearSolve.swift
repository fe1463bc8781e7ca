import Tensor

/// w = A^-1 b (or with A transposed), where A is the derivative of a residual F(x, theta) in x, whose inverse is known.
///
/// Inputs: b, x, theta. As a function of x and theta through A its derivative needs that of A times a vector, which
/// is a Jacobian-vector product of F: dw = A^-1 (db - dA w). One inverse serves every order, since A stays the same.
final class LinearSolve: Function, @unchecked Sendable {
  private let equation: ImplicitFunction
  private let isTransposed: Bool
  private let inputCount: Int

  init(_ equation: ImplicitFunction, transposed: Bool, parameters: Int) {
    self.equation = equation
    isTransposed = transposed
    inputCount = 2 + parameters
    super.init()
    callsProgram = true
    captured = equation.captured
  }

  override var name: String { "\(equation.label).solve" }
  override var saves: [Saved] { (1..<inputCount).map { .input($0) } + [.output(0)] }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let b = inputs[0]
    let rows = b.reshaped([b.shape.first(b.rank - 1).elementCount, b.shape.last(1).elementCount])
    do throws(SolveError) {
      return [try equation.inverse.solve(rows, transposed: isTransposed).reshaped(b.shape)]
    } catch {
      Misuse.report(equation.label, error.reason)
      return [Tensor.full(b.shape, .nan, dtype: b.dtype)]
    }
  }

  /// The same solution of another right side, with A or its transpose.
  private func solve(_ b: Tensor, transposed: Bool, _ saved: SavedTensors) -> Tensor {
    let other = LinearSolve(equation, transposed: transposed, parameters: inputCount - 2)
    return other([b] + (1..<inputCount).map { saved.input($0) })[0]
  }

  /// A times the solution, or its transpose, as a function of those of x and theta that are tracked. Nil after a report.
  private func product(_ saved: SavedTensors) -> (again: Reevaluation, places: [Int])? {
    let inputs = (1..<inputCount).map { saved.input($0) }
    let places = inputs.indices.filter { saved.isTracked(1 + $0) }
    // Nobody asks for derivatives with respect to it where the rule is not recorded.
    let vector = isRecording ? saved.output(0) : saved.output(0).detached()
    let (residual, isTransposed) = (equation.residual, isTransposed)
    let again = Reevaluation(
      equation.label, places.map { inputs[$0] }, captured: equation.captured, reads: equation.reads,
      constants: [vector]
    ) { own in
      let all = inputs.replacing(places, own)
      let function = { (x: Tensor) in residual(x, Array(all.dropFirst())) }
      return isTransposed
        ? [Autograd.vjp(function, at: all[0]).pullback(vector)]
        : [Autograd.jvp(function, at: all[0], along: vector).tangent]
    }
    return again.map { ($0, places) }
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let cotangent = cotangents[0] else {
      return Array(repeating: nil, count: inputCount + equation.captured.count)
    }
    let adjoint = solve(cotangent, transposed: !isTransposed, saved)
    guard let (again, places) = product(saved) else {
      return [adjoint] + Array(repeating: nil, count: inputCount - 1 + equation.captured.count)
    }
    return [adjoint] + again.pullback([-adjoint]).spread(to: places, of: inputCount - 1)
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    var right = tangents[0]
    if tangents.dropFirst().contains(where: { $0 != nil }), let (again, places) = product(saved) {
      let moving = places.map { tangents[1 + $0] } + tangents[inputCount...]
      if let pushed = again.pushforward(moving)[0] { right = right.map { $0 - pushed } ?? -pushed }
    }
    return [right.map { solve($0, transposed: isTransposed, saved) }]
  }
}
