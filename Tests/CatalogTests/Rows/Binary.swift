import Autograd
import Foundation

extension Catalogue {
  private static let both = Saves(0, 1, keeps: [.input(0), .input(1)])

  static let binary: [Row] = [
    Row(
      "multiplyAdd", primitives: ["multiplyAdd"],
      inputs: [
        Draw([2, 3], .uniform(0.2, 2)), Draw([2, 3], .uniform(0.2, 2)), Draw([2, 3], .uniform(0.2, 2)),
      ],
      reference: .elements { $0[0] * $0[1] + $0[2] }, accepts: .numbers, ulps: 1,
      saves: [
        Saves(0, keeps: [.input(1)]), Saves(2, keeps: []), Saves(0, 1, 2, keeps: [.input(0), .input(1)]),
      ], call: { [multiplyAdd($0[0], $0[1], $0[2])] }),
    .binary(
      "minimum", .offWhole, .fixed([0, 1, -1, 2]), { minimum($0, $1) }, { Swift.min($0, $1) },
      accepts: .numbers,
      ulps: 0, saves: [both],
      specials: [
        Special(1, 1, value: 1, slopes: [0.5, 0.5], second: 0, kink: "ties share evenly"),
        Special(.nan, 1, value: .nan),
        Special(1, .nan, value: .nan), Special(-.infinity, 0, value: -.infinity, slopes: [1, 0]),
      ]),
    .binary(
      "maximum", .offWhole, .fixed([0, 1, -1, 2]), { maximum($0, $1) }, { Swift.max($0, $1) },
      accepts: .numbers,
      ulps: 0, saves: [both],
      specials: [
        Special(1, 1, value: 1, slopes: [0.5, 0.5], second: 0, kink: "ties share evenly"),
        Special(.nan, 1, value: .nan),
        Special(1, .nan, value: .nan), Special(.infinity, 0, value: .infinity, slopes: [1, 0]),
      ]),
    .unary(
      "minimum with a number", .offWhole, { minimum($0, 1) }, { Swift.min($0, 1) }, operators: ["minimum"],
      primitives: [],
      accepts: .numbers, ulps: 0, saves: [.input(0)], specials: [Special(1, value: 1, slopes: [0.5])]),
    .unary(
      "maximum with a number", .offWhole, { maximum($0, 1) }, { Swift.max($0, 1) }, operators: ["maximum"],
      primitives: [],
      accepts: .numbers, ulps: 0, saves: [.input(0)], specials: [Special(1, value: 1, slopes: [0.5])]),
    .binary(
      "pow", .uniform(0.4, 2.5), .uniform(-2, 3), { pow($0, $1) }, { pow($0, $1) }, accepts: .numbers,
      ulps: 2,
      integers: 0...4,
      saves: [
        Saves(0, keeps: [.input(0), .input(1)]), Saves(0, 1, keeps: [.input(0), .input(1), .result(0)]),
      ],
      specials: [
        Special(0, 2, value: 0, slopes: [0, 0], second: 2),
        Special(0, 0, value: 1, slopes: [0, 0], kink: "0 where the exponent is 0"),
        Special(0, 1, value: 0, slopes: [1, 0], kink: "0 for the exponent where the base is 0"),
        Special(
          0, 0.5, value: 0, slopes: [.infinity, 0], hessian: [[-.infinity, 0], [0, 0]],
          kink: "infinite for the base where the exponent is below its order"),
        Special(
          0, 1.5, value: 0, slopes: [0, 0], hessian: [[.infinity, 0], [0, 0]],
          kink: "infinite for the base where the exponent is below its order"),
        Special(-2, 3, value: -8),
        Special(-1.5, 0.5, value: .nan), Special(0, -1, value: .infinity),
        Special(0, 3, value: 0, slopes: [0, 0], second: 0),
      ]),
    .unary(
      "pow with a number", .uniform(0.4, 2.5), { pow($0, 2.5) }, { pow($0, 2.5) }, operators: ["pow"],
      primitives: [],
      ulps: 2, saves: [.input(0)], specials: [Special(0, value: 0, slopes: [0], second: 0)]),
    .unary(
      "pow with an integer", .uniform(0.3, 2), { pow($0, 3) + pow($0, 2) }, { pow($0, 3) + $0 * $0 },
      operators: ["pow"],
      primitives: [], accepts: .numbers, ulps: 8, saves: [.input(0), .input(0)],
      specials: [Special(0, value: 0, slopes: [0], second: 2)]),
    .unary(
      "number to the power", .uniform(-2, 2), { pow(1.7, $0) }, { pow(1.7, $0) }, operators: ["pow"],
      primitives: [],
      ulps: 2, saves: [.input(0), .result(0)]),
    .binary(
      "atan2", .signed(0.3, 2), .signed(0.3, 2), { atan2($0, $1) }, { atan2($0, $1) }, ulps: 2, saves: [both],
      specials: [
        Special(0, 1, value: 0, slopes: [1, 0], second: 0),
        Special(0, 0, value: 0, slopes: [0, 0], kink: "0 of every order at the origin"),
        Special(1, 0, value: .pi / 2, slopes: [0, -1]), Special(-0.0, -1, value: -.pi),
        Special(
          0, -1, value: .pi, slopes: [-1, 0], hessian: [[0, -1], [-1, 0]],
          kink: "as beside it at the jump, where a is 0 and b negative"),
      ]),
    .binary(
      "hypot", .signed(0.3, 2), .signed(0.3, 2), { hypot($0, $1) }, { hypot($0, $1) }, ulps: 2,
      saves: [
        Saves(0, keeps: [.input(0), .result(0)]), Saves(0, 1, keeps: [.input(0), .input(1), .result(0)]),
      ],
      specials: [
        Special(0, 0, value: 0, slopes: [0, 0], second: 0, kink: "0 of every order at the origin"),
        Special(3, 4, value: 5, slopes: [0.6, 0.8], second: 0.128),
        Special(.infinity, .nan, value: .infinity),
      ]),
    .binary(
      "remainder", .fixed([0.7, -1.9, 4.4, 5.3, -3.8, 2.6]), .fixed([2, -3, 1.5, 2]), { remainder($0, $1) },
      { $0 - ($0 / $1).rounded(.down) * $1 }, accepts: .numbers, ulps: 8, integers: 1...5,
      saves: [Saves(0, keeps: []), Saves(0, 1, keeps: [.input(0), .input(1)])],
      specials: [
        Special(-1, 3, value: 2, slopes: [1, 1], second: 0),
        Special(6, 3, value: 0, slopes: [1, -2], second: 0, kink: "as above at the jumps"),
        Special(6, 0, value: .nan, slopes: [1, -.infinity], kink: "minus infinity for b where b is 0"),
      ]),
    .unary(
      "remainder by a number", .fixed([0.7, -1.9, 4.4, 5.3]), { remainder($0, 3) },
      { $0 - ($0 / 3).rounded(.down) * 3 }, operators: ["remainder"], primitives: [], accepts: .numbers, ulps: 8,
      saves: []),
    .binary(
      "floorDivide", .fixed([0.7, -1.9, 4.4, 5.3, -3.8, 2.6]), .fixed([2, -3, 1.5, 2]),
      { floorDivide($0, $1) },
      { ($0 / $1).rounded(.down) }, accepts: .numbers, ulps: 0, integers: 1...5,
      saves: [Saves(0, 1, keeps: [])],
      specials: [
        Special(-1, 3, value: -1, slopes: [0, 0], second: 0),
        Special(6, 3, value: 2, slopes: [0, 0], second: 0, kink: "0 at the jumps"),
        Special(6, 0, value: .infinity, slopes: [0, 0], kink: "0 where b is 0"),
      ]),
    .unary(
      "floorDivide by a number", .fixed([0.7, -1.9, 4.4, 5.3]), { floorDivide($0, 3) },
      { ($0 / 3).rounded(.down) },
      operators: ["floorDivide"], primitives: [], accepts: .numbers, ulps: 0, saves: []),
  ]
}

extension Catalogue {
  static let binaryNotes: [Note] = [
    Note("multiplyAdd", "a * b + c", "b; a; 1", torch: "torch.addcmul"),
    Note("minimum", "min(a, b)", "1 for the smaller; 0 for the other", same: "minimum"),
    Note("maximum", "max(a, b)", "1 for the larger; 0 for the other", same: "maximum"),
    Note("pow", "a^b", "b a^(b - 1); y ln a", same: "power", torch: "torch.pow"),
    Note("atan2", "The angle of the point (b, a)", "b / (a^2 + b^2); -a / (a^2 + b^2)", same: "arctan2"),
    Note("hypot", "sqrt(a^2 + b^2)", "a / y; b / y", same: "hypot"),
    Note("remainder", "a - floor(a / b) b", "1; -floor(a / b)", same: "remainder"),
    Note("floorDivide", "floor(a / b)", "0; 0", same: "floor_divide"),
  ]
}
