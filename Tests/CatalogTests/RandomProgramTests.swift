import Autograd
import Testing

/// Programs that nobody thought of: random formulas and random chains of operators, the same in every run.
@Suite struct RandomProgramTests {
  // MARK: - Formulas

  /// A random formula; what it computes is smooth but for kinks that a random point does not meet.
  private static func formula(_ seed: UInt64, inputs: Int, results: Int) -> Formula {
    var generator = RandomGenerator(seed: seed)
    return Formula("random\(seed)", inputs: inputs) { v in
      var pool = v
      for _ in 0..<Int.random(in: 2...7, using: &generator) {
        let a = pool.randomElement(using: &generator)!
        let b = pool.randomElement(using: &generator)!
        pool.append(step(Int.random(in: 0..<20, using: &generator), a, b))
      }
      // The newest depend on most; others may be an input unchanged or a value asked for twice.
      return (0..<results).map { $0 == 0 ? pool.last! : pool.randomElement(using: &generator)! }
    }
  }

  private static func step(_ choice: Int, _ a: Formula.Value, _ b: Formula.Value) -> Formula.Value {
    switch choice {
    case 0: a + b
    case 1: a - b
    case 2: a * b
    case 3: a / (1 + square(b))
    case 4: sin(a)
    case 5: tanh(a - b)
    case 6: exp(-square(a))
    case 7: sqrt(1 + square(a))
    case 8: -a
    case 9: 0.5 * a - 1
    case 10: maximum(a, b)
    case 11: abs(a) * b
    case 12: Formula.select(a .< b, a * b, sin(b))
    case 13: pow(1 + square(a), 0.3 * b)
    case 14: atan2(a, 2 + square(b))
    case 15: hypot(a, b + 3)
    case 16: (1 / (1 + exp(-a))).withSlope(in: a) { y in y * (1 - y) }
    case 17: log1p(square(a)) * 1 + 0 * b
    case 18: reciprocal(2 + cos(a)) - -b
    default: square(a - b) * -1
    }
  }

  @Test("random formulas", arguments: 0..<60 as Range<UInt64>)
  func formulas(_ seed: UInt64) {
    var generator = RandomGenerator(seed: seed + 1000)
    let count = Int.random(in: 1...3, using: &generator)
    let results = Int.random(in: 1...3, using: &generator)
    let f = Self.formula(seed, inputs: count, results: results)
    let shapes = [[2, 3], [3], [2, 1]].prefix(count).shuffled(using: &generator)
    let x = shapes.map { Tensor.uniform(Shape($0), low: -1.5, high: 1.5, dtype: .float64, using: &generator) }
    // All results, or one alone, so that some cotangents are zero; all inputs tracked, or some constant.
    let result = Int.random(in: 0..<results, using: &generator)
    let constant = count > 1 && Bool.random(using: &generator) ? x[0] : nil
    let whole: @Sendable ([Tensor]) -> [Tensor] = { constant == nil ? f($0) : f([constant!] + $0) }
    let point = constant == nil ? x : Array(x.dropFirst())
    let single: @Sendable ([Tensor]) -> [Tensor] = { [whole($0)[result]] }
    for (name, body) in [("all results", whole), ("result \(result)", single)] {
      let report = checkGradients(
        "\(name) of\n\(f.listing)\n", order: 2, of: body, at: point, seed: seed, elements: 4)
      #expect(report.passed, "\(report)")
    }
    guard results == 1 else { return }
    let reduced: @Sendable ([Tensor]) -> Tensor = { tensors in
      let all = constant.map { [$0] + tensors } ?? tensors
      switch all.count {
      case 1: return f.sum(all[0], axes: [-1])
      case 2: return f.mean(all[0], all[1], axes: [0])
      default: return f.sum(all[0], all[1], all[2], axes: [-1], keepDims: true)
      }
    }
    let report = checkGradients(
      "reduction of\n\(f.listing)\n", order: 2, of: reduced, at: point, seed: seed, elements: 4)
    #expect(report.passed, "\(report)")
  }

  // MARK: - Tensors

  /// One operator on tensors whose shapes allow it, or nil.
  private static func operation(_ choice: Int, _ a: Tensor, _ b: Tensor, _ n: Int) -> Tensor? {
    switch choice {
    case 0: a.rank < 4 ? a.unsqueezed(axis: n % (a.rank + 1)) : a.sum(axis: n % a.rank)
    case 1: a.rank > 0 ? a.sum(axis: n % a.rank, keepDims: n % 2 == 0) : nil
    case 2: a.transposed()
    case 3: a.rank > 1 ? a.transposed(n % a.rank, -1) : nil
    case 4: a.flattened()
    case 5: a.rank > 0 && a.shape[0] > 1 ? a[1...] : nil
    case 6: a.rank > 0 ? a[SpecialIndex.stride(by: -1)] * 0.5 : nil
    case 7: a.rank < 4 ? a.expanded(to: Shape([2] + Array(a.shape))) : nil
    case 8: a.shape == b.shape && a.rank > 0 ? concatenated([a, b, a], axis: n % a.rank) : nil
    case 9: a.shape == b.shape && a.rank < 4 ? stacked([a, b], axis: n % (a.rank + 1)) : nil
    case 10: a.rank > 0 ? a.take(Tensor([0, a.shape[0] - 1, 0] as [Int])) : nil
    case 11: a.rank > 0 ? softmax(a, axis: n % a.rank) : nil
    case 12: a.rank > 0 ? logSumExp(a, axis: n % a.rank, keepDims: n % 2 == 1) : nil
    case 13: matmul(a.flattened(), a.flattened())
    case 14: multiplies(a, b) ? matmul(a, b) : multiplies(a, a.transposed()) ? matmul(a, a.transposed()) : nil
    case 15, 16: broadcasts(a, b) ? a * b : tanh(a)
    case 17: broadcasts(a, b) ? a - sin(b) : sin(a) + a
    case 18: a.rank > 0 ? written(a, b) : nil
    default: a.rank > 0 ? a.mean(axes: [n % a.rank], keepDims: true) * a : exp(-a * a)
    }
  }

  private static func broadcasts(_ a: some Collection<Int>, _ b: some Collection<Int>) -> Bool {
    zip(a.reversed(), b.reversed()).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 }
  }

  private static func broadcasts(_ a: Tensor, _ b: Tensor) -> Bool { broadcasts(a.shape, b.shape) }

  private static func multiplies(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a.rank > 0, b.rank > 0, a.shape.last == b.shape[max(b.rank - 2, 0)] else { return false }
    return broadcasts(a.shape.dropLast(2), b.shape.dropLast(2))
  }

  /// The first tensor with its last row overwritten: by the second where it fits, else by its own first row.
  private static func written(_ a: Tensor, _ b: Tensor) -> Tensor {
    var result = a
    result[-1] = b.rank < a.rank && Array(a.shape.suffix(b.rank)) == Array(b.shape) ? b : 2 * a[0]
    return result
  }

  @Test("random chains of operators", arguments: 0..<60 as Range<UInt64>)
  func chains(_ seed: UInt64) {
    var generator = RandomGenerator(seed: seed + 5000)
    let steps = (0..<Int.random(in: 3...8, using: &generator)).map { _ in
      (0..<4).map { _ in Int.random(in: 0..<1000, using: &generator) }
    }
    let shapes = [[2, 3], [3], [3, 2], [2, 2, 3], []].shuffled(using: &generator).prefix(2)
    let x = shapes.map { Tensor.uniform(Shape($0), low: -1, high: 1, dtype: .float64, using: &generator) }
    let f: @Sendable ([Tensor]) -> [Tensor] = { inputs in
      var pool = inputs
      for step in steps {
        // Newer ones more often, so that chains grow long.
        let a = pool[max(pool.count - 1 - step[1] % 3, 0)]
        let b = pool[step[2] % pool.count]
        if let next = Self.operation(step[0] % 20, a, b, step[3]), next.count <= 64 { pool.append(next) }
      }
      return [pool.last!, pool[pool.count / 2]]
    }
    let report = checkGradients("chain \(seed)", order: 2, of: f, at: x, seed: seed, elements: 3)
    #expect(report.passed, "\(report)\n\(f(x.map { $0.tracked() })[0].graph.map { "\($0)" } ?? "")")
  }
}
