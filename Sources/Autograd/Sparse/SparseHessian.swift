import Synchronization
import Tensor

/// The Hessian of a function that gives one number, whose elements off a pattern are zero, as a sparse matrix.
///
///     let H = hessian(rosenbrock, sparsity: .banded(1))(x)    // three products, whatever the size of x
///     H.dense(); H(v); H.values
///
/// Columns without a common row share a product (Curtis, Powell and Reid, 1974): a band of width k takes 2k + 1
/// products, any other pattern as many as a greedy colouring of its columns finds colours. They are made in one
/// block, by one walk. Rows and columns stand for the elements of all the input's tensors, in order. The colouring
/// is kept for further calls.
///
/// - Parameters:
///   - checksPattern: Whether one more product checks that nothing is missing in the pattern. Without it the
///     elements off a wrong pattern are added to others: the result is wrong, silently. With it they are found
///     unless they are smaller than the largest products' rounding (1e-8 of them in float64, 3e-4 in float32).
/// - Precondition: Floating-point inputs of one dtype; a result of one floating-point element; a pattern that
///   holds every element that is not zero.
@_disfavoredOverload
public func hessian<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true
) -> (Input) -> SparseMatrix {
  let cache = PlanCache(sparsity)
  return { input in
    let count = input.tensors.reduce(0) { $0 + $1.count }
    let dtype = input.tensors.first?.dtype ?? .float32
    func empty() -> SparseMatrix {
      SparseMatrix(
        rowCount: count, columnCount: count, rows: [], columns: [], values: Tensor.zeros([0], dtype: dtype))
    }
    if let other = input.tensors.first(where: { $0.dtype != dtype }) {
      Misuse.report("hessian", "the inputs are \(dtype) and \(other.dtype); a sparse Hessian needs one dtype")
      return empty()
    }
    guard let recorded = RecordedGradient("hessian", input.tensors, { f(input.with($0)) }) else { return empty() }
    let map = recorded.map
    if sparsity.kind == .detected {
      let plan = map.detectedPlan(always: true)!
      return map.evaluate(plan).matrix
    }
    guard let plan = cache.plan(count) else { return empty() }
    let (matrix, isComplete) = map.evaluate(plan, checks: checksPattern)
    if !isComplete {
      Misuse.report(
        "hessian",
        "the sparsity pattern misses elements that are not zero: products of the sparse Hessian are not "
          + "those of the Hessian. Use a wider pattern, or .detected")
    }
    return matrix
  }
}

/// The colouring of a pattern for the last size it was asked for.
private final class PlanCache: Sendable {
  private let sparsity: Sparsity
  private let kept = Mutex<CompressionPlan?>(nil)

  init(_ sparsity: Sparsity) { self.sparsity = sparsity }

  func plan(_ count: Int) -> CompressionPlan? {
    kept.withLock { kept in
      if let kept, kept.count == count { return kept }
      kept = CompressionPlan(sparsity.kind, count: count)
      return kept
    }
  }
}

extension SymmetricMap {
  /// The elements of a pattern, and whether a product finds nothing missing.
  func evaluate(_ plan: CompressionPlan, checks: Bool = false) -> (matrix: SparseMatrix, isComplete: Bool) {
    var seeds = plan.seeds(space.dtype)
    let probe = checks ? space.irregular() : nil
    if let probe { seeds = concatenated([seeds, probe.unsqueezed(axis: 0)]) }
    let products = flat(seeds)
    let matrix = SparseMatrix(
      rowCount: plan.count, columnCount: plan.count, rows: plan.rows, columns: plan.columns,
      values: products.flattened().take(plan.positions))
    guard let probe else { return (matrix, true) }
    return (matrix, withoutGrad { agrees(matrix, probe, products.detached()[plan.colorCount]) })
  }

  /// Whether the matrix's product is this one, but for rounding beside the largest.
  private func agrees(_ matrix: SparseMatrix, _ vector: Tensor, _ product: Tensor) -> Bool {
    let tolerance = product.dtype == .float64 ? 0x1p-26 : 0x1p-11
    let size = product.storage.largestMagnitude
    let gap = (matrix(vector) - product).storage.largestMagnitude
    // What is not finite anyway is not the pattern's fault.
    return gap <= tolerance * size || !size.isFinite
  }
}

extension VectorSpace {
  /// A vector without regularity, all elements between 0.5 and 1.5.
  func irregular() -> Tensor {
    (1 + 0.5 * sin(Tensor.arange(count, dtype: .float64) * 1.7 + 0.5)).asType(dtype)
  }
}
