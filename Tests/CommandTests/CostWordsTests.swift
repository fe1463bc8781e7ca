import Autograd
import Testing

@testable import adjoint

/// What is said of figures that are given, not measured.
@Suite struct CostWordsTests {
  private func report(
    _ function: CostFunction, products: Int = 10, sizes: [Int] = [100], replaced: [CostReport.Replaced] = [],
    _ times: [CostOperation: (seconds: Double, flops: Int)]
  ) -> CostReport {
    let limits = CostMeter.Limits(budget: .megabytes(1), seconds: 1, repeated: 0)
    let meter = CostMeter(function, products: products, time: .clock, limits: limits)
    let measurements = sizes.flatMap { count in
      times.map { operation, cost in
        CostMeasurement(
          operation: operation.rawValue, count: count, seconds: cost.seconds, processorSeconds: cost.seconds,
          peakBytes: 1000, flops: cost.flops, ratio: 1, repetitions: 1)
      }
    }
    return CostReport(meter, measurements, sizes: sizes, replaced: replaced)
  }

  @Test func wordsFollowTheFigures() {
    let slow = CostWords(
      report: report(
        .mlp, [.gradient: (1, 100), .product: (3.6, 190), .products: (33, 1500), .dense: (90, 10_000)])
    ).paragraphs.joined(separator: "\n")
    #expect(slow.contains("one HVP took the time of 3.6 gradients; its arithmetic is that of 1.9."))
    #expect(slow.contains("The rest is the recording"))
    #expect(slow.contains("33 gradients, 0.92 of 10 separate ones, with 0.79 of their arithmetic"))
    #expect(slow.contains("outweighs that here"))
    #expect(!slow.contains("zeros were found"))

    let shared = CostWords(
      report: report(
        .rosenbrock, [.gradient: (1, 100), .product: (2, 190), .products: (4, 1000), .dense: (6, 1000)])
    ).paragraphs.joined(separator: "\n")
    #expect(!shared.contains("The rest is"))
    #expect(shared.contains("0.20 of 10 separate ones"))
    #expect(shared.contains("in a block the bookkeeping"))
    #expect(shared.contains("the dense Hessian, whose zeros were found first, took the time of 6.0 gradients"))
  }

  @Test func aHessianWhoseZerosWereNotLookedForIsNotSaidToBe() {
    let words = CostWords(
      report: report(.rosenbrock, [.gradient: (1, 100), .product: (3, 190), .dense: (6, 14_000)])
    ).paragraphs.joined(separator: "\n")
    #expect(words.contains("the dense Hessian took the time of"))
  }

  @Test func oneProductIsNotCompared() {
    #expect(CostOperation.products.label(1) == "1 HVP at a point")
    #expect(CostOperation.products.label(10) == "10 HVPs at a point")
    let words = CostWords(
      report: report(.mlp, products: 1, [.gradient: (1, 100), .product: (3, 190), .products: (3, 190)])
    ).paragraphs.joined(separator: "\n")
    #expect(!words.contains("1 HVPs") && !words.contains("separate"))
  }

  @Test func tablesFitTheTerminal() {
    let report = report(
      .mlp, sizes: [103, 313, 1027, 3051, 10_071, 100_143], replaced: [.init(asked: 100, taken: 103)],
      Dictionary(uniqueKeysWithValues: CostOperation.of(.mlp).map { ($0, (1.0, 1)) }))
    let wide = CostTable(report: report).text
    #expect(wide.contains("N = 103") && wide.split(separator: "\n").contains { $0.count > 80 })
    for columns in [40, 60, 80] {
      let text = CostTable(report: report, columns: columns).text
      for line in text.split(separator: "\n") { #expect(line.count <= columns, "\(line)") }
      // The names stand beside every block, and no size is lost.
      #expect(text.components(separatedBy: "\n  value").count > wide.components(separatedBy: "\n  value").count)
      for size in ["N = 103", "N = 313", "N = 1,027", "N = 3,051", "N = 10,071", "N = 100,143"] {
        #expect(text.components(separatedBy: size).count >= 4, "\(size)")
      }
    }
  }

  @Test func progressSaysHowLongSomethingTakes() {
    #expect(CostProgress.text("dense Hessian", elapsed: 0.4, expected: 28) == "dense Hessian")
    #expect(CostProgress.text("dense Hessian", elapsed: 12.9, expected: 27.6) == "dense Hessian, 12 of about 28 s")
    #expect(CostProgress.text("dense Hessian", elapsed: 3, expected: nil) == "dense Hessian, 3 s")
    #expect(CostProgress.text("value", elapsed: 1, expected: 0.2) == "value, 1 s")
  }
}
