import Autograd

extension Catalogue {
  static let selection: [Row] = [
    Row(
      "where", primitives: ["select"],
      inputs: [Draw([2, 3], .flags), Draw([2, 3], .uniform(-2, 2)), Draw([2, 3], .uniform(-2, 2))],
      reference: .elements { $0[0] != 0 ? $0[1] : $0[2] }, accepts: .all, ulps: 0,
      saves: [Saves(1, 2, keeps: [.input(0)]), Saves(1, keeps: [.input(0)])],
      call: { [`where`($0[0], $0[1], $0[2])] }),
    Row(
      "where with a number", operators: ["where"], inputs: [Draw([2, 3], .flags), Draw([2, 3])],
      reference: .elements { $0[0] != 0 ? $0[1] : 1 }, accepts: .all, ulps: 0,
      saves: [Saves(1, keeps: [.input(0)])], call: { [`where`($0[0], $0[1], 1)] }),
    Row(
      "where with a number first", operators: ["where"], inputs: [Draw([2, 3], .flags), Draw([2, 3])],
      reference: .elements { $0[0] != 0 ? 1 : $0[1] }, accepts: .all, ulps: 0,
      saves: [Saves(1, keeps: [.input(0)])], call: { [`where`($0[0], 1, $0[1])] }),
    .unary(
      "clamp", .offWhole, { clamp($0, minimum: -1, maximum: 2) }, { Swift.min(Swift.max($0, -1), 2) },
      primitives: [], accepts: .numbers, ulps: 0, saves: [.input(0)],
      specials: [
        Special(-1, value: -1, slopes: [1], second: 0, kink: "1 at the bounds"),
        Special(2, value: 2, slopes: [1], kink: "1 at the bounds"),
        Special(3, value: 2, slopes: [0]), Special(.nan, value: .nan),
        Special(-.infinity, value: -1, slopes: [0]),
      ]),
    .unary(
      "clamp from below", .offWhole, { clamp($0, minimum: -1) }, { Swift.max($0, -1) }, operators: ["clamp"],
      primitives: [], accepts: .numbers, ulps: 0, saves: [.input(0)],
      specials: [Special(.infinity, value: .infinity, slopes: [1]), Special(-2, value: -1, slopes: [0])]),
    .unary(
      "clamp from above", .offWhole, { clamp($0, maximum: 1) }, { Swift.min($0, 1) }, operators: ["clamp"],
      primitives: [], accepts: .numbers, ulps: 0, saves: [.input(0)],
      specials: [Special(-.infinity, value: -.infinity, slopes: [1]), Special(2, value: 1, slopes: [0])]),
  ]
}

extension Catalogue {
  static let selectionNotes: [Note] = [
    Note("where", "a where the condition holds, b elsewhere", "1 for what is chosen; 0 for the other", same: "where"),
    Note("clamp", "min(max(x, minimum), maximum)", "1 within; 0 outside", same: "clip", torch: "torch.clamp"),
  ]

  static let selectionConventions: [Convention] = [
    Convention("where", "an infinite slope that is not chosen stays out", at: [-1, 0], gradient: [0, 0]) {
      `where`($0 .> 0, sqrt($0), 0).sum()
    },
    Convention("where", "as the branch that is taken at the condition's boundary", at: [0], gradient: [3]) {
      `where`($0 .> 0, square($0), 3 * $0).sum()
    },
    Convention("clamp", "1 where both bounds are one", at: [1, 2], gradient: [1, 0]) {
      clamp($0, minimum: 1, maximum: 1).sum()
    },
  ]
}
