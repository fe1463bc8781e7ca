/// Series of derivatives along a direction, pushed through formulas: for all orders one formula, which is
/// one pass over memory.

/// Which entries of the inputs' series are not zero, and what is asked for.
struct SeriesKey: Hashable {
  let layout: SeriesLayout
  /// For each input a bit for each entry.
  let present: [UInt64]
  /// One entry only, of a formula with one result.
  var only: Int?
}

/// How a formula's results get their series.
struct SeriesPlan: Sendable {
  /// An entry of a result's series.
  struct Target: Sendable {
    let result: Int
    let entry: Int
    /// The position among the inputs' entries of the one that it is, unchanged.
    let passes: Int?
  }

  /// Takes the inputs' entries, then what was saved; its results are the targets that pass nothing. Nil where
  /// there are none.
  let formula: Formula?
  let targets: [Target]
}

extension Plan {
  /// For series in which these entries of the inputs' are not zero.
  func series(_ key: SeriesKey) -> SeriesPlan {
    seriesPlans.withLock { table in
      if let found = table[key] { return found }
      let made = Derivation(formula, wanted).series(key, (savedInputs, savedResults))
      table[key] = made
      return made
    }
  }
}

/// The entries of a node's inputs' series that are not zero.
struct SeriesInputs {
  private let layout: SeriesLayout
  private let series: [Series?]

  /// Nil where all are zero. `rank`: that of the elements the formula runs over.
  init?(_ node: Node, rank: Int, _ source: any SeriesSource) {
    layout = source.layout
    series = (0..<node.inputCount).map { node.series(ofInput: $0, alignedToRank: rank, source) }
    if series.allSatisfy({ $0 == nil }) { return nil }
  }

  /// What all entries, or one of them, are computed from: those of the same direction, up to the same order.
  private func range(_ only: Int?) -> Range<Int> {
    guard let only else { return 0..<layout.count }
    let direction = layout.orders.indices.first { layout.range($0).contains(only) }!
    return layout.range(direction).lowerBound..<only + 1
  }

  func key(only: Int? = nil) -> SeriesKey {
    let range = range(only)
    let present = series.map { series in
      range.reduce(UInt64(0)) { series?[$1] == nil ? $0 : $0 | 1 << UInt64($1) }
    }
    return SeriesKey(layout: layout, present: present, only: only)
  }

  /// Along each direction the series that end one, two, ... orders before its highest, the shortest first.
  var ordersBelowHighest: [(order: Int, key: SeriesKey, entries: [Tensor])] {
    layout.orders.enumerated().flatMap { direction, highest in
      let all = layout.range(direction)
      return (1..<highest).map { order in
        let range = all.prefix(order)
        let present = series.map { series in
          range.enumerated().reduce(UInt64(0)) { series?[$1.element] == nil ? $0 : $0 | 1 << UInt64($1.offset) }
        }
        return (
          order, SeriesKey(layout: SeriesLayout([order]), present: present),
          series.flatMap { ($0?[range] ?? []).compactMap { $0 } }
        )
      }
    }
  }

  /// By input, then in the order of the series.
  func entries(for only: Int? = nil) -> [Tensor] {
    let range = range(only)
    return series.flatMap { ($0?[range] ?? []).compactMap { $0 } }
  }
}

extension Formula {
  /// The results' series, as one pass.
  func formulaSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    guard let inputs = SeriesInputs(node, rank: node.shape.rank, source) else { return results.map { _ in nil } }
    let plan = plan(of: node)
    let derived = plan.series(inputs.key())
    let entries = inputs.entries()
    if isWatched { judgeSeries(node, plan, inputs) }
    var series = results.map { _ in Series(repeating: nil, count: source.layout.count) }
    let computed =
      derived.formula.map { formula in
        // One call gives all orders; what is recorded of it belongs to the highest.
        withSeriesEntry(order: formula.seriesOrders.max() ?? 1) {
          formula.applyPartially(entries + saved(node, plan), node.parameters)
        }
      } ?? []
    var rest = computed[...]
    for target in derived.targets {
      series[target.result][target.entry] = target.passes.map { entries[$0] } ?? rest.removeFirst()
    }
    return series
  }
}

extension Formula {
  /// Shows the strict scope, if there is one, every order of derivative along a direction that a higher one of the
  /// series is the slope of.
  func judgeSeries(_ node: Node, _ plan: Plan, _ inputs: SeriesInputs) {
    guard let scope = StrictScope.current else { return }
    let saved = saved(node, plan)
    let numbers = (0..<parameterCount).map { node.parameters[$0] }
    for below in inputs.ordersBelowHighest {
      guard let formula = plan.series(below.key).formula else { continue }
      scope.judge(operatorName, above: below.order - 1) {
        formula.firstKink(below.entries + saved, numbers, from: below.entries.count)
      }
    }
  }
}

extension Derivation {
  /// The results' derivatives along directions, from the entries of the inputs' series and what was saved.
  func series(_ key: SeriesKey, _ saved: SavedSet) -> SeriesPlan {
    var seeds: [Int] = []
    var roles: [String] = []
    var series: [Int: [Int?]] = [:]
    for (input, bits) in key.present.enumerated() {
      series[graph.input(input)] = (0..<key.layout.count).map { entry in
        guard bits & (1 << UInt64(entry)) != 0 else { return nil }
        seeds.append(formula.inputCount * (entry + 1) + formula.results.count + input)
        let order = key.layout.order(ofEntry: entry)
        roles.append(order == 1 ? "tangent" : "tangent of order \(order)")
        return graph.input(seeds.last!)
      }
    }
    let all = results(Array(formula.results.indices))
    var targets: [SeriesPlan.Target] = []
    var roots: [Int] = []
    var orders: [Int] = []
    for (result, entries) in SeriesRecurrence(graph, key.layout, seeds: series).series(of: all).enumerated() {
      for (entry, root) in entries.enumerated() {
        guard let root, key.only.map({ $0 == entry }) ?? true else { continue }
        let passes = key.only == nil ? graph.isInput(root).flatMap { seeds.firstIndex(of: $0) } : nil
        targets.append(SeriesPlan.Target(result: result, entry: entry, passes: passes))
        guard passes == nil else { continue }
        roots.append(root)
        orders.append(key.layout.order(ofEntry: entry))
      }
    }
    checkSaved(roots, saved)
    let derived = extract(
      roots, targets: Array(roots.indices), seeds: seeds, saved, "\(formula.label).series", roles: roles,
      seriesOrders: orders)
    return SeriesPlan(formula: derived?.formula, targets: targets)
  }

  /// Slopes of slopes read nothing that slopes do not, so what a first derivative saves is enough.
  private func checkSaved(_ roots: [Int], _ saved: SavedSet) {
    let given = Set(saved.results.map { results([$0])[0] })
    let read = graph.needed(for: roots, given: given).compactMap { graph.isInput($0) }
    precondition(
      read.allSatisfy { $0 >= formula.inputCount || saved.inputs.contains($0) },
      "\(formula.label): a derivative of higher order reads an input that was not saved")
  }
}
