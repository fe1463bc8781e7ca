import Autograd
import Foundation
import Testing

/// ``checkHVP`` where the gradient jumps near the point, as in nets with ReLU.
struct HVPCheckKinkTests {
  struct Size: CustomTestStringConvertible {
    let widths: [Int]
    let batch: Int
    var testDescription: String { "\(widths), batch \(batch)" }
  }

  static let sizes = [
    Size(widths: [10, 8, 1], batch: 16), Size(widths: [10, 64, 1], batch: 256),
    Size(widths: [10, 64, 64, 1], batch: 64), Size(widths: [10, 64, 64, 1], batch: 256),
    Size(widths: [10, 16, 16, 3], batch: 256),
  ]

  /// Weights as layers begin with, and zero biases.
  private func weights(_ size: Size, _ dtype: DType, _ generator: inout RandomGenerator) -> [Tensor] {
    zip(size.widths, size.widths.dropFirst()).flatMap { from, to in
      let w = Tensor.normal([from, to], dtype: dtype, using: &generator) / sqrt(Double(from))
      return [w, Tensor.zeros([to], dtype: dtype)]
    }
  }

  /// The mean squared error of a net on normal data, with what is wrong about it to be chosen.
  private func loss(
    _ size: Size, _ dtype: DType, _ generator: inout RandomGenerator, activation: @escaping (Tensor) -> Tensor,
    _ hidden: @escaping (Tensor) -> Tensor = { $0 }, error: @escaping (Tensor) -> Tensor = square
  ) -> ([Tensor]) -> Tensor {
    let x = Tensor.normal([size.batch, size.widths.first!], dtype: dtype, using: &generator)
    let target = Tensor.normal([size.batch, size.widths.last!], dtype: dtype, using: &generator)
    return { p in
      var y = x
      for layer in 0..<p.count / 2 {
        y = matmul(y, p[2 * layer]) + p[2 * layer + 1]
        if layer < p.count / 2 - 1 { y = hidden(activation(y)) }
      }
      return error(y - target).mean()
    }
  }

  private func report(
    _ size: Size, _ dtype: DType, seed: Int, activation: @escaping (Tensor) -> Tensor = relu,
    _ hidden: @escaping (Tensor) -> Tensor = { $0 }, error: @escaping (Tensor) -> Tensor = square
  ) -> GradientReport {
    var generator = RandomGenerator(seed: UInt64(100 + seed))
    let p = weights(size, dtype, &generator)
    let f = loss(size, dtype, &generator, activation: activation, hidden, error: error)
    return checkHVP("net", of: f, at: p, seed: UInt64(seed))
  }

  private static let seeds = 0..<10

  @Test(arguments: [DType.float32, .float64], sizes)
  func netsWithKinksPass(_ dtype: DType, _ size: Size) {
    let activations: [(Tensor) -> Tensor] = [relu, { abs($0) }, { maximum($0, tanh($0)) }]
    for seed in Self.seeds {
      for activation in activations {
        let report = report(size, dtype, seed: seed, activation: activation)
        #expect(report.passed, "\(report)")
        // The last layer's gradient hardly has kinks, and the most of others' elements is compared, too.
        #expect(3 * report.uncompared < report.comparisons, "\(report)")
        #expect(report.notes.isEmpty == (report.uncompared == 0))
      }
      let hinge = report(size, dtype, seed: seed, error: { relu(1 - $0) })
      #expect(hinge.passed, "\(hinge)")
    }
  }

  @Test(arguments: [DType.float32, .float64], sizes)
  func smoothNetsAreComparedWhole(_ dtype: DType, _ size: Size) {
    for seed in Self.seeds {
      let report = report(size, dtype, seed: seed, activation: { tanh($0) })
      #expect(report.passed && report.uncompared == 0 && report.notes.isEmpty, "\(report)")
    }
  }

  /// Faults that all compositions share, so that only differences tell.
  @Test(arguments: [DType.float32, .float64], sizes)
  func faultsBesideKinksAreSeen(_ dtype: DType, _ size: Size) {
    for seed in Self.seeds {
      for (name, report) in [
        ("a detached factor", report(size, dtype, seed: seed, { $0 * tanh($0).detached() })),
        ("no second derivative of the error", report(size, dtype, seed: seed, error: { $0 * $0.detached() })),
        ("a wrong rule", report(size, dtype, seed: seed, { HalfAgainAsMuch()($0) })),
      ] {
        #expect(!report.passed, "\(name), seed \(seed)")
        #expect(report.failures.allSatisfy { $0.check == "Hv against the gradient's difference" })
      }
    }
  }

  @Test func saysWhatCouldNotBeCompared() {
    let size = Self.sizes[3]
    let some = report(size, .float32, seed: 0)
    let all = size.widths.indices.dropLast().reduce(0) { $0 + (size.widths[$1] + 1) * size.widths[$1 + 1] }
    #expect(some.passed && some.uncompared > 0 && some.comparisons == 3 * all + 1 - some.uncompared)
    let note = "the gradient is not smooth near the point: \(some.uncompared) of \(all) elements"
    #expect("\(some)".contains("; \(note) could not be compared with differences, most of input 0, 1"), "\(some)")
  }

  /// Kinks at every distance from the point: each step length shows another slope.
  @Test(arguments: [DType.float32, .float64]) func aPointThatNoDifferenceDescribesIsAnObstacle(_ dtype: DType) {
    let distances = (0..<60).map { pow(10, -0.15 * Double($0)) }
    let kinks = Tensor(distances + distances.map { -1.03 * $0 })
    let rough = { (x: Tensor) in abs(x - kinks.asType(dtype)).sum() }
    let report = checkHVP("rough", of: rough, at: Tensor([0.0]).asType(dtype))
    #expect(!report.passed && report.failureCount == 0)
    #expect(
      "\(report)".hasPrefix("rough: the gradient is not smooth near the point: 1 of 1 elements could not"), "\(report)")
  }

  /// The gradient exp(x), and no second derivative.
  private func frozen(_ x: Tensor) -> Tensor { (x * exp(x).detached()).sum() }

  @Test(arguments: [DType.float32, .float64]) func aSilentZeroWhereElementsAreSmall(_ dtype: DType) {
    var generator = RandomGenerator(seed: 7)
    for scale in [1e-3, 1e-5, 1e-7, 1e-9] {
      let x = Tensor.normal([6], dtype: dtype, using: &generator) * scale
      for seed in 0..<10 as Range<UInt64> {
        let zero = checkHVP(of: frozen, at: x, seed: seed)
        #expect(zero.failureCount == 6, "\(scale): \(zero)")
        // Half of the curvature is missing.
        let half = checkHVP(of: { frozen($0) + exp($0).sum() }, at: x, seed: seed)
        #expect(!half.passed, "\(scale): \(half)")
        for right in [
          checkHVP(of: { (x: Tensor) in (x * exp(x)).sum() }, at: x, seed: seed),
          checkHVP(of: { (x: Tensor) in (3 * x).sum() }, at: x, seed: seed),
          checkHVP(of: { (x: Tensor) in log(abs(x)).sum() }, at: x, seed: seed),
        ] {
          #expect(right.passed && right.uncompared == 0, "\(scale): \(right)")
        }
      }
    }
  }

  @Test(arguments: [DType.float32, .float64]) func aSilentZeroOfASmallElementBesideLargeOnes(_ dtype: DType) {
    let x = Tensor([1e-4, 100, -80, 2e-4]).asType(dtype)
    let which = Tensor([1.0, 0, 0, 1]).asType(dtype)
    for seed in 0..<10 as Range<UInt64> {
      let zero = checkHVP(of: { (square($0) * (1 - which) + $0 * $0.detached() * which).sum() }, at: x, seed: seed)
      #expect(zero.failures.map(\.index) == [[0], [3]], "\(zero)")
      let right = checkHVP(of: { square($0).sum() }, at: x, seed: seed)
      #expect(right.passed && right.uncompared == 0, "\(right)")
    }
  }

  @Test func whatRoundingHidesIsNotSaidToAgree() {
    // The first gradient's rounding is as large as the second one.
    let report = checkHVP(
      of: { (x: [Tensor]) in square(x[0]).sum() * 1e6 + 1e-6 * frozen(x[1]) },
      at: [Tensor([0.5] as [Float]), Tensor([0.3, -0.7] as [Float])])
    #expect(report.passed && report.uncompared == 2 && report.comparisons == 3 * 3 + 1 - 2)
    #expect(
      report.notes == [
        "differences are lost in rounding: 2 of 3 elements could not be compared with differences, most of input 1"
      ])
  }

  @Test(arguments: [DType.float32, .float64], sizes)
  func costsFewProducts(_ dtype: DType, _ size: Size) {
    for (activation, most) in [({ tanh($0) }, 8), (relu, 11)] as [((Tensor) -> Tensor, Double)] {
      var generator = RandomGenerator(seed: 100)
      let p = weights(size, dtype, &generator)
      let f = loss(size, dtype, &generator, activation: activation)
      let product = TensorWork.flops { hvp(f, at: p, along: p) }.flops
      let check = TensorWork.flops { checkHVP(of: f, at: p) }
      let ratio = Double(check.flops) / Double(product)
      #expect(check.result.passed && ratio < most, "\(ratio) products")
    }
  }
}

/// A square whose second derivative is half as much again in every composition.
private final class HalfAgainAsMuch: Function, @unchecked Sendable {
  override var saves: [Saved] { [.input(0)] }
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [square(inputs[0])] }
  private func slope(_ x: Tensor) -> Tensor { 2 * x + 1.0 * (x - x.detached()) }
  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [cotangents[0].map { $0 * slope(saved.input(0)) }]
  }
  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [tangents[0].map { $0 * slope(saved.input(0)) }]
  }
}
