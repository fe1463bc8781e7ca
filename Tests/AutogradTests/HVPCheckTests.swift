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

  @Test func integersAreRefused() {
    #expect(
      misuse { _ = checkHVP(of: { (x: [Tensor]) in x[0].sum() }, at: [Tensor([1.0]), Tensor([1, 2] as [Int])]) }?
        .hasPrefix("checkHVP: tensor 1 of the input is int64") == true)
  }
}
