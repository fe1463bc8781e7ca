import Testing

@testable import Autograd
@testable import Tensor

/// Hessians of which half is computed, and the other is its mirror image.
struct MatrixHalfTests {
  /// The layers of a net of 32 examples, that reads its parameters in some order.
  static func net(_ p: [Tensor]) -> Tensor {
    let x = sin(Tensor.arange(128, dtype: .float64)).reshaped([32, 4]).asType(p[0].dtype)
    let hidden = tanh(matmul(tanh(matmul(x, p[0]) + p[1]), p[2]) + p[3])
    return square(matmul(hidden, p[4]) + p[5]).mean()
  }

  static let shapes: [Shape] = [[4, 16], [16], [16, 16], [16], [16, 1], [1]]
  static let count = 369

  /// The net's parameters as parts of one vector, which come in some order.
  static func net(of vector: Tensor, order: [Int] = Array(0..<6)) -> Tensor {
    var first = 0
    var parts: [Int: Tensor] = [:]
    for place in order {
      let shape = shapes[place]
      parts[place] = vector[first..<first + shape.elementCount].reshaped(shape)
      first += shape.elementCount
    }
    return net((0..<6).map { parts[$0]! })
  }

  static func point(_ count: Int, _ dtype: DType = .float64) -> Tensor {
    (0.4 * sin(Tensor.arange(count, dtype: .float64) * 1.3 + 0.2)).asType(dtype)
  }

  /// The rows of a Hessian by products one after the other, which know nothing of halves.
  static func rows(_ f: @escaping (Tensor) -> Tensor, at x: Tensor) -> [Double] {
    let n = x.count
    let identity = Tensor.eye(n, dtype: x.dtype)
    let H = HessianOperator(f, at: x)
    return (0..<n).flatMap { doubles(H(identity[$0].reshaped(x.shape))) }
  }

  /// Compares the Hessian and its diagonal with products; whether half of it is computed.
  static func check(
    _ f: @escaping (Tensor) -> Tensor, at x: Tensor, within tolerance: Double = 1e-13,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Bool {
    let n = x.count
    let expected = rows(f, at: x)
    let H = try hessian(f)(x)
    #expect(H.shape == x.shape.followed(by: x.shape), sourceLocation: sourceLocation)
    #expect(near(H, expected, tolerance), sourceLocation: sourceLocation)
    let diagonal = (0..<n).map { expected[$0 * n + $0] }
    #expect(near(hessianDiagonal(f)(x), diagonal, tolerance), sourceLocation: sourceLocation)
    let blocks = RecordedGradient("hessian", [x], { f($0[0]) })!.map.blocks
    return blocks.half(.max) != nil
  }

  /// Whether a matrix is its mirror image to the last digit.
  static func isSymmetric(_ H: Tensor, _ rows: Range<Int>, _ columns: Range<Int>) -> Bool {
    doubles(H[rows, columns]) == doubles(H[columns, rows].transposed())
  }

  @Test func layersInAnyOrder() throws {
    let x = Self.point(Self.count)
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [4, 2, 0, 1, 3, 5]] {
      let f = { (v: Tensor) in Self.net(of: v, order: order) }
      #expect(try Self.check(f, at: x), "\(order)")
    }
    // First weights against second, which two walks would round differently.
    #expect(Self.isSymmetric(try hessian { Self.net(of: $0) }(x), 0..<64, 80..<336))
    let single = try hessian { Self.net(of: $0) }(x.asType(.float32))
    #expect(near(single, Self.rows({ Self.net(of: $0) }, at: x), 1e-5))
  }

  @Test func structures() throws {
    let values = Self.shapes.map { Self.point($0.elementCount).reshaped($0) }
    let flat = concatenated(values.map { $0.flattened() })
    let expected = Self.rows({ Self.net(of: $0) }, at: flat)
    let H = try hessian(Self.net)(values)
    #expect(near(H.matrix(), expected, 1e-13))
    #expect(doubles(H[2, 0].reshaped([256, 64])) == doubles(H[0, 2].reshaped([64, 256]).transposed()))
    // Against the order in which they are read.
    let backwards = try hessian { (p: [Tensor]) in Self.net(p.reversed()) }(values.reversed())
    for (i, j) in [(0, 0), (0, 3), (4, 1), (2, 5), (5, 2)] {
      #expect(near(backwards[5 - i, 5 - j], doubles(H[i, j]), 1e-13), "\(i), \(j)")
    }
    #expect(RecordedGradient("hessian", values, Self.net)!.map.blocks.half(.max) != nil)
    // Of several dtypes nothing can be moved as it is.
    let mixed = values.enumerated().map { $0.offset == 2 ? $0.element.asType(.float32) : $0.element }
    let f = { (p: [Tensor]) in Self.net(p.map { $0.asType(.float64) }) }
    #expect(RecordedGradient("hessian", mixed, f)!.map.blocks.half(.max) == nil)
    #expect(near(try hessian(f)(mixed).matrix(), expected, 1e-5))
  }

  /// Parts that overlap, that lie apart, or that leave elements to nobody, beside what reads all.
  @Test func partsThatLieAnyhow() throws {
    let x = Self.point(300)
    func chain(_ parts: [Tensor]) -> Tensor {
      let seed = Tensor.ones([40, 20], dtype: .float64) * 0.1
      return parts.reduce(seed) { y, part in
        (0..<4).reduce(y) { y, _ in tanh(y * part.reshaped([1, 20]) + y + part.sum()) }
      }.sum()
    }
    let overlapping = { (v: Tensor) in chain(stride(from: 0, through: 280, by: 14).map { v[$0..<$0 + 20] }) }
    #expect(try Self.check(overlapping, at: x, within: 1e-11))
    let apart = { (v: Tensor) in chain((0..<10).map { v[.stride(from: $0, to: 200, by: 10)] }) }
    _ = try Self.check(apart, at: x, within: 1e-11)
    let gaps = { (v: Tensor) in chain([v[20..<40], v[100..<120], v[250..<270]]) }
    #expect(try Self.check(gaps, at: x, within: 1e-11))
    let backwards = { (v: Tensor) in chain([v[.stride(from: 59, to: 39, by: -1)], v[0..<20]]) }
    _ = try Self.check(backwards, at: x, within: 1e-11)
    let all = { (v: Tensor) in chain((0..<15).map { v[20 * $0..<20 * $0 + 20] }) + dot(v, v * v) }
    _ = try Self.check(all, at: x, within: 1e-11)
    let matrix = { (m: Tensor) in chain((0..<15).map { m[$0] }) }
    #expect(try Self.check(matrix, at: x.reshaped([15, 20]), within: 1e-11))
    let columns = { (m: Tensor) in chain((0..<15).map { m[.all, $0] }) }
    _ = try Self.check(columns, at: x.reshaped([20, 15]), within: 1e-11)
  }

  /// More parts than a set has bits.
  @Test func manyParts() throws {
    let x = Self.point(420)
    let f = { (v: Tensor) in
      (0..<105).reduce(Tensor.ones([24, 4], dtype: .float64)) { y, layer in
        sin(y + v[4 * layer..<4 * layer + 4])
      }.sum()
    }
    #expect(try Self.check(f, at: x, within: 1e-11))
  }

  /// A tensor without elements, inputs that share a gradient, and one that is the other's.
  @Test func unusualStructures() throws {
    let empty = Self.shapes.map { Self.point($0.elementCount).reshaped($0) } + [Tensor.zeros([0, 3], dtype: .float64)]
    let padded = { (p: [Tensor]) in Self.net(p) + p[6].sum() }
    let blocks = RecordedGradient("hessian", empty, padded)!.map.blocks
    #expect(blocks.half(.max) != nil)
    let H = try hessian(padded)(empty)
    let plain = try hessian(Self.net)(Array(empty.dropLast()))
    #expect(near(H.matrix(), doubles(plain.matrix()), 1e-13) && H[6, 2].shape == [0, 3, 16, 16])
    #expect(H[2, 6].shape == [16, 16, 0, 3] && H[6, 6].shape == [0, 3, 0, 3])
    let (a, b) = (Self.point(200), Self.point(200) + 1)
    let identity = Tensor.eye(200, dtype: .float64)
    let shared = try hessian { (a: Tensor, b: Tensor) in square(a + b).sum() }(a, b)
    for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] { #expect(near(shared[i, j], doubles(2 * identity), 1e-14)) }
    let product = try hessian { (a: Tensor, b: Tensor) in (a * b).sum() }(a, b)
    #expect(near(product[0, 1], doubles(identity), 1e-14) && near(product[1, 0], doubles(identity), 1e-14))
    #expect(doubles(product[0, 0]).allSatisfy { $0 == 0 } && doubles(product[1, 1]).allSatisfy { $0 == 0 })
  }

  /// Where everything needs everything, or little is to be saved, all of it is computed.
  @Test func nothingToLeaveOut() throws {
    let x = Self.point(60)
    #expect(!(try Self.check({ v in square(tanh(v) * v.sum() + 1).sum() }, at: x)))
    #expect(!(try Self.check({ v in (v[0..<30] * v[30..<60]).sum() }, at: x)))
  }

  /// Checks see every operator that a derivative has.
  @Test func checksSeeAll() throws {
    let x = Self.point(Self.count)
    let f = { (v: Tensor) in Self.net(of: v) }
    let blocks = RecordedGradient("hessian", [x], { f($0[0]) })!.map.blocks
    try withNaNCheck { #expect(blocks.half(.max) == nil) }
    try withStrictDerivatives { #expect(blocks.half(.max) == nil) }
    #expect(near(try withNaNCheck { try hessian(f)(x) }, Self.rows(f, at: x), 1e-13))
    #expect(blocks.half(.max) != nil)
  }

  /// Half of it is less work, and predicted to be.
  @Test func predicted() throws {
    let x = Self.point(Self.count)
    let f = { (v: Tensor) in Self.net(of: v) }
    let costs = predictCost(of: f, at: x)
    let measured = Meter.run(rehearses: false) { _ = try! hessian(f)(x) }.flops
    #expect(abs(Double(costs.hessian.flops) / Double(measured) - 1) < 0.02)
    let product = Meter.run(rehearses: false) { _ = HessianOperator(f, at: x)(x) }.flops
    let gradient = Meter.run(rehearses: false) { _ = HessianOperator(f, at: x) }.flops
    #expect(measured - gradient < (product - gradient) * Self.count * 2 / 3)
  }

  @Test func withinABudget() throws {
    let x = Self.point(Self.count)
    let f = { (v: Tensor) in Self.net(of: v) }
    let least = try budgetThatFits { budget in _ = try hessian(f, memoryBudget: budget)(x) }
    let expected = doubles(try hessian(f)(x))
    for budget in [least, least + least / 16, 2 * least] {
      #expect(near(try hessian(f, memoryBudget: .bytes(budget))(x), expected, 1e-13))
    }
  }
}
