import Foundation
import Testing

@Suite struct FirstStepsTests {
  @Test func theExamplesPrintWhatTheChapterSays() throws {
    let expected = try #require(
      Bundle.module.url(forResource: "FirstSteps", withExtension: "txt", subdirectory: "Expected"))
    let outcome = try Program("FirstSteps").run([])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output == (try String(contentsOf: expected, encoding: .utf8)))
  }
}
