import Plot

/// Time and memory over the number of variables, on logarithmic axes: a row of two plots for each function.
struct CostPicture {
  private let reports: [CostReport]

  init(_ reports: [CostReport]) { self.reports = reports }

  var svg: String {
    let plots = reports.flatMap { report in
      [
        plot(report, report.time == .clock ? "time" : "processor time", "s") { report.time.of($0) },
        plot(report, "memory", "B") { $0.peakBytes.map(Double.init) },
      ]
    }
    return LinePlot.svg(plots, columns: 2, width: 620, height: 460)
  }

  private func plot(
    _ report: CostReport, _ what: String, _ unit: String, _ cost: (CostMeasurement) -> Double?
  ) -> LinePlot {
    var plot = LinePlot(
      title: "\(report.function): \(what)", x: Axis("number of variables N", scale: .logarithmic, labelsEnds: true),
      y: Axis(scale: .logarithmic, prefixedUnit: unit), marksPoints: true)
    for operation in CostOperation.allCases {
      let points = report.measurements.filter { $0.operation == operation.rawValue }.compactMap { one in
        cost(one).map { LinePlot.Point(x: Double(one.count), y: $0) }
      }
      // One that the function lacks still takes its colour, so that an operation's is the same in every plot.
      plot.add(points, label: points.isEmpty ? "" : operation.label(report.products))
    }
    return plot
  }
}
