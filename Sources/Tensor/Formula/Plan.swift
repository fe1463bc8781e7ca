import CKernels
import Synchronization

/// Which of a call's inputs and results are saved, and the formulas that read them.
final class Plan: Sendable {
  /// Inputs and results that are saved, in the order the derivative formulas take them.
  let savedInputs: [Int]
  let savedResults: [Int]
  let wanted: [Int]
  /// For a one-result formula: cotangent, then what was saved -> the wanted inputs' cotangents.
  let pullback: Formula?
  /// Whether the first input, the second, the first result are saved.
  let savesFirst, savesSecond, savesResult: Bool
  /// Whether the cotangent passes unchanged to every wanted input, as that of a sum does.
  let passesToAll: Bool
  /// The frequent case of a pullback: to one input, reading at most one saved value.
  let simple: Simple?

  struct Simple: @unchecked Sendable {
    /// The plan's own pullback.
    let pullback: Unmanaged<Formula>
    let target: Int
    /// The node's slot of the saved value, or -1; and where it belongs.
    let slot: Int
    let isResult: Bool
    /// The cotangent passes unchanged.
    let passes: Bool
  }
  /// A pushforward of the only result from tangents of some of the first two inputs.
  final class Push: Sendable {
    /// Nil where the tangent is zero.
    let formula: Formula?
    /// Which tangent the result is, unchanged, or -1.
    let passed: Int

    init(_ derived: Derived) {
      formula = derived.formula
      passed = derived.formula?.passedThrough[0] ?? -1
    }
  }
  unowned let formula: Formula  // which holds the plan
  /// Retained pushforwards by which tangents are not zero (first, second, both), each published once.
  private nonisolated(unsafe) let pushes: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Pullbacks of some results and pushforwards, by which cotangents or tangents are not zero.
  private let others = Mutex<[DerivedKey: Derived]>([:])
  let seriesPlans = Mutex<[SeriesKey: SeriesPlan]>([:])

  init(_ formula: Formula, wanted: [Int], resultsKept: Bool) {
    self.formula = formula
    self.wanted = wanted
    pushes = .allocate(capacity: 3)
    pushes.initialize(repeating: nil, count: 3)
    let saved = Derivation(formula, wanted).choice(resultsKept: resultsKept)
    savedInputs = saved.inputs
    savedResults = saved.results
    let all = Array(0..<formula.results.count)
    let pullback = Derivation(formula, wanted).pullback(from: all, saved)?.formula
    valueAndSlopes =
      !resultsKept && formula.isPlain && formula.parameterCount == 0 && formula.cost >= Plan.costlyFormula
      ? Derivation(formula, wanted).valueAndSlopes() : nil
    self.pullback = pullback
    passesToAll =
      pullback.map { $0.results.count == wanted.count && $0.passedThrough.allSatisfy { $0 == 0 } } ?? false
    savesFirst = saved.inputs.contains(0)
    savesSecond = saved.inputs.contains(1)
    savesResult = saved.results.contains(0)
    let savedCount = saved.inputs.count + saved.results.count
    if let pullback, pullback.isPlain, wanted.count == 1, savedCount <= 1, formula.results.count == 1 {
      simple = Simple(
        pullback: .passUnretained(pullback), target: wanted[0],
        slot: saved.inputs.first ?? saved.results.first.map { formula.inputCount + $0 } ?? -1,
        isResult: !saved.results.isEmpty, passes: pullback.passedThrough[0] != nil)
    } else {
      simple = nil
    }
  }

  deinit {
    for slot in 0..<3 {
      if let push = pushes[slot] { Unmanaged<Push>.fromOpaque(push).release() }
    }
    pushes.deallocate()
  }

  /// The value and its slopes with respect to the wanted inputs, as one formula of the inputs; nil where
  /// computing them together saves little.
  let valueAndSlopes: Formula?

  /// A derivative formula, and which wanted inputs (or results) its results are; nil where all are zero.
  struct Derived: Sendable {
    let formula: Formula?
    let targets: [Int]
  }

  private struct DerivedKey: Hashable {
    let isPullback: Bool
    let seeds: PositionSet
  }

  /// From this cost on the value and the slopes of a sum are computed together: about two transcendental
  /// functions.
  private static let costlyFormula = 20

  var isPullbackComplete: Bool { pullback.map { $0.results.count == wanted.count } ?? false }

  private func derived(_ key: DerivedKey, _ make: () -> (formula: Formula, targets: [Int])?) -> Derived {
    others.withLock { table in
      if let found = table[key] { return found }
      let made = make()
      let result = Derived(formula: made?.formula, targets: made?.targets ?? [])
      table[key] = result
      return result
    }
  }

  /// For cotangents of these results only.
  func pullback(from results: [Int]) -> Derived {
    derived(DerivedKey(isPullback: true, seeds: PositionSet(results))) {
      Derivation(formula, wanted).pullback(from: results, (savedInputs, savedResults))
    }
  }

  /// For tangents of the first input (1), the second (2) or both (3), of a formula with no more and one result. It
  /// lives as long as the plan.
  @inline(__always)
  func push(from present: Int) -> Unmanaged<Push> {
    if let push = adj_load(pushes + present - 1) { return .fromOpaque(push) }
    return publishPush(present)
  }

  @inline(never)
  private func publishPush(_ present: Int) -> Unmanaged<Push> {
    let push = Unmanaged.passRetained(Push(pushforward(from: [0, 1].filter { present & 1 << $0 != 0 })))
    if !adj_publish(pushes + present - 1, push.toOpaque()) { push.release() }
    return .fromOpaque(adj_load(pushes + present - 1)!)
  }

  /// For tangents of these inputs only.
  func pushforward(from inputs: [Int]) -> Derived {
    derived(DerivedKey(isPullback: false, seeds: PositionSet(inputs))) {
      Derivation(formula, wanted).pushforward(from: inputs, (savedInputs, savedResults))
    }
  }
}

extension Formula {
  /// What one element costs, in additions.
  fileprivate var cost: Int {
    graph.needed(for: results).reduce(0) { sum, id in
      if case .operation(let primitive, _, _, _) = graph.values[id] { sum + primitive.cost } else { sum }
    }
  }
}
