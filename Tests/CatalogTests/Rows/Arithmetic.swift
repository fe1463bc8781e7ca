import Autograd

extension Catalogue {
  static let arithmetic: [Row] = [
    .binary(
      "add", .uniform(-2, 2), .uniform(-2, 2), { $0 + $1 }, { $0 + $1 }, operators: ["+"], accepts: .numbers,
      ulps: 0, saves: [Saves(0, 1, keeps: [])]),
    .binary(
      "subtract", .uniform(-2, 2), .uniform(-2, 2), { $0 - $1 }, { $0 - $1 }, operators: ["-"],
      accepts: .numbers,
      ulps: 0, saves: [Saves(0, 1, keeps: [])],
      specials: [Special(.infinity, .infinity, value: .nan, slopes: [1, -1], second: 0)]),
    .binary(
      "multiply", .uniform(-2, 2), .uniform(-2, 2), { $0 * $1 }, { $0 * $1 }, operators: ["*"],
      primitives: ["multiply", "strongMultiply"], accepts: .numbers, ulps: 0,
      saves: [
        Saves(0, keeps: [.input(1)]), Saves(1, keeps: [.input(0)]),
        Saves(0, 1, keeps: [.input(0), .input(1)]),
      ],
      specials: [Special(0, .infinity, value: .nan, slopes: [.infinity, 0])]),
    .binary(
      "divide", .uniform(-2, 2), .signed(0.4, 2), { $0 / $1 }, { $0 / $1 }, operators: ["/"], ulps: 0,
      saves: [
        Saves(0, keeps: [.input(1)]), Saves(1, keeps: [.input(1), .result(0)]),
        Saves(0, 1, keeps: [.input(1), .result(0)]),
      ],
      specials: [
        Special(
          1, 0, value: .infinity, slopes: [.infinity, -.infinity],
          hessian: [[0, -.infinity], [-.infinity, .infinity]], kink: "infinite where b is 0"),
        Special(0, 0, value: .nan),
      ]),
    .unary(
      "negate", .uniform(-2, 2), { -$0 }, { -$0 }, operators: ["-"], accepts: .numbers, ulps: 0, saves: [],
      specials: [Special(0, value: -0.0, slopes: [-1], second: 0)]),
    .unary(
      "plus", .uniform(-2, 2), { +$0 }, { $0 }, operators: ["+"], primitives: [], accepts: .all, ulps: 0,
      saves: []),
    .unary(
      "tensor + number", .uniform(-2, 2), { 3 + ($0 + 2) }, { 3 + ($0 + 2) }, operators: ["+"], primitives: [],
      accepts: .numbers, ulps: 1, saves: []),
    .unary(
      "tensor - number", .uniform(-2, 2), { 3 - ($0 - 2) }, { 3 - ($0 - 2) }, operators: ["-"], primitives: [],
      accepts: .numbers, ulps: 1, saves: []),
    .unary(
      "tensor * number", .uniform(-2, 2), { 3 * ($0 * 2) }, { 3 * ($0 * 2) }, operators: ["*"], primitives: [],
      accepts: .numbers, ulps: 0, saves: []),
    .unary(
      "tensor / number", .uniform(-2, 2), { $0 / 3 }, { $0 / 3 }, operators: ["/"], primitives: [], ulps: 0,
      saves: []),
    .unary(
      "number / tensor", .signed(0.4, 2), { 3 / $0 }, { 3 / $0 }, operators: ["/"], primitives: [], ulps: 0,
      saves: [.input(0)]),
    .binary(
      "compound assignment", .uniform(-2, 2), .uniform(-2, 2),
      {
        var x = $0
        x += $1
        x *= $1
        x -= $1
        return x
      }, { ($0 + $1) * $1 - $1 }, operators: ["+=", "-=", "*="], primitives: [], accepts: .numbers, ulps: 8),
    .binary(
      "compound division", .uniform(-2, 2), .signed(0.4, 2),
      {
        var x = $0
        x /= $1
        return x
      }, { $0 / $1 }, operators: ["/="], primitives: [], ulps: 8),
  ]
}

extension Catalogue {
  static let arithmeticNotes: [Note] = [
    Note("+", "a + b", "1; 1", same: "add"),
    Note("-", "a - b; -a", "1; -1", same: "subtract"),
    Note("*", "a * b", "b; a", same: "multiply"),
    Note("/", "a / b", "1 / b; -y / b", same: "divide"),
    Note("+=", "a = a + b", "1; 1", torch: "a += b", numpy: "a += b", mxnet: "a += b", jax: "a += b"),
    Note("-=", "a = a - b", "1; -1", torch: "a -= b", numpy: "a -= b", mxnet: "a -= b", jax: "a -= b"),
    Note("*=", "a = a * b", "b; a", torch: "a *= b", numpy: "a *= b", mxnet: "a *= b", jax: "a *= b"),
    Note("/=", "a = a / b", "1 / b; -a / b^2", torch: "a /= b", numpy: "a /= b", mxnet: "a /= b", jax: "a /= b"),
  ]
}
