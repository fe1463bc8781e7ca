import Synchronization
import Tensor

/// The Hessian of a function that gives one number, whose elements off a pattern are zero, as a sparse matrix.
///
///     let H = hessian(rosenbrock, sparsity: .banded(1))(x)    // three products, whatever the size of x, and a check
///     H.dense(); H(v); H.values
///
/// Columns of one colour share a product: a band of width k has 2k + 1 colours (Curtis, Powell and Reid, 1974), any
/// other pattern as many as a greedy star colouring finds, which reads an element from either side of the diagonal
/// (Gebremedhin, Manne and Pothen, 2005): two for an arrow, whatever its size. They are made in blocks, and one block
/// of what a product needs on the way is all the memory beside the result. Rows and columns stand for the elements of
/// all the input's tensors, in order. The colouring is kept for further calls.
///
/// - Parameters:
///   - sparsity: A band, a pattern, or what is found (`.detected`).
///   - checksPattern: Whether one more product checks that nothing is missing in the pattern. Without it the
///     elements off a wrong pattern are added to others: the result is wrong, silently. With it a missing element is
///     found that is larger than 2e-12 (in float32 3e-5) times the largest element of a product with numbers up to 1,
///     times how many columns it is away from the one it is added to, which is less than n. Where products differ by
///     more than that, four others tell what rounding makes of them, and 64 times as much is no sign of an element.
/// - Precondition: Floating-point inputs of one dtype; a result of one floating-point element; a pattern that
///   holds every element that is not zero.
@_disfavoredOverload
public func hessian<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true
) -> (Input) -> SparseMatrix {
  let evaluation = SparseHessianEvaluation(f, sparsity, checksPattern)
  return { input in
    // Without a budget nothing is thrown.
    (try? evaluation.run(input, budget: nil)) ?? evaluation.empty(input)
  }
}

/// The same within a memory budget: for the elements with their rows and columns, and a block of products on the way.
///
/// - Throws: ``MemoryBudgetError``, before memory is asked for, where the elements and one product do not fit.
@_disfavoredOverload
public func hessian<Input: TensorStructure>(
  _ f: @escaping (Input) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true, memoryBudget: MemoryBudget
) -> (Input) throws(MemoryBudgetError) -> SparseMatrix {
  let evaluation = SparseHessianEvaluation(f, sparsity, checksPattern)
  return { input throws(MemoryBudgetError) in try evaluation.run(input, budget: memoryBudget) }
}

/// The sparse Hessian of a function of a tensor that gives one number, within a memory budget.
///
/// - Throws: ``MemoryBudgetError``, before memory is asked for, where the elements and one product do not fit.
public func hessian(
  _ f: @escaping (Tensor) -> Tensor, sparsity: Sparsity, checksPattern: Bool = true, memoryBudget: MemoryBudget
) -> (Tensor) throws(MemoryBudgetError) -> SparseMatrix {
  let evaluation = SparseHessianEvaluation(f, sparsity, checksPattern)
  return { input throws(MemoryBudgetError) in try evaluation.run(input, budget: memoryBudget) }
}

/// A sparse Hessian that is asked for, at any number of points.
private struct SparseHessianEvaluation<Input: TensorStructure> {
  let f: (Input) -> Tensor
  let sparsity: Sparsity
  let checksPattern: Bool
  let cache: PlanCache

  init(_ f: @escaping (Input) -> Tensor, _ sparsity: Sparsity, _ checksPattern: Bool) {
    self.f = f
    self.sparsity = sparsity
    self.checksPattern = checksPattern
    cache = PlanCache(sparsity)
  }

  /// No elements, after a report.
  func empty(_ input: Input) -> SparseMatrix {
    let count = input.tensors.reduce(0) { $0 + $1.count }
    let dtype = input.tensors.first?.dtype ?? .float32
    return SparseMatrix(
      rowCount: count, columnCount: count, rows: [], columns: [], values: Tensor.zeros([0], dtype: dtype))
  }

  func run(_ input: Input, budget: MemoryBudget?) throws(MemoryBudgetError) -> SparseMatrix {
    let tensors = input.tensors
    if let first = tensors.first, let other = tensors.first(where: { $0.dtype != first.dtype }) {
      Misuse.report("hessian", "the inputs are \(first.dtype) and \(other.dtype); a sparse Hessian needs one dtype")
      return empty(input)
    }
    guard let recorded = RecordedGradient("hessian", tensors, { f(input.with($0)) }) else { return empty(input) }
    let map = recorded.map
    if sparsity.kind == .detected { return try map.detected(budget) }
    let count = map.space.count
    // Before the pattern itself takes memory.
    if let elements = sparsity.bandElements(count) { _ = try map.lanes(for: elements, within: budget) }
    guard let plan = cache.plan(count) else { return empty(input) }
    let most = try map.lanes(for: plan.places.count, within: budget)
    let (matrix, isComplete) = map.evaluate(plan, checks: checksPattern, most: most)
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
