import Tensor

/// Runs the checks of ``checkGradients(_:order:of:at:step:tolerance:seed:elements:)``.
struct GradientChecker {
  private(set) var report: GradientReport
  private let orders: ClosedRange<Int>
  private let elements: Int
  private let choice: DifferenceChoice
  private var generator: RandomGenerator

  init(
    _ name: String, _ orders: ClosedRange<Int>, _ choice: DifferenceChoice, _ seed: UInt64, _ elements: Int
  ) {
    report = GradientReport(function: name, order: orders.upperBound)
    self.orders = orders
    self.elements = elements
    self.choice = choice
    generator = RandomGenerator(seed: seed)
  }

  /// Checks the first derivatives of a function that is itself a derivative of order `order - 1`.
  mutating func check(_ f: CheckedFunction, at x: [Tensor], order: Int) {
    let y = withoutGrad { f.body(x) }
    guard !x.isEmpty, !y.isEmpty else { return }
    let precision = CheckPrecision.of(x + y, choice)
    let u = y.map { direction(like: $0) }
    // A tangent as long as the steps are: large where the elements are.
    let v = x.map { direction(like: $0, scales: precision.scales(of: $0)) }
    if orders.contains(order) {
      checkWalks(f, x, y, u, v, precision)
      checkLeadingAxes(f, x, y, precision)
    }
    guard order < orders.upperBound else { return }
    if orders.contains(order + 1) { checkCompositions(f, x, y, u, v, precision) }
    check(f.reverse(results: y.count), at: x + u, order: order + 1)
    check(f.forward(), at: x + v, order: order + 1)
    // A walk with leading axes is differentiated too.
    guard order == 1 else { return }
    let wideU = y.map { direction(like: $0, lead: [2]) }
    let wideV = x.map { direction(like: $0, lead: [2]) }
    check(f.reverse(results: y.count, label: "vjp with leading axes"), at: x + wideU, order: order + 1)
    check(f.forward(label: "jvp with leading axes"), at: x + wideV, order: order + 1)
  }

  private mutating func direction(like x: Tensor, lead: Shape = [], scales: Tensor? = nil) -> Tensor {
    x.randomSigns(&generator, lead: lead, scales: scales)
  }

  // MARK: - One walk

  private mutating func checkWalks(
    _ f: CheckedFunction, _ x: [Tensor], _ y: [Tensor], _ u: [Tensor], _ v: [Tensor],
    _ precision: CheckPrecision
  ) {
    let (reverseValue, pullback) = vjp(f.body, at: x)
    let (forwardValue, jv) = jvp(f.body, at: x, along: v)
    let ju = pullback(u)
    let exact = precision.exact
    compareAll(f.named("value in vjp"), f.resultName, expected: y, got: reverseValue, relative: exact)
    compareAll(f.named("value in jvp"), f.resultName, expected: y, got: forwardValue, relative: exact)
    guard compareShapes(f.named("vjp"), { f.inputs[$0] }, x, ju),
      compareShapes(f.named("jvp"), f.resultName, y, jv)
    else { return }
    // jvp against differences along v.
    let directions = v.map(\.doubles)
    let along = difference(f, x, precision.step) { directions[$0][$1] }
    let size = y.map { $0.doubles.map(Swift.abs).max() ?? 0 }.max() ?? 0
    let noise = 30 * precision.epsilon * (1 + size) / precision.step
    for (result, (expected, got)) in zip(along, jv.map(\.doubles)).enumerated() {
      for (element, (expected, got)) in zip(expected, got).enumerated() {
        report.compare(
          f.named("jvp"), f.resultName(result), y[result].index(of: element), expected: expected, got: got,
          tolerance: precision.relative * Swift.max(abs(expected), abs(got)) + precision.absolute + noise)
      }
    }
    checkPullback(f, x, u, ju, precision, noise * Double(u.reduce(1) { $0 + $1.count }))
    let (left, leftSize) = inner(u, jv)
    let (right, rightSize) = inner(ju, v)
    report.compare(
      f.named("adjoint identity"), "<u, Jv> = <J'u, v>", [], expected: left, got: right,
      tolerance: exact * (leftSize + rightSize) + 1e-14)
  }

  /// Each element of J'u against differences in that element.
  private mutating func checkPullback(
    _ f: CheckedFunction, _ x: [Tensor], _ u: [Tensor], _ ju: [Tensor], _ precision: CheckPrecision,
    _ noise: Double
  ) {
    let weights = u.map(\.doubles)
    for input in x.indices {
      let got = ju[input].doubles
      let scales = precision.scales(of: x[input]).doubles
      var positions = Array(0..<x[input].count)
      if positions.count > elements { positions = Array(positions.shuffled(using: &generator)[..<elements]) }
      for position in positions {
        let step = precision.step * scales[position]
        let column = difference(f, x, step) { $0 == input && $1 == position ? 1 : 0 }
        var expected = 0.0
        for (weights, slopes) in zip(weights, column) {
          for (weight, slope) in zip(weights, slopes) { expected += weight * slope }
        }
        report.compare(
          f.named("vjp"), f.inputs[input], x[input].index(of: position), expected: expected,
          got: got[position],
          tolerance: precision.relative * Swift.max(abs(expected), abs(got[position])) + precision.absolute
            + noise / scales[position])
      }
    }
  }

  /// Central differences of all results along a direction, for two steps, extrapolated.
  private func difference(
    _ f: CheckedFunction, _ x: [Tensor], _ step: Double, _ direction: (Int, Int) -> Double
  ) -> [[Double]] {
    func moved(_ amount: Double) -> [[Double]] {
      let point = x.enumerated().map { index, tensor in
        let numbers = tensor.doubles.enumerated().map { $1 + amount * direction(index, $0) }
        return Tensor(numbers, shape: tensor.shape).asType(tensor.dtype)
      }
      return withoutGrad { f.body(point) }.map(\.doubles)
    }
    func central(_ step: Double) -> [[Double]] {
      zip(moved(step), moved(-step)).map { zip($0, $1).map { ($0 - $1) / (2 * step) } }
    }
    return zip(central(step), central(step / 2)).map { zip($0, $1).map { (4 * $1 - $0) / 3 } }
  }

  // MARK: - Leading axes

  private mutating func checkLeadingAxes(
    _ f: CheckedFunction, _ x: [Tensor], _ y: [Tensor], _ precision: CheckPrecision
  ) {
    let deepest = (x + y).map(\.rank).max() ?? 0
    let pullback = vjp(f.body, at: x).pullback
    let pushforward = linearize(f.body, at: x).pushforward
    for lead in [[3], [2, 2]] as [Shape] where deepest + lead.rank <= Shape.maxRank {
      let u = y.map { direction(like: $0, lead: lead) }
      let pulled = loop(lead, u) { pullback($0) }
      compareAll(
        f.named("vjp with leading axes \(lead)"), { f.inputs[$0] }, expected: pulled, got: pullback(u),
        relative: precision.exact)
      let v = x.map { direction(like: $0, lead: lead) }
      let pushed = loop(lead, v) { pushforward($0) }
      compareAll(
        f.named("jvp with leading axes \(lead)"), f.resultName, expected: pushed,
        got: jvp(f.body, at: x, along: v).tangent, relative: precision.exact)
    }
  }

  /// The results of `body` for each part of tensors with leading axes, put together again.
  private func loop(_ lead: Shape, _ tensors: [Tensor], _ body: ([Tensor]) -> [Tensor]) -> [Tensor] {
    let flat = tensors.map { $0.reshaped(Shape([lead.elementCount] + Array($0.shape)[lead.rank...])) }
    let parts = (0..<lead.elementCount).map { part in body(flat.map { $0[part] }) }
    return parts[0].indices.map { index in
      stacked(parts.map { $0[index] }).reshaped(Shape(Array(lead) + Array(parts[0][index].shape)))
    }
  }

  // MARK: - Compositions

  /// What must agree exactly among second derivatives, for u, v and a second direction w.
  private mutating func checkCompositions(
    _ f: CheckedFunction, _ x: [Tensor], _ y: [Tensor], _ u: [Tensor], _ v: [Tensor],
    _ precision: CheckPrecision
  ) {
    let reverse = f.reverse(results: y.count)
    let forward = f.forward()
    let count = x.count
    // The derivative of J'u with respect to u is J itself, and that of Jv with respect to v too.
    let other = y.map { direction(like: $0) }
    let w = x.map { direction(like: $0) }
    let still = x.map { Tensor.zeros(like: $0) }
    let exact = precision.exact
    let jv = jvp(f.body, at: x, along: v).tangent
    compareAll(
      f.named("vjp with respect to the cotangent"), f.resultName, expected: jv,
      got: Array(vjp(reverse.body, at: x + u).pullback(v)[count...]), relative: exact)
    compareAll(
      f.named("jvp with respect to the cotangent"), { f.inputs[$0] },
      expected: vjp(f.body, at: x).pullback(other),
      got: jvp(reverse.body, at: x + u, along: still + other).tangent, relative: exact)
    compareAll(
      f.named("jvp with respect to the tangent"), f.resultName,
      expected: jvp(f.body, at: x, along: w).tangent,
      got: jvp(forward.body, at: x + v, along: still + w).tangent, relative: exact)
    compareAll(
      f.named("vjp with respect to the tangent"), { f.inputs[$0] }, expected: vjp(f.body, at: x).pullback(u),
      got: Array(vjp(forward.body, at: x + v).pullback(u)[count...]), relative: exact)
    // The Hessian of <u, f> times v, three ways, and its product with w by the fourth.
    let reverseReverse = Array(vjp(reverse.body, at: x + u).pullback(v)[..<count])
    let reverseForward = Array(vjp(forward.body, at: x + v).pullback(u)[..<count])
    let noCotangent = y.map { Tensor.zeros(like: $0) }
    let forwardReverse = jvp(reverse.body, at: x + u, along: v + noCotangent).tangent
    let forwardForward = jvp(forward.body, at: x + v, along: w + still).tangent
    compareAll(
      f.named("forward over reverse against reverse over reverse"), { f.inputs[$0] },
      expected: reverseReverse,
      got: forwardReverse, relative: exact)
    compareAll(
      f.named("reverse over forward against reverse over reverse"), { f.inputs[$0] },
      expected: reverseReverse,
      got: reverseForward, relative: exact)
    let (left, leftSize) = inner(reverseReverse, w)
    let (right, rightSize) = inner(u, forwardForward)
    report.compare(
      f.named("forward over forward against reverse over reverse"), "<u, f''[v, w]>", [], expected: left,
      got: right,
      tolerance: exact * (leftSize + rightSize) + 1e-14)
  }

  // MARK: - Comparing

  private mutating func compareShapes(
    _ check: String, _ name: (Int) -> String, _ expected: [Tensor], _ got: [Tensor]
  ) -> Bool {
    for index in expected.indices {
      let fits =
        expected.count == got.count && expected[index].shape == got[index].shape
        && expected[index].dtype == got[index].dtype
      let shapes = got.indices.contains(index) ? "\(got[index].dtype) \(got[index].shape)" : "missing"
      report.compare(
        check, name(index), [], expected: 1, got: fits ? 1 : 0, tolerance: 0,
        detail: ", shape \(shapes) instead of \(expected[index].dtype) \(expected[index].shape)")
      if !fits { return false }
    }
    return true
  }

  private mutating func compareAll(
    _ check: String, _ name: (Int) -> String, expected: [Tensor], got: [Tensor], relative: Double
  ) {
    guard compareShapes(check, name, expected, got) else { return }
    for index in expected.indices {
      let tensor = expected[index]
      let numbers = tensor.doubles
      let size = numbers.map(Swift.abs).max() ?? 0
      for (element, (expected, got)) in zip(numbers, got[index].doubles).enumerated() {
        report.compare(
          check, name(index), tensor.index(of: element), expected: expected, got: got,
          tolerance: relative * (size + 1e-3))
      }
    }
  }
}
