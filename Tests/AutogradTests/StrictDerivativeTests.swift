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
    ("norm", [[0, 0]], [3, 4], { $0.norm() }),
    ("norm", [[3, 0]], [3, 4], { $0.norm(1) }),
    ("hypot", [[0, 0]], [3, 4], { hypot($0[0], $0[1]) }),
    ("sign", [[0]], [3, -4], { sign($0) }),
    ("floor", [[2]], [2.5, -3.5], { floor($0) }),
    ("round", [[2.5]], [2.4, -3], { round($0) }),
    ("sorted", [[2, 1, 2]], [3, 1, 2], { $0.sorted().values * f64(1, 2, 3) }),
    ("topK", [[1, 2, 2], [3, 2, 2]], [1, 1, 3, 2], { $0.topK(2).values * f64(1, 2) }),
    ("median", [[2, 2, 3]], [1, 2, 3], { $0.median() }),
    ("kthValue", [[2, 2, 3]], [1, 3, 3], { $0.kthValue(1).values }),
    ("cummax", [[2, 2]], [1, 2, 1.5], { $0.cummax(axis: 0).values }),
    ("maxPool1d", [[2, 2, 1, 0]], [1, 2, 1, 0], { maxPool1d($0.reshaped([1, 1, 4]), 2) }),
    ("log", [[1, 0]], [1, -2], { log($0) }),
    ("log1p", [[-1]], [1, 2], { log1p($0) }),
    ("/", [[2, 0]], [1, -2], { 1 / $0 }),
    ("/", [[1, 0]], [1, 2], { $0 / $0.flipped(axes: [0]) }),
    ("reciprocal", [[0]], [1, -2], { reciprocal($0) }),
    ("rsqrt", [[0]], [1, 2], { rsqrt($0) }),
    ("pow", [[0]], [1, 2], { pow($0, -1) }),
    ("atanh", [[1]], [0, 0.5], { atanh($0) }),
    ("digamma", [[-1]], [1, -0.5], { digamma($0) }),
    ("standardDeviation", [[3, 3]], [3, 4], { $0.standardDeviation() }),
    ("cosineSimilarity", [], [0, 0], { cosineSimilarity($0, f64(1, 2), axis: 0) }),
    ("cosineSimilarity", [], [3, 4], { cosineSimilarity($0, f64(1, 2), axis: 0) }),
    ("normalize", [], [0, 0], { normalize($0, axis: 0) }),
    ("huber", [], [0, 1], { huber($0, Tensor.zeros(like: $0)) }),
    ("norm", [[3, 0, 4]], [3, 4], { $0.norm(0.5) }),
    ("pairwiseDistance", [[3, 0, 4]], [3, 4, 5], { pairwiseDistance($0, f64(0, 0, 0), p: 0.5, eps: 0) }),
    ("normalize", [[3, 0, 4]], [3, 4], { normalize($0, p: 0.5, axis: 0) * f64(1, 2, 3)[..<$0.count] }),
    ("atan2", [[0, -1]], [0, 1], { atan2($0[0], $0[1]) }),
    ("floorDivide", [[6, 0], [6, 3]], [6, 4], { floorDivide($0[0], $0[1]) }),
    ("remainder", [[6, 0], [0, 0]], [6, 4], { remainder($0[0], $0[1]) }),
    ("fmod", [[6, 0], [0, 0]], [6, 4], { fmod($0[0], $0[1]) }),
    ("layerNorm", [[2, 2]], [1, 2], { layerNorm($0, eps: 0) * f64(1, 2) }),
    ("rmsNorm", [[0, 0]], [0, 2], { rmsNorm($0, eps: 0) * f64(1, 2) }),
    ("batchNorm", [[2, 2]], [1, 2], { batchNorm(training: $0.reshaped([2, 1]), eps: 0).result * f64(1, 2) }),
    ("elu", [[0]], [1, -1], { elu($0, alpha: 2) }),
  ]

  @Test func anExponentialUnitGoesByItsOwnName() {
    #expect(atKink([0, 1], order: 2) { celu($0) }?.operation == "celu")
    #expect(atKink([0, 1], order: 2) { celu($0, alpha: 2) }?.operation == "celu")
    #expect(atKink([0, 1], order: 2) { elu($0) }?.operation == "elu")
  }

  @Test func anAngleJumpsOnlyWhereItsSineIsMoved() {
    #expect(found { _ = grad { atan2(f64(0), $0).sum() }(f64(-1)) } == nil)
    #expect(found { _ = grad { atan2($0, f64(-1)).sum() }(f64(0)) }?.convention.contains("-1") == true)
  }

  // MARK: - Behind guards

  /// The order of derivative at which a function is refused at a point, of those up to the fourth; nil where none.
  private func refusal(_ x: Tensor, upTo highest: Int = 4, _ f: @escaping (Tensor) -> Tensor) -> Int? {
    let v = Tensor.ones(like: x)
    var g = { (x: Tensor) in f(x).sum() }
    for _ in 1...highest {
      if let error = found({ _ = grad(g)(x) }) { return error.order }
      g = { [g] (x: Tensor) in (grad(g)(x) * v).sum() }
    }
    return nil
  }

  typealias Guard = (name: String, order: Int?, formula: Formula)

  private static let guards: [Guard] = [
    ("root", 1, Formula { x in Formula.select(x .== 0, 0, sqrt(abs(x))) }),
    ("half root", 1, Formula { x in Formula.select(x .<= 0, 0, sqrt(abs(x))) }),
    ("power of a half", 1, Formula { x in Formula.select(x .== 0, 0, pow(abs(x), 0.5)) }),
    ("power of 1.1", 2, Formula { x in Formula.select(x .== 0, 0, pow(abs(x), 1.1)) }),
    ("power of 2.5", 3, Formula { x in Formula.select(x .== 0, 0, pow(abs(x), 2.5)) }),
    ("wave", 1, Formula { x in Formula.select(x .== 0, 0, x * sin(1 / x)) }),
    ("entropy", 1, Formula { x in Formula.select(x .== 0, 0, x * log(abs(x))) }),
    ("sides", 1, Formula { x in Formula.select(x .== 0, 0, x * x / abs(x)) }),
    ("jump", 1, Formula { x in Formula.select(x .== 0, 0, x / abs(x)) }),
    ("hole", 1, Formula { x in Formula.select(x .== 0, 5, sin(x) / x) }),
    ("sinc", nil, Formula { x in Formula.select(x .== 0, 1, sin(x) / x) }),
    ("narrow sinc", nil, Formula { x in Formula.select(x .== 0, 1, sin(1000 * x) / (1000 * x)) }),
    ("expm1", nil, Formula { x in Formula.select(x .== 0, 1, expm1(x) / x) }),
    ("log1p", nil, Formula { x in Formula.select(x .== 0, 1, log1p(x) / x) }),
    ("cosine", nil, Formula { x in Formula.select(x .== 0, 0.5, (1 - cos(x)) / (x * x)) }),
    ("quotient", nil, Formula { x in Formula.select(x .== 0, 0, x * x * x / x) }),
  ]

  @Test(arguments: guards.indices, [DType.float32, .float64])
  func whatLiesBehindAGuardIsJudgedByTheNeighbourhood(_ index: Int, _ dtype: DType) {
    let (name, order, formula) = Self.guards[index]
    let found = refusal(Tensor([0.5, 0, -2]).asType(dtype)) { formula($0) }
    #expect(found == order, "\(name): \(String(describing: found))")
    #expect(refusal(Tensor([0.5, -2]).asType(dtype)) { formula($0) } == nil, "\(name)")
  }

  @Test func theFirstOfManyPointsBehindAGuardIsNamed() {
    // Smooth at 0 of the first input, with a root in the second.
    let formula = Formula { x, y in Formula.select(x .== 0, 1, sin(x) / x) * Formula.select(y .== 0, 0, sqrt(abs(y))) }
    let y = Tensor((0..<3000).map { $0 == 2718 ? 0.0 : 1 })
    let error = found { _ = grad { formula(Tensor.zeros(like: y), $0).sum() }(y) }
    #expect(error?.index == [2718] && error?.values == [0, 0])
    #expect(found { _ = grad { formula($0, y + 1).sum() }(Tensor.zeros(like: y)) } == nil)
  }

  @Test(arguments: [0.5, 1.5, 2.5, 3.0]) func normsHaveKinksOfTheirOrderAtZeros(_ p: Double) {
    let order = p == 0.5 ? 1 : p == 1.5 ? 2 : 3
    let x = f64(3, 0, 4)
    #expect(refusal(x) { $0.norm(p) } == order)
    #expect(refusal(x) { pairwiseDistance($0, f64(0, 0, 0), p: p, eps: 0) } == order)
    #expect(refusal(x) { normalize($0, p: p, axis: 0) * f64(1, 2, 3) } == order)
    #expect(refusal(x.asType(.float32)) { $0.norm(p) } == order)
    #expect(refusal(f64(3, 1, 4)) { $0.norm(p) } == nil)
  }

  @Test func anEvenNormIsSmoothAtZeros() { #expect(refusal(f64(3, 0, 4)) { $0.norm(4) } == nil) }

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

  @Test func whatIsDroppedInOneFormulaIsSmooth() throws {
    // Lengths count as at least eps, so that both are linear in vectors about 0.
    #expect(doubles(grad { cosineSimilarity($0, f64(3, 4), axis: 0, eps: 1e-4) }(f64(0, 0))) == [6e3, 8e3])
    let slopes = try jacobian { normalize($0, axis: 0, eps: 0.5) }(f64(0, 0))
    #expect(doubles(slopes) == [2, 0, 0, 2])
    #expect(atKink([0, 1]) { sinc($0) } == nil)
    #expect(atKink([0, 1]) { xlogy($0, f64(0, 2)) }?.index == [0])
  }

  @Test(arguments: 1...3) func everyOrderNamesTheOperatorsLine(_ order: Int) throws {
    // x^p has p derivatives at 0, of which the last is infinite.
    let power = Double(order) - 0.5
    var line = 0
    let f = { (x: Tensor) -> Tensor in
      line = #line + 1
      let y = pow(x, power)
      return y.sum()
    }
    let (x, v) = (f64(1, 0), f64(1, 1))
    let first = { (x: Tensor) in jvp(f, at: x, along: v).tangent }
    let second = { (x: Tensor) in jvp(first, at: x, along: v).tangent }
    let reverse = { (x: Tensor) in (grad(f)(x) * v).sum() }
    let walks: [[() throws -> Void]] = [
      [{ _ = grad(f)(x) }, { _ = first(x) }],
      [
        { _ = hvp(f, at: x, along: v) }, { _ = try hessian(f)(x) }, { _ = grad(reverse)(x) }, { _ = grad(first)(x) },
        { _ = second(x) }, { _ = HessianOperator(f, at: x)(v) }, { _ = laplacian { $0[0] + f($0) }(x) },
      ],
      [{ _ = grad(second)(x) }, { _ = hvp(first, at: x, along: v) }, { _ = hvp(reverse, at: x, along: v) }],
    ]
    let taylor = { let _: [Tensor] = directionalDerivatives(f, at: x, along: v, order: order) }
    for (place, walk) in ([taylor] + walks[order - 1]).enumerated() {
      let error = try #require(found(walk))
      #expect(error.operation == "pow" && error.order == order && error.index == [1], "\(error)")
      // Reading debug information takes seconds here.
      guard place < 2 else { continue }
      #expect(error.file?.hasSuffix("StrictDerivativeTests.swift") == true && error.line == line, "\(error)")
    }
  }

  @Test func taylorModeJudgesSlopesBelowItsOrder() throws {
    func along(_ x: Tensor, _ order: Int, _ f: @escaping (Tensor) -> Tensor) -> NotDifferentiableError? {
      found { let _: [Tensor] = directionalDerivatives(f, at: x, along: Tensor.ones(like: x), order: order) }
    }
    let x = f64(1, 0.5)
    for reduction in [LossReduction.none, .sum] {
      let f = { (x: Tensor) in huber(x, Tensor.zeros(like: x), reduction: reduction) }
      #expect(along(x, 1, f) == nil)
      for order in 2...3 {
        let error = try #require(along(x, order, f))
        #expect(error.operation == "huber" && error.order == 2 && error.index == [0], "\(error)")
        #expect(along(f64(0.5, 0), order, f) == nil)
      }
    }
    #expect(along(f64(0, 1), 3) { pow($0, 2.5) }?.order == 3)
    #expect(along(f64(0, 1), 2) { pow($0, 2.5) } == nil)
    #expect(along(f64(0, 1), 4) { pow($0, 3) } == nil)
    #expect(along(f64(0, 1), 1) { abs($0) }?.order == 1)
    // Along several directions, each to its own order; a direction that stands still moves over no kink.
    let f = { (x: Tensor) in pow(x, 1.5) }
    let still = found {
      _ = directionalDerivatives(f, at: f64(0, 1), alongEach: [f64(1, 1), f64(0, 1)], orders: [1, 2])
    }
    #expect(still == nil)
    let moving = found {
      _ = directionalDerivatives(f, at: f64(0, 1), alongEach: [f64(0, 1), f64(1, 1)], orders: [1, 2])
    }
    #expect(moving?.order == 2)
  }

  /// max(x, 0)^2 by rules of its own, which says where it is not smooth (if it is to).
  private final class Ramp: Function, @unchecked Sendable {
    let saysKinks: Bool
    init(saysKinks: Bool) { self.saysKinks = saysKinks }
    override var name: String { "ramp" }
    override var saves: [Saved] { [.input(0)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [`where`(inputs[0] .> 0, inputs[0], 0)] }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [cotangents[0].map { `where`(saved.input(0) .> 0, $0, 0) }]
    }
    override func kink(_ inputs: [Tensor], _ results: [Tensor]) -> Kink? {
      guard saysKinks else { return nil }
      return Kink(where: inputs[0] .== 0, of: inputs[0], results[0], convention: "its derivative is taken to be 0")
    }
  }

  @Test func aFunctionOfYoursSaysWhereItIsNotSmooth() throws {
    let x = Tensor([[1.0, -2], [0, 3]])
    var line = 0
    func at(_ function: Ramp) -> NotDifferentiableError? {
      found {
        _ = grad { (x: Tensor) -> Tensor in
          line = #line + 1
          let y = function(x)
          return y.sum()
        }(x)
      }
    }
    #expect(at(Ramp(saysKinks: false)) == nil)
    let finding = at(Ramp(saysKinks: true))
    let error = try #require(finding)
    #expect(error.operation == "ramp" && error.order == 1 && error.index == [1, 0] && error.values == [0, 0])
    #expect(error.convention == "its derivative is taken to be 0" && error.line == line)
    // Nothing is asked outside of the scope, or of what is not recorded.
    _ = grad { Ramp(saysKinks: true)($0).sum() }(x)
    #expect(found { _ = Ramp(saysKinks: true)(x) } == nil)
  }

  @Test func aKinkFitsItsCondition() {
    let condition = f64(1, 2) .== 2
    #expect(Kink(where: condition, of: scalar(7), convention: "")?.values == [7])
    #expect(Kink(where: f64(1) .== 2, of: scalar(7), convention: "") == nil)
    #expect(
      misuse { _ = Kink(where: f64(1), of: f64(1), convention: "") }?.hasPrefix("Kink: the condition is float64")
        == true)
    let wide = misuse { _ = Kink(where: condition, of: f64(1, 2, 3), convention: "") }
    #expect(wide == "Kink: numbers of shape [3] do not broadcast to the condition's shape [2]")
  }

  @Test func whatWasRecordedOutsideIsNotJudged() {
    let f = { (x: Tensor) in abs(x).sum() }
    let outside = HessianOperator(f, at: f64(0, 1))
    #expect(found { _ = outside(f64(1, 1)) } == nil)
    #expect(found { _ = HessianOperator(f, at: f64(0, 1))(f64(1, 1)) }?.operation == "abs")
  }

  @Test func examplesAreNamed() {
    let x = Tensor([[1.0, 2], [3, 0], [0, 1]])
    let error = found { _ = vmap(grad { abs($0).sum() })(x) }
    #expect(error?.examples == [1] && error?.index == [1])
    #expect("\(error!)".contains(", example 1: no derivative exists at element [1], at 0"))
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
