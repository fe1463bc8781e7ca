import Tensor

/// Checks a function's second derivatives at a point for the price of about six products, so that a training loop can
/// sample it:
///
///     if step % 1000 == 0 { print(checkHVP("loss", of: loss, at: weights)) }
///
/// For random directions u and v: Hv by forward over reverse, reverse over reverse and reverse over forward, which
/// must agree; the symmetry u'Hv = v'Hu; and Hv against the gradient's own central difference along v (extrapolated
/// once). The compositions go through different rules, so a rule that is wrong or gives zero where it must not
/// shows as a disagreement among them; one that is wrong in the same way in all of them, as a second derivative
/// that is silently zero, shows against the difference.
///
/// What is accepted is judged by tensor: the part of one layer does not hide behind a larger one. An element of Hv that
/// is exactly 0 must be so: there no more of the difference is accepted than its own rounding.
///
/// Costs about six Hessian-vector products: four products (three compositions along v, one along u), of which two share
/// their graph, five gradients and some passes over their numbers, which count only beside functions of a few operations
/// an element. In comparison,
/// ``checkSecondOrder(_:of:at:step:tolerance:seed:elements:)`` goes through elements one by one.
///
/// The gradient should be smooth near the point. No element is moved by more than a part of its own magnitude, which
/// keeps to the domain of logarithms and roots; where the gradient is not finite all the same, shorter steps are tried.
/// With float32 inputs the differences' steps are longer, and only errors above about 1 % of the product's size are seen
/// there; the compositions are compared to about 0.1 %.
/// - Parameters:
///   - name: What failures call the function.
///   - f: A function whose result is one floating-point number, the same each time: random numbers that it draws must
///     come from a generator of its own.
///   - input: Floating-point tensors.
///   - seed: Of the generator that draws the directions.
/// - Returns: What disagreed, with the names of the compositions, or the ``GradientReport/obstacle`` to any comparison.
///   NaN agrees with nothing.
public func checkHVP<Input: TensorStructure>(
  _ name: String = "function", of f: @escaping (Input) -> Tensor, at input: Input, seed: UInt64 = 0
) -> GradientReport {
  let point = input.tensors.map { $0.detached() }
  var report = GradientReport(function: name, order: 2)
  if let index = point.firstIndex(where: { !$0.dtype.isFloatingPoint }) {
    Misuse.report("checkHVP", "tensor \(index) of the input is \(point[index].dtype), which has no derivative")
    return report
  }
  HVPCheck(f: { f(input.with($0)) }, point: point, seed: seed).run(&report)
  return report
}

/// One run of ``checkHVP(_:of:at:seed:)``. Elements are looked at one by one only where some of them disagree.
private struct HVPCheck {
  let f: ([Tensor]) -> Tensor
  let point, u, v: [Tensor]
  let precision: CheckPrecision

  init(f: @escaping ([Tensor]) -> Tensor, point: [Tensor], seed: UInt64) {
    self.f = f
    self.point = point
    let precision = CheckPrecision.of(point, DifferenceChoice(step: nil, tolerance: nil))
    var generator = RandomGenerator(seed: seed)
    u = point.map { $0.randomSigns(&generator) }
    // A tangent as long as the steps are: large where the elements are.
    v = point.map { $0.randomSigns(&generator, scales: precision.scales(of: $0)) }
    self.precision = precision
  }

  func run(_ report: inout GradientReport) {
    let (gradient, hv, hu) = gradientAndProducts()
    report.obstacle = obstacle(gradient)
    guard report.obstacle == nil else { return }
    let reverseReverse = numbers(hvpReverse(f, at: point, along: v))
    let reverseForward = numbers(grad { jvp(f, at: $0, along: v).tangent }(point))
    // What cancelled in a tensor left the rounding of what it was made of, which others show.
    let size = largest(gradient)
    let rounding = precision.epsilon * (16 * size + 256 * largest(reverseReverse))
    func compare(_ composition: String, _ product: [Tensor]) {
      report.compareAll("\(composition) against reverse over reverse", expected: reverseReverse, got: product) {
        Acceptance(any: precision.exact * largest([reverseReverse[$0]]) + rounding)
      }
    }
    compare("forward over reverse", hv)
    compare("reverse over forward", reverseForward)
    checkSymmetry(hv, hu, rounding, &report)
    checkDifference(hv, size, &report)
  }

  /// The gradient, Hv and Hu by forward over reverse, of one recording.
  private func gradientAndProducts() -> (gradient: [Tensor], hv: [Tensor], hu: [Tensor]) {
    let (gradient, product) = linearize(grad(f), at: point)
    return (numbers(gradient), numbers(product(v)), numbers(product(u)))
  }

  /// What makes every comparison meaningless.
  private func obstacle(_ gradient: [Tensor]) -> String? {
    for (what, tensors) in [("input", point), ("gradient", gradient)] {
      if let index = tensors.firstIndex(where: { !largest([$0]).isFinite }) {
        return "\(what) is not finite, in tensor \(index)"
      }
    }
    let again = numbers(grad(f)(point))
    let accepted = 256 * precision.epsilon * largest(gradient)
    guard let index = point.indices.first(where: { !(largest([gradient[$0] - again[$0]]) <= accepted) }) else {
      return nil
    }
    return "not deterministic: two gradients at the same point differ, in tensor \(index)"
  }

  private func checkSymmetry(_ hv: [Tensor], _ hu: [Tensor], _ rounding: Double, _ report: inout GradientReport) {
    func inner(_ a: [Tensor], _ b: [Tensor]) -> (sum: Double, size: Double) {
      zip(a, b).reduce((0, 0)) { result, pair in
        let products = pair.0 * pair.1
        return (result.0 + products.sum().item(), result.1 + abs(products).sum().item())
      }
    }
    let left = inner(numbers(u), hv)
    let right = inner(numbers(v), hu)
    let count = point.reduce(0) { $0 + $1.count }
    report.compare(
      "symmetry", "<u, Hv> = <v, Hu>", [], expected: right.sum, got: left.sum,
      tolerance: precision.exact * (left.size + right.size) + rounding * Double(count))
  }

  /// Hv against (g(x + tv) - g(x - tv)) / 2t for two steps t, extrapolated.
  private func checkDifference(_ hv: [Tensor], _ size: Double, _ report: inout GradientReport) {
    let differences = differences(size)
    report.compareAll(
      "Hv against the gradient's difference", expected: differences.map(\.estimate), got: hv
    ) {
      let estimate = differences[$0]
      return Acceptance(
        any: 2 * precision.relative * largest([estimate.estimate]), noise: estimate.noise)
    }
  }

  /// With the longest step that stays where the gradient is finite; where none does, with the shortest that was tried.
  private func differences(_ size: Double) -> [(estimate: Tensor, noise: Tensor)] {
    var found = differences(step: precision.step, size)
    for shorter in [64.0, 4096] where !largest(found.map(\.estimate)).isFinite {
      found = differences(step: precision.step / shorter, size)
    }
    return found
  }

  /// The derivative of the gradient along v, and how far rounding and truncation may have taken each element from it.
  private func differences(step: Double, _ size: Double) -> [(estimate: Tensor, noise: Tensor)] {
    let gradient = grad(f)
    func moved(_ amount: Double) -> [Tensor] { numbers(gradient(zip(point, v).map { $0 + $1 * amount })) }
    let (ahead, behind, nearAhead, nearBehind) = (moved(step), moved(-step), moved(step / 2), moved(-step / 2))
    let length = Tensor(step, dtype: .float64)
    let rounding = precision.epsilon / step
    return point.indices.map { index in
      let results = Difference.formula([
        ahead[index], behind[index], nearAhead[index], nearBehind[index], length,
        Tensor(30 * rounding, dtype: .float64), Tensor(4 * rounding * size, dtype: .float64),
      ])
      return (results[0], results[1])
    }
  }

  private func numbers(_ tensors: [Tensor]) -> [Tensor] { tensors.map { $0.detached().asType(.float64) } }

  private func largest(_ tensors: [Tensor]) -> Double {
    tensors.reduce(0) { largest, tensor in
      guard tensor.count > 0 else { return largest }
      let own = abs(tensor).max().item()
      // Swift's maximum may lose a NaN.
      return own.isNaN || largest.isNaN ? .nan : Swift.max(largest, own)
    }
  }
}

/// Central differences of two steps, as one pass over the numbers.
private enum Difference {
  /// Of g(x + t), g(x - t), g(x + t/2), g(x - t/2), t, the rounding of an element's own magnitude and that of others: the
  /// derivative, extrapolated, and its noise. What the two differences disagree in bounds what truncation left.
  static let formula = Formula("difference", inputs: 7) { x in
    let wide = (x[0] - x[1]) / (2 * x[4])
    let near = (x[2] - x[3]) / x[4]
    let change = near - wide
    return [near + change * (1 / 3.0), 4 * abs(change) + (x[5] * (abs(x[0]) + abs(x[1])) + x[6])]
  }
}

/// Which differences between numbers are accepted.
private struct Acceptance {
  /// For every element.
  var any: Double
  /// For each element beside that: all that is accepted where exactly 0 was found. Nil where zeros are like other numbers.
  var noise: Tensor?

  /// True where (expected, got, noise, any) are accepted; false at NaN.
  static let accepts = Formula("accepts", inputs: 4) { x in
    let error = abs(x[0] - x[1])
    return [(error .<= x[2] + x[3]) .& ((x[1] .!= 0) .| (error .<= x[2]))]
  }

  func allows(_ expected: Tensor, _ got: Tensor) -> Bool {
    guard let noise else { return abs(expected - got).max().item() <= any }
    return Acceptance.accepts([expected, got, noise, Tensor(any, dtype: .float64)])[0].all().item() != 0
  }

  func tolerances(_ got: [Double]) -> [Double] {
    guard let noise = noise?.doubles else { return got.map { _ in any } }
    return zip(got, noise).map { $0 == 0 ? $1 : $1 + any }
  }
}

extension GradientReport {
  /// Compares the elements of float64 tensors.
  fileprivate mutating func compareAll(
    _ check: String, expected: [Tensor], got: [Tensor], _ acceptance: (Int) -> Acceptance
  ) {
    for index in expected.indices where expected[index].count > 0 {
      let accepted = acceptance(index)
      if accepted.allows(expected[index], got[index]) {
        accept(expected[index].count)
        continue
      }
      let (wanted, found) = (expected[index].doubles, got[index].doubles)
      for (element, tolerance) in accepted.tolerances(found).enumerated() {
        compare(
          check, "input \(index)", expected[index].index(of: element), expected: wanted[element], got: found[element],
          tolerance: tolerance)
      }
    }
  }
}
