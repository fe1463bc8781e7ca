extension Tensor: CustomStringConvertible {
  /// The elements as NumPy prints them (aligned, long axes shortened), then dtype and shape:
  /// `[1.0, 2.5]  float32 [2]`.
  public var description: String { "\(TensorPrinter(self).text())  \(dtype) \(shape)" }
}

/// Lays elements out in rows.
private struct TensorPrinter {
  let tensor: Tensor
  /// An axis longer than this is shortened, if the tensor has many elements.
  static let threshold = 1000
  static let edge = 3
  static let lineWidth = 75

  init(_ tensor: Tensor) { self.tensor = tensor.detached() }

  private var shortens: Bool { tensor.count > TensorPrinter.threshold }

  func text() -> String {
    let cells = cells([], 0)
    let width = cells.map(\.count).max() ?? 0
    var next = cells.makeIterator()
    return rows(
      0,
      {
        let cell = next.next()!; return String(repeating: " ", count: width - cell.count) + cell
      })
  }

  /// Positions shown along an axis; nil stands for the gap.
  private func shown(_ axis: Int) -> [Int?] {
    let length = tensor.shape[axis]
    guard shortens && length > 2 * TensorPrinter.edge else { return Array(0..<length) }
    return Array(0..<TensorPrinter.edge) + [nil] + Array((length - TensorPrinter.edge)..<length)
  }

  /// The shown elements as text, in order, with the same number of decimals.
  private func cells(_ prefix: [Int], _ offset: Int) -> [String] {
    var values: [Double] = []
    var integers: [Int64] = []
    collect(0, 0, &values, &integers)
    switch tensor.dtype {
    case .bool: return integers.map { $0 != 0 ? "true" : "false" }
    case .int32, .int64, .uint8: return integers.map(String.init)
    case .float32, .float64: return NumberFormat(values, isSingle: tensor.dtype == .float32).texts(values)
    }
  }

  private func collect(_ axis: Int, _ offset: Int, _ values: inout [Double], _ integers: inout [Int64]) {
    guard axis < tensor.rank else {
      if tensor.dtype.isFloatingPoint {
        values.append(tensor.element(at: offset))
      } else if tensor.dtype == .int64 {
        integers.append(tensor.storage.typed(Int64.self)[offset])
      } else {
        integers.append(Int64(tensor.element(at: offset)))
      }
      return
    }
    for case let position? in shown(axis) {
      collect(axis + 1, offset + position * tensor.storage.strides[axis], &values, &integers)
    }
  }

  private func rows(_ axis: Int, _ next: () -> String) -> String {
    guard axis < tensor.rank else { return next() }
    let parts = shown(axis).map { $0 == nil ? "..." : rows(axis + 1, next) }
    guard axis < tensor.rank - 1 else { return "[" + wrapped(parts, indent: axis + 1) + "]" }
    let blank = String(repeating: "\n", count: tensor.rank - axis - 1)
    return "[" + parts.joined(separator: "," + blank + String(repeating: " ", count: axis + 1)) + "]"
  }

  private func wrapped(_ parts: [String], indent: Int) -> String {
    var lines: [String] = []
    var line = ""
    for (index, part) in parts.enumerated() {
      let piece = part + (index + 1 < parts.count ? "," : "")
      if !line.isEmpty && indent + line.count + 1 + piece.count > TensorPrinter.lineWidth {
        lines.append(line)
        line = piece
      } else {
        line += line.isEmpty ? piece : " " + piece
      }
    }
    lines.append(line)
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }
}

/// How floating-point numbers of one tensor are written: shortest exact digits, cut to a few decimals.
private struct NumberFormat {
  private static let precision = 6
  let decimals: Int
  let isScientific: Bool
  let isSingle: Bool

  init(_ values: [Double], isSingle: Bool) {
    self.isSingle = isSingle
    let magnitudes = values.filter { $0.isFinite && $0 != 0 }.map { Swift.abs($0) }
    let largest = magnitudes.max() ?? 0
    let smallest = magnitudes.min() ?? 0
    isScientific = largest >= 1e8 || (smallest > 0 && smallest < 1e-4) || (smallest > 0 && largest / smallest > 1e6)
    decimals = values.filter(\.isFinite).map { NumberFormat.decimals($0, isSingle: isSingle) }.max() ?? 0
  }

  /// Decimals that this number needs, at most `precision`; digits that a float32 does not have are none.
  private static func decimals(_ value: Double, isSingle: Bool) -> Int {
    if isSingle {
      let digits = "\(Float(value))"
      guard !digits.contains("e"), let point = digits.firstIndex(of: ".") else { return precision }
      let fraction = digits[digits.index(after: point)...]
      return fraction == "0" ? 0 : Swift.min(fraction.count, precision)
    }
    var scale = 1.0
    for count in 0..<precision {
      let scaled = value * scale
      if Swift.abs(scaled - scaled.rounded()) < 0.5 * scale * 1e-6 { return count }
      scale *= 10
    }
    return precision
  }

  func texts(_ values: [Double]) -> [String] { values.map(text) }

  private func text(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if isScientific { return value == 0 ? "0.0" : scientific(value) }
    return fixed(value, decimals)
  }

  private func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (Swift.abs(value) * scale).rounded()
    let whole = (rounded / scale).rounded(.down)
    let sign = value < 0 && rounded != 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(UInt64(whole)).0" }
    let digits = String(UInt64(rounded - whole * scale))
    return "\(sign)\(UInt64(whole))." + String(repeating: "0", count: decimals - digits.count) + digits
  }

  /// One digit, a few decimals, a power of ten.
  private func scientific(_ value: Double) -> String {
    let text = isSingle ? "\(Float(value))" : "\(value)"
    // Swift prints the shortest digits that read back; rewrite them with the point after the first.
    var mantissa = text
    var exponent = 0
    if let e = text.firstIndex(of: "e") {
      mantissa = String(text[..<e])
      exponent = Int(text[text.index(after: e)...])!
    }
    let sign = mantissa.hasPrefix("-") ? "-" : ""
    if !sign.isEmpty { mantissa.removeFirst() }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    var digits = parts[0] + (parts.count > 1 ? parts[1] : "")
    exponent += parts[0].count - 1
    while digits.hasPrefix("0") && digits.count > 1 {
      digits.removeFirst()
      exponent -= 1
    }
    let shown = NumberFormat.precision + 3
    if digits.count > shown {
      // Rounded to what is shown; all nines become the next power of ten.
      let next = digits[digits.index(digits.startIndex, offsetBy: shown)]
      let rounded = String(Int(digits.prefix(shown))! + (next >= "5" ? 1 : 0))
      exponent += rounded.count - shown
      digits = rounded
    }
    while digits.hasSuffix("0") && digits.count > 1 { digits.removeLast() }
    let fraction = String(digits.dropFirst())
    return
      "\(sign)\(digits.first!).\(fraction.isEmpty ? "0" : fraction)e\(exponent < 0 ? "-" : "+")\(Swift.abs(exponent) < 10 ? "0" : "")\(Swift.abs(exponent))"
  }
}
