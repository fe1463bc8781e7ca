import Autograd
import Testing

@testable import Tensor

struct CreationTests {
  @Test func literalsAreFloat32UnlessTold() {
    let x = Tensor([[1, 2.5], [3, -4]])
    #expect(x.dtype == .float32 && x.shape == [2, 2] && x.scalars(as: Float.self) == [1, 2.5, 3, -4])
    #expect(Tensor(7).shape == [] && Tensor(7).dtype == .float32 && Tensor(7).item() == 7)
    #expect(Tensor([1, 2], dtype: .int64).scalars(as: Int.self) == [1, 2])
    #expect(Tensor([0, 2, 0], dtype: .bool).scalars(as: Bool.self) == [false, true, false])
    #expect(Tensor([]).shape == [0] && Tensor([[], []]).shape == [2, 0])
  }

  @Test func largeWholeNumbersInLiteralsAreExact() {
    let big = 9_007_199_254_740_993  // 2^53 + 1
    #expect(Tensor([9_007_199_254_740_993], dtype: .int64).scalars(as: Int.self) == [big])
    #expect(
      Tensor([-9_223_372_036_854_775_808, 9_223_372_036_854_775_807], dtype: .int64).scalars(as: Int.self)
        == [.min, .max])
  }

  @Test func arraysKeepTheirType() {
    let floats: [Float] = [1, 2]
    let doubles: [[Double]] = [[1, 2], [3, 4]]
    let ints: [Int] = [1, -2]
    let shorts: [Int32] = [5]
    let bytes: [UInt8] = [255]
    let bools: [[[Bool]]] = [[[true], [false]]]
    #expect(Tensor(floats).dtype == .float32)
    #expect(Tensor(doubles).dtype == .float64 && Tensor(doubles).shape == [2, 2])
    #expect(Tensor(ints).dtype == .int64 && Tensor(ints).scalars(as: Int.self) == ints)
    #expect(Tensor(shorts).dtype == .int32 && Tensor(bytes).scalars(as: UInt8.self) == bytes)
    #expect(Tensor(bools).shape == [1, 2, 1] && Tensor(bools).scalars(as: Bool.self) == [true, false])
    #expect(Tensor([Int]()).shape == [0] && Tensor([[Float]]()).shape == [0, 0])
    #expect(Tensor([[[Double]]]()).dtype == .float64)
    let x = 2.5
    #expect(Tensor(x).dtype == .float64 && Tensor(x, dtype: .float32).dtype == .float32)
    #expect(Tensor(doubles, dtype: .int32).scalars(as: Int32.self) == [1, 2, 3, 4])
    #expect(Tensor(doubles.map { $0.map { Float($0) } }, requiresGrad: true).isTracked)
  }

  @Test func numbersWithAShape() {
    #expect(Tensor([1.0, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])[1, 0].item() == 4)
    #expect(Tensor([Double](), shape: [0, 3]).shape == [0, 3])
    #expect(
      misuse { _ = Tensor([1, 2, 3] as [Float], shape: [2, 2]) }
        == "Tensor: 3 numbers do not fill [2, 2], which takes 4")
    #expect(
      misuse { _ = Tensor([1, 2, 3, 4] as [Float], shape: [-2, -2]) }
        == "Tensor: [-2, -2] has a negative length")
  }

  @Test func raggedArraysAreRefused() {
    let text = "Tensor: the array is ragged: its first row says [2, 2], another differs"
    #expect(misuse { _ = Tensor([[1, 2], [3]]) } == text)
    #expect(misuse { _ = Tensor([[1, 2], 3]) } == text)
    #expect(misuse { _ = Tensor([[1.0, 2], [3, 4, 5]] as [[Double]]) } == text)
    #expect(misuse { _ = Tensor([[], [1]] as [[Float]]) }?.contains("ragged") == true)
    #expect(misuse { _ = Tensor([1, [2, 3]]) }?.contains("ragged") == true)
  }

  @Test func moreThanEightLevelsAreRefused() {
    let deep: [[[[[[[[[Float]]]]]]]]] = [[[[[[[[Array(repeating: 1, count: 5000)]]]]]]]]
    #expect(
      misuse { _ = Tensor(deep) } == "Tensor: an array nested 9 deep has more axes than the 8 there can be")
    #expect(
      misuse { _ = Tensor([[[[[[[[[1, 2, 3]]]]]]]]]) }
        == "Tensor: an array nested 9 deep has more axes than the 8 there can be")
  }

  @Test func constants() {
    for dtype in DType.allCases {
      #expect(doubles(Tensor.zeros([2, 2], dtype: dtype)) == [0, 0, 0, 0])
      #expect(doubles(Tensor.ones([3], dtype: dtype)) == [1, 1, 1])
      #expect(Tensor.ones([0, 3], dtype: dtype).shape == [0, 3])
      #expect(Tensor.zeros(like: Tensor.ones([2], dtype: dtype)).dtype == dtype)
    }
    #expect(Tensor.full([], 2.5).item() == 2.5)
    #expect(doubles(Tensor.full([2], -7, dtype: .int32)) == [-7, -7])
    #expect(misuse { _ = Tensor.zeros([2, -1]) } == "full: [2, -1] has a negative length")
  }

  @Test func fullSaturatesAsCastsDo() {
    for dtype in [DType.int32, .int64, .uint8, .bool] {
      for value in [1e30, -1e30, 300, -300, 2.9, -2.9, .nan, .infinity, 0.5] {
        let cast = Tensor([value]).asType(dtype)
        #expect(doubles(Tensor.full([1], value, dtype: dtype)) == doubles(cast), "\(value) as \(dtype)")
      }
    }
  }

  @Test func identity() {
    #expect(doubles(Tensor.eye(2)) == [1, 0, 0, 1])
    #expect(doubles(Tensor.eye(2, columns: 3, dtype: .int32)) == [1, 0, 0, 0, 1, 0])
    #expect(doubles(Tensor.eye(3, columns: 1)) == [1, 0, 0])
    #expect(Tensor.eye(0).shape == [0, 0] && Tensor.eye(2, columns: 0).shape == [2, 0])
    #expect(misuse { _ = Tensor.eye(-1) } == "eye: -1 x -1 is no size of a matrix")
  }

  @Test func ranges() {
    #expect(doubles(Tensor.arange(4)) == [0, 1, 2, 3] && Tensor.arange(0).shape == [0])
    #expect(Tensor.arange(-3).shape == [0])
    #expect(doubles(Tensor.arange(from: 5, to: 0, by: -2)) == [5, 3, 1])
    #expect(doubles(Tensor.arange(from: 0, to: 1, by: 0.25, dtype: .float64)) == [0, 0.25, 0.5, 0.75])
    #expect(Tensor.arange(3, dtype: .int64).scalars(as: Int.self) == [0, 1, 2])
    #expect(misuse { _ = Tensor.arange(from: 0, to: 1, by: 0) } == "arange: cannot go from 0.0 to 1.0 by 0.0")
    // Rounded once from float64, not accumulated.
    let fine = Tensor.arange(from: 0, to: 1000, by: 0.1).scalars(as: Float.self)
    #expect(fine.count == 10000 && fine.enumerated().allSatisfy { $1 == Float(Double($0) * 0.1) })
  }

  @Test func linspaceMeetsItsEnds() {
    let x = Tensor.linspace(from: 0, to: 0.7, count: 8, dtype: .float64).scalars(as: Double.self)
    #expect(x.first == 0 && x.last == 0.7 && x.count == 8)
    #expect(doubles(Tensor.linspace(from: 3, to: 9, count: 1)) == [3])
    #expect(Tensor.linspace(from: 0, to: 1, count: 0).shape == [0])
    #expect(
      misuse { _ = Tensor.linspace(from: 0, to: 1, count: 3, dtype: .int32) }?.hasPrefix("linspace: needs")
        == true)
  }
}
