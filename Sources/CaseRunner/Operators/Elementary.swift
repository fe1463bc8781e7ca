import Autograd

/// Elementary functions of one tensor.
enum Elementary {
  static func add(to table: inout OperatorTable) {
    table["abs"] = { try abs($0.tensor(0)) }
    table["acos"] = { try acos($0.tensor(0)) }
    table["acosh"] = { try acosh($0.tensor(0)) }
    table["asin"] = { try asin($0.tensor(0)) }
    table["asinh"] = { try asinh($0.tensor(0)) }
    table["atan"] = { try atan($0.tensor(0)) }
    table["atanh"] = { try atanh($0.tensor(0)) }
    table["ceil"] = { try ceil($0.tensor(0)) }
    table["cos"] = { try cos($0.tensor(0)) }
    table["cosh"] = { try cosh($0.tensor(0)) }
    table["deg2rad"] = { try radians($0.tensor(0)) }
    table["exp"] = { try exp($0.tensor(0)) }
    table["exp2"] = { try exp2($0.tensor(0)) }
    table["expm1"] = { try expm1($0.tensor(0)) }
    table["floor"] = { try floor($0.tensor(0)) }
    table["frac"] = { try frac($0.tensor(0)) }
    table["log"] = { try log($0.tensor(0)) }
    table["log10"] = { try log10($0.tensor(0)) }
    table["log1p"] = { try log1p($0.tensor(0)) }
    table["log2"] = { try log2($0.tensor(0)) }
    table["logit"] = { try $0.has(1, "eps") ? logit($0.tensor(0), margin: $0.double(1, "eps")) : logit($0.tensor(0)) }
    table["nan_to_num"] = {
      try nanToNum(
        $0.tensor(0), nan: $0.double(1, "nan", default: 0), positiveInfinity: $0.optionalDouble(2, "posinf"),
        negativeInfinity: $0.optionalDouble(3, "neginf"))
    }
    table["neg"] = { try -$0.tensor(0) }
    table["positive"] = { try +$0.tensor(0) }
    table["rad2deg"] = { try degrees($0.tensor(0)) }
    table["reciprocal"] = { try reciprocal($0.tensor(0)) }
    table["round"] = { try round($0.tensor(0), decimals: $0.int(1, "decimals", default: 0)) }
    table["rsqrt"] = { try rsqrt($0.tensor(0)) }
    table["sgn"] = { try sign($0.tensor(0)) }
    table["sign"] = { try sign($0.tensor(0)) }
    table["sin"] = { try sin($0.tensor(0)) }
    table["sinc"] = { try sinc($0.tensor(0)) }
    table["sinh"] = { try sinh($0.tensor(0)) }
    table["sqrt"] = { try sqrt($0.tensor(0)) }
    table["square"] = { try square($0.tensor(0)) }
    table["tan"] = { try tan($0.tensor(0)) }
    table["tanh"] = { try tanh($0.tensor(0)) }
    table["trunc"] = { try trunc($0.tensor(0)) }
  }
}
