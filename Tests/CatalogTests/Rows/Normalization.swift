import Autograd
import Foundation

extension Catalogue {
  /// Normalized over the elements that share the key of their position.
  private static func normalized(_ x: Numbers, eps: Double, isCentered: Bool = true, _ key: ([Int]) -> [Int])
    -> Numbers
  {
    let positions = Numbers.positions(x.shape)
    let sets = Dictionary(grouping: positions.indices, by: { key(positions[$0]) })
    var result = x
    for members in sets.values {
      let numbers = members.map { x.values[$0] }
      let mean = isCentered ? numbers.reduce(0, +) / Double(numbers.count) : 0
      let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
      for member in members { result.values[member] = (x.values[member] - mean) / sqrt(variance + eps) }
    }
    return result
  }

  /// Times a weight and plus a bias of an axis.
  private static func scaled(_ x: Numbers, _ all: [Numbers], axis: Int) -> Numbers {
    Numbers(x.shape) { index in
      let place = [index[axis]]
      return x[index] * (all.count > 1 ? all[1][place] : 1) + (all.count > 2 ? all[2][place] : 0)
    }
  }

  private static let images = [Draw([2, 4, 3]), Draw([4]), Draw([4])]

  static let normalization: [Row] = [
    Row(
      "layerNorm", inputs: [Draw([3, 4]), Draw([4]), Draw([4])],
      reference: .arrays { all in [scaled(normalized(all[0], eps: 1e-5) { [$0[0]] }, all, axis: 1)] },
      ulps: 32,
      shapes: [[[1, 4], [4], [4]]], emptyShapes: [[[0, 4], [4], [4]]],
      call: { [layerNorm($0[0], weight: $0[1], bias: $0[2])] }),
    Row(
      "layerNorm of two axes", operators: ["layerNorm"], inputs: [Draw([2, 2, 3])],
      reference: .arrays { all in [normalized(all[0], eps: 0.5) { [$0[0]] }] }, ulps: 32,
      call: { [layerNorm($0[0], lastAxes: 2, eps: 0.5)] }),
    Row(
      "rmsNorm", inputs: [Draw([3, 4]), Draw([4])],
      reference: .arrays { all in
        [scaled(normalized(all[0], eps: 0.1, isCentered: false) { [$0[0]] }, all, axis: 1)]
      }, ulps: 32, call: { [rmsNorm($0[0], weight: $0[1], eps: 0.1)] }),
    Row(
      "groupNorm", inputs: images,
      reference: .arrays { all in [scaled(normalized(all[0], eps: 0.1) { [$0[0], $0[1] / 2] }, all, axis: 1)]
      },
      ulps: 32, call: { [groupNorm($0[0], groups: 2, weight: $0[1], bias: $0[2], eps: 0.1)] }),
    Row(
      "instanceNorm", inputs: images,
      reference: .arrays { all in [scaled(normalized(all[0], eps: 0.1) { [$0[0], $0[1]] }, all, axis: 1)] },
      ulps: 32, call: { [instanceNorm($0[0], weight: $0[1], bias: $0[2], eps: 0.1)] }),
    Row(
      "batchNorm, training", operators: ["batchNorm"], inputs: images,
      reference: .arrays { all in [scaled(normalized(all[0], eps: 0.1) { [$0[1]] }, all, axis: 1)] },
      ulps: 32,
      call: { [batchNorm(training: $0[0], weight: $0[1], bias: $0[2], eps: 0.1).result] }),
    Row(
      "batchNorm, evaluating", operators: ["batchNorm"],
      inputs: [Draw([2, 4, 3]), Draw([4]), Draw([4]), Draw([4]), Draw([4], .uniform(0.5, 2))],
      reference: .arrays { all in
        let centered = Numbers(all[0].shape) { index in
          (all[0][index] - all[3][[index[1]]]) / sqrt(all[4][[index[1]]] + 0.1)
        }
        return [scaled(centered, Array(all.prefix(3)), axis: 1)]
      }, ulps: 32,
      call: { [batchNorm($0[0], mean: $0[3], variance: $0[4], weight: $0[1], bias: $0[2], eps: 0.1)] }),
    Row(
      "localResponseNorm", inputs: [Draw([2, 4, 2])],
      reference: .arrays { all in
        let x = all[0]
        return [
          Numbers(x.shape) { index in
            let near = (max(0, index[1] - 1)..<min(4, index[1] + 2)).map { x[[index[0], $0, index[2]]] }
            return x[index] / pow(1.5 + 0.5 * near.reduce(0) { $0 + $1 * $1 } / 3, 0.75)
          }
        ]
      }, ulps: 32, call: { [localResponseNorm($0[0], size: 3, alpha: 0.5, k: 1.5)] }),
    Row(
      "normalize", inputs: [Draw([2, 3], .signed(0.5, 2))],
      reference: .arrays { all in
        [all[0].mapLines(1) { line in line.map { $0 / sqrt(line.reduce(0) { $0 + $1 * $1 }) } }]
      }, ulps: 16, call: { [normalize($0[0])] }),
    Row(
      "normalize by another norm", operators: ["normalize"], inputs: [Draw([2, 3], .signed(0.5, 2))],
      reference: .arrays { all in
        [
          all[0].mapLines(0) { line in line.map { $0 / pow(line.reduce(0) { $0 + pow(abs($1), 3) }, 1 / 3.0) }
          }
        ]
      }, ulps: 16, call: { [normalize($0[0], p: 3, axis: 0)] }),
    Row(
      "normalize by the sum of magnitudes", operators: ["normalize"], inputs: [Draw([2, 3], .signed(0.5, 2))],
      reference: .arrays { all in
        [all[0].mapLines(1) { line in line.map { $0 / line.reduce(0) { $0 + abs($1) } } }]
      }, ulps: 16, call: { [normalize($0[0], p: 1)] }),
  ]
}

extension Catalogue {
  static let normalizationNotes: [Note] = [
    Note(
      "layerNorm", "n w + b with n = (x - mean) / s, s = sqrt(variance + eps)",
      "(g - mean(g) - n mean(g n)) / s with g = u w; sum(u n); sum(u)",
      torch: "F.layer_norm", mxnet: "mx.npx.layer_norm"),
    Note(
      "rmsNorm", "n w with n = x / s, s = sqrt(mean(x^2) + eps)", "(g - n mean(g n)) / s with g = u w; sum(u n)",
      torch: "F.rms_norm"),
    Note(
      "groupNorm", "As layerNorm, over groups of channels", "As layerNorm", torch: "F.group_norm",
      mxnet: "mx.npx.group_norm"),
    Note(
      "instanceNorm", "As layerNorm, over each channel of each element of the batch", "As layerNorm",
      torch: "F.instance_norm", mxnet: "mx.npx.instance_norm"),
    Note(
      "batchNorm", "As layerNorm, over each channel of the batch; or with a mean and a variance that are given",
      "As layerNorm; or `u w / s`",
      torch: "F.batch_norm", mxnet: "mx.npx.batch_norm"),
    Note(
      "localResponseNorm", "x / d^beta with d = k + alpha mean(x^2) over neighbouring channels",
      "u / d^beta - 2 alpha beta x mean(u y / d)",
      torch: "F.local_response_norm"),
    Note("normalize", "x / max(norm(x), eps)", "(u - y sum(u y)) / norm(x) for p = 2", torch: "F.normalize"),
  ]

  /// A function of two elements that has no derivative of any order at a point.
  private static func undefined(
    _ name: String, _ words: String, at point: [Double], _ call: @escaping @Sendable (Tensor) -> Tensor
  ) -> Convention {
    Convention(
      name, words, at: point, gradient: [.nan, .nan], hessian: [[.nan, .nan], [.nan, .nan]]
    ) { (call($0) * Tensor([1.0, 3]).asType($0.dtype)).sum() }
  }

  static let normalizationConventions: [Convention] = [
    Convention("normalize", "as divided by eps below it", at: [0, 0], gradient: [2, 2]) {
      normalize($0, axis: 0, eps: 0.5).sum()
    },
    undefined("layerNorm", "NaN where all are equal, for an eps of 0", at: [2, 2]) { layerNorm($0, eps: 0) },
    undefined("rmsNorm", "NaN where all are 0, for an eps of 0", at: [0, 0]) { rmsNorm($0, eps: 0) },
    undefined("batchNorm", "NaN where a channel's are equal, for an eps of 0", at: [2, 2]) {
      batchNorm(training: $0.reshaped([2, 1]), eps: 0).result.reshaped([2])
    },
  ]
}
