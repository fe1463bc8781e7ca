import Autograd

/// Comparisons of results with what was recorded.
enum Difference {
  /// The first element that differs, or nil: numbers within `tolerance` of the largest (at least of 1),
  /// integers and bools equal.
  static func value(_ got: Tensor, _ want: Tensor, tolerance: Double) -> String? {
    guard kind(got.dtype) == kind(want.dtype) else { return "expected \(want.dtype), got \(got.dtype)" }
    guard got.shape == want.shape else { return "expected shape \(want.shape), got \(got.shape)" }
    guard want.dtype.isFloatingPoint else {
      return first(
        got.asType(.int64).scalars(as: Int64.self), want.asType(.int64).scalars(as: Int64.self), want.shape,
        ==)
    }
    let expected = numbers(want)
    let bound = tolerance * scale(expected)
    return first(numbers(got), expected, want.shape) { isClose($0, $1, bound) }
  }

  /// Whether two sums of products are equal, to the tolerance of the sizes of what is added.
  static func contraction(
    _ got: Zip2Sequence<[Tensor], [Tensor]>, _ want: Zip2Sequence<[Tensor], [Tensor]>, tolerance: Double
  ) -> String? {
    let (a, sizeA) = sum(got)
    let (b, sizeB) = sum(want)
    return isClose(a, b, tolerance * max(1, max(sizeA, sizeB))) ? nil : "expected <u, d2f w> = \(b), got \(a)"
  }

  private static func sum(_ pairs: Zip2Sequence<[Tensor], [Tensor]>) -> (Double, Double) {
    var total = 0.0
    var size = 0.0
    for (a, b) in pairs {
      for (x, y) in zip(numbers(a), numbers(b)) {
        total += x * y
        if (x * y).isFinite { size += Swift.abs(x * y) }
      }
    }
    return (total, size)
  }

  private static func kind(_ dtype: DType) -> Int { dtype.isFloatingPoint ? 2 : dtype == .bool ? 0 : 1 }

  private static func numbers(_ x: Tensor) -> [Double] {
    x.detached().asType(.float64).scalars(as: Double.self)
  }

  private static func scale(_ numbers: [Double]) -> Double {
    numbers.reduce(1) { $1.isFinite ? Swift.max($0, Swift.abs($1)) : $0 }
  }

  private static func isClose(_ got: Double, _ want: Double, _ bound: Double) -> Bool {
    got == want || (got.isNaN && want.isNaN) || Swift.abs(got - want) <= bound
  }

  private static func first<Number>(
    _ got: [Number], _ want: [Number], _ shape: Shape, _ isEqual: (Number, Number) -> Bool
  ) -> String? {
    guard let index = got.indices.first(where: { !isEqual(got[$0], want[$0]) }) else { return nil }
    let wrong = got.indices.count { !isEqual(got[$0], want[$0]) }
    return
      "at \(position(index, shape)) of \(shape) expected \(want[index]), got \(got[index]) (\(wrong) differ)"
  }

  private static func position(_ index: Int, _ shape: Shape) -> [Int] {
    var rest = index
    var result: [Int] = []
    for length in shape.reversed() {
      result.insert(rest % length, at: 0)
      rest /= length
    }
    return result
  }
}
