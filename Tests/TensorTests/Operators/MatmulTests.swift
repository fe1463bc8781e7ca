import Autograd
import Testing

@testable import Tensor

struct MatmulTests {
  /// The product by its definition: matrices of the last two axes, stacks broadcast.
  private func reference(_ a: Tensor, _ b: Tensor) -> (shape: Shape, values: [Double]) {
    let left = a.rank == 1 ? a.unsqueezed(axis: 0) : a
    let right = b.rank == 1 ? b.unsqueezed(axis: 1) : b
    let (m, k, n) = (left.shape[left.rank - 2], left.shape[left.rank - 1], right.shape[right.rank - 1])
    let stack = left.shape.first(left.rank - 2).broadcast(with: right.shape.first(right.rank - 2))!
    let x = doubles(left.expanded(to: stack.followed(by: [m, k])))
    let y = doubles(right.expanded(to: stack.followed(by: [k, n])))
    var values: [Double] = []
    for s in 0..<stack.elementCount {
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for p in 0..<k { sum += x[(s * m + i) * k + p] * y[(s * k + p) * n + j] }
          values.append(sum)
        }
      }
    }
    var shape = stack
    if a.rank > 1 { shape.append(m) }
    if b.rank > 1 { shape.append(n) }
    return (shape, values)
  }

  /// A tensor of this shape in one of many layouts.
  private func operand(_ shape: Shape, _ dtype: DType, _ random: inout SplitMix) -> Tensor {
    let rank = shape.rank
    let values = random.wholeNumbers(shape, dtype: dtype)
    switch Int.random(in: 0..<8, using: &random) {
    case 1 where rank >= 2:  // stored transposed
      return Tensor(values.transposed(-2, -1).storage.copied()).transposed(-2, -1)
    case 2:  // part of a wider array
      let wide = concatenated([values, values], axis: -1)
      return wide[AnyIndex(.ellipsis), AnyIndex(.range(from: 0, to: shape[rank - 1], step: 1))]
    case 3:  // every second column
      let doubled = stacked([values, values], axis: -1).reshaped(
        shape.first(rank - 1).followed(by: [2 * shape[rank - 1]]))
      return doubled[AnyIndex(.ellipsis), AnyIndex(.range(from: nil, to: nil, step: 2))]
    case 4:  // backwards
      let flipped = Tensor(
        values[AnyIndex(.ellipsis), AnyIndex(.range(from: nil, to: nil, step: -1))].storage.copied())
      return flipped[AnyIndex(.ellipsis), AnyIndex(.range(from: nil, to: nil, step: -1))]
    case 5 where shape[0] > 0:  // repeated
      return values[0..<1].expanded(to: shape)
    case 6 where rank >= 2:  // rows backwards
      let flipped = Tensor(values[AnyIndex(.range(from: nil, to: nil, step: -1))].storage.copied())
      return flipped[AnyIndex(.range(from: nil, to: nil, step: -1))]
    case 7 where shape[rank - 1] > 0:  // one column repeated
      return values[AnyIndex(.ellipsis), AnyIndex(.range(from: 0, to: 1, step: 1))].expanded(to: shape)
    default: return values
    }
  }

  @Test(arguments: 0..<6) func everyRankAndLayout(seed: Int) {
    var random = SplitMix(UInt64(700 + seed))
    for round in 0..<120 {
      let dtype: DType = [.float32, .float64, .float32, .int64, .int32, .uint8][round % 6]
      func length() -> Int { [0, 1, 1, 2, 3, 5, 8, 17].randomElement(using: &random)! }
      let (m, k, n) = (length(), length(), length())
      func stack() -> [Int] {
        (0..<Int.random(in: 0...2, using: &random)).map { _ in [1, 3].randomElement(using: &random)! }
      }
      let left =
        Bool.random(using: &random) ? stack() + [m, k] : [[k], [m, k]].randomElement(using: &random)!
      let right =
        Bool.random(using: &random) ? stack() + [k, n] : [[k], [k, n]].randomElement(using: &random)!
      let a = operand(Shape(left), dtype, &random)
      let b = operand(Shape(right), dtype, &random)
      let expected = reference(a, b)
      let got = matmul(a, b)
      #expect(got.shape == expected.shape && got.dtype == dtype)
      let wanted = dtype == .uint8 ? expected.values.map { Double(Int($0) & 255) } : expected.values
      #expect(
        doubles(got) == wanted,
        "\(a.shape) x \(b.shape) \(dtype), strides \(a.storage.strides) \(b.storage.strides)")
    }
  }

  @Test(arguments: 0..<3) func gradientsOfEveryRankAndLayout(seed: Int) {
    var random = SplitMix(UInt64(800 + seed))
    for _ in 0..<40 {
      func length() -> Int { [0, 1, 2, 3, 5].randomElement(using: &random)! }
      let (m, k, n) = (length(), length(), length())
      func stack() -> [Int] {
        (0..<Int.random(in: 0...2, using: &random)).map { _ in [1, 2].randomElement(using: &random)! }
      }
      let left =
        Bool.random(using: &random) ? stack() + [m, k] : [[k], [m, k]].randomElement(using: &random)!
      let right =
        Bool.random(using: &random) ? stack() + [k, n] : [[k], [k, n]].randomElement(using: &random)!
      let a = operand(Shape(left), .float64, &random).tracked()
      let b = operand(Shape(right), .float64, &random).tracked()
      let y = matmul(a, b)
      let u = random.wholeNumbers(y.shape, dtype: .float64)
      (y * u).sum().backward()
      // <u, A'B> with one element of A at a time.
      let da = random.wholeNumbers(a.shape, dtype: .float64)
      let db = random.wholeNumbers(b.shape, dtype: .float64)
      let forward = jvp(
        { (p: [Tensor]) in matmul(p[0], p[1]) }, at: [a.detached(), b.detached()], along: [da, db]
      ).tangent
      let expected = zip(reference(da, b.detached()).values, reference(a.detached(), db).values).map {
        $0 + $1
      }
      #expect(doubles(forward) == expected)
      let inner = zip(doubles(u), expected).reduce(0) { $0 + $1.0 * $1.1 }
      let outer =
        zip(doubles(a.grad ?? .zeros(like: a)), doubles(da)).reduce(0) { $0 + $1.0 * $1.1 }
        + zip(doubles(b.grad ?? .zeros(like: b)), doubles(db)).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(inner == outer, "\(a.shape) x \(b.shape)")
      #expect((a.grad?.shape ?? a.shape) == a.shape && (b.grad?.shape ?? b.shape) == b.shape)
    }
  }

  @Test func largerProducts() {
    var random = SplitMix(77)
    for (m, k, n) in [(64, 65, 66), (130, 1, 140), (1, 300, 257), (257, 300, 1), (100, 200, 3)] {
      for dtype in [DType.float32, .float64] {
        let a = random.wholeNumbers([m, k], dtype: dtype)
        let b = random.wholeNumbers([k, n], dtype: dtype)
        #expect(doubles(matmul(a, b)) == reference(a, b).values)
        #expect(
          doubles(matmul(b.transposed(), a.transposed())) == reference(b.transposed(), a.transposed()).values)
      }
    }
  }

  @Test func dots() {
    let x = Tensor([1, 2, 3])
    #expect(
      dot(x, x).item() == 14 && dot(x[.stride(by: -1)], x).item() == 10
        && dot(Tensor([]), Tensor([])).item() == 0)
    #expect(
      misuse { _ = dot(x, Tensor([1])) } == "dot: needs two vectors of one length, got shapes [3] and [1]")
  }

  @Test func misuseNamesShapes() {
    #expect(
      misuse { _ = matmul(.zeros([2, 3]), .zeros([4, 5])) }
        == "matmul: inner axes differ, [2, 3] x [4, 5] (3 != 4)")
    #expect(
      misuse { _ = matmul(.zeros([3]), .zeros([4])) } == "matmul: inner axes differ, [3] x [4] (3 != 4)")
    #expect(
      misuse { _ = matmul(Tensor(1), .zeros([4])) }
        == "matmul: needs vectors or matrices, got shapes [] and [4]; use * to scale")
    #expect(
      misuse { _ = matmul(.zeros([2, 2]), .zeros([2, 2], dtype: .float64)) }
        == "matmul: the dtypes are float32 and float64; they must be equal and numbers, convert with asType")
    #expect(
      misuse { _ = matmul(.zeros([2, 2], dtype: .bool), .zeros([2, 2], dtype: .bool)) }?.contains("bool")
        == true)
    #expect(
      misuse { _ = matmul(.zeros([2, 1, 3]), .zeros([3, 3, 1])) }
        == "matmul: the stacks of [2, 1, 3] and [3, 3, 1] do not broadcast")
  }
}
