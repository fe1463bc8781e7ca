extension LinePlot {
  /// The plot drawn with characters, at most `columns` wide and `rows` high.
  ///
  /// With colour (ANSI escapes), and for a single line, curves are drawn in braille dots, eight to a
  /// character. Without, each line has a mark of its own, since dots of two lines cannot be told apart.
  ///
  /// - Precondition: At least 24 columns and 8 rows.
  public func terminal(columns: Int = 80, rows: Int = 24, color: Bool = false) -> String {
    precondition(columns >= 24 && rows >= 8, "LinePlot.terminal: \(columns) x \(rows) is too small")
    return TerminalDrawing(self, columns: columns, rows: rows, color: color).text
  }
}

/// Lays a plot out in character cells.
private struct TerminalDrawing {
  private let plot: LinePlot
  private let frame: Frame
  private let color: Bool
  private let braille: Bool
  private let columns: Int
  private let margin: Int
  private let width: Int
  private let height: Int
  private let xTicks: [Tick]
  private let yTicks: [Tick]
  private var cells: [Cell]

  private struct Cell {
    var dots: UInt8 = 0
    var line: Int?
    var background: Character = " "
  }

  init(_ plot: LinePlot, columns: Int, rows: Int, color: Bool) {
    self.plot = plot
    self.color = color
    self.columns = columns
    frame = Frame(plot)
    braille = color || plot.lines.count <= 1
    let words = (plot.title.isEmpty ? 0 : 1) + (plot.lines.isEmpty ? 0 : 1) + (plot.x.label.isEmpty ? 0 : 1)
    height = max(3, rows - words - 2)
    yTicks = Ticks.of(plot.y, over: frame.y, count: max(2, height / 4)).filter { !$0.label.isEmpty }
    margin = (yTicks.map(\.label.count).max() ?? 0) + 1
    width = max(4, columns - margin - 1)
    xTicks = Ticks.of(plot.x, over: frame.x, count: max(2, width / 12)).filter { !$0.label.isEmpty }
    cells = Array(repeating: Cell(), count: width * height)
    drawZeroLines()
    for (index, line) in plot.lines.enumerated() {
      for piece in frame.pieces(line.points) { draw(piece, index) }
    }
  }

  private mutating func drawZeroLines() {
    if plot.y.scale == .linear, frame.y.lowerBound < 0, frame.y.upperBound > 0, let zero = frame.placeY(0) {
      let row = row(zero)
      for column in 0..<width { cells[row * width + column].background = "┄" }
    }
    if plot.x.scale == .linear, frame.x.lowerBound < 0, frame.x.upperBound > 0, let zero = frame.placeX(0) {
      let column = column(zero)
      for row in 0..<height {
        let crossing = cells[row * width + column].background == "┄"
        cells[row * width + column].background = crossing ? "┼" : "┆"
      }
    }
  }

  private func column(_ fraction: Double) -> Int { min(width - 1, max(0, Int(fraction * Double(width)))) }
  private func row(_ fraction: Double) -> Int {
    min(height - 1, max(0, Int((1 - fraction) * Double(height))))
  }

  private mutating func draw(_ piece: [LinePlot.Point], _ line: Int) {
    let across = Double(width * (braille ? 2 : 1))
    let down = Double(height * (braille ? 4 : 1))
    func dot(_ point: LinePlot.Point) -> (x: Double, y: Double) {
      (point.x * across - 0.5, (1 - point.y) * down - 0.5)
    }
    var previous = dot(piece[0])
    if piece.count == 1 { set(previous.x, previous.y, line) }
    for point in piece.dropFirst() {
      let next = dot(point)
      let steps = max(1, Int(max(abs(next.x - previous.x), abs(next.y - previous.y)).rounded(.up)))
      for step in 0...steps {
        let t = Double(step) / Double(steps)
        set(previous.x + t * (next.x - previous.x), previous.y + t * (next.y - previous.y), line)
      }
      previous = next
    }
  }

  private mutating func set(_ x: Double, _ y: Double, _ line: Int) {
    let (dotsAcross, dotsDown) = braille ? (2, 4) : (1, 1)
    let column = min(width * dotsAcross - 1, max(0, Int(x.rounded())))
    let row = min(height * dotsDown - 1, max(0, Int(y.rounded())))
    let cell = row / dotsDown * width + column / dotsAcross
    // Braille dots 1-2-3-7 go down the left, 4-5-6-8 down the right.
    let masks: [UInt8] = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80]
    cells[cell].dots |= braille ? masks[column % 2 * 4 + row % 4] : 1
    cells[cell].line = line
  }

  // MARK: Text

  private func painted(_ text: String, _ line: Int) -> String {
    color ? "\u{1B}[\(Palette.terminalColors[line % Palette.terminalColors.count])m\(text)\u{1B}[0m" : text
  }

  private func characters(inRow row: Int) -> String {
    var text = ""
    var run = ""
    var runLine: Int?
    func flush() {
      text += runLine.map { painted(run, $0) } ?? run
      run = ""
    }
    for column in 0..<width {
      let cell = cells[row * width + column]
      if cell.line != runLine {
        flush()
        runLine = cell.line
      }
      if let line = cell.line {
        run.append(braille ? brailleCharacter(cell.dots) : Palette.marks[line % Palette.marks.count])
      } else {
        run.append(cell.background)
      }
    }
    flush()
    return trimmed(text)
  }

  private func brailleCharacter(_ dots: UInt8) -> Character {
    Character(Unicode.Scalar(0x2800 + UInt32(dots))!)
  }

  private func trimmed(_ text: String) -> String {
    String(text.reversed().drop { $0 == " " }.reversed())
  }

  private func padded(_ text: String, _ length: Int) -> String {
    String(repeating: " ", count: max(0, length - text.count)) + text
  }

  private func centered(_ text: String) -> String {
    padded("", max(0, margin + (width - text.count) / 2)) + text
  }

  var text: String {
    var lines: [String] = []
    if !plot.title.isEmpty { lines.append(centered(plot.title)) }
    if let legend { lines.append(legend) }
    var labels: [Int: String] = [:]
    for tick in yTicks {
      if let place = frame.placeY(tick.value), labels[row(place)] == nil { labels[row(place)] = tick.label }
    }
    for row in 0..<height {
      let label = labels[row]
      lines.append(padded(label ?? "", margin - 1) + (label == nil ? " │" : " ┤") + characters(inRow: row))
    }
    lines += xAxis
    if !plot.x.label.isEmpty { lines.append(centered(plot.x.label)) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The lines' names in one row; those that do not fit are left out.
  private var legend: String? {
    var text = padded("", margin + 1)
    var used = margin + 1
    for (index, line) in plot.lines.enumerated() where !line.label.isEmpty {
      let mark = braille ? "⠤⠤" : String(Palette.marks[index % Palette.marks.count])
      let length = mark.count + 1 + line.label.count + 3
      if used + length - 3 > columns { break }
      text += painted(mark, index) + " " + line.label + "   "
      used += length
    }
    return plot.lines.allSatisfy(\.label.isEmpty) ? nil : trimmed(text)
  }

  private var xAxis: [String] {
    var rule = Array(repeating: Character("─"), count: width)
    var labels = Array(repeating: Character(" "), count: margin + 1 + width)
    var free = 0
    for tick in xTicks {
      guard let place = frame.placeX(tick.value) else { continue }
      let column = column(place)
      let start = min(max(margin + 1 + column - tick.label.count / 2, 0), labels.count - tick.label.count)
      rule[column] = "┬"
      guard start >= free else { continue }
      for (offset, character) in tick.label.enumerated() { labels[start + offset] = character }
      free = start + tick.label.count + 1
    }
    return [padded("", margin) + "└" + String(rule), trimmed(String(labels))]
  }
}
