import Foundation
import Testing

@testable import adjoint

@Suite struct CostGrowthTests {
  private let sizes = [2, 10, 100, 1000, 3000, 10_000]

  private func fit(_ sizes: [Int], overheadPower: Double = 0, _ cost: (Double) -> Double) -> CostGrowth.Fit? {
    CostGrowth.fit(sizes.map { ($0, cost(Double($0))) }, overheadPower: overheadPower)
  }

  @Test(arguments: [0.5, 1, 1.5, 2, 3])
  func purePowers(power: Double) throws {
    let fit = try #require(fit(sizes) { 3e-9 * pow($0, power) })
    #expect(abs(try #require(fit.exponent) - power) < 0.002)
    #expect(fit.overhead < 1e-3 * 3e-9 * pow(10_000, power))
  }

  /// A linear cost of which most is overhead at most sizes: the slope between them said N^0.4 to N^0.7.
  @Test(arguments: [1.0, 2])
  func powersBesideOverhead(power: Double) throws {
    let fit = try #require(fit(sizes) { 20e-6 + 42e-6 * pow($0 / 10_000, power) })
    #expect(abs(try #require(fit.exponent) - power) < 0.01)
    #expect(abs(fit.overhead - 20e-6) < 0.2e-6)
  }

  /// Finite differences: 2 N gradients, each with an overhead of its own.
  @Test func overheadForEachVariable() throws {
    let cost = { (n: Double) in 2 * n * (6e-6 + 2.2e-9 * n) }
    let exact = try #require(fit(sizes, overheadPower: 1, cost))
    #expect(abs(try #require(exact.exponent) - 2) < 0.01)
    #expect(abs(exact.overhead - 12e-6) < 0.1e-6)
  }

  @Test func noise() throws {
    for seed in 0..<20 {
      // Within 3 % of the cost, without regularity.
      let fit = try #require(
        fit(sizes) { n in (6e-6 + 2.2e-9 * n) * (1 + 0.03 * sin(12.9898 * log(n) + 78.233 * Double(seed))) })
      #expect(abs(try #require(fit.exponent) - 1) < 0.25, "\(seed): \(fit)")
    }
  }

  @Test func whatHardlyGrowsHasNoExponent() throws {
    let flat = try #require(fit([2, 10, 100, 1000]) { 1.6e-6 + 4e-10 * $0 })
    #expect(flat.exponent == nil && abs(flat.overhead - 1.6e-6) < 0.05e-6)
    #expect(try #require(fit(sizes) { _ in 5 }).exponent == nil)
    #expect(try #require(fit(sizes) { 2 - 0.00001 * $0 }).exponent == nil)
  }

  @Test func fewPointsAreNotFitted() {
    #expect(fit([]) { $0 } == nil)
    #expect(fit([10]) { $0 } == nil)
    #expect(fit([10, 100]) { $0 } == nil)
    #expect(fit([10, 10, 100]) { $0 } == nil)
    #expect(fit([10, 100, 1000]) { $0 * $0 }?.exponent.map { abs($0 - 2) < 0.002 } == true)
    // What has no cost is no point.
    #expect(fit([10, 100, 1000]) { $0 < 50 ? 0 : $0 } == nil)
  }

  @Test func theLastTwoDecadesAreFittedButFourSizes() {
    #expect(fit(sizes) { $0 }?.sizes == [100, 1000, 3000, 10_000])
    #expect(fit(Array(sizes.dropLast())) { $0 }?.sizes == [10, 100, 1000, 3000])
    #expect(fit([1000, 10, 100]) { $0 }?.sizes == [10, 100, 1000])
    #expect(fit([1, 20, 50, 100, 200, 1000]) { $0 }?.sizes == [20, 50, 100, 200, 1000])
  }

  @Test func theColumnSaysWhatWasFittedToWhat() {
    func fit(_ exponent: Double?, _ sizes: [Int]) -> CostGrowth.Fit {
      .init(exponent: exponent, overhead: 1, sizes: sizes)
    }
    let column = GrowthColumn([fit(1, [100, 1000, 10_000]), fit(2, [10, 100, 1000]), fit(nil, [10, 100, 1000]), nil])
    #expect(column.cells == ["N^1.00", "N^2.00*", "-", ""])
    #expect(column.note.contains("fitted to N = 100 ... 10,000, * N = 10 ... 1,000;"))
  }
}
