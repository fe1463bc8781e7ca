import Synchronization
import Tensor

/// A dense matrix of few elements that are not zero: writing its zeros takes as long as finding and computing the
/// others, so that threads which have nothing else to do write them meanwhile.
extension SymmetricMap {
  /// The dense matrix, where few of its elements are not zero and finding them pays.
  func denseOfFew(most: Int) -> Tensor? {
    guard asksForZeros else { return nil }
    guard !blocks.isRecorded, !blocks.callsProgram else { return sparse(most: most)?.dense() }
    let result = Storage([space.count, space.count], space.dtype)
    let zeros = Zeros(result)
    var matrix: SparseMatrix?
    withUnsafeMutablePointer(to: &matrix) { found in
      let found = UnsafeSendable(found)
      Parallel.runAlone(1 + zeros.partCount) { part in
        if part > 0 { return zeros.write(part - 1) }
        found.value.pointee = sparse(most: most)
        if found.value.pointee == nil { zeros.cancel() }
      }
    }
    matrix?.write(into: result)
    return matrix.map { _ in Tensor(result) }
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
