import Autograd
import Testing

/// The check itself must see what is wrong.
@Suite struct GradientCheckTests {
  /// x^2 of which one rule or another is wrong.
  private final class Faulty: Function, @unchecked Sendable {
    enum Fault: CaseIterable {
      case none, vjp, jvp, both, detachedInput, detachedCotangent, missingCross
    }
    let fault: Fault
    init(_ fault: Fault) { self.fault = fault }

    override var saves: [Saved] { [.input(0)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * inputs[0]] }

    private func product(_ seed: Tensor, _ saved: SavedTensors, isWrong: Bool) -> Tensor {
      let x = saved.input(0)
      let seed = fault == .detachedCotangent ? seed.detached() : seed
      return 2 * (fault == .detachedInput ? x.detached() : x) * seed * (isWrong ? 1.01 : 1)
    }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [cotangents[0].map { product($0, saved, isWrong: fault == .vjp || fault == .both) }]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [tangents[0].map { product($0, saved, isWrong: fault == .jvp || fault == .both) }]
    }
  }

  /// A sum along the last axis whose rules count axes from the front.
  private final class CountsFromFront: Function, @unchecked Sendable {
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0].sum(axis: 1)] }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [cotangents[0].map { u in u.unsqueezed(axis: u.rank).expanded(to: Shape(Array(u.shape) + [2])) }]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [tangents[0].map { $0.sum(axis: 1) }]
    }
  }

  /// x itself, with derivatives that are a factor off.
  private final class Scaled: Function, @unchecked Sendable {
    let factor: Double
    init(_ factor: Double) { self.factor = factor }

    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] + 0] }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [cotangents[0].map { $0 * factor }]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { [tangents[0].map { $0 * factor }] }
  }

  private static let point = Tensor([0.5, -1.25, 2.0] as [Double])

  private func checks(_ fault: Faulty.Fault, order: Int) -> (report: GradientReport, checks: Set<String>) {
    let report = checkGradients("square", order: order, of: { Faulty(fault)($0) }, at: Self.point)
    return (report, Set(report.failures.map(\.check)))
  }

  @Test("right rules pass to every order")
  func right() {
    for order in 1...3 {
      let report = checks(.none, order: order).report
      #expect(report.passed, "\(report)")
      #expect(report.comparisons > 0)
      #expect(report.checks.values.reduce(0, +) == report.comparisons)
      #expect((report.checks["jvp of vjp"] ?? 0 > 0) == (order > 1), "\(report.checks.keys)")
    }
  }

  @Test("a wrong vjp and a wrong jvp are seen and named")
  func first() {
    let (report, names) = checks(.vjp, order: 1)
    #expect(names == ["vjp", "adjoint identity"])
    let failure = report.failures.first { $0.check == "vjp" && $0.index == [1] }
    #expect(failure?.function == "square" && failure?.tensor == "input 0")
    #expect(abs((failure?.got ?? 0) / (failure?.expected ?? 1) - 1.01) < 1e-6)
    #expect(report.description.contains("square: vjp, input 0, element [1]: expected "))
    #expect(checks(.jvp, order: 1).checks == ["jvp", "adjoint identity"])
    // Consistent with each other, and wrong.
    #expect(checks(.both, order: 1).checks == ["vjp", "jvp"])
  }

  @Test("rules that forget their own derivative are seen at second order only")
  func second() {
    #expect(checks(.detachedInput, order: 1).report.passed)
    #expect(
      checks(.detachedInput, order: 2).checks.isSuperset(of: ["vjp of vjp", "jvp of vjp", "vjp of jvp"]))
    #expect(checks(.detachedCotangent, order: 1).report.passed)
    #expect(checks(.detachedCotangent, order: 2).checks.contains("jvp with respect to the cotangent"))
    #expect(!checkSecondOrder(of: { Faulty(.detachedInput)($0) }, at: Self.point).passed)
    // First order alone is not its business.
    #expect(checkSecondOrder(of: { Faulty(.none)($0) }, at: Self.point).passed)
  }

  @Test("rules that count axes from the front are seen under leading axes")
  func axes() {
    let x = Tensor([[1, 2], [3, 4]] as [[Double]])
    let names = Set(checkGradients(of: { CountsFromFront()($0) }, at: x).failures.map(\.check))
    #expect(!names.isEmpty)
    #expect(names.allSatisfy { $0.contains("leading axes") }, "\(names)")
  }

  @Test("structures, several results, integer results, float32")
  func structures() {
    let weights: [String: [Tensor]] = [
      "a": [Tensor([1.5, 2] as [Double])],
      "b": [Tensor(0.5, dtype: .float64), Tensor(0.25, dtype: .float64)],
    ]
    let f = { (w: [String: [Tensor]]) -> [Tensor] in
      [sin(w["a"]![0]) * w["b"]![0], w["a"]![0].argmax(), exp(w["b"]![1] * w["b"]![0])]
    }
    let report = checkGradients(order: 2, of: f, at: weights)
    #expect(report.passed, "\(report)")
    let single = weights.mapValues { $0.map { $0.asType(.float32) } }
    let coarse = checkGradients(order: 2, of: f, at: single)
    #expect(coarse.passed, "\(coarse)")
  }

  /// Functions whose scale is x itself, and functions that have one of their own.
  private static let functions: [(name: String, f: @Sendable (Tensor) -> Tensor)] = [
    ("log", { log($0) }), ("sqrt", { sqrt($0) }), ("reciprocal", { 1 / $0 }), ("cube", { $0 * $0 * $0 }),
    ("sin", { sin($0) }), ("tanh", { tanh($0 * 1e-3) }), ("mixed", { sin($0) / $0 }),
  ]

  @Test("steps follow the magnitude of the point", arguments: [1e-3, 1, 1e3])
  func magnitudes(_ magnitude: Double) {
    let x = Tensor([1.25, 0.75, 2.5] as [Double]) * magnitude
    for (name, f) in Self.functions {
      let report = checkGradients(name, order: 2, of: { f($0) }, at: x)
      #expect(report.passed, "\(report)")
      let wrong = checkGradients(name, of: { Scaled(1.01)(f($0)) }, at: x)
      #expect(Set(wrong.failures.map(\.check)).isSuperset(of: ["vjp", "jvp"]), "\(name): \(wrong)")
      // There the slope of sin(x) / x, -x / 3, is the difference of two numbers of 1000: float32 has a digit of it.
      if name == "mixed" && magnitude < 1 { continue }
      let coarse = checkGradients(name, of: { f($0) }, at: x.asType(.float32))
      #expect(coarse.passed, "\(coarse)")
    }
  }

  @Test(
    "wrong derivatives in float32, where rounding lets them be seen",
    arguments: zip(
      [1e-3, 1, 1e3], [["log", "sqrt", "reciprocal"], ["log", "sqrt", "sin", "cube"], ["sin", "cube"]]))
  func coarse(_ magnitude: Double, _ names: [String]) {
    let x = (Tensor([1.25, 0.75, 2.5] as [Double]) * magnitude).asType(.float32)
    for (name, f) in Self.functions where names.contains(name) {
      let wrong = checkGradients(name, of: { Scaled(1.5)(f($0)) }, at: x)
      #expect(Set(wrong.failures.map(\.check)).isSuperset(of: ["vjp", "jvp"]), "\(name): \(wrong)")
    }
  }

  @Test("inputs of very different magnitudes, and zeros")
  func mixedMagnitudes() {
    let points = [
      Tensor([1e-3, 2e-3] as [Double]), Tensor([1e3, 3e3] as [Double]), Tensor.zeros([2], dtype: .float64),
    ]
    let report = checkGradients(
      order: 2, of: { x in [log(x[0]) * cos(x[1] * 1e-2), sin(x[2]) + x[0] * x[1]] }, at: points)
    #expect(report.passed, "\(report)")
    let wrong = checkGradients(of: { x in [log(x[0]) * Scaled(1.01)(x[1]), x[2]] }, at: points)
    #expect(Set(wrong.failures.map(\.tensor)) == ["input 1", "result 0"], "\(wrong)")
  }

  @Test("a step and a tolerance of one's own")
  func choices() {
    // sin(1000 x) needs a shorter step than its argument says.
    let x = Tensor([2.0, 3.0] as [Double])
    let fast = { (x: Tensor) in sin(1000 * x) }
    #expect(!checkGradients(of: fast, at: x).passed)
    #expect(checkGradients(of: fast, at: x, step: 1e-6).passed)
    #expect(checkSecondOrder(of: fast, at: x, step: 1e-6, tolerance: 1e-5).passed)
    // 1 in 10000 is seen, unless more is accepted.
    let slightlyWrong = { (x: Tensor) in Scaled(1.0001)(exp(x)) }
    #expect(!checkGradients(of: slightlyWrong, at: x).passed)
    #expect(checkGradients(of: slightlyWrong, at: x, tolerance: 1e-3).passed)
    #expect(throws: TensorError.self) { try withTensorErrors { checkGradients(of: fast, at: x, step: 0) } }
    #expect(throws: TensorError.self) { try withTensorErrors { checkGradients(of: fast, at: x, tolerance: -1) } }
  }

  @Test("a point of an integer dtype is refused")
  func integers() {
    #expect(throws: TensorError.self) {
      try withTensorErrors { checkGradients(of: { (x: Tensor) in x * x }, at: Tensor([1, 2] as [Int])) }
    }
  }

  @Test func aFunctionWithoutDerivativesDoesNotPass() {
    let report = checkGradients("argmax", of: { (x: Tensor) in x.argmax() }, at: Tensor([0.5, 1], dtype: .float64))
    #expect(!report.passed)
    #expect("\(report)" == "argmax: nothing was compared, the function has no floating-point results")
  }
}
