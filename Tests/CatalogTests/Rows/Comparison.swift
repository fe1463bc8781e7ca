import Autograd

extension Catalogue {
  private static func comparing(
    _ name: String, _ symbol: String, _ primitives: [String],
    _ call: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ number: @escaping @Sendable (Tensor, Double) -> Tensor,
    _ reference: @escaping @Sendable (Double, Double) -> Bool
  ) -> [Row] {
    [
      .binary(
        name, .fixed([1, 2, 3, .nan, -1, 0]), .fixed([1, 3, 2, 1, -1, -0.0]), call,
        { reference($0, $1) ? 1 : 0 },
        operators: [symbol], primitives: primitives, accepts: .all, resultType: .bool, ulps: 0),
      .unary(
        "\(name) with a number", .fixed([1, 2, 3, .nan, -1, 0]), { number($0, 2) },
        { reference($0, 2) ? 1 : 0 },
        operators: [symbol], primitives: [], accepts: .all, resultType: .bool, ulps: 0, saves: []),
    ]
  }

  private static func logical(
    _ name: String, _ symbol: String, _ call: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ reference: @escaping @Sendable (Bool, Bool) -> Bool
  ) -> Row {
    .binary(
      name, .fixed([0, 1, 0, 2, -1]), .fixed([0, 0, 3, 1]), call, { reference($0 != 0, $1 != 0) ? 1 : 0 },
      operators: [symbol], accepts: .all, resultType: .bool, ulps: 0)
  }

  static let comparison: [Row] =
    comparing("equal", ".==", ["equal"], { $0 .== $1 }, { $0 .== $1 }, { $0 == $1 })
    + comparing("notEqual", ".!=", ["notEqual"], { $0 .!= $1 }, { $0 .!= $1 }, { $0 != $1 })
    + comparing("less", ".<", ["less"], { $0 .< $1 }, { $0 .< $1 }, { $0 < $1 })
    + comparing("lessOrEqual", ".<=", ["lessOrEqual"], { $0 .<= $1 }, { $0 .<= $1 }, { $0 <= $1 })
    + comparing("greater", ".>", [], { $0 .> $1 }, { $0 .> $1 }, { $0 > $1 })
    + comparing("greaterOrEqual", ".>=", [], { $0 .>= $1 }, { $0 .>= $1 }, { $0 >= $1 })
    + [
      logical("and", ".&", { $0 .& $1 }, { $0 && $1 }), logical("or", ".|", { $0 .| $1 }, { $0 || $1 }),
      .unary(
        "not", .fixed([0, 1, -0.0, 2]), { .!$0 }, { $0 == 0 ? 1 : 0 }, operators: [".!"], accepts: .all,
        resultType: .bool, ulps: 0, saves: []),
    ]
}

extension Catalogue {
  static let comparisonNotes: [Note] = [
    Note(".==", "a = b", nil, same: "equal", torch: "torch.eq"),
    Note(".!=", "not a = b", nil, same: "not_equal"),
    Note(".<", "a < b", nil, same: "less"),
    Note(".<=", "a <= b", nil, same: "less_equal"),
    Note(".>", "a > b", nil, same: "greater"),
    Note(".>=", "a >= b", nil, same: "greater_equal"),
    Note(".&", "a and b", nil, same: "logical_and"),
    Note(".|", "a or b", nil, same: "logical_or"),
    Note(".^", "one of a and b", nil, same: "logical_xor"),
    Note(".!", "not a", nil, same: "logical_not"),
  ]
}
