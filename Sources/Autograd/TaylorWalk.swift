import Tensor

/// A walk over a recorded graph in the direction of computation that carries derivatives of several orders
/// along one or several directions: Taylor mode.
///
/// It visits each node once, whatever the orders. How a function pushes series is the function's business;
/// those of the general kind have their jvp recorded and ask for a walk of lower order over that.
final class TaylorWalk: SeriesSource {
  let layout: SeriesLayout
  /// Extra leading axes that every entry of every series carries.
  private let lead: Shape
  /// Knows the series of nodes older than `first`, perhaps to higher orders.
  private let outer: (any SeriesSource)?
  private var first: UInt64 = 0
  private var known: [ObjectIdentifier: [Series?]] = [:]
  /// How many nodes that are still to be visited read a node's series, which are dropped after the last.
  private var readers: [ObjectIdentifier: Int] = [:]

  init(_ orders: [Int], lead: Shape, outer: (any SeriesSource)? = nil) {
    layout = SeriesLayout(orders)
    self.lead = lead
    self.outer = outer
  }

  /// The series of `results` for these of `seeds`, which are inputs' own; nil is zero.
  func run(from seeds: [(tensor: Tensor, series: Series)], to results: [Tensor]) -> [Series?] {
    for (tensor, series) in seeds {
      if let node = tensor.node { know(series, node, Int(tensor.output)) }
    }
    first = seeds.compactMap { $0.tensor.node?.sequence }.min() ?? .max
    return run(to: results)
  }

  func series(
    of results: [Tensor], recordedSince first: UInt64,
    from seeds: [(node: Node, output: Int, series: Series)], order: Int
  ) -> [Series?] { walk(over: self, results, first, seeds, order) }

  /// A walk of one direction and lower order, over what was recorded in the course of this one.
  fileprivate func walk(
    over outer: any SeriesSource, _ results: [Tensor], _ first: UInt64,
    _ seeds: [(node: Node, output: Int, series: Series)], _ order: Int
  ) -> [Series?] {
    let walk = TaylorWalk([order], lead: lead, outer: outer)
    for (node, output, series) in seeds { walk.know(series, node, output) }
    walk.first = first
    return walk.run(to: results)
  }

  func along(_ direction: Int) -> any SeriesSource { OneDirection(walk: self, direction: direction) }

  func series(_ node: Node, _ output: Int) -> Series? {
    if let own = known[ObjectIdentifier(node)] { return own[output] }
    guard node.sequence < first, let series = outer?.series(node, output)?.prefix(layout.count) else { return nil }
    return series.contains { $0 != nil } ? Array(series) : nil
  }

  private func know(_ series: Series, _ node: Node, _ output: Int) {
    guard series.contains(where: { $0 != nil }) else { return }
    known[ObjectIdentifier(node), default: Array(repeating: nil, count: node.outputCount)][output] = series
  }

  private func run(to results: [Tensor]) -> [Series?] {
    let kept = Set(results.compactMap { $0.node.map(ObjectIdentifier.init) })
    let way = nodes(before: results, since: first)
    count(readersIn: way)
    var place = WalkPlace()
    for node in way {
      // What was given is not computed.
      if known[ObjectIdentifier(node)] == nil {
        place.visit(node)
        visit(node)
      }
      release(node, keeping: kept)
    }
    return results.map { result in result.node.flatMap { series($0, Int(result.output)) } }
  }

  // MARK: - One node

  private func visit(_ node: Node) {
    if UnrecordedGradient.isMark(node) { return node.refuseCotangent() }
    let isReached = (0..<node.inputCount).contains { node.series(ofInput: $0, self) != nil }
    guard isReached else { return }
    let isBlock = lead.rank > 0 && layout.orders.contains { $0 > 1 } && !node.function.pushesBlocksOfSeries
    let pushed = isBlock ? pushOneByOne(node) : node.function.pushSeries(node, self)
    for (output, series) in pushed.enumerated() {
      guard let series else { continue }
      know(series.map { $0.map { fitted($0, node, output) } }, node, output)
    }
  }

  /// Brings a derivative to the shape of the value it belongs to: one of a narrower input was not repeated yet.
  private func fitted(_ entry: Tensor, _ node: Node, _ output: Int) -> Tensor {
    let shape = node.shape(ofOutput: output)
    guard entry.dtype == node.dtype(ofOutput: output) else {
      return Misuse.fail(
        node.function.name, "its jvp gave a \(entry.dtype) tangent for a \(node.dtype(ofOutput: output)) result")
    }
    if entry.rank == shape.rank + lead.rank, entry.shape.last(shape.rank) == shape { return entry }
    let inner = entry.shape.last(Swift.max(entry.rank - lead.rank, 0))
    guard inner.broadcast(with: shape) == shape else {
      return Misuse.fail(
        node.function.name, "its jvp gave a tangent of shape \(inner) for a result of shape \(shape)")
    }
    return entry.widened(from: inner, to: shape)
  }

  /// A block of directions through a function whose rule, recorded, would mix the block's axes with its own.
  private func pushOneByOne(_ node: Node) -> [Series?] {
    let sources = (0..<node.inputCount).compactMap { node.source($0)?.node }
    let each = (0..<lead.elementCount).map { index in
      let single = TaylorWalk(layout.orders, lead: [])
      for source in sources {
        for output in 0..<source.outputCount {
          let part = series(source, output)?.map { entry in entry.map { member(index, $0) } }
          if let part { single.know(part, source, output) }
        }
      }
      return node.function.pushSeries(node, single).enumerated().map { output, series in
        series?.map { entry in entry.map { single.fitted($0, node, output) } }
      }
    }
    return (0..<node.outputCount).map { output in joined(each.map { $0[output] }, node, output) }
  }

  private func member(_ index: Int, _ entry: Tensor) -> Tensor {
    let inner = entry.shape.last(entry.rank - lead.rank)
    return entry.reshaped(Shape([lead.elementCount]).followed(by: inner))[index]
  }

  private func joined(_ each: [Series?], _ node: Node, _ output: Int) -> Series? {
    let shape = node.shape(ofOutput: output)
    let dtype = node.dtype(ofOutput: output)
    guard dtype.isFloatingPoint else { return nil }
    let series = (0..<layout.count).map { position -> Tensor? in
      let entries = each.map { $0?[position] }
      if entries.allSatisfy({ $0 == nil }) { return nil }
      return stacked(entries.map { $0 ?? Tensor.zeros(shape, dtype: dtype) }).reshaped(lead.followed(by: shape))
    }
    return series.contains { $0 != nil } ? series : nil
  }

  // MARK: - What is still to be read

  private func count(readersIn nodes: [Node]) {
    for node in nodes {
      for index in 0..<node.inputCount {
        if let source = node.source(index)?.node { readers[ObjectIdentifier(source), default: 0] += 1 }
      }
    }
  }

  private func release(_ node: Node, keeping kept: Set<ObjectIdentifier>) {
    for index in 0..<node.inputCount {
      guard let source = node.source(index)?.node else { continue }
      let key = ObjectIdentifier(source)
      guard let count = readers[key] else { continue }
      readers[key] = count - 1
      if count == 1 && !kept.contains(key) { known[key] = nil }
    }
  }
}

/// A walk's series, as far as they are along one of its directions.
private final class OneDirection: SeriesSource {
  private let walk: TaylorWalk
  private let range: Range<Int>
  let layout: SeriesLayout

  init(walk: TaylorWalk, direction: Int) {
    self.walk = walk
    range = walk.layout.range(direction)
    layout = SeriesLayout([range.count])
  }

  func along(_ direction: Int) -> any SeriesSource { self }

  func series(_ node: Node, _ output: Int) -> Series? {
    guard let series = walk.series(node, output)?[range], series.contains(where: { $0 != nil }) else { return nil }
    return Array(series)
  }

  func series(
    of results: [Tensor], recordedSince first: UInt64,
    from seeds: [(node: Node, output: Int, series: Series)], order: Int
  ) -> [Series?] { walk.walk(over: self, results, first, seeds, order) }
}
