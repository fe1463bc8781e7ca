/// A plot of lines through points, drawn as SVG or with characters.
///
///     var plot = LinePlot(title: "Training", x: Axis("epoch"), y: Axis("loss", scale: .logarithmic))
///     plot.add(losses, label: "training")
///     try plot.svg().write(to: url, atomically: true, encoding: .utf8)
///     print(plot.terminal())
///
/// A point that is not finite, or has no place on a logarithmic axis, leaves a gap in its line.
public struct LinePlot: Sendable, Hashable {
  /// A place in the plot's own numbers.
  public struct Point: Sendable, Hashable {
    /// The number along the x axis.
    public var x: Double
    /// The number along the y axis.
    public var y: Double

    /// The point (x, y).
    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// One line and its name in the legend.
  public struct Line: Sendable, Hashable {
    /// Its name in the legend.
    public var label: String
    /// What it goes through, in order.
    public var points: [Point]

    /// A line through these points in order.
    public init(_ label: String, points: [Point]) {
      self.label = label
      self.points = points
    }
  }

  /// What stands above the plot; nothing where empty.
  public var title: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// Whether a picture shows the points of lines, where they are few and measured.
  public var marksPoints: Bool
  /// The lines in the order in which they were added.
  public private(set) var lines: [Line] = []

  /// A plot without lines yet; see ``add(_:label:)``.
  public init(title: String = "", x: Axis = Axis(), y: Axis = Axis(), marksPoints: Bool = false) {
    self.title = title
    self.marksPoints = marksPoints
    self.x = x
    self.y = y
  }

  /// Adds a line through points; the label is its name in the legend.
  public mutating func add(_ points: [Point], label: String) {
    lines.append(Line(label, points: points))
  }

  /// Adds a line through (x[i], y[i]).
  ///
  /// - Precondition: As many x as y.
  public mutating func add(x: [Double], y: [Double], label: String) {
    precondition(x.count == y.count, "LinePlot.add: \(x.count) x and \(y.count) y")
    add(zip(x, y).map { Point(x: $0, y: $1) }, label: label)
  }

  /// Adds a line through (first, y[0]), (first + 1, y[1]), ...
  public mutating func add(_ y: [Double], from first: Int = 1, label: String) {
    add(y.enumerated().map { Point(x: Double(first + $0), y: $1) }, label: label)
  }
}
