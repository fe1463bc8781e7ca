extension LinePlot {
  /// The plot as an SVG document of this size in pixels, on white.
  ///
  /// - Precondition: At least 160 by 120.
  public func svg(width: Int = 800, height: Int = 500) -> String {
    precondition(width >= 160 && height >= 120, "LinePlot.svg: \(width) x \(height) is too small")
    return SVGDrawing(self, width: width, height: height).svg.document
  }

  /// Several plots as one SVG document, in rows; each has this size in pixels.
  ///
  /// - Precondition: At least one column; each plot at least 160 by 120.
  public static func svg(_ plots: [LinePlot], columns: Int, width: Int = 800, height: Int = 500) -> String {
    precondition(columns >= 1, "LinePlot.svg: needs 1 column or more, got \(columns)")
    precondition(width >= 160 && height >= 120, "LinePlot.svg: \(width) x \(height) is too small")
    let rows = (plots.count + columns - 1) / columns
    var page = SVG(width: width * min(columns, max(plots.count, 1)), height: height * max(rows, 1), title: "")
    for (index, plot) in plots.enumerated() {
      page.place(
        SVGDrawing(plot, width: width, height: height).svg, Double(index % columns * width),
        Double(index / columns * height))
    }
    return page.document
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
  /// The lines of the legend: for each label its column and row.
  private let legend: [(index: Int, x: Double, row: Int)]
  /// The width of a character, in a wide font: which one will stand in for Helvetica is not known.
  private let characterWidth = 8.2

  init(_ plot: LinePlot, width: Int, height: Int) {
    self.plot = plot
    self.width = width
    self.height = height
    frame = Frame(plot)
    xTicks = Ticks.of(plot.x, over: frame.x, count: max(3, width / 110))
    yTicks = Ticks.of(plot.y, over: frame.y, count: max(3, height / 70))
    let widest = Double(yTicks.map(\.label.count).max() ?? 0) * characterWidth
    left = 20 + widest + (plot.y.label.isEmpty ? 0 : 22)
    // A label at the last tick may reach beyond the frame.
    right = Double(width) - max(20, Double(xTicks.last?.label.count ?? 0) * characterWidth / 2 + 6)
    legend = SVGDrawing.legend(plot.lines, from: left, to: right, characterWidth)
    top = (plot.title.isEmpty ? 16 : 40) + 20 * Double((legend.last?.row ?? -1) + 1) + (legend.isEmpty ? 0 : 4)
    bottom = Double(height) - (plot.x.label.isEmpty ? 30 : 50)
  }

  private func x(_ fraction: Double) -> Double { left + fraction * (right - left) }
  private func y(_ fraction: Double) -> Double { bottom - fraction * (bottom - top) }

  /// Places labels in a row, and in further rows where one is full.
  private static func legend(
    _ lines: [LinePlot.Line], from left: Double, to right: Double, _ characterWidth: Double
  ) -> [(index: Int, x: Double, row: Int)] {
    var entries: [(index: Int, x: Double, row: Int)] = []
    var (x, row) = (left, 0)
    for (index, line) in lines.enumerated() where !line.label.isEmpty {
      let length = 34 + Double(line.label.count) * characterWidth
      if x > left, x + length > right { (x, row) = (left, row + 1) }
      entries.append((index, x, row))
      x += length + 22
    }
    return entries
  }

  var svg: SVG {
    var svg = SVG(width: width, height: height, title: plot.title)
    svg.element("rect", [("width", "\(width)"), ("height", "\(height)"), ("fill", "#FFFFFF")])
    drawAxes(&svg)
    drawLines(&svg)
    drawWords(&svg)
    return svg
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
          // A lonely point shows, if only as a dot.
          if !plot.marksPoints { svg.mark(.dot, x(piece[0].x), y(piece[0].y), color) }
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
      if plot.marksPoints { drawPoints(line, index, &svg) }
    }
  }

  private func drawPoints(_ line: LinePlot.Line, _ index: Int, _ svg: inout SVG) {
    for point in line.points {
      guard let x = frame.placeX(point.x), let y = frame.placeY(point.y), (0...1).contains(x), (0...1).contains(y)
      else { continue }
      svg.mark(Mark.of(index), self.x(x), self.y(y), Palette.colors[index % Palette.colors.count])
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
    drawLegend(&svg)
  }

  /// Above the frame, where it can hide nothing.
  private func drawLegend(_ svg: inout SVG) {
    let rows = (legend.last?.row ?? 0) + 1
    for (index, position, row) in legend {
      let line = top - 13 - 20 * Double(rows - 1 - row)
      svg.element(
        "line",
        [
          ("x1", SVG.number(position)), ("y1", SVG.number(line)), ("x2", SVG.number(position + 28)),
          ("y2", SVG.number(line)), ("stroke", Palette.colors[index % Palette.colors.count]),
          ("stroke-width", "2.5"), ("stroke-dasharray", Palette.dashes[index % Palette.dashes.count]),
        ])
      if plot.marksPoints {
        svg.mark(Mark.of(index), position + 14, line, Palette.colors[index % Palette.colors.count])
      }
      svg.label(plot.lines[index].label, position + 34, line + 4.5)
    }
  }

  /// A minus sign, which is as wide as a plus, for a hyphen.
  private func minus(_ label: String) -> String {
    label.hasPrefix("-") ? "\u{2212}" + label.dropFirst() : label
  }
}
