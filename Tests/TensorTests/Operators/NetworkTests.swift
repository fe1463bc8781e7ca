import Autograd
import Testing

// Numbers are PyTorch's (2.13, float64), for inputs and parameters made by this function there too:
//   grid = lambda *shape, scale=1.0: ((torch.arange(prod(shape)) * 7 % 11).double() / 10 - 0.5).reshape(shape) * scale
private func grid(_ shape: Shape, scale: Double = 1) -> Tensor {
  Tensor((0..<shape.elementCount).map { (Double($0 * 7 % 11) / 10 - 0.5) * scale }, shape: shape)
}

private func isClose(_ x: Tensor, _ expected: [Double]) -> Bool {
  x.count == expected.count && zip(doubles(x), expected).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }
}

/// Layers of nets against PyTorch, where an option changes what they do.
@Suite struct NetworkTests {
  // MARK: - Recurrent cells

  /// One direction of torch.nn.LSTM(2, 2, bidirectional=True): weight_ih = grid(8, 2, scale=1 + direction),
  /// weight_hh = grid(8, 2, scale=0.5 + direction), bias_ih = grid(8, scale=0.3), bias_hh = grid(8, scale=-0.2),
  /// h0 = grid(2, 2, 2, scale=0.4)[direction], c0 = grid(2, 2, 2, scale=0.6)[direction].
  private static func direction(_ direction: Int, _ x: Tensor, _ recurrent: Tensor? = nil) -> (
    outputs: Tensor, hidden: Tensor, cell: Tensor
  ) {
    lstm(
      x, hidden: grid([2, 2, 2], scale: 0.4)[direction], cell: grid([2, 2, 2], scale: 0.6)[direction],
      inputWeight: grid([8, 2], scale: 1 + Double(direction)),
      hiddenWeight: recurrent ?? grid([8, 2], scale: 0.5 + Double(direction)), inputBias: grid([8], scale: 0.3),
      hiddenBias: grid([8], scale: -0.2), reverse: direction == 1)
  }

  @Test("an LSTM in both directions of time")
  func bidirectional() {
    let x = grid([3, 2, 2])
    let (forward, backward) = (Self.direction(0, x), Self.direction(1, x))
    let outputs = concatenated([forward.outputs, backward.outputs], axis: -1)
    #expect(
      isClose(
        outputs,
        [
          0.0187388652698085, 0.00156894121840831, 0.132412803475007, -0.0295594821380245, 0.0462333892067659,
          -0.0139871831156198, 0.101755671142341, -0.130129954291817, -0.0188549460104058, 0.0262651510729665,
          0.00721454187089253, 0.00752478381119516, -0.0102919856875918, -0.0271522266372621, -0.0555192155743558,
          0.0104601913470665, 0.0605587028964678, -0.0260531621517729, 0.119518921532495, -0.073185300760956,
          -0.031028779570604, 0.0374977282992654, 0.00474176451681441, 0.0786982236368869,
        ]))
    #expect(isClose(forward.hidden, [0.0605587028964678, -0.0260531621517729, -0.031028779570604, 0.0374977282992654]))
    #expect(isClose(backward.hidden, [0.132412803475007, -0.0295594821380245, 0.101755671142341, -0.130129954291817]))
    #expect(isClose(forward.cell, [0.12849157767303, -0.0571012701493345, -0.0585693576577674, 0.0792679455802268]))
    #expect(isClose(backward.cell, [0.310352928045889, -0.0762259659498853, 0.238098029397011, -0.287492810357861]))
  }

  @Test("gradients of an LSTM in both directions: of (outputs * grid(3, 2, 4)).sum()")
  func bidirectionalGradients() {
    let loss = { (inputs: [Tensor]) -> Tensor in
      let parts = [Self.direction(0, inputs[0]).outputs, Self.direction(1, inputs[0], inputs[1]).outputs]
      return (concatenated(parts, axis: -1) * grid([3, 2, 4])).sum()
    }
    let gradients = grad(loss)([grid([3, 2, 2]), grid([8, 2], scale: 1.5)])
    #expect(
      isClose(
        gradients[0],
        [
          0.0894250275014542, -0.266266481253237, -0.100426189472741, 0.131669030627667, 0.0834563560949559,
          -0.0219009844761909, -0.0975463744020022, 0.0744834356259927, 0.091710016131244, 0.08555981313288,
          0.00254763855810141, -0.0246744168643446,
        ]))
    #expect(
      isClose(
        gradients[1],
        [
          0.00139118135987623, -0.00156636619065636, 0.000895537904642594, -0.000451647597577781, -0.0019920423449846,
          0.000506209680875052, 0.00177377345153711, -0.00198646407838627, -0.018506298260694, 0.0137996478307918,
          -0.0086382159794931, 0.0295483626289341, -0.00156465647557634, -0.00101780742250467, 0.00170458036528067,
          -0.00168019649346947,
        ]))
  }

  @Test("reverse is time run backwards")
  func reversed() {
    let x = grid([3, 2, 2])
    let state = grid([2, 2])
    func run(_ x: Tensor, reverse: Bool) -> (outputs: Tensor, hidden: Tensor, cell: Tensor) {
      lstm(
        x, hidden: state, cell: state, inputWeight: grid([8, 2]), hiddenWeight: grid([8, 2]), reverse: reverse)
    }
    let (backwards, mirrored) = (run(x, reverse: true), run(x.flipped(axes: [0]), reverse: false))
    #expect(doubles(backwards.outputs) == doubles(mirrored.outputs.flipped(axes: [0])))
    #expect(doubles(backwards.hidden) == doubles(mirrored.hidden))
    #expect(doubles(backwards.cell) == doubles(mirrored.cell))
    #expect(doubles(backwards.outputs[0]) == doubles(backwards.hidden))
  }

  @Test("a GRU cell: weights grid(6, 2) and half of it, biases grid(6, scale=0.3) and grid(6, scale=-0.2)")
  func gru() {
    let next = gruCell(
      grid([2, 2]), hidden: grid([2, 2], scale: 0.4), inputWeight: grid([6, 2]),
      hiddenWeight: grid([6, 2], scale: 0.5),
      inputBias: grid([6], scale: 0.3), hiddenBias: grid([6], scale: -0.2))
    #expect(isClose(next, [0.0683988540541396, -0.0247122993952138, 0.113161080840544, -0.0567754599073853]))
  }

  // MARK: - Batch normalization

  private static let weight = Tensor([1.5, -0.5] as [Double])
  private static let bias = Tensor([0.25, 1.0] as [Double])
  private static let startMean = Tensor([0.5, -0.25] as [Double])
  private static let startVariance = Tensor([2.0, 0.5] as [Double])

  @Test("running statistics move by the momentum, and are what evaluation uses")
  func runningStatistics() {
    let first = batchNorm(
      training: grid([3, 2, 2]), runningMean: Self.startMean, runningVariance: Self.startVariance,
      weight: Self.weight, bias: Self.bias)
    #expect(
      isClose(
        first.result,
        [
          -1.67970275307788, 1.69727706480841, 1.31528295966935, 0.29667647458376, 1.21485137653894, -0.714851376538941,
          0.442191686738844, 1.02425253535918, -1.19727706480841, 2.17970275307788, 1.16976774751426, 1.7518285961346,
        ]))
    #expect(isClose(first.runningMean!, [0.44, -0.223333333333333]))
    #expect(isClose(first.runningVariance!, [1.8116, 0.464166666666667]))
    let x = grid([3, 2, 2], scale: -1)
    let second = batchNorm(
      training: x, runningMean: first.runningMean, runningVariance: first.runningVariance, momentum: 0.25)
    #expect(isClose(second.runningMean!, [0.355, -0.171666666666667]))
    #expect(isClose(second.runningVariance!, [1.3877, 0.383541666666667]))
    let evaluated = batchNorm(
      x, mean: second.runningMean!, variance: second.runningVariance!, weight: Self.weight, bias: Self.bias)
    #expect(
      isClose(
        evaluated,
        [
          0.434633244873515, -0.456699661412421, 0.699937530011308, 1.26507760801692, -0.329366389085859,
          0.179966700220391, 1.18434331115897, 0.861406123727196, 0.307299972546953, -0.584032933738983,
          0.780671826869252, 0.457734639437477,
        ]))
    // Those of the caller stay as they were.
    #expect(doubles(Self.startMean) == [0.5, -0.25])
  }

  @Test("momentum 1 takes the batch's statistics, 0 keeps the old ones, none are made up")
  func momenta() {
    func trained(_ momentum: Double) -> [[Double]] {
      let all = batchNorm(
        training: grid([3, 2, 2]), runningMean: Self.startMean, runningVariance: Self.startVariance, momentum: momentum)
      return [doubles(all.runningMean!), doubles(all.runningVariance!)]
    }
    #expect(trained(0) == [[0.5, -0.25], [2.0, 0.5]])
    // The variance is the estimate of the population's, divided by n - 1.
    let batch = trained(1)
    #expect(isClose(Tensor(batch[0]), [-0.1, 0.0166666666666667]))
    #expect(isClose(Tensor(batch[1]), [0.116, 0.141666666666667]))
    let without = batchNorm(training: grid([3, 2, 2]))
    #expect(without.runningMean == nil && without.runningVariance == nil)
  }

  @Test("the gradient of training goes through the batch's statistics, none to the running ones")
  func trainingGradient() {
    let loss = { (x: Tensor) in
      (batchNorm(training: x, weight: Self.weight, bias: Self.bias).result * grid([3, 2, 2], scale: 2)).sum()
    }
    let expected = [
      -0.000399207548132102, 0.000299405661099076, 5.34081185973534e-05, -0.00011914118764025, 0.000199603774066051,
      -0.000199603774066051, -9.44912867491637e-05, 4.10831681518103e-06, -0.000299405661099076, 0.000399207548132102,
      2.87582177062672e-05, 0.000127357821270612,
    ]
    #expect(isClose(grad(loss)(grid([3, 2, 2])), expected))
    let x = grid([3, 2, 2]).tracked()
    let all = batchNorm(training: x, runningMean: Self.startMean.tracked(), runningVariance: Self.startVariance)
    #expect(all.result.isTracked)
    #expect(!all.runningMean!.isTracked && !all.runningVariance!.isTracked)
  }

  // MARK: - Embedding and dropout

  @Test("an embedding gives no gradient to the padding row: of (rows * grid(3, 2, 2, scale=3)).sum()")
  func paddingIndex() {
    let indices = Tensor([[0, 2], [2, 1], [3, 2]] as [[Int]])
    func gradient(_ paddingIndex: Int?) -> [Double] {
      let loss = { (weight: Tensor) in
        (embedding(weight, indices, paddingIndex: paddingIndex) * grid([3, 2, 2], scale: 3)).sum()
      }
      return doubles(grad(loss)(grid([4, 2])))
    }
    let padded = [-1.5, 0.6, 1.2, 0, 0, 0, -1.2, 0.9]
    #expect(isClose(Tensor(gradient(2)), padded))
    #expect(gradient(-2) == gradient(2))
    #expect(isClose(Tensor(gradient(nil)), [-1.5, 0.6, 1.2, 0, -0.6, -0.9, -1.2, 0.9]))
    let rows = embedding(grid([4, 2]), indices, paddingIndex: 2)
    #expect(isClose(rows, [-0.5, 0.2, 0.1, -0.3, 0.1, -0.3, -0.2, 0.5, 0.4, 0, 0.1, -0.3]))
  }

  @Test("dropout is the generator's: the same seed drops the same, the next call others")
  func dropoutGenerator() {
    let x = Tensor.ones([1000])
    func dropped(_ generator: inout RandomGenerator, _ x: Tensor, _ probability: Double = 0.25) -> [Double] {
      doubles(dropout(x, probability: probability, using: &generator))
    }
    var (one, same, other) = (RandomGenerator(seed: 3), RandomGenerator(seed: 3), RandomGenerator(seed: 4))
    let first = dropped(&one, x)
    #expect(first == dropped(&same, x))
    #expect(first != dropped(&other, x))
    let second = dropped(&one, x)
    #expect(first != second && second == dropped(&same, x))
    #expect(Set(first) == [0, Double(Float(1 / 0.75))])
    // Of 1000 with probability 1/4, within five standard deviations.
    let zeros = first.count { $0 == 0 }
    #expect((182...318).contains(zeros), "\(zeros)")
    // The mask depends on the shape alone, not on the numbers.
    var again = RandomGenerator(seed: 3)
    #expect(dropped(&again, x * 3).map { $0 == 0 } == first.map { $0 == 0 })
  }

  @Test("dropout draws nothing where nothing can drop, and everything drops at probability 1")
  func dropoutLimits() {
    var generator = RandomGenerator(seed: 9)
    let untouched = generator
    let x = grid([4])
    #expect(doubles(dropout(x, probability: 0.5, training: false, using: &generator)) == doubles(x))
    #expect(doubles(dropout(x, probability: 0, using: &generator)) == doubles(x))
    var (after, before) = (generator, untouched)
    #expect(after.next() == before.next())
    #expect(doubles(dropout(x, probability: 1, using: &generator)).allSatisfy { $0 == 0 })
    let slope = grad { (x: Tensor) -> Tensor in
      var generator = RandomGenerator(seed: 9)
      return dropout(x, probability: 0.5, using: &generator).sum()
    }(Tensor.ones([50]))
    var same = RandomGenerator(seed: 9)
    #expect(doubles(slope) == doubles(dropout(Tensor.ones([50]), probability: 0.5, using: &same)))
  }
}
