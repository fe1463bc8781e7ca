import Foundation

/// A function's figures as tables for the terminal.
struct CostTable {
  let report: CostReport

  var text: String {
    var text = "\(report.function): \(report.summary)\n"
    let sections: [(String, (CostMeasurement) -> String?, (CostReport.Growth) -> Double?)] = [
      (
        report.time == .clock ? "time" : "processor time", { [time = report.time] in time.of($0).map(CostTable.time) },
        { $0.time }
      ),
      ("in values", { $0.ratio.map { CostTable.significant($0, 2) } }, { _ in nil }),
      ("memory", { $0.peakBytes.map(CostTable.bytes) }, { $0.memory }),
    ]
    for (title, cell, exponent) in sections { text += "\n" + section(title, cell, exponent) }
    return text + notes
  }

  private func section(
    _ title: String, _ cell: (CostMeasurement) -> String?, _ exponent: (CostReport.Growth) -> Double?
  ) -> String {
    var rows = [[title] + report.sizes.map { "N = " + Format.thousands($0) }]
    for operation in report.operations {
      let cells = report.sizes.map { count in
        report.measurement(operation, count).map { cell($0) ?? mark($0) } ?? ""
      }
      rows.append([operation.label(report.products)] + cells)
    }
    let exponents = report.operations.map { report.growth($0).flatMap(exponent) }
    if exponents.contains(where: { $0 != nil }) {
      rows[0].append("growth")
      for (row, exponent) in exponents.enumerated() {
        rows[row + 1].append(exponent.map { "N^" + Format.decimals($0, 2) } ?? "")
      }
    }
    return CostTable.aligned(rows)
  }

  /// What stands in the place of a number that is missing.
  private func mark(_ measurement: CostMeasurement) -> String {
    switch measurement.skipped?.reason {
    case .memory: "memory"
    case .time, .deadline: "time"
    case nil: ""
    }
  }

  /// What was left out, and why.
  private var notes: String {
    report.measurements.map { measurement in
      guard let skipped = measurement.skipped,
        let operation = CostOperation(rawValue: measurement.operation)
      else { return "" }
      let what = "\(operation.label(report.products)) at N = \(Format.thousands(measurement.count))"
      let why =
        switch skipped.reason {
        case .memory: "needs \(CostTable.bytes(skipped.bytes ?? 0)), more than --memory allows"
        case .time: "would take \(CostTable.about(skipped.seconds)), more than --time-limit allows"
        case .deadline: "would take \(CostTable.about(skipped.seconds)), more than is left"
        }
      return "  left out: \(what) \(why)\n"
    }.joined()
  }

  /// Names to the left, numbers to the right.
  private static func aligned(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = "  "
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += column == 0 ? cell + padding : "  " + padding + cell
      }
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }

  // MARK: Numbers

  /// 0.0123 s is 12.3 ms.
  static func time(_ seconds: Double) -> String {
    prefixed(seconds, [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")])
  }

  /// In powers of 1000.
  static func bytes(_ count: Int) -> String {
    count < 1000
      ? "\(count) B" : prefixed(Double(count), [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")])
  }

  private static func about(_ seconds: Double?) -> String { "about " + time(seconds ?? 0) }

  private static func prefixed(_ value: Double, _ units: [(scale: Double, name: String)]) -> String {
    // 999.6 µs is 1.00 ms.
    let unit = units.first { value >= 0.9995 * $0.scale } ?? units.last!
    return significant(value / unit.scale, 3) + " " + unit.name
  }

  /// Rounded to so many digits, written without an exponent.
  static func significant(_ value: Double, _ digits: Int) -> String {
    guard value > 0 else { return "0" }
    let whole = Int((log10(value) + 1e-12).rounded(.down)) + 1
    let decimals = max(0, digits - whole)
    let unit = pow(10, Double(max(0, whole - digits)))
    return decimals > 0
      ? Format.decimals(value, decimals) : Format.thousands(Int((value / unit).rounded() * unit))
  }
}
