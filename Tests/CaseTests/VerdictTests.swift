import CaseRunner
import Foundation
import Testing

/// Cases written by hand, right and wrong: x^3 at 2, along 1.
@Suite struct VerdictTests {
  /// x, f, u, v, vjp, jvp, hvp, third.
  private static let right: [Double] = [2, 8, 1, 1, 12, 12, 12, 6]

  private func outcome(_ numbers: [Double] = right, op: String = "pow", kwargs: String = "{}") throws
    -> Report.Outcome
  {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("cases-" + UUID().uuidString, isDirectory: true)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    func array(_ offset: Int) -> String { #"[{"dtype":"float64","shape":[],"offset":\#(offset)}]"# }
    let text = #"""
      {"format":1,"group":"hand","cases":[{"id":"hand/0","op":"\#(op)","group":"hand","args":[{"tensor":0},{"int":3}],
      "kwargs":\#(kwargs),"pre":[],"post":null,"diff":[0],"diffOut":[0],"inputs":\#(array(0)),"outputs":\#(array(8)),
      "cot":[16],"tan":[24],"vjp":[32],"jvp":[40],"hvp":[48],"third":[56],"src":{},"note":null,"tol":1e-9}]}
      """#
    try Data(text.utf8).write(to: directory.appendingPathComponent("hand.json"))
    let data = numbers.withUnsafeBytes { Data($0) }
    try data.write(to: directory.appendingPathComponent("data.bin"))
    let suite = try CaseSuite(directory: directory)
    return suite.check(suite.groups[0].cases[0]).outcome
  }

  @Test func whatIsRightPasses() throws {
    #expect(try outcome() == .passed)
  }

  @Test(arguments: [
    (1, ["value"]), (4, ["vjp"]), (5, ["jvp"]),
    (6, ["hvp rev-rev", "hvp fwd-rev", "hvp rev-fwd", "hvp fwd-fwd"]),
    (
      7,
      [
        "third rev-rev-rev", "third fwd-rev-rev", "third rev-fwd-rev", "third fwd-fwd-rev",
        "third rev-rev-fwd",
        "third fwd-rev-fwd", "third rev-fwd-fwd", "third fwd-fwd-fwd",
      ]
    ),
  ])
  func whatIsWrongFailsWhereItIs(_ position: Int, _ names: [String]) throws {
    var numbers = Self.right
    numbers[position] *= 1 + 1e-6
    guard case .failed(let lines) = try outcome(numbers) else {
      Issue.record("a wrong number passed")
      return
    }
    #expect(lines.map { String($0.prefix { $0 != ":" }) } == names)
  }

  @Test func whatDoesNotExistIsMissing() throws {
    #expect(try outcome(op: "nothing") == .missing("nothing: not in the table"))
    #expect(try outcome(kwargs: #"{"where":{"int":1}}"#) == .missing("pow: the option where"))
  }
}
