import Tensor

/// A symmetric matrix's projection onto the space of the products of a vector with its powers (Lanczos, 1950); of
/// several start vectors at once, which share the products.
///
/// Every new vector is made orthogonal to all before, twice, so that no copies of eigenvalues appear; that takes
/// memory for all vectors.
struct Lanczos {
  /// By start vector, in row-major order of the leading axes.
  private(set) var projections: [Projection]
  private(set) var isFinite = true
  private var basis: OrthogonalBasis
  private var next: Tensor

  /// - Parameter start: One vector [n], or several under leading axes.
  init(start: Tensor) {
    let lengths = norms(start)
    next = start / column(lengths, like: start)
    basis = OrthogonalBasis(like: start)
    projections = lengths.map { _ in Projection() }
  }

  /// Whether all spaces hold all that their start vectors can reach.
  var isComplete: Bool { projections.allSatisfy(\.isComplete) }

  /// One more dimension of each space that is not complete, for one product.
  mutating func extend(_ product: (Tensor) -> Tensor) {
    let vector = next
    basis.append(vector)
    var image = product(vector)
    let sizes = norms(image)
    guard sizes.allSatisfy(\.isFinite) else { return isFinite = false }
    let curvatures = innerProducts(vector, image)
    for _ in 0..<2 { image = basis.complement(of: image) }
    let lengths = norms(image)
    let roundoff = Lanczos.roundoff(of: vector)
    let isFull = basis.count >= vector.shape[vector.rank - 1]
    // What is complete goes on as zeros.
    let divisors = projections.indices.map {
      projections[$0].extend(curvatures[$0], lengths[$0], size: sizes[$0], roundoff: roundoff, isFull: isFull)
    }
    next = image / column(divisors, like: image)
  }

  /// The vector of one start vector's space with these components.
  func vector(_ components: ArraySlice<Double>) -> Tensor { basis.combination(Tensor(Array(components))) }

  /// What rounding leaves of a vector of length 1 that should be zero.
  static func roundoff(of vector: Tensor) -> Double {
    Double(vector.shape[vector.rank - 1]).squareRoot() * curvatureRoundoff(vector.dtype)
  }

  /// What rounding leaves of d'Hd that should be zero, where d and Hd have length 1: the elements' errors are not of
  /// one sign, and add up to no more in a large vector.
  static func curvatureRoundoff(_ dtype: DType) -> Double { 4 * (dtype == .float64 ? 0x1p-52 : 0x1p-23) }
}

extension Lanczos {
  /// The matrix in a basis of one space, which is tridiagonal.
  struct Projection {
    private(set) var diagonal: [Double] = []
    private(set) var offDiagonal: [Double] = []
    /// Whether the space holds all that the start vector can reach: the projection's eigenvalues are the matrix's.
    private(set) var isComplete = false
    private var scale = 0.0

    /// Takes what the last vector's product has along it and beside all; gives by what the latter is divided for the
    /// next vector.
    fileprivate mutating func extend(
      _ curvature: Double, _ length: Double, size: Double, roundoff: Double, isFull: Bool
    ) -> Double {
      guard !isComplete else { return .infinity }
      scale = Swift.max(scale, size)
      diagonal.append(curvature)
      isComplete = isFull || length <= roundoff * scale
      if isComplete { return .infinity }
      offDiagonal.append(length)
      return length
    }

    /// One dimension more, without a product, such that the smallest eigenvalue is this one, which must be below all of
    /// the projection's: the quadrature of its eigenvalues is that of Gauss and Radau (Golub, 1973).
    func extended(toSmallest bound: Double) -> Projection {
      var pivot = Double.infinity
      for (index, number) in diagonal.enumerated() {
        let above = index == 0 ? 0 : offDiagonal[index - 1]
        pivot = number - bound - above * above / pivot
      }
      var extended = self
      let last = offDiagonal[diagonal.count - 1]
      extended.diagonal.append(bound + last * last / pivot)
      extended.isComplete = true
      return extended
    }

    /// The eigenvalues, ascending; nil where they cannot be found.
    func spectrum() -> Spectrum? {
      guard
        !diagonal.isEmpty, let eigen = LAPACK.tridiagonalEigen(diagonal: diagonal, offDiagonal: offDiagonal)
      else { return nil }
      return Spectrum(eigen: eigen, rest: isComplete ? 0 : offDiagonal.last ?? 0)
    }
  }

  /// The eigenvalues of a projection.
  struct Spectrum {
    fileprivate let eigen: LAPACK.TridiagonalEigen
    fileprivate let rest: Double

    var values: [Double] { eigen.values }
    /// How much of the start vector is along each eigenvector; they add up to 1.
    func weight(_ index: Int) -> Double { eigen.vector(index).first! * eigen.vector(index).first! }
    /// How far a value may be from an eigenvalue of the matrix.
    func error(_ index: Int) -> Double { Swift.abs(rest * eigen.vector(index).last!) }
    /// An eigenvector's components in the space's basis.
    func components(_ index: Int) -> ArraySlice<Double> { eigen.vector(index) }
  }
}
