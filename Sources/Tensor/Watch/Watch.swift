import CKernels

// Checks that look at what operators compute (`withNaNCheck`, `withStrictDerivatives`) are off nearly always. Every place where a result
// comes into being asks `isWatched`, one load and one branch, and shows itself to the checks only where some
// thread is inside one.

/// Whether some thread looks at operators' results.
@inline(__always)
var isWatched: Bool { adj_is_watched() }

/// Whether this thread does: what another one does must not change how numbers are computed here.
@inline(__always)
package var isWatchedHere: Bool { isWatched && (NaNScope.current != nil || StrictScope.current != nil) }

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

/// Computes an operator that is composed of others: checks see it as one call, under the name that its caller knows.
@inline(__always)
func composed(
  _ name: @autoclosure () -> String, of inputs: @autoclosure () -> [Tensor], _ body: () -> Tensor
) -> Tensor {
  isWatched ? composed(name(), of: inputs(), tensors: { [$0] }, body) : body()
}

/// As ``composed(_:of:_:)``, of one that gives something else than a tensor.
@inline(__always)
func composed<Result>(
  _ name: @autoclosure () -> String, of inputs: @autoclosure () -> [Tensor], tensors: (Result) -> [Tensor],
  _ body: () -> Result
) -> Result {
  guard isWatched else { return body() }
  var result: Result?
  _ = watchedComposition(name(), inputs()) {
    let own = body()
    result = own
    return tensors(own)
  }
  return result!
}

@inline(never)
private func watchedComposition(_ name: String, _ inputs: [Tensor], _ body: () -> [Tensor]) -> [Tensor] {
  func named(_ calls: RecordedCalls?, _ body: () -> [Tensor]) -> [Tensor] {
    // The outermost one is what the user called.
    guard let calls, calls.composition == nil else { return body() }
    calls.composition = name
    defer { calls.composition = nil }
    return body()
  }
  func run() -> [Tensor] { named(StrictScope.current?.calls, body) }
  guard let scope = NaNScope.current, scope.calls.composition == nil else { return run() }
  let call = WatchedCall(composition: name, inputs: inputs.map(\.storage))
  return scope.watch(call) {
    let results = named(scope.calls, run)
    // What misuse gives is a NaN that no operator made.
    return Misuse.isPending ? [] : results
  }
}

/// Runs what is no operator of the program's (a check's own arithmetic, a prediction of costs) unseen by the checks
/// that are on in this thread.
package func withoutChecks<Result>(_ body: () -> Result) -> Result {
  guard isWatchedHere else { return body() }
  return withThread(\.nan_scope, holding: nil) { withThread(\.strict_scope, holding: nil, body) }
}

/// A call as a check sees it.
struct WatchedCall {
  /// Nil of a composition.
  let function: Function?
  let name: String
  let inputs: [Storage]
  let numbers: [Double]

  init(function: Function, inputs: [Storage], numbers: [Double]) {
    self.function = function
    name = function.operatorName
    self.inputs = inputs
    self.numbers = numbers
  }

  init(composition name: String, inputs: [Storage]) {
    function = nil
    self.name = name
    self.inputs = inputs
    numbers = []
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

/// Runs `body` as what computes the derivative of an order by itself, where the walk's own is the first.
func withSeriesEntry<Result>(order: Int, _ body: () -> Result) -> Result {
  let thread = adj_thread()!
  let outer = thread.pointee.derivative_order
  thread.pointee.derivative_order = outer + Int32(order - 1)
  defer { thread.pointee.derivative_order = outer }
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
