import Autograd
import Testing

@testable import Tensor

/// `grad(of:withRespectTo:createGraph:)`, the imperative form.
struct GradOfTests {
  @Test func gradientsWithRespectToSome() {
    let a = Tensor(2, dtype: .float64, requiresGrad: true)
    let b = Tensor(3, dtype: .float64, requiresGrad: true)
    let c = Tensor(4, dtype: .float64, requiresGrad: true)
    let y = a * b * b
    #expect(grad(of: y, withRespectTo: [a]).map { $0.item() } == [9])
    #expect(grad(of: y, withRespectTo: [b]).map { $0.item() } == [12])
    #expect(grad(of: y, withRespectTo: [b, a, c, a]).map { $0.item() } == [12, 9, 0, 9])
    #expect(a.grad == nil && b.grad == nil)
  }

  /// With respect to a value in between and what it came from: both are whole derivatives.
  @Test func withRespectToValuesInBetween() {
    let x = Tensor(2, dtype: .float64, requiresGrad: true)
    let y = x * x
    let z = y * y + x
    #expect(grad(of: z, withRespectTo: [y]).map { $0.item() } == [8])
    #expect(grad(of: z, withRespectTo: [x, y]).map { $0.item() } == [33, 8])
    #expect(grad(of: z, withRespectTo: [z, y, x]).map { $0.item() } == [1, 8, 33])
    let second = grad(of: z, withRespectTo: [x, y], createGraph: true)
    #expect(grad(of: second[0], withRespectTo: [x])[0].item() == 48)
  }

  @Test func createGraph() {
    let x = Tensor(2, dtype: .float64, requiresGrad: true)
    let y = x * x * x
    let first = grad(of: y, withRespectTo: [x], createGraph: true)[0]
    #expect(first.item() == 12)
    let second = grad(of: first, withRespectTo: [x], createGraph: true)[0]
    #expect(second.item() == 12)
    #expect(grad(of: second, withRespectTo: [x])[0].item() == 6)
    first.backward()
    #expect(x.grad!.item() == 12)
  }

  private static let explanation =
    "derivative: reached a gradient whose computation was not recorded. Ask for it with createGraph: true, or use "
    + "grad(grad(f)), which needs no flag; detached() makes it a constant"

  /// Never a silent zero.
  @Test func differentiatingAnUnrecordedGradientIsAnError() {
    let x = Tensor(2, dtype: .float64, requiresGrad: true)
    let first = grad(of: x * x * x, withRespectTo: [x])[0]
    #expect(first.item() == 12)
    #expect(misuse { _ = grad(of: first * x, withRespectTo: [x]) } == GradOfTests.explanation)
    #expect(misuse { (first * x).backward() } == GradOfTests.explanation)
    #expect(misuse { first.backward() } == GradOfTests.explanation)
    #expect(near(grad(of: first.detached() * x, withRespectTo: [x])[0], [12]))
    (x * x).backward()
    let left = x.grad!
    #expect(misuse { (left * x).backward() } == GradOfTests.explanation)
    #expect(misuse { _ = grad(of: left * x, withRespectTo: [x]) } == GradOfTests.explanation)
  }

  @Test func insideTransformsToo() {
    let unrecorded = { (x: Tensor) in grad(of: x * x * x, withRespectTo: [x])[0] }
    let recorded = { (x: Tensor) in grad(of: x * x * x, withRespectTo: [x], createGraph: true)[0] }
    let at = scalar(2)
    #expect(grad(recorded)(at).item() == 12)
    #expect(jvp(recorded, at: at, along: scalar(1)).tangent.item() == 12)
    #expect(vjp(recorded, at: at).pullback(scalar(1)).item() == 12)
    #expect(misuse { _ = grad(unrecorded)(at) } == GradOfTests.explanation)
    #expect(misuse { _ = jvp(unrecorded, at: at, along: scalar(1)) } == GradOfTests.explanation)
    #expect(misuse { _ = vjp(unrecorded, at: at).pullback(scalar(1)) } == GradOfTests.explanation)
    #expect(misuse { _ = hvp(unrecorded, at: at, along: scalar(1)) } == GradOfTests.explanation)
    #expect(misuse { _ = hvpReverse(unrecorded, at: at, along: scalar(1)) } == GradOfTests.explanation)
  }

  @Test func misuseSaysWhatIsRight() {
    let x = Tensor([1, 2], requiresGrad: true)
    #expect(
      misuse { _ = grad(of: x * 2, withRespectTo: [x]) }
        == "grad: the result has shape [2], and a gradient is of one number: reduce it with sum(), or use vjp"
    )
    #expect(
      misuse { _ = grad(of: Tensor(1), withRespectTo: [x]) }
        == "grad: the result depends on no tracked tensor")
    #expect(
      misuse { _ = grad(of: x.sum(), withRespectTo: [x, Tensor(1)]) }
        == "grad: input 1 is not tracked; make it with requiresGrad: true or tracked()")
  }
}
