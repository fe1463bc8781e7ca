import Autograd

/// Special functions.
enum Special {
  static func add(to table: inout OperatorTable) {
    table["digamma"] = { try digamma($0.tensor(0)) }
    table["erf"] = { try erf($0.tensor(0)) }
    table["erfc"] = { try erfc($0.tensor(0)) }
    table["erfinv"] = { try erfinv($0.tensor(0)) }
    table["lgamma"] = { try lgamma($0.tensor(0)) }
    table["polygamma"] = { try polygamma($0.int(1), $0.tensor(0)) }
    table["special.polygamma"] = { try polygamma($0.int(1), $0.tensor(0)) }
  }
}
