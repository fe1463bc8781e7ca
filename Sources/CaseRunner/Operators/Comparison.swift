import Autograd

/// Comparisons, logical operators, selection and clamping.
enum Comparison {
  static func add(to table: inout OperatorTable) {
    table["allclose"] = { try Tensor(allClose($0)) }
    table["clamp"] = { try clamped($0) }
    table["eq"] = { try $0.binary({ $0 .== $1 }, { $0 .== $1 }) }
    table["equal"] = { try Tensor(equal($0.pair())) }
    table["ge"] = { try $0.binary({ $0 .>= $1 }, { $0 .>= $1 }) }
    table["gt"] = { try $0.binary({ $0 .> $1 }, { $0 .> $1 }) }
    table["heaviside"] = { try heaviside($0.pair().0, $0.pair().1) }
    table["isclose"] = { try close($0) }
    table["isfinite"] = { try isFinite($0.tensor(0)) }
    table["isinf"] = { try isInf($0.tensor(0)) }
    table["isnan"] = { try isNaN($0.tensor(0)) }
    table["isneginf"] = { try $0.tensor(0) .== -.infinity }
    table["isposinf"] = { try $0.tensor(0) .== .infinity }
    table["le"] = { try $0.binary({ $0 .<= $1 }, { $0 .<= $1 }) }
    table["logical_and"] = { try truth($0.tensor(0)) .& truth($0.tensor(1)) }
    table["logical_not"] = { try .!truth($0.tensor(0)) }
    table["logical_or"] = { try truth($0.tensor(0)) .| truth($0.tensor(1)) }
    table["logical_xor"] = { try $0.tensor(0) .^ $0.tensor(1) }
    table["lt"] = { try $0.binary({ $0 .< $1 }, { $0 .< $1 }) }
    table["masked_fill"] = { try $0.tensor(0).maskedFill($0.tensor(1), $0.tensor(2, "value", like: $0.tensor(0))) }
    table["ne"] = { try $0.binary({ $0 .!= $1 }, { $0 .!= $1 }) }
    table["signbit"] = { try signBit($0.tensor(0)) }
    table["where"] = { try selected($0) }
  }

  private static func truth(_ x: Tensor) -> Tensor { x.asType(.bool) }

  /// The condition is first in PyTorch, and second in its test samples, which programs are not.
  private static func selected(_ arguments: Arguments) throws -> Tensor {
    let second = arguments.isTensor(1) ? try arguments.tensor(1).dtype : nil
    let place = try arguments.tensor(0).dtype == .bool && second != .bool ? 0 : 1
    let (a, b) = try arguments.pair(1 - place, 2)
    return `where`(try arguments.tensor(place, "condition"), a, b)
  }

  private static func equal(_ pair: (Tensor, Tensor)) -> Bool {
    pair.0.shape == pair.1.shape && pair.0.allClose(pair.1, relative: 0, absolute: 0)
  }

  private static func allClose(_ arguments: Arguments) throws -> Bool {
    try arguments.tensor(0).allClose(
      arguments.tensor(1), relative: arguments.double(2, "rtol", default: 1e-5),
      absolute: arguments.double(3, "atol", default: 1e-8),
      nanEqual: arguments.bool(4, "equal_nan", default: false))
  }

  private static func close(_ arguments: Arguments) throws -> Tensor {
    let (a, b) = try arguments.pair()
    let allowed =
      try abs(b) * arguments.double(2, "rtol", default: 1e-5) + arguments.double(3, "atol", default: 1e-8)
    let near = (a .== b) .| (isFinite(a - b) .& (abs(a - b) .<= allowed))
    return try arguments.bool(4, "equal_nan", default: false) ? near .| (isNaN(a) .& isNaN(b)) : near
  }

  private static func clamped(_ arguments: Arguments) throws -> Tensor {
    let x = try arguments.tensor(0)
    if !arguments.isTensor(1, "min") && !arguments.isTensor(2, "max") {
      let low = try arguments.double(1, "min", default: -.infinity)
      return clamp(x, minimum: low, maximum: try arguments.double(2, "max", default: .infinity))
    }
    return try clamp(
      x, minimum: arguments.has(1, "min") ? arguments.tensor(1, "min", like: x) : nil,
      maximum: arguments.has(2, "max") ? arguments.tensor(2, "max", like: x) : nil)
  }
}
