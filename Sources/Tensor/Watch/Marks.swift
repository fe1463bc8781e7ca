// Which elements of results are made of marked ones of the inputs: a NaN in one row of a matrix does not excuse an
// overflow in another.

/// Marked elements of a call's inputs.
struct Marks {
  /// Of each input, bools of its shape; nil where none is marked.
  let flags: [Tensor?]
  let inputs: [Storage]

  /// Where an input's element is marked that broadcasts to the place.
  var united: Tensor? {
    let some = flags.compactMap { $0 }
    return some.first.map { first in some.dropFirst().reduce(first) { sum, flags in sum .| flags } }
  }

  /// What a function that passes NaN on makes of marks, the other elements being all of one number; nil where it is not
  /// one of floating-point numbers only.
  func passed(others: Double, through function: ([Tensor]) -> [Tensor]) -> [Tensor?]? {
    guard inputs.allSatisfy(\.dtype.isFloatingPoint) else { return nil }
    let probes = zip(flags, inputs).map { flag, input in
      let others = Tensor.full(input.shape, others, dtype: input.dtype)
      return flag.map { `where`($0, .nan, others) } ?? others
    }
    let results = function(probes)
    return results.allSatisfy(\.dtype.isFloatingPoint) ? results.map { isNaN($0) } : nil
  }
}

/// How marks spread from a function's inputs to its results: bools that broadcast to those, nil where none is marked.
/// No result may be left out that is made of a marked element. Nil altogether where the function cannot say.
typealias Spread = (Marks) -> [Tensor?]?

extension Tensor {
  /// Of bools: whether one of those that are reduced together is true, with the axes kept.
  func anyAlong(_ axes: [Int]) -> Tensor { any(axes: axes, keepDims: true) }
}

extension WatchedCall {
  /// Whether the call does not say itself how marks spread, so that those must be followed through what happens inside,
  /// and there are some.
  var needsTrace: Bool { function?.spread == nil && holds(Finiteness.notFinite) }

  /// Whether a predicate holds for some element of the inputs, or some number.
  func holds(_ predicate: Formula) -> Bool { numbersHold(predicate) || inputs.contains { $0.contains(predicate) } }

  private func numbersHold(_ predicate: Formula) -> Bool {
    numbers.contains { predicate === Finiteness.nan ? $0.isNaN : !$0.isFinite }
  }

  func inputMarks(_ predicate: Formula) -> [Tensor?] { inputs.map { $0.marks(predicate) } }

  /// The marks of the results, from those of the inputs; all are marked where it is not known better.
  func marks(of results: [Storage], _ flags: [Tensor?], _ predicate: Formula) -> [Tensor?] {
    var found = [Tensor?](repeating: nil, count: results.count)
    if flags.contains(where: { $0 != nil }) {
      let spread = function?.spread?(Marks(flags: flags, inputs: inputs))
      found = zip(results, spread ?? results.map { _ in Tensor.full([], 1, dtype: .bool) }).map { result, marks in
        marks?.expanded(to: result.shape)
      }
    }
    guard numbersHold(predicate) else { return found }
    // What a number may have done has come in with it.
    return zip(found, results).map { found, result in
      let own = result.marks(predicate)
      return found.map { found in own.map { found .| $0 } ?? found } ?? own
    }
  }
}

/// What is called inside of a call that does not say itself how marks spread (a composition, a function whose `forward`
/// is composed of operators), held until its results have been looked at.
final class CallTrace {
  private var calls: [(call: WatchedCall, results: [Storage])] = []

  func note(_ call: WatchedCall, _ results: [Storage]) { calls.append((call, results)) }

  /// The marks of the results of the call that all of this happened in, made of its inputs' elements for which a
  /// predicate holds.
  ///
  /// What comes from nowhere (an intermediate result of no operator) is taken to have come in as it is.
  func marks(of outer: WatchedCall, _ results: [Storage], _ predicate: Formula) -> [Tensor?] {
    var known: [ObjectIdentifier: Tensor?] = [:]
    func marks(_ storage: Storage) -> Tensor? {
      if let found = known[ObjectIdentifier(storage)] { return found }
      let own = storage.marks(predicate)
      known[ObjectIdentifier(storage)] = .some(own)
      return own
    }
    for input in outer.inputs { _ = marks(input) }
    for (call, results) in calls {
      let spread = call.marks(of: results, call.inputs.map(marks), predicate)
      // A function's results are known already where operators inside of it made them.
      for (result, marks) in zip(results, spread) where known[ObjectIdentifier(result)] == nil {
        known[ObjectIdentifier(result)] = .some(marks)
      }
    }
    let isKnown = results.allSatisfy { known[ObjectIdentifier($0)] != nil }
    return isKnown ? results.map(marks) : outer.marks(of: results, outer.inputMarks(predicate), predicate)
  }
}
