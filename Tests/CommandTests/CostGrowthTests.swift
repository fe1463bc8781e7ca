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

  /// What the search ends at is nobody's exponent: neither what grows too slowly nor what seems to grow too fast.
  @Test(arguments: [0.02, 0.1, 0.2, 0.25, 4.5, 5, 7]) func noExponentIsAnEdgeOfTheSearch(power: Double) throws {
    let fit = try #require(fit(sizes) { 1e-6 * pow($0, power) })
    #expect(fit.exponent == nil, "\(fit)")
    #expect(fit.kind == (power < 0.05 ? .flat : .unknown))
  }

  @Test func flatIsWhatAllSizesTakeAlike() throws {
    #expect(try #require(fit(sizes) { _ in 5 }).kind == .flat)
    #expect(try #require(fit(sizes) { 5 + 0.7 * sin(40 * $0) }).kind == .flat)
    #expect(try #require(fit(sizes) { $0 }).kind == .power)
    // Overhead is more than half at the last size: it grows, nobody knows how.
    #expect(try #require(fit([2, 10, 100, 1000]) { 1 + 8e-7 * $0 * $0 }).kind == .unknown)
  }

  @Test func exponentsAreRounded() throws {
    for power in stride(from: 0.5, through: 3, by: 0.1237) {
      let exponent = try #require(fit(sizes) { pow($0, power) }?.exponent)
      #expect("\(exponent)".count <= 5, "\(exponent)")
    }
  }

  /// What grows by more than four times over the sizes of a quick run has an exponent, whatever overhead that leaves.
  @Test(arguments: CostFunction.allCases) func quickSizesGiveExponents(function: CostFunction) throws {
    let sizes = function.sizes(quick: true).map(function.nearest)
    let power = function.evaluationPower
    for share in [0, 0.1, 0.25] {
      let largest = pow(Double(sizes.last!), power)
      let one = { (n: Double) in 1e-6 * (share + (1 - share) * pow(n, power) / largest) }
      let gradient = try #require(fit(sizes, one)?.exponent)
      #expect(abs(gradient - power) < 0.02)
      // Finite differences, which the last sizes are too large for: each gradient's overhead is most of it there.
      let some = sizes.prefix(3).map { ($0, 2 * Double($0) * (1e-4 + one(Double($0)))) }
      let differences = try #require(CostGrowth.fit(some, overheadPower: 1)?.exponent)
      #expect(differences >= 1 && differences < power + 1.01, "\(differences)")
    }
  }

  /// The same number of gradients for each variable grow as gradients do, however the few measurements of them scatter.
  @Test func differencesGrowAsTheirGradients() throws {
    let gradient = { (n: Double) in 12e-6 + 4.7e-9 * pow(n, 1.03) }
    let gradients = [103, 313, 1027, 3051, 10_071, 100_143].map { ($0, gradient(Double($0))) }
    for factors in [[1, 1, 1, 1, 1], [0.85, 1.3, 0.9, 0.8, 1.3], [1.4, 1, 0.8, 0.9, 1.2]] {
      let differences = zip(gradients, factors).map { ($0.0, 2.2 * Double($0.0) * $0.1 * $1) }
      let fit = try #require(CostGrowth.fit(differences, callsOf: gradients))
      #expect(abs(try #require(fit.exponent) - 2.03) < 0.02, "\(fit)")
      #expect(abs(fit.overhead / (2.2 * 12e-6) - 1) < 0.3)
    }
    // Not so many calls of these.
    let other = gradients.map { ($0.0, pow(Double($0.0), 3)) }
    #expect(CostGrowth.fit(other, callsOf: gradients) == nil)
    #expect(CostGrowth.fit([(103, 1)], callsOf: gradients) == nil)
    #expect(CostGrowth.fit(gradients, callsOf: [(103, 1), (313, 1), (1027, 1)]) == nil)
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
    let flat = GrowthColumn([.init(exponent: nil, isFlat: true, overhead: 1, sizes: [10, 100, 1000])])
    #expect(flat.cells == ["flat"] && flat.note == "flat where all sizes take the same within a half")
    #expect(column.note.contains("fitted to N = 100 ... 10,000, * N = 10 ... 1,000;"))
  }
}
