import CKernels

/// A seedable, splittable source of random tensors, whose stream is the same on every machine.
///
/// The stream is Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011) with the seed as key; every draw takes the blocks that follow from `counter`. A float32 takes
/// one 32-bit word, a float64 and an integer two; normal numbers are made by inversion (Wichura's AS 241).
public struct RandomGenerator: Sendable, Hashable, Codable {
  /// The key of the stream.
  public let seed: UInt64
  private let stream: UInt64
  private var counter: UInt64 = 0

  /// A generator at the beginning of the stream of this seed.
  public init(seed: UInt64) {
    self.seed = seed
    stream = 0
  }

  private init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// A generator whose stream is independent of this one's, which moves on.
  public mutating func split() -> RandomGenerator {
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) {
      adj_philox(seed, stream, counter, $0.assumingMemoryBound(to: UInt32.self).baseAddress!, 4)
    }
    counter += 1
    return RandomGenerator(seed: words.0, stream: words.1)
  }

  fileprivate mutating func draw(
    _ shape: Shape, _ dtype: DType, _ operation: String,
    _ body: (_ seed: UInt64, _ stream: UInt64, _ counter: UInt64, Storage) -> UInt64
  ) -> Tensor {
    guard Tensor.checkLengths(shape, operation) else { return .placeholder }
    let storage = Storage(shape, dtype)
    counter += body(seed, stream, counter, storage)
    return Tensor(storage)
  }
}

extension RandomGenerator: RandomNumberGenerator {
  /// The next 64 bits, for Swift's own random functions.
  public mutating func next() -> UInt64 {
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) {
      adj_philox(seed, stream, counter, $0.assumingMemoryBound(to: UInt32.self).baseAddress!, 4)
    }
    counter += 1
    return words.0
  }
}

extension Tensor {
  /// Numbers evenly distributed in `low ..< high`, which never leave it by rounding.
  ///
  /// Element i is low + (high - low) u, u a multiple of 2^-24 (float32) or 2^-53 (float64) in 0 ..< 1, rounded
  /// to the numbers of the dtype that lie in the range.
  /// - Precondition: A floating-point dtype, `low < high`, both finite; a number of the dtype lies between them
  ///   (a float64 always does).
  public static func uniform(
    _ shape: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32,
    using generator: inout RandomGenerator
  ) -> Tensor {
    guard dtype.isFloatingPoint, low < high, low.isFinite, high.isFinite else {
      return Misuse.fail("uniform", "needs a floating-point dtype and low < high, got \(dtype), \(low), \(high)")
    }
    guard dtype != .float32 || holdsFloat32(low, high) else {
      return Misuse.fail("uniform", "no float32 lies in \(low) ..< \(high); draw float64 numbers")
    }
    return generator.draw(shape, dtype, "uniform") { seed, stream, counter, storage in
      adj_random_uniform(
        seed, stream, counter, dtype.kernel, Int64(storage.count), low, high, storage.pointer)
    }
  }

  private static func holdsFloat32(_ low: Double, _ high: Double) -> Bool {
    let nearest = Float(low)
    return Double(Double(nearest) < low ? nearest.nextUp : nearest) < high
  }

  /// Normally distributed numbers.
  ///
  /// - Precondition: A floating-point dtype and a deviation that is not negative.
  public static func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32,
    using generator: inout RandomGenerator
  ) -> Tensor {
    guard dtype.isFloatingPoint, standardDeviation >= 0 else {
      return Misuse.fail(
        "normal", "needs a floating-point dtype and a deviation of 0 or more, got \(dtype), \(standardDeviation)")
    }
    return generator.draw(shape, dtype, "normal") { seed, stream, counter, storage in
      adj_random_normal(
        seed, stream, counter, dtype.kernel, Int64(storage.count), mean, standardDeviation, storage.pointer)
    }
  }

  /// 1 with this probability, else 0.
  ///
  /// - Precondition: `0 <= probability <= 1`.
  public static func bernoulli(
    _ shape: Shape, probability: Double = 0.5, dtype: DType = .float32,
    using generator: inout RandomGenerator
  ) -> Tensor {
    guard (0...1).contains(probability) else {
      return Misuse.fail("bernoulli", "the probability is \(probability); it must be in 0 ... 1")
    }
    return generator.draw(shape, dtype, "bernoulli") { seed, stream, counter, storage in
      adj_random_bernoulli(
        seed, stream, counter, dtype.kernel, Int64(storage.count), probability, storage.pointer)
    }
  }

  /// Whole numbers evenly distributed in a range, as int64.
  ///
  /// - Precondition: The range is not empty.
  public static func integers(
    _ shape: Shape, in range: Range<Int>, using generator: inout RandomGenerator
  ) -> Tensor {
    guard !range.isEmpty else { return Misuse.fail("integers", "the range \(range) is empty") }
    return generator.draw(shape, .int64, "integers") { seed, stream, counter, storage in
      adj_random_integers(
        seed, stream, counter, Int64(range.lowerBound), Int64(range.upperBound), Int64(storage.count),
        storage.typed(Int64.self))
    }
  }

  /// The numbers 0 ..< count in random order, as int64.
  public static func permutation(_ count: Int, using generator: inout RandomGenerator) -> Tensor {
    generator.draw([count], .int64, "permutation") { seed, stream, counter, storage in
      adj_random_permutation(seed, stream, counter, Int64(count), storage.typed(Int64.self))
    }
  }
}
