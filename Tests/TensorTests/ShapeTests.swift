import Autograd
import Testing

@testable import Tensor

struct ShapeTests {
  @Test func isACollectionOfLengths() {
    let shape: Shape = [2, 3, 4]
    #expect(shape.rank == 3 && shape.count == 3 && shape.elementCount == 24)
    #expect(shape[1] == 3 && Array(shape) == [2, 3, 4] && shape.description == "[2, 3, 4]")
    #expect(Shape([]) == [] && Shape().elementCount == 1)
    #expect(Shape([0, 5]).elementCount == 0)
    #expect(shape != [2, 3] && shape != [2, 3, 4, 1] && shape == Shape([2, 3, 4]))
    #expect(Set([shape, [2, 3, 4], [4, 3, 2]]).count == 2)
  }

  @Test func equalityLooksAtUsedAxesOnly() {
    var shape: Shape = [2, 3, 4]
    shape.remove(at: 1)
    #expect(shape == [2, 4] && shape.hashValue == Shape([2, 4]).hashValue)
    shape.insert(7, at: 0)
    shape.insert(9, at: 3)
    #expect(shape == [7, 2, 4, 9])
    #expect(shape.first(2) == [7, 2] && shape.last(2) == [4, 9])
    #expect(shape.first(0) == [] && shape.last(0) == [])
    #expect(shape.first(1).followed(by: shape.last(1)) == [7, 9])
  }

  @Test func stridesAndSplits() {
    let shape: Shape = [2, 3, 4]
    #expect(shape.rowMajorStrides == [12, 4, 1])
    #expect(Shape().rowMajorStrides == [])
    #expect(shape.split(at: 0) == (1, 2, 12))
    #expect(shape.split(at: 1) == (2, 3, 4))
    #expect(shape.split(at: 2) == (6, 4, 1))
  }

  /// NumPy's rule, from its definition, for all pairs of shapes with lengths 0 to 3 and rank up to 3.
  @Test func broadcastsAsNumPy() {
    var shapes: [Shape] = [[]]
    var last: [Shape] = [[]]
    for _ in 0..<3 {
      last = last.flatMap { shape in [0, 1, 2, 3].map { Shape(Array(shape) + [$0]) } }
      shapes += last
    }
    func reference(_ a: Shape, _ b: Shape) -> Shape? {
      let rank = max(a.rank, b.rank)
      var lengths: [Int] = []
      for axis in 0..<rank {
        let x = axis - (rank - a.rank) >= 0 ? a[axis - (rank - a.rank)] : 1
        let y = axis - (rank - b.rank) >= 0 ? b[axis - (rank - b.rank)] : 1
        if x == y {
          lengths.append(x)
        } else if x == 1 {
          lengths.append(y)
        } else if y == 1 {
          lengths.append(x)
        } else {
          return nil
        }
      }
      return Shape(lengths)
    }
    var wrong = 0
    for a in shapes { for b in shapes where a.broadcast(with: b) != reference(a, b) { wrong += 1 } }
    #expect(wrong == 0)
  }

  @Test func moreThanEightAxesAreRefused() {
    #expect(
      misuse { _ = Shape(Array(repeating: 1, count: 9)) }
        == "shape: [1, 1, 1, 1, 1, 1, 1, 1, 1] has more than 8 axes")
    #expect(Shape(Array(repeating: 1, count: 8)).rank == 8)
  }

  @Test func arithmeticBroadcasts() {
    let column = Tensor([[10], [20]])
    let row = Tensor([1, 2, 3])
    let sum = column + row
    #expect(sum.shape == [2, 3] && doubles(sum) == [11, 12, 13, 21, 22, 23])
    #expect((Tensor(5.0) + row).shape == [3])
    #expect((Tensor.zeros([0]) + Tensor([1])).shape == [0])
    #expect((Tensor.zeros([2, 0]) * Tensor.ones([2, 1])).shape == [2, 0])
  }
}
