/// Shapes that mark the points of lines. All but the dot are outlines of different reach, so that where lines
/// coincide each is still seen.
enum Mark: CaseIterable {
  case dot, circle, square, triangle, diamond, wedge, plus, cross, ring

  /// That of a line, by its place among all.
  static func of(_ index: Int) -> Mark { allCases[1 + index % (allCases.count - 1)] }

  /// The path around a point, in SVG's commands; nil for a circle.
  fileprivate var path: String? {
    switch self {
    case .dot, .circle, .ring: nil
    case .square: "m-3.5 -3.5h7v7h-7z"
    case .triangle: "m0 -5.5l5 8.5h-10z"
    case .diamond: "m0 -6l6 6l-6 6l-6 -6z"
    case .wedge: "m0 5.5l5 -8.5h-10z"
    case .plus: "m-7 0h14m-7 -7v14"
    case .cross: "m-5 -5l10 10m0 -10l-10 10"
    }
  }

  fileprivate var radius: String { self == .ring ? "7.5" : "2.5" }
}

extension SVG {
  mutating func mark(_ mark: Mark, _ x: Double, _ y: Double, _ color: String) {
    let (x, y) = (SVG.number(x), SVG.number(y))
    let paint = mark == .dot ? [("fill", color)] : [("fill", "none"), ("stroke", color), ("stroke-width", "1.4")]
    if let path = mark.path {
      element("path", [("d", "M\(x) \(y)" + path)] + paint)
    } else {
      element("circle", [("cx", x), ("cy", y), ("r", mark.radius)] + paint)
    }
  }
}
