import CKernels

/// A derivative that was asked for at a point where an operator has none, found by ``withStrictDerivatives(_:)``.
public struct NotDifferentiableError: Error, Sendable, CustomStringConvertible {
  /// The operator, as it is written in Swift: `abs`, `max`, `/`.
  public let operation: String
  /// The order of the derivative that does not exist: 1 where the operator itself has a kink or a jump, 2 where its
  /// slope has.
  public let order: Int
  /// The element: of a pointwise operator's result, of another's first input.
  public let index: [Int]
  /// The numbers that it was made of there: the inputs' elements, or those that are equal.
  public let values: [Double]
  /// What the operator gives for the derivative there outside of the check.
  public let convention: String
  /// Which example of `vmap` (or of gradients for each example) it is, the outermost first; empty outside of those.
  public let examples: [Int]
  let site: CallSite

  /// The file in which the operator was called, or the one that it is a derivative of; nil where the program has no debug information. Reading that can take
  /// a second in a large program, so it is done when this is first asked for.
  public var file: String? { site.place.file }
  /// The line in ``file``; of an outer call where optimization lost the operator's own.
  public var line: Int? { site.place.line }
  /// The function that called the operator.
  public var caller: String? { site.place.function }

  /// Operator, place, element, values and convention in one line.
  public var description: String {
    let numbers = values.map(\.words).joined(separator: ", ")
    let derivative = order == 1 ? "derivative" : "derivative of order \(order)"
    let example = examples.isEmpty ? "" : ", example \(examples.count == 1 ? "\(examples[0])" : "\(examples)")"
    return
      "\(operation)\(site.place.words)\(example): no \(derivative) exists at element \(index), at \(numbers); \(convention)"
  }
}

/// Runs `body` and throws a ``NotDifferentiableError`` where an operator is recorded at a point where it is not
/// differentiable: abs or relu at 0, a maximum of equals, sqrt or a norm at 0, `pow(0, p)` with p below 1, clamp at its
/// bounds, round at a half, sorting or pooling equals; and poles, where the operator itself is infinite: log and
/// reciprocal at 0, a division by 0, `atanh(1)`.
///
///     try withStrictDerivatives { gradient = grad(loss)(weights) }
///     // "relu at Loss.swift:12: no derivative exists at element [3], at 0; its derivative is taken to be 0"
///
/// Outside of it every operator gives what its documentation says for such points. What counts is recorded
/// operators, with respect to their tracked inputs; in walks that are recorded the slopes count too, and in
/// ``directionalDerivatives(_:at:along:order:)`` those of every order below the one that is asked for. So a function
/// that has a first derivative and no second (Huber's loss at its threshold) is found where a second is asked for. A
/// pointwise formula is judged as a whole: `abs(x) * abs(x)` in one formula is smooth at 0. What a guard hides in one
/// (`select(x .== 0, 0, sqrt(abs(x)))`) is judged by values and slopes nearby, in float64, so that sin(x) / x is smooth
/// behind it. A ``Function`` of yours says
/// where it is not smooth by overriding ``Function/kink(_:_:)``. In a sort any equal neighbours count, also in what
/// `quantile` sorts.
///
/// Each operator is judged by itself, at the numbers that it is given. So what a later `where` drops counts all the same,
/// and these are not found: a `where`, an index or an `if` of your own that changes branches at the point, whose
/// branches may meet with different slopes (conditions are constants); a kink that only several operators make together;
/// what was recorded before the scope began, such as the graph of a `HessianOperator` or of `linearize` that is made
/// outside and applied inside (make it inside: recording judges values and, for a Hessian, slopes).
///
/// The body runs on to its end; its result is then thrown away, and nothing else changes. The scope covers the
/// calling thread only, and scopes nest: the innermost one throws.
///
/// - Throws: A `NotDifferentiableError`, or whatever `body` itself throws, whichever came first.
public func withStrictDerivatives<Result>(_ body: () throws -> Result) throws -> Result {
  try StrictScope().watch(in: \.strict_scope, body)
}

/// A point at which an operator is not differentiable.
public struct Kink: Sendable, Hashable {
  /// The element: of a pointwise operator's result, of another's first input.
  public let index: [Int]
  /// The numbers that it is made of there.
  public let values: [Double]
  /// What the operator gives for the derivative there, as a clause: "its derivative is taken to be 0".
  public let convention: String

  /// A point that was found.
  public init(index: [Int], values: [Double], convention: String) {
    self.index = index
    self.values = values
    self.convention = convention
  }

  /// The first element for which a condition holds; nil where there is none.
  ///
  /// - Parameters:
  ///   - condition: Bools.
  ///   - numbers: What the elements are made of; each broadcasts to the condition's shape.
  ///   - convention: See ``convention``.
  public init?(where condition: Tensor, of numbers: Tensor..., convention: String) {
    guard condition.dtype == .bool else {
      Misuse.report("Kink", "the condition is \(condition.dtype); it must be bool, as a comparison gives it")
      return nil
    }
    if let other = numbers.first(where: { $0.shape.broadcast(with: condition.shape) != condition.shape }) {
      Misuse.report(
        "Kink", "numbers of shape \(other.shape) do not broadcast to the condition's shape \(condition.shape)")
      return nil
    }
    guard let position = condition.storage.firstTrue else { return nil }
    index = condition.shape.index(of: position)
    values = numbers.map { [index] in $0.storage.number($0.shape.place(of: index)) }
    self.convention = convention
  }
}

final class StrictScope: ThreadScope {
  private(set) var finding: NotDifferentiableError?
  let calls = RecordedCalls()

  /// This thread's innermost strict scope.
  static var current: StrictScope? {
    // A rehearsal's numbers are arbitrary.
    guard !Meter.isRehearsal else { return nil }
    return adj_thread().pointee.strict_scope.map { Unmanaged<StrictScope>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Looks at a recorded call, or at derivatives of one that are a number of orders higher.
  func judge(_ operation: @autoclosure () -> String, above orders: Int = 0, _ kink: () -> Kink?) {
    guard finding == nil else { return }
    guard let found = withoutChecks({ withoutGrad { kink() } }) else { return }
    finding = NotDifferentiableError(
      operation: calls.name(operation()), order: Int(adj_thread().pointee.derivative_order) + orders + 1,
      index: found.index,
      values: found.values, convention: found.convention, examples: calls.examples, site: calls.site)
  }
}

extension Function {
  /// Shows a recorded call to the strict scope, if there is one.
  func judgeSmoothness(_ inputs: [Tensor], _ results: [Tensor], _ numbers: [Double]) {
    guard let scope = StrictScope.current, isRecording, inputs.contains(where: { $0.node != nil }) else { return }
    scope.judge(operatorName) { kink(inputs, results.map { $0.detached() }, numbers) }
    scope.calls.note(results, self)
  }
}

extension Formula {
  /// The first element at which a call is not smooth in its tracked inputs, of those from a position on.
  func firstKink(_ inputs: [Tensor], _ numbers: [Double], from first: Int = 0) -> Kink? {
    let wanted = Set(inputs.indices.filter { $0 >= first && inputs[$0].node != nil })
    let parameters = SIMD2(numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
    let storages = inputs.map(\.storage)
    guard let found = Kinks.of(self, wanted: wanted).first(storages, parameters),
      let shape = broadcastShape(storages)
    else { return nil }
    let index = shape.index(of: found.position)
    let slopes = found.slopes.map { $0.number(index) }
    let words = slopes.map(\.words).joined(separator: ", ")
    let convention =
      slopes.count == 1 ? "its derivative is taken to be \(words)" : "its derivatives are taken to be \(words)"
    return Kink(
      index: index, values: storages.map { $0.number($0.shape.place(of: index)) } + numbers,
      convention: slopes.isEmpty ? "its derivative is taken to be 0" : convention)
  }
}

extension Double {
  /// Whole numbers without a point; the sign of a NaN says nothing.
  fileprivate var words: String { isNaN ? "nan" : Int32(exactly: self).map { "\($0)" } ?? "\(self)" }
}

extension Tensor {
  /// Shows an operator on this tensor to the strict scope, if there is one and it is recorded.
  func judgeSmoothness(_ operation: String, _ kink: () -> Kink?) {
    guard node != nil, isRecording, let scope = StrictScope.current else { return }
    scope.judge(operation, kink)
  }

  /// The first of several elements along an axis that equal the one that was chosen.
  func firstEqual(to chosen: Tensor, axis: Int) -> Kink? {
    let ties = detached() .== chosen
    let shared = (ties .& (ties.sum(axes: [axis], keepDims: true) .> 1)).storage
    return shared.firstTrue.map { position in
      let index = shape.index(of: position)
      let value = storage.number(index)
      return Kink(index: index, values: [value, value], convention: "one of equal elements has the whole derivative")
    }
  }

  /// The first of elements along an axis that follow one another in order and are equal, so that their order, and with
  /// it the derivative of what depends on it, could be another.
  func firstTie(order: Tensor, axis: Int) -> Kink? {
    let sorted = detached().gather(order, axis: axis)
    // `order` may name the first few only.
    let length = order.shape[axis]
    guard length > 1 else { return nil }
    let ties = (sorted.part(axis, 1, length - 1) .== sorted.part(axis, 0, length - 1)).storage
    guard let position = ties.firstTrue else { return nil }
    var index = ties.shape.index(of: position)
    let value = sorted.storage.number(index)
    index[axis] = Int(order.storage.number(index))
    return Kink(index: index, values: [value, value], convention: "equal elements keep their order")
  }
}
