import Autograd

/// What is measured of each function.
enum CostOperation: String, CaseIterable {
  case value, gradient, product, products, diagonal, dense, sparse, differences

  /// Its name in tables.
  func label(_ products: Int) -> String {
    switch self {
    case .value: "value"
    case .gradient: "gradient"
    case .product: "HVP"
    case .products: "\(Format.thousands(products)) HVP\(products == 1 ? "" : "s") at a point"
    case .diagonal: "Hessian diagonal"
    case .dense: "dense Hessian"
    case .sparse: "sparse Hessian"
    case .differences: "finite differences"
    }
  }

  /// Those that a function has.
  static func of(_ function: CostFunction) -> [CostOperation] {
    allCases.filter { $0 != .sparse || function.zeros != nil }
  }

  /// The power of N that its time grows with at most. The diagonal and the dense Hessian take a product for each
  /// variable where there are no zeros to find, and the latter has N^2 elements in any case.
  func timePower(_ function: CostFunction) -> Double {
    let one = function.evaluationPower
    switch self {
    case .value, .gradient, .product, .products, .sparse: return one
    case .diagonal: return function.zeros == nil ? one + 1 : one
    case .dense: return function.zeros == nil ? one + 1 : 2
    case .differences: return one + 1
    }
  }

  /// The operation of which it is several calls, more or less.
  var part: CostOperation? {
    switch self {
    case .value: nil
    case .gradient: .value
    case .product, .differences: .gradient
    case .products, .diagonal, .dense, .sparse: .product
    }
  }

  /// The power of N that overhead grows with: finite differences call a gradient for each row.
  var overheadPower: Double { self == .differences ? 1 : 0 }

  /// How many directions it is given.
  func directions(_ products: Int) -> Int { self == .product ? 1 : self == .products ? products : 0 }

  /// The call that is measured.
  func call(_ instance: CostInstance, _ function: CostFunction, products: Int, budget: MemoryBudget) -> CostCall {
    let (f, point) = (instance.f, instance.point)
    switch self {
    case .value: return CostCall { _ = f(point) }
    case .gradient:
      let both = valueAndGrad(f)
      return CostCall { _ = both(point) }
    case .product:
      let direction = point.enumerated().map { noise(40 + $0, $1.shape) }
      return CostCall { _ = hvp(f, at: point, along: direction) }
    case .products:
      let block = point.enumerated().map { noise(40 + $0, Shape([products] + Array($1.shape))) }
      return CostCall { _ = HessianOperator(f, at: point)(block) }
    case .diagonal:
      let diagonal = hessianDiagonal(f)
      return CostCall { _ = diagonal(point) }
    case .dense:
      let dense = hessian(f, memoryBudget: budget)
      return CostCall { () throws(MemoryBudgetError) in _ = try dense(point) }
    case .sparse:
      let sparse = hessian(f, sparsity: function.zeros!.pattern, memoryBudget: budget)
      return CostCall { () throws(MemoryBudgetError) in _ = try sparse(point) }
    case .differences:
      let differences = GradientDifferences(instance)
      return CostCall { _ = differences.matrix() }
    }
  }
}

/// The Hessian by central differences of the gradient: two gradients for each row.
private struct GradientDifferences {
  private let gradient: ([Tensor]) -> [Tensor]
  private let point: [Tensor]
  private let flat: Tensor

  init(_ instance: CostInstance) {
    gradient = grad(instance.f)
    point = instance.point
    flat = concatenated(point.map { $0.flattened() })
  }

  func matrix() -> Tensor {
    var matrix = Tensor.zeros([flat.count, flat.count], dtype: flat.dtype)
    // The cube root of a double's rounding: where the errors of rounding and of the formula are equal.
    let step = 6e-6
    for row in 0..<flat.count {
      let ahead = gradientOff(row, by: step)
      matrix[row] = (ahead - gradientOff(row, by: -step)) / (2 * step)
    }
    return matrix
  }

  private func gradientOff(_ row: Int, by step: Double) -> Tensor {
    var moved = flat
    moved[row] = moved[row] + step
    var offset = 0
    let parts = point.map { like in
      defer { offset += like.count }
      return moved[offset..<offset + like.count].reshaped(like.shape)
    }
    let gradients = gradient(parts)
    return gradients.count == 1
      ? gradients[0].flattened() : concatenated(gradients.map { $0.flattened() })
  }
}
