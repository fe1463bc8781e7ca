import Autograd
import Testing

@testable import Tensor

struct DescriptionTests {
  @Test func numbersAreAligned() {
    #expect(Tensor([1, 2.5]).description == "[1.0, 2.5]  float32 [2]")
    #expect(
      Tensor([[1, -2.25], [10, 0]]).description == "[[ 1.00, -2.25],\n [10.00,  0.00]]  float32 [2, 2]")
    #expect(Tensor([1, 20, -300]).description == "[   1.0,   20.0, -300.0]  float32 [3]")
    #expect(Tensor([1.0 / 3] as [Double]).description == "[0.333333]  float64 [1]")
    #expect(Tensor([0.1, 0.2, 0.3]).description == "[0.1, 0.2, 0.3]  float32 [3]")
    #expect(Tensor([-0.0, 0.0] as [Float]).description.hasSuffix("0.0]  float32 [2]"))
  }

  @Test func specialValues() {
    #expect(
      Tensor([.nan, .infinity, -.infinity, 1] as [Float]).description
        == "[ nan,  inf, -inf,  1.0]  float32 [4]")
    #expect(Tensor([Float.nan]).description == "[nan]  float32 [1]")
  }

  @Test func largeAndSmallAreScientific() {
    #expect(Tensor([1e10, 1]).description == "[1.0e+10, 1.0e+00]  float32 [2]")
    #expect(Tensor([1.5e-7, 0]).description == "[1.5e-07,     0.0]  float32 [2]")
    #expect(Tensor([-2.5e300] as [Double]).description == "[-2.5e+300]  float64 [1]")
    #expect(Tensor([Float.leastNonzeroMagnitude]).description == "[1.0e-45]  float32 [1]")
    #expect(Tensor([12345678, 1]).description.contains("e+") == true)
    #expect(Tensor([0.0001, 1] as [Double]).description == "[0.0001, 1.0000]  float64 [2]")
    #expect(Tensor([1.23456789987e-20] as [Double]).description == "[1.2345679e-20]  float64 [1]")
    #expect(Tensor([1.9999999999e10] as [Double]).description == "[2.0e+10]  float64 [1]")
  }

  @Test func otherDtypes() {
    #expect(Tensor([1, -20] as [Int]).description == "[  1, -20]  int64 [2]")
    #expect(
      Tensor([Int.min, Int.max]).description == "[-9223372036854775808,  9223372036854775807]  int64 [2]")
    #expect(Tensor([255] as [UInt8]).description == "[255]  uint8 [1]")
    #expect(Tensor([true, false]).description == "[ true, false]  bool [2]")
    #expect(Tensor([3] as [Int32]).description == "[3]  int32 [1]")
  }

  @Test func emptyAndZeroDimensional() {
    #expect(Tensor(1.5).description == "1.5  float32 []")
    #expect(Tensor([]).description == "[]  float32 [0]")
    #expect(Tensor.zeros([0, 3]).description == "[]  float32 [0, 3]")
    #expect(Tensor.zeros([2, 0]).description == "[[],\n []]  float32 [2, 0]")
  }

  @Test func higherRanksHaveBlankLines() {
    #expect(
      Tensor.arange(8).reshaped([2, 2, 2]).description == """
        [[[0.0, 1.0],
          [2.0, 3.0]],

         [[4.0, 5.0],
          [6.0, 7.0]]]  float32 [2, 2, 2]
        """)
  }

  @Test func manyElementsAreShortened() {
    #expect(
      Tensor.arange(1001, dtype: .int64).description
        == "[   0,    1,    2, ...,  998,  999, 1000]  int64 [1001]")
    #expect(!Tensor.arange(1000, dtype: .int64).description.contains("..."))
    let square = Tensor.arange(10_000, dtype: .int32).reshaped([100, 100]).description
    #expect(
      square == """
        [[   0,    1,    2, ...,   97,   98,   99],
         [ 100,  101,  102, ...,  197,  198,  199],
         [ 200,  201,  202, ...,  297,  298,  299],
         ...,
         [9700, 9701, 9702, ..., 9797, 9798, 9799],
         [9800, 9801, 9802, ..., 9897, 9898, 9899],
         [9900, 9901, 9902, ..., 9997, 9998, 9999]]  int32 [100, 100]
        """)
  }

  @Test func longRowsWrap() {
    let lines = Tensor.arange(100, dtype: .int64).description.split(separator: "\n")
    #expect(lines.count > 3 && lines.allSatisfy { $0.count <= 90 } && lines[1].hasPrefix(" "))
  }

  @Test func viewsPrintTheirOwnElements() {
    let x = Tensor.arange(6, dtype: .int32).reshaped([2, 3])
    #expect(x.transposed()[.stride(by: -1)].description == "[[2, 5],\n [1, 4],\n [0, 3]]  int32 [3, 2]")
  }
}
