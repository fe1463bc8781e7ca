import Foundation

/// What part of the plane a plot shows, and where points stand in it: 0 ... 1 along both axes.
struct Frame {
  let x: ClosedRange<Double>
  let y: ClosedRange<Double>
  private let xAxis: Axis
  private let yAxis: Axis

  init(_ plot: LinePlot) {
    xAxis = plot.x
    yAxis = plot.y
    let points = plot.lines.flatMap(\.points).filter {
      Frame.place($0.x, plot.x) != nil && Frame.place($0.y, plot.y) != nil
    }
    x = plot.x.range.map { Frame.widened($0, plot.x) } ?? Frame.range(of: points.map(\.x), plot.x, margin: 0)
    let visible = plot.lines.map { [x] line in
      line.points.filter { x.contains($0.x) && Frame.place($0.y, plot.y) != nil }.map(\.y)
    }
    y = plot.y.range.map { Frame.widened($0, plot.y) } ?? Frame.yRange(of: visible, plot.y)
  }

  /// Where a number stands along an axis, before scaling; nil where it has no place.
  private static func place(_ value: Double, _ axis: Axis) -> Double? {
    guard value.isFinite else { return nil }
    switch axis.scale {
    case .linear: return value
    case .logarithmic: return value > 0 ? log10(value) : nil
    }
  }

  private static func number(_ place: Double, _ axis: Axis) -> Double {
    axis.scale == .linear ? place : pow(10, place)
  }

  /// All values; but where a line has a pole, whose huge values would flatten everything else, only those
  /// not far from most.
  private static func yRange(of lines: [[Double]], _ axis: Axis) -> ClosedRange<Double> {
    let sorted = lines.joined().sorted()
    guard axis.scale == .linear, lines.contains(where: { hasPole($0, sorted) }) else {
      return range(of: sorted, axis, margin: 0.04)
    }
    let low = sorted[sorted.count / 10]
    let high = sorted[sorted.count - 1 - sorted.count / 10]
    let reach = high > low ? high - low : .infinity
    return range(of: sorted.filter { $0 >= low - reach && $0 <= high + reach }, axis, margin: 0.04)
  }

  /// Whether a finely sampled line leaps, as a smooth one does not.
  private static func hasPole(_ values: [Double], _ sorted: [Double]) -> Bool {
    guard values.count >= 100, let low = sorted.first, let high = sorted.last else { return false }
    return zip(values.dropFirst(), values).contains { abs($0 - $1) > 0.25 * (high - low) }
  }

  private static func range(of values: [Double], _ axis: Axis, margin: Double) -> ClosedRange<Double> {
    let places = values.compactMap { place($0, axis) }
    guard let low = places.min(), let high = places.max() else {
      return axis.scale == .linear ? 0...1 : 1...10
    }
    let room = high > low ? margin * (high - low) : 0
    return widened(number(low - room, axis)...number(high + room, axis), axis)
  }

  /// A range with some extent, so that a constant has a place in the middle.
  private static func widened(_ range: ClosedRange<Double>, _ axis: Axis) -> ClosedRange<Double> {
    if axis.scale == .logarithmic {
      let low = max(range.lowerBound, .leastNormalMagnitude)
      let high = max(range.upperBound, low)
      return high > low ? low...high : (low / 2)...(low * 2)
    }
    let size = max(abs(range.lowerBound), abs(range.upperBound))
    guard range.upperBound - range.lowerBound <= 1e-12 * size || size == 0 else { return range }
    let room = size == 0 ? 1 : 0.1 * size
    return (range.lowerBound - room)...(range.upperBound + room)
  }

  // MARK: Placing

  func placeX(_ value: Double) -> Double? { Frame.fraction(value, x, xAxis) }
  func placeY(_ value: Double) -> Double? { Frame.fraction(value, y, yAxis) }

  private static func fraction(_ value: Double, _ range: ClosedRange<Double>, _ axis: Axis) -> Double? {
    guard let place = place(value, axis), let low = Frame.place(range.lowerBound, axis),
      let high = Frame.place(range.upperBound, axis)
    else { return nil }
    return (place - low) / (high - low)
  }

  /// The visible parts of a line, each as points in 0 ... 1; gaps where points have no place, and where a
  /// line leaps from below the frame to above it, as at a pole.
  func pieces(_ points: [LinePlot.Point]) -> [[LinePlot.Point]] {
    var pieces: [[LinePlot.Point]] = []
    var piece: [LinePlot.Point] = []
    func close() {
      if !piece.isEmpty { pieces.append(piece) }
      piece = []
    }
    var previous: LinePlot.Point?
    for point in points {
      guard let x = placeX(point.x), let y = placeY(point.y) else {
        // A point on its own, between two gaps, still shows.
        if piece.isEmpty, let previous, Frame.isInside(previous) { piece.append(previous) }
        close()
        previous = nil
        continue
      }
      let here = LinePlot.Point(x: x, y: y)
      defer { previous = here }
      guard let before = previous else { continue }
      guard !(min(before.y, here.y) < 0 && max(before.y, here.y) > 1),
        let (from, to) = Frame.clipped(before, here)
      else {
        close()
        continue
      }
      if piece.last != from {
        close()
        piece.append(from)
      }
      piece.append(to)
    }
    if piece.isEmpty, let previous, Frame.isInside(previous) { piece.append(previous) }
    close()
    return pieces
  }

  private static func isInside(_ point: LinePlot.Point) -> Bool {
    (0...1).contains(point.x) && (0...1).contains(point.y)
  }

  /// The part of a segment within the unit square (Liang and Barsky, 1984).
  private static func clipped(
    _ a: LinePlot.Point, _ b: LinePlot.Point
  ) -> (LinePlot.Point, LinePlot.Point)? {
    if isInside(a) && isInside(b) { return (a, b) }
    let dx = b.x - a.x
    let dy = b.y - a.y
    var enter = 0.0
    var leave = 1.0
    for (step, room) in [(-dx, a.x), (dx, 1 - a.x), (-dy, a.y), (dy, 1 - a.y)] {
      if step == 0 {
        if room < 0 { return nil }
      } else if step < 0 {
        enter = max(enter, room / step)
      } else {
        leave = min(leave, room / step)
      }
    }
    guard enter < leave else { return nil }
    func at(_ t: Double) -> LinePlot.Point { LinePlot.Point(x: a.x + t * dx, y: a.y + t * dy) }
    return (enter == 0 ? a : at(enter), leave == 1 ? b : at(leave))
  }
}
