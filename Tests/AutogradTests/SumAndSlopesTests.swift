import Autograd
import Testing

/// The sum of a costly formula is recorded with its slopes: every derivative must be as if it were not.
struct SumAndSlopesTests {
  private static let one = Formula("one") { x in sin(exp(-x * x)) * tanh(x) + x / (1 + x * x) }
  private static let two = Formula("two") { x, y in tanh(x * y) * exp(-y) + sin(x) }

  private static func draw(_ count: Int, _ dtype: DType, _ seed: UInt64) -> Tensor {
    var generator = RandomGenerator(seed: seed)
    return Tensor.uniform([count], low: -2, high: 2, dtype: dtype, using: &generator)
  }

  @Test(arguments: [4096, 5000, 300_001])
  func ofOneInput(_ count: Int) {
    let x = Self.draw(count, .float64, 1)
    let v = Self.draw(count, .float64, 2)
    let fused = { (x: Tensor) in 3 * Self.one.sum(x) }
    let plain = { (x: Tensor) in 3 * (sin(exp(-x * x)) * tanh(x) + x / (1 + x * x)).sum() }
    let (value, gradient) = valueAndGrad(fused)(x)
    let (expected, expectedGradient) = valueAndGrad(plain)(x)
    #expect(value.allClose(expected, relative: 1e-12))
    #expect(gradient.allClose(expectedGradient, relative: 1e-12, absolute: 1e-12))
    #expect(
      hvp(fused, at: x, along: v).allClose(hvp(plain, at: x, along: v), relative: 1e-10, absolute: 1e-12))
    #expect(
      hvpReverse(fused, at: x, along: v)
        .allClose(hvpReverse(plain, at: x, along: v), relative: 1e-10, absolute: 1e-12))
    let pushed = jvp(fused, at: x, along: v).tangent
    #expect(pushed.allClose(jvp(plain, at: x, along: v).tangent, relative: 1e-11, absolute: 1e-10))
  }

  @Test func ofTwoInputsOneOrBothTracked() {
    let x = Self.draw(6000, .float64, 3)
    let y = Self.draw(6000, .float64, 4)
    let plain = { (x: Tensor, y: Tensor) in (tanh(x * y) * exp(-y) + sin(x)).mean() }
    let (a, b) = grad { (x: Tensor, y: Tensor) in Self.two.mean(x, y) }(x, y)
    let (expectedA, expectedB) = grad(plain)(x, y)
    #expect(a.allClose(expectedA, relative: 1e-12, absolute: 1e-15))
    #expect(b.allClose(expectedB, relative: 1e-12, absolute: 1e-15))
    let alone = grad { (y: Tensor) in Self.two.mean(x, y) }(y)
    #expect(alone.allClose(expectedB, relative: 1e-12, absolute: 1e-15))
  }

  @Test func leavesAndSeveralWalks() {
    let x = Self.draw(5000, .float32, 5).tracked()
    let y = Self.one.sum(x)
    y.backward()
    let once = x.grad!.detached()
    y.backward()
    #expect(x.grad!.detached().allClose(2 * once))
    let recorded = grad(of: y, withRespectTo: [x], createGraph: true)[0]
    #expect(recorded.allClose(once, relative: 1e-4, absolute: 1e-6))
    #expect(recorded.isTracked)
  }

  /// A zero cotangent stays zero where the slope is infinite.
  @Test func aZeroSeedAtAnInfiniteSlope() {
    let root = Formula("root") { x in sqrt(x) * exp(sin(x)) * tanh(exp(x)) }
    let x = Tensor.zeros([4096], dtype: .float64)
    let gradient = grad { (x: Tensor) in 0 * root.sum(x) }(x)
    #expect(gradient.allClose(Tensor.zeros(like: x)))
  }
}
