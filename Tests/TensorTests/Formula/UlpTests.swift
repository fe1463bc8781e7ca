#if arch(x86_64) && os(Linux)
  import Autograd
  import CKernels
  import Glibc
  import Testing

  @testable import Tensor

  /// The instruction sets that this processor has, best first.
  func instructionSets() -> [String] {
    ["avx512", "avx2", "portable"].filter { name in adj_isa_select(name) }
  }

  /// Every scalar function's kernels, in every instruction set that this processor has, against long double.
  struct UlpTests {
    typealias Wide = Float80

    struct Row: Sendable {
      let primitive: Primitive
      let reference: @Sendable (Wide) -> Wide
      /// Ends of the ranges of arguments, by magnitude and sign.
      let ranges: [(Double, Double)]
    }

    private static let everywhere: [(Double, Double)] = [(-1e300, -1e-300), (1e-300, 1e300), (-20, 20)]
    private static let positive: [(Double, Double)] = [
      (Double.leastNormalMagnitude / 64, 1e300), (0.1, 10), (0.99, 1.01),
    ]
    private static let unit: [(Double, Double)] = [(-1, -1e-300), (1e-300, 1), (-1, 1)]

    static let rows: [Row] = [
      Row(primitive: .sqrt, reference: { sqrtl($0) }, ranges: positive),
      Row(primitive: .rsqrt, reference: { 1 / sqrtl($0) }, ranges: positive),
      Row(primitive: .reciprocal, reference: { 1 / $0 }, ranges: everywhere),
      Row(primitive: .cbrt, reference: { cbrtl($0) }, ranges: everywhere),
      Row(primitive: .exp, reference: { expl($0) }, ranges: [(-760, 720), (-1, 1), (1e-300, 1e-3)]),
      Row(primitive: .exp2, reference: { exp2l($0) }, ranges: [(-1080, 1030), (-1, 1)]),
      Row(
        primitive: .expm1, reference: { expm1l($0) },
        ranges: [(-60, 720), (-1, 1), (1e-300, 1e-3), (-1e-3, -1e-300)]),
      Row(primitive: .log, reference: { logl($0) }, ranges: positive),
      Row(primitive: .log2, reference: { log2l($0) }, ranges: positive),
      Row(primitive: .log10, reference: { log10l($0) }, ranges: positive),
      Row(primitive: .log1p, reference: { log1pl($0) }, ranges: [(-1, -1e-300), (1e-300, 1e300), (-0.9, 2)]),
      Row(primitive: .sin, reference: { sinl($0) }, ranges: everywhere + [(-1e6, 1e6)]),
      Row(primitive: .cos, reference: { cosl($0) }, ranges: everywhere + [(-1e6, 1e6)]),
      Row(primitive: .tan, reference: { tanl($0) }, ranges: everywhere + [(-1e6, 1e6)]),
      Row(primitive: .asin, reference: { asinl($0) }, ranges: unit),
      Row(primitive: .acos, reference: { acosl($0) }, ranges: unit),
      Row(primitive: .atan, reference: { atanl($0) }, ranges: everywhere),
      Row(primitive: .sinh, reference: { sinhl($0) }, ranges: [(-715, 715), (-1, 1), (1e-300, 1e-3)]),
      Row(primitive: .cosh, reference: { coshl($0) }, ranges: [(-715, 715), (-1, 1)]),
      Row(primitive: .tanh, reference: { tanhl($0) }, ranges: everywhere + [(-1, 1)]),
      Row(primitive: .asinh, reference: { asinhl($0) }, ranges: everywhere),
      Row(primitive: .acosh, reference: { acoshl($0) }, ranges: [(1, 1e300), (1, 1.01), (1, 10)]),
      Row(primitive: .atanh, reference: { atanhl($0) }, ranges: unit),
      Row(primitive: .erf, reference: { erfl($0) }, ranges: [(-7, 7), (1e-300, 1), (-1, -1e-300)]),
      Row(primitive: .erfc, reference: { erfcl($0) }, ranges: [(-7, 28), (-1, 1), (1e-300, 1)]),
      Row(primitive: .lgamma, reference: { lgammal($0) }, ranges: [(1e-300, 1e300), (0.1, 10), (0.9, 2.1)]),
      Row(primitive: .erfinv, reference: inverseErf, ranges: [(-0.999999, 0.999999), (1e-300, 0.5)]),
      Row(primitive: .digamma, reference: digamma, ranges: [(1e-10, 1e10), (0.5, 10)]),
    ]

    /// By Newton's method on long double's erf.
    private static func inverseErf(_ y: Wide) -> Wide {
      if abs(y) < 1e-9 { return y * 0.886226925452758013649083741670572591 }
      var x = sqrtl(-logl((1 - abs(y)) * (1 + abs(y)))) * (y < 0 ? -1 : 1)
      for _ in 0..<60 {
        let residual = abs(y) < 0.5 ? erfl(x) - y : (y > 0 ? (1 - y) - erfcl(x) : erfcl(-x) - (1 + y))
        let slope = 1.12837916709551257389615890312154517 * expl(-x * x)
        let step = residual / slope
        // Halley's correction.
        x -= step / (1 + x * step)
      }
      return x
    }

    /// By recurrence to 30, then the asymptotic series.
    private static func digamma(_ start: Wide) -> Wide {
      var x = start
      var sum: Wide = 0
      while x < 30 {
        sum -= 1 / x
        x += 1
      }
      let r = 1 / (x * x)
      let coefficients: [Wide] = [
        -1.0 / 12, 1.0 / 120, -1.0 / 252, 1.0 / 240, -1.0 / 132, 691.0 / 32760, -1.0 / 12,
      ]
      var series: Wide = 0
      for c in coefficients.reversed() { series = (series + c) * r }
      return sum + logl(x) - 0.5 / x + series
    }

    /// Points of the ranges: evenly by logarithm where one sign and many decades, else evenly, and special ones.
    static func points(_ ranges: [(Double, Double)], single: Bool) -> [Double] {
      let smallest = single ? 1e-44 : Double.leastNormalMagnitude / 100
      let largest = single ? 3e38 : 1e307
      var result: [Double] = [0, -0.0, 1, -1, 0.5, -0.5, 2, -2]
      for (low, high) in ranges {
        let count = 400
        if low * high > 0 && max(abs(low), abs(high)) / min(abs(low), abs(high)) > 1e6 {
          let ends = [abs(low), abs(high)].map { Glibc.log(min(max($0, smallest), largest)) }.sorted()
          for i in 0..<count {
            let magnitude = Glibc.exp(ends[0] + (ends[1] - ends[0]) * (Double(i) + 0.37) / Double(count))
            result.append(low < 0 ? -magnitude : magnitude)
          }
        } else {
          for i in 0...count { result.append(low + (high - low) * Double(i) / Double(count)) }
        }
      }
      let inside = ranges.flatMap { [$0.0, $0.1] }
      return result.filter { $0 == 0 || ($0 >= inside.min()! && $0 <= inside.max()!) }
        .map { single ? Double(Float($0)) : $0 }.filter(\.isFinite)
    }

    /// The error in ulps of the exact result's neighbourhood.
    static func error(_ got: Double, _ exact: Wide, single: Bool) -> Double {
      if exact.isNaN { return got.isNaN ? 0 : .infinity }
      let rounded = single ? Double(Float(exact)) : Double(exact)
      if got == rounded || (got.isNaN && rounded.isNaN) { return 0 }
      if got.isNaN { return .infinity }
      let limit = single ? Wide(Float.greatestFiniteMagnitude) : Wide(Double.greatestFiniteMagnitude)
      let ulp =
        single
        ? Wide(max(Float(min(abs(exact), limit)).ulp, .leastNonzeroMagnitude))
        : Wide(max(Double(min(abs(exact), limit)).ulp, .leastNonzeroMagnitude))
      // Infinity stands one step beyond the largest number.
      let value = got.isInfinite ? (got < 0 ? -(limit + ulp) : limit + ulp) : Wide(got)
      let truth = exact.isInfinite ? (exact < 0 ? -(limit + ulp) : limit + ulp) : exact
      return Double(abs(value - truth) / ulp)
    }

    @Test func everyFunctionKeepsItsBound() async {
      await #expect(processExitsWith: .success) {
        let sets = instructionSets()
        #expect(sets.last == "portable")
        for row in UlpTests.rows {
          let formula = Formula("\(row.primitive)") { $0.applying(row.primitive) }
          for dtype in [DType.float32, .float64] {
            let single = dtype == .float32
            let x = UlpTests.points(row.ranges, single: single)
            let exact = x.map { row.reference(Wide($0)) }
            let bound = adj_ulp_bound(Int32(row.primitive.rawValue), Int32(dtype.rawValue))
            for name in sets {
              _ = adj_isa_select(name)
              let got = doubles(formula(Tensor(x).asType(dtype)))
              var worst = (error: 0.0, index: 0)
              for (index, value) in got.enumerated() {
                let e = UlpTests.error(value, exact[index], single: single)
                if e > worst.error { worst = (e, index) }
              }
              let at = x[worst.index]
              #expect(
                worst.error <= bound,
                "\(row.primitive) \(dtype) \(name): \(worst.error) ulps > \(bound) at \(at): \(got[worst.index]), not \(exact[worst.index])"
              )
            }
          }
        }
      }
    }

    @Test func functionsOfTwoNumbersKeepTheirBounds() async {
      await #expect(processExitsWith: .success) {
        let table: [(Primitive, (Wide, Wide) -> Wide)] = [
          (.atan2, { atan2l($0, $1) }), (.hypot, { hypotl($0, $1) }), (.pow, { powl($0, $1) }),
          (.divide, { $0 / $1 }),
          (
            .remainder,
            {
              let r = fmodl($0, $1); return r != 0 && (r < 0) != ($1 < 0) ? r + $1 : r
            }
          ),
        ]
        let sets = instructionSets()
        var random = SplitMix(5)
        for (primitive, reference) in table {
          let formula = Formula("\(primitive)") { $0.applying(primitive, $1) }
          for dtype in [DType.float32, .float64] {
            let single = dtype == .float32
            func number() -> Double {
              let scale = [1.0, 10, 1e-3, 1e5, 1e18][Int.random(in: 0..<5, using: &random)]
              let value = Double.random(in: -1...1, using: &random) * scale
              return single ? Double(Float(value)) : value
            }
            var x = (0..<1500).map { _ in number() }
            let y = (0..<1500).map { _ in number() }
            if primitive == .pow { x = x.map { abs($0) } }
            let exact = zip(x, y).map { reference(Wide($0), Wide($1)) }
            let bound = adj_ulp_bound(Int32(primitive.rawValue), Int32(dtype.rawValue))
            for name in sets {
              _ = adj_isa_select(name)
              let got = doubles(formula(Tensor(x).asType(dtype), Tensor(y).asType(dtype)))
              for index in x.indices {
                let e = UlpTests.error(got[index], exact[index], single: single)
                if e > bound {
                  Issue.record(
                    "\(primitive) \(dtype) \(name): \(e) ulps at \(x[index]), \(y[index]): \(got[index]), not \(exact[index])"
                  )
                  break
                }
              }
            }
          }
        }
      }
    }

    @Test func specialValuesInEveryInstructionSet() async {
      await #expect(processExitsWith: .success) {
        for name in instructionSets() {
          _ = adj_isa_select(name)
          for dtype in [DType.float32, .float64] {
            // As many as fill vectors and leave a tail.
            let special = Tensor([.infinity, -.infinity, .nan, 0, -0.0] as [Double]).asType(dtype)
            let x = concatenated(Array(repeating: special, count: 7))
            func values(_ y: Tensor) -> [Double] {
              let all = doubles(y)
              #expect(
                (0..<35).allSatisfy { all[$0] == all[$0 % 5] || (all[$0].isNaN && all[$0 % 5].isNaN) },
                "\(name)")
              return Array(all[..<5])
            }
            func same(_ y: Tensor, _ expected: [Double], _ what: String) {
              let got = values(y)
              let equal = zip(got, expected).allSatisfy {
                ($0.isNaN && $1.isNaN) || ($0 == $1 && $0.sign == $1.sign)
              }
              #expect(equal, "\(what) \(dtype) \(name): \(got)")
            }
            let inf = Double.infinity
            let nan = Double.nan
            same(exp(x), [inf, 0, nan, 1, 1], "exp")
            same(expm1(x), [inf, -1, nan, 0, -0.0], "expm1")
            same(log(x), [inf, nan, nan, -inf, -inf], "log")
            same(log1p(x), [inf, nan, nan, 0, -0.0], "log1p")
            same(sqrt(x), [inf, nan, nan, 0, -0.0], "sqrt")
            same(rsqrt(x), [0, nan, nan, inf, -inf], "rsqrt")
            same(cbrt(x), [inf, -inf, nan, 0, -0.0], "cbrt")
            same(sin(x), [nan, nan, nan, 0, -0.0], "sin")
            same(cos(x), [nan, nan, nan, 1, 1], "cos")
            same(tan(x), [nan, nan, nan, 0, -0.0], "tan")
            same(tanh(x), [1, -1, nan, 0, -0.0], "tanh")
            same(sinh(x), [inf, -inf, nan, 0, -0.0], "sinh")
            same(asinh(x), [inf, -inf, nan, 0, -0.0], "asinh")
            let right = dtype == .float32 ? Double(Float(1.5707963267948966)) : 1.5707963267948966
            same(atan(x), [right, -right, nan, 0, -0.0], "atan")
            same(erf(x), [1, -1, nan, 0, -0.0], "erf")
            same(erfc(x), [0, 2, nan, 1, 1], "erfc")
            same(lgamma(x), [inf, inf, nan, inf, inf], "lgamma")
            same(1 / x, [0, -0.0, nan, inf, -inf], "reciprocal")
            same(abs(x), [inf, inf, nan, 0, 0], "abs")
            same(sign(x), [1, -1, nan, 0, -0.0], "sign")
          }
        }
      }
    }
  }
#endif
