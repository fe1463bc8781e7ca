/// Derivatives with respect to t of a formula's values, where the inputs are functions of t (along each of
/// several directions): Taylor arithmetic, as values of the same graph.
///
/// One recurrence serves every primitive that has a slope, stated ones too: y' = a' s(t), so that by Leibniz
/// y_k = sum over j < k of C(k-1, j) a_(j+1) s_(k-1-j), where the slope s is a value of the graph with
/// derivatives of its own, of lower order (Griewank and Walther, "Evaluating Derivatives", 2nd ed., 13.2).
/// Products, squares and quotients have shorter ones. Products with a derivative are strong, as they are in
/// `Derivative.swift`, so that the result is the same as that of repeated forward differentiation.
final class SeriesRecurrence {
  private struct Key: Hashable {
    let id: Int
    let direction: Int
    let order: Int
  }

  private let graph: FormulaGraph
  private let layout: SeriesLayout
  /// The inputs' series, by value.
  private let seeds: [Int: [Int?]]
  /// The one that is being pushed.
  private var direction = 0
  private var known: [Key: Int?] = [:]
  private var slopes: [Int: [(operand: Int, slope: FormulaGraph.Slope)]] = [:]

  init(_ graph: FormulaGraph, _ layout: SeriesLayout, seeds: [Int: [Int?]]) {
    self.graph = graph
    self.layout = layout
    self.seeds = seeds
  }

  /// The series of some values; nil is zero.
  func series(of roots: [Int]) -> [[Int?]] {
    // Ascending, so that no recursion is deeper than a slope.
    let needed = graph.needed(for: roots)
    var result: [[Int?]] = roots.map { _ in [] }
    for (direction, order) in layout.orders.enumerated() {
      self.direction = direction
      for order in 1...order { for id in needed { _ = derivative(id, order) } }
      for (position, root) in roots.enumerated() { result[position] += (1...order).map { derivative(root, $0) } }
    }
    return result
  }

  private func derivative(_ id: Int, _ order: Int) -> Int? {
    if order == 0 { return id }
    let key = Key(id: id, direction: direction, order: order)
    if let found = known[key] { return found }
    let made = computed(id, order)
    known[key] = .some(made)
    return made
  }

  private func computed(_ id: Int, _ order: Int) -> Int? {
    guard case .operation(let primitive, let a, let b, let c) = graph.values[id] else {
      return seeds[id]?[layout.range(direction).lowerBound + order - 1]
    }
    if graph.overrides[id] != nil { return chained(id, order) }
    switch primitive {
    case .multiply, .strongMultiply: return product(a, b, order)
    case .square: return square(a, order)
    case .divide: return quotient(id, over: b, derivative(a, order), order)
    case .reciprocal: return quotient(id, over: a, nil, order)
    case .select: return selected(a, derivative(b, order), derivative(c, order))
    default: return chained(id, order)
    }
  }

  /// By the slopes, whatever the primitive is.
  private func chained(_ id: Int, _ order: Int) -> Int? {
    let edges = slopes[id] ?? graph.slopes(id)
    slopes[id] = edges
    var sum: Int?
    for (operand, slope) in edges {
      guard case .value(let slope) = slope else {
        sum = add(sum, derivative(operand, order).flatMap { graph.passed($0, slope) })
        continue
      }
      for share in 0..<order {
        sum = add(
          sum, term(binomial(order - 1, share), derivative(operand, share + 1), derivative(slope, order - 1 - share)))
      }
    }
    return sum
  }

  private func product(_ a: Int, _ b: Int, _ order: Int) -> Int? {
    var sum: Int?
    for share in 0...order {
      let (left, right) = (derivative(a, share), derivative(b, order - share))
      // In the order that a slope's product is written in, so that equal ones are shared.
      sum = add(sum, share == 0 ? term(1, right, left) : term(binomial(order, share), left, right))
    }
    return sum
  }

  private func square(_ a: Int, _ order: Int) -> Int? {
    var sum: Int?
    for share in 0...(order / 2) {
      let (low, high) = (derivative(a, share), derivative(a, order - share))
      let weight = binomial(order, share)
      if 2 * share < order {
        sum = add(sum, term(2 * weight, high, low))
      } else {
        sum = add(sum, low.map { graph.apply(.multiply, graph.constant(weight), graph.apply(.square, $0)) })
      }
    }
    return sum
  }

  /// Of y = a / b: y_k = (a_k - sum over j > 0 of C(k, j) b_j y_(k-j)) / b.
  private func quotient(_ y: Int, over b: Int, _ numerator: Int?, _ order: Int) -> Int? {
    var sum = numerator
    for share in 1...order {
      guard let part = term(binomial(order, share), derivative(b, share), derivative(y, order - share)) else {
        continue
      }
      sum = sum.map { graph.apply(.subtract, $0, part) } ?? graph.apply(.negate, part)
    }
    return sum.map { graph.apply(.strongMultiply, $0, graph.apply(.reciprocal, b)) }
  }

  private func selected(_ condition: Int, _ first: Int?, _ second: Int?) -> Int? {
    if first == nil && second == nil { return nil }
    return graph.apply(.select, condition, first ?? graph.constant(0), second ?? graph.constant(0))
  }

  /// weight * amount * factor, where nil is zero.
  private func term(_ weight: Double, _ amount: Int?, _ factor: Int?) -> Int? {
    guard let amount, let factor else { return nil }
    return graph.apply(
      .strongMultiply, weight == 1 ? amount : graph.apply(.multiply, graph.constant(weight), amount), factor)
  }

  private func add(_ sum: Int?, _ part: Int?) -> Int? {
    guard let sum, let part else { return sum ?? part }
    return graph.apply(.add, sum, part)
  }
}
