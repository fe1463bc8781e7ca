import Autograd
import Foundation

/// Formulas and functions as users write them.
private enum Own {
  static let swish = Formula("swish") { x, b in x / (1 + exp(-b * x)) }
  static let polar = Formula("polar", inputs: 2) { v in
    let radius = sqrt(square(v[0]) + square(v[1]))
    return [radius, atan2(v[1], v[0]), v[0]]
  }
  static let twice = Formula("twice", inputs: 1) { v in [v[0], v[0], 2 * v[0]] }
  static let stable = Formula("stable") { x in
    (1 / (1 + exp(-x))).withSlope(in: x) { y in y * (1 - y) }
  }
  static let fused = Formula("fused") { a, b, c in a * b + c }
  static let piecewise = Formula("piecewise") { x, y in
    Formula.select((x .> 0) .& (y .<= 1), sin(x) * y, maximum(x, y) * cbrt(y))
  }
  static let long = Formula("long") { x in sin(exp(-x * x)) * tanh(x) + x / (1 + x * x) }
  static let squares = Formula("squares") { a, b in square(a - b) * exp(b) }
  static let straight = Formula("straight") { a, b in a + b }

  /// A function of the general kind with two results, one of which its rules read.
  final class SinCos: Function, @unchecked Sendable {
    override var name: String { "sinCos" }
    override var saves: [Saved] { [.output(0), .output(1)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [sin(inputs[0]), cos(inputs[0])] }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      let parts = [cotangents[0].map { $0 * saved.output(1) }, cotangents[1].map { -$0 * saved.output(0) }]
      let present = parts.compactMap { $0 }
      return [present.count == 2 ? present[0] + present[1] : present.first]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      guard let tangent = tangents[0] else { return [nil, nil] }
      return [tangent * saved.output(1), -tangent * saved.output(0)]
    }
  }

  /// A linear function: running differences along the last axis.
  final class Differences: LinearFunction, @unchecked Sendable {
    override func apply(_ x: Tensor) -> Tensor { x[..., 1...] - x[..., ..<(-1)] }
    override func transpose(_ cotangent: Tensor) -> Tensor {
      let zero = Tensor.zeros(like: cotangent[..., 0..<1])
      return concatenated([zero, cotangent], axis: -1) - concatenated([cotangent, zero], axis: -1)
    }
  }

  /// A bilinear function: the cross product of vectors of length 3 (in the last axis).
  final class Cross: BilinearFunction, @unchecked Sendable {
    static let shared = Cross()
    override func apply(_ a: Tensor, _ b: Tensor) -> Tensor { Cross.product(a, b) }
    override func leftAdjoint(_ cotangent: Tensor, _ b: Tensor) -> Tensor { Cross.shared(b, cotangent) }
    override func rightAdjoint(_ cotangent: Tensor, _ a: Tensor) -> Tensor { Cross.shared(cotangent, a) }
    static func product(_ a: Tensor, _ b: Tensor) -> Tensor {
      func turned(_ x: Tensor, _ by: Int) -> Tensor {
        x.take(Tensor([by, by + 1, by + 2].map { $0 % 3 }), axis: -1)
      }
      return turned(a, 1) * turned(b, 2) - turned(a, 2) * turned(b, 1)
    }
  }
}

extension Catalogue {
  private static func pairwise(
    _ body: @escaping @Sendable (Double, Double) -> Double
  ) -> @Sendable ([Numbers]) -> Numbers {
    { all in
      Numbers(Numbers.commonShape(all)) { index in body(all[0].broadcast(index), all[1].broadcast(index)) }
    }
  }

  static let user: [Row] = [
    .binary(
      "swish", .uniform(-2, 2), .uniform(-2, 2), { Own.swish($0, $1) }, { $0 / (1 + exp(-$0 * $1)) },
      operators: [], primitives: [], ulps: 6),
    .unary(
      "stable", .uniform(-3, 3), { Own.stable($0) }, { 1 / (1 + exp(-$0)) }, operators: [], primitives: [],
      ulps: 4, saves: [.result(0)], specials: [Special(1000, value: 1, slopes: [0], second: 0)]),
    .unary(
      "long", .uniform(-2, 2), { Own.long($0) }, { sin(exp(-$0 * $0)) * tanh($0) + $0 / (1 + $0 * $0) },
      operators: [], primitives: [], ulps: 16, saves: [.input(0)]),
    .binary(
      "piecewise", .signed(0.2, 2), .offWhole, { Own.piecewise($0, $1) },
      { $0 > 0 && $1 <= 1 ? sin($0) * $1 : Swift.max($0, $1) * cbrt($1) }, operators: [], primitives: [],
      ulps: 16),
    Row(
      "fused", operators: [],
      inputs: [
        Draw([2, 3], .uniform(0.2, 2)), Draw([2, 3], .uniform(0.2, 2)), Draw([2, 3], .uniform(0.2, 2)),
      ],
      reference: .elements { $0[0] * $0[1] + $0[2] }, accepts: .numbers, ulps: 1,
      saves: [Saves(2, keeps: []), Saves(0, keeps: [.input(1)])], call: { [Own.fused($0[0], $0[1], $0[2])] }),
    Row(
      "polar", operators: [], inputs: [Draw([2, 3], .signed(0.3, 2)), Draw([2, 3], .signed(0.3, 2))],
      reference: .arrays { all in
        let pair = { (body: @escaping @Sendable (Double, Double) -> Double) in pairwise(body)(all) }
        return [pair { hypot($0, $1) }, pair { atan2($1, $0) }, pair { x, _ in x }]
      }, ulps: 4, shapes: [[[2, 1], [3]], [[], [2]]], emptyShapes: [[[0], [1]]],
      call: { Own.polar([$0[0], $0[1]]) }),
    Row(
      "twice", operators: [], primitives: ["copy"], inputs: [Draw([2, 3])],
      reference: .arrays { [$0[0], $0[0], Numbers($0[0].shape, $0[0].values.map { 2 * $0 })] },
      accepts: .numbers,
      ulps: 0, shapes: [[[]]], emptyShapes: [[[0]]], call: { Own.twice([$0[0]]) }),
    Row(
      "formula.sum", operators: ["sum"], inputs: [Draw([2, 3]), Draw([3])],
      reference: .arrays { all in
        [pairwise { ($0 - $1) * ($0 - $1) * exp($1) }(all).reduced(-1) { $0.reduce(0, +) }]
      }, ulps: 8,
      shapes: [[[3], [2, 1]], [[], [2, 3]], [[2, 2, 3], [2, 1]], [[2, 1], [1, 1]]],
      emptyShapes: [[[0, 3], [3]], [[2, 0], [1]]], call: { [Own.squares.sum($0[0], $0[1], axes: [-1])] }),
    Row(
      "formula.sum of all", operators: ["sum"], inputs: [Draw([2, 3]), Draw([3])],
      reference: .arrays { all in
        [Numbers([], [pairwise { ($0 - $1) * ($0 - $1) * exp($1) }(all).values.reduce(0, +)])]
      }, ulps: 8, shapes: [[[3], [2, 1]], [[], [2, 3]], [[], []], [[1], [1]]],
      call: { [Own.squares.sum($0[0], $0[1])] }),
    Row(
      "formula.mean, kept", operators: ["mean"], inputs: [Draw([2, 3]), Draw([2, 1])],
      reference: .arrays { all in
        [
          pairwise { ($0 - $1) * ($0 - $1) * exp($1) }(all).reduced(-2, keepDims: true) {
            $0.reduce(0, +) / Double($0.count)
          }
        ]
      }, ulps: 8, shapes: [[[3], [2, 1]], [[2, 2, 3], [2, 1]]],
      call: { [Own.squares.mean($0[0], $0[1], axes: [-2], keepDims: true)] }),
    Row(
      "formula.sum of a formula with constant slopes", operators: ["sum"], inputs: [Draw([2, 3]), Draw([3])],
      reference: .arrays { all in [pairwise { $0 + $1 }(all).reduced(-1) { $0.reduce(0, +) }] },
      accepts: .numbers,
      ulps: 8, saves: [Saves(0, 1, keeps: [])], shapes: [[[3], [2, 1]], [[1, 1], [2, 3]]],
      call: { [Own.straight.sum($0[0], $0[1], axes: [-1])] }),
    Row(
      "own function", operators: [], inputs: [Draw([2, 3])],
      reference: .arrays { all in
        [
          Numbers(all[0].shape, all[0].values.map { sin($0) }),
          Numbers(all[0].shape, all[0].values.map { cos($0) }),
        ]
      }, ulps: 2, saves: [Saves(0, keeps: [.result(0), .result(1)])], shapes: [[[]]],
      emptyShapes: [[[0]]],
      call: { Own.SinCos()([$0[0]]) }),
    Row(
      "own function of which one result is used", operators: [], inputs: [Draw([2, 3])],
      reference: .arrays { all in [Numbers(all[0].shape, all[0].values.map { cos($0) })] }, ulps: 2,
      call: { [Own.SinCos()([$0[0]])[1]] }),
    Row(
      "own linear function", operators: [], inputs: [Draw([2, 4])],
      reference: .arrays { all in
        [Numbers([all[0].shape[0], all[0].shape[1] - 1]) { all[0][[$0[0], $0[1] + 1]] - all[0][$0] }]
      }, accepts: .numbers, ulps: 1, saves: [Saves(0, keeps: [])],
      call: { [Own.Differences()($0[0])] }),
    Row(
      "own bilinear function", operators: [], inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in
        [
          Numbers([2, 3]) { index in
            func a(_ step: Int) -> Double { all[0][[index[0], (index[1] + step) % 3]] }
            func b(_ step: Int) -> Double { all[1][[index[0], (index[1] + step) % 3]] }
            return a(1) * b(2) - a(2) * b(1)
          }
        ]
      }, accepts: .numbers, ulps: 2,
      saves: [
        Saves(0, keeps: [.input(1)]), Saves(1, keeps: [.input(0)]),
        Saves(0, 1, keeps: [.input(0), .input(1)]),
      ],
      call: { [Own.Cross.shared($0[0], $0[1])] }),
  ]
}
