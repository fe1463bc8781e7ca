import Foundation
import NN
import Testing

/// What derivatives of second order cost, counted for two nets, is what the table in the documentation says: in
/// gradients with their values (G).
struct ProductCostTests {
  /// In a process of its own: while any thread checks for NaN, products compute what nobody reads as well.
  @Test func areAsDocumented() async {
    await #expect(processExitsWith: .success) {
      try ProductCostTests.compare([64, 128, 128, 10], batch: 64)
      try ProductCostTests.compare([64, 256, 256, 1], batch: 128)
    }
  }

  private static func compare(_ widths: [Int], batch: Int) throws {
    let (net, p, v) = Self.net(widths, batch)
    let loss = { (y: Tensor) in square(y - 0.5).mean() }
    let f = { (p: [Tensor]) in loss(net(p)) }
    let gradient = Self.flops { valueAndGrad(f)(p) }
    // The table says what E is in G.
    #expect(2...3 ~= gradient / Self.flops { f(p) })
    let block = zip(p, v).map { stacked([$0, $1, $0 + $1, $0 - $1]) }
    let (hessian, gaussNewton) = (
      HessianOperator(f, at: p), HessianOperator(gaussNewton: net, loss: loss, at: p)
    )
    let measured: [(call: String, flops: [Double])] = [
      ("`hvp(f, at: x, along: v)`", [Self.flops { hvp(f, at: p, along: v) }]),
      ("`valueGradAndHVP(f, at: x, along: v)`", [Self.flops { valueGradAndHVP(f, at: p, along: v) }]),
      ("`hvpReverse(f, at: x, along: v)`", [Self.flops { hvpReverse(f, at: p, along: v) }]),
      (
        "`vhp(f, at: x, along: v)`",
        [Self.flops { vhp(f, at: p, along: v) }, Self.flops { vhp(f, at: p, along: block) } / 4]
      ),
      (
        "`HessianOperator(f, at: x)`", [Self.flops { HessianOperator(f, at: p) }, Self.flops { hessian(v) }]
      ),
      (
        "`gaussNewtonProduct(f, loss: l, at: x, along: v)`",
        [Self.flops { gaussNewtonProduct(net, loss: loss, at: p, along: v) }]
      ),
      (
        "`HessianOperator(gaussNewton: f, loss: l, at: x)`",
        [Self.flops { HessianOperator(gaussNewton: net, loss: loss, at: p) }, Self.flops { gaussNewton(v) }]
      ),
    ]
    let page = try Documents.text(of: "Documentation/SecondOrder.md")
    for (call, flops) in measured {
      let ranges = try Self.ranges(of: call, in: page)
      #expect(ranges.count == flops.count, "\(call): \(ranges)")
      for (range, flops) in zip(ranges, flops) {
        #expect(range.contains(flops / gradient), "\(call): \(flops / gradient) G, documented as \(range)")
      }
    }
    let checks = Self.flops { checkHVP(of: f, at: p) } / Self.flops { hvp(f, at: p, along: v) }
    #expect(5.5...6.5 ~= checks)
    #expect(page.contains("| `checkHVP(of: f, at: x)` | a report | about 6 HVPs |"))
  }

  /// A net of tanh layers as a function of its parameters, these, and a direction of them.
  private static func net(_ widths: [Int], _ batch: Int) -> (([Tensor]) -> Tensor, [Tensor], [Tensor]) {
    var generator = RandomGenerator(seed: 1)
    func numbers(_ shape: Shape) -> Tensor { 0.1 * Tensor.normal(shape, dtype: .float64, using: &generator) }
    let x = numbers([batch, widths[0]])
    let layers = widths.count - 1
    let shapes = (0..<layers).flatMap { [[widths[$0], widths[$0 + 1]], [widths[$0 + 1]]] as [Shape] }
    let net = { (p: [Tensor]) in
      (0..<layers).reduce(x) { h, layer in
        let z = matmul(h, p[2 * layer]) + p[2 * layer + 1]
        return layer + 1 < layers ? tanh(z) : z
      }
    }
    return (net, shapes.map(numbers), shapes.map(numbers))
  }

  private static func flops<Result>(_ body: () -> Result) -> Double { Double(TensorWork.flops { body() }.flops) }

  /// The figures of a row's costs that are in G, as they are rounded: `2.4-2.5 G`, `1 G`.
  private static func ranges(of call: String, in page: String) throws -> [ClosedRange<Double>] {
    let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| \(call) |") }, "no row of \(call)")
    let costs = row.split(separator: "|")[2]
    return try costs.matches(of: /([0-9.]+)(?:-([0-9.]+))? G/).map { match in
      let low = try #require(Double(match.1))
      let high = try match.2.map { try #require(Double($0)) } ?? low
      return (low - 0.05)...(high + 0.05)
    }
  }
}
