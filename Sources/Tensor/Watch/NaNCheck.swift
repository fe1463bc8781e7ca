import CKernels

/// Runs `body` and throws a ``NaNError`` where an operator made a NaN or an infinity of finite numbers: the first
/// one, with the element, the inputs' values there, and the line that called it.
///
///     try withNaNCheck { loss = step() }   // "log at Loss.swift:31: element [3, 0] is -inf, its input was 0"
///
/// Everything counts: recorded and unrecorded operators, gradients (a slope of sqrt at 0 is infinite), derivatives
/// of derivatives, optimizers' updates. A result is blamed where it is not finite though the numbers that it was made
/// of were, or where it is NaN though none of them was. So a NaN in the data, or -inf as a mask for softmax, is
/// not blamed on the operators that it passes, but a row of softmax that has nothing else than -inf is.
///
/// An operator is blamed for its result, also where a `where` drops the element afterwards: take the logarithm of
/// what `where` has made harmless, or call that part outside.
///
/// The body runs on to its end; its result is then thrown away. Nothing else changes, in particular no number and
/// nothing of what is recorded. It costs a pass over every result, and some microseconds for each
/// operator. The scope covers the calling thread only, and scopes nest: the innermost one throws.
///
/// - Throws: A `NaNError`, or whatever `body` itself throws, whichever came first.
public func withNaNCheck<Result>(_ body: () throws -> Result) throws -> Result {
  try NaNScope().watch(in: \.nan_scope, body)
}

/// What one check has seen.
final class NaNScope: ThreadScope {
  private(set) var finding: NaNError?
  /// Where recorded operators were called, by their nodes: a walk's numbers are blamed on those lines.
  private var sites: [UInt64: CallSite] = [:]

  /// This thread's innermost check.
  static var current: NaNScope? {
    adj_thread().pointee.nan_scope.map { Unmanaged<NaNScope>.fromOpaque($0).takeUnretainedValue() }
  }

  func watch(_ call: WatchedCall, _ body: () -> [Tensor]) -> [Tensor] {
    guard finding == nil else { return body() }
    let results = body()
    let blamed = unwatched { call.blamedElement(of: results.map(\.storage)) }
    if finding != nil {
      // Operators within a function count only where they spoilt its result: it may have ways of its own.
      if blamed == nil && !call.function.showsOperators { finding = nil }
    } else if let blamed {
      finding = unwatched { error(call, blamed) }
    } else if let node = results.first?.node {
      sites[node.sequence] = site
    }
    return results
  }

  /// The check's own arithmetic is nobody's operator.
  private func unwatched<Value>(_ body: () -> Value) -> Value {
    let thread = adj_thread()!
    let own = thread.pointee.nan_scope
    thread.pointee.nan_scope = nil
    defer { thread.pointee.nan_scope = own }
    return withoutGrad(body)
  }

  private var visited: Node? {
    adj_thread().pointee.visited_node.map { Unmanaged<Node>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The line in question: in a walk that of the operator whose derivative is computed.
  private var site: CallSite { visited.flatMap { sites[$0.sequence] } ?? CallSite() }

  private func error(_ call: WatchedCall, _ blamed: WatchedCall.Blamed) -> NaNError {
    NaNError(
      operation: call.function.operatorName, derivativeOf: visited?.function.operatorName,
      derivativeOrder: Int(adj_thread().pointee.derivative_order), result: blamed.number, index: blamed.index,
      inputs: call.described(at: blamed), site: site)
  }
}
