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
    case .products: "\(products) HVPs at a point"
    case .diagonal: "Hessian diagonal"
    case .dense: "dense Hessian"
    case .sparse: "sparse Hessian"
    case .differences: "finite differences"
    }
  }

  /// Whether it may take a product, or two gradients, for each variable.
  var isPerVariable: Bool { [.diagonal, .dense, .differences].contains(self) }

  /// The call that is measured; nil where there is none for the function.
  func call(_ instance: CostInstance, products: Int, budget: MemoryBudget) -> CostCall? {
    let (f, point) = (instance.f, instance.point)
    switch self {
    case .value: return CostCall { _ = f(point) }
    case .gradient:
      let both = valueAndGrad(f)
      return CostCall { _ = both(point) }
    case .product:
      let direction = point.enumerated().map { wave(40 + $0, $1.shape) }
      return CostCall { _ = hvp(f, at: point, along: direction) }
    case .products:
      let block = point.enumerated().map { wave(40 + $0, Shape([products] + Array($1.shape))) }
      return CostCall { _ = HessianOperator(f, at: point)(block) }
    case .diagonal:
      let diagonal = hessianDiagonal(f)
      return CostCall { _ = diagonal(point) }
    case .dense:
      let dense = hessian(f, memoryBudget: budget)
      return CostCall { () throws(TooMuchMemory) in
        do throws(MemoryBudgetError) {
          _ = try dense(point)
        } catch {
          throw TooMuchMemory(bytes: error.predictedBytes)
        }
      }
    case .sparse:
      guard let sparsity = instance.sparsity else { return nil }
      let sparse = hessian(f, sparsity: sparsity)
      return CostCall { _ = sparse(point) }
    case .differences:
      let differences = GradientDifferences(instance)
      return CostCall { () throws(TooMuchMemory) in _ = try differences.matrix(budget) }
    }
  }
}

/// One call, made as often as is needed.
struct CostCall {
  let run: () throws(TooMuchMemory) -> Void

  init(_ run: @escaping () throws(TooMuchMemory) -> Void) { self.run = run }
}

/// A call would need more bytes than the budget has.
struct TooMuchMemory: Error {
  let bytes: Int
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

  func matrix(_ budget: MemoryBudget) throws(TooMuchMemory) -> Tensor {
    // The matrix, and on the way two gradients, their difference and the point that was moved.
    let bytes = (flat.count + 4) * flat.count * flat.dtype.byteCount
    guard bytes <= budget.bytes else { throw TooMuchMemory(bytes: bytes) }
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
