import CKernels

/// What a check knows of the calls that were recorded inside it, by their nodes: what a walk computes is blamed on
/// the line of the operator whose derivative it is, under the name that was called there.
final class RecordedCalls {
  private struct Call {
    let site: CallSite
    let name: String
  }

  private var calls: [UInt64: Call] = [:]
  /// The operator composed of others that is being computed.
  var composition: String?
  /// Which examples of `vmap` are being computed, the outermost first.
  var examples: [Int] = []

  /// Notes a call that was recorded.
  func note(_ results: [Tensor], _ function: Function) {
    guard let node = results.first(where: { $0.node != nil })?.node else { return }
    calls[node.sequence] = Call(site: site, name: name(of: function))
  }

  /// The node that a walk is at.
  var visited: Node? {
    adj_thread().pointee.visited_node.map { Unmanaged<Node>.fromOpaque($0).takeUnretainedValue() }
  }

  private var visitedCall: Call? { visited.flatMap { calls[$0.sequence] } }

  /// The line in question: in a walk that of the operator whose derivative is computed.
  var site: CallSite { visitedCall?.site ?? CallSite() }

  /// The operator whose derivative is being computed.
  var visitedName: String? { visitedCall?.name ?? visited?.function.operatorName }

  /// What the caller knows a function as: the composition that it is part of or, in a walk, the one whose
  /// derivative it is.
  func name(of function: Function) -> String { name(function.operatorName) }

  func name(_ own: String) -> String {
    if let composition { return composition }
    if let operation = OperatorNames.shared[own] { return visitedName ?? operation }
    return own == visited?.function.operatorName ? visitedName ?? own : own
  }
}

/// Runs `body` as what computes an example of many, for checks to name it.
package func withExample<Result>(_ index: Int, _ body: () throws -> Result) rethrows -> Result {
  guard isWatched else { return try body() }
  let calls = [NaNScope.current?.calls, StrictScope.current?.calls].compactMap { $0 }
  for scope in calls { scope.examples.append(index) }
  defer { for scope in calls { scope.examples.removeLast() } }
  return try body()
}
