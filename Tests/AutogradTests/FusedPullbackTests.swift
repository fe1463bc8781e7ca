import Autograd
import Testing

/// Pullbacks that have a kernel of their own where nothing is recorded give what the recorded rules give.
struct FusedPullbackTests {
  private static func draw(_ shape: Shape, _ seed: UInt64, _ dtype: DType = .float64) -> Tensor {
    var generator = RandomGenerator(seed: seed)
    return Tensor.uniform(shape, low: -2, high: 2, dtype: dtype, using: &generator)
  }

  /// Both gradients of a weighted sum of the function's result.
  private static func compare(_ inputs: [Tensor], _ function: ([Tensor]) -> Tensor) {
    let leaves = inputs.map { $0.tracked() }
    let result = function(leaves)
    let loss = (result * draw(result.shape, 99, result.dtype)).sum()
    let recorded = grad(of: loss, withRespectTo: leaves, createGraph: true)
    let fused = grad(of: loss, withRespectTo: leaves)
    let tolerance = inputs[0].dtype == .float64 ? 1e-12 : 1e-4
    for (a, b) in zip(fused, recorded) {
      #expect(a.shape == b.shape && a.allClose(b.detached(), relative: tolerance, absolute: tolerance))
    }
  }

  @Test(arguments: [[3, 5], [2, 7, 33], [300, 700]], [DType.float32, .float64])
  func softmaxes(_ lengths: [Int], _ dtype: DType) {
    let x = Self.draw(Shape(lengths), 1, dtype)
    Self.compare([x]) { softmax($0[0]) }
    Self.compare([x]) { logSoftmax($0[0]) }
    Self.compare([x]) { softmax($0[0], axis: 0) }
    // A cotangent that is a view.
    Self.compare([x]) { logSoftmax($0[0]).transposed(0, 1) }
  }

  @Test(arguments: [[3, 5], [2, 7, 33], [300, 700]], [DType.float32, .float64])
  func normalizations(_ lengths: [Int], _ dtype: DType) {
    let x = Self.draw(Shape(lengths), 2, dtype)
    let weight = Self.draw([lengths.last!], 3, dtype)
    let bias = Self.draw([lengths.last!], 4, dtype)
    Self.compare([x]) { layerNorm($0[0]) }
    Self.compare([x, weight]) { layerNorm($0[0], weight: $0[1]) }
    Self.compare([x, weight, bias]) { layerNorm($0[0], weight: $0[1], bias: $0[2]) }
    Self.compare([x, weight]) { rmsNorm($0[0], weight: $0[1]) }
    Self.compare([weight, bias]) { layerNorm(x, weight: $0[0], bias: $0[1]) }
    Self.compare([bias]) { layerNorm(x, weight: weight, bias: $0[0]) }
  }

  @Test func maximaWithTies() {
    let x = round(Self.draw([40, 50], 5))
    for axis in 0..<2 { Self.compare([x]) { $0[0].max(axis: axis) } }
    let (_, pushed) = jvp({ $0.max(axis: 1) }, at: x, along: Tensor.ones(like: x))
    #expect(pushed.allClose(Tensor.ones([40], dtype: .float64)))
  }
}

/// A layer over time is one function: every derivative must be that of its cells one after another.
struct LSTMLayerTests {
  private static func draw(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var generator = RandomGenerator(seed: seed)
    return Tensor.uniform(shape, low: -1, high: 1, dtype: .float64, using: &generator)
  }

  private typealias Layer = ([Tensor]) -> [Tensor]

  private static func layer(_ reverse: Bool) -> Layer {
    { p in
      let all = lstm(
        p[0], hidden: p[1], cell: p[2], inputWeight: p[3], hiddenWeight: p[4], inputBias: p[5], hiddenBias: p[6],
        reverse: reverse)
      return [all.outputs, all.hidden, all.cell]
    }
  }

  private static func cells(_ reverse: Bool) -> Layer {
    { p in
      var (hidden, cell) = (p[1], p[2])
      let parts = p[0].unbind()
      var outputs = parts
      for time in reverse ? Array(parts.indices.reversed()) : Array(parts.indices) {
        (hidden, cell) = lstmCell(
          parts[time], hidden: hidden, cell: cell, inputWeight: p[3], hiddenWeight: p[4], inputBias: p[5],
          hiddenBias: p[6])
        outputs[time] = hidden
      }
      return [stacked(outputs), hidden, cell]
    }
  }

  /// A number that every result takes part in, some of them not linearly.
  private static func loss(_ layer: @escaping Layer) -> ([Tensor]) -> Tensor {
    { p in
      let results = layer(p)
      let weighted = zip(results, 20...).map { (square($0) * draw($0.shape, UInt64($1))).sum() }
      return weighted[0] + weighted[1] + 0.5 * weighted[2]
    }
  }

  private static func inputs(_ batch: [Int]) -> [Tensor] {
    let (inputs, width) = (3, 5)
    return [
      draw(Shape([4] + batch + [inputs]), 1), draw(Shape(batch + [width]), 2), draw(Shape(batch + [width]), 3),
      draw([4 * width, inputs], 4), draw([4 * width, width], 5), draw([4 * width], 6), draw([4 * width], 7),
    ]
  }

  @Test(arguments: [[], [2], [37], [2, 3]], [false, true])
  func derivativesAreThoseOfTheCells(_ batch: [Int], _ reverse: Bool) {
    let inputs = Self.inputs(batch)
    let along = inputs.enumerated().map { Self.draw($1.shape, UInt64(40 + $0)) }
    let (layer, cells) = (Self.layer(reverse), Self.cells(reverse))
    for (a, b) in zip(layer(inputs), cells(inputs)) { #expect(a.allClose(b, relative: 1e-13, absolute: 1e-13)) }
    for (a, b) in zip(jvp(layer, at: inputs, along: along).tangent, jvp(cells, at: inputs, along: along).tangent) {
      #expect(a.allClose(b, relative: 1e-12, absolute: 1e-12))
    }
    let (f, g) = (Self.loss(layer), Self.loss(cells))
    for (a, b) in zip(grad(f)(inputs), grad(g)(inputs)) { #expect(a.allClose(b, relative: 1e-12, absolute: 1e-12)) }
    for (a, b) in zip(hvp(f, at: inputs, along: along), hvp(g, at: inputs, along: along)) {
      #expect(a.allClose(b, relative: 1e-11, absolute: 1e-11))
    }
    for (a, b) in zip(hvpReverse(f, at: inputs, along: along), hvpReverse(g, at: inputs, along: along)) {
      #expect(a.allClose(b, relative: 1e-11, absolute: 1e-11))
    }
  }

  @Test func thirdOrder() {
    let inputs = Self.inputs([2])
    let along = inputs.enumerated().map { Self.draw($1.shape, UInt64(40 + $0)) }
    func third(_ f: @escaping ([Tensor]) -> Tensor) -> [Tensor] {
      let second: ([Tensor]) -> Tensor = { p in
        let parts: [Tensor] = zip(hvp(f, at: p, along: along), along).map { ($0 * $1).sum() }
        return stacked(parts).sum()
      }
      return grad(second)(inputs)
    }
    for (a, b) in zip(third(Self.loss(Self.layer(false))), third(Self.loss(Self.cells(false)))) {
      #expect(a.allClose(b, relative: 1e-10, absolute: 1e-10))
    }
  }

  /// Derivatives with respect to some inputs only, of the cells' results only.
  @Test func partly() {
    let inputs = Self.inputs([3])
    for wanted in inputs.indices {
      let (a, b) = (Self.layer(false), Self.cells(false))
      func gradient(_ layer: @escaping Layer) -> Tensor {
        grad { (x: Tensor) in
          var all = inputs
          all[wanted] = x
          return layer(all)[2].sum()
        }(inputs[wanted])
      }
      #expect(gradient(a).allClose(gradient(b), relative: 1e-12, absolute: 1e-12))
    }
  }

  @Test func batchesMustFit() {
    var inputs = Self.inputs([3])
    inputs[1] = Self.draw([2, 5], 2)
    #expect(misuse { _ = Self.layer(false)(inputs) }?.contains("got x [4, 3, 3], states [[2, 5], [3, 5]]") == true)
  }
}
