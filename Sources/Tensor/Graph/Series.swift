/// The derivatives of one value along one or several directions; nil is zero. A direction after the other,
/// each from order 1 on.
///
/// They are Taylor coefficients times factorials: nothing needs scaling on the way in or out, and the
/// derivatives of a derivative are the same list without its first entry.
package typealias Series = [Tensor?]

/// Where in a series which derivative is.
package struct SeriesLayout: Hashable, Sendable {
  /// The highest order along each direction.
  package let orders: [Int]

  package init(_ orders: [Int]) { self.orders = orders }

  package var count: Int { orders.reduce(0, +) }

  /// The order of the derivative that is at a place.
  package func order(ofEntry entry: Int) -> Int {
    let direction = orders.indices.first { range($0).contains(entry) }!
    return entry - range(direction).lowerBound + 1
  }

  /// Where the derivatives along one direction are.
  package func range(_ direction: Int) -> Range<Int> {
    let first = orders[..<direction].reduce(0, +)
    return first..<first + orders[direction]
  }
}

/// Gives the series of a node's inputs. A Taylor walk is one.
package protocol SeriesSource: AnyObject {
  /// Of every series that it gives.
  var layout: SeriesLayout { get }
  /// The series of this result of this node; nil where every entry is zero.
  func series(_ node: Node, _ output: Int) -> Series?
  /// The same for one direction alone.
  func along(_ direction: Int) -> any SeriesSource
  /// Of a source along one direction: the series, up to another order, of results that were recorded since a
  /// sequence number from tensors whose series this source knows and from `seeds`.
  func series(
    of results: [Tensor], recordedSince first: UInt64, from seeds: [(node: Node, output: Int, series: Series)],
    order: Int
  ) -> [Series?]
}

extension Node {
  package func series(ofInput index: Int, _ source: any SeriesSource) -> Series? {
    guard let (node, output) = self.source(index) else { return nil }
    return source.series(node, output)
  }

  /// The series of an input that broadcasts in an operation of this rank: extra leading axes are put before
  /// the axes that the input lacks.
  func series(ofInput index: Int, alignedToRank rank: Int, _ source: any SeriesSource) -> Series? {
    guard let (node, output) = self.source(index), let series = source.series(node, output) else { return nil }
    let shape = node.shape(ofOutput: output)
    guard shape.rank < rank else { return series }
    let padded = Shape(repeating: 1, rank: rank - shape.rank).followed(by: shape)
    return series.map { entry in
      entry.map { $0.rank > shape.rank ? Reshape(from: shape, to: padded)($0) : $0 }
    }
  }
}

/// C(n, k), the number of ways to share n differentiations among two factors.
func binomial(_ n: Int, _ k: Int) -> Double {
  (0..<Swift.min(k, n - k)).reduce(1.0) { $0 * Double(n - $1) / Double($1 + 1) }
}

// MARK: - The general kind

extension Function {
  /// Series along several directions from those along each.
  func seriesOneByOne(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    let layout = source.layout
    if layout.orders.count == 1 { return seriesByJVP(node, source) }
    let each = layout.orders.indices.map { seriesByJVP(node, source.along($0)) }
    return (0..<node.outputCount).map { output in
      if each.allSatisfy({ $0[output] == nil }) { return nil }
      return zip(each, layout.orders).flatMap { $0[output] ?? Array(repeating: nil, count: $1) }
    }
  }

  /// Series from the author's jvp alone: along x(t) it gives y'(t) from x(t) and x'(t), so that the series of
  /// its result, recorded, are the further entries of y's.
  ///
  /// Where the rule reads results, entry k of theirs must be known for entry k + 1, and the orders are walked
  /// one after the other.
  func seriesByJVP(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    let inputs = (0..<node.inputCount).map { node.series(ofInput: $0, source) }
    guard inputs.contains(where: { $0 != nil }) else { return Array(repeating: nil, count: node.outputCount) }
    let saved = SavedTensors(node: node, declared: saves)
    let order = source.layout.orders[0]
    if order == 1 {
      return derivatives(jvp(inputs.map { $0?[0] }, saved), node).map { $0.map { [$0] } }
    }
    let first = SequenceNumbers.reserve(1)
    let velocities = inputs.map { $0.map { Alias.of($0[0] ?? standstill($0)) } }
    let pushed = derivatives(withRecording { jvp(velocities, saved) }, node)
    var results = pushed.map { [$0.map { isRecording ? $0 : $0.detached() }] }
    let seeds = zip(velocities, inputs).compactMap { velocity, series in
      velocity.map { (node: $0.node!, output: 0, series: Array(series!.dropFirst())) }
    }
    let readsResults = saves.contains { if case .output = $0 { true } else { false } }
    for order in readsResults ? 1...(order - 1) : (order - 1)...(order - 1) {
      let known = readsResults ? results.indices.map { (node: node, output: $0, series: results[$0]) } : []
      let further = source.series(
        of: pushed.compactMap { $0 }, recordedSince: first,
        from: known + seeds.map { ($0.node, $0.output, Array($0.series.prefix(order))) }, order: order)
      var rest = further[...]
      for (index, result) in pushed.enumerated() {
        let entries = result.flatMap { _ in rest.removeFirst() } ?? Array(repeating: nil, count: order)
        results[index] = [results[index][0]] + entries
      }
    }
    return results.map { $0.contains { $0 != nil } ? $0 : nil }
  }

  /// An input that stands still at first and moves later.
  private func standstill(_ series: Series) -> Tensor { Tensor.zeros(like: series.compactMap { $0 }[0]) }
}

// MARK: - Bilinear functions

extension BilinearFunction {
  /// Along each direction y_k = sum over j of C(k, j) f(a_j, b_(k-j)). The factors are the first two inputs
  /// of the node, which may be of another function that has the same in it.
  func convolvedSeries(_ node: Node, _ source: any SeriesSource) -> Series? {
    let left = node.series(ofInput: 0, source)
    let right = node.series(ofInput: 1, source)
    guard left != nil || right != nil else { return nil }
    return source.layout.orders.enumerated().flatMap { direction, order in
      let range = source.layout.range(direction)
      let (left, right) = (left.map { Array($0[range]) }, right.map { Array($0[range]) })
      return (1...order).map { order in withSeriesEntry(order: order) { term(order, node, left, right) } }
    }
  }

  private func term(_ order: Int, _ node: Node, _ left: Series?, _ right: Series?) -> Tensor? {
    var sum: Tensor?
    func add(_ product: Tensor) { sum = sum.map { $0 + product } ?? product }
    if let a = left?[order - 1] {
      add(self(a, node.saved(1, input: 1).aligned(lead(node, a, 0), with: a)))
    }
    if let b = right?[order - 1] {
      add(self(node.saved(0, input: 0).aligned(lead(node, b, 1), with: b), b))
    }
    if let left, let right {
      for split in 1..<order {
        guard let a = left[split - 1], let b = right[order - split - 1] else { continue }
        add(self(a, b) * binomial(order, split))
      }
    }
    return sum
  }

  private func lead(_ node: Node, _ entry: Tensor, _ input: Int) -> Int {
    let (source, output) = node.source(input)!
    return entry.rank - source.shape(ofOutput: output).rank
  }
}
