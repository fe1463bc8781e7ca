import Autograd
import Foundation
import Testing

@testable import adjoint

@Suite struct CostForecastTests {
  @Test(arguments: CostFunction.allCases)
  func sizesAreTheNearestThatThereAre(function: CostFunction) {
    for asked in [1, 2, 5, 6, 8, 30, 97, 1000, 3050] {
      let taken = function.nearest(asked)
      #expect(function.instance(asked).count == taken)
      #expect(function.nearest(taken) == taken)
      // None of those around is nearer.
      for other in 1...4000 where function.nearest(other) == other {
        #expect(abs(other - asked) >= abs(taken - asked), "\(function) \(asked): \(other), not \(taken)")
      }
    }
  }

  @Test func expectationsGrowWithSizesAndProducts() throws {
    var forecast = CostForecast(.rosenbrock, products: 10, budget: .gigabytes(1))
    #expect(forecast.seconds(.products, 1000) == nil)
    forecast.learn(.value, .init(count: 100, seconds: 1, bytes: 1000))
    func isNear(_ seconds: Double?, _ expected: Double) -> Bool { abs((seconds ?? 0) / expected - 1) < 1e-9 }
    #expect(isNear(forecast.seconds(.value, 1000), 10))
    #expect(isNear(forecast.seconds(.products, 1000), 10 * 10 * 10))
    forecast.learn(.product, .init(count: 100, seconds: 3, bytes: 3000))
    #expect(isNear(forecast.seconds(.products, 1000), 300))
    forecast.learn(.products, .init(count: 100, seconds: 8, bytes: 30_000))
    #expect(isNear(forecast.seconds(.products, 1000), 80))
    // Without zeros a diagonal takes a product for each variable, and an evaluation may grow, too.
    var pairs = CostForecast(.lennardJones, products: 1, budget: .gigabytes(1))
    pairs.learn(.diagonal, .init(count: 30, seconds: 1, bytes: 1000))
    #expect(isNear(pairs.seconds(.diagonal, 300), 1000))
    pairs.learn(.value, .init(count: 30, seconds: 1, bytes: 1000))
    #expect(isNear(pairs.seconds(.value, 300), 100))
  }

  /// A product that took ten times as long as smaller ones promised makes several of them take as much longer.
  @Test func whatWasMeasuredBoundsWhatIsMadeOfIt() throws {
    for operation in [CostOperation.products, .sparse] {
      var forecast = CostForecast(.rosenbrock, products: 10, budget: .gigabytes(1))
      forecast.learn(.product, .init(count: 100, seconds: 1, bytes: 1000))
      // Ten take what four separate ones do.
      forecast.learn(operation, .init(count: 100, seconds: 4, bytes: 1000))
      forecast.learn(.product, .init(count: 10_000, seconds: 1000, bytes: 1000))
      #expect(abs(try #require(forecast.seconds(operation, 10_000)) - 4000) < 1e-6)
      // What is known of the operation itself is what it takes.
      forecast.learn(operation, .init(count: 10_000, seconds: 70, bytes: 1000))
      #expect(forecast.seconds(operation, 10_000) == 70)
    }
    var differences = CostForecast(.mlp, products: 10, budget: .gigabytes(1))
    differences.learn(.gradient, .init(count: 100, seconds: 1, bytes: 1000))
    differences.learn(.differences, .init(count: 100, seconds: 220, bytes: 1000))
    differences.learn(.gradient, .init(count: 1000, seconds: 50, bytes: 1000))
    #expect(abs(try #require(differences.seconds(.differences, 1000)) - 220 * 50 * 10) < 1e-6)
  }

  @Test func bytesCountInputsDirectionsAndMatrices() {
    var forecast = CostForecast(.separable, products: 10, budget: .gigabytes(1))
    for operation in [CostOperation.value, .gradient, .product, .products] {
      forecast.learn(operation, .init(count: 100, seconds: 1, bytes: 1000))
    }
    #expect(forecast.bytes(.value, 1000) == 8000 + 10_000)
    #expect(forecast.bytes(.product, 1000) == 2 * 8000 + 10_000)
    #expect(forecast.bytes(.products, 1000) == 11 * 8000 + 10_000)
    // Blocks of products stay in the cache.
    #expect(forecast.bytes(.diagonal, 100_000) < 8 * 100_000 + 1_000_000 + BLAS.threads << 21)
    #expect(forecast.bytes(.dense, 1000) == 8000 + 8_000_000 + 10_000)
    #expect(forecast.bytes(.differences, 1000) == 8000 + 8 * 1004 * 1000 + 10_000)
  }

  @Test func nothingIsMeasuredAfterTheDeadline() {
    let limits = CostMeter.Limits(budget: .gigabytes(1), seconds: 30, repeated: 0.02, deadline: .now - .seconds(1))
    var meter = CostMeter(.rosenbrock, products: 4, time: .clock, limits: limits)
    meter.measure(100) { _, _ in }
    #expect(meter.measurements.map(\.operation) == meter.operations.map(\.rawValue))
    for one in meter.measurements {
      #expect(one.seconds == nil && one.peakBytes == nil)
      guard case .deadline = one.skipped?.reason else {
        Issue.record("\(one.operation)")
        continue
      }
    }
  }

  @Test func nothingIsTriedWhereANearSizeIsKnownOrNothingFits() {
    var forecast = CostForecast(.rosenbrock, products: 4, budget: .gigabytes(1))
    forecast.climb(to: 150, [.value])
    #expect(forecast.seconds(.value, 150) == nil)
    forecast.learn(.value, .init(count: 1000, seconds: 7, bytes: 1))
    forecast.climb(to: 10_000, [.value])
    #expect(abs((forecast.seconds(.value, 10_000) ?? 0) - 70) < 1e-6)
    var poor = CostForecast(.lennardJones, products: 4, budget: .bytes(1000))
    poor.climb(to: 3000, [.value])
    #expect(poor.seconds(.value, 3000) == nil)
    #expect(poor.bytes(.value, 3000) > 16_000_000)
  }
}
