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

  /// Of a derivative's formula: what each input is to the function whose derivative it is, in a word.
  let roles: [String]
  /// Of one that gives derivatives of several orders: the order of each result.
  let seriesOrders: [Int]

  /// The program as the kernels take it, the number of its scalars and these: read on every
  /// call, so not through another object.
  let raw: UnsafePointer<adj_program>
  let scalarCount: Int
  let scalars: UnsafePointer<adj_scalar>
  /// From so many elements on a call is worth sharing.
  let grain: Int
  /// One result, a number: what the short ways handle.
  let isPlain: Bool
  /// Whether some result is true or false.
  let hasPredicates: Bool

  private let plans = Mutex<[PlanKey: Plan]>([:])
  // The plans of one- and two-input formulas are read without a lock, since every recorded call reads one:
  // retained references by which inputs are wanted (first, second, both), each published once.
  // Then the same for calls whose results are not kept.
  private let published: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  init(
    _ label: String, _ graph: FormulaGraph, results: [Int], inputCount: Int, parameterCount: Int,
    roles: [String] = [], seriesOrders: [Int] = []
  ) {
    self.label = label
    self.graph = graph
    self.results = results
    self.inputCount = inputCount
    self.parameterCount = parameterCount
    self.roles = roles
    self.seriesOrders = seriesOrders
    program = Program(graph, outputs: results, inputCount: inputCount, parameterCount: parameterCount)
    raw = program.raw
    scalarCount = program.floatScalars.count
    let scalars = UnsafeMutablePointer<adj_scalar>.allocate(capacity: Swift.max(scalarCount, 1))
    scalars.initialize(repeating: adj_scalar(f: 0), count: Swift.max(scalarCount, 1))
    for (index, scalar) in program.floatScalars.enumerated() { scalars[index] = scalar }
    self.scalars = UnsafePointer(scalars)
    grain = Swift.max(Parallel.elementGrain / program.weight, 1)
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

  /// Cotangents have the result's shape; sums are the sink's.
  override package func pullbackPerExample(_ node: Node, _ cotangent: Tensor, _ sink: PerExampleSink) -> Bool {
    if node.outputCount == 1 {
      pullback(node, cotangent, sink)
    } else {
      pullback(node, [cotangent] + Array(repeating: nil, count: node.outputCount - 1), sink)
    }
    return true
  }

  override package func pushforward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    pushForward(node, source)
  }

  override package func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    formulaSeries(node, source)
  }

  override package var pushesBlocksOfSeries: Bool { true }

  /// An element depends on those that it is computed of, but for inputs that a result has no derivative in.
  override package func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    let plan = plan(of: node)
    var result: [Tensor?] = Array(repeating: nil, count: results.count)
    for index in sets.indices {
      guard let own = sets[index] else { continue }
      let wide = ElementSets.widened(own, of: node, input: index, to: node.shape)
      for target in plan.pushforward(from: [index]).targets {
        result[target] = ElementSets.union(result[target], wide)
      }
    }
    return result
  }

  override var spread: Spread? { { [results] marks in results.map { _ in marks.united } } }

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

struct PlanKey: Hashable {
  let wanted: PositionSet
  let resultsKept: Bool
}

extension Formula {
  /// The plan for derivatives with respect to these inputs.
  @inline(__always)
  func plan(wanted: PositionSet, resultsKept: Bool) -> Plan {
    wanted.ofFirstTwo.map { publishedPlan($0, resultsKept: resultsKept)._withUnsafeGuaranteedRef { $0 } }
      ?? otherPlan(wanted, resultsKept)
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
    let plan = Unmanaged.passRetained(makePlan(PositionSet([0, 1].filter { wanted & 1 << $0 != 0 }), resultsKept))
    if !adj_publish(slot, plan.toOpaque()) { plan.release() }
    return .fromOpaque(adj_load(slot)!)
  }

  @inline(never)
  private func makePlan(_ wanted: PositionSet, _ resultsKept: Bool) -> Plan {
    Plan(self, wanted: (0..<inputCount).filter(wanted.contains), resultsKept: resultsKept)
  }

  @inline(never)
  private func otherPlan(_ wanted: PositionSet, _ resultsKept: Bool) -> Plan {
    plans.withLock { table in
      let key = PlanKey(wanted: wanted, resultsKept: resultsKept)
      if let plan = table[key] { return plan }
      let plan = makePlan(wanted, resultsKept)
      table[key] = plan
      return plan
    }
  }
}
