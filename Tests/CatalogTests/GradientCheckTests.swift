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
