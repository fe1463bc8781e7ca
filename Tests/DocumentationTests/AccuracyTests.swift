import CKernels
import Foundation
import Testing

/// The table of error bounds in the documentation is the one that the kernels are tested against.
struct AccuracyTests {
  @Test func tableStatesTheTestedBounds() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Documentation/Accuracy.md"), encoding: .utf8)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
    let names = Self.operators.flatMap(\.names)
    #expect(rows.count == Self.operators.count)
    for (names, op) in Self.operators {
      let bounds = [ADJ_F32, ADJ_F64].map { adj_ulp_bound(Int32(op.rawValue), Int32($0.rawValue)) }
      let list = names.map { "`\($0)`" }.joined(separator: ", ")
      #expect(
        rows.contains { $0 == "| \(list) | \(bounds[0]) | \(bounds[1]) |" },
        "expected: | \(list) | \(bounds[0]) | \(bounds[1]) |")
    }
    #expect(Set(names).count == names.count)
  }

  private static let operators: [(names: [String], adj_op)] = [
    (["sqrt", "reciprocal"], ADJ_SQRT), (["rsqrt"], ADJ_RSQRT), (["cbrt"], ADJ_CBRT), (["exp"], ADJ_EXP),
    (["exp2"], ADJ_EXP2), (["expm1"], ADJ_EXPM1), (["log"], ADJ_LOG), (["log2"], ADJ_LOG2),
    (["log10"], ADJ_LOG10), (["log1p"], ADJ_LOG1P), (["sin"], ADJ_SIN), (["cos"], ADJ_COS),
    (["tan"], ADJ_TAN), (["asin"], ADJ_ASIN), (["acos"], ADJ_ACOS), (["atan"], ADJ_ATAN),
    (["atan2"], ADJ_ATAN2), (["sinh"], ADJ_SINH), (["cosh"], ADJ_COSH), (["tanh"], ADJ_TANH),
    (["asinh"], ADJ_ASINH), (["acosh"], ADJ_ACOSH), (["atanh"], ADJ_ATANH), (["pow"], ADJ_POW),
    (["hypot"], ADJ_HYPOT), (["erf"], ADJ_ERF), (["erfc"], ADJ_ERFC), (["erfinv"], ADJ_ERFINV),
    (["lgamma"], ADJ_LGAMMA), (["digamma"], ADJ_DIGAMMA), (["polygamma"], ADJ_POLYGAMMA),
  ]
}
