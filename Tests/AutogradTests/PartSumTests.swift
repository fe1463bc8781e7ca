import Testing

@testable import Autograd
@testable import Tensor

/// Cotangents of slices of one tensor are put together at once, and give what each by itself would.
struct PartSumTests {
  /// Cuts of a [5, 6]: along one axis with and without gaps and overlaps, along several, with steps, empty, whole.
  private static let cuts: [(name: String, regions: [([Int], [Int], [Int])])] = [
    ("columns that fill it", [([0, 2], [1, 1], [5, 4]), ([0, 0], [1, 1], [5, 2])]),
    ("rows with a gap", [([0, 0], [1, 1], [1, 6]), ([3, 0], [1, 1], [2, 6])]),
    ("rows that overlap", [([1, 0], [1, 1], [4, 6]), ([0, 0], [1, 1], [4, 6]), ([2, 0], [1, 1], [1, 6])]),
    ("one within another", [([0, 1], [1, 1], [5, 4]), ([0, 2], [1, 1], [5, 1]), ([0, 4], [1, 1], [5, 2])]),
    ("the same twice", [([2, 0], [1, 1], [1, 6]), ([2, 0], [1, 1], [1, 6])]),
    ("steps", [([0, 0], [2, 1], [3, 6]), ([4, 0], [-1, 1], [4, 6])]),
    ("along both axes", [([0, 0], [1, 1], [2, 6]), ([1, 3], [1, 1], [4, 3]), ([1, 1], [2, 2], [2, 3])]),
    ("nothing and all", [([0, 0], [1, 1], [0, 6]), ([0, 0], [1, 1], [5, 6]), ([5, 0], [1, 1], [0, 6])]),
  ]

  private static func slices(_ regions: [([Int], [Int], [Int])], _ shape: Shape) -> [Slice] {
    regions.map { starts, steps, lengths in
      var region = SliceRegion(whole: shape)
      for axis in 0..<shape.rank {
        region.starts[axis] = starts[axis]
        region.steps[axis] = steps[axis]
        region.result[axis] = lengths[axis]
      }
      return Slice(region)
    }
  }

  private static func draw(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var generator = RandomGenerator(seed: seed)
    return Tensor.uniform(shape, low: -2, high: 2, dtype: .float64, using: &generator)
  }

  /// A function of slices and of the whole itself, each slice with a weight of its own; `embeds` takes each slice by a
  /// product with a matrix instead, which sends nothing to be put together.
  private static func loss(_ slices: [Slice], embeds: Bool) -> ([Tensor]) -> Tensor {
    { all in
      let x = all[0]
      var sum = (sin(x) * draw(x.shape, 7)).sum()
      for (index, slice) in slices.enumerated() {
        let part = embeds ? multiplied(slice, x) : slice(x)
        sum = sum + (exp(part * 0.3) * part * draw(slice.region.result, UInt64(10 + index))).sum()
      }
      return sum * sum
    }
  }

  /// A slice as a linear map by its matrix.
  private static func multiplied(_ slice: Slice, _ x: Tensor) -> Tensor {
    let basis = Tensor.eye(x.count, dtype: x.dtype).reshaped(Shape([x.count]).followed(by: x.shape))
    let rows = slice(basis).reshaped([x.count, slice.region.result.elementCount])
    return matmul(x.flattened(), rows).reshaped(slice.region.result)
  }

  @Test("derivatives to order three", arguments: cuts.indices)
  func derivatives(_ cut: Int) {
    let slices = Self.slices(Self.cuts[cut].regions, [5, 6])
    let x = Self.draw([5, 6], 1)
    #expect(
      agreeToOrderTwo(Self.loss(slices, embeds: false), Self.loss(slices, embeds: true), at: [x], 1e-10),
      "\(Self.cuts[cut].name)")
    let dense = hessian { Self.loss(slices, embeds: false)([$0]) }
    let expected = hessian { Self.loss(slices, embeds: true)([$0]) }
    #expect(try! near(dense(x), doubles(expected(x)), 1e-10), "\(Self.cuts[cut].name)")
  }

  @Test("Taylor coefficients of a gradient", arguments: cuts.indices)
  func series(_ cut: Int) {
    let slices = Self.slices(Self.cuts[cut].regions, [5, 6])
    let (x, v) = (Self.draw([5, 6], 2), Self.draw([5, 6], 3))
    func slopes(_ embeds: Bool) -> [Tensor] {
      let gradient: (Tensor) -> Tensor = grad { Self.loss(slices, embeds: embeds)([$0]) }
      let all: [Tensor] = directionalDerivatives(gradient, at: x, along: v, order: 4)
      return all
    }
    for (got, expected) in zip(slopes(false), slopes(true)) {
      #expect(near(got, doubles(expected), 1e-9), "\(Self.cuts[cut].name)")
    }
  }

  @Test("a pattern holds every element", arguments: cuts.indices)
  func patterns(_ cut: Int) {
    let slices = Self.slices(Self.cuts[cut].regions, [5, 6])
    let f = { (x: Tensor) -> Tensor in
      slices.reduce(Tensor(0.0, dtype: .float64)) { $0 + (exp($1(x)) * $1(x)).sum() }
    }
    let x = Self.draw([5, 6], 4)
    #expect(try! near(hessian(f, sparsity: .detected)(x).dense(), doubles(hessian(f)(x)), 1e-10))
  }

  @Test("the graph of a gradient has one node for all slices")
  func oneNode() {
    let x = Self.draw([100], 5).tracked()
    let parts = (0..<50).map { x[2 * $0..<2 * $0 + 2] }
    let y = parts.reduce(Tensor(0.0, dtype: .float64)) { $0 + square($1).sum() }
    let gradient = grad(of: y, withRespectTo: [x], createGraph: true)[0]
    #expect(gradient.node?.function is PartSum && gradient.node?.inputCount == 50)
    #expect(near(gradient, doubles(2 * x), 0))
  }

  /// Parts that wait to be put together take no more memory than a few copies of the whole.
  @Test func windowsDoNotPileUp() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([10_000], dtype: .float64)
      func gradient(_ count: Int) -> Tensor {
        let leaf = x.tracked()
        let sum = (0..<count).reduce(Tensor(0.0, dtype: .float64)) { $0 + leaf[$1..<9000 + $1].sum() }
        return grad(of: sum * sum, withRespectTo: [leaf])[0]
      }
      let (few, least) = TensorMemory.peak { gradient(4) }
      let (many, most) = TensorMemory.peak { gradient(400) }
      #expect(most < 2 * least + 100_000)
      #expect(few[0].item() == 2 * 4 * 9000 && many[5000].item() == 2 * 400 * 400 * 9000)
    }
  }

  /// A part that is a view of much else does not keep that alive.
  @Test func viewsDoNotHoldTheirOwners() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([200], dtype: .float64)
      let rest = Tensor.ones([20_000], dtype: .float64)
      let factors = Tensor.linspace(from: 1, to: 2, count: 20_001, dtype: .float64)
      let gradient = grad { (x: Tensor) in
        (0..<200).reduce(Tensor(0.0, dtype: .float64)) {
          let long = concatenated([x[$1..<$1 + 1], rest])
          return $0 + checkpoint({ (long: Tensor) in square(long * factors).sum() })(long)
        }
      }
      let (result, bytes) = TensorMemory.peak { gradient(x) }
      #expect(result.scalars(as: Double.self) == Array(repeating: 2, count: 200))
      // Ten of the 200 long cotangents, beside the long tensors that are recorded.
      #expect(bytes < (200 + 10) * 8 * 20_100)
    }
  }

  @Test("blocks of cotangents are put together once, too")
  func blocks() {
    let x = Self.draw([40], 8).tracked()
    let f = { (x: Tensor) in concatenated((0..<40).map { sin(x[$0..<$0 + 1]) }) }
    let block = Self.draw([8, 40], 9)
    let pulled = vjp(f, at: x).pullback(block)
    #expect(pulled.node?.function is PartSum && pulled.node?.inputCount == 40)
    #expect(near(pulled, doubles(block * cos(x)), 1e-12))
  }

  @Test("a reverse walk over slices of tangents with leading axes", arguments: cuts.indices)
  func slicesOfTangents(_ cut: Int) {
    let slices = Self.slices(Self.cuts[cut].regions, [5, 6])
    let (x, block) = (Self.draw([5, 6], 1), Self.draw([3, 5, 6], 2))
    func pushed(_ embeds: Bool) -> ([Tensor]) -> Tensor {
      { square(jvp({ Self.loss(slices, embeds: embeds)([$0]) }, at: $0[0], along: block).tangent).sum() }
    }
    #expect(agreeToOrderTwo(pushed(false), pushed(true), at: [x], 1e-9), "\(Self.cuts[cut].name)")
  }

  @Test("many parts, put together before their turn")
  func early() {
    let x = Self.draw([30, 4], 1)
    let regions = (0..<12).map { ([$0, 0], [1, 1], [18, 4]) }
    let slices = Self.slices(regions, [30, 4])
    let (f, g) = (Self.loss(slices, embeds: false), Self.loss(slices, embeds: true))
    #expect(agreeToOrderTwo(f, g, at: [x], 1e-9))
    #expect(try! near(hessian { f([$0]) }(x), doubles(hessian { g([$0]) }(x)), 1e-9))
  }

  @Test("parts with different leading axes")
  func leads() {
    let slices = Self.slices([([0], [1], [2]), ([1], [1], [3]), ([4], [1], [1])], [5])
    let (a, b) = (Self.draw([1, 2], 1), Self.draw([4, 3], 2))
    let sum = Part.sum([Part(a, of: slices[0]), Part(b, of: slices[1]), Part(f64(7), of: slices[2])])
    #expect(sum.shape == [4, 5])
    for lane in 0..<4 {
      let (a, b) = (doubles(a), doubles(b[lane]))
      #expect(near(sum[lane], [a[0], a[1] + b[0], b[1], b[2], 7], 1e-15))
    }
  }

  @Test("a check sees the same numbers and nodes, and names an overflow")
  func checked() throws {
    let x = Self.draw([9], 3)
    let f = { (x: Tensor) in (exp(x[0..<7]) * x[1..<8]).sum() + sin(x[2..<9]).sum() }
    #expect(try withNaNCheck { doubles(grad(f)(x)) } == doubles(grad(f)(x)))
    #expect(try withNaNCheck { doubles(try hessian(f)(x)) } == doubles(hessian(f)(x)))
    let error = #expect(throws: NaNError.self) {
      try withNaNCheck { grad { (x: Tensor) in 1e308 * (x[0..<2].sum() + x[1..<3].sum()) }(x[0..<3]) }
    }
    #expect(error?.operation == "+" && error?.index == [1], "\(error.map { "\($0)" } ?? "")")
  }

  @Test("slices of a result among several, and of nothing")
  func oddSources() {
    let x = Self.draw([6], 6)
    // Slices of one of several results go their own way.
    let f = { (x: Tensor) -> Tensor in
      let halves = x.split(sizes: [4, 2])
      return (halves[0][0..<3] * halves[0][1..<4]).sum() + (halves[1][0...0] * halves[1][1...1]).sum()
    }
    let g = { (x: Tensor) -> Tensor in (x[0..<3] * x[1..<4]).sum() + (x[4..<5] * x[5..<6]).sum() }
    #expect(agreeToOrderTwo({ f($0[0]) }, { g($0[0]) }, at: [x]))
    let empty = Tensor.zeros([0], dtype: .float64)
    #expect(grad { ($0[0..<0] * $0[0...]).sum() }(empty).shape == [0])
  }
}
