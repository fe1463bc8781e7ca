import Foundation

/// A mark on an axis: where it stands and what is written there.
public struct Tick: Sendable, Hashable {
  /// Where it stands.
  public let value: Double
  /// Empty for the small marks between labelled ones on a logarithmic axis.
  public let label: String

  /// A mark at a value; a small one where the label is empty.
  public init(value: Double, label: String) {
    self.value = value
    self.label = label
  }
}

/// The choice of ticks.
public enum Ticks {
  /// Ticks at round numbers within a range, about `count` of them.
  ///
  /// Steps are 1, 2 or 5 times a power of ten, chosen by Heckbert's rule (P. Heckbert, "Nice numbers for
  /// graph labels", Graphics Gems, 1990); labels have as many digits as the step needs.
  ///
  /// - Precondition: `count` is at least 2.
  public static func linear(_ range: ClosedRange<Double>, count: Int = 6) -> [Tick] {
    precondition(count >= 2, "Ticks.linear: needs a count of 2 or more, got \(count)")
    let extent = range.upperBound - range.lowerBound
    guard extent > 0, extent.isFinite else {
      return [Tick(value: range.lowerBound, label: number(range.lowerBound))]
    }
    var divisions = Double(count - 1)
    var step = niceStep(extent / divisions)
    var indices = multiples(of: step, in: range)
    // One tick says nothing about the scale.
    while indices.count < 2 {
      divisions *= 1.5
      step = niceStep(extent / divisions)
      indices = multiples(of: step, in: range)
    }
    let style = LabelStyle(largest: max(abs(range.lowerBound), abs(range.upperBound)), step: step)
    return indices.map { index in
      let value = exact(index, times: step)
      return Tick(value: value, label: style.label(value))
    }
  }

  /// Ticks at multiples or simple fractions of a unit, labelled with its symbol: -π, -π/2, 0, π/2, π.
  ///
  /// Falls back to ``linear(_:count:)`` where the range is very short against the unit.
  public static func multiples(of unit: Axis.Unit, in range: ClosedRange<Double>, count: Int = 6) -> [Tick] {
    let extent = (range.upperBound - range.lowerBound) / unit.value
    guard extent > 0, extent.isFinite, count >= 2, extent / Double(count) > 0.1 else {
      return linear(range, count: max(count, 2))
    }
    let target = extent / Double(count)
    let (step, denominator): (Double, Int) =
      target <= 0.25 ? (0.25, 4) : target <= 0.5 ? (0.5, 2) : target <= 1 ? (1, 1) : (niceStep(target), 1)
    return multiples(of: step * unit.value, in: range).map { index in
      let label =
        denominator == 1
        ? fraction(index * Int(step), 1, unit.symbol) : fraction(index, denominator, unit.symbol)
      return Tick(value: Double(index) * step * unit.value, label: label)
    }
  }

  /// Ticks of a logarithmic axis: powers of ten, with 2 and 5 times them (or round numbers) where the
  /// range is short; unlabelled small ticks between.
  ///
  /// Powers are written out where all of them are short (0.001, 10,000), else all as powers. With a unit the
  /// labels are in it and its prefixes: 100 µs, 10 ms.
  ///
  /// - Precondition: The range is positive.
  public static func logarithmic(
    _ range: ClosedRange<Double>, count: Int = 6, prefixedUnit: String? = nil
  ) -> [Tick] {
    precondition(range.lowerBound > 0, "Ticks.logarithmic: the range \(range) is not positive")
    let tolerance = 1e-9
    let first = Int((log10(range.lowerBound) - tolerance).rounded(.up))
    let last = Int((log10(range.upperBound) + tolerance).rounded(.down))
    let decades = last - first + 1
    if decades < 2 {
      let few = [1.0, 2, 5].flatMap { factor in
        ((first - 1)...max(last, first)).map { factor * pow(10, Double($0)) }
      }.filter(range.contains).sorted()
      let ticks = few.count >= 3 ? few.map { Tick(value: $0, label: number($0)) } : linear(range, count: count)
      return prefixedUnit.map { unit in ticks.map { Tick(value: $0.value, label: prefixed($0.value, unit)) } } ?? ticks
    }
    let stride = max(1, (decades + count - 1) / count)
    let isShort = first >= -4 && last <= 5
    func label(_ exponent: Int) -> String {
      if let prefixedUnit { return prefixed(pow(10, Double(exponent)), prefixedUnit) }
      return isShort ? number(pow(10, Double(exponent))) : power(exponent)
    }
    var ticks: [Tick] = []
    for exponent in (first - 1)...last {
      for factor in 1...9 {
        let value = Double(factor) * pow(10, Double(exponent))
        guard value >= range.lowerBound * (1 - tolerance), value <= range.upperBound * (1 + tolerance) else {
          continue
        }
        if factor == 1 && (exponent - first) % stride == 0 {
          ticks.append(Tick(value: value, label: label(exponent)))
        } else if stride == 1 || factor == 1 {
          ticks.append(Tick(value: value, label: ""))
        }
      }
    }
    return ticks
  }

  /// The ticks that an axis has over a range.
  static func of(_ axis: Axis, over range: ClosedRange<Double>, count: Int) -> [Tick] {
    let ticks =
      switch (axis.scale, axis.unit) {
      case (.logarithmic, _): logarithmic(range, count: count, prefixedUnit: axis.prefixedUnit)
      case (.linear, let unit?): multiples(of: unit, in: range, count: count)
      case (.linear, nil): linear(range, count: count)
      }
    return axis.labelsEnds ? withEnds(ticks, range, axis) : ticks
  }

  /// With labelled ticks at both ends; a label that stands too near to them gives way.
  private static func withEnds(_ ticks: [Tick], _ range: ClosedRange<Double>, _ axis: Axis) -> [Tick] {
    let (low, high) = (range.lowerBound, range.upperBound)
    func place(_ value: Double) -> Double { axis.scale == .logarithmic ? log10(value) : value }
    let extent = place(high) - place(low)
    guard extent > 0 else { return ticks }
    func distance(_ tick: Tick) -> Double {
      min(place(tick.value) - place(low), place(high) - place(tick.value)) / extent
    }
    let inner = ticks.filter { distance($0) > 1e-6 }.map { tick in
      distance(tick) < 0.12 ? Tick(value: tick.value, label: "") : tick
    }
    func end(_ value: Double) -> Tick {
      Tick(value: value, label: axis.prefixedUnit.map { prefixed(value, $0) } ?? number(value))
    }
    return [end(low)] + inner + [end(high)]
  }

  // MARK: Round numbers

  /// The nearest of 1, 2, 5 and 10 times a power of ten, by Heckbert's thresholds.
  static func niceStep(_ rough: Double) -> Double {
    let exponent = log10(rough).rounded(.down)
    let fraction = rough / pow(10, exponent)
    let nice: Double = fraction < 1.5 ? 1 : fraction < 3 ? 2 : fraction < 7 ? 5 : 10
    return nice * pow(10, exponent)
  }

  private static func multiples(of step: Double, in range: ClosedRange<Double>) -> Range<Int> {
    // A tick that rounding moved just outside belongs inside.
    let slack = 1e-9
    let first = Int((range.lowerBound / step - slack).rounded(.up))
    let last = Int((range.upperBound / step + slack).rounded(.down))
    return first..<max(first, last + 1)
  }

  /// index * step without the error of a step below 1 (3 * 0.1 is not 0.3, but 3 / 10 is).
  private static func exact(_ index: Int, times step: Double) -> Double {
    let inverse = (1 / step).rounded()
    return step < 1 && abs(inverse * step - 1) < 1e-12 ? Double(index) / inverse : Double(index) * step
  }

  // MARK: Labels

  private static func fraction(_ numerator: Int, _ denominator: Int, _ symbol: String) -> String {
    if numerator == 0 { return "0" }
    var (top, bottom) = (abs(numerator), denominator)
    while top % 2 == 0 && bottom % 2 == 0 { (top, bottom) = (top / 2, bottom / 2) }
    let sign = numerator < 0 ? "-" : ""
    return sign + (top == 1 ? "" : "\(top)") + symbol + (bottom == 1 ? "" : "/\(bottom)")
  }

  private static func power(_ exponent: Int) -> String {
    if (0...1).contains(exponent) { return exponent == 0 ? "1" : "10" }
    let digits: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸",
      "9": "⁹",
    ]
    return "10" + String("\(exponent)".map { digits[$0] ?? $0 })
  }

  /// A number in a unit with the prefix that leaves it between 1 and 1000, as far as there are prefixes.
  static func prefixed(_ value: Double, _ unit: String) -> String {
    let prefixes = ["p", "n", "µ", "m", "", "k", "M", "G", "T", "P"]
    // 1e-9: a power of ten may have been rounded down.
    let steps = Int((log10(value) / 3 + 1e-9).rounded(.down))
    let chosen = min(max(steps, -4), 5)
    return number(value / pow(1000, Double(chosen))) + " " + prefixes[chosen + 4] + unit
  }

  /// A number in as few digits as say it; whole ones below 10^9 in full.
  static func number(_ value: Double) -> String {
    let isWhole = value == value.rounded() && abs(value) < 1e9
    let text = String(format: isWhole ? "%.0f" : "%.6g", value)
    return text == "-0" ? "0" : separated(text)
  }

  /// 10,000 for 10000, on every axis.
  static func separated(_ text: String) -> String {
    let digits = text.prefix { $0 == "-" || $0.isNumber }
    guard !text.contains("e"), digits.count > 3 else { return text }
    var whole = ""
    for (position, digit) in digits.enumerated() {
      let left = digits.count - position
      if left % 3 == 0, whole.last?.isNumber == true { whole.append(",") }
      whole.append(digit)
    }
    return whole + text.dropFirst(digits.count)
  }
}

/// How the labels of one axis are written: all with the digits that its step needs.
private struct LabelStyle {
  let decimals: Int
  /// The common power of ten, for very large and very small numbers.
  let exponent: Int

  init(largest: Double, step: Double) {
    // 1e-9: 0.1 has a logarithm a little below -1.
    let stepExponent = Int((log10(step) + 1e-9).rounded(.down))
    let largestExponent = Int((log10(largest) + 1e-9).rounded(.down))
    exponent = largestExponent >= 6 || largestExponent <= -4 ? largestExponent : 0
    decimals = max(0, exponent - stepExponent)
  }

  func label(_ value: Double) -> String {
    if value == 0 { return "0" }
    let text = String(format: "%.\(min(decimals, 17))f", value / pow(10, Double(exponent)))
    return exponent == 0 ? Ticks.separated(text) : "\(text)e\(exponent)"
  }
}
