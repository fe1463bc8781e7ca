import Foundation

/// Times and bytes as people read them.
enum CostNumber {
  /// 0.0123 s is 12.3 ms.
  static func time(_ seconds: Double) -> String {
    prefixed(seconds, [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")])
  }

  /// In powers of 1000.
  static func bytes(_ count: Int) -> String {
    count < 1000
      ? "\(count) B" : prefixed(Double(count), [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")])
  }

  private static func prefixed(_ value: Double, _ units: [(scale: Double, name: String)]) -> String {
    // 999.6 µs is 1.00 ms.
    let unit = units.first { value >= 0.9995 * $0.scale } ?? units.last!
    return significant(value / unit.scale, 3) + " " + unit.name
  }

  /// Rounded to so many digits, written without an exponent.
  static func significant(_ value: Double, _ digits: Int) -> String {
    guard value > 0 else { return "0" }
    let whole = Int((log10(value) + 1e-12).rounded(.down)) + 1
    let decimals = max(0, digits - whole)
    let unit = pow(10, Double(max(0, whole - digits)))
    return decimals > 0
      ? Format.decimals(value, decimals) : Format.thousands(Int((value / unit).rounded() * unit))
  }
}
