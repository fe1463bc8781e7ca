import Tensor

/// A x = b for a matrix known by its products: the x of the space of b's products with the matrix's powers that leaves
/// the least residual; begun again from there when the space has become large. (Y. Saad, M. H. Schultz, "GMRES", 1986.)
///
/// For several right sides at once, the rows of a matrix, which share the products.
struct GMRES {
  /// A row for each right side, also where it is none.
  private(set) var solution: Tensor
  private(set) var isConverged = false
  private let product: (Tensor) -> Tensor
  private let rightNorms: [Double]
  /// Of a residual beside the right side, and beside what the matrix makes of the solution: rounding's part of it.
  private let roundoff: Double
  /// The longest product of a vector of length 1.
  private var scale = 0.0

  /// The most vectors that are held, for each right side.
  static let dimension = 48
  /// What a space must make of the residual for another to follow.
  private static let leastGain = 0.5

  /// - Parameters:
  ///   - right: [rows, n], finite numbers.
  ///   - tolerated: So many times as large a residual as rounding should leave is taken, too, where no smaller one is
  ///     to be had.
  init(_ right: Tensor, tolerated: Double, product: @escaping (Tensor) -> Tensor) {
    self.product = product
    solution = Tensor.zeros(like: right)
    rightNorms = norms(right)
    roundoff = right.dtype == .float64 ? 0x1p-46 : 0x1p-22
    var residual = right
    var excess = Double.infinity
    while true {
      improve(residual)
      residual = right - product(solution)
      let before = excess
      excess = self.excess(norms(residual))
      isConverged = excess <= 1 || (excess <= tolerated && excess > GMRES.leastGain * before)
      if isConverged || !(excess < GMRES.leastGain * before) { return }
    }
  }

  /// The largest of residuals that count, of which rounding would leave less.
  private var goals: [Double] { zip(rightNorms, norms(solution)).map { roundoff * ($0 + scale * $1) } }

  /// The most that a residual is of its goal; infinite where one is not finite.
  private func excess(_ residuals: [Double]) -> Double {
    zip(residuals, goals).map { $0 == 0 ? 0 : $0 / $1 }.reduce(0) { $1.isNaN ? .infinity : Swift.max($0, $1) }
  }

  /// Adds the best of the space that residuals span.
  private mutating func improve(_ residual: Tensor) {
    var basis = OrthogonalBasis(like: residual)
    var sides = zip(norms(residual), goals).map { HessenbergSystem(right: $0, goal: $1) }
    // What is solved goes on as zeros.
    var next = residual / column(sides.map { $0.isDone ? .infinity : $0.residual }, like: residual)
    while basis.count < Swift.min(GMRES.dimension, residual.shape[1]), !sides.allSatisfy(\.isDone) {
      basis.append(next)
      let image = product(next)
      // Twice, since the first leaves what rounding makes of large parts.
      let (first, rest) = basis.split(image)
      let (second, left) = basis.split(rest)
      let (parts, lengths, sizes) = (first + second, norms(left), norms(image))
      scale = sizes.reduce(scale) { $1.isFinite ? Swift.max($0, $1) : $0 }
      for index in sides.indices {
        sides[index].extend(
          parts[index, ..<basis.count].asType(.float64).scalars(as: Double.self), lengths[index], size: sizes[index],
          roundoff: Lanczos.roundoff(of: residual))
      }
      next = left / column(zip(sides, lengths).map { $0.isDone ? .infinity : $1 }, like: left)
    }
    guard basis.count > 0 else { return }
    let components = sides.flatMap { side in
      let own = side.solution()
      return own + Array(repeating: 0, count: basis.count - own.count)
    }
    solution = solution + basis.combination(Tensor(components).reshaped([sides.count, basis.count]))
  }
}

/// A least squares problem whose matrix, of zeros below its first subdiagonal, comes column by column; kept
/// triangular by Givens rotations.
private struct HessenbergSystem {
  private var columns: [[Double]] = []
  private var rotations: [(cosine: Double, sine: Double)] = []
  private var right: [Double]
  private let goal: Double
  /// Whether no more is to be had: solved, or the space holds all that it can reach, or a product is not finite.
  private(set) var isDone: Bool

  init(right: Double, goal: Double) {
    self.right = [right]
    self.goal = goal
    isDone = !(right > goal) || !right.isFinite
  }

  var residual: Double { abs(right[right.count - 1]) }

  /// Takes what a product has along each vector so far and beside all, `size` of it together.
  mutating func extend(_ parts: [Double], _ length: Double, size: Double, roundoff: Double) {
    guard !isDone else { return }
    guard size.isFinite else { return isDone = true }
    var column = parts
    for (row, rotation) in rotations.enumerated() {
      let (upper, lower) = (column[row], column[row + 1])
      column[row] = rotation.cosine * upper + rotation.sine * lower
      column[row + 1] = rotation.cosine * lower - rotation.sine * upper
    }
    let last = column.count - 1
    let isComplete = length <= roundoff * size
    let largest = Swift.max(abs(column[last]), length)
    let (own, beside) = (column[last] / largest, length / largest)
    let radius = largest > 0 ? largest * (own * own + beside * beside).squareRoot() : 0
    // A column of nothing: the matrix is singular, and the vector is of no use.
    let isEmpty = radius <= roundoff * size
    rotations.append(isEmpty ? (1, 0) : (column[last] / radius, length / radius))
    column[last] = isEmpty ? .infinity : radius
    columns.append(column)
    right.append(-rotations[last].sine * right[last])
    right[last] *= rotations[last].cosine
    isDone = isComplete || residual <= goal
  }

  /// By substitution from the last.
  func solution() -> [Double] {
    var solution = Array(repeating: 0.0, count: columns.count)
    for row in columns.indices.reversed() {
      let known = (row + 1..<columns.count).reduce(0.0) { $0 + columns[$1][row] * solution[$1] }
      solution[row] = (right[row] - known) / columns[row][row]
    }
    return solution
  }
}
