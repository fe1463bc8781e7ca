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
      "\(formula.label).pullback", roles: which.map { _ in "cotangent" })
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
      "\(formula.label).pushforward", roles: which.map { _ in "tangent" })
  }

  /// The derivative as a formula of the seeds and of what was saved.
  ///
  /// - Parameter roles: What the seeds are, in a word.
  func extract(
    _ roots: [Int?], targets: [Int], seeds: [Int], _ saved: SavedSet, _ label: String, roles: [String],
    seriesOrders: [Int] = []
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
      parameterCount: formula.parameterCount, roles: roles + self.roles(of: saved), seriesOrders: seriesOrders)
    return (derived, present.map { targets[$0] })
  }

  private func roles(of saved: SavedSet) -> [String] {
    saved.inputs.map { formula.inputCount == 1 ? "input" : "input[\($0)]" }
      + saved.results.map { formula.results.count == 1 ? "result" : "result[\($0)]" }
  }
}
