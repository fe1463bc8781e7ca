import Foundation

/// Writes SVG elements; text and attributes are escaped.
struct SVG {
  private(set) var text: String
  private let indent = "  "

  init(width: Int, height: Int, title: String) {
    text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
      viewBox="0 0 \(width) \(height)" font-family="Helvetica, Arial, sans-serif" font-size="13">

      """
    if !title.isEmpty { text += "\(indent)<title>\(SVG.escaped(title))</title>\n" }
  }

  var document: String { text + "</svg>\n" }

  /// Puts a document into this one, at a place.
  mutating func place(_ other: SVG, _ x: Double, _ y: Double) {
    text += "\(indent)<g transform=\"translate(\(SVG.number(x)) \(SVG.number(y)))\">\n"
    text += other.document + "\(indent)</g>\n"
  }

  mutating func element(_ name: String, _ attributes: [(String, String)], content: String? = nil) {
    let list = attributes.filter { !$0.1.isEmpty }.map { " \($0.0)=\"\(SVG.escaped($0.1))\"" }.joined()
    text += indent + "<\(name)\(list)"
    text += content.map { ">\(SVG.escaped($0))</\(name)>\n" } ?? "/>\n"
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, stroke: String, width: Double = 1
  ) {
    element(
      "line",
      [
        ("x1", SVG.number(x1)), ("y1", SVG.number(y1)), ("x2", SVG.number(x2)), ("y2", SVG.number(y2)),
        ("stroke", stroke), ("stroke-width", SVG.number(width)),
      ])
  }

  mutating func label(
    _ content: String, _ x: Double, _ y: Double, anchor: String = "start", turned: Bool = false,
    size: Int? = nil, color: String = "#333333"
  ) {
    element(
      "text",
      [
        ("x", SVG.number(x)), ("y", SVG.number(y)), ("text-anchor", anchor), ("fill", color),
        ("font-size", size.map(String.init) ?? ""),
        ("transform", turned ? "rotate(-90 \(SVG.number(x)) \(SVG.number(y)))" : ""),
      ], content: content)
  }

  /// Text as it may stand in XML: markup characters as entities, control characters (which XML forbids)
  /// as the replacement character.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      case "\t", "\n", "\r": result += " "
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A coordinate to a hundredth of a pixel.
  static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    if hundredths % 100 == 0 { return "\(hundredths / 100)" }
    let digits = abs(hundredths) % 100
    let fraction = digits % 10 == 0 ? "\(digits / 10)" : digits < 10 ? "0\(digits)" : "\(digits)"
    return "\(hundredths < 0 ? "-" : "")\(abs(hundredths) / 100).\(fraction)"
  }
}
