import Autograd
import Testing

/// Operators that mix elements: each result is judged by what it was made of.
struct NaNBlameTests {
  /// What is spoilt in one row excuses nothing in another, in operators and in what is composed of them.
  @Test(arguments: [Float.nan, .infinity, -.infinity], [false, true])
  func anotherRowsNaNExcusesNoElement(_ bad: Float, _ recorded: Bool) {
    func rows(_ numbers: [[Float]]) -> Tensor { recorded ? Tensor(numbers).tracked() : Tensor(numbers) }
    let x = rows([[bad, 1], [3e38, 3e38]])
    func expect(_ operation: String, _ index: [Int], isNaN: Bool = false, _ body: () -> Tensor) {
      let error = nanError { _ = body() }
      let isRight = error?.operation == operation && error?.index == index && error?.result.isNaN == isNaN
      #expect(isRight, "\(operation): \(String(describing: error))")
    }
    expect("matmul", [1, 0]) { matmul(x, Tensor.ones([2, 1])) }
    expect("matmul", [1, 0]) { matmul(x, Tensor.ones([2, 1]), adding: Tensor.ones([1])) }
    expect("matmul", [1]) { matmul(x, Tensor.ones([2])) }
    expect("matmul", [0, 1, 0]) { matmul(x.unsqueezed(axis: 0), Tensor.ones([1, 2, 1])) }
    expect("einsum", [1]) { einsum("ij,j->i", [x, Tensor.ones([2])]) }
    expect("linear", [1, 0]) { linear(x, Tensor.ones([1, 2])) }
    expect("sum", [1]) { x.sum(axes: [1]) }
    expect("square.sum", [1]) { Formula("square") { $0 * $0 }.sum(x, axes: [1]) }
    expect("norm", [1]) { x.norm(1, axes: [1]) }
    expect("norm", [1]) { x.norm(axes: [1]) }
    expect("prod", [1]) { x.prod(axis: 1) }
    expect("cumsum", [1, 1]) { x.cumsum(axis: 1) }
    expect("cumprod", [1, 1]) { x.cumprod(axis: 1) }
    expect("conv1d", [1, 0, 0]) { conv1d(x.unsqueezed(axis: 1), Tensor.ones([1, 1, 2])) }
    expect("sum", [1, 0]) { Overflowing()(x) }
  }

  @Test func aRowsNaNExcusesNoOthers() {
    func expect(_ operation: String, _ index: [Int], _ body: () -> Tensor) {
      let error = nanError { _ = body() }
      let isRight = error?.operation == operation && error?.index == index && error?.result.isNaN == true
      #expect(isRight, "\(operation): \(String(describing: error))")
    }
    let nothing = Tensor([[Float.nan, 1], [-.infinity, -.infinity]])
    expect("softmax", [1, 0]) { softmax(nothing, axis: 1) }
    expect("logSoftmax", [1, 0]) { logSoftmax(nothing, axis: 1) }
    expect("softmin", [1, 0]) { softmin(-nothing, axis: 1) }
    let equal = Tensor([[Float.nan, 1], [2, 2]])
    expect("layerNorm", [1, 0]) { layerNorm(equal, eps: 0) }
    let wide = Tensor([[Float.nan, 1], [3e38, -3e38]])
    let deviation = nanError { _ = wide.standardDeviation(axes: [1]) }
    #expect(deviation?.operation == "standardDeviation" && deviation?.index == [1])
    expect("instanceNorm", [0, 1, 0]) { instanceNorm(equal.reshaped([1, 2, 2]), eps: 0) }
  }

  /// A function that is composed of operators.
  private final class Overflowing: Function, @unchecked Sendable {
    override var name: String { "overflowing" }
    override func forward(_ inputs: [Tensor]) -> [Tensor] {
      let sums = inputs[0].sum(axes: [1], keepDims: true)
      return [`where`(sums .> 0, sums, 2 * sums).narrowed(axis: 0, from: 0, count: 2)]
    }
  }

  @Test func whatAnElementIsMadeOfExcusesIt() {
    // The same results, of rows that are spoilt themselves.
    let x = Tensor([[Float.nan, 1], [1, 2]])
    let infinite = Tensor([[1, 2], [Float.infinity, 1]])
    for x in [x, infinite] {
      #expect(
        nanError {
          _ = (matmul(x, x), x.sum(axes: [1]), x.norm(1, axes: [1]), x.cumsum(axis: 1))
          _ = (x.norm(3), x.prod(axis: 0), x.mean(), x.max(axis: 0), einsum("ij,kj->ik", [x, x]), x.cumprod(axis: 1))
        } == nil)
    }
    #expect(nanError { _ = (softmax(x), layerNorm(x), logSumExp(x, axes: [0]), x.variance(axes: [0])) } == nil)
    #expect(nanError { _ = Overflowing()(x) } == nil)
  }

  @Test func oneElementIsFoundAmongVeryManyBadOnes() {
    var numbers = [Float](repeating: .nan, count: 400 * 300)
    for column in 0..<300 { numbers[399 * 300 + column] = 3e38 }
    let x = Tensor(numbers, shape: [400, 300])
    #expect(nanError { _ = x.sum(axes: [1]) }?.index == [399])
    #expect(nanError { _ = matmul(x, Tensor.ones([300, 20])) }?.index == [399, 0])
  }

  @Test func rangesTellWhatARowWasMadeOf() {
    let x = Tensor([[Float.nan, 1, 2], [2e38, 3e38, 1e38]])
    #expect(nanError { _ = x.cumsum(axis: 1) }?.inputs.map(\.range) == [Double(Float(2e38))...Double(Float(3e38))])
    let nothing = Tensor([[Float.nan, 1], [-.infinity, -.infinity]])
    #expect(nanError { _ = softmax(nothing) }?.inputs.map(\.range) == [-.infinity ... -.infinity])
  }
}
