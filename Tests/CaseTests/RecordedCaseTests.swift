import CaseRunner
import Foundation
import Testing

/// Every recorded case of an operator that exists passes.
@Suite struct RecordedCaseTests {
  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Cases", isDirectory: true)

  @Test func noCaseFails() async throws {
    let suite = try CaseSuite(directory: Self.directory)
    let reports = await withTaskGroup(of: GroupReport.self) { tasks in
      for group in suite.groups { tasks.addTask { suite.check(group) } }
      return await tasks.reduce(into: [GroupReport]()) { $0.append($1) }
    }
    for report in reports.flatMap(\.reports) {
      if case .failed(let lines) = report.outcome {
        Issue.record("\(report.id)\n\(lines.joined(separator: "\n"))")
      }
    }
    #expect(reports.reduce(0) { $0 + $1.passed } > 1300, "operators that existed are missing")
  }
}
