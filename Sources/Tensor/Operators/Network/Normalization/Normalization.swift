/// (x - mean) / sqrt(variance + eps) over some axes, times a weight, plus a bias; or the same with no mean.
///
/// Inputs: x, the weight and the bias where there are any, all of one rank. Results: the normalized numbers,
/// the mean (where centered) and 1 / sqrt(variance + eps), with their axes kept. The rules read the
/// statistics as results, with a history of their own, so that every order is exact.
final class Normalization: Function, @unchecked Sendable {
  /// Counted from the end.
  let axes: [Int]
  let shape: Shape
  let eps: Double
  let isCentered: Bool
  let weight: Shape?
  let bias: Shape?
  /// The operator that it computes: there are several.
  private let label: String

  init(
    _ label: String, _ x: Tensor, axes: [Int], eps: Double, isCentered: Bool, weight: Tensor?, bias: Tensor?
  ) {
    self.label = label
    self.axes = axes
    shape = x.shape
    self.eps = eps
    self.isCentered = isCentered
    self.weight = weight?.shape
    self.bias = bias?.shape
  }

  private var formulas: NormalizationFormulas { isCentered ? .centered : .plain }
  /// The number of elements that share their statistics.
  private var count: Double { Double(axes.reduce(1) { $0 * shape[$1 + shape.rank] }) }
  private var inputCount: Int { 1 + (weight == nil ? 0 : 1) + (bias == nil ? 0 : 1) }
  /// Where among the results 1 / sqrt(variance + eps) is.
  private var scaleIndex: Int { isCentered ? 2 : 1 }

  override var name: String { label }
  override var mayHoldTensors: Bool { false }
  override var saves: [Saved] {
    [.input(0)] + (weight == nil ? [] : [.input(1)]) + (isCentered ? [.output(1)] : [])
      + [.output(scaleIndex)]
  }

  override var spread: Spread? {
    { marks in
      let shared = marks.flags[0].map { $0.anyAlong(self.axes) }
      let parameters = Marks(flags: Array(marks.flags.dropFirst()), inputs: Array(marks.inputs.dropFirst())).united
      let normalized = Marks(flags: [shared, parameters], inputs: []).united
      return [normalized] + Array(repeating: shared, count: self.scaleIndex)
    }
  }
  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    guard position == 0 else { return nil }
    var place: [Int?] = index.map { $0 }
    for axis in axes { place[place.count + axis] = nil }
    return input.part(place)
  }

  override func kink(_ inputs: [Tensor], _ results: [Tensor]) -> Kink? {
    let isUndefined = (results[scaleIndex] .== .infinity).expanded(to: inputs[0].shape)
    return Kink(where: isUndefined, of: inputs[0].detached(), convention: "its derivatives are NaN")
  }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    if let rows = NormalizationRows(x, axes, weight, bias) {
      return rows.normalized(inputs, eps: eps, isCentered: isCentered)
    }
    var statistics: [Tensor] = []
    if isCentered { statistics.append(x.mean(axes: axes, keepDims: true)) }
    let variance = formulas.deviation.reduced([x] + statistics, axes, true, "mean", mean: true)
    statistics.append(rsqrt(variance + eps))
    let formula = formulas.value[inputs.count - 1]
    return formula.apply([x] + statistics + inputs.dropFirst()) + statistics
  }

  /// x, and its mean where centered, and the scale: what normalized x is a formula of.
  private func operands(_ saved: SavedTensors) -> [Tensor] {
    [saved.input(0)] + (isCentered ? [saved.output(1)] : []) + [saved.output(scaleIndex)]
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let operands = operands(saved)
    let scale = operands[operands.count - 1]
    if !isRecording, cotangents.dropFirst().allSatisfy({ $0 == nil }), let u = cotangents[0], u.shape == shape,
      let rows = NormalizationRows(saved.input(0), axes, weight, bias)
    {
      return rows.slopes(
        u, operands, weight.map { _ in saved.input(1) }, bias, wanted: (0..<inputCount).map(saved.isTracked))
    }
    var result = [Tensor?](repeating: nil, count: inputCount)
    // The sums that the statistics' own cotangents join.
    var first = isCentered ? cotangents[1].map { $0 / (scale * -count) } : nil
    var second = cotangents[scaleIndex].map { $0 * scale / count }
    guard let u = cotangents[0] else {
      if saved.isTracked(0) {
        let normalized = formulas.value[0].apply(operands)[0]
        let parts = [first.map { $0 * scale }, second.map { $0 * scale * normalized }].compactMap { $0 }
        result[0] = parts.first.map { parts.count == 2 ? -($0 + parts[1]) : -$0 }
      }
      return result
    }
    if saved.isTracked(0) {
      let seeds = [u] + (weight == nil ? [] : [saved.input(1)])
      if isCentered {
        let mean =
          weight == nil
          ? u.mean(axes: axes, keepDims: true)
          : Arithmetic.multiply.tensors.reduced(seeds, axes, true, "mean", mean: true)
        first = first.map { $0 + mean } ?? mean
      }
      let product = formulas.product[seeds.count - 1].reduced(
        seeds + operands, axes, true, "mean", mean: true)
      second = second.map { $0 + product } ?? product
      result[0] =
        formulas.pullback[seeds.count - 1].apply(seeds + operands + (first.map { [$0] } ?? []) + [second!])[0]
    }
    if let weight {
      if saved.isTracked(1) {
        // Summed over the axes along which the weight repeats, in the same pass.
        let repeated = weight.indices.filter { weight[$0] == 1 && shape[$0] != 1 }.map { $0 - weight.rank }
        result[1] =
          repeated.isEmpty
          ? formulas.product[0].apply([u] + operands)[0]
          : formulas.product[0].reduced([u] + operands, repeated, true, "sum", mean: false)
      }
    }
    if bias != nil { result[result.count - 1] = u }
    return result
  }

  /// The weight's and the bias', of the normalized numbers alone, before sums over where they repeat.
  override func pullbackPerExample(_ node: Node, _ cotangent: Tensor, _ sink: PerExampleSink) -> Bool {
    if node.wants(0, sink) { return false }
    let saved = SavedTensors(node: node, declared: saves)
    if weight != nil, node.wants(1, sink) {
      node.deliver(formulas.product[0].apply([cotangent] + operands(saved))[0], toInput: 1, sink)
    }
    if bias != nil, node.wants(inputCount - 1, sink) { node.deliver(cotangent, toInput: inputCount - 1, sink) }
    return true
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let operands = operands(saved)
    var results = [Tensor?](repeating: nil, count: scaleIndex + 1)
    if let t = tangents[0] {
      let mean = isCentered ? t.mean(axes: axes, keepDims: true) : nil
      let product = formulas.product[0].reduced([t] + operands, axes, true, "mean", mean: true)
      if isCentered { results[1] = mean }
      results[scaleIndex] = -(square(operands[operands.count - 1]) * product)
      let pushed = formulas.pullback[0].apply([t] + operands + (mean.map { [$0] } ?? []) + [product])[0]
      results[0] = weight == nil ? pushed : pushed * saved.input(1)
    }
    if weight != nil, let t = tangents[1] {
      let part = formulas.value[0].apply(operands)[0] * t
      results[0] = results[0].map { $0 + part } ?? part
    }
    if let bias, let t = tangents[tangents.count - 1] {
      let part = t.widened(from: bias, to: shape)
      results[0] = results[0].map { $0 + part } ?? part
    }
    return results
  }
}

/// What normalizations compute, with a mean or without.
struct NormalizationFormulas: Sendable {
  typealias Value = Formula.Value

  /// The squares whose mean is the variance.
  let deviation: Formula
  /// Normalized numbers; the same times a weight; the same plus a bias.
  let value: [Formula]
  /// A cotangent times normalized numbers; a cotangent times a weight times normalized numbers.
  let product: [Formula]
  /// The pullback to x from the cotangent (and the weight), x and its statistics, and one or two means.
  let pullback: [Formula]

  static let centered = NormalizationFormulas(
    deviation: Losses.squaredDifference, statistics: 2
  ) { v in (v[0] - v[1]) * v[2] }
  static let plain = NormalizationFormulas(
    deviation: Losses.squaredLength, statistics: 1
  ) { v in v[0] * v[1] }

  private init(deviation: Formula, statistics: Int, _ normalized: @escaping (ArraySlice<Value>) -> Value) {
    self.deviation = deviation
    let count = statistics + 1
    func rebased(_ values: ArraySlice<Value>) -> Value { normalized(ArraySlice(Array(values))) }
    value = (0...2).map { extra in
      Formula("normalization", inputs: count + extra) { v in
        let y = rebased(v[..<count])
        return [extra == 0 ? y : extra == 1 ? y * v[count] : y * v[count] + v[count + 1]]
      }
    }
    product = (0...1).map { extra in
      Formula("normalization.product", inputs: 1 + extra + count) { v in
        [(extra == 0 ? v[0] : v[0] * v[1]) * rebased(v[(1 + extra)...])]
      }
    }
    pullback = (0...1).map { extra in
      Formula("normalization.pullback", inputs: 1 + extra + count + statistics) { v in
        let seed = extra == 0 ? v[0] : v[0] * v[1]
        let operands = v[(1 + extra)..<(1 + extra + count)]
        let means = v[(1 + extra + count)...]
        let centered = means.count == 2 ? seed - means.first! : seed
        return [operands.last! * (centered - rebased(operands) * means.last!)]
      }
    }
  }
}
