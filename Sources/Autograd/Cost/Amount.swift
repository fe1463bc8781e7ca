/// Amounts as people read them.
enum Amount {
  private static let prefixes = ["", "k", "M", "G", "T", "P", "E"]

  /// Two digits or three in powers of 1000: 1234 B is 1.2 kB.
  static func text(_ count: Int, _ unit: String) -> String {
    var (value, prefix) = (Double(count), 0)
    // 999.6 kB is 1.0 MB.
    while value >= 999.5 && prefix + 1 < prefixes.count {
      value /= 1000
      prefix += 1
    }
    let isShort = prefix > 0 && value < 9.95
    let tenths = Int((value * 10).rounded())
    let digits = isShort ? "\(tenths / 10).\(tenths % 10)" : "\(Int(value.rounded()))"
    return "\(digits) \(prefixes[prefix])\(unit)"
  }

  /// So many things, of which there may be one.
  static func text(_ count: Int, of thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
}

extension DerivativeCosts: CustomStringConvertible {
  /// A table: what each derivative costs, a line each, and the least budget of the dense Hessian.
  public var description: String {
    var rows: [(name: String, text: String)] = [
      ("value", value.description), ("gradient", gradient.description), ("hvp", hvp.description),
      ("hessian", "\(hessian), budget of at least \(Amount.text(hessianBudget, "B"))"),
      ("hessianDiagonal", hessianDiagonal.description),
    ]
    if let sparseHessian { rows.append(("sparseHessian", sparseHessian.description)) }
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.text }
      .joined(separator: "\n")
  }
}

extension ComputationCost: CustomStringConvertible {
  /// In units: `1.2 Mflop, 34 kB`.
  public var description: String { "\(Amount.text(flops, "flop")), \(Amount.text(peakBytes, "B"))" }
}
