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
/// An operator that is composed of others (`einsum`, `norm`) is one operator here: it is blamed under its own name, for an
/// element of its result. The line of a number in a derivative is that of the forward call, if that was recorded inside
/// the scope; of a graph from outside (`HessianOperator`, `linearize`, `backward()`) it is the line that asks for the
/// product.
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
  let calls = RecordedCalls()

  /// This thread's innermost check.
  static var current: NaNScope? {
    adj_thread().pointee.nan_scope.map { Unmanaged<NaNScope>.fromOpaque($0).takeUnretainedValue() }
  }

  func watch(_ call: WatchedCall, _ body: () -> [Tensor]) -> [Tensor] {
    guard finding == nil else { return body() }
    let results = body()
    // What a composition is made of counts only where it spoilt the composition's result.
    let isPart = calls.composition != nil
    let blamed = isPart ? nil : unwatched { call.blamedElement(of: results.map(\.storage)) }
    if finding != nil {
      // So do operators within a function: it may have ways of its own.
      if blamed == nil && !isPart && call.function?.showsOperators != true { finding = nil }
    } else if let blamed {
      finding = unwatched { error(call, blamed) }
    } else if let function = call.function {
      calls.note(results, function)
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

  private func error(_ call: WatchedCall, _ blamed: WatchedCall.Blamed) -> NaNError {
    NaNError(
      operation: calls.name(call.name), derivativeOf: calls.visitedName,
      derivativeOrder: Int(adj_thread().pointee.derivative_order) - blamed.ordersBelow, examples: calls.examples,
      result: blamed.number, index: blamed.index, inputs: call.described(at: blamed), site: calls.site)
  }
}
