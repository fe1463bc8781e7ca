/// What conjugate gradients know of one right side.
struct RightSide {
  enum Stop {
    case failed(ConjugateGradientError)
    /// What more steps find is no better.
    case stalled
  }

  /// The residual's inner product with itself: by the recurrence, or computed where ``isSettled``.
  private(set) var square: Double
  /// The residual's inner product with itself preconditioned.
  private(set) var weighted: Double
  /// Of the iterate whose residual was the smallest since the beginning, or since a computed residual took over.
  private(set) var bestSquare: Double
  private(set) var stop: Stop?
  /// Whether the residual was computed for the last time.
  private(set) var isSettled = false
  /// That of the last computed residual from which the iteration went on.
  private var confirmedSquare = Double.infinity
  private var bestWeighted = Double.infinity
  private var largestRatio = 0.0
  private let rightNorm: Double
  private let target: Double

  /// How far above the tolerance a computed residual may be. Rounding makes it differ from the recurrence's.
  private static let leeway = 2.0

  init(square: Double, tolerance: Double) {
    self.square = square
    bestSquare = square
    weighted = square
    rightNorm = square.squareRoot()
    target = tolerance * rightNorm
    if !rightNorm.isFinite { stop = .failed(.notFinite(iteration: 0)) }
  }

  var residual: Double { rightNorm == 0 ? 0 : square.squareRoot() / rightNorm }
  var isDone: Bool { isSettled || stop != nil || isConverged }
  private var isConverged: Bool { square.squareRoot() <= target }

  /// Why there is no solution; nil where there is one.
  func failure(iterations: Int) -> ConjugateGradientError? {
    if case .failed(let error) = stop { return error }
    let isSolved = stop == nil && square.squareRoot() <= target * Self.leeway
    return isSolved ? nil : .notConverged(iterations: iterations, residual: residual)
  }

  mutating func end(_ reason: Stop) {
    if !isDone { stop = reason }
  }

  /// Ends where d'Hd is no number, or nothing that counts beside what H makes of directions: then d'Hd is rounding, and
  /// a step divided by it goes anywhere.
  mutating func judge(
    curvature: Double, squaredLength: Double, imageLength: Double, roundoff: Double, iteration: Int
  ) {
    guard !isDone else { return }
    guard curvature.isFinite else { return end(.failed(.notFinite(iteration: iteration))) }
    largestRatio = Swift.max(largestRatio, imageLength / squaredLength.squareRoot())
    if curvature <= roundoff * largestRatio * squaredLength {
      end(.failed(.negativeCurvature(iteration: iteration, curvature: curvature / squaredLength)))
    }
  }

  /// Takes a step's residual, before it is weighted; gives whether it is the smallest so far.
  mutating func move(square: Double) -> Bool {
    self.square = square
    let isBest = square < bestSquare
    if isBest { bestSquare = square }
    return isBest
  }

  /// Takes the residual's product with itself preconditioned; gives whether it has grown as it cannot.
  ///
  /// Where the matrix, preconditioned, has the condition k, it is never more than k times an earlier one: the error's
  /// square in the matrix's own norm lies between both divided by its ends and only falls. And no k beyond
  /// 1 / `resolution` can be told from infinity.
  mutating func weigh(_ weighted: Double, resolution: Double) -> Bool {
    self.weighted = weighted
    bestWeighted = Swift.min(bestWeighted, weighted)
    return !isDone && weighted * resolution > bestWeighted
  }

  /// Ends at the best iterate.
  mutating func returnToBest() {
    end(.stalled)
    square = bestSquare
  }

  /// What becomes of an iterate whose residual was computed.
  enum Verdict {
    case isKept
    /// The recurrence promised more: the iteration goes on from the computed residual.
    case goesOn
    /// The residual is far above that of the best iterate, which takes its place and is looked at in its turn.
    case goesBack
  }

  /// Takes the computed residual of a side that is done, or that has to be where nothing may go on.
  mutating func confirm(square: Double, iteration: Int, resolution: Double, mayGoOn: Bool) -> Verdict {
    guard !isSettled && (isDone || !mayGoOn) else { return .isKept }
    let claimsConvergence = stop == nil && isConverged
    guard square.isFinite else {
      if claimsConvergence { stop = .failed(.notFinite(iteration: iteration)) }
      isSettled = true
      return .isKept
    }
    self.square = square
    let isSolved = claimsConvergence && square.squareRoot() <= target * Self.leeway
    // Rounding is what is left where it was not even halved.
    if claimsConvergence && !isSolved && mayGoOn && square < confirmedSquare / 4 {
      confirmedSquare = square
      bestSquare = square
      bestWeighted = .infinity
      return .goesOn
    }
    if claimsConvergence && !isSolved { stop = .stalled }
    if !isSolved && square * resolution > bestSquare {
      bestSquare = .infinity
      return .goesBack
    }
    isSettled = true
    return .isKept
  }

  /// Whether the last iterate from which it went on is better than where it ended, which it then takes back.
  mutating func takesBackConfirmed() -> Bool {
    guard isSettled && confirmedSquare < square else { return false }
    square = confirmedSquare
    return true
  }
}
