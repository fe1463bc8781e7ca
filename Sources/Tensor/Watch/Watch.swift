import CKernels

// Checks that look at what operators compute (`withNaNCheck`, `withStrictDerivatives`) are off nearly always. Every place where a result
// comes into being asks `isWatched`, one load and one branch, and shows itself to the checks only where some
// thread is inside one.

/// Whether some thread looks at operators' results.
@inline(__always)
var isWatched: Bool { adj_is_watched() }

extension Function {
  /// Runs a call of this function and shows inputs and results to the checks that are on in this thread.
  ///
  /// - Parameter numbers: What the call takes beside tensors.
  @inline(never)
  func watched(_ inputs: [Tensor], _ numbers: [Double] = [], _ body: () -> [Tensor]) -> [Tensor] {
    let results =
      NaNScope.current.map {
        $0.watch(WatchedCall(function: self, inputs: inputs.map(\.storage), numbers: numbers), body)
      } ?? body()
    judgeSmoothness(inputs, results, numbers)
    return results
  }
}

extension Formula {
  @inline(never)
  func watched(_ inputs: [Tensor], _ parameters: SIMD2<Double>, _ body: () -> [Tensor]) -> [Tensor] {
    watched(inputs, (0..<parameterCount).map { parameters[$0] }, body)
  }
}

/// A call as a check sees it.
struct WatchedCall {
  let function: Function
  let inputs: [Storage]
  let numbers: [Double]
}

extension Function {
  /// The name of the operator that this function is, or is a derivative of.
  var operatorName: String {
    var name = Substring(name)
    while let suffix = [".pullback", ".pushforward"].first(where: name.hasSuffix) { name = name.dropLast(suffix.count) }
    return String(name)
  }
}

/// Runs `body` as what belongs to the order of derivative below the walk that is at a node now: a rule computes its
/// function again.
package func withRecomputation<Result>(_ body: () -> Result) -> Result {
  let thread = adj_thread()!
  let outer = (thread.pointee.derivative_order, thread.pointee.visited_node)
  thread.pointee.derivative_order = max(outer.0 - 1, 0)
  thread.pointee.visited_node = nil
  defer { (thread.pointee.derivative_order, thread.pointee.visited_node) = outer }
  return body()
}

/// Where a walk stands, for checks: the node it is at, and of which order of derivative it computes.
///
/// A walk's order is one more than the highest among the nodes that it came to.
package struct WalkPlace: ~Copyable {
  private let thread: UnsafeMutablePointer<adj_thread_state>
  private let outer: (order: Int32, node: UnsafeMutableRawPointer?)
  private var order: Int32 = 0

  package init() {
    thread = adj_thread()
    outer = (thread.pointee.derivative_order, thread.pointee.visited_node)
  }

  deinit {
    thread.pointee.derivative_order = outer.order
    thread.pointee.visited_node = outer.node
  }

  @inline(__always)
  package mutating func visit(_ node: borrowing Node) {
    let above = Int32(node.derivativeOrder) + 1
    if above > order {
      order = above
      thread.pointee.derivative_order = above
    }
    thread.pointee.visited_node = Unmanaged.passUnretained(copy node).toOpaque()
  }
}
