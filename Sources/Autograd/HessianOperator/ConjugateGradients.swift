import Tensor

/// The iteration's vectors, of one right side or of several under leading axes, in units of the right sides'
/// magnitudes, so that a small one is no zero.
struct ConjugateGradients {
  /// Steps that were taken, each for one product.
  private(set) var iterations = 0
  /// Products that were made to compute residuals.
  private(set) var confirmations = 0
  private var scaled: Tensor
  private var remainder: Tensor
  private var direction: Tensor
  /// The iterates of the smallest residuals.
  private var best: Tensor
  /// The iterates whose computed residuals took over from the recurrence's, where there are any.
  private var confirmed: Tensor?
  private var sides: [RightSide]
  private let right: Tensor
  private let unit: Tensor
  private let preconditioner: ((Tensor) -> Tensor)?

  private static let step = Formula("conjugateGradientStep") { x, d, s in x + s * d }

  init(right: Tensor, tolerance: Double, preconditioner: ((Tensor) -> Tensor)?) {
    self.right = right
    self.preconditioner = preconditioner
    unit = column(powersOfTwo(right), like: right)
    scaled = Tensor.zeros(like: right)
    best = scaled
    remainder = right / unit
    direction = remainder
    sides = innerProducts(remainder, remainder).map { RightSide(square: $0, tolerance: tolerance) }
    // A right side that is not finite would spoil the products of the others.
    remainder = chosen(isMoving, remainder, else: scaled)
    direction = weighted()
  }

  var solution: Tensor { scaled * unit }
  var residuals: [Double] { sides.map(\.residual) }

  /// Why the first right side that has no solution has none, and the direction of negative curvature that it met.
  var failure: (ConjugateGradientError?, Tensor?) {
    for (index, side) in sides.enumerated() {
      guard let error = side.failure(iterations: iterations) else { continue }
      guard case .negativeCurvature = error else { return (error, nil) }
      return (error, (direction * unit).reshaped([sides.count, direction.shape[direction.rank - 1]])[index])
    }
    return (nil, nil)
  }

  /// Takes steps until every right side is done, and computes what is left of it; goes on from there where the
  /// recurrence promised more.
  mutating func run(limit: Int, _ product: (Tensor) -> Tensor) {
    repeat {
      while !isDone && iterations < limit { iterate(product) }
      confirm(product, mayGoOn: iterations < limit)
    } while !isDone && iterations < limit
  }

  private var isDone: Bool { sides.allSatisfy(\.isDone) }
  private var isMoving: [Bool] { sides.map { !$0.isDone } }

  /// Takes one step for each right side that is not done; the others stay where they are.
  private mutating func iterate(_ product: (Tensor) -> Tensor) {
    iterations += 1
    let image = product(direction)
    let curvatures = judge(image)
    let steps = sides.indices.map { sides[$0].isDone ? 0 : sides[$0].weighted / curvatures[$0] }
    let rest = moved(remainder, image, steps.map { -$0 })
    let squares = innerProducts(rest, rest)
    for index in sides.indices where !squares[index].isFinite {
      sides[index].end(.failed(.notFinite(iteration: iterations)))
    }
    let areMoving = isMoving
    remainder = chosen(areMoving, rest, else: remainder)
    scaled = chosen(areMoving, moved(scaled, direction, steps), else: scaled)
    let areBest = sides.indices.map { areMoving[$0] && sides[$0].move(square: squares[$0]) }
    best = chosen(areBest, scaled, else: best)
    guard !isDone else { return }
    let before = sides.map(\.weighted)
    let next = weighted()
    let ratios = zip(sides, before).map { $1 > 0 ? $0.weighted / $1 : 0 }
    direction = chosen(isMoving, moved(next, direction, ratios), else: direction)
  }

  /// The directions' curvatures, which end the sides where they are not positive.
  private mutating func judge(_ image: Tensor) -> [Double] {
    let (wide, wideImage) = (direction.detached().asType(.float64), image.detached().asType(.float64))
    let curvatures = innerProducts(wide, wideImage)
    let (squares, lengths) = (innerProducts(wide, wide), norms(wideImage))
    for index in sides.indices {
      sides[index].judge(
        curvature: curvatures[index], squaredLength: squares[index], imageLength: lengths[index],
        roundoff: Lanczos.curvatureRoundoff(direction.dtype), iteration: iterations)
    }
    return curvatures
  }

  /// M^-1 times the residuals, by which they are weighted. A side whose residual has grown as it cannot goes back to
  /// its best iterate.
  private mutating func weighted() -> Tensor {
    let next = preconditioner?(remainder) ?? remainder
    let products = preconditioner == nil ? sides.map(\.square) : innerProducts(remainder, next)
    var haveGrown = Array(repeating: false, count: sides.count)
    for (index, product) in products.enumerated() where !sides[index].isDone {
      if !(product > 0) {
        Misuse.report(
          "solve", "the preconditioner is not positive definite: a residual's product with its own image is \(product)")
        sides[index].end(.failed(.notFinite(iteration: iterations)))
      }
      haveGrown[index] = sides[index].weigh(product, resolution: Lanczos.curvatureRoundoff(direction.dtype))
      if haveGrown[index] { sides[index].returnToBest() }
    }
    scaled = chosen(haveGrown, best, else: scaled)
    return next
  }

  /// Computes the residuals, for one product. Where one is far from what the recurrence said, the iteration goes on
  /// from it, as long as that makes it smaller.
  private mutating func confirm(_ product: (Tensor) -> Tensor, mayGoOn: Bool) {
    // Of zero nothing has to be computed.
    guard iterations > 0 else { return }
    confirmations += 1
    let rest = right / unit - product(scaled)
    let squares = innerProducts(rest, rest)
    let verdicts = sides.indices.map {
      sides[$0].confirm(
        square: squares[$0], iteration: iterations, resolution: Lanczos.curvatureRoundoff(direction.dtype),
        mayGoOn: mayGoOn)
    }
    if let confirmed {
      scaled = chosen(sides.indices.map { sides[$0].takesBackConfirmed() }, confirmed, else: scaled)
    }
    goOn(verdicts.map { $0 == .goesOn }, from: rest)
    let goBack = verdicts.map { $0 == .goesBack }
    if goBack.contains(true) {
      scaled = chosen(goBack, best, else: scaled)
      confirm(product, mayGoOn: mayGoOn)
    }
  }

  /// Begins again with the computed residuals of some sides.
  private mutating func goOn(_ these: [Bool], from rest: Tensor) {
    guard these.contains(true) else { return }
    confirmed = chosen(these, scaled, else: confirmed ?? scaled)
    best = chosen(these, scaled, else: best)
    remainder = chosen(these, rest, else: remainder)
    direction = chosen(these, weighted(), else: direction)
  }

  private func moved(_ x: Tensor, _ d: Tensor, _ s: [Double]) -> Tensor {
    Self.step([x, d, column(s, like: x)])[0]
  }

  /// The rows of those right sides that are chosen from one, of others (whose products may be anything) from the
  /// other.
  private func chosen(_ areChosen: [Bool], _ these: Tensor, else others: Tensor) -> Tensor {
    if !areChosen.contains(false) { return these }
    if !areChosen.contains(true) { return others }
    return `where`(column(areChosen.map { $0 ? 1 : 0 }, like: others) .> 0, these, others)
  }
}
