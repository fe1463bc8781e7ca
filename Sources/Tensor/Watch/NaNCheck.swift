import CKernels

/// Runs `body` and throws a ``NaNError`` where an operator made a NaN or an infinity of finite numbers: the first
/// one, with the element, the inputs' values there, and the line that called it.
///
///     try withNaNCheck { loss = step() }   // "log at Loss.swift:31: element [3, 0] is -inf, its input was 0"
///
/// Everything counts: recorded and unrecorded operators, gradients (a slope of sqrt at 0 is infinite), derivatives
/// of derivatives, optimizers' updates. A result is blamed where it is not finite though the numbers that it was made
/// of were, or where it is NaN though none of them was. So a NaN in the data, or -inf as a mask for softmax, is
/// not blamed on the operators that it passes, but a row of softmax that has nothing else than -inf is. Each element is
/// judged by what it is made of itself: a NaN in one row excuses no overflow in another. Numbers given beside tensors
/// count as written, so that one which the dtype cannot hold is finite.
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
/// nothing of what is recorded. It costs a pass over every result (and over the inputs of what is
/// composed of operators), and some microseconds for each operator; where inputs and results are both bad, about what
/// computing those again twice does. The scope covers the calling thread only, and scopes nest: the innermost one
/// throws.
///
/// - Throws: A `NaNError`, or whatever `body` itself throws, whichever came first.
public func withNaNCheck<Result>(_ body: () throws -> Result) throws -> Result {
  try NaNScope().watch(in: \.nan_scope, body)
}

/// What one check has seen.
final class NaNScope: ThreadScope {
  private(set) var finding: NaNError?
  let calls = RecordedCalls()
  /// Of the outermost call that is being computed, where it needs one.
  private var trace: CallTrace?

  /// This thread's innermost check.
  static var current: NaNScope? {
    // A rehearsal's numbers are arbitrary.
    guard !Meter.isRehearsal else { return nil }
    return adj_thread().pointee.nan_scope.map { Unmanaged<NaNScope>.fromOpaque($0).takeUnretainedValue() }
  }

  func watch(_ call: WatchedCall, _ body: () -> [Tensor]) -> [Tensor] {
    if let trace {
      let results = judged(call, nil, body)
      trace.note(call, results.map(\.storage))
      return results
    }
    guard finding == nil else { return body() }
    guard unwatched({ call.needsTrace }) else { return judged(call, nil, body) }
    let own = CallTrace()
    return judged(call, own) {
      trace = own
      defer { trace = nil }
      return body()
    }
  }

  private func judged(_ call: WatchedCall, _ trace: CallTrace?, _ body: () -> [Tensor]) -> [Tensor] {
    guard finding == nil else { return body() }
    let results = body()
    // What a composition is made of counts only where it spoilt the composition's result.
    let isPart = calls.composition != nil
    let blamed = isPart ? nil : unwatched { call.blamedElement(of: results.map(\.storage), trace) }
    if finding != nil {
      // So do operators within a function: it may have ways of its own.
      if blamed == nil && !isPart && call.function?.showsOperators != true { finding = nil }
    } else if let blamed {
      // Taken here, as a backtrace holds so many frames only.
      let site = calls.site
      finding = unwatched { error(call, blamed, site) }
    } else if let function = call.function {
      calls.note(results, function)
    }
    return results
  }

  /// The check's own arithmetic is nobody's operator.
  private func unwatched<Value>(_ body: () -> Value) -> Value { withoutChecks { withoutGrad(body) } }

  private func error(_ call: WatchedCall, _ blamed: WatchedCall.Blamed, _ site: CallSite) -> NaNError {
    NaNError(
      operation: calls.name(call.name), derivativeOf: calls.visitedName,
      derivativeOrder: Int(adj_thread().pointee.derivative_order) - blamed.ordersBelow, examples: calls.examples,
      result: blamed.number, index: blamed.index, inputs: call.described(at: blamed), site: site)
  }
}
