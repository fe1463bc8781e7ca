import Autograd
import Synchronization

/// Where layers that are given no generator take their random numbers from.
enum DefaultGenerator {
  private final class Source: Sendable {
    let generator: Mutex<RandomGenerator>
    init(seed: UInt64) { generator = Mutex(RandomGenerator(seed: seed)) }
  }

  private static let shared = Source(seed: 0)
  @TaskLocal private static var scoped: Source?

  /// The next generator, independent of those before.
  static func next() -> RandomGenerator {
    (scoped ?? shared).generator.withLock { $0.split() }
  }

  static func withSeed<Result>(_ seed: UInt64, _ body: () throws -> Result) rethrows -> Result {
    try $scoped.withValue(Source(seed: seed), operation: body)
  }
}

/// Runs `body`; layers made in it without a generator of their own are initialised from this seed.
///
///     let net = withSeed(7) { Sequential { Linear(64, 128); ReLU(); Linear(128, 10) } }
///
/// Outside such a scope they are initialised from a generator of the process with seed 0, in the order they
/// are made: a program that makes its layers on one thread gets the same net at every run. Scopes nest, and
/// cover the current task.
public func withSeed<Result>(_ seed: UInt64, _ body: () throws -> Result) rethrows -> Result {
  try DefaultGenerator.withSeed(seed, body)
}
