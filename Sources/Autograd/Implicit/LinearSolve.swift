import Tensor

/// w = A^-1 b (or with A transposed), where A is the derivative of a residual F(x, theta) in x, factored already.
///
/// Inputs: b, x, theta. As a function of x and theta through A its derivative needs that of A times a vector, which
/// is a Jacobian-vector product of F: dw = A^-1 (db - dA w). The factors serve every order, since A stays the same.
final class LinearSolve: Function, @unchecked Sendable {
  private let label: String
  private let factors: LUFactors
  private let isTransposed: Bool
  private let residual: (Tensor, [Tensor]) -> Tensor
  private let unknowns: Shape
  private let inputCount: Int

  init(
    _ label: String, _ factors: LUFactors, transposed: Bool, unknowns: Shape, parameters: Int,
    _ residual: @escaping (Tensor, [Tensor]) -> Tensor
  ) {
    self.label = label
    self.factors = factors
    isTransposed = transposed
    self.residual = residual
    self.unknowns = unknowns
    inputCount = 2 + parameters
    super.init()
    callsProgram = true
  }

  override var name: String { "\(label).solve" }
  override var saves: [Saved] { (1..<inputCount).map { .input($0) } + [.output(0)] }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let b = inputs[0]
    let lead = b.shape.first(b.rank - unknowns.rank)
    let rows = b.reshaped([lead.elementCount, unknowns.elementCount])
    return [factors.solve(rows, transposed: isTransposed).reshaped(b.shape)]
  }

  /// The same solution of another right side, with A or its transpose.
  private func solve(_ b: Tensor, transposed: Bool, _ saved: SavedTensors) -> Tensor {
    let other = LinearSolve(
      label, factors, transposed: transposed, unknowns: unknowns, parameters: inputCount - 2, residual)
    return other([b] + (1..<inputCount).map { saved.input($0) })[0]
  }

  /// A times a vector, or its transpose, as a function of x and of theta's floating-point tensors.
  private func product(_ saved: SavedTensors, with vector: Tensor) -> (
    at: [Tensor], places: [Int], f: ([Tensor]) -> Tensor
  ) {
    let inputs = (1..<inputCount).map { saved.input($0) }
    let places = inputs.indices.filter { inputs[$0].dtype.isFloatingPoint }
    let (residual, isTransposed) = (residual, isTransposed)
    let f = { (own: [Tensor]) -> Tensor in
      let all = inputs.replacing(places, own)
      let equation = { (x: Tensor) in residual(x, Array(all.dropFirst())) }
      return isTransposed
        ? Autograd.vjp(equation, at: all[0]).pullback(vector)
        : Autograd.jvp(equation, at: all[0], along: vector).tangent
    }
    return (places.map { inputs[$0] }, places, f)
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    var result: [Tensor?] = Array(repeating: nil, count: inputCount)
    guard let cotangent = cotangents[0] else { return result }
    let adjoint = solve(cotangent, transposed: !isTransposed, saved)
    result[0] = adjoint
    let product = product(saved, with: saved.output(0))
    let (_, pullback) = Autograd.vjp(product.f, at: product.at)
    for (place, part) in zip(product.places, pullback(-adjoint)) { result[1 + place] = part }
    return result
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    var right = tangents[0]
    let product = product(saved, with: saved.output(0))
    let moving = product.places.indices.filter { tangents[1 + product.places[$0]] != nil }
    if !moving.isEmpty {
      let pushed = Autograd.jvp(
        { (own: [Tensor]) in product.f(product.at.replacing(moving, own)) }, at: moving.map { product.at[$0] },
        along: moving.map { tangents[1 + product.places[$0]]! }
      ).tangent
      right = right.map { $0 - pushed } ?? -pushed
    }
    return [right.map { solve($0, transposed: isTransposed, saved) }]
  }
}

extension Array where Element == Tensor {
  /// The same with other tensors at some places.
  func replacing(_ places: [Int], _ tensors: [Tensor]) -> [Tensor] {
    var result = self
    for (place, tensor) in zip(places, tensors) { result[place] = tensor }
    return result
  }
}
