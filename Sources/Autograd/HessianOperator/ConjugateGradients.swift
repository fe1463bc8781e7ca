import Tensor

/// The iteration's vectors, of one right side or of several under leading axes, in units of the right sides'
/// magnitudes, so that a small one is no zero.
struct ConjugateGradients {
  private(set) var iterations = 0
  private var scaled: Tensor
  private var remainder: Tensor
  private var direction: Tensor
  private var sides: [Side]
  private let unit: Tensor
  private let preconditioner: ((Tensor) -> Tensor)?

  /// What is known of one right side.
  private struct Side {
    let rightNorm: Double
    let target: Double
    /// The residual's inner products with itself, and with itself preconditioned.
    var square: Double
    var weighted: Double
    var stop: ConjugateGradientError?

    var residual: Double { rightNorm == 0 ? 0 : square.squareRoot() / rightNorm }
    var isConverged: Bool { square.squareRoot() <= target }
    var isDone: Bool { isConverged || stop != nil }
  }

  private static let step = Formula("conjugateGradientStep") { x, d, s in x + s * d }

  init(right: Tensor, tolerance: Double, preconditioner: ((Tensor) -> Tensor)?) {
    unit = column(powersOfTwo(right), like: right)
    scaled = Tensor.zeros(like: right)
    remainder = right / unit
    self.preconditioner = preconditioner
    direction = remainder
    sides = innerProducts(remainder, remainder).map {
      Side(rightNorm: $0.squareRoot(), target: tolerance * $0.squareRoot(), square: $0, weighted: $0)
    }
    if preconditioner != nil { direction = preconditioned() }
  }

  var solution: Tensor { scaled * unit }
  var residuals: [Double] { sides.map(\.residual) }
  var isDone: Bool { sides.allSatisfy(\.isDone) }

  /// Why the first right side that has no solution has none, and the direction of negative curvature that it met.
  var failure: (ConjugateGradientError?, Tensor?) {
    guard let index = sides.firstIndex(where: { $0.stop != nil || !$0.isConverged }) else { return (nil, nil) }
    guard let stop = sides[index].stop else {
      return (.notConverged(iterations: iterations, residual: sides[index].residual), nil)
    }
    guard case .negativeCurvature = stop else { return (stop, nil) }
    return (stop, (direction * unit).reshaped([sides.count, direction.shape[direction.rank - 1]])[index])
  }

  /// Takes one step for each right side that is not done; the others stay where they are.
  mutating func iterate(_ product: (Tensor) -> Tensor) {
    iterations += 1
    let image = product(direction)
    let curvatures = innerProducts(direction, image)
    if curvatures.contains(where: isNegative) { stopAtNegative(curvatures) }
    let steps = sides.indices.map { index -> Double in
      if !curvatures[index].isFinite { stop(index, .notFinite(iteration: iterations)) }
      return sides[index].isDone ? 0 : sides[index].weighted / curvatures[index]
    }
    scaled = moved(scaled, direction, steps)
    let isMoving = sides.map { !$0.isDone }
    remainder = chosen(isMoving, moved(remainder, image, steps.map { -$0 }), else: remainder)
    let squares = innerProducts(remainder, remainder)
    let before = sides.map(\.weighted)
    for index in sides.indices where isMoving[index] {
      sides[index].square = squares[index]
      sides[index].weighted = squares[index]
      if !squares[index].isFinite { stop(index, .notFinite(iteration: iterations)) }
    }
    guard !isDone else { return }
    let next = preconditioner == nil ? remainder : preconditioned()
    let ratios = zip(sides, before).map { $1 > 0 ? $0.weighted / $1 : 0 }
    direction = chosen(sides.map { !$0.isDone }, moved(next, direction, ratios), else: direction)
  }

  /// M^-1 times the residuals.
  private mutating func preconditioned() -> Tensor {
    let next = preconditioner!(remainder)
    for (index, product) in innerProducts(remainder, next).enumerated() where !sides[index].isDone {
      if !(product > 0) && sides[index].square.isFinite {
        Misuse.report(
          "solve", "the preconditioner is not positive definite: a residual's product with its own image is \(product)")
        stop(index, .notFinite(iteration: iterations))
      }
      sides[index].weighted = product
    }
    return next
  }

  private func isNegative(_ curvature: Double) -> Bool { curvature <= 0 && curvature.isFinite }

  private mutating func stopAtNegative(_ curvatures: [Double]) {
    for (index, length) in innerProducts(direction, direction).enumerated() where isNegative(curvatures[index]) {
      stop(index, .negativeCurvature(iteration: iterations, curvature: curvatures[index] / length))
    }
  }

  private mutating func stop(_ index: Int, _ error: ConjugateGradientError) {
    if !sides[index].isDone { sides[index].stop = error }
  }

  private func moved(_ x: Tensor, _ d: Tensor, _ s: [Double]) -> Tensor {
    Self.step([x, d, column(s, like: x)])[0]
  }

  /// The rows of those right sides that move from one, of others (whose products may be anything) from the other.
  private func chosen(_ isMoving: [Bool], _ moved: Tensor, else kept: Tensor) -> Tensor {
    if !isMoving.contains(false) { return moved }
    if !isMoving.contains(true) { return kept }
    return `where`(column(isMoving.map { $0 ? 1 : 0 }, like: kept) .> 0, moved, kept)
  }
}
