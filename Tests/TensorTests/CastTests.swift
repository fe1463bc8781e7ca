import Autograd
import Testing

@testable import Tensor

struct CastTests {
  private static let extremes: [Double] = [
    0, -0.0, 0.4, -0.4, 0.9, -0.9, 1.5, -1.5, 127, 255, 255.9, 256, 300, -1, -300, 2_147_483_647,
    2_147_483_648,
    -2_147_483_648, -2_147_483_649, 1e10, -1e10, 9.2e18, 9.3e18, -9.3e18, 1e300, -1e300, .infinity,
    -.infinity, .nan,
    .leastNonzeroMagnitude,
  ]

  /// Truncates, saturates, and NaN is 0.
  private static func whole<T: FixedWidthInteger>(_ x: Double, _: T.Type) -> T {
    if x.isNaN { return 0 }
    let cut = x.rounded(.towardZero)
    if cut >= Double(T.max) { return T.max }
    if cut <= Double(T.min) { return T.min }
    return T(cut)
  }

  @Test func floatToIntegerSaturates() {
    let x = CastTests.extremes
    let tensor = Tensor(x)
    #expect(tensor.asType(.int32).scalars(as: Int32.self) == x.map { CastTests.whole($0, Int32.self) })
    #expect(tensor.asType(.int64).scalars(as: Int64.self) == x.map { CastTests.whole($0, Int64.self) })
    #expect(tensor.asType(.uint8).scalars(as: UInt8.self) == x.map { CastTests.whole($0, UInt8.self) })
    #expect(tensor.asType(.bool).scalars(as: Bool.self) == x.map { $0 != 0 })
    let singles = x.map { Float($0) }
    let single = Tensor(singles)
    #expect(
      single.asType(.int32).scalars(as: Int32.self) == singles.map { CastTests.whole(Double($0), Int32.self) }
    )
    #expect(
      single.asType(.int64).scalars(as: Int64.self) == singles.map { CastTests.whole(Double($0), Int64.self) }
    )
    #expect(
      single.asType(.uint8).scalars(as: UInt8.self) == singles.map { CastTests.whole(Double($0), UInt8.self) }
    )
    #expect(single.asType(.bool).scalars(as: Bool.self) == singles.map { $0 != 0 })
  }

  /// The same element by element as in a long contiguous run, a transpose and a step, for every pair.
  @Test func everyPairInEveryLayout() {
    let x = CastTests.extremes + (0..<170).map { Double($0) - 80.5 }
    let base = Tensor(x)
    for from in DType.allCases {
      let source = base.asType(from)
      for to in DType.allCases {
        let flat = doubles(source.asType(to))
        let one = (0..<x.count).map { doubles(source[$0].asType(to))[0] }
        #expect(zip(flat, one).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(from) to \(to)")
        let square = source.reshaped([20, 10]).transposed()
        let moved = doubles(square.asType(to).transposed())
        #expect(
          zip(flat, moved).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(from) to \(to), transposed")
        let stepped = doubles(source[.stride(by: -3)].asType(to))
        let expected = stride(from: x.count - 1, through: 0, by: -3).map { flat[$0] }
        #expect(
          zip(stepped, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) },
          "\(from) to \(to), stepped")
      }
    }
  }

  @Test func castsKeepGradients() {
    let x = Tensor([1, 2, 3], requiresGrad: true)
    (x.asType(.float64) * Tensor([1.0, 10, 100] as [Double])).sum().backward()
    #expect(x.grad!.dtype == .float32 && doubles(x.grad!) == [1, 10, 100])
    #expect(!x.asType(.int32).isTracked && !x.asType(.bool).isTracked)
    #expect(x.asType(.float32).isTracked)
  }
}
