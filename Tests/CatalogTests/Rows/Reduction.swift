import Autograd

extension Catalogue {
  /// A reduction along one axis (counted from the end), or of everything.
  private static func reducing(
    _ name: String, _ operators: [String], _ values: Values = .uniform(-2, 2), accepts: Accepted = .numbers,
    resultType: DType? = nil, integersGive: DType? = nil, saves: [Kept] = [],
    empties: [[Shape]] = [[[0]], [[2, 0, 3]]],
    all: @escaping @Sendable (Tensor) -> Tensor, axis: @escaping @Sendable (Tensor, Int, Bool) -> Tensor,
    _ reference: @escaping @Sendable ([Double]) -> Double
  ) -> [Row] {
    [
      Row(
        name, operators: operators, inputs: [Draw([2, 3], values)],
        reference: .arrays { [Numbers([], [reference($0[0].values)])] }, accepts: accepts,
        resultType: resultType, integersGive: integersGive,
        saves: [Saves(0, keeps: saves)], shapes: [[[]], [[2, 3, 2]], [[17]]], emptyShapes: empties,
        call: { [all($0[0])] }),
      Row(
        "\(name) over the last axis", operators: operators, inputs: [Draw([2, 3], values)],
        reference: .arrays { [$0[0].reduced(-1, reference)] }, accepts: accepts, resultType: resultType,
        integersGive: integersGive, shapes: [[[4]], [[2, 1, 3]]],
        emptyShapes: empties.filter { $0[0].last! > 0 } + [[[0, 3]]],
        call: { [axis($0[0], -1, false)] }),
      Row(
        "\(name) over the first axis, kept", operators: operators, inputs: [Draw([2, 3], values)],
        reference: .arrays { [$0[0].reduced(0, keepDims: true, reference)] }, accepts: accepts,
        resultType: resultType, integersGive: integersGive, shapes: [[[4]], [[3, 1, 2]]],
        call: { [axis($0[0], 0, true)] }),
    ]
  }

  static let reduction: [Row] =
    reducing(
      "sum", ["sum"], accepts: .all, integersGive: .int64, all: { $0.sum() },
      axis: { $0.sum(axis: $1, keepDims: $2) },
      { $0.reduce(0, +) })
    + reducing(
      "mean", ["mean"], accepts: .floating, empties: [], all: { $0.mean() },
      axis: { $0.mean(axis: $1, keepDims: $2) }, { $0.reduce(0, +) / Double($0.count) })
    + reducing(
      "max", ["max"], .spaced(0.3), saves: [.input(0), .result(0)], empties: [], all: { $0.max() },
      axis: { $0.max(axis: $1, keepDims: $2) }, { $0.max()! })
    + reducing(
      "min", ["min"], .spaced(0.3), saves: [.input(0), .result(0)], empties: [], all: { $0.min() },
      axis: { $0.min(axis: $1, keepDims: $2) }, { $0.min()! })
    + reducing(
      "argmax", ["argmax"], .spaced(0.3), accepts: .all, resultType: .int64, empties: [],
      all: { $0.argmax() },
      axis: { $0.argmax(axis: $1, keepDims: $2) }, { Double($0.firstIndex(of: $0.max()!)!) })
    + reducing(
      "argmin", ["argmin"], .spaced(0.3), accepts: .all, resultType: .int64, empties: [],
      all: { $0.argmin() },
      axis: { $0.argmin(axis: $1, keepDims: $2) }, { Double($0.firstIndex(of: $0.min()!)!) })
    + [
      Row(
        "sum over several axes", operators: ["sum"], inputs: [Draw([2, 3, 2])],
        reference: .arrays { [$0[0].reduced(2).reduced(0)] }, accepts: .all,
        integersGive: .int64,
        emptyShapes: [[[2, 0, 3]], [[0, 1, 0]]], call: { [$0[0].sum(axes: [0, -1])] }),
      Row(
        "sum over no axes", operators: ["sum"], inputs: [Draw([2, 3])], reference: .arrays { [$0[0]] },
        accepts: .all, integersGive: .int64, call: { [$0[0].sum(axes: [])] }),
      Row(
        "max over several axes", operators: ["max"], inputs: [Draw([2, 3, 2], .spaced(0.2))],
        reference: .arrays {
          [$0[0].reduced(2, keepDims: true) { $0.max()! }.reduced(0, keepDims: true) { $0.max()! }]
        }, accepts: .numbers, call: { [$0[0].max(axes: [0, 2], keepDims: true)] }),
    ]
}

extension Numbers {
  /// Sums along an axis.
  fileprivate func reduced(_ axis: Int) -> Numbers { reduced(axis) { $0.reduce(0, +) } }
}

extension Catalogue {
  static let reductionNotes: [Note] = [
    Note("sum", "Sums; also of a formula, in one pass", "u", same: "sum"),
    Note("mean", "Sums divided by their number n", "u / n", same: "mean"),
    Note("max", "The largest", "`u` at the largest; 0", same: "max", torch: "torch.amax"),
    Note("min", "The smallest", "`u` at the smallest; 0", same: "min", torch: "torch.amin"),
    Note("argmax", "The position of the largest, the first among equals", nil, same: "argmax"),
    Note("argmin", "The position of the smallest, the first among equals", nil, same: "argmin"),
  ]

  static let reductionConventions: [Convention] = [
    Convention("max", "ties share evenly", at: [1, 3, 3, 2], gradient: [0, 0.5, 0.5, 0]) { $0.max() },
    Convention("min", "ties share evenly", at: [1, 1, 1, 1, 2], gradient: [0.25, 0.25, 0.25, 0.25, 0]) { $0.min() },
  ]
}
