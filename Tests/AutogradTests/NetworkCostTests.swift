import Autograd
import Testing

/// Costs of the operators of networks, counted on paper.
@Suite struct NetworkCostTests {
  private static func numbers(_ shape: Shape, _ seed: UInt64 = 1) -> Tensor { PredictCostTests.numbers(shape, seed) }

  /// The flops of a function's value, and of its pullback.
  private static func flops(_ point: [Tensor], _ f: @escaping ([Tensor]) -> Tensor) -> (value: Int, pullback: Int) {
    let value = TensorWork.flops { f(point) }.flops
    let (y, pullback) = vjp(f, at: point)
    let seed = numbers(y.shape, 9)
    return (value, TensorWork.flops { pullback(seed) }.flops)
  }

  private static func isNear(_ count: Int, _ expected: Int) -> Bool {
    count >= expected && Double(count) <= 1.02 * Double(expected)
  }

  @Test func convolution() {
    let (batch, channels, filters, taps, windows) = (8, 3, 16, 3 * 5 * 5, 16 * 16)
    let point = [Self.numbers([batch, channels, 20, 20]), Self.numbers([filters, channels, 5, 5], 2)]
    let (value, pullback) = Self.flops(point) { conv2d($0[0], $0[1]) }
    let product = 2 * batch * filters * taps * windows
    #expect(value == product)
    // A product for each operand; the input's overlapping windows are added up.
    #expect(Self.isNear(pullback, 2 * product + batch * taps * windows), "\(pullback)")
    let bias = Self.numbers([filters], 3)
    #expect(TensorWork.flops { conv2d(point[0], point[1], bias) }.flops == product + batch * filters * windows)
    // Windows of one element are the images themselves: nothing is added up.
    let (mixed, back) = Self.flops([point[0], Self.numbers([filters, channels, 1, 1])]) { conv2d($0[0], $0[1]) }
    #expect(mixed == 2 * batch * filters * channels * 400)
    #expect(Self.isNear(back, 2 * mixed), "\(back)")
  }

  @Test func layerNormalization() {
    let (rows, length) = (64, 128)
    let count = rows * length
    let point = [Self.numbers([rows, length]), Self.numbers([length], 2), Self.numbers([length], 3)]
    let (value, pullback) = Self.flops(point) { layerNorm($0[0], weight: $0[1], bias: $0[2]) }
    // A sum; a difference, its square, a sum; a difference and the scale; the weight and the bias.
    #expect(Self.isNear(value, (1 + 3 + 2 + 2) * count), "\(value)")
    // g = u w; n, of two; sums of g and g n; (g - a - n b) r; and for the parameters sums of u n and u.
    #expect(Self.isNear(pullback, (1 + 2 + 3 + 4 + 2 + 1) * count + 2 * length), "\(pullback)")
    let plain = Self.flops([point[0]]) { layerNorm($0[0]) }
    #expect(Self.isNear(plain.value, 6 * count), "\(plain)")
    #expect(Self.isNear(plain.pullback, (2 + 3 + 4) * count), "\(plain)")
    // No mean: a square and a sum, and the scale; n of one; a sum of u n; (u - n b) r.
    let root = Self.flops([point[0]]) { rmsNorm($0[0]) }
    #expect(Self.isNear(root.value, 3 * count), "\(root)")
    #expect(Self.isNear(root.pullback, (1 + 2 + 3) * count), "\(root)")
  }

  @Test func softmaxAndItsLogarithm() {
    let count = 32 * 256
    let x = Self.numbers([32, 256])
    // A difference, an exponential, a sum, a quotient; then a product and a sum, a difference and a product.
    #expect(Self.flops([x]) { softmax($0[0]) } == (4 * count, 4 * count))
    #expect(Self.flops([x]) { logSoftmax($0[0]) } == (4 * count, 4 * count))
    // u exp(x - y).
    #expect(Self.flops([x]) { logSumExp($0[0]) } == (3 * count, 3 * count))
  }

  @Test func pooling() {
    let planes = 4 * 8
    let x = Self.numbers([4, 8, 33, 33])
    let apart = planes * 16 * 16
    let overlapping = planes * 31 * 31
    // A comparison or a sum for each element of a window; back, a sum for each window or for each of its elements.
    #expect(Self.flops([x]) { maxPool2d($0[0], 2) } == (4 * apart, apart))
    #expect(Self.flops([x]) { avgPool2d($0[0], 2) } == (4 * apart, 4 * apart))
    #expect(Self.flops([x]) { maxPool2d($0[0], 3, stride: 1) } == (9 * overlapping, overlapping))
    #expect(Self.flops([x]) { avgPool2d($0[0], 3, stride: 1) } == (9 * overlapping, 9 * overlapping))
    // Nine of every fifth: rows and columns 0, 5 ... 30 of both, with elements 0, 2 and 4 after.
    #expect(Self.flops([x]) { maxPool2d($0[0], 3, stride: 5, dilation: 2) }.value == 9 * planes * 6 * 6)
    #expect(Self.flops([x]) { adaptiveAvgPool($0[0], [3, 3]) }.value == planes * 33 * 33)
  }

  @Test func longShortTermMemory() {
    let (times, batch, inputs, hidden) = (5, 64, 16, 32)
    let x = Self.numbers([times, batch, inputs])
    let (h, c) = (Self.numbers([batch, hidden], 2), Self.numbers([batch, hidden], 3))
    let point = [Self.numbers([4 * hidden, inputs], 4), Self.numbers([4 * hidden, hidden], 5)]
    let (value, pullback) = Self.flops(point) {
      lstm(x, hidden: h, cell: c, inputWeight: $0[0], hiddenWeight: $0[1]).outputs
    }
    let (projection, step) = (2 * times * batch * 4 * hidden * inputs, 2 * batch * 4 * hidden * hidden)
    let cells = times * batch * hidden
    // Three sigmoids of one to five operations, two hyperbolic tangents, a cell of three and a product.
    let pointwise = value - projection - times * step
    #expect((3 + 2 + 4) * cells...(15 + 2 + 4) * cells ~= pointwise, "\(pointwise)")
    // Both weights, and the states before all times but the first, which are constants.
    let slopes = pullback - projection - times * step - (times - 1) * step
    // Four gates of five to six, a cell of seven, a tangent.
    #expect(20 * cells...40 * cells ~= slopes, "\(slopes)")
  }

  @Test func largeResultsCount() {
    let (x, images) = (Self.numbers([64, 128]), Self.numbers([2, 4, 32, 32]))
    let (w, square) = (Self.numbers([128, 128], 2), Self.numbers([1, 64, 128], 3))
    let operators: [(name: String, point: [Tensor], f: ([Tensor]) -> Tensor)] = [
      ("softmax", [x], { softmax($0[0]) }), ("softmax, axis 0", [x], { softmax($0[0], axis: 0) }),
      ("logSoftmax", [x], { logSoftmax($0[0]) }),
      ("layerNorm", [x], { layerNorm($0[0]) }), ("rmsNorm", [x], { rmsNorm($0[0]) }),
      ("groupNorm", [images], { groupNorm($0[0], groups: 2) }), ("instanceNorm", [images], { instanceNorm($0[0]) }),
      ("batchNorm", [images], { batchNorm(training: $0[0]).result }),
      ("localResponseNorm", [images], { localResponseNorm($0[0], size: 3) }),
      ("linear", [x, w], { linear($0[0], $0[1]) }),
      ("attention", [square], { scaledDotProductAttention($0[0], $0[0], $0[0]) }),
      ("conv2d", [images, Self.numbers([8, 4, 3, 3])], { conv2d($0[0], $0[1], padding: 1) }),
      ("transposedConv2d", [images, Self.numbers([4, 8, 3, 3])], { transposedConv2d($0[0], $0[1]) }),
      ("maxPool2d", [images], { maxPool2d($0[0], 2, stride: 1) }),
      ("avgPool2d", [images], { avgPool2d($0[0], 2, stride: 1) }),
      ("gelu", [x], { gelu($0[0]) }), ("cumsum", [x], { $0[0].cumsum(axis: 1) }),
      (
        "lstm", [Self.numbers([4 * 32, 16]), Self.numbers([4 * 32, 32])],
        {
          let states = Tensor.zeros([32, 32], dtype: .float64)
          return lstm(
            Self.numbers([8, 32, 16]), hidden: states, cell: states, inputWeight: $0[0], hiddenWeight: $0[1]
          ).outputs
        }
      ),
    ]
    for (name, point, f) in operators {
      let count = f(point).count
      let (value, pullback) = Self.flops(point, f)
      #expect(count >= 4096, "\(name) is too small to tell")
      #expect(value >= count, "\(name): \(value) flops for \(count) elements")
      #expect(pullback >= count, "\(name): \(pullback) flops back from \(count) elements")
    }
  }

  @Test func predictionsOfNetworks() async {
    await #expect(processExitsWith: .success) {
      BLAS.threads = 1
      func numbers(_ shape: Shape, _ seed: UInt64 = 1) -> Tensor { PredictCostTests.numbers(shape, seed) }
      let sequence = numbers([6, 40, 16], 2)
      let states = Tensor.zeros([40, 24], dtype: .float64)
      PredictCostTests.check(
        { p in
          square(lstm(sequence, hidden: states, cell: states, inputWeight: p[0], hiddenWeight: p[1]).outputs).mean()
        }, [numbers([96, 16], 3), numbers([96, 24], 4)], hessian: false)
      PredictCostTests.check(
        { p in square(layerNorm(matmul(p[0], p[1]), weight: p[2], bias: p[3])).mean() },
        [numbers([60, 80]), numbers([80, 90], 2), numbers([90], 3), numbers([90], 4)], hessian: false)
      PredictCostTests.check(
        { p in square(scaledDotProductAttention(p[0], p[0], p[1])).sum() },
        [numbers([2, 50, 40]), numbers([2, 50, 40], 2)], hessian: false)
      let images = numbers([6, 2, 24, 24], 5)
      PredictCostTests.check(
        { p in
          let features = maxPool2d(relu(conv2d(images, p[0], p[1], padding: 1)), 3, stride: 1)
          return square(avgPool2d(transposedConv2d(groupNorm(features, groups: 2), p[2]), 2, stride: 1)).mean()
        }, [numbers([4, 2, 3, 3], 6), numbers([4], 7), numbers([4, 3, 3, 3], 8)], hessian: false)
    }
  }
}
