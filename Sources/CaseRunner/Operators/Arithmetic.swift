import Autograd

/// Operators on two tensors, or on a tensor and a number.
enum Arithmetic {
  static func add(to table: inout OperatorTable) {
    table["__radd__"] = { try $0.binary({ $1 + $0 }, { $1 + $0 }) }
    table["__rdiv__"] = { try $0.binary({ $1 / $0 }, { $1 / $0 }) }
    table["__rmod__"] = { try remainder($0.pair().1, $0.pair().0) }
    table["__rmul__"] = { try $0.binary({ $1 * $0 }, { $1 * $0 }) }
    table["__rpow__"] = { try $0.binary({ pow($1, $0) }, { pow($1, $0) }) }
    table["__rsub__"] = { try $0.binary({ $1 - $0 }, { $1 - $0 }) }
    table["add"] = { try $0.binary({ $0 + $1 }, { $0 + $1 }) }
    table["addcdiv"] = { try $0.tensor(0) + $0.tensor(1) / $0.tensor(2) * value($0) }
    table["addcmul"] = { try $0.tensor(0) + $0.tensor(1) * $0.tensor(2) * value($0) }
    table["atan2"] = { try atan2($0.pair().0, $0.pair().1) }
    table["clamp_max"] = { try $0.binary({ minimum($0, $1) }, { clamp($0, maximum: $1) }) }
    table["clamp_min"] = { try $0.binary({ maximum($0, $1) }, { clamp($0, minimum: $1) }) }
    table["copysign"] = { try copysign($0.pair().0, $0.pair().1) }
    table["div"] = { try divided($0) }
    table["float_power"] = { try $0.binary({ pow(wide($0), wide($1)) }, { pow(wide($0), $1) }) }
    table["floor_divide"] = { try $0.binary({ floorDivide($0, $1) }, { floorDivide($0, $1) }) }
    table["fmax"] = { try fmax($0.pair().0, $0.pair().1) }
    table["fmin"] = { try fmin($0.pair().0, $0.pair().1) }
    table["fmod"] = { try fmod($0.pair().0, $0.pair().1) }
    table["hypot"] = { try hypot($0.pair().0, $0.pair().1) }
    table["ldexp"] = { try $0.binary({ $0 * exp2($1) }, { $0 * exp2($1) }) }
    table["lerp"] = {
      try $0.isTensor(2, "weight")
        ? lerp($0.tensor(0), $0.tensor(1), $0.tensor(2)) : lerp($0.tensor(0), $0.tensor(1), $0.double(2, "weight"))
    }
    table["logaddexp"] = { try logAddExp($0.pair().0, $0.pair().1) }
    table["logaddexp2"] = { try logAddExp2($0.pair().0, $0.pair().1) }
    table["maximum"] = { try $0.binary({ maximum($0, $1) }, { maximum($0, $1) }) }
    table["minimum"] = { try $0.binary({ minimum($0, $1) }, { minimum($0, $1) }) }
    table["mul"] = { try $0.binary({ $0 * $1 }, { $0 * $1 }) }
    table["pow"] = { try power($0) }
    table["remainder"] = { try $0.binary({ remainder($0, $1) }, { remainder($0, $1) }) }
    table["rsub"] = { try reversedDifference($0) }
    table["sub"] = { try $0.binary({ $0 - $1 }, { $0 - $1 }) }
    table["true_divide"] = { try $0.binary({ $0 / $1 }, { $0 / $1 }) }
    table["xlogy"] = { try xlogy($0.pair().0, $0.pair().1) }
  }

  private static func value(_ arguments: Arguments) throws -> Double {
    try arguments.double(nil, "value", default: 1)
  }

  private static func wide(_ x: Tensor) -> Tensor { x.asType(.float64) }

  private static func divided(_ arguments: Arguments) throws -> Tensor {
    switch arguments.has(nil, "rounding_mode") ? try arguments.string(nil, "rounding_mode") : "none" {
    case "none": try arguments.binary({ $0 / $1 }, { $0 / $1 })
    case "floor": try arguments.binary({ floorDivide($0, $1) }, { floorDivide($0, $1) })
    case "trunc": try arguments.binary({ trunc($0 / $1) }, { trunc($0 / $1) })
    case let other: throw Unsupported("rounding_mode \(other)")
    }
  }

  private static func power(_ arguments: Arguments) throws -> Tensor {
    if !arguments.isTensor(0) { return try pow(arguments.double(0), arguments.tensor(1)) }
    return try arguments.binary({ pow($0, $1) }, { pow($0, $1) })
  }

  /// other - alpha * input.
  private static func reversedDifference(_ arguments: Arguments) throws -> Tensor {
    let (a, b) = try arguments.pair()
    return try b - a * arguments.double(2, "alpha", default: 1)
  }
}
