import Autograd
import CKernels
import Foundation
import Testing

@testable import Tensor

struct RandomTests {
  private func words(_ key: UInt64, _ stream: UInt64, _ counter: UInt64, _ count: Int) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: count)
    adj_philox(key, stream, counter, &result, Int64(count))
    return result
  }

  /// The known answers of the Random123 distribution (kat_vectors, philox4x32-10).
  @Test func isPhilox() {
    #expect(words(0, 0, 0, 4) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    #expect(words(.max, .max, .max, 4) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      words(0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e, 0x85a3_08d3_243f_6a88, 4)
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func elementsAreMadeOfTheWordsAsDocumented() {
    var generator = RandomGenerator(seed: 42)
    let w = words(42, 0, 0, 64)
    let pairs = (0..<32).map { UInt64(w[2 * $0]) | UInt64(w[2 * $0 + 1]) << 32 }
    let single = Tensor.uniform([10], using: &generator).scalars(as: Float.self)
    #expect(single == w[0..<10].map { Float(Double($0 >> 8) / 16_777_216) })
    // The next draw starts at the next block: 10 words took 3.
    let double = Tensor.uniform([3], low: -1, high: 3, dtype: .float64, using: &generator).scalars(
      as: Double.self)
    #expect(double == pairs[6..<9].map { -1 + 4 * (Double($0 >> 11) / 9_007_199_254_740_992) })
    let whole = Tensor.integers([2], in: -5..<5, using: &generator).scalars(as: Int.self)
    #expect(whole == pairs[10..<12].map { -5 + Int($0.multipliedFullWidth(by: 10).high) })
    let coins = Tensor.bernoulli([4], probability: 0.25, using: &generator).scalars(as: Float.self)
    #expect(coins == w[24..<28].map { $0 < 1 << 30 ? 1 : 0 })
    #expect(generator.next() == pairs[14])
  }

  /// Hashes of the stream: these never change, on any machine.
  @Test func knownAnswers() {
    func generator() -> RandomGenerator { RandomGenerator(seed: 2026) }
    var g = generator()
    let uniform = Tensor.uniform([1000], using: &g).scalars(as: Float.self)
    g = generator()
    let normal = Tensor.normal([1000], using: &g).scalars(as: Float.self)
    g = generator()
    let normal64 = Tensor.normal([1000], mean: 1, standardDeviation: 2, dtype: .float64, using: &g)
      .scalars(as: Double.self)
    g = generator()
    let integers = Tensor.integers([1000], in: 0..<1_000_000, using: &g).scalars(as: Int.self)
    g = generator()
    let permutation = Tensor.permutation(1000, using: &g).scalars(as: Int.self)
    let hashes = [fnv1a(uniform), fnv1a(normal), fnv1a(normal64), fnv1a(integers), fnv1a(permutation)]
    #expect(hashes == RandomTests.hashes, "\(hashes.map { String($0, radix: 16) })")
  }

  private static let hashes: [UInt64] = [
    0x3b70_55c8_c709_7d6b, 0x55b1_5727_c96e_4700, 0x441e_54d6_a096_6d93, 0xb148_11ff_cb08_e04c,
    0x988b_ad57_782d_27a9,
  ]

  @Test func normalsAreTheQuantilesOfTheWords() {
    var generator = RandomGenerator(seed: 7)
    let w = words(7, 0, 0, 2000)
    let normal = Tensor.normal([2000], dtype: .float32, using: &generator).scalars(as: Float.self)
    for (value, word) in zip(normal, w) {
      let p = (Double(word) + 0.5) / 4_294_967_296
      let back = 0.5 * erfc(-Double(value) / 2.0.squareRoot())
      #expect(Swift.abs(back - p) < 1e-6 * Swift.max(Swift.min(p, 1 - p), 1e-3))
    }
  }

  @Test func oneDrawOrSeveralOfWholeBlocks() {
    var a = RandomGenerator(seed: 3)
    var b = RandomGenerator(seed: 3)
    let whole = Tensor.uniform([4096 + 8], using: &a).scalars(as: Float.self)
    let parts = [4, 1020, 3080].flatMap { Tensor.uniform([$0], using: &b).scalars(as: Float.self) }
    #expect(whole == parts && a == b)
  }

  @Test func splitStreamsDiffer() {
    var root = RandomGenerator(seed: 1)
    var children = (0..<50).map { _ in root.split() }
    var seen: Set<UInt64> = []
    for index in children.indices { for _ in 0..<100 { seen.insert(children[index].next()) } }
    for _ in 0..<100 { seen.insert(root.next()) }
    #expect(seen.count == 5100)
    // Splitting is reproducible, and a child's stream does not depend on what the parent does later.
    var again = RandomGenerator(seed: 1)
    var child = again.split()
    _ = again.next()
    var first = RandomGenerator(seed: 1)
    var same = first.split()
    #expect(child == same && child.next() == same.next())
    // Streams of parent and child are uncorrelated.
    let x = Tensor.normal([20_000], dtype: .float64, using: &again)
    let y = Tensor.normal([20_000], dtype: .float64, using: &child)
    #expect(Swift.abs((x * y).mean().item()) < 0.03)
  }

  @Test func moments() {
    var g = RandomGenerator(seed: 99)
    let n = 200_000
    for dtype in [DType.float32, .float64] {
      let u = Tensor.uniform([n], low: 2, high: 4, dtype: dtype, using: &g).asType(.float64)
      #expect(u.min().item() >= 2 && u.max().item() < 4)
      #expect(Swift.abs(u.mean().item() - 3) < 0.01)
      #expect(Swift.abs(square(u - 3).mean().item() - 1.0 / 3) < 0.01)
      let z = Tensor.normal([n], mean: -1, standardDeviation: 3, dtype: dtype, using: &g).asType(.float64)
      let s = (z + 1) / 3
      #expect(Swift.abs(s.mean().item()) < 0.01 && Swift.abs(square(s).mean().item() - 1) < 0.015)
      #expect(Swift.abs((s * s * s).mean().item()) < 0.04)
      #expect(Swift.abs(square(square(s)).mean().item() - 3) < 0.1)
    }
    let coins = Tensor.bernoulli([n], probability: 0.3, dtype: .float64, using: &g)
    #expect(Swift.abs(coins.mean().item() - 0.3) < 0.005)
    #expect(Tensor.bernoulli([100], probability: 0, using: &g).sum().item() == 0)
    #expect(Tensor.bernoulli([100], probability: 1, dtype: .bool, using: &g).sum().item() == 100)
    let dice = Tensor.integers([n], in: 1..<7, using: &g)
    #expect(dice.min().item() == 1 && dice.max().item() == 6)
    #expect(Swift.abs(dice.asType(.float64).mean().item() - 3.5) < 0.02)
  }

  /// low ..< high as float64 and as the dtype's own numbers, where rounding or overflow would leave it.
  @Test func uniformIsHalfOpen() {
    let bounds: [(low: Double, high: Double)] = [
      (0.7, 0.7 + 0x1p-22), (0.1, 0.1 + 0x1p-24), (-0.7 - 0x1p-22, -0.7), (1, 1 + 0x1p-23), (1, 1.5 * 0x1p-23 + 1),
      (1 + 0x1p-30, 1 + 0x1p-22), (-0x1p-149, 0x1p-149), (-1e-46, 1e-46), (0, 1e-45), (16_777_216, 16_777_217.5),
      (-1e39, 1e39), (3e38, 1e300), (-1.7e308, 1.7e308), (-Double.greatestFiniteMagnitude, 0x1p1023),
    ]
    var g = RandomGenerator(seed: 31)
    for (low, high) in bounds {
      let single = Tensor.uniform([4096], low: low, high: high, using: &g).scalars(as: Float.self)
      #expect(single.allSatisfy { $0.isFinite && low <= Double($0) && Double($0) < high }, "\(low), \(high)")
      #expect(single.allSatisfy { Float(low) <= $0 && ($0 < Float(high) || Double(Float(low).nextUp) > high) })
      let double = Tensor.uniform([4096], low: low, high: high, dtype: .float64, using: &g).scalars(as: Double.self)
      #expect(double.allSatisfy { $0.isFinite && low <= $0 && $0 < high }, "\(low), \(high)")
      // Not all at one end where there is room.
      if high.ulp < (high - low) / 8 { #expect(Set(double).count > 4) }
    }
  }

  @Test func aRangeTooWideForOneDifferenceIsFilledEvenly() {
    var g = RandomGenerator(seed: 8)
    let x = Tensor.uniform([50_000], low: -1.6e308, high: 1.6e308, dtype: .float64, using: &g)
      .scalars(as: Double.self).map { $0 / 1.6e308 }
    #expect(Swift.abs(x.reduce(0, +) / 50_000) < 0.02)
    #expect(Swift.abs(x.reduce(0) { $0 + $1 * $1 } / 50_000 - 1.0 / 3) < 0.01)
  }

  @Test func permutationsAreUniform() {
    var g = RandomGenerator(seed: 5)
    let order = Tensor.permutation(1000, using: &g).scalars(as: Int.self)
    #expect(order.sorted() == Array(0..<1000) && order != order.sorted())
    var counts: [[Int]: Int] = [:]
    for _ in 0..<6000 { counts[Tensor.permutation(3, using: &g).scalars(as: Int.self), default: 0] += 1 }
    #expect(counts.count == 6 && counts.values.allSatisfy { (850...1150).contains($0) })
    #expect(Tensor.permutation(0, using: &g).shape == [0])
    #expect(Tensor.permutation(1, using: &g).scalars(as: Int.self) == [0])
  }

  @Test func aGeneratorIsCodable() throws {
    var g = RandomGenerator(seed: 12)
    _ = g.split()
    _ = Tensor.uniform([10], using: &g)
    var child = g.split()
    _ = child.next()
    let data = try JSONEncoder().encode([g, child])
    var back = try JSONDecoder().decode([RandomGenerator].self, from: data)
    #expect(back == [g, child])
    #expect(back[0].next() == g.next() && back[1].next() == child.next())
  }

  @Test func misuseIsRefused() {
    var g = RandomGenerator(seed: 0)
    #expect(
      misuse { _ = Tensor.uniform([2], low: 1, high: 1, using: &g) }
        == "uniform: needs a floating-point dtype and low < high, got float32, 1.0, 1.0")
    // A float64 lies between, a float32 does not.
    #expect(
      misuse { _ = Tensor.uniform([2], low: 1 + 0x1p-40, high: 1 + 0x1p-30, using: &g) }
        == "uniform: no float32 lies in 1.0000000000009095 ..< 1.0000000009313226; draw float64 numbers")
    #expect(
      misuse { _ = Tensor.uniform([2], low: 1e39, high: 1e40, using: &g) }?.hasPrefix("uniform: no float32") == true)
    #expect(
      misuse { _ = Tensor.normal([2], standardDeviation: -1, using: &g) }?.hasPrefix("normal: needs") == true)
    #expect(
      misuse { _ = Tensor.bernoulli([2], probability: 1.5, using: &g) }
        == "bernoulli: the probability is 1.5; it must be in 0 ... 1")
    #expect(misuse { _ = Tensor.integers([2], in: 3..<3, using: &g) } == "integers: the range 3..<3 is empty")
    #expect(misuse { _ = Tensor.permutation(-1, using: &g) } == "permutation: [-1] has a negative length")
    #expect(g == RandomGenerator(seed: 0))
  }
}
