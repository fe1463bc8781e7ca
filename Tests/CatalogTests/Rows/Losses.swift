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
        order: 3, call: { [call($0[0], $0[1])] })
    }
    return Row(
      name, operators: operators, inputs: [Draw([2, 3], left)],
      reference: .arrays { all in [mean(zip(all[0].values, signs).map { reference($0, $1) })] }, ulps: 16,
      order: 3,
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
      pairs("mse, summed", operators: [], call: { mse($0, $1, reduction: .sum) / 6 }) {
        (a: Double, b: Double) -> Double in (a - b) * (a - b)
      })
    rows.append(
      pairs("mse, all", operators: [], call: { mse($0, $1, reduction: .none).mean() }) {
        (a: Double, b: Double) -> Double in (a - b) * (a - b)
      })
    rows.append(
      pairs("poissonNLL", call: { poissonNLL($0, $1) }) { (a: Double, b: Double) -> Double in exp(a) - b * a }
    )
    rows.append(
      pairs(
        "poissonNLL of rates", operators: [], .uniform(0.5, 2), .uniform(1.5, 3),
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
        "klDivergence of a logarithm", operators: [],
        call: { klDivergence($0, $1, logTarget: true, reduction: .batchMean) / 3 }
      ) { (a: Double, b: Double) -> Double in exp(b) * (b - a) })
    rows.append(
      pairs("hingeEmbedding", .uniform(-1, 0.9), constant: true, call: { hingeEmbedding($0, $1) }) {
        (x: Double, y: Double) -> Double in y == 1 ? x : max(0, 1 - x)
      })
    rows.append(
      Row(
        "binaryCrossEntropyWithLogits, weighted", operators: [],
        inputs: [Draw([2, 3]), Draw([2, 3], .uniform(0, 1)), Draw([3], .uniform(0.5, 2)), Draw([3])],
        reference: .arrays { [weightedCross($0)] }, ulps: 16,
        call: { [binaryCrossEntropyWithLogits($0[0], $0[1], weight: $0[3], positiveWeight: $0[2])] }))
    rows.append(
      Row(
        "gaussianNLL", inputs: [Draw([2, 3]), Draw([2, 3]), Draw([2, 1], .uniform(0.5, 2))],
        reference: .arrays { [gaussian($0)] }, ulps: 16, order: 3,
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
      }, ulps: 16, order: 3, call: { [cosineSimilarity($0[0], $0[1])] }),
    Row(
      "cosineEmbedding", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in
        let cosines = (0..<2).map { (index: Int) -> Double in
          let (a, b) = (row(all[0], index), row(all[1], index))
          return product(a, b) / sqrt((product(a, a) + 1e-12) * (product(b, b) + 1e-12))
        }
        return [mean([1 - cosines[0], max(0, cosines[1] + 2)])]
      }, ulps: 16, order: 3,
      call: { [cosineEmbedding($0[0], $0[1], Tensor([1, -1]), margin: -2)] }),
    Row(
      "pairwiseDistance", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in [Numbers([2], (0..<2).map { distance(row(all[0], $0), row(all[1], $0)) })]
      },
      ulps: 16, order: 3, call: { [pairwiseDistance($0[0], $0[1])] }),
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
      }, ulps: 16, order: 3,
      call: { [nllLoss($0[0], Tensor([[0, 2], [1, 1]], dtype: .int64), weights: $0[1], ignoreIndex: 1)] }),
    Row(
      "crossEntropy, weighted and smoothed", operators: [],
      inputs: [Draw([3, 4]), Draw([4], .uniform(0.5, 2))],
      reference: .arrays { all in
        var (sum, shares) = (0.0, 0.0)
        for (index, label) in [1, 3, 0].enumerated() {
          let y = logarithms(row(all[0], index))
          sum -= 0.9 * all[1].values[label] * y[label] + 0.1 / 4 * product(y, all[1].values)
          shares += all[1].values[label]
        }
        return [Numbers([], [sum / shares])]
      }, ulps: 16, order: 3,
      call: { [crossEntropy($0[0], Tensor([1, 3, 0], dtype: .int64), weights: $0[1], labelSmoothing: 0.1)] }),
    Row(
      "crossEntropy with probabilities", operators: [],
      inputs: [Draw([3, 4]), Draw([3, 4], .uniform(0, 1))],
      reference: .arrays { all in
        [Numbers([3], (0..<3).map { -product(logarithms(row(all[0], $0)), row(all[1], $0)) })]
      }, ulps: 16, order: 3, call: { [crossEntropy($0[0], $0[1], reduction: .none)] }),
    Row(
      "multiMargin", inputs: [Draw([2, 3])], reference: .arrays { [margins($0[0], [2, 0], 1)] }, ulps: 16,
      call: { [multiMargin($0[0], Tensor([2, 0], dtype: .int64))] }),
    Row(
      "multiMargin, squared", operators: [], inputs: [Draw([2, 3])],
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
