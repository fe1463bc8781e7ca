import CKernels
import Synchronization

/// A pointwise function given as a program over scalars, with exact derivatives of every order.
///
/// Write one from a closure; it runs once, on tracing values, so it must not branch on numbers (use
/// ``Formula/select(_:_:_:)``):
///
///     let swish = Formula { x in x / (1 + exp(-x)) }
///     let y = swish(Tensor([1.0, 2.0]))
///
/// The whole formula is one pass over memory, and so is its derivative of any order, which is a formula
/// derived from it. Inputs broadcast by NumPy's rule and have one floating-point dtype (or an integer one
/// where every step has an integer meaning).
public final class Formula: Function, @unchecked Sendable {
  let label: String
  let graph: FormulaGraph
  let results: [Int]
  let inputCount: Int
  let parameterCount: Int
  let program: Program
  /// Results that are an input unchanged, and need no pass: the input's position.
  let passedThrough: [Int?]
  /// Results that are true or false.
  let predicates: [Bool]
  /// Inputs that are read as conditions only, and may be bool.
  let conditions: [Bool]

  /// The program as the kernels take it, the number of its scalars and these: read on every
  /// call, so not through another object.
  let raw: UnsafePointer<adj_program>
  let scalarCount: Int
  let scalars: UnsafePointer<adj_scalar>
  /// One result, a number: what the short ways handle.
  let isPlain: Bool
  /// Whether some result is true or false.
  let hasPredicates: Bool

  private let plans = Mutex<[PlanKey: Plan]>([:])
  // The plans of one- and two-input formulas are read without a lock, since every recorded call reads one:
  // retained references by which inputs are wanted (first, second, both), each published once.
  // Then the same for calls whose results are not kept.
  private let published: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  init(_ label: String, _ graph: FormulaGraph, results: [Int], inputCount: Int, parameterCount: Int) {
    self.label = label
    self.graph = graph
    self.results = results
    self.inputCount = inputCount
    self.parameterCount = parameterCount
    program = Program(graph, outputs: results, inputCount: inputCount, parameterCount: parameterCount)
    raw = program.raw
    scalarCount = program.floatScalars.count
    let scalars = UnsafeMutablePointer<adj_scalar>.allocate(capacity: Swift.max(scalarCount, 1))
    scalars.initialize(repeating: adj_scalar(f: 0), count: Swift.max(scalarCount, 1))
    for (index, scalar) in program.floatScalars.enumerated() { scalars[index] = scalar }
    self.scalars = UnsafePointer(scalars)
    passedThrough = results.map { graph.isInput($0) }
    predicates = results.map { graph.isPredicate($0) }
    conditions = (0..<inputCount).map { graph.isCondition(input: $0) }
    hasPredicates = predicates.contains(true)
    isPlain = results.count == 1 && !hasPredicates
    published = .allocate(capacity: 6)
    published.initialize(repeating: nil, count: 6)
  }

  deinit {
    for slot in 0..<6 {
      if let plan = published[slot] { Unmanaged<Plan>.fromOpaque(plan).release() }
    }
    published.deallocate()
    scalars.deallocate()
  }

  override public var name: String { label }
  override package var mayHoldTensors: Bool { false }

  override package func pullback(_ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink) {
    pullBack(node, cotangent, sink)
  }

  override package func pullback(_ node: Node, _ cotangents: [Tensor?], _ sink: any CotangentSink) {
    pullBack(node, cotangents, sink)
  }

  override package func pushforward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    pushForward(node, source)
  }

  override package func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    formulaSeries(node, source)
  }

  override package var pushesBlocksOfSeries: Bool { true }

  override func kink(_ inputs: [Tensor], _ results: [Tensor], _ numbers: [Double]) -> Kink? {
    firstKink(inputs, numbers)
  }

  /// Applies the formula to a tensor.
  public override func callAsFunction(_ x: Tensor) -> Tensor {
    takes(1) ? apply(x) : .placeholder
  }

  /// Applies the formula to two tensors, which broadcast.
  public override func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor {
    takes(2) ? apply(x, y) : .placeholder
  }

  /// Applies the formula to as many tensors as it has inputs, and gives all its results.
  public override func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
    takes(inputs.count) ? apply(inputs) : results.map { _ in .placeholder }
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

extension FormulaGraph {
  func isPredicate(_ id: Int) -> Bool {
    if case .operation(let primitive, _, _, _) = values[id] { return primitive.isPredicate }
    return false
  }

  /// Whether an input is used, and only where a truth value is expected.
  fileprivate func isCondition(input index: Int) -> Bool {
    var used = false
    for case .operation(let primitive, let a, let b, let c) in values {
      let operands = [a, b, c].prefix(primitive.operandCount)
      for (position, operand) in operands.enumerated() where isInput(operand) == index {
        let asTruth = primitive == .select && position == 0 || [.and, .or, .not].contains(primitive)
        if !asTruth { return false }
        used = true
      }
    }
    return used
  }
}

// MARK: - Derivative plans

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
  /// Tangents of the wanted inputs, then what was saved -> the results' tangents, by which are not zero.
  unowned let formula: Formula  // which holds the plan
  private let others = Mutex<[Int: Derived]>([:])
  let seriesPlans = Mutex<[SeriesKey: SeriesPlan]>([:])

  init(_ formula: Formula, wanted: [Int], resultsKept: Bool) {
    self.formula = formula
    self.wanted = wanted
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

  /// The value and its slopes with respect to the wanted inputs, as one formula of the inputs; nil where
  /// computing them together saves little.
  let valueAndSlopes: Formula?

  /// A derivative formula, and which wanted inputs (or results) its results are; nil where all are zero.
  struct Derived: Sendable {
    let formula: Formula?
    let targets: [Int]
  }

  /// From this cost on the value and the slopes of a sum are computed together: about two transcendental
  /// functions.
  private static let costlyFormula = 20

  var isPullbackComplete: Bool { pullback.map { $0.results.count == wanted.count } ?? false }

  private func derived(_ key: Int, _ make: () -> (formula: Formula, targets: [Int])?) -> Derived {
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
    derived(results.reduce(1 << 32) { $0 | 1 << $1 }) {
      Derivation(formula, wanted).pullback(from: results, (savedInputs, savedResults))
    }
  }

  /// For tangents of these inputs only.
  func pushforward(from inputs: [Int]) -> Derived {
    derived(inputs.reduce(0) { $0 | 1 << $1 }) {
      Derivation(formula, wanted).pushforward(from: inputs, (savedInputs, savedResults))
    }
  }
}

struct PlanKey: Hashable {
  let wanted: Int
  let resultsKept: Bool
}

extension Formula {
  /// The plan for derivatives with respect to these inputs (a bit each).
  @inline(__always)
  func plan(wanted: Int, resultsKept: Bool) -> Plan {
    wanted < 4
      ? publishedPlan(wanted, resultsKept: resultsKept)._withUnsafeGuaranteedRef { $0 }
      : otherPlan(wanted, resultsKept)
  }

  /// The plan for derivatives with respect to the first input (1), the second (2) or both (3). It lives as
  /// long as the formula.
  @inline(__always)
  func publishedPlan(_ wanted: Int, resultsKept: Bool = true) -> Unmanaged<Plan> {
    if let plan = adj_load(published + (resultsKept ? wanted - 1 : wanted + 2)) { return .fromOpaque(plan) }
    return publishPlan(wanted, resultsKept)
  }

  @inline(never)
  private func publishPlan(_ wanted: Int, _ resultsKept: Bool) -> Unmanaged<Plan> {
    let slot = published + (resultsKept ? wanted - 1 : wanted + 2)
    let plan = Unmanaged.passRetained(makePlan(wanted, resultsKept))
    if !adj_publish(slot, plan.toOpaque()) { plan.release() }
    return .fromOpaque(adj_load(slot)!)
  }

  @inline(never)
  private func makePlan(_ wanted: Int, _ resultsKept: Bool) -> Plan {
    Plan(self, wanted: (0..<inputCount).filter { wanted & (1 << $0) != 0 }, resultsKept: resultsKept)
  }

  @inline(never)
  private func otherPlan(_ wanted: Int, _ resultsKept: Bool) -> Plan {
    plans.withLock { table in
      let key = PlanKey(wanted: wanted, resultsKept: resultsKept)
      if let plan = table[key] { return plan }
      let plan = makePlan(wanted, resultsKept)
      table[key] = plan
      return plan
    }
  }
}

/// Derives one formula from another.
struct Derivation {
  typealias SavedSet = (inputs: [Int], results: [Int])

  let formula: Formula
  let wanted: [Int]
  /// The formula's values, then those of its derivative. Inputs: the formula's, then one cotangent for
  /// each result, then one tangent for each input.
  let graph = FormulaGraph(isDerivative: true)
  private let map: [Int]

  init(_ formula: Formula, _ wanted: [Int]) {
    self.formula = formula
    self.wanted = wanted
    map = formula.graph.copy(
      into: graph, inputs: (0..<formula.inputCount).map(graph.input),
      parameters: (0..<formula.parameterCount).map(graph.parameter))
  }

  func results(_ which: [Int]) -> [Int] { which.map { map[formula.results[$0]] } }
  private var inputs: [Int] { (0..<formula.inputCount).map(graph.input) }

  private func cotangents(from which: [Int]) -> [Int?] {
    let seeds = which.map { (value: map[formula.results[$0]], cotangent: graph.input(formula.inputCount + $0)) }
    return graph.cotangents(of: wanted.map(graph.input), from: seeds)
  }

  /// What the derivative reads: weighs keeping a result against computing it again from the inputs.
  func choice(resultsKept: Bool) -> SavedSet {
    let roots = cotangents(from: Array(formula.results.indices)).compactMap { $0 }
    let lean = reads(roots, given: [])
    guard resultsKept else { return (lean.inputs, lean.results) }
    let kept = reads(roots, given: Set(formula.results.map { map[$0] }))
    func price(_ option: (inputs: [Int], results: [Int], cost: Int)) -> Int {
      option.cost + 4 * (option.inputs.count + option.results.count)
    }
    return price(kept) < price(lean) ? (kept.inputs, kept.results) : (lean.inputs, lean.results)
  }

  private func reads(_ roots: [Int], given: Set<Int>) -> (inputs: [Int], results: [Int], cost: Int) {
    let needed = graph.needed(for: roots, given: given)
    var cost = 0
    for id in needed where !given.contains(id) {
      if case .operation(let primitive, _, _, _) = graph.values[id] { cost += primitive.cost }
    }
    let inputs = needed.compactMap { graph.isInput($0) }.filter { $0 < formula.inputCount }
    // A result that is an input itself is read as that input.
    let results = formula.results.indices.filter {
      let id = map[formula.results[$0]]
      return given.contains(id) && needed.contains(id) && graph.isInput(id) == nil
    }
    return (inputs.sorted(), Array(results), cost)
  }

  func pullback(from which: [Int], _ saved: SavedSet) -> (formula: Formula, targets: [Int])? {
    let first = formula.inputCount
    return extract(
      cotangents(from: which), targets: wanted, seeds: which.map { first + $0 }, saved,
      "\(formula.label).pullback")
  }

  /// The result and its slopes, as results of one formula of the formula's inputs.
  func valueAndSlopes() -> Formula? {
    let seeds = [(value: map[formula.results[0]], cotangent: graph.constant(1))]
    let slopes = graph.cotangents(of: wanted.map(graph.input), from: seeds).compactMap { $0 }
    guard slopes.count == wanted.count else { return nil }
    let target = FormulaGraph(isDerivative: true)
    let copied = graph.copy(into: target, inputs: (0..<formula.inputCount).map(target.input), parameters: [])
    return Formula(
      "\(formula.label).valueAndSlopes", target, results: ([map[formula.results[0]]] + slopes).map { copied[$0] },
      inputCount: formula.inputCount, parameterCount: 0)
  }

  func pushforward(from which: [Int], _ saved: SavedSet) -> (formula: Formula, targets: [Int])? {
    let first = formula.inputCount + formula.results.count
    let seeds = which.map { (value: graph.input($0), tangent: graph.input(first + $0)) }
    let all = Array(formula.results.indices)
    return extract(
      graph.tangents(of: results(all), from: seeds), targets: all, seeds: which.map { first + $0 }, saved,
      "\(formula.label).pushforward")
  }

  /// The derivative as a formula of the seeds and of what was saved.
  func extract(
    _ roots: [Int?], targets: [Int], seeds: [Int], _ saved: SavedSet, _ label: String
  ) -> (formula: Formula, targets: [Int])? {
    let present = roots.indices.filter { roots[$0] != nil }
    guard !present.isEmpty else { return nil }
    let target = FormulaGraph(isDerivative: true)
    var inputs = Array(
      repeating: target.constant(.nan),
      count: Swift.max(2 * formula.inputCount + formula.results.count, (seeds.max() ?? 0) + 1))
    for (position, seed) in seeds.enumerated() { inputs[seed] = target.input(position) }
    for (position, index) in saved.inputs.enumerated() {
      inputs[index] = target.input(seeds.count + position)
    }
    var replacing: [Int: Int] = [:]
    for (position, index) in saved.results.enumerated() {
      replacing[map[formula.results[index]]] = target.input(seeds.count + saved.inputs.count + position)
    }
    let copied = graph.copy(
      into: target, inputs: inputs, parameters: (0..<formula.parameterCount).map(target.parameter),
      replacing: replacing)
    let derived = Formula(
      label, target, results: present.map { copied[roots[$0]!] },
      inputCount: seeds.count + saved.inputs.count + saved.results.count,
      parameterCount: formula.parameterCount)
    return (derived, present.map { targets[$0] })
  }
}
