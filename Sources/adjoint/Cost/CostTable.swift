import Foundation

/// A function's figures as tables for the terminal.
struct CostTable {
  let report: CostReport
  /// The terminal's width; wider tables are broken into blocks of columns.
  var columns: Int?

  private typealias Cost = (
    title: String, cell: (CostMeasurement) -> String?, growth: ((CostReport.Growth) -> CostGrowth.Fit?)?
  )

  var text: String {
    let time = report.time
    let costs: [Cost] = [
      (time == .clock ? "time" : "processor time", { time.of($0).map(CostNumber.time) }, { $0.time }),
      ("in values", { $0.ratio.map { CostNumber.significant($0, 2) } }, nil),
      ("memory", { $0.peakBytes.map(CostNumber.bytes) }, { $0.memory }),
    ]
    let title = wrapped("\(report.function): \(report.summary)", indent: "")
    return title + costs.map { "\n" + section($0) }.joined() + "\n" + notes
  }

  private func section(_ cost: Cost) -> String {
    var rows = [[cost.title] + report.sizes.map { "N = " + Format.thousands($0) }]
    for operation in report.operations {
      let cells = report.sizes.map { count in
        report.measurement(operation, count).map { cost.cell($0) ?? mark($0) } ?? ""
      }
      rows.append([operation.label(report.products)] + cells)
    }
    let fits = report.operations.map { report.growth($0).flatMap { cost.growth?($0) } }
    guard fits.contains(where: { $0 != nil }) else { return TextTable(rows).text(columns: columns) }
    let growth = GrowthColumn(fits)
    for (row, cell) in (["growth"] + growth.cells).enumerated() { rows[row].append(cell) }
    return TextTable(rows).text(columns: columns) + wrapped(growth.note)
  }

  /// What stands in the place of a number that is missing.
  private func mark(_ measurement: CostMeasurement) -> String {
    switch measurement.skipped?.reason {
    case .memory: "memory"
    case .time, .deadline: "time"
    case nil: ""
    }
  }

  /// What was measured instead, what was left out and why, and what the figures count.
  private var notes: String {
    let replaced = report.replacedSizes.map { size in
      """
      N = \(Format.thousands(size.asked)) is none of \(report.function)'s; the nearest, \
      N = \(Format.thousands(size.taken)), was taken
      """
    }
    let counts = "memory counts tensors at their most during a call, not its inputs and the graph's bookkeeping"
    return (replaced + report.measurements.compactMap(leftOut) + [counts]).map { wrapped($0) }.joined()
  }

  private func leftOut(_ measurement: CostMeasurement) -> String? {
    guard let skipped = measurement.skipped, let operation = CostOperation(rawValue: measurement.operation)
    else { return nil }
    let what = "left out: \(operation.label(report.products)) at N = \(Format.thousands(measurement.count))"
    let time = skipped.seconds.map { "about " + CostNumber.time($0) } ?? "time"
    switch skipped.reason {
    case .memory: return "\(what) needs about \(CostNumber.bytes(skipped.bytes ?? 0)), more than --memory allows"
    case .time: return "\(what) would take \(time), more than --time-limit allows"
    case .deadline: return "\(what) would take \(time), more than is left"
    }
  }

  private func wrapped(_ text: String, indent: String = "  ") -> String {
    guard let columns else { return indent + text + "\n" }
    let lines = CostWords.wrapped(text, columns: max(columns - indent.count - 2, 16)).split(separator: "\n")
    return lines.enumerated().map { indent + ($0.offset == 0 ? "" : "  ") + $0.element + "\n" }.joined()
  }
}

/// The exponents beside a table, and the line below it that says what they were fitted to.
struct GrowthColumn {
  let cells: [String]
  let note: String

  init(_ fits: [CostGrowth.Fit?]) {
    var ranges: [[Int]] = []
    for sizes in fits.compactMap({ $0?.exponent == nil ? nil : $0?.sizes }) where !ranges.contains(sizes) {
      ranges.append(sizes)
    }
    let marks = ["", "*", "**", "***"]
    func mark(_ sizes: [Int]) -> String { marks[min(ranges.firstIndex(of: sizes) ?? 0, marks.count - 1)] }
    cells = fits.map { fit in
      guard let fit else { return "" }
      if fit.kind == .flat { return "flat" }
      return fit.exponent.map { "N^" + Format.decimals($0, 2) + mark(fit.sizes) } ?? "-"
    }
    let fitted = ranges.map { sizes in
      (mark(sizes).isEmpty ? "" : mark(sizes) + " ")
        + "N = \(Format.thousands(sizes.first!)) ... \(Format.thousands(sizes.last!))"
    }
    var parts: [String] = []
    if !fitted.isEmpty {
      parts.append("growth is N^p beside an overhead that does not grow, fitted to " + fitted.joined(separator: ", "))
    }
    if cells.contains("flat") { parts.append("flat where all sizes take the same within a half") }
    if cells.contains("-") {
      parts.append(
        """
        - where overhead is more than half at the largest size, growth is too slow to be told from it, or the figures \
        scatter
        """
      )
    }
    note = parts.joined(separator: "; ")
  }
}
