extension LinePlot {
  /// The plot as an SVG document of this size in pixels, on white.
  ///
  /// - Precondition: At least 160 by 120.
  public func svg(width: Int = 800, height: Int = 500) -> String {
    precondition(width >= 160 && height >= 120, "LinePlot.svg: \(width) x \(height) is too small")
    return SVGDrawing(self, width: width, height: height).document
  }
}

/// Lays a plot out in pixels.
private struct SVGDrawing {
  private let plot: LinePlot
  private let frame: Frame
  private let xTicks: [Tick]
  private let yTicks: [Tick]
  private let left: Double
  private let right: Double
  private let top: Double
  private let bottom: Double
  private let width: Int
  private let height: Int
  private let ink = "#333333"
  private let grid = "#E4E4E4"
  /// Roughly, the width of a character.
  private let characterWidth = 7.2

  init(_ plot: LinePlot, width: Int, height: Int) {
    self.plot = plot
    self.width = width
    self.height = height
    frame = Frame(plot)
    xTicks = Ticks.of(plot.x, over: frame.x, count: max(3, width / 110))
    yTicks = Ticks.of(plot.y, over: frame.y, count: max(3, height / 70))
    let widest = Double(yTicks.map(\.label.count).max() ?? 0) * characterWidth
    left = 16 + widest + (plot.y.label.isEmpty ? 0 : 22)
    right = Double(width) - 20
    top = (plot.title.isEmpty ? 16 : 40) + (plot.lines.isEmpty ? 0 : 24)
    bottom = Double(height) - (plot.x.label.isEmpty ? 30 : 50)
  }

  private func x(_ fraction: Double) -> Double { left + fraction * (right - left) }
  private func y(_ fraction: Double) -> Double { bottom - fraction * (bottom - top) }

  var document: String {
    var svg = SVG(width: width, height: height, title: plot.title)
    svg.element("rect", [("width", "\(width)"), ("height", "\(height)"), ("fill", "#FFFFFF")])
    drawAxes(&svg)
    drawLines(&svg)
    drawWords(&svg)
    return svg.document
  }

  private func drawAxes(_ svg: inout SVG) {
    for tick in xTicks {
      guard let place = frame.placeX(tick.value) else { continue }
      svg.line(x(place), top, x(place), bottom, stroke: grid, width: tick.label.isEmpty ? 0.4 : 1)
      if !tick.label.isEmpty {
        svg.line(x(place), bottom, x(place), bottom + 5, stroke: ink)
        svg.label(minus(tick.label), x(place), bottom + 19, anchor: "middle")
      }
    }
    for tick in yTicks {
      guard let place = frame.placeY(tick.value) else { continue }
      svg.line(left, y(place), right, y(place), stroke: grid, width: tick.label.isEmpty ? 0.4 : 1)
      if !tick.label.isEmpty {
        svg.line(left - 5, y(place), left, y(place), stroke: ink)
        svg.label(minus(tick.label), left - 9, y(place) + 4.5, anchor: "end")
      }
    }
    // Zero lines, where zero is within and not at an edge.
    if plot.x.scale == .linear, frame.x.lowerBound < 0, frame.x.upperBound > 0, let zero = frame.placeX(0) {
      svg.line(x(zero), top, x(zero), bottom, stroke: "#999999")
    }
    if plot.y.scale == .linear, frame.y.lowerBound < 0, frame.y.upperBound > 0, let zero = frame.placeY(0) {
      svg.line(left, y(zero), right, y(zero), stroke: "#999999")
    }
    svg.element(
      "rect",
      [
        ("x", SVG.number(left)), ("y", SVG.number(top)), ("width", SVG.number(right - left)),
        ("height", SVG.number(bottom - top)), ("fill", "none"), ("stroke", ink),
      ])
  }

  private func drawLines(_ svg: inout SVG) {
    for (index, line) in plot.lines.enumerated() {
      let color = Palette.colors[index % Palette.colors.count]
      for piece in frame.pieces(line.points) {
        if piece.count == 1 {
          svg.element(
            "circle",
            [
              ("cx", SVG.number(x(piece[0].x))), ("cy", SVG.number(y(piece[0].y))), ("r", "2.5"),
              ("fill", color),
            ])
          continue
        }
        let points = piece.map { "\(SVG.number(x($0.x))),\(SVG.number(y($0.y)))" }.joined(separator: " ")
        svg.element(
          "polyline",
          [
            ("points", points), ("fill", "none"), ("stroke", color), ("stroke-width", "2"),
            ("stroke-linejoin", "round"), ("stroke-dasharray", Palette.dashes[index % Palette.dashes.count]),
          ])
      }
    }
  }

  private func drawWords(_ svg: inout SVG) {
    if !plot.title.isEmpty {
      svg.label(plot.title, (left + right) / 2, 26, anchor: "middle", size: 17, color: "#111111")
    }
    if !plot.x.label.isEmpty {
      svg.label(plot.x.label, (left + right) / 2, Double(height) - 10, anchor: "middle")
    }
    if !plot.y.label.isEmpty {
      svg.label(plot.y.label, 18, (top + bottom) / 2, anchor: "middle", turned: true)
    }
    // The legend in a row above the frame, where it can hide nothing.
    var position = left
    for (index, line) in plot.lines.enumerated() where !line.label.isEmpty {
      svg.element(
        "line",
        [
          ("x1", SVG.number(position)), ("y1", SVG.number(top - 13)), ("x2", SVG.number(position + 28)),
          ("y2", SVG.number(top - 13)), ("stroke", Palette.colors[index % Palette.colors.count]),
          ("stroke-width", "2.5"), ("stroke-dasharray", Palette.dashes[index % Palette.dashes.count]),
        ])
      svg.label(line.label, position + 34, top - 8.5)
      position += 34 + Double(line.label.count) * characterWidth + 22
    }
  }

  /// A minus sign, which is as wide as a plus, for a hyphen.
  private func minus(_ label: String) -> String {
    label.hasPrefix("-") ? "\u{2212}" + label.dropFirst() : label
  }
}
