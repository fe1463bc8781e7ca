import Autograd
import Foundation
import Testing

@testable import Tensor

struct FormulaTests {
  @Test func closuresOfOneToThreeInputs() {
    let swish = Formula { x in x / (1 + exp(-x)) }
    let x = Tensor([-1, 0, 2])
    #expect(swish(x).allClose(x / (1 + exp(-x))))
    let two = Formula { x, y in x * y - 2 }
    #expect(doubles(two(x, Tensor(3))) == [-5, -2, 4])
    let three = Formula("mix") { a, b, t in a + (b - a) * t }
    #expect(doubles(three(Tensor([0, 10]), Tensor([1, 20]), Tensor([0.5, 0.25]))) == [0.5, 12.5])
    #expect(three.name == "mix" && swish.name == "formula")
  }

  @Test func severalInputsAndResults() {
    let polar = Formula("cartesian", inputs: 2) { v in [v[0] * cos(v[1]), v[0] * sin(v[1])] }
    let r = Tensor([1, 2]).tracked()
    let angle = Tensor([0.5, 1.5]).tracked()
    let point = polar([r, angle])
    #expect(point.count == 2 && point[0].allClose(r * cos(angle)) && point[1].allClose(r * sin(angle)))
    (point[0] * 3 + point[1]).sum().backward()
    #expect(r.grad!.detached().allClose(3 * cos(angle.detached()) + sin(angle.detached())))
    #expect(
      angle.grad!.detached().allClose(r.detached() * (cos(angle.detached()) - 3 * sin(angle.detached()))))
    // One result of two is used.
    let only = polar([r, angle])[1].sum()
    r.clearGrad()
    only.backward()
    #expect(r.grad!.detached().allClose(sin(angle.detached())))
    #expect(polar([r.detached(), angle.detached()]).allSatisfy { !$0.isTracked })
  }

  @Test func resultsThatAreInputsConstantsOrEqual() {
    let odd = Formula("odd", inputs: 2) { v in [v[1], v[0] + v[1], v[0] + v[1], v[0] * 0 + 5, v[0]] }
    let out = odd([Tensor([1, 2]), Tensor([10, 20])])
    #expect(out.map { doubles($0) } == [[10, 20], [11, 22], [11, 22], [5, 5], [1, 2]])
    let x = Tensor([1, 2], requiresGrad: true)
    let tracked = odd([x, Tensor([10, 20])])
    tracked.dropFirst().reduce(tracked[0]) { $0 + $1 }.sum().backward()
    #expect(doubles(x.grad!) == [3, 3])
  }

  @Test func broadcastingAndStridedInputs() {
    let f = Formula { x, y in x * x + y }
    let x = Tensor.arange(12).reshaped([3, 4])
    for (a, b) in [
      (x, Tensor([1, 2, 3, 4])), (x, Tensor([[1], [2], [3]])), (x.transposed(), Tensor([[1, 2, 3]])),
      (x[.stride(by: -1)], x), (x[.all, .stride(by: 2)], Tensor(1)), (Tensor(2), x),
      (x[0..<0], Tensor([[1]])),
    ] {
      #expect(f(a, b).allClose(a * a + b), "\(a.shape) \(b.shape)")
      let u = a.detached().tracked()
      let v = b.detached().tracked()
      f(u, v).sum().backward()
      #expect(u.grad!.shape == a.shape && v.grad!.shape == b.shape)
      let repeats = f(a, b).count / Swift.max(b.count, 1)
      #expect(doubles(v.grad!) == Array(repeating: Double(repeats), count: b.count))
    }
  }

  /// The array spelling broadcasts as the others do, also where a result is an input unchanged.
  @Test func everySpellingBroadcasts() {
    let first = Formula { x, _ in x }
    let x = Tensor([1, 2, 3])
    let y = Tensor.zeros([2, 3])
    #expect(first(x, y).shape == [2, 3] && first([x, y])[0].shape == [2, 3])
  }

  @Test func integerFormulas() {
    let f = Formula { x, y in x * y + 3 - y }
    let x = Tensor([1_000_000_007, -2] as [Int])
    #expect(f(x, x).scalars(as: Int.self) == [1_000_000_007, -2].map { $0 * $0 + 3 - $0 })
    #expect(f(Tensor([5] as [Int32]), Tensor([2] as [Int32])).dtype == .int32)
    let half = Formula { x in x * 0.5 }
    #expect(misuse { _ = half(x) }?.hasPrefix("formula: needs floating-point numbers, got int64") == true)
    let infinite = Formula { x in minimum(x, x * 0 + .infinity) }
    #expect(misuse { _ = infinite(x) }?.contains("needs floating-point numbers") == true)
    #expect(doubles(clamp(Tensor([-5, 5] as [Int]), minimum: 0)) == [0, 5])
    #expect(remainder(Tensor([-7, 7] as [Int]), Tensor([3, -3] as [Int])).scalars(as: Int.self) == [2, -2])
    #expect(
      floorDivide(Tensor([-7, 7, 1] as [Int]), Tensor([2, -2, 0] as [Int])).scalars(as: Int.self) == [
        -4, -4, 0,
      ])
    #expect(
      pow(Tensor([2, -1, 3] as [Int]), Tensor([10, -3, -1] as [Int])).scalars(as: Int.self) == [1024, -1, 0])
    #expect(
      (Tensor([200, 100] as [UInt8]) + Tensor([100, 100] as [UInt8])).scalars(as: UInt8.self) == [44, 200])
    #expect((Tensor([Int32.max]) + 1).scalars(as: Int32.self) == [Int32.min])
  }

  @Test func conditionsMayBeBool() {
    let pick = Formula { c, x, y in Formula.select(c, x, y) }
    let c = Tensor([true, false])
    #expect(doubles(pick(c, Tensor([1, 2]), Tensor([3, 4]))) == [1, 4])
    #expect(doubles(`where`(c, Tensor([1, 2] as [Int]), Tensor([3, 4] as [Int]))) == [1, 4])
    #expect(`where`(c, c, .!c).scalars(as: Bool.self) == [true, true])
    #expect(`where`(c, Tensor([1, 2], dtype: .float64), 0).dtype == .float64)
    let less = Formula { x, y in x .< y }
    #expect(less(Tensor([1, 2]), Tensor(2)).scalars(as: Bool.self) == [true, false])
    #expect((.!Tensor([0, 2])).scalars(as: Bool.self) == [true, false])
    let x = Tensor([0, 4], requiresGrad: true)
    `where`(x .> 0, sqrt(x), 0).sum().backward()
    #expect(doubles(x.grad!) == [0, 0.25])
    #expect(misuse { _ = pick(c, c, Tensor([1, 2])) }?.contains("the dtypes differ") == true)
  }

  @Test func aSlopeMayBeStated() {
    let tripled = Formula { x in (x * x).withSlope(in: x) { y in y * 3 } }
    let x = Tensor([2, 5], requiresGrad: true)
    let y = tripled(x)
    #expect(doubles(y) == [4, 25])
    y.sum().backward()
    #expect(doubles(x.grad!) == [12, 75])
    // The slope is differentiated in its turn: (3y)' = 3 * 3y.
    let second = grad { grad { tripled($0).sum() }($0).sum() }(Tensor([2, 5]))
    #expect(doubles(second) == [36, 225])
    // An equal expression elsewhere keeps its own derivative.
    let both = Formula("both", inputs: 1) { v in
      [(v[0] * v[0]).withSlope(in: v[0]) { _ in v[0] * 0 }, v[0] * v[0]]
    }
    let z = both([x])
    x.clearGrad()
    (z[0] + z[1]).sum().backward()
    #expect(doubles(x.grad!) == [4, 10])
  }

  /// A value with a stated slope is a result and is read by later steps, too.
  @Test func aStatedValueIsKeptUntilTheEnd() {
    let f = Formula("kept", inputs: 1) { v in
      let s = (1 / (1 + exp(-v[0]))).withSlope(in: v[0]) { y in y * (1 - y) }
      let a = sin(s * 2) + 1
      let b = cos(a * 3) * a
      return [s, exp(b) + b * a]
    }
    let x = Tensor([-1, 0.5, 3], dtype: .float64)
    let s = sigmoid(x)
    let a = sin(s * 2) + 1
    let b = cos(a * 3) * a
    let got = f([x])
    #expect(got[0].allClose(s, relative: 1e-14) && got[1].allClose(exp(b) + b * a, relative: 1e-13))
  }

  @Test func listing() {
    let f = Formula { x, y in x * 2 + y / x }
    #expect(
      f.listing == """
        %3 = multiply 2.0, x0
        %4 = divide x1, x0
        %5 = add %3, %4
        return %5
        """
        || f.listing.contains("multiply") && f.listing.hasSuffix("return %5"))
    #expect(Formula { x in x }.listing.hasSuffix("return x0"))
  }

  @Test func wrongNumbersOfInputsAreRefused() {
    let f = Formula("f") { x, y in x + y }
    let x = Tensor(1)
    #expect(misuse { _ = f(x) } == "f: takes 2 inputs, got 1")
    #expect(misuse { _ = f([x, x, x]) } == "f: takes 2 inputs, got 3")
    #expect(misuse { _ = f(x, x, x) } == "f: takes 2 inputs, got 3")
    #expect(
      misuse { _ = f.sum(x) } == "f.sum: takes 2 inputs and reduces one result; got 1 input, 1 result")
  }

  @Test func manyTemporariesAndLongPrograms() {
    // 60 values that are all alive until the end.
    let wide = Formula { x in
      let parts = (1...60).map { sin(x * Double($0)) }
      let sum = parts.reduce(x * 0) { $0 + $1 }
      return zip(parts, parts.reversed()).reduce(sum) { $0 + $1.0 * $1.1 }
    }
    let x = Tensor.linspace(from: -1, to: 1, count: 1000, dtype: .float64)
    let parts = (1...60).map { sin(x * Double($0)) }
    var expected = parts.dropFirst().reduce(parts[0]) { $0 + $1 }
    for (a, b) in zip(parts, parts.reversed()) { expected = expected + a * b }
    #expect(wide(x).allClose(expected, relative: 1e-10, absolute: 1e-10))
    #expect(wide(x[17]).allClose(expected[17], relative: 1e-10, absolute: 1e-10))
    #expect(wide(x[..<3]).allClose(expected[..<3], relative: 1e-10, absolute: 1e-10))
    #expect(wide.sum(x).allClose(expected.sum(), relative: 1e-10, absolute: 1e-10))
    // And 700 of them.
    let wider = Formula { x in
      let parts = (1...700).map { x + Double($0) }
      return zip(parts, parts.reversed()).reduce(x * 0) { $0 + $1.0 * $1.1 }
    }
    var sum = 0.0
    for i in 1...700 { sum += (0.5 + Double(i)) * (0.5 + Double(701 - i)) }
    for count in [1, 5, 1000] {
      let y = wider(Tensor.full([count], 0.5, dtype: .float64))
      #expect(y.allClose(Tensor.full([count], sum, dtype: .float64), relative: 1e-13))
    }
  }

  /// A formula so costly that two elements are worth two threads.
  @Test func costlierThanAnyGrain() {
    let heavy = Formula { x in (1...1100).reduce(x) { sum, i in sum + lgamma(x + Double(i)) } }
    func expected(_ x: Double) -> Double { (1...1100).reduce(x) { $0 + lgamma(x + Double($1)) } }
    let numbers = [1.0, 2.5, 7]
    #expect(heavy(Tensor(numbers)).allClose(Tensor(numbers.map(expected)), relative: 1e-12))
    let grid = Tensor(numbers + numbers).reshaped([2, 3]).transposed()
    #expect(heavy(grid)[1].allClose(Tensor([expected(2.5), expected(2.5)]), relative: 1e-12))
    #expect(abs(heavy.sum(grid).item() / (2 * numbers.map(expected).reduce(0, +)) - 1) < 1e-12)
  }
}
