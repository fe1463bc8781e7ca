import Autograd
import Testing

struct HVPCheckTests {
  private struct Net: TensorStructure {
    var w, b: Tensor
    var list: [Tensor]
    var tensors: [Tensor] { [w, b] + list }
    func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Net {
      Net(w: tensors.removeFirst(), b: tensors.removeFirst(), list: list.rebuilt(from: &tensors))
    }
  }

  private func net(_ dtype: DType) -> Net {
    func numbers(_ shape: Shape, _ phase: Double) -> Tensor {
      (sin(Tensor.arange(shape.elementCount, dtype: .float64) * 1.7 + phase) / 2).reshaped(shape).asType(dtype)
    }
    return Net(w: numbers([3, 4], 0), b: numbers([4], 1), list: [numbers([4, 2], 2), numbers([2], 3)])
  }

  @Test(arguments: [DType.float32, .float64]) func passesForStructuresOfEitherType(_ dtype: DType) {
    let x = cos(Tensor.arange(15, dtype: .float64)).reshaped([5, 3]).asType(dtype)
    let loss = { (net: Net) -> Tensor in
      let hidden = tanh(matmul(x, net.w) + net.b)
      return square(softmax(matmul(hidden, net.list[0]) + net.list[1])).sum() + exp(net.w).mean()
    }
    for seed in 0..<4 as Range<UInt64> {
      let report = checkHVP("net", of: loss, at: net(dtype), seed: seed)
      #expect(report.passed, "\(report)")
      #expect(report.comparisons == 3 * (12 + 4 + 8 + 2) + 1)
    }
    let one = checkHVP(of: { (x: Tensor) in (exp(x) * x).sum() }, at: Tensor([0.5, -1]).asType(dtype))
    #expect(one.passed && one.order == 2, "\(one)")
  }

  /// x^3, with what is wrong about its rules to be chosen.
  private final class Cube: Function, @unchecked Sendable {
    enum Fault { case none, constantSlope, nilInForward, wrongInForward, dropsCotangent }
    let fault: Fault
    init(_ fault: Fault) { self.fault = fault }
    override var saves: [Saved] { [.input(0)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * inputs[0] * inputs[0]] }
    private func slope(_ x: Tensor) -> Tensor { 3 * x * x }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      let x = saved.input(0)
      return switch fault {
      // The first derivative is right, its own derivative silently zero.
      case .constantSlope: [cotangents[0].map { $0 * slope(x).detached() }]
      case .dropsCotangent: [cotangents[0].map { $0.detached() * slope(x) }]
      default: [cotangents[0].map { $0 * slope(x) }]
      }
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      let x = saved.input(0)
      return switch fault {
      case .nilInForward: [nil]
      case .wrongInForward: [tangents[0].map { $0 * slope(x) * 1.02 }]
      case .constantSlope: [tangents[0].map { $0 * slope(x).detached() }]
      default: [tangents[0].map { $0 * slope(x) }]
      }
    }
  }

  private func report(_ fault: Cube.Fault, _ dtype: DType) -> GradientReport {
    let cube = Cube(fault)
    // A function before and one after, so that its second derivative takes part and so does its first.
    return checkHVP("cube", of: { (x: Tensor) in sin(cube(sin(x))).sum() }, at: Tensor([0.5, -0.8, 0.3]).asType(dtype))
  }

  @Test(arguments: [DType.float32, .float64]) func seesWrongAndMissingRules(_ dtype: DType) {
    #expect(report(.none, dtype).passed, "\(report(.none, dtype))")
    // Wrong in the same way in every composition: only the difference tells.
    let silent = report(.constantSlope, dtype)
    #expect(!silent.passed)
    #expect(Set(silent.failures.map(\.check)).contains("Hv against the gradient's difference"))
    #expect(!report(.nilInForward, dtype).passed)
    #expect(!report(.wrongInForward, dtype).passed)
    #expect(!report(.dropsCotangent, dtype).passed)
    #expect(
      "\(report(.nilInForward, dtype))".contains("cube: forward over reverse against reverse over reverse, input 0"))
  }

  @Test func aSecondDerivativeThatIsZeroThroughout() {
    // Nothing of the Hessian is left: all compositions agree on zero.
    let cube = Cube(.constantSlope)
    let report = checkHVP("cube", of: { (x: Tensor) in cube(x).sum() }, at: Tensor([0.5, -0.8]))
    #expect(report.failureCount == 2)
    #expect(report.failures.allSatisfy { $0.check == "Hv against the gradient's difference" && $0.got == 0 })
    // A function whose Hessian is zero is in order.
    #expect(checkHVP(of: { (x: Tensor) in (x * 3).sum() }, at: Tensor([0.5, -0.8])).passed)
  }

  @Test(arguments: [DType.float32, .float64]) func staysWithinTheDomainOfSmallElements(_ dtype: DType) {
    // Elements of very different magnitudes, each of which ends at 0.
    let x = Tensor([1e-6, 1, 0.02]).asType(dtype)
    for seed in 0..<20 as Range<UInt64> {
      for f in [{ ($0 * log($0)).sum() }, { sqrt($0).sum() }] as [(Tensor) -> Tensor] {
        let report = checkHVP(of: f, at: x, seed: seed)
        #expect(report.passed, "\(report)")
      }
      // The domain ends beside an element that is large: shorter steps find the gradient finite.
      let near = checkHVP(of: { sqrt(1 - $0).sum() }, at: Tensor([1 - 1e-5, 0.5] as [Double]), seed: seed)
      #expect(near.passed, "\(near)")
      // A zero among others, and nothing but zeros.
      for zeros in [[0, 3], [0, 0]] as [[Double]] {
        let report = checkHVP(of: { (sin($0) * exp($0)).sum() }, at: Tensor(zeros).asType(dtype), seed: seed)
        #expect(report.passed, "\(report)")
      }
    }
    let orders = checkGradients(order: 2, of: { (x: Tensor) in x * log(x) }, at: x)
    #expect(orders.passed, "\(orders)")
  }

  @Test(arguments: [DType.float32, .float64]) func aSilentZeroBesideLargerCurvature(_ dtype: DType) {
    // Gradient exp(x), Hessian 0.
    func frozen(_ x: Tensor) -> Tensor { (x * exp(x).detached()).sum() }
    let large = dtype == .float32 ? 1e3 : 1e6
    let x = Tensor([0.5, -0.8, 0.3]).asType(dtype)
    for seed in 0..<20 as Range<UInt64> {
      let tensors = checkHVP(
        of: { (x: [Tensor]) in square(x[0]).sum() * large + frozen(x[1]) }, at: [x, x], seed: seed)
      #expect(tensors.failureCount == 3 && tensors.failures.allSatisfy { $0.tensor == "input 1" }, "\(tensors)")
      let elements = checkHVP(
        of: { (x: Tensor) in square(x[0]) * large + frozen(x[1..<3]) }, at: x, seed: seed)
      #expect(elements.failures.map(\.index) == [[1], [2]], "\(elements)")
      // Wrong by a part of itself only, in a tensor of its own.
      let wrong = checkHVP(
        of: { (x: [Tensor]) in square(x[0]).sum() * large + frozen(x[1]) + exp(x[1]).sum() }, at: [x, x], seed: seed)
      #expect(wrong.failures.allSatisfy { $0.tensor == "input 1" } && !wrong.passed, "\(wrong)")
      // Right beside what is larger, and zeros that must be.
      let right = checkHVP(
        of: { (x: [Tensor]) in square(x[0]).sum() * large + exp(x[1]).sum() + relu(x[2]).sum() + x[2].sum() },
        at: [x, x, x], seed: seed)
      #expect(right.passed, "\(right)")
    }
  }

  @Test(arguments: [DType.float32, .float64]) func whatCancelsIsRounding(_ dtype: DType) {
    // A shift of all classes changes nothing: the bias's second derivatives cancel along it, and the gradient's sums.
    let x = sin(Tensor.arange(12, dtype: .float64)).reshaped([4, 3]).asType(dtype)
    for seed in 0..<10 as Range<UInt64> {
      let report = checkHVP(
        of: { (p: [Tensor]) in logSoftmax(matmul(x, p[0]) + p[1]).mean() * 100 },
        at: [x.transposed(), Tensor(2).asType(dtype)], seed: seed)
      #expect(report.passed, "\(report)")
    }
  }

  @Test(arguments: [DType.float32, .float64]) func saysWhatHindersEveryComparison(_ dtype: DType) {
    let x = Tensor([0.5, -0.8, 0.3]).asType(dtype)
    var generator = RandomGenerator(seed: 3)
    let noisy = { (x: Tensor) in (exp(x) * Tensor.uniform([3], dtype: dtype, using: &generator)).sum() }
    for seed in 0..<10 as Range<UInt64> {
      let report = checkHVP("noisy", of: noisy, at: x, seed: seed)
      #expect(!report.passed && report.comparisons == 0)
      #expect("\(report)" == "noisy: not deterministic: two gradients at the same point differ, in tensor 0")
    }
    let hole = checkHVP("hole", of: { (x: [Tensor]) in exp(x[0]).sum() + x[1].sum() }, at: [x, x * .nan])
    #expect(!hole.passed && "\(hole)" == "hole: input is not finite, in tensor 1")
    let steep = checkHVP("steep", of: { (x: Tensor) in sqrt(x).sum() }, at: Tensor([0.0, 1]).asType(dtype))
    #expect(!steep.passed && "\(steep)" == "steep: gradient is not finite, in tensor 0")
    #expect(checkHVP(of: { (x: Tensor) in exp(x).sum() }, at: x).obstacle == nil)
  }

  @Test(arguments: [DType.float32, .float64]) func costsSomeProducts(_ dtype: DType) {
    func numbers(_ shape: Shape) -> Tensor {
      sin(Tensor.arange(shape.elementCount, dtype: .float64) * 1.7).reshaped(shape).asType(dtype)
    }
    let data = numbers([16, 100])
    let net = { (p: [Tensor]) in square(matmul(tanh(matmul(data, p[0]) + p[1]), p[2])).mean() }
    let pointwise = { (x: [Tensor]) -> Tensor in
      let x = x[0]
      return (sin(exp(-x * x)) * tanh(x) + x / (1 + x * x) + log(1 + exp(x)) * cos(x)).sum()
    }
    let functions: [(([Tensor]) -> Tensor, [Tensor])] = [
      (net, [numbers([100, 900]), numbers([900]), numbers([900, 11])]), (pointwise, [numbers([10_000])]),
    ]
    for (f, x) in functions {
      let product = TensorWork.flops { hvp(f, at: x, along: x) }.flops
      let check = TensorWork.flops { checkHVP(of: f, at: x) }
      #expect(check.result.passed, "\(check.result)")
      #expect(check.flops < 8 * product, "\(Double(check.flops) / Double(product)) products")
    }
  }

  @Test func integersAreRefused() {
    #expect(
      misuse { _ = checkHVP(of: { (x: [Tensor]) in x[0].sum() }, at: [Tensor([1.0]), Tensor([1, 2] as [Int])]) }?
        .hasPrefix("checkHVP: tensor 1 of the input is int64") == true)
  }
}
