import Foundation
import Plot
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of an SVG, by the system's own parser.
private final class Elements: NSObject, XMLParserDelegate {
  var list: [(name: String, attributes: [String: String], text: String)] = []
  private var isOpen = false

  static func of(_ svg: String) throws -> [(name: String, attributes: [String: String], text: String)] {
    let elements = Elements()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = elements
    try #require(parser.parse(), "not well-formed: \(String(describing: parser.parserError))")
    return elements.list
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    list.append((name, attributes, ""))
    isOpen = true
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) { isOpen = false }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if isOpen { list[list.count - 1].text += string }
  }
}

@Suite struct LinePlotTests {
  private func plot(_ y: [Double], scale: Axis.Scale = .linear) -> LinePlot {
    var plot = LinePlot(title: "Title", x: Axis("across"), y: Axis("up", scale: scale))
    plot.add(y, from: 0, label: "line")
    return plot
  }

  private func polylines(_ plot: LinePlot) throws -> [[(x: Double, y: Double)]] {
    try Elements.of(plot.svg()).filter { $0.name == "polyline" }.map { line in
      line.attributes["points", default: ""].split(separator: " ").map { pair in
        let numbers = pair.split(separator: ",").map { Double($0)! }
        return (numbers[0], numbers[1])
      }
    }
  }

  @Test func theSVGIsWellFormedAndComplete() throws {
    var plot = plot([1, 3, 2])
    plot.add([2, 2, 2], from: 0, label: "another")
    let elements = try Elements.of(plot.svg(width: 640, height: 400))
    #expect(elements[0].name == "svg")
    #expect(elements[0].attributes["viewBox"] == "0 0 640 400")
    let texts = elements.filter { $0.name == "text" }.map(\.text)
    for text in ["Title", "across", "up", "line", "another", "0.5", "1.0"] { #expect(texts.contains(text)) }
    let lines = elements.filter { $0.name == "polyline" }
    #expect(lines.count == 2)
    #expect(lines[0].attributes["stroke"] != lines[1].attributes["stroke"])
    #expect(lines[0].attributes["stroke-dasharray"] != lines[1].attributes["stroke-dasharray"])
  }

  @Test func aLongLegendTakesSeveralRowsAndHidesNothing() throws {
    var plot = plot([1, 3, 2])
    for index in 0..<7 { plot.add([2, 2, 2], from: 0, label: "a rather long name \(index)") }
    let elements = try Elements.of(plot.svg(width: 480, height: 400))
    let names = elements.filter { $0.name == "text" && $0.text.hasPrefix("a rather long name") }
    #expect(names.count == 7)
    let places = names.map { (x: Double($0.attributes["x"]!)!, y: Double($0.attributes["y"]!)!) }
    #expect(places.allSatisfy { $0.x + 20 * 6 < 480 })
    #expect(Set(places.map(\.y)).count > 1)
    let frame = try #require(elements.last { $0.name == "rect" && $0.attributes["fill"] == "none" })
    let top = try #require(Double(frame.attributes["y", default: ""]))
    #expect(places.allSatisfy { $0.y < top && $0.y > 26 })
    // No two in one place.
    for (index, a) in places.enumerated() {
      for b in places[(index + 1)...] { #expect(abs(a.y - b.y) >= 13 || abs(a.x - b.x) > 20 * 6) }
    }
  }

  @Test func pointsAreMarkedWhereAsked() throws {
    var plot = plot([1, 3, .nan, 2, 5])
    #expect(try Elements.of(plot.svg()).count { $0.name == "circle" } == 0)
    plot.marksPoints = true
    // One is the legend's.
    #expect(try Elements.of(plot.svg()).count { $0.name == "circle" } == 4 + 1)
    plot.x.range = 0...1
    #expect(try Elements.of(plot.svg()).count { $0.name == "circle" } == 2 + 1)
  }

  /// Lines that coincide are told apart by the shapes at their points, in the legend, too.
  @Test func eachLineHasAMarkOfItsOwn() throws {
    var plot = LinePlot(marksPoints: true)
    for index in 0..<8 { plot.add([1, 2], from: 0, label: "line \(index)") }
    let marks = try Elements.of(plot.svg()).filter { $0.name == "circle" || $0.name == "path" }
    #expect(marks.count == 8 * 3)
    #expect(marks.allSatisfy { $0.attributes["fill"] == "none" })
    let shapes = marks.map { mark in
      mark.attributes["r"] ?? mark.attributes["d", default: ""].drop { $0 != "m" }.description
    }
    #expect(Set(shapes).count == 8)
  }

  @Test func theEndsOfAnAxisAreLabelledWhereAsked() throws {
    func texts(_ x: [Double], _ axis: Axis) throws -> [String] {
      var plot = LinePlot(x: axis)
      plot.add(x: x, y: x.map { _ in 1 }, label: "")
      return try Elements.of(plot.svg()).filter { $0.attributes["text-anchor"] == "middle" }.map(\.text)
    }
    let axis = Axis(scale: .logarithmic, labelsEnds: true)
    #expect(try texts([2, 10_000], axis) == ["2", "10", "100", "1,000", "10,000"])
    // 100,000 would stand on 100,143.
    #expect(try texts([103, 100_143], axis) == ["103", "1,000", "10,000", "100,143"])
    #expect(try texts([2, 10_000], Axis(scale: .logarithmic)).first == "10")
    #expect(try texts([0, 9.5], Axis(labelsEnds: true)) == ["0", "2", "4", "6", "8", "9.5"])
  }

  /// With the widest font that may stand in: 0.64 of its size a character, as DejaVu Sans.
  @Test func labelsStayOnTheCanvas() throws {
    var plot = LinePlot(
      x: Axis(scale: .logarithmic, labelsEnds: true), y: Axis(scale: .logarithmic, prefixedUnit: "s"))
    plot.add(x: [103, 100_143], y: [1e-7, 1e2], label: "")
    for text in try Elements.of(plot.svg(width: 620, height: 460)) where text.name == "text" {
      let (x, width) = (Double(text.attributes["x"]!)!, 0.64 * 13 * Double(text.text.count))
      switch text.attributes["text-anchor"] {
      case "end": #expect(x - width >= 6, "\(text.text)")
      case "middle": #expect(x - width / 2 >= 6 && x + width / 2 <= 620 - 4, "\(text.text)")
      default: break
      }
    }
  }

  @Test func severalPlotsMakeOnePicture() throws {
    let plots = (1...3).map { plot((1...$0 + 1).map(Double.init)) }
    let elements = try Elements.of(LinePlot.svg(plots, columns: 2, width: 300, height: 200))
    #expect(elements[0].attributes["viewBox"] == "0 0 600 400")
    #expect(elements.count { $0.name == "svg" } == 4)
    #expect(elements.count { $0.name == "polyline" } == 3)
    let places = elements.filter { $0.name == "g" }.map { $0.attributes["transform"] }
    #expect(places == ["translate(0 0)", "translate(300 0)", "translate(0 200)"])
    _ = try Elements.of(LinePlot.svg([], columns: 1))
  }

  @Test func textIsEscaped() throws {
    let nasty = "<a href=\"x\">&amp; 'q' \u{1}\u{7} é😀</a>"
    var plot = LinePlot(title: nasty, x: Axis(nasty), y: Axis(nasty))
    plot.add([1, 2], label: nasty)
    let elements = try Elements.of(plot.svg())
    #expect(!elements.contains { $0.name == "a" })
    let shown = nasty.replacing("\u{1}", with: "\u{FFFD}").replacing("\u{7}", with: "\u{FFFD}")
    #expect(elements.count { $0.name == "text" && $0.text == shown } == 4)
  }

  @Test func pointsStandWhereTheyBelong() throws {
    var plot = LinePlot(x: Axis(range: 0...4), y: Axis(range: -1...1))
    plot.add(x: [0, 2, 4], y: [-1, 0, 1], label: "")
    let line = try polylines(plot)[0]
    #expect(line.count == 3)
    #expect(abs(line[1].x - (line[0].x + line[2].x) / 2) < 0.02)
    #expect(abs(line[1].y - (line[0].y + line[2].y) / 2) < 0.02)
    #expect(line[0].y > line[2].y)
  }

  @Test func logarithmicAxesHaveEqualRatiosAtEqualDistances() throws {
    let line = try polylines(plot([1, 10, 100, 1000], scale: .logarithmic))[0]
    let steps = zip(line.dropFirst(), line).map { $1.y - $0.y }
    #expect(steps.allSatisfy { abs($0 - steps[0]) < 0.03 && $0 > 0 })
  }

  @Test func whatIsNotFiniteOrHasNoPlaceLeavesAGap() throws {
    #expect(try polylines(plot([1, 2, .nan, 3, 4, .infinity, 5, 6])).map(\.count) == [2, 2, 2])
    #expect(try polylines(plot([1, 2, 0, 3, 4, -1, 5, 6], scale: .logarithmic)).map(\.count) == [2, 2, 2])
    // A lonely point is a dot.
    #expect(try Elements.of(plot([1, 2, .nan, 3, .nan, 4, 5]).svg()).count { $0.name == "circle" } == 1)
  }

  @Test func linesAreCutAtTheFrame() throws {
    var plot = LinePlot(x: Axis(range: 0...1), y: Axis(range: 0...1))
    plot.add(x: [0, 0.5, 1], y: [0, 1e12, 0], label: "")
    let frame = try #require(
      try Elements.of(plot.svg()).last { $0.name == "rect" && $0.attributes["fill"] == "none" }?.attributes)
    let top = try #require(Double(frame["y", default: ""]))
    for line in try polylines(plot) { #expect(line.allSatisfy { $0.y >= top - 0.01 }) }
  }

  @Test func aPoleDoesNotFlattenTheRest() throws {
    let x = (0..<400).map { -3 + 6 * Double($0) / 399 }
    var plot = LinePlot()
    plot.add(x: x, y: x.map { 1 / $0 }, label: "1/x")
    let lines = try polylines(plot)
    // The branches are not joined, and each uses a good part of the height.
    #expect(lines.count == 2)
    for line in lines { #expect(line.map(\.y).max()! - line.map(\.y).min()! > 150) }
  }

  @Test func nothingAndConstantsCanBeDrawn() throws {
    for plot in [
      LinePlot(), plot([]), plot([.nan, .nan]), plot([0, 0]), plot([-7, -7]), plot([1e300, -1e300]),
    ] {
      _ = try Elements.of(plot.svg())
      #expect(!plot.terminal().isEmpty)
    }
    for values: [Double] in [[], [0, -1], [5, 5]] {
      _ = try Elements.of(plot(values, scale: .logarithmic).svg())
      #expect(!plot(values, scale: .logarithmic).terminal().isEmpty)
    }
  }

  @Test func theTerminalDrawingFits() {
    var plot = plot((0..<50).map { sin(Double($0) / 5) })
    for count in 1...3 {
      for (columns, rows) in [(24, 8), (40, 12), (80, 24), (132, 50)] {
        let lines = plot.terminal(columns: columns, rows: rows).split(
          separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= columns })
        #expect(lines.count - 1 <= rows)
      }
      plot.add((0..<50).map { cos(Double($0) / 5) * Double(count) }, from: 0, label: "line \(count)")
    }
  }

  @Test func theTerminalDrawingShowsTheLine() {
    var plot = LinePlot(title: "t", x: Axis(range: 0...1), y: Axis(range: 0...1))
    plot.add(x: [0, 1], y: [0, 1], label: "up")
    #expect(
      plot.terminal(columns: 24, rows: 9) == """
                    t
           ⠤⠤ up
        1 ┤                 ⣀⠤⠒⠉
          │             ⣀⠤⠒⠉
          │        ⢀⡠⠤⠒⠉
          │    ⢀⡠⠔⠊⠁
        0 ┤⣀⡠⠔⠊⠁
          └┬───────────────────┬
           0                   1

        """)
    plot.add(x: [0, 1], y: [1, 0], label: "down")
    let text = plot.terminal(columns: 24, rows: 9)
    #expect(text.contains("* up   + down"))
    // Colour: dots, and every escape is closed.
    let colored = plot.terminal(columns: 24, rows: 9, color: true)
    #expect(colored.contains("⡠"))
    #expect(
      colored.components(separatedBy: "\u{1B}[").count - 1 == 2
        * (colored.components(separatedBy: "\u{1B}[0m").count - 1))
  }
}
