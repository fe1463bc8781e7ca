import CKernels

/// What a function of the program read of values that others may change (a module's parameters) when it was recorded, so
/// that it computes the same when a derivative rule evaluates it again.
package final class RecordedReads: @unchecked Sendable {  // written by the first evaluation only
  /// By the leaf's sequence number.
  private var numbers: [UInt64: Storage] = [:]
  /// What stood for objects then.
  private var bindings: Bindings?

  package init() {}

  package var storages: [Storage] { Array(numbers.values) }

  /// Runs the function for the first time.
  package func noting<Result>(_ body: () -> Result) -> Result {
    bindings = Bindings.current
    return Evaluation(self, isFirst: true).run(body)
  }

  /// Runs it again, with the same bound as then, whatever is bound now.
  package func replaying<Result>(_ body: () -> Result) -> Result {
    Bindings.with(only: bindings) { Evaluation(self, isFirst: false).run(body) }
  }

  /// A value that may change, a leaf, as the evaluation that this thread is in must see it.
  package static func read(_ leaf: Tensor) -> Tensor {
    guard let current = adj_thread().pointee.evaluation else { return leaf }
    return Unmanaged<Evaluation>.fromOpaque(current).takeUnretainedValue().read(leaf)
  }

  /// One evaluation on one thread.
  private final class Evaluation {
    private let reads: RecordedReads
    private let isFirst: Bool
    private let outer = adj_thread().pointee.evaluation

    init(_ reads: RecordedReads, isFirst: Bool) {
      self.reads = reads
      self.isFirst = isFirst
    }

    func run<Result>(_ body: () -> Result) -> Result {
      let thread = adj_thread()!
      thread.pointee.evaluation = Unmanaged.passUnretained(self).toOpaque()
      defer { thread.pointee.evaluation = outer }
      return withExtendedLifetime(self, body)
    }

    func read(_ leaf: Tensor) -> Tensor {
      guard let node = leaf.node else { return leaf }
      if let known = reads.numbers[node.sequence] { return Tensor(known, node: node) }
      let value = outer.map { Unmanaged<Evaluation>.fromOpaque($0).takeUnretainedValue().read(leaf) } ?? leaf
      if isFirst { reads.numbers[node.sequence] = value.storage }
      return value
    }
  }
}
