import Tensor

/// What the steps of a tape are needed for: a walk that is after some elements of the results leaves out what leads to
/// others only. The derivative with respect to a net's last layer needs nothing of the walk back through those before.
struct TapeNeeds {
  /// The consecutive elements, counted over all results, that are told apart, each with a bit in a set; they may overlap.
  let ranges: [Range<Int>]
  /// For each step the ranges that it is needed for.
  let steps: [UInt64]

  /// Those of the elements between which results' tangents may differ from zero.
  ///
  /// - Parameter counts: The elements of each result.
  init(_ tape: ForwardTape, counts: [Int]) {
    var search = Search(tape)
    var first = 0
    for (place, count) in zip(tape.results, counts) {
      if place >= 0 { search.addResult(place, elements: first..<first + count) }
      first += count
    }
    (ranges, steps) = search.finish()
  }

  /// The set of the ranges that satisfy a condition.
  func set(where isWanted: (Range<Int>) -> Bool) -> UInt64 {
    ranges.enumerated().reduce(0) { isWanted($1.element) ? $0 | 1 << UInt64($1.offset) : $0 }
  }

  /// Consecutive parts of some elements, counted from the first of them, cut where ranges begin and end; each has at least
  /// so many elements, unless there are fewer in all.
  func pieces(of elements: Range<Int>, least: Int) -> [Range<Int>] {
    let ends = Set(ranges.flatMap { [$0.lowerBound, $0.upperBound] }).sorted()
    var cuts = [elements.lowerBound]
    for end in ends where end >= cuts.last! + least && end <= elements.upperBound - least { cuts.append(end) }
    cuts.append(elements.upperBound)
    return zip(cuts, cuts.dropFirst()).map { $0 - elements.lowerBound..<$1 - elements.lowerBound }
  }

  /// The search from the results towards the inputs.
  private struct Search {
    private let tape: ForwardTape
    /// By place, the step whose result's tangent it is; -1 for inputs'.
    private let producers: [Int32]
    /// Where the search begins: a result's step, or one input of it where the result is a sum of parts.
    private var leaves: [(step: Int, input: Int?, elements: Range<Int>)] = []

    init(_ tape: ForwardTape) {
      self.tape = tape
      producers = tape.producers
    }

    mutating func addResult(_ place: Int, elements: Range<Int>) {
      let step = Int(producers[place])
      guard step >= 0 else { return }
      let node = tape.steps[step].node
      let parts = (0..<node.inputCount).map { node.function.extentWritten(node, byInput: $0) }
      guard node.outputCount == 1, parts.allSatisfy({ $0 != nil }) else {
        return leaves.append((step, nil, elements))
      }
      for (input, part) in parts.enumerated() {
        let first = elements.lowerBound
        leaves.append((step, input, first + part!.lowerBound..<first + part!.upperBound))
      }
    }

    /// Goes back from all results. More parts than a set has bits share them with their neighbours.
    func finish() -> (ranges: [Range<Int>], steps: [UInt64]) {
      let bits = Swift.min(leaves.count, UInt64.bitWidth)
      var ranges: [Range<Int>?] = Array(repeating: nil, count: bits)
      // Of steps that sum parts, for each input the bit of its own part.
      var own: [Int: [UInt64]] = [:]
      var read = Array(repeating: UInt64(0), count: tape.steps.count)
      for (index, leaf) in leaves.enumerated() {
        let bit = index * bits / leaves.count
        ranges[bit] = ranges[bit].map { $0.united(with: leaf.elements) } ?? leaf.elements
        guard let input = leaf.input else {
          read[leaf.step] |= 1 << UInt64(bit)
          continue
        }
        let count = tape.steps[leaf.step].node.inputCount
        own[leaf.step, default: Array(repeating: 0, count: count)][input] |= 1 << UInt64(bit)
      }
      for step in tape.steps.indices.reversed() {
        let parts = own[step]
        for (input, source) in tape.sources(ofStep: step).enumerated() where source >= 0 {
          let producer = Int(producers[Int(source)])
          if producer >= 0 { read[producer] |= read[step] | (parts?[input] ?? 0) }
        }
        if let parts { read[step] = parts.reduce(read[step], |) }
      }
      return (ranges.map { $0! }, read)
    }
  }
}

extension Range<Int> {
  /// Empty ones count for nothing.
  fileprivate func united(with other: Range<Int>) -> Range<Int> {
    if isEmpty || other.isEmpty { return isEmpty ? other : self }
    return Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
  }
}
