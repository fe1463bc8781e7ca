import Tensor
import Testing

/// Int, Float and Double combine with a tensor, on either side, and take its dtype.
struct NumberOperandTests {
  private let n = 3
  private let f: Float = 3
  private let d = 3.0

  @Test(arguments: [DType.float32, .float64])
  func everyNumberTakesTheDtype(_ dtype: DType) {
    let x = Tensor([1.5, 4] as [Double]).asType(dtype)
    let groups: [[Tensor]] = [
      [x + d, x + n, x + f, d + x, n + x, f + x], [x - d, x - n, x - f], [d - x, n - x, f - x],
      [x * d, x * n, x * f, d * x, n * x, f * x], [x / d, x / n, x / f], [d / x, n / x, f / x],
      [maximum(x, d), maximum(x, n), maximum(x, f), maximum(d, x), maximum(n, x), maximum(f, x)],
      [minimum(x, d), minimum(x, n), minimum(x, f), minimum(d, x), minimum(n, x), minimum(f, x)],
      [pow(x, d), pow(x, n), pow(x, f)], [pow(d, x), pow(n, x), pow(f, x)],
      [remainder(x, d), remainder(x, n), remainder(x, f)],
      [floorDivide(x, d), floorDivide(x, n), floorDivide(x, f)],
      [x .> d, x .> n, x .> f], [x .<= d, x .<= n, x .<= f], [x .== d, x .== n, x .== f],
    ]
    let expected: [[Double]] = [
      [4.5, 7], [-1.5, 1], [1.5, -1], [4.5, 12], [0.5, 4.0 / 3], [2, 0.75], [3, 4], [1.5, 3], [3.375, 64],
      [5.196152422706632, 81], [1.5, 1], [0, 1], [0, 1], [1, 0], [0, 0],
    ]
    for (group, expected) in zip(groups, expected) {
      for result in group {
        #expect(result.dtype == (group[0].dtype == .bool ? .bool : dtype))
        #expect(result.asType(.float64).allClose(Tensor(expected), relative: 1e-6))
      }
    }
    #expect(groups.count == expected.count)
  }

  /// A variable keeps its digits, where a Double would not.
  @Test func largeIntegersAreExact() {
    let large = (1 << 53) + 1
    let x = Tensor([1, 2] as [Int])
    #expect((x + large).scalars(as: Int.self) == [large + 1, large + 2])
    #expect((large - x).scalars(as: Int.self) == [large - 1, large - 2])
  }
}
