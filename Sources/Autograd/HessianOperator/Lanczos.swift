import Tensor

/// A symmetric matrix's projection onto the space of the products of a vector with its powers (Lanczos, 1950).
///
/// Every new vector is made orthogonal to all before, twice, so that no copies of eigenvalues appear; that takes
/// memory for all vectors.
struct Lanczos {
  private(set) var diagonal: [Double] = []
  private(set) var offDiagonal: [Double] = []
  /// Whether the space holds all that the start vector can reach: the projection's eigenvalues are the matrix's.
  private(set) var isComplete = false
  private(set) var isFinite = true
  private var basis: [Tensor] = []
  private var next: Tensor
  private var scale = 0.0

  init(start: Tensor) { next = start / column(norms(start), like: start) }

  /// One more dimension, for one product.
  mutating func extend(_ product: (Tensor) -> Tensor) {
    let vector = next
    basis.append(vector)
    var image = product(vector)
    let size = norms(image)[0]
    guard size.isFinite else { return isFinite = false }
    scale = Swift.max(scale, size)
    diagonal.append(innerProducts(vector, image)[0])
    let space = stacked(basis)
    for _ in 0..<2 { image = image - matmul(matmul(space, image), space) }
    let length = norms(image)[0]
    let roundoff = vector.dtype == .float64 ? 0x1p-52 : 0x1p-23
    let reached = Double(vector.count).squareRoot() * 4 * roundoff * scale
    if basis.count >= vector.count || length <= reached { return isComplete = true }
    offDiagonal.append(length)
    next = image / column([length], like: image)
  }

  /// The projection's eigenvalues, ascending, with the weight of the start vector in each (they add up to 1),
  /// and how far each may be from an eigenvalue of the matrix.
  func spectrum() -> [(value: Double, weight: Double, error: Double)]? {
    guard
      !diagonal.isEmpty, let found = LAPACK.tridiagonalEigen(diagonal: diagonal, offDiagonal: offDiagonal)
    else { return nil }
    let rest = isComplete ? 0 : offDiagonal.last ?? 0
    return found.values.indices.map {
      let first = found.firstComponents[$0]
      return (found.values[$0], first * first, Swift.abs(rest * found.lastComponents[$0]))
    }
  }
}
