/// A layer of long short-term memory over time, as one function, so that its products are large ones.
///
/// Inputs: what x contributes to the gates, [time, batch, 4 hidden]; the first states, [batch, hidden]; the weight,
/// [4 hidden, hidden]. Results: the hidden states, the cells, [time, batch, hidden], and the gates after their
/// functions, [time, batch, 4 hidden]. The rules read all three as results, with a history of their own, so
/// that every order is exact; where nothing is recorded, `LSTMNumbers` computes the same.
final class LSTMLayer: Function, @unchecked Sendable {
  /// The times in the order in which they are taken.
  private let order: [Int]
  private let batch: Int
  private let hidden: Int

  init(times: Int, batch: Int, hidden: Int, reverse: Bool) {
    order = reverse ? Array((0..<times).reversed()) : Array(0..<times)
    self.batch = batch
    self.hidden = hidden
  }

  override var name: String { "lstm" }
  override var mayHoldTensors: Bool { false }
  override var saves: [Saved] { [.input(1), .input(2), .input(3), .output(0), .output(1), .output(2)] }

  private static let ranks = [3, 2, 2, 2]

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    LSTMNumbers(order, batch, hidden, weight: inputs[3]).results(inputs[0], inputs[1], inputs[2])
  }

  /// What was saved, cut into times.
  private struct Past {
    let hidden: [Tensor]
    let cells: [Tensor]
    let gates: [[Tensor]]
    /// The states before each time.
    let before: [(hidden: Tensor, cell: Tensor)]

    init(_ saved: SavedTensors, _ order: [Int]) {
      hidden = saved.output(0).unbind()
      cells = saved.output(1).unbind()
      gates = saved.output(2).unbind().map { $0.chunk(4, axis: -1) }
      var before = Array(repeating: (hidden: saved.input(1), cell: saved.input(2)), count: order.count)
      for (last, time) in zip(order, order.dropFirst()) { before[time] = (hidden[last], cells[last]) }
      self.before = before
    }
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let lead = LSTMLayer.lead(cotangents, ranks: [3, 3, 3])
    if !isRecording, lead.rank == 0, cotangents[2] == nil {
      return LSTMNumbers(order, batch, hidden, weight: saved.input(3)).pullback(
        cotangents[0], cotangents[1], saved, wanted: (0..<4).map(saved.isTracked))
    }
    let past = Past(saved, order)
    let seeds = cotangents.map { $0?.unbind(axis: -3) }
    let zeros = Tensor.zeros(lead.followed(by: [batch, hidden]), dtype: saved.input(3).dtype)
    var (hiddenSeed, cellSeed) = (zeros, zeros)
    var gateSeeds = Array(repeating: zeros, count: order.count)
    for time in order.reversed() {
      if let seed = seeds[0]?[time] { hiddenSeed = hiddenSeed + seed }
      if let seed = seeds[1]?[time] { cellSeed = cellSeed + seed }
      let gates = past.gates[time]
      let slopes = LSTM.pullback([hiddenSeed, cellSeed] + gates + [past.before[time].cell, past.cells[time]])
      var seed = concatenated(Array(slopes[..<4]), axis: -1)
      if let own = seeds[2]?[time] {
        let parts = own.chunk(4, axis: -1).enumerated().map { index, part in
          part * (index == 2 ? 1 - square(gates[2]) : gates[index] * (1 - gates[index]))
        }
        seed = seed + concatenated(parts, axis: -1)
      }
      gateSeeds[time] = seed
      cellSeed = slopes[4]
      hiddenSeed = matmul(seed, saved.input(3))
    }
    let all = stacked(gateSeeds, axis: -3)
    let rows = order.count * batch
    let states = stacked(past.before.map(\.hidden)).reshaped([rows, hidden])
    let weightSeed = matmul(
      all.reshaped(lead.followed(by: [rows, 4 * hidden])).transposed(-2, -1), states)
    return [all, hiddenSeed, cellSeed, weightSeed].enumerated().map { saved.isTracked($0) ? $1 : nil }
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let lead = LSTMLayer.lead(tangents, ranks: LSTMLayer.ranks)
    let past = Past(saved, order)
    let dtype = saved.input(3).dtype
    let zeros = Tensor.zeros(lead.followed(by: [batch, hidden]), dtype: dtype)
    let noGates = Tensor.zeros(lead.followed(by: [batch, 4 * hidden]), dtype: dtype)
    let projected = tangents[0]?.unbind(axis: -3)
    let weight = saved.input(3).transposed()
    let weightTangent = tangents[3]?.transposed(-2, -1)
    var (hiddenTangent, cellTangent) = (tangents[1] ?? zeros, tangents[2] ?? zeros)
    var results = Array(repeating: Array(repeating: zeros, count: order.count), count: 3)
    for time in order {
      var pushed = (projected?[time] ?? noGates) + matmul(hiddenTangent, weight)
      if let weightTangent { pushed = pushed + matmul(past.before[time].hidden, weightTangent) }
      let step = LSTM.pushforward(
        pushed.chunk(4, axis: -1) + [cellTangent] + past.gates[time]
          + [past.before[time].cell, past.cells[time]])
      (hiddenTangent, cellTangent) = (step[5], step[4])
      results[0][time] = hiddenTangent
      results[1][time] = cellTangent
      results[2][time] = concatenated(Array(step[..<4]), axis: -1)
    }
    return results.map { stacked($0, axis: -3) }
  }

  /// The extra leading axes that derivatives carry.
  private static func lead(_ derivatives: [Tensor?], ranks: [Int]) -> Shape {
    let (some, rank) = zip(derivatives, ranks).first { $0.0 != nil }!
    return some!.shape.first(some!.rank - rank)
  }
}
