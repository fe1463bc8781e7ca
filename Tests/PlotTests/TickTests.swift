import Plot
import Testing

@Suite struct TickTests {
  private func labels(_ range: ClosedRange<Double>, _ count: Int = 6) -> [String] {
    Ticks.linear(range, count: count).map(\.label)
  }

  @Test func stepsAreOneTwoOrFive() {
    #expect(labels(0...1) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels(0...10) == ["0", "2", "4", "6", "8", "10"])
    #expect(labels(-3.2...3.2) == ["-3", "-2", "-1", "0", "1", "2", "3"])
    #expect(labels(0...0.05) == ["0", "0.01", "0.02", "0.03", "0.04", "0.05"])
    #expect(labels(0...97, 5) == ["0", "20", "40", "60", "80"])
    #expect(labels(100...103, 4) == ["100", "101", "102", "103"])
  }

  @Test func valuesAreExactWhereLabelsAre() {
    #expect(Ticks.linear(0...1).map(\.value) == [0, 0.2, 0.4, 0.6, 0.8, 1])
    #expect(Ticks.linear(-0.3...0.3, count: 7).map(\.value) == [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3])
  }

  @Test func largeAndSmallNumbersHaveExponents() {
    #expect(labels(0...5e8) == ["0", "1e8", "2e8", "3e8", "4e8", "5e8"])
    #expect(labels(0...2.5e-7) == ["0", "0.5e-7", "1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7"])
  }

  @Test(arguments: [1e-300, 1e-12, 0.007, 1, 3.3, 812, 1e9, 1e300])
  func ticksLieWithinAndAreEven(extent: Double) {
    for start in [-0.37 * extent, 0, 0.11 * extent, -2 * extent] {
      for count in 2...12 {
        let range = start...(start + extent)
        let ticks = Ticks.linear(range, count: count)
        #expect(ticks.count >= 1 && ticks.count <= 2 * count + 1)
        #expect(
          ticks.allSatisfy { $0.value >= start - 1e-6 * extent && $0.value <= start + 1.000001 * extent })
        let steps = zip(ticks.dropFirst(), ticks).map { $0.value - $1.value }
        #expect(steps.allSatisfy { abs($0 - steps[0]) <= 1e-9 * extent })
        #expect(Set(ticks.map(\.label)).count == ticks.count)
      }
    }
  }

  @Test func aPointHasOneTick() {
    #expect(Ticks.linear(2...2) == [Tick(value: 2, label: "2")])
  }

  @Test func multiplesOfPi() {
    func labels(_ low: Double, _ high: Double) -> [String] {
      Ticks.multiples(of: .pi, in: (low * .pi)...(high * .pi)).map(\.label)
    }
    #expect(labels(-1, 1) == ["-π", "-π/2", "0", "π/2", "π"])
    #expect(labels(0, 2) == ["0", "π/2", "π", "3π/2", "2π"])
    #expect(labels(0, 1) == ["0", "π/4", "π/2", "3π/4", "π"])
    #expect(labels(-10, 10) == ["-10π", "-5π", "0", "5π", "10π"])
    // Far too short for fractions of π.
    #expect(labels(0, 0.01).contains { $0.contains("π") } == false)
  }

  @Test func powersOfTen() {
    func labels(_ range: ClosedRange<Double>) -> [String] {
      Ticks.logarithmic(range).map(\.label).filter { !$0.isEmpty }
    }
    #expect(labels(0.001...10) == ["0.001", "0.01", "0.1", "1", "10"])
    #expect(labels(1e-8...1e8) == ["10⁻⁸", "10⁻⁵", "10⁻²", "10", "10⁴", "10⁷"])
    #expect(labels(1...9) == ["1", "2", "5"])
    #expect(labels(2...3) == ["2.0", "2.2", "2.4", "2.6", "2.8", "3.0"])
    #expect(labels(1...100_000) == ["1", "10", "100", "1,000", "10,000", "100,000"])
    // Small marks between.
    let marks = Ticks.logarithmic(1...100)
    #expect(marks.count == 19)
    #expect(marks[1] == Tick(value: 2, label: ""))
  }

  @Test func unitsHavePrefixes() {
    func labels(_ range: ClosedRange<Double>, _ unit: String) -> [String] {
      Ticks.logarithmic(range, prefixedUnit: unit).map(\.label).filter { !$0.isEmpty }
    }
    #expect(labels(1e-6...1e-2, "s") == ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"])
    #expect(labels(1e-9...10, "s") == ["1 ns", "100 ns", "10 µs", "1 ms", "100 ms", "10 s"])
    #expect(labels(100...1e9, "B") == ["100 B", "10 kB", "1 MB", "100 MB"])
    #expect(labels(2e3...6e3, "B") == ["2 kB", "3 kB", "4 kB", "5 kB", "6 kB"])
    // Beyond the prefixes there are only larger numbers.
    #expect(labels(1e18...1e21, "B") == ["1,000 PB", "10,000 PB", "100,000 PB", "1,000,000 PB"])
  }

  @Test func thousandsAreSeparatedInEveryRange() {
    func labels(_ range: ClosedRange<Double>) -> [String] {
      Ticks.logarithmic(range).map(\.label).filter { !$0.isEmpty }
    }
    #expect(labels(500...3000) == ["500", "1,000", "2,000"])
    #expect(labels(100...10_000) == ["100", "1,000", "10,000"])
    #expect(self.labels(0...5000) == ["0", "1,000", "2,000", "3,000", "4,000", "5,000"])
    #expect(self.labels(-2000...2000, 3) == ["-2,000", "0", "2,000"])
    #expect(self.labels(1000...1001, 3) == ["1,000.0", "1,000.5", "1,001.0"])
  }
}
