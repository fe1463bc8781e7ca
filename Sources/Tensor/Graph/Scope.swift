import CKernels

/// Runs `body` with recording on, also within `withoutGrad`: a transform records for itself.
package func withRecording<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let thread = adj_thread()!
  let outer = thread.pointee.recording_paused
  thread.pointee.recording_paused = 0
  defer { thread.pointee.recording_paused = outer }
  return try body()
}

package enum SequenceNumbers {
  /// The first of consecutive sequence numbers that nobody else gets.
  package static func reserve(_ count: Int) -> UInt64 { adj_next_sequence(UInt64(max(count, 1))) }
}

/// The identity, as a node: gives a transform an input of its own that still leads to the outer graph.
package final class Alias: LinearFunction, @unchecked Sendable {
  private static let shared = Alias()

  override package var name: String { "alias" }
  override package var movesElements: Bool { true }
  override package func apply(_ x: Tensor) -> Tensor { x }
  override package func transpose(_ cotangent: Tensor) -> Tensor { cotangent }

  package static func of(_ x: Tensor) -> Tensor {
    Tensor(x.storage, node: Node(shared, x, result: x.storage))
  }
}

extension Tensor {
  /// The same values as a leaf that only its maker can reach.
  package func privateLeaf(_ sequence: UInt64) -> Tensor {
    Tensor(storage, node: Node(privateLeaf: storage, sequence: sequence))
  }
}

/// What is alive of recorded graphs, for finding leaks.
public enum LiveGraph {
  /// Recorded operations and leaves that someone still holds.
  public static var nodeCount: Int { Int(adj_live_nodes()) }
}
