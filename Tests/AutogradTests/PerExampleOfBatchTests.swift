import Autograd
import Testing

/// Gradients for each example of functions that are written for a batch.
struct PerExampleOfBatchTests {
  typealias Losses = ([Tensor], [Tensor]) -> Tensor

  private func wave(_ shape: Shape, _ phase: Double = 0) -> Tensor {
    (sin(Tensor.arange(shape.elementCount, dtype: .float64) * 0.7 + phase) * 0.6).reshaped(shape)
  }

  /// Compares with the gradient of each example as a batch of one; how often the function was evaluated: twice where all
  /// examples are taken at once, since half of them are looked at alone; once more where a parameter is all zeros.
  @discardableResult
  private func calls(
    _ losses: @escaping Losses, _ parameters: [Tensor], _ batch: [Tensor], within tolerance: Double = 1e-12,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> Int {
    var calls = 0
    let counted: Losses = {
      calls += 1
      return losses($0, $1)
    }
    let (values, gradients) = valueAndGradPerExampleOfBatch(counted)(parameters, batch)
    let found = calls
    let count = batch[0].shape[0]
    #expect(values.shape == [count], sourceLocation: sourceLocation)
    for example in 0..<count {
      let one = batch.map { $0[example..<example + 1] }
      let (value, expected) = valueAndGrad { (p: [Tensor]) in losses(p, one).sum() }(parameters)
      #expect(near([values[example].item()], [value.item()], tolerance), sourceLocation: sourceLocation)
      for (place, (gradient, expected)) in zip(gradients, expected).enumerated() {
        #expect(gradient.shape == Shape([count] + parameters[place].shape), sourceLocation: sourceLocation)
        #expect(
          near(gradient[example], doubles(expected), tolerance), "example \(example), parameter \(place)",
          sourceLocation: sourceLocation)
      }
    }
    return found
  }

  private let net: Losses = { p, batch in
    let hidden = tanh(matmul(batch[0], p[0]) + p[1])
    return square(matmul(hidden, p[2], adding: p[3]) - batch[1]).mean(axis: 1)
  }

  private var parameters: [Tensor] { [wave([3, 5], 1), wave([5], 2), wave([5, 2], 3), wave([2], 4)] }
  private var batch: [Tensor] { [wave([7, 3], 5), wave([7, 2], 6)] }

  @Test func denseLayersAtOnce() {
    #expect(calls(net, parameters, batch) == 2)
    let single = { (x: Tensor) in x.asType(.float32) }
    #expect(calls(net, parameters.map(single), batch.map(single), within: 1e-5) == 2)
    #expect(calls({ p, b in net(p, b) * 2 }, parameters, [batch[0], batch[1]].map { $0[.stride(by: -1)] }) == 2)
    let only = gradPerExampleOfBatch(net)(parameters, batch)
    #expect(near(only[2], doubles(valueAndGradPerExampleOfBatch(net)(parameters, batch).gradients[2])))
  }

  @Test func parametersThatAreComputedFirst() {
    let flat = concatenated(parameters.map { $0.flattened() })
    let parts: Losses = { p, b in
      let v = p[0]
      return self.net([v[0..<15].reshaped([3, 5]), v[15..<20], v[20..<30].reshaped([5, 2]), v[30..<32]], b)
    }
    #expect(calls(parts, [flat], batch) == 2)
    // Normalized, transposed, tied and scaled weights.
    let tied: Losses = { p, b in
      let w = p[0] / p[0].norm()
      let hidden = sin(matmul(b[0], w) * p[1])
      return square(matmul(hidden, w.transposed()) - b[0]).sum(axis: 1) + (p[1] * p[1]).sum()
    }
    #expect(calls(tied, [parameters[0], parameters[1]], batch) == 2)
  }

  @Test func sequences() {
    let shapes: [Shape] = [[4, 6], [6], [5, 6], [6], [6], [2, 6, 3], [5, 5]]
    let p = shapes.enumerated().map { wave($0.element, Double($0.offset)) }
    let b = [wave([3, 5, 4], 7), wave([3, 5, 3], 8)]
    let block: Losses = { p, b in
      let x = matmul(b[0], p[0], adding: p[1]) + p[2]
      let y = layerNorm(x, weight: p[3], bias: p[4])
      // Two heads, each with a matrix of its own, and a matrix on the left.
      let heads = matmul(y.unsqueezed(axis: 1), p[5])
      let mixed = matmul(p[6], softmax(heads, axis: -1))
      return square(mixed.sum(axis: 1) - b[1]).sum(axes: [1, 2])
    }
    #expect(calls(block, p, b) == 2)
  }

  /// The same weights in every step.
  @Test func recurrence() {
    let losses: Losses = { p, b in
      let steps = b[0].unbind(axis: 1)
      let last = steps.reduce(Tensor.zeros([b[0].shape[0], 4], dtype: .float64)) { h, x in
        tanh(matmul(x, p[0]) + matmul(h, p[1]) + p[2])
      }
      return last.sum(axis: 1)
    }
    #expect(calls(losses, [wave([2, 4]), wave([4, 4], 1), wave([4], 2)], [wave([5, 6, 2], 3)]) == 2)
  }

  @Test func convolutions() {
    let losses: Losses = { p, b in
      let y = relu(conv2d(b[0], p[0], p[1], stride: 2, padding: 1))
      let z = transposedConv2d(y, p[2])
      return square(z).mean(axes: [1, 2, 3])
    }
    let p = [wave([4, 2, 3, 3]), wave([4], 1), wave([4, 3, 2, 2], 2)]
    #expect(calls(losses, p, [wave([3, 2, 6, 5], 3)]) == 2)
    let grouped: Losses = { p, b in square(conv2d(b[0], p[0], groups: 2)).sum(axes: [1, 2, 3]) }
    #expect(calls(grouped, [wave([4, 1, 2, 2])], [wave([3, 2, 4, 4], 1)]) == 2)
  }

  @Test func labelsAndUnusedParameters() {
    let labels = Tensor([0, 2, 1, 1, 0], dtype: .int64)
    let losses: Losses = { p, b in crossEntropy(matmul(b[0], p[0]) + p[1], b[1], reduction: .none) }
    #expect(calls(losses, [wave([4, 3]), wave([3], 1), wave([2, 2], 2)], [wave([5, 4], 3), labels]) == 2)
  }

  /// What depends on no parameter, or on nothing at all.
  @Test func constants() {
    #expect(calls({ _, b in square(b[0]).sum(axis: 1) }, parameters, batch) == 2)
    #expect(calls({ _, b in Tensor.ones([b[0].shape[0]], dtype: .float64) }, parameters, batch) == 2)
    #expect(calls({ p, b in p[1].sum() + Tensor.zeros([b[0].shape[0]], dtype: .float64) }, parameters, batch) > 3)
  }

  // MARK: One by one

  /// The examples lie along another axis where they meet the weights.
  @Test func timeInFront() {
    let losses: Losses = { p, b in
      let x = b[0].transposed(0, 1) * 1
      return tanh(matmul(x, p[0]) + p[1]).sum(axes: [0, 2])
    }
    #expect(calls(losses, [wave([2, 3]), wave([3], 1)], [wave([4, 6, 2], 2)]) > 3)
    // As many steps as examples.
    #expect(calls(losses, [wave([2, 3]), wave([3], 1)], [wave([6, 6, 2], 2)]) > 3)
  }

  /// What depends on other examples is defined as of a batch of one.
  @Test func examplesThatMix() {
    let centered: Losses = { p, b in
      let y = matmul(b[0], p[0])
      return square(tanh(y - y.mean(axis: 0)) + p[1]).sum(axis: 1)
    }
    #expect(calls(centered, [wave([3, 2]), wave([2], 1)], [wave([6, 3], 2)]) > 3)
    let rolled: Losses = { p, b in
      let y = tanh(matmul(b[0], p[0]))
      return (y * y.rolled(by: 1, axis: 0)).sum(axis: 1)
    }
    #expect(calls(rolled, [wave([3, 2])], [wave([6, 3], 2)]) > 3)
    let largest: Losses = { p, b in
      let y = matmul(b[0], p[0])
      return (y / y.max(axis: 0, keepDims: true)).sum(axis: 1)
    }
    #expect(calls(largest, [exp(wave([3, 2]))], [exp(wave([6, 3], 2))]) > 3)
  }

  /// What mixes before parameters are met, or beside them.
  @Test func inputsThatMix() {
    let x = [wave([6, 3], 2)]
    let centered: Losses = { p, b in square(matmul(b[0] - b[0].mean(axis: 0), p[0])).sum(axis: 1) }
    #expect(calls(centered, [wave([3, 2])], x) > 3)
    let normalized: Losses = { p, b in
      square(batchNorm(training: b[0], weight: p[0], bias: p[1]).result).sum(axes: [1, 2])
    }
    #expect(calls(normalized, [wave([2], 1), wave([2], 2)], [wave([3, 2, 5], 3)]) > 3)
    let beside: Losses = { p, b in matmul(b[0], p[0]).sum(axis: 1) * b[0].mean() }
    #expect(calls(beside, [wave([3, 2])], x) > 3)
    // The same losses at other places.
    let inner: Losses = { p, b in
      let count = b[0].shape[0]
      let order = count < 4 ? Array(0..<count) : [0] + (1..<count - 1).reversed() + [count - 1]
      return tanh(matmul(b[0].take(Tensor(order, dtype: .int64)), p[0])).sum(axis: 1)
    }
    #expect(calls(inner, [wave([3, 2])], x) > 3)
  }

  /// What mixes by numbers that have no derivative shows in the losses.
  @Test func numbersThatMix() {
    let picks = Tensor([3, 0, 2, 1], dtype: .int64)
    let rows: Losses = { p, b in
      let h = p[0].take(b[0])
      return ((h - h.mean(axis: 0)) * b[1]).sum(axis: 1)
    }
    #expect(calls(rows, [wave([4, 3])], [picks, wave([4, 3], 2)]) > 3)
    let balanced: Losses = { p, b in
      let n = (b[1].unsqueezed(axis: 0) .== b[1].unsqueezed(axis: 1)).asType(.float64).sum(axis: 1)
      return crossEntropy(matmul(b[0], p[0]), b[1], reduction: .none) / n
    }
    for labels in [[0, 2, 1, 1, 0], [0, 1, 1, 2, 3]] {
      #expect(calls(balanced, [wave([4, 4])], [wave([5, 4], 3), Tensor(labels, dtype: .int64)]) > 3)
    }
    let gate: Losses = { p, b in square(matmul(b[0] - b[0].detached().mean(axis: 0), p[0])).sum(axis: 1) }
    #expect(calls(gate, [wave([3, 2])], [wave([6, 3], 2)]) > 3)
  }

  /// Sums of neighbours' parts that powers of two in their order would not tell from an example's own.
  @Test func neighboursThatMix() {
    let sums: Losses = { p, b in
      let y = tanh(matmul(b[0], p[0])).sum(axis: 1)
      if y.count != 3 { return y }
      let others = stacked([y[1] * 2, y[1] * 0, y[1]])
      return y + others - others.detached()
    }
    #expect(calls(sums, [wave([3, 2])], [wave([3, 3], 2)]) > 3)
  }

  /// Weights of zero hide what they are multiplied with.
  @Test func zeros() {
    let zeros = Tensor.zeros([3, 2], dtype: .float64)
    #expect(calls({ p, b in square(matmul(b[0], p[0]) - b[1]).sum(axis: 1) }, [zeros], batch) == 3)
    let centered: Losses = { p, b in square(matmul(b[0] - b[0].mean(axis: 0), p[0]) - b[1]).sum(axis: 1) }
    #expect(calls(centered, [zeros], batch) > 3)
    let normalized: Losses = { p, b in
      square(batchNorm(training: b[0], weight: p[0], bias: p[1]).result).sum(axes: [1, 2])
    }
    #expect(calls(normalized, [Tensor.zeros([2], dtype: .float64), wave([2], 2)], [wave([5, 2, 5], 3)]) > 3)
    // What depends on an example's place.
    let placed: Losses = { p, b in
      square(matmul(b[0], p[0]) + p[1][0..<b[0].shape[0]] - b[1]).sum(axis: 1)
    }
    #expect(calls(placed, [wave([3, 2]), Tensor.zeros([16, 2], dtype: .float64)], batch) > 3)
    let none = Tensor.zeros([0], dtype: .float64)
    #expect(calls({ p, b in (matmul(b[0], p[0]) + p[1].sum()).sum(axis: 1) }, [zeros, none], batch) == 3)
  }

  /// Losses that are nothing but rounding, or of another dtype than what they come from.
  @Test func coarseLosses() {
    let p = [wave([3, 2]).asType(.float32)]
    let x = wave([6, 3], 2).asType(.float32)
    let y = matmul(x, p[0])
    let wide: Losses = { p, b in square(matmul(b[0], p[0]).asType(.float64)).sum(axis: 1) }
    #expect(calls(wide, p, [x], within: 1e-5) == 2)
    let fitted: Losses = { p, b in square(matmul(b[0], p[0]) - b[1] + b[2]).sum(axis: 1) }
    let residuals = Tensor([1, 0, 0, 0, 0, 0.5] as [Float]).unsqueezed(axis: 1)
    #expect(calls(fitted, p, [x, y, residuals], within: 1e-5) == 2)
  }

  /// As many examples as digits of their positions tell apart, and one more.
  @Test func manyExamples() {
    for count in [7, 8, 131, 132] {
      #expect(calls(net, parameters, [wave([count, 3], 5), wave([count, 2], 6)]) == 2)
    }
    let small: Losses = { p, b in (tanh(matmul(b[0], p[0])) * 1e-28).sum(axis: 1) }
    #expect(calls(small, [wave([3, 2]).asType(.float32)], [wave([5, 3], 2).asType(.float32)], within: 1e-5) == 2)
  }

  /// A pointwise function of several results, parameters given twice, of one element, or met by what has no rule.
  @Test func unusualMeetings() {
    let both = Formula("both", inputs: 2) { v in [v[0] + v[1], v[0] - 2 * v[1]] }
    let x = [wave([4, 3], 1)]
    #expect(calls({ p, b in both([b[0], p[0]])[0].sum(axis: 1) }, [wave([3])], x) == 2)
    #expect(calls({ p, b in both([b[0], p[0]])[1].sum(axis: 1) }, [wave([3])], x) > 3)
    let single = [wave([1], 1), wave([], 1), wave([1, 1], 1)]
    #expect(calls({ p, b in (b[0] * p[0] * p[1] + p[2]).sum(axis: 1) }, single, x) == 2)
    let w = wave([3, 2])
    #expect(calls({ p, b in sin(matmul(b[0], p[0]) * matmul(b[0], p[1])).sum(axis: 1) }, [w, w], x) == 2)
    let scaled = { (values: [Tensor]) in sin(values[0] * values[1]) }
    #expect(calls({ p, b in checkpoint(scaled)([b[0], p[0]]).sum(axis: 1) }, [wave([3])], x) > 3)
    let slope: Losses = { p, b in grad { (x: Tensor) in square(tanh(matmul(x, p[0]))).sum() }(b[0]).sum(axis: 1) }
    #expect(calls(slope, [w], x) == 2)
    let grouped: Losses = { p, b in tanh(groupNorm(b[0], groups: 2, weight: p[0], bias: p[1])).sum(axes: [1, 2]) }
    #expect(calls(grouped, [wave([4], 1), wave([4], 2)], [wave([3, 4, 5], 3)]) == 2)
  }

  /// Checks look at each example.
  @Test func underAWatch() throws {
    let large: Losses = { p, b in (b[0] * p[0]).sum(axis: 1) * 1e25 }
    let x = [Tensor.ones([61, 3])]
    let gradients = try withNaNCheck { gradPerExampleOfBatch(large)([Tensor.ones([3])], x) }
    #expect(gradients[0].shape == [61, 3] && gradients[0].allClose(Tensor.full([61, 3], 1e25)))
    #expect(gradPerExampleOfBatch(large)([Tensor.ones([3])], x)[0].allClose(gradients[0]))
  }

  /// Examples that change their places, two or all of them.
  @Test func otherOrders() {
    let flipped: Losses = { p, b in
      let y = tanh(matmul(b[0][.stride(by: -1)], p[0]) + p[1]).sum(axis: 1)
      return y[.stride(by: -1)]
    }
    for count in [2, 3, 4, 9, 70] {
      #expect(calls(flipped, [wave([3, 2]), wave([2], 1)], [wave([count, 3], 2)]) > 3)
    }
    let swapped: Losses = { p, b in
      let count = b[0].shape[0]
      var order = Array(0..<count)
      if count > 1 { order.swapAt(count / 2, count - 1) }
      if count > 134 { order.swapAt(3, 134) }
      let places = Tensor(order, dtype: .int64)
      return tanh(matmul(b[0].take(places), p[0]) + p[1]).sum(axis: 1).take(places)
    }
    for count in [3, 8, 40, 140] {
      #expect(calls(swapped, [wave([3, 2]), wave([2], 1)], [wave([count, 3], 2)]) > 3)
    }
  }

  /// Where the smallest numbers are rounded.
  @Test func smallCotangents() {
    let labels = Tensor([0, 1, 0, 1], dtype: .int64)
    let losses: Losses = { p, b in
      crossEntropy(matmul(tanh(matmul(b[0], p[0])), p[1]) * 60, b[1], reduction: .none)
    }
    let p = [wave([3, 4]), wave([4, 3], 1)].map { $0.asType(.float32) }
    #expect(calls(losses, p, [wave([4, 3], 2).asType(.float32) * 3, labels], within: 1e-4) == 2)
  }

  @Test func functionsThatCannotTell() {
    let picks = Tensor([3, 0, 2, 1], dtype: .int64)
    #expect(calls({ p, b in p[0].take(b[0]).sum(axis: 1) }, [wave([4, 3])], [picks]) == 4)
    let both: Losses = { p, b in (tanh(p[0].take(b[0]) * p[1]) * b[1]).sum(axis: 1) }
    #expect(calls(both, [wave([4, 3]), wave([3], 1)], [picks, wave([4, 3], 2)]) == 2)
    // What is picked is larger than all parameters.
    #expect(calls(both, [wave([4, 3]), wave([3], 1)], [Tensor.zeros([9], dtype: .int64), wave([9, 3], 2)]) > 3)
    let columns: Losses = { p, b in matmul(p[0], b[0].transposed()).sum(axis: 0) }
    #expect(calls(columns, [wave([4, 3])], [wave([4, 3], 1)]) > 3)
    let joined: Losses = { p, b in
      concatenated([b[0], p[0].expanded(to: [b[0].shape[0], 2])], axis: 1).sum(axis: 1)
    }
    #expect(calls(joined, [wave([2])], [wave([4, 3], 1)]) > 3)
  }

  @Test func fewExamples() {
    #expect(calls(net, parameters, batch.map { $0[0..<1] }) == 1)
    let (values, gradients) = valueAndGradPerExampleOfBatch(net)(parameters, batch.map { $0[..<0] })
    #expect(values.shape == [0] && gradients.map(\.shape) == [[0, 3, 5], [0, 5], [0, 5, 2], [0, 2]])
    #expect(calls(net, parameters, batch.map { $0[0..<2] }) == 2)
  }

  /// One example that is not finite leaves the others as they are.
  @Test func notFinite() {
    var x = batch[0]
    x[2, 0] = Tensor(Double.nan)
    var calls = 0
    let counted: Losses = {
      calls += 1
      return net($0, $1)
    }
    let gradients = gradPerExampleOfBatch(counted)(parameters, [x, batch[1]])
    #expect(calls == 2)
    let others = gradPerExampleOfBatch(net)(parameters, batch)
    for (gradient, other) in zip(gradients, others) {
      for example in 0..<7 {
        #expect(example == 2 ? gradient[2].sum().item().isNaN : near(gradient[example], doubles(other[example]), 1e-12))
      }
    }
  }

  /// Where someone may ask for a derivative of the result, it has one.
  @Test func differentiable() {
    let norms = { (p: [Tensor]) in gradPerExampleOfBatch(net)(p, batch).reduce(scalar(0)) { $0 + square($1).sum() } }
    let one = { (p: [Tensor], b: [Tensor]) in net(p, b.map { $0.unsqueezed(axis: 0) }).sum() }
    let expected = grad { (p: [Tensor]) in
      gradPerExample(one)(p, batch).reduce(scalar(0)) { $0 + square($1).sum() }
    }(parameters)
    for (found, expected) in zip(grad(norms)(parameters), expected) { #expect(near(found, doubles(expected), 1e-12)) }
    // Of a value that the function captures, too.
    let scale = scalar(1.5).tracked()
    let captured: Losses = { p, b in net(p, b) * scale }
    let slopes = gradPerExampleOfBatch(captured)(parameters, batch)
    #expect(slopes[0].isTracked)
    let constants = withoutGrad { gradPerExampleOfBatch(captured)(parameters, batch) }
    #expect(!constants[0].isTracked && near(constants[0], doubles(slopes[0]), 1e-12))
    let derivative = grad(of: slopes[0].sum(), withRespectTo: [scale])[0]
    #expect(near([derivative.item()], [gradPerExampleOfBatch(net)(parameters, batch)[0].sum().item()], 1e-12))
  }

  @Test func wrongArguments() {
    let short = [batch[0], batch[1][0..<3]]
    #expect(misuse { _ = gradPerExampleOfBatch(net)(parameters, short) }!.contains("of one length along axis 0"))
    let wide: Losses = { p, b in matmul(b[0], p[0]) }
    let message = misuse { _ = gradPerExampleOfBatch(wide)(parameters, batch) }!
    #expect(message.contains("gave float64 [7, 5] for 7 examples"))
    let whole: Losses = { p, b in matmul(b[0], p[0]).mean() }
    #expect(misuse { _ = gradPerExampleOfBatch(whole)(parameters, batch) }!.contains("reduction: .none"))
    let integers = [Tensor([1, 2], dtype: .int64)]
    #expect(misuse { _ = gradPerExampleOfBatch(net)(integers, batch) } != nil)
  }
}
