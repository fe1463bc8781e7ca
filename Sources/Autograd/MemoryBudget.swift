import Tensor

/// How much memory a dense derivative may take: its result, and what a block of its rows needs on the way.
///
/// Large derivatives are computed block by block within it. One that cannot fit is an error before any memory
/// is asked for. It counts the numbers of tensors: the allocator's blocks for them, which
/// ``TensorMemory/peak(during:)`` counts, may be larger by up to a quarter. What recording the function itself takes does
/// not count: an evaluation needs that anyway. Where the result can be differentiated again (within another transform, or
/// where the function reads tracked tensors, such as a module's parameters), the graphs of all rows stay and count.
public struct MemoryBudget: Sendable, Hashable {
  /// The most bytes.
  public let bytes: Int

  /// This many bytes; negative counts as 0.
  public static func bytes(_ count: Int) -> MemoryBudget { MemoryBudget(bytes: Swift.max(count, 0)) }
  /// 10^6 bytes each.
  public static func megabytes(_ count: Double) -> MemoryBudget { .bytes(Int(clampingFraction: count * 1e6)) }
  /// 10^9 bytes each.
  public static func gigabytes(_ count: Double) -> MemoryBudget { .bytes(Int(clampingFraction: count * 1e9)) }
  /// Half of the machine's memory.
  public static var automatic: MemoryBudget { .bytes(TensorMemory.machineBytes / 2) }
}

extension Int {
  fileprivate init(clampingFraction value: Double) {
    self = value.isNaN || value <= 0 ? 0 : value >= 0x1p62 ? 1 << 62 : Int(value)
  }
}

/// A dense derivative that does not fit into its memory budget. Thrown before the memory is asked for.
public struct MemoryBudgetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The transform: `hessian` or `jacobian`, or `HessianOperator` of its ``HessianOperator/dense(memoryBudget:)``.
  public let operation: String
  /// Bytes of the result.
  public let resultBytes: Int
  /// Bytes of the result and of the smallest block of rows on the way.
  public let predictedBytes: Int
  /// What was allowed.
  public let budget: MemoryBudget

  /// The bytes that are needed, those of the budget, and what needs less.
  public var description: String {
    "\(operation): needs \(predictedBytes) bytes (\(resultBytes) of them for the result), more than the budget of "
      + "\(budget.bytes); use products (hvp, HessianOperator, jvp, vjp), a sparse Hessian, or a larger memoryBudget"
  }
}
