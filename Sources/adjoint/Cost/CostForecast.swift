import Autograd

/// What calls will take, as found at smaller sizes; where none is near, some are tried.
struct CostForecast {
  /// What one call took.
  struct Known {
    let count: Int
    let seconds: Double
    let bytes: Int
  }

  let function: CostFunction
  let products: Int
  let budget: MemoryBudget
  private var known: [CostOperation: [Known]] = [:]

  init(_ function: CostFunction, products: Int, budget: MemoryBudget) {
    self.function = function
    self.products = products
    self.budget = budget
  }

  mutating func learn(_ operation: CostOperation, _ one: Known) { known[operation, default: []].append(one) }

  /// What was found at the largest size up to this one.
  private func nearest(_ operation: CostOperation, _ count: Int) -> Known? {
    known[operation]?.filter { $0.count <= count }.max { $0.count < $1.count }
  }

  // MARK: Time

  /// Seconds of one call, by its own growth or from cheaper operations at this size; nil where nothing is known. No
  /// less than what it is made of was found to take at this very size.
  func seconds(_ operation: CostOperation, _ count: Int) -> Double? {
    let nearest = nearest(operation, count)
    if let nearest, nearest.count == count { return nearest.seconds }
    let grown = nearest.map { one in
      one.seconds * ratio(count, one.count, operation.timePower(function))
    }
    let least = [grown, composed(operation, count)].compactMap { $0 }.min()
    return [least, shared(operation, count)].compactMap { $0 }.max()
  }

  /// What the calls that an operation is made of took at this size, less what they were found to share at a smaller
  /// one: what is measured in the cache at smaller sizes may take several times as long beyond it.
  private func shared(_ operation: CostOperation, _ count: Int) -> Double? {
    guard let part = operation.part, let here = known[part]?.last(where: { $0.count == count }) else { return nil }
    let smaller = (known[operation] ?? []).filter { $0.count < count }.sorted { $0.count > $1.count }
    for whole in smaller {
      guard let other = known[part]?.last(where: { $0.count == whole.count }) else { continue }
      let growth = operation.timePower(function) - part.timePower(function)
      return here.seconds * whole.seconds / other.seconds * ratio(count, whole.count, growth)
    }
    return nil
  }

  private func composed(_ operation: CostOperation, _ count: Int) -> Double? {
    switch operation {
    case .value: nil
    case .gradient, .product: seconds(.value, count).map { 10 * $0 }
    case .products: seconds(.product, count).map { Double(products) * $0 }
    case .diagonal, .dense: seconds(.products, count).map { Double(count) / Double(products) * $0 }
    case .sparse: seconds(.product, count).map { Double((function.zeros?.colors ?? count) + 2) * $0 }
    case .differences: seconds(.gradient, count).map { 2 * Double(count) * $0 }
    }
  }

  private func ratio(_ count: Int, _ other: Int, _ power: Double) -> Double {
    CostGrowth.power(Double(count) / Double(other), power)
  }

  // MARK: Memory

  /// Bytes of a call, its inputs' included.
  func bytes(_ operation: CostOperation, _ count: Int) -> Int {
    function.heldBytes(count) + operation.directions(products) * count * 8 + own(operation, count)
  }

  /// Bytes of a call beyond its inputs: exactly those of a matrix, the rest as it grows.
  private func own(_ operation: CostOperation, _ count: Int) -> Int {
    switch operation {
    case .dense: return 8 * count * count + own(.product, count)
    // The matrix, and on the way two gradients, their difference and the point that was moved.
    case .differences: return 8 * count * (count + 4) + own(.gradient, count)
    case .diagonal:
      // A block of products stays in a thread's cache, however many variables there are, or has one product.
      let blocks = own(.product, count) + BLAS.threads * max(own(.product, count), 1 << 20)
      return min(grownBytes(operation, count) ?? .max, blocks)
    case .value: return grownBytes(operation, count) ?? 0
    case .gradient, .product: return grownBytes(operation, count) ?? own(.value, count)
    case .products:
      // Large ones are made one by one on each thread, beside all results.
      let parts = own(.product, count) + 8 * products * count + (BLAS.threads - 1) << 19
      return min(grownBytes(operation, count) ?? .max, parts)
    case .sparse:
      return grownBytes(operation, count) ?? ((function.zeros?.colors ?? count) + 1) * own(.product, count)
    }
  }

  private func grownBytes(_ operation: CostOperation, _ count: Int) -> Int? {
    nearest(operation, count).map { Int(Double($0.bytes) * ratio(count, $0.count, function.evaluationPower)) }
  }

  // MARK: Trials

  /// A smaller size says enough of one that costs no more than ten times as much for an evaluation.
  private var reach: Double { CostGrowth.power(10, 1 / function.evaluationPower) }

  /// Sizes to try before this one, each in reach of the one before.
  private func rungs(below count: Int) -> [Int] {
    var rungs: [Int] = []
    var size = function == .lennardJones ? 30.0 : 100
    while size <= Double(count) / 2 {
      rungs.append(function.nearest(Int(size)))
      size *= reach
    }
    return rungs
  }

  /// Tries operations at sizes below this one, as far as that is cheap and nothing near is known.
  mutating func climb(to count: Int, _ operations: [CostOperation], until deadline: ContinuousClock.Instant? = nil) {
    for rung in rungs(below: count) {
      var instance: CostInstance?
      for operation in operations where isUnknown(operation, rung, for: count) && isCheap(operation, rung, deadline) {
        let here = instance ?? function.instance(rung)
        instance = here
        guard let one = try? operation.call(here, function, products: products, budget: budget).tried() else {
          continue
        }
        learn(operation, Known(count: rung, seconds: one.seconds, bytes: one.bytes))
      }
    }
  }

  private func isUnknown(_ operation: CostOperation, _ rung: Int, for count: Int) -> Bool {
    guard let one = nearest(operation, count) else { return true }
    return one.count < rung && Double(one.count) * reach < 0.99 * Double(count)
  }

  private func isCheap(_ operation: CostOperation, _ rung: Int, _ deadline: ContinuousClock.Instant?) -> Bool {
    let left = deadline.map { ($0 - .now) / .seconds(1) } ?? .infinity
    return left > 0 && seconds(operation, rung) ?? 0 <= min(0.05, left / 20) && bytes(operation, rung) <= budget.bytes
  }
}
