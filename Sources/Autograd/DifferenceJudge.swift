import Tensor

/// Judges the elements of Hv by differences of the gradient along v, at steps of several lengths.
///
/// A rule that is wrong leaves a gap between Hv and the difference that stays what it is as steps become shorter. Where
/// the gradient jumps within a step (across a ReLU's kink) the gap is about the jump over the step: it grows with
/// shorter steps, and is gone with those that no longer reach the kink. So what disagrees at the longest step is asked
/// again at shorter ones, and is held against Hv only where these do not speak against it.
struct DifferenceJudge {
  /// The gradient's numbers at a point, in float64.
  let gradient: ([Tensor]) -> [Tensor]
  let point: [Tensor]
  let precision: CheckPrecision
  /// The gradient's numbers at the point itself.
  let start: [Tensor]
  /// The largest of them.
  let size: Double
  /// Along which the gradient is moved, and Hv for it.
  var direction, product: [Tensor]

  /// The elements of each tensor whose comparison is of interest; nil where all of them agree.
  func elements(where isJudged: (Int) -> Bool = { _ in true }) -> [[DifferenceElement]?] {
    let base = firstDifferences()
    var tensors = point.indices.map { isJudged($0) ? elements($0, base.estimates[$0]) : nil }
    var step = base.step / 2
    for ratio in precision.shorterSteps where tensors.contains(where: { $0.map(isWorthMore) == true }) {
      step /= ratio
      let (ahead, behind) = (moved(step), moved(-step))
      for index in tensors.indices {
        guard let elements = tensors[index] else { continue }
        let (ahead, behind) = (ahead[index].doubles, behind[index].doubles)
        tensors[index] = elements.indices.map { element in
          var known = elements[element]
          known.look(
            difference: (ahead[element] - behind[element]) / (2 * step),
            rounding: rounding(step, abs(ahead[element]) + abs(behind[element])), ratio: ratio,
            steady: precision.steady)
          return known
        }
      }
    }
    return tensors
  }

  /// Whether shorter steps are worth their gradients: where something disagrees, or more than a few are not seen.
  private func isWorthMore(_ elements: [DifferenceElement]) -> Bool {
    let open = elements.filter(\.isOpen)
    return open.contains { !$0.firstAgrees } || 64 * open.count > elements.count
  }

  private func moved(_ amount: Double) -> [Tensor] { gradient(zip(point, direction).map { $0 + $1 * amount }) }

  /// What rounding may do to a difference: that of an element's own magnitudes and that of what others show.
  private func rounding(_ step: Double, _ magnitudes: Double) -> Double {
    precision.epsilon / step * (30 * magnitudes + 4 * size)
  }

  /// Nil where all elements agree, which is found in one pass.
  private func elements(_ index: Int, _ estimate: [Tensor]) -> [DifferenceElement]? {
    let product = product[index]
    guard product.count > 0 else { return nil }
    let largest = abs(product).max().item()
    let any = 2 * precision.relative * largest
    let reach = start[index] * direction[index].asType(.float64)
    let all = DifferenceFormulas.agree(
      estimate + [product, reach, Tensor(any, dtype: .float64), Tensor(0.1 * largest, dtype: .float64)])[0].all()
    if all.item() != 0 { return nil }
    let (derivatives, truncations, roundings) = (estimate[0].doubles, estimate[1].doubles, estimate[2].doubles)
    return zip(product.doubles, reach.doubles).enumerated().map { element, known in
      DifferenceElement(
        product: known.0, reach: abs(known.1), any: any, tenth: 0.1 * largest, derivative: derivatives[element],
        truncation: truncations[element], rounding: roundings[element])
    }
  }

  /// With the longest step that stays where the gradient is finite; where none does, with the shortest that was tried.
  private func firstDifferences() -> (step: Double, estimates: [[Tensor]]) {
    var step = precision.step
    var found = differences(step)
    for shorter in [64.0, 4096] where !found.allSatisfy({ isFinite($0[0]) }) {
      step = precision.step / shorter
      found = differences(step)
    }
    return (step, found)
  }

  private func isFinite(_ tensor: Tensor) -> Bool { tensor.count == 0 || abs(tensor).max().item().isFinite }

  /// For each tensor the derivative of the gradient along v, and how far truncation and rounding may have taken it.
  private func differences(_ step: Double) -> [[Tensor]] {
    let (ahead, behind, nearAhead, nearBehind) = (moved(step), moved(-step), moved(step / 2), moved(-step / 2))
    return point.indices.map { index in
      DifferenceFormulas.first([
        ahead[index], behind[index], nearAhead[index], nearBehind[index], Tensor(step, dtype: .float64),
        Tensor(rounding(step, 1) - rounding(step, 0), dtype: .float64), Tensor(rounding(step, 0), dtype: .float64),
      ])
    }
  }
}

/// One element of Hv, while differences are taken of longer and then shorter steps.
struct DifferenceElement {
  enum Verdict {
    case agrees
    /// Differences of all lengths that tell anything agree with one another, and not with Hv.
    case disagrees
    /// Differences disagree with one another: some step has crossed a kink.
    case isNotSmooth
    /// What rounding may have done is as large as what the difference should show.
    case isHidden
  }

  let product: Double
  /// What is accepted beside the noise of a difference. An element that is exactly 0 must be so: nothing.
  private let any: Double
  /// |gv|: what changes by as much as itself has such a product.
  private let reach: Double
  /// Noise below this leaves something to be seen.
  private let sight: Double
  /// Of the longest step that was tried, or of the shortest that told something.
  private(set) var estimate, tolerance: Double
  private let firstError: Double
  private var error: Double
  let firstAgrees: Bool
  /// What shorter steps said; nil where they have said nothing.
  private var told: Verdict?
  private var isHidden: Bool
  /// Something is not finite.
  let isBroken: Bool

  init(
    product: Double, reach: Double, any: Double, tenth: Double, derivative: Double, truncation: Double, rounding: Double
  ) {
    self.product = product
    self.any = product == 0 ? 0 : any
    self.reach = reach
    // The product's own size, a tenth of that of others, or the change of a gradient that changes by a tenth.
    sight = max(abs(product) / 2, product == 0 ? 0 : tenth, reach / 10)
    estimate = derivative
    tolerance = truncation + rounding + self.any
    error = abs(derivative - product)
    firstError = error
    firstAgrees = error <= tolerance
    isBroken = !error.isFinite
    // A gradient that is 0 and stays so has no rounding.
    let isStill = product == 0 && reach == 0 && derivative == 0 && truncation == 0
    isHidden = firstAgrees && !isStill && rounding > sight && truncation <= rounding
    if firstAgrees && (isStill || truncation + rounding <= sight) { told = .agrees }
  }

  /// Whether shorter steps may tell more.
  var isOpen: Bool { told != .agrees && !isHidden && !isBroken }

  var verdict: Verdict {
    if isHidden { return .isHidden }
    return told ?? (firstAgrees ? .isNotSmooth : .disagrees)
  }

  /// Whether the first difference disagreed and a shorter one has shown why.
  var isExcused: Bool { verdict == .isNotSmooth || (!firstAgrees && verdict == .agrees) }

  /// Longer steps have shown what rounding hid: it agrees.
  mutating func agreeAfterAll() { (isHidden, told) = (false, .agrees) }

  /// A difference of a shorter step, by `ratio`.
  mutating func look(difference: Double, rounding: Double, ratio: Double, steady: Double) {
    guard isOpen else { return }
    if product == 0 && reach == 0 && difference == 0 {
      told = .agrees
      return
    }
    // What cannot tell the first error from none says nothing.
    guard rounding <= (firstAgrees ? sight : firstError / 2) else { return }
    let apart = abs(difference - estimate)
    let own = abs(difference - product)
    if own <= rounding + any && (firstAgrees || own <= firstError / 2) {
      told = .agrees
      return
    }
    let noise = rounding + 4 * apart / (ratio * ratio - 1) + any
    told = own > noise && apart <= steady * min(own, error) + rounding / 8 ? .disagrees : .isNotSmooth
    (estimate, error, tolerance) = (difference, own, noise)
  }
}

/// What is computed of all elements in one pass.
private enum DifferenceFormulas {
  /// Of g(x + t), g(x - t), g(x + t/2), g(x - t/2), t, the rounding of an element's own magnitude and that of others:
  /// the derivative, extrapolated, with what truncation and rounding may have left. What the two differences disagree
  /// in bounds truncation.
  static let first = Formula("difference", inputs: 7) { x in
    let wide = (x[0] - x[1]) / (2 * x[4])
    let near = (x[2] - x[3]) / x[4]
    let change = near - wide
    return [near + change * (1 / 3.0), 4 * abs(change), x[5] * (abs(x[0]) + abs(x[1])) + x[6]]
  }

  /// Whether Hv agrees with the first difference, of which the noise leaves something to be seen: of the derivative,
  /// truncation, rounding, Hv, gv, what is accepted beside noise, and a tenth of the largest of Hv. As
  /// ``DifferenceElement`` says it of one element.
  static let agree = Formula("agree", inputs: 7) { x in
    let (error, noise) = (abs(x[0] - x[3]), x[1] + x[2])
    let isZero = x[3] .== 0
    let isSeen = (noise .<= abs(x[3]) / 2) .| (noise .<= abs(x[4]) / 10) .| ((noise .<= x[6]) .& (x[3] .!= 0))
    let isStill = isZero .& (x[4] .== 0) .& (x[0] .== 0) .& (x[1] .== 0)
    return [((error .<= noise) .| ((error .<= noise + x[5]) .& (x[3] .!= 0))) .& (isSeen .| isStill)]
  }
}
