import Autograd
import Foundation
import Testing

@testable import Tensor

struct ScalarsTests {
  @Test func scalarsComeInRowMajorOrder() {
    let x = Tensor.arange(6).reshaped([2, 3])
    #expect(x.transposed().scalars(as: Float.self) == [0, 3, 1, 4, 2, 5])
    #expect(x[.all, .stride(by: -1)].scalars(as: Float.self) == [2, 1, 0, 5, 4, 3])
    #expect(Tensor(3.0).expanded(to: [2, 2]).scalars(as: Float.self) == [3, 3, 3, 3])
    #expect(Tensor.zeros([0]).scalars(as: Float.self) == [])
    #expect(
      misuse { _ = x.scalars(as: Double.self) }
        == "scalars: the elements are float32, not float64 (Double); convert with asType(.float64)")
  }

  @Test func items() {
    #expect(Tensor([[2.5]]).item() == 2.5)
    #expect(Tensor([1, 2, 3])[1].item(as: Float.self) == 2)
    #expect(Tensor([5] as [Int]).item(as: Int64.self) == 5 && Tensor([5] as [Int]).item() == 5)
    #expect(Tensor(true).item(as: Bool.self) && Tensor(true).item() == 1)
    let reversed = Tensor([1, 2, 3])[.stride(by: -1)]
    #expect(reversed[0].item() == 3 && reversed[-1].item(as: Float.self) == 1)
    #expect(
      misuse { _ = reversed.item() } == "item: needs exactly one element, the shape is [3] (3 elements)")
    #expect(
      misuse { _ = Tensor([]).item() } == "item: needs exactly one element, the shape is [0] (0 elements)")
    #expect(
      misuse { _ = Tensor(1).item(as: Int.self) }?.hasPrefix("scalars: the elements are float32") == true)
  }

  @Test func allClose() {
    let x = Tensor([1, 2, .infinity] as [Float])
    #expect(x.allClose(x) && !x.allClose(Tensor([1, 2, 3] as [Float])))
    #expect(!Tensor([1, 2] as [Float]).allClose(Tensor([1, 2] as [Double])))
    #expect(!Tensor([1, 2]).allClose(Tensor([[1, 2]])))
    #expect(Tensor([1.000001]).allClose(Tensor([1])) && !Tensor([1.0001]).allClose(Tensor([1])))
    #expect(Tensor([1.0001]).allClose(Tensor([1]), relative: 1e-3))
    #expect(Tensor([1e-9]).allClose(Tensor([0])) && !Tensor([1e-7]).allClose(Tensor([0])))
    let nan = Tensor([Float.nan])
    #expect(!nan.allClose(nan) && nan.allClose(nan, nanEqual: true))
    let infinite = Tensor([Float.infinity])
    #expect(!infinite.allClose(-infinite) && !(-infinite).allClose(infinite))
    #expect(!Tensor([1]).allClose(infinite) && !infinite.allClose(Tensor([1])))
    #expect(Tensor([]).allClose(Tensor([])))
  }

  @Test func codableRoundTrip() throws {
    let base = Tensor([[0, 1.1, -2], [3, 4, 1e-30]] as [[Double]])
    for dtype in DType.allCases {
      for x in [
        base.asType(dtype), base.asType(dtype).transposed(), base.asType(dtype)[0, 1],
        .zeros([0, 2], dtype: dtype),
      ] {
        let back = try JSONDecoder().decode(Tensor.self, from: JSONEncoder().encode(x))
        #expect(back.dtype == dtype && back.shape == x.shape && doubles(back) == doubles(x))
      }
    }
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let special = Tensor([.infinity, -.infinity, .nan, -0.0] as [Float])
    let back = try decoder.decode(Tensor.self, from: encoder.encode(special))
    #expect(back.allClose(special, nanEqual: true) && back[3].item().sign == .minus)
  }

  @Test(arguments: [
    #"{"dtype":"float32","shape":[2],"scalars":[1]}"#, #"{"dtype":"float16","shape":[1],"scalars":[1]}"#,
    #"{"dtype":"float32","shape":[-1,-1],"scalars":[1]}"#,
    #"{"dtype":"float32","shape":[1],"scalars":["a"]}"#,
    #"{"dtype":"float32","shape":[1,1,1,1,1,1,1,1,1],"scalars":[1]}"#, #"{"shape":[1],"scalars":[1]}"#,
    #"{"dtype":"uint8","shape":[1],"scalars":[256]}"#,
    #"{"dtype":"float32","shape":[4294967296,4294967296,4294967296],"scalars":[1]}"#,
  ])
  func badDataIsAnErrorNotATrap(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Tensor.self, from: Data(json.utf8)) }
  }
}
