/// A set of an operator's inputs or results, by position, of however many there are.
struct PositionSet: Hashable, Sendable {
  /// A bit for each position below 64, and then for each of further 64.
  private var low: UInt64 = 0
  private var high: [UInt64] = []

  init(_ positions: some Sequence<Int>) {
    for position in positions { insert(position) }
  }

  /// The inputs of a call that derivatives can be asked for.
  @inline(__always)
  init(tracked inputs: [Tensor]) {
    for index in inputs.indices where inputs[index].node != nil { insert(index) }
  }

  /// Those of a recorded call.
  @inline(__always)
  init(tracked node: Node, _ inputCount: Int) {
    for index in 0..<inputCount where node.isTracked(index) { insert(index) }
  }

  @inline(__always)
  private mutating func insert(_ position: Int) {
    if position < 64 { low |= 1 << UInt64(position) } else { insertHigh(position) }
  }

  @inline(never)
  private mutating func insertHigh(_ position: Int) {
    let word = position / 64 - 1
    while high.count <= word { high.append(0) }
    high[word] |= 1 << UInt64(position % 64)
  }

  var isEmpty: Bool { low == 0 && high.isEmpty }

  func contains(_ position: Int) -> Bool {
    let word = position / 64 - 1
    let bits = position < 64 ? low : word < high.count ? high[word] : 0
    return bits & 1 << UInt64(position % 64) != 0
  }

  /// Of the first two positions alone: 1, 2 or both; nil of others.
  @inline(__always)
  var ofFirstTwo: Int? { high.isEmpty && low != 0 && low < 4 ? Int(low) : nil }
}
