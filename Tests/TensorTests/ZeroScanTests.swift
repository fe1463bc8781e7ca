import Testing

@testable import Tensor

/// Whether a tensor is all zeros, in every layout: walks leave out the tangents that are.
struct ZeroScanTests {
  private static let dtypes: [DType] = [.float32, .float64, .int32, .int64, .uint8, .bool]

  /// One element that is not zero is found wherever it lies, and what a view leaves out is not looked at.
  @Test(arguments: dtypes)
  func everyElementCounts(dtype: DType) {
    for count in [1, 2, 15, 64, 4096, 4097, 8200] {
      #expect(Tensor.zeros([count], dtype: dtype).storage.isZero)
      for place in Set([0, count / 2, count - 1]) {
        let x = (Tensor.arange(count, dtype: .int64) .== place).asType(dtype)
        #expect(!x.storage.isZero, "\(count) \(place)")
        #expect(x[0..<place].storage.isZero && x[(place + 1)..<count].storage.isZero, "\(count) \(place)")
      }
    }
  }

  @Test(arguments: dtypes)
  func viewsAreReadThroughTheirStrides(dtype: DType) {
    // One in the middle of [5, 6, 7].
    let x = (Tensor.arange(210, dtype: .int64) .== 2 * 42 + 3 * 7 + 4).asType(dtype).reshaped([5, 6, 7])
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
      #expect(!x.permuted(order).storage.isZero)
      #expect(!x[2..<3, 3..<6, 4..<7].permuted(order).storage.isZero)
      #expect(x[0..<5, 0..<6, 5..<7].permuted(order).storage.isZero)
      #expect(x[0..<5, 0..<3, 0..<7].permuted(order).storage.isZero)
    }
    #expect(Tensor.zeros([3, 0], dtype: dtype).storage.isZero && Tensor.zeros([], dtype: dtype).storage.isZero)
    #expect(Tensor.zeros([2, 1], dtype: dtype).expanded(to: [2, 5]).storage.isZero)
    #expect(!Tensor.ones([1, 3], dtype: dtype).expanded(to: [4, 3]).storage.isZero)
  }

  @Test(arguments: [DType.float32, .float64])
  func aZeroHasTwoSignsAndNaNIsNone(dtype: DType) {
    #expect(Tensor([-0.0, 0, -0.0]).asType(dtype).storage.isZero)
    #expect(!Tensor([0, Double.nan]).asType(dtype).storage.isZero)
    #expect(!Tensor([0, -Double.infinity]).asType(dtype).storage.isZero)
    let least = dtype == .float32 ? Double(Float.leastNonzeroMagnitude) : .leastNonzeroMagnitude
    #expect(!Tensor.full([3], least, dtype: dtype).storage.isZero)
  }
}
