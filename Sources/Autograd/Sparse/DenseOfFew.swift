import Synchronization
import Tensor

/// A dense matrix of few elements that are not zero: writing its zeros takes as long as finding and computing the
/// others, so that threads which have nothing else to do write them meanwhile.
extension SymmetricMap {
  /// The dense matrix, where few of its elements are not zero and finding them pays, in so many bytes beside it.
  func denseOfFew(beside bytes: Int) -> Tensor? {
    guard asksForZeros else { return nil }
    guard fillsMeanwhile else { return sparse(in: bytes)?.dense() }
    let (outcome, result) = searchBesideZeros(bytes)
    // Products are worth all threads, and may find nothing.
    guard case .isUnknown = outcome else { return result }
    return searchByProducts(limits: limits(in: bytes))
      .flatMap { evaluated($0, in: bytes) }?.dense()
  }

  /// Whether zeros are written while elements are looked for: not where that is recorded, or for the caller's thread.
  var fillsMeanwhile: Bool { !blocks.isRecorded && !blocks.callsProgram }

  /// What a search along the graph finds, and the matrix where it finds few elements.
  private func searchBesideZeros(_ bytes: Int) -> (PatternSearch.Outcome, Tensor?) {
    let result = Storage([space.count, space.count], space.dtype)
    let zeros = Zeros(result)
    var state = (outcome: PatternSearch.Outcome.isUnknown, matrix: SparseMatrix?.none)
    withUnsafeMutablePointer(to: &state) { state in
      let state = UnsafeSendable(state)
      Parallel.runAlone(1 + zeros.partCount) { part in
        if part > 0 { return zeros.write(part - 1) }
        let outcome = searchAlongGraph(limits: limits(in: bytes))
        state.value.pointee.outcome = outcome
        guard case .found(let plan) = outcome else { return zeros.cancel() }
        // Several blocks are for all threads, afterwards.
        if isOneBlock(plan, in: bytes) { state.value.pointee.matrix = evaluated((plan, true), in: bytes) }
      }
    }
    guard case .found(let plan) = state.outcome else { return (state.outcome, nil) }
    guard let matrix = state.matrix ?? evaluated((plan, true), in: bytes) else { return (.isTooLarge, nil) }
    matrix.write(into: result)
    return (state.outcome, Tensor(result))
  }

  private func isOneBlock(_ plan: CompressionPlan, in bytes: Int) -> Bool {
    plan.colorCount <= blocks.lanes(plan.colorCount, most: lanes(in: bytes, beside: plan.places.count))
  }
}

/// Memory that is filled with zeros in parts, by several threads.
private final class Zeros: Sendable {
  private static let bytesOfPart = 1 << 18
  private let memory: UnsafeSendable<UnsafeMutableRawBufferPointer>
  private let isCancelled = Atomic(false)

  init(_ storage: Storage) {
    memory = UnsafeSendable(
      UnsafeMutableRawBufferPointer(start: storage.pointer, count: storage.count * storage.dtype.byteCount))
  }

  var partCount: Int { (memory.value.count + Self.bytesOfPart - 1) / Self.bytesOfPart }

  func write(_ part: Int) {
    if isCancelled.load(ordering: .relaxed) { return }
    let begin = part * Self.bytesOfPart
    let end = Swift.min(begin + Self.bytesOfPart, memory.value.count)
    memory.value[begin..<end].withMemoryRebound(to: UInt8.self) { $0.update(repeating: 0) }
  }

  /// What is not written yet is not wanted.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }
}
