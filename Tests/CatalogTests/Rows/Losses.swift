import Autograd
import Foundation

extension Catalogue {
  private static func mean(_ numbers: [Double]) -> Numbers {
    Numbers([], [numbers.reduce(0, +) / Double(numbers.count)])
  }

  /// The mean of a loss of two numbers; where the second is a constant it is drawn from `signs`.
  private static func pairs(
    _ name: String, operators: [String]? = nil, _ left: Values = .uniform(-2, 2),
    _ right: Values = .uniform(-2, 2),
    constant: Bool = false, call: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ reference: @escaping @Sendable (Double, Double) -> Double
  ) -> Row {
    let signs: [Double] = [1, -1, -1, 1, 1, -1]
    guard constant else {
      return Row(
        name, operators: operators, inputs: [Draw([2, 3], left), Draw([2, 3], right)],
        reference: .arrays { all in [mean(zip(all[0].values, all[1].values).map { reference($0, $1) })] },
        ulps: 16,
        call: { [call($0[0], $0[1])] })
    }
    return Row(
      name, operators: operators, inputs: [Draw([2, 3], left)],
      reference: .arrays { all in [mean(zip(all[0].values, signs).map { reference($0, $1) })] }, ulps: 16,
      call: {
        [
          call(
            $0[0], Tensor(signs, shape: [2, 3]).asType($0[0].dtype.isFloatingPoint ? $0[0].dtype : .float32))
        ]
      })
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private static func crossed(_ p: Double, _ t: Double) -> Double { -(t * log(p) + (1 - t) * log(1 - p)) }

  private static func weightedCross(_ all: [Numbers]) -> Numbers {
    var losses: [Double] = []
    for index in Numbers.positions([2, 3]) {
      let p: Double = sigmoid(all[0][index])
      let t: Double = all[1][index]
      let positive: Double = all[2].values[index[1]] * t * log(p)
      losses.append(-all[3].values[index[1]] * (positive + (1 - t) * log(1 - p)))
    }
    return mean(losses)
  }

  private static func gaussian(_ all: [Numbers]) -> Numbers {
    var losses: [Double] = []
    for index in Numbers.positions([2, 3]) {
      let d: Double = all[0][index] - all[1][index]
      let v: Double = all[2].values[index[0]]
      losses.append(0.5 * (log(v) + d * d / v + log(2 * Double.pi)))
    }
    return mean(losses)
  }

  private static func elementLosses() -> [Row] {
    var rows: [Row] = []
    rows.append(
      pairs("l1Loss", .uniform(0.1, 2), .uniform(-2, -0.1), call: { l1Loss($0, $1) }) {
        (a: Double, b: Double) -> Double in abs(a - b)
      })
    rows.append(
      pairs("smoothL1", .uniform(0, 1.4), .uniform(-1.6, -0.1), call: { smoothL1($0, $1, beta: 1.5) }) {
        (a: Double, b: Double) -> Double in
        let d: Double = abs(a - b)
        if d < 1.5 { return d * d / 3 }
        return d - 0.75
      })
    rows.append(
      pairs("huber", .uniform(0, 1.4), .uniform(-1.6, -0.1), call: { huber($0, $1, delta: 0.7) }) {
        (a: Double, b: Double) -> Double in
        let d: Double = abs(a - b)
        if d <= 0.7 { return d * d / 2 }
        return 0.7 * d - 0.245
      })
    rows.append(
      pairs("mse, summed", operators: ["mse"], call: { mse($0, $1, reduction: .sum) / 6 }) {
        (a: Double, b: Double) -> Double in (a - b) * (a - b)
      })
    rows.append(
      pairs("mse, all", operators: ["mse"], call: { mse($0, $1, reduction: .none).mean() }) {
        (a: Double, b: Double) -> Double in (a - b) * (a - b)
      })
    rows.append(
      pairs("poissonNLL", call: { poissonNLL($0, $1) }) { (a: Double, b: Double) -> Double in exp(a) - b * a }
    )
    rows.append(
      pairs(
        "poissonNLL of rates", operators: ["poissonNLL"], .uniform(0.5, 2), .uniform(1.5, 3),
        call: { poissonNLL($0, $1, logInput: false, full: true) }
      ) { (x: Double, t: Double) -> Double in
        let last: Double = 0.5 * log(6.283185307179586 * t)
        let stirling: Double = t * log(t) - t + last
        return x - t * log(x + 1e-8) + stirling
      })
    rows.append(
      pairs(
        "binaryCrossEntropy", .uniform(0.1, 0.9), .uniform(0.1, 0.9), call: { binaryCrossEntropy($0, $1) },
        crossed))
    rows.append(
      pairs("binaryCrossEntropyWithLogits", call: { binaryCrossEntropyWithLogits($0, $1) }) {
        crossed(sigmoid($0), $1)
      })
    rows.append(
      pairs("multilabelSoftMargin", call: { multilabelSoftMargin($0, $1) }) {
        (a: Double, b: Double) -> Double in
        crossed(sigmoid(a), b)
      })
    rows.append(
      pairs("softMargin", call: { softMargin($0, $1) }) { (a: Double, b: Double) -> Double in
        log(1 + exp(-a * b))
      }
    )
    rows.append(
      pairs("klDivergence", .uniform(-2, 0), .uniform(0.1, 1), call: { klDivergence($0, $1) }) {
        $1 * (log($1) - $0)
      })
    rows.append(
      pairs(
        "klDivergence of a logarithm", operators: ["klDivergence"],
        call: { klDivergence($0, $1, logTarget: true, reduction: .batchMean) / 3 }
      ) { (a: Double, b: Double) -> Double in exp(b) * (b - a) })
    rows.append(
      pairs("hingeEmbedding", .uniform(-1, 0.9), constant: true, call: { hingeEmbedding($0, $1) }) {
        (x: Double, y: Double) -> Double in y == 1 ? x : max(0, 1 - x)
      })
    rows.append(
      Row(
        "binaryCrossEntropyWithLogits, weighted", operators: ["binaryCrossEntropyWithLogits"],
        inputs: [Draw([2, 3]), Draw([2, 3], .uniform(0, 1)), Draw([3], .uniform(0.5, 2)), Draw([3])],
        reference: .arrays { [weightedCross($0)] }, ulps: 16,
        call: { [binaryCrossEntropyWithLogits($0[0], $0[1], weight: $0[3], positiveWeight: $0[2])] }))
    rows.append(
      Row(
        "gaussianNLL", inputs: [Draw([2, 3]), Draw([2, 3]), Draw([2, 1], .uniform(0.5, 2))],
        reference: .arrays { [gaussian($0)] }, ulps: 16,
        call: { [gaussianNLL($0[0], $0[1], variance: $0[2], full: true)] }))
    rows.append(
      Row(
        "marginRanking", inputs: [Draw([4]), Draw([4]), Draw([4])],
        reference: .arrays { all in
          [mean((0..<4).map { max(0, 0.5 - all[2].values[$0] * (all[0].values[$0] - all[1].values[$0])) })]
        }, ulps: 16, call: { [marginRanking($0[0], $0[1], $0[2], margin: 0.5)] }))
    return rows
  }

  private static func length(_ x: [Double]) -> Double { sqrt(x.reduce(0) { $0 + $1 * $1 }) }
  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
  private static func row(_ x: Numbers, _ index: Int) -> [Double] {
    Array(x.values[index * x.shape.last!..<(index + 1) * x.shape.last!])
  }
  private static func distance(_ a: [Double], _ b: [Double]) -> Double {
    length(zip(a, b).map { $0 - $1 + 1e-6 })
  }

  private static let vectorLosses: [Row] = [
    Row(
      "cosineSimilarity", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in
        [
          Numbers(
            [2],
            (0..<2).map {
              let (a, b) = (row(all[0], $0), row(all[1], $0))
              return product(a, b) / (length(a) * length(b))
            })
        ]
      }, ulps: 16, call: { [cosineSimilarity($0[0], $0[1])] }),
    Row(
      "cosineEmbedding", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in
        let cosines = (0..<2).map { (index: Int) -> Double in
          let (a, b) = (row(all[0], index), row(all[1], index))
          return product(a, b) / sqrt((product(a, a) + 1e-12) * (product(b, b) + 1e-12))
        }
        return [mean([1 - cosines[0], max(0, cosines[1] + 2)])]
      }, ulps: 16,
      call: { [cosineEmbedding($0[0], $0[1], Tensor([1, -1]), margin: -2)] }),
    Row(
      "pairwiseDistance", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in [Numbers([2], (0..<2).map { distance(row(all[0], $0), row(all[1], $0)) })]
      },
      ulps: 16, call: { [pairwiseDistance($0[0], $0[1])] }),
    Row(
      "tripletMargin", inputs: [Draw([2, 3]), Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in
        [
          mean(
            (0..<2).map {
              let near = distance(row(all[0], $0), row(all[1], $0))
              let far = min(
                distance(row(all[0], $0), row(all[2], $0)), distance(row(all[1], $0), row(all[2], $0)))
              return max(0, near - far + 9)
            })
        ]
      }, ulps: 16, call: { [tripletMargin($0[0], $0[1], $0[2], margin: 9, swap: true)] }),
  ]

  private static func logarithms(_ x: [Double]) -> [Double] {
    let sum = x.reduce(0) { $0 + exp($1) }
    return x.map { $0 - log(sum) }
  }

  private static func margins(_ all: Numbers, _ labels: [Int], _ p: Double) -> Numbers {
    var losses: [Double] = []
    for (index, label) in labels.enumerated() {
      let x = row(all, index)
      var sum = 0.0
      for other in x.indices where other != label { sum += pow(max(0, 1 - x[label] + x[other]), p) }
      losses.append(sum / Double(x.count))
    }
    return mean(losses)
  }

  private static let labelLosses: [Row] = [
    Row(
      "nllLoss", inputs: [Draw([2, 3, 2]), Draw([3], .uniform(0.5, 2))],
      reference: .arrays { all in
        let labels = [0, 2, 1, 1]
        var (sum, shares) = (0.0, 0.0)
        for (place, label) in zip(Numbers.positions([2, 2]), labels) where label != 1 {
          sum -= all[1].values[label] * all[0][[place[0], label, place[1]]]
          shares += all[1].values[label]
        }
        return [Numbers([], [sum / shares])]
      }, ulps: 16,
      call: { [nllLoss($0[0], Tensor([[0, 2], [1, 1]], dtype: .int64), weights: $0[1], ignoreIndex: 1)] }),
    Row(
      "crossEntropy, weighted and smoothed", operators: ["crossEntropy"],
      inputs: [Draw([3, 4]), Draw([4], .uniform(0.5, 2))],
      reference: .arrays { all in
        var (sum, shares) = (0.0, 0.0)
        for (index, label) in [1, 3, 0].enumerated() {
          let y = logarithms(row(all[0], index))
          sum -= 0.9 * all[1].values[label] * y[label] + 0.1 / 4 * product(y, all[1].values)
          shares += all[1].values[label]
        }
        return [Numbers([], [sum / shares])]
      }, ulps: 16,
      call: { [crossEntropy($0[0], Tensor([1, 3, 0], dtype: .int64), weights: $0[1], labelSmoothing: 0.1)] }),
    Row(
      "crossEntropy with probabilities", operators: ["crossEntropy"],
      inputs: [Draw([3, 4]), Draw([3, 4], .uniform(0, 1))],
      reference: .arrays { all in
        [Numbers([3], (0..<3).map { -product(logarithms(row(all[0], $0)), row(all[1], $0)) })]
      }, ulps: 16, call: { [crossEntropy($0[0], $0[1], reduction: .none)] }),
    Row(
      "multiMargin", inputs: [Draw([2, 3])], reference: .arrays { [margins($0[0], [2, 0], 1)] }, ulps: 16,
      call: { [multiMargin($0[0], Tensor([2, 0], dtype: .int64))] }),
    Row(
      "multiMargin, squared", operators: ["multiMargin"], inputs: [Draw([2, 3])],
      reference: .arrays { [margins($0[0], [2, 0], 2)] }, ulps: 16,
      call: { [multiMargin($0[0], Tensor([2, 0], dtype: .int64), p: 2)] }),
    Row(
      "multilabelMargin", inputs: [Draw([1, 4])],
      reference: .arrays { all in
        let x = all[0].values
        let pairs = [3, 0].flatMap { target in [1, 2].map { max(0, 1 - x[target] + x[$0]) } }
        return [Numbers([], [pairs.reduce(0, +) / 4])]
      }, ulps: 16, call: { [multilabelMargin($0[0], Tensor([[3, 0, -1, 1]], dtype: .int64))] }),
  ]

  static let losses: [Row] = elementLosses() + vectorLosses + labelLosses
}

extension Catalogue {
  static let lossNotes: [Note] = [
    Note("l1Loss", "abs(x - t)", "u sign(x - t) / n; its negative", torch: "F.l1_loss", mxnet: "mx.gluon.loss.L1Loss"),
    Note(
      "smoothL1", "d^2 / (2 beta) where d = abs(x - t) < beta, else d - beta / 2",
      "u (x - t) / (n max(d, beta)); its negative", torch: "F.smooth_l1_loss", mxnet: "mx.npx.smooth_l1"),
    Note(
      "huber", "d^2 / 2 where d = abs(x - t) <= delta, else delta (d - delta / 2)",
      "u (x - t) min(1, delta / d) / n; its negative", torch: "F.huber_loss", mxnet: "mx.gluon.loss.HuberLoss"),
    Note(
      "poissonNLL", "e^x - t x, or x - t ln(x + eps)", "u (e^x - t) / n; -u x / n", torch: "F.poisson_nll_loss",
      mxnet: "mx.gluon.loss.PoissonNLLLoss"),
    Note(
      "gaussianNLL", "(ln v + (x - t)^2 / v) / 2", "u (x - t) / (n v); its negative; u (1 - (x - t)^2 / v) / (2 n v)",
      torch: "F.gaussian_nll_loss"),
    Note(
      "binaryCrossEntropy", "-t ln x - (1 - t) ln(1 - x)", "u (x - t) / (n x (1 - x)); u ln((1 - x) / x) / n",
      torch: "F.binary_cross_entropy", mxnet: "mx.gluon.loss.SigmoidBCELoss"),
    Note(
      "binaryCrossEntropyWithLogits", "-t ln s - (1 - t) ln(1 - s) with s = sigmoid x", "u (s - t) / n; -u x / n",
      torch: "F.binary_cross_entropy_with_logits", mxnet: "mx.gluon.loss.SigmoidBCELoss"),
    Note(
      "klDivergence", "t (ln t - x)", "-u t / n; u (ln t + 1 - x) / n", torch: "F.kl_div",
      numpy: "scipy.special.rel_entr",
      mxnet: "mx.gluon.loss.KLDivLoss", jax: "jax.scipy.special.rel_entr"),
    Note(
      "hingeEmbedding", "x where t = 1, max(margin - x, 0) where t = -1", "u / n; -u / n below the margin",
      torch: "F.hinge_embedding_loss"),
    Note(
      "softMargin", "ln(1 + e^(-x t))", "-u t sigmoid(-x t) / n; -u x sigmoid(-x t) / n", torch: "F.soft_margin_loss",
      mxnet: "mx.gluon.loss.LogisticLoss"),
    Note(
      "marginRanking", "max(margin - t (a - b), 0)", "-u t / n; u t / n; u (b - a) / n", torch: "F.margin_ranking_loss"),
    Note(
      "cosineSimilarity", "a b / (abs(a) abs(b))", "u (b / (abs(a) abs(b)) - y a / abs(a)^2); likewise",
      torch: "F.cosine_similarity"),
    Note(
      "cosineEmbedding", "1 - c where t = 1, max(c - margin, 0) where t = -1; c the cosine", "As cosineSimilarity",
      torch: "F.cosine_embedding_loss", mxnet: "mx.gluon.loss.CosineEmbeddingLoss"),
    Note("pairwiseDistance", "norm(a - b + eps)", "As norm; its negative", torch: "F.pairwise_distance"),
    Note(
      "tripletMargin", "max(d(a, p) - d(a, n) + margin, 0)", "As pairwiseDistance, where positive",
      torch: "F.triplet_margin_loss",
      mxnet: "mx.gluon.loss.TripletLoss"),
    Note("nllLoss", "-x[label]", "-u weight at the label, over the sum of weights", torch: "F.nll_loss"),
    Note(
      "multiMargin", "sum of max(margin - x[label] + x[j], 0)^p / classes", "As each maximum",
      torch: "F.multi_margin_loss"),
    Note(
      "multilabelMargin", "sum of max(1 - x[target] + x[j], 0) / classes", "As each maximum",
      torch: "F.multilabel_margin_loss"),
    Note(
      "multilabelSoftMargin", "The mean over classes of binaryCrossEntropyWithLogits",
      "u (sigmoid x - t) / n; -u x / n",
      torch: "F.multilabel_soft_margin_loss"),
  ]

  private static func constant(_ number: Double, _ x: Tensor) -> Tensor { Tensor.full(x.shape, number, dtype: x.dtype) }

  static let lossConventions: [Convention] = [
    Convention("l1Loss", "0 where equal", at: [1, 2], gradient: [0, 0.5]) { l1Loss($0, constant(1, $0)) },
    Convention("smoothL1", "as outside at beta", at: [1, 2], gradient: [0, 0.5], hessian: [[0.5, 0], [0, 0]]) {
      smoothL1($0, constant(1, $0))
    },
    Convention("huber", "as inside at delta", at: [1, 2], gradient: [0, 0.5], hessian: [[0.5, 0], [0, 0.5]]) {
      huber($0, constant(1, $0))
    },
    Convention("hingeEmbedding", "as below at the margin", at: [1, 2], gradient: [-0.5, 0]) {
      hingeEmbedding($0, constant(-1, $0))
    },
    Convention("marginRanking", "as where positive", at: [0, 0], gradient: [-0.5, -0.5]) {
      marginRanking($0, constant(0, $0), constant(1, $0))
    },
    Convention("multiMargin", "as where positive, for p = 1", at: [1, 0], gradient: [-0.5, 0.5]) {
      multiMargin($0, Tensor(0 as Int))
    },
    Convention("multilabelMargin", "0 where a margin is just met", at: [1, 0], gradient: [0, 0]) {
      multilabelMargin($0, Tensor([0, -1] as [Int]))
    },
    Convention("cosineSimilarity", "as divided by eps at 0, here 0.5", at: [0, 0], gradient: [1.2, 1.6]) {
      cosineSimilarity($0, Tensor([3, 4], dtype: $0.dtype), axis: 0, eps: 0.5)
    },
    Convention("cosineEmbedding", "as divided by 1e-6 at 0", at: [0, 0], gradient: [-6e5, -8e5]) {
      cosineEmbedding($0.reshaped([1, 2]), Tensor([[3, 4]], dtype: $0.dtype), Tensor([1], dtype: $0.dtype))
    },
    Convention("pairwiseDistance", "0 at a distance of 0", at: [1, 2], gradient: [0, 0]) {
      pairwiseDistance($0, $0.detached(), eps: 0)
    },
    Convention("tripletMargin", "as where positive", at: [5], gradient: [-1]) {
      tripletMargin(constant(7, $0), $0, constant(5, $0), margin: 0)
    },
    Convention("binaryCrossEntropy", "0 where a logarithm is held at -100", at: [0, 1], gradient: [0, 0]) {
      binaryCrossEntropy($0, Tensor([1, 0], dtype: $0.dtype))
    },
    Convention(
      "klDivergence", "0 where the target is 0", at: [0, 1], gradient: [0, 0], hessian: [[0, 0], [0, 0.5]]
    ) {
      klDivergence(constant(1, $0), $0)
    },
    Convention("gaussianNLL", "0 for a variance below eps", at: [0, 1], gradient: [0, 0]) {
      gaussianNLL(constant(1, $0), constant(1, $0), variance: $0 * 1e-9)
    },
  ]
}
