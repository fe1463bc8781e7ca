import Autograd
import Testing

struct StrictDerivativeTests {
  private func found(_ body: () throws -> Void) -> NotDifferentiableError? {
    do {
      try withStrictDerivatives(body)
      return nil
    } catch {
      return error as? NotDifferentiableError
    }
  }

  private func atKink(
    _ x: [Double], order: Int = 1, _ f: @escaping (Tensor) -> Tensor
  ) -> NotDifferentiableError? {
    let x = Tensor(x)
    let f = { (x: Tensor) in f(x).sum() }
    return found {
      if order == 1 { _ = grad(f)(x) } else { _ = hvp(f, at: x, along: Tensor.ones(like: x)) }
    }
  }

  @Test func namesOperatorElementConventionAndLine() throws {
    let x = Tensor([[1.0, -2], [0, 3]])
    var line = 0
    let finding = found {
      _ = grad { (x: Tensor) in
        line = #line + 1
        let y = relu(x)
        return (y * y).sum()
      }(x)
    }
    let error = try #require(finding)
    #expect(error.operation == "relu" && error.order == 1)
    #expect(error.index == [1, 0] && error.values == [0])
    #expect(error.convention == "its derivative is taken to be 0")
    #expect(error.line == line)
    #expect(
      "\(error)"
        == "relu at StrictDerivativeTests.swift:\(line): no derivative exists at element [1, 0], at 0; "
        + "its derivative is taken to be 0")
  }

  typealias Case = (name: String, points: [[Double]], smooth: [Double], call: @Sendable (Tensor) -> Tensor)

  private static let cases: [Case] = [
    ("abs", [[1, 0]], [1, -1], { abs($0) }),
    ("relu", [[0]], [-1, 2], { relu($0) }),
    ("sqrt", [[0]], [1, 2], { sqrt($0) }),
    ("pow", [[0]], [1, 2], { pow($0, 0.5) }),
    ("clamp", [[-1, 0], [0, 2]], [-1.5, 0, 3], { clamp($0, minimum: -1, maximum: 2) }),
    ("maximum", [[1, 1]], [1, 2], { maximum($0, $0.flipped(axes: [0])) }),
    ("max", [[1, 3, 3]], [1, 3, 2], { $0.max() }),
    ("min", [[1, 1, 3]], [1, 3, 2], { $0.min() }),
    ("standardDeviation", [[0, 0]], [3, 4], { $0.norm() }),
    ("norm.abs.sum", [[3, 0]], [3, 4], { $0.norm(1) }),
    ("hypot", [[0, 0]], [3, 4], { hypot($0[0], $0[1]) }),
    ("sign", [[0]], [3, -4], { sign($0) }),
    ("floor", [[2]], [2.5, -3.5], { floor($0) }),
    ("round", [[2.5]], [2.4, -3], { round($0) }),
    ("sorted", [[2, 1, 2]], [3, 1, 2], { $0.sorted().values * f64(1, 2, 3) }),
    ("topK", [[1, 2, 2], [3, 2, 2]], [1, 1, 3, 2], { $0.topK(2).values * f64(1, 2) }),
    ("median", [[2, 2, 3]], [1, 2, 3], { $0.median() }),
    ("kthValue", [[2, 2, 3]], [1, 3, 3], { $0.kthValue(1).values }),
    ("cummax", [[2, 2]], [1, 2, 1.5], { $0.cummax(axis: 0).values }),
    ("maxPool", [[2, 2, 1, 0]], [1, 2, 1, 0], { maxPool1d($0.reshaped([1, 1, 4]), 2) }),
    ("huber", [], [0, 1], { huber($0, Tensor.zeros(like: $0)) }),
  ]

  @Test(arguments: cases.indices) func operators(_ index: Int) throws {
    let (name, points, smooth, call) = Self.cases[index]
    for point in points {
      let error = atKink(point, call)
      #expect(error?.operation == name, "\(name) at \(point): \(String(describing: error))")
      #expect(error?.order == 1)
    }
    for order in 1...2 {
      if name == "huber" && order == 2 { continue }
      #expect(atKink(smooth, order: order, call) == nil, "\(name) at \(smooth)")
    }
  }

  @Test func aSlopeWithAKinkIsFoundWhereASecondDerivativeIsAskedFor() throws {
    // Huber's loss has a slope at its threshold and no second derivative.
    let f = { (x: Tensor) in huber(x, Tensor.zeros(like: x)) }
    #expect(atKink([1, 0.5], f) == nil)
    let found = atKink([1, 0.5], order: 2, f)
    let error = try #require(found)
    #expect(error.order == 2 && error.index == [0])
    // x^1.5 has a slope at 0, and the slope has none.
    #expect(atKink([0, 1]) { pow($0, 1.5) } == nil)
    #expect(atKink([0, 1], order: 2) { pow($0, 1.5) }?.order == 2)
    #expect(atKink([0, 1], order: 2) { pow($0, 2) } == nil)
  }

  @Test func aFormulaIsJudgedAsAWhole() {
    let square = Formula("absTwice") { x in abs(x) * abs(x) }
    #expect(atKink([0], order: 2) { square($0) } == nil)
    let kinked = Formula("kinked") { x in Formula.select(x .< 1, x * x, 2 * x) }
    #expect(atKink([1]) { kinked($0) }?.operation == "kinked")
    #expect(atKink([0]) { kinked.sum($0) } == nil)
    #expect(atKink([1, 0]) { kinked.sum($0) }?.index == [0])
    let smooth = Formula("smooth") { x in Formula.select(x .< 1, x * x, 2 * x - 1) }
    #expect(atKink([1]) { smooth($0) } == nil)
    #expect(atKink([1], order: 2) { smooth($0) }?.order == 2)
  }

  @Test func constantsAreNoPoints() {
    let x = Tensor([0.0, 1])
    // The condition is a constant; abs and relu are of constants, or nothing is recorded.
    #expect(found { _ = grad { `where`($0 .> 0, $0, 2 * $0).sum() }(x) } == nil)
    #expect(found { _ = abs(x) + relu(x) } == nil)
    #expect(found { _ = grad { ($0 * abs(x)).sum() }(x) } == nil)
    #expect(found { _ = withoutGrad { abs(x.tracked()) } } == nil)
    // Only the branch that the other input decides is at a kink.
    #expect(found { _ = grad { maximum($0, x + 1).sum() }(x) } == nil)
    #expect(found { _ = grad { maximum($0, x).sum() }(x) }?.operation == "maximum")
  }

  @Test func scopesNestRunToTheirEndAndLeaveTheNumbers() throws {
    let x = Tensor([0.0, 2])
    var ended = false
    let outer = found {
      #expect(found { _ = grad { abs($0).sum() }(x) } != nil)
      _ = grad { relu($0).sum() }(x)
      ended = true
    }
    #expect(outer?.operation == "relu" && ended)
    // With the NaN check at the same time; each finds its own.
    let both = #expect(throws: NaNError.self) {
      try withNaNCheck { try withStrictDerivatives { _ = grad { sqrt($0 + 1).sum() + log($0).sum() }(x) } }
    }
    #expect(both?.operation == "log")
    #expect(throws: NotDifferentiableError.self) {
      try withNaNCheck { try withStrictDerivatives { _ = grad { abs($0).sum() }(x) } }
    }
    #expect(doubles(try withStrictDerivatives { grad { abs($0).sum() }(x + 1) }) == [1, 1])
    _ = grad { abs($0).sum() }(x)
  }
}
