import Tensor

/// Checks a function's second derivatives at a point for about the price of eight gradients, so that a training loop
/// can sample it:
///
///     if step % 1000 == 0 { print(checkHVP("loss", of: loss, at: weights)) }
///
/// For random directions u and v: Hv by forward over reverse, reverse over reverse and reverse over forward, which
/// must agree; the symmetry u'Hv = v'Hu; and Hv against the gradient's own central difference along v (extrapolated
/// once). The compositions go through different rules, so a rule that is wrong or gives zero where it must not
/// shows as a disagreement among them; one that is wrong in the same way in all of them, as a second derivative
/// that is silently zero, shows against the difference.
///
/// Costs four Hessian-vector products (three compositions along v, one along u) and four gradients. In comparison,
/// ``checkSecondOrder(_:of:at:seed:elements:)`` goes through elements one by one.
///
/// The gradient should be smooth near the point. With float32 inputs the differences' steps are longer, and only errors
/// above about 1 % of the product's size are seen there; the compositions are compared to about 0.1 %.
/// - Parameters:
///   - name: What failures call the function.
///   - f: A function whose result is one floating-point number.
///   - input: Floating-point tensors.
///   - seed: Of the generator that draws the directions.
/// - Returns: What disagreed, with the names of the compositions. NaN agrees with nothing.
public func checkHVP<Input: TensorStructure>(
  _ name: String = "function", of f: @escaping (Input) -> Tensor, at input: Input, seed: UInt64 = 0
) -> GradientReport {
  let point = input.tensors.map { $0.detached() }
  var report = GradientReport(function: name, order: 2)
  if let index = point.firstIndex(where: { !$0.dtype.isFloatingPoint }) {
    Misuse.report("checkHVP", "tensor \(index) of the input is \(point[index].dtype), which has no derivative")
    return report
  }
  var generator = RandomGenerator(seed: seed)
  let check = HVPCheck(
    f: { f(input.with($0)) }, point: point, u: point.map { $0.randomSigns(&generator) },
    v: point.map { $0.randomSigns(&generator, scales: HVPCheck.precision(point).scales(of: $0)) })
  check.run(&report)
  return report
}

/// One run of ``checkHVP(_:of:at:seed:)``.
private struct HVPCheck {
  let f: ([Tensor]) -> Tensor
  let point, u, v: [Tensor]

  static func precision(_ point: [Tensor]) -> CheckPrecision {
    .of(point, DifferenceChoice(step: nil, tolerance: nil))
  }

  func run(_ report: inout GradientReport) {
    let precision = HVPCheck.precision(point)
    let forwardReverse = hvp(f, at: point, along: v)
    let reverseReverse = hvpReverse(f, at: point, along: v)
    let reverseForward = grad { jvp(f, at: $0, along: v).tangent }(point)
    compare("forward over reverse against reverse over reverse", reverseReverse, forwardReverse, precision, &report)
    compare("reverse over forward against reverse over reverse", reverseReverse, reverseForward, precision, &report)
    checkSymmetry(forwardReverse, precision, &report)
    checkDifference(forwardReverse, precision, &report)
  }

  private func checkSymmetry(_ hv: [Tensor], _ precision: CheckPrecision, _ report: inout GradientReport) {
    let (left, leftSize) = inner(u, hv)
    let (right, rightSize) = inner(v, hvp(f, at: point, along: u))
    report.compare(
      "symmetry", "<u, Hv> = <v, Hu>", [], expected: right, got: left,
      tolerance: precision.exact * (leftSize + rightSize) + 1e-14)
  }

  /// Hv against (g(x + tv) - g(x - tv)) / 2t for two steps t, extrapolated.
  private func checkDifference(_ hv: [Tensor], _ precision: CheckPrecision, _ report: inout GradientReport) {
    let gradient = grad(f)
    func moved(_ amount: Double) -> [[Double]] {
      gradient(zip(point, v).map { $0 + $1 * amount }).map(\.doubles)
    }
    func central(_ step: Double) -> (slopes: [[Double]], size: Double) {
      let (above, below) = (moved(step), moved(-step))
      let slopes = zip(above, below).map { zip($0, $1).map { ($0 - $1) / (2 * step) } }
      return (slopes, above.joined().lazy.map(Swift.abs).max() ?? 0)
    }
    let (wide, narrow) = (central(precision.step), central(precision.step / 2))
    let expected = zip(wide.slopes, narrow.slopes).map { zip($0, $1).map { (4 * $1 - $0) / 3 } }
    // Rounding of the gradients, and of the points that they are taken at.
    let noise = 60 * precision.epsilon * (1e-3 + wide.size) / precision.step
    let size = expected.joined().lazy.map(Swift.abs).max() ?? 0
    for (index, product) in hv.enumerated() {
      for (element, got) in product.doubles.enumerated() {
        report.compare(
          "Hv against the gradient's difference", "input \(index)", product.index(of: element),
          expected: expected[index][element], got: got,
          tolerance: 2 * precision.relative * size + precision.absolute * 1e-2 + noise)
      }
    }
  }

  private func compare(
    _ check: String, _ expected: [Tensor], _ got: [Tensor], _ precision: CheckPrecision, _ report: inout GradientReport
  ) {
    let size = expected.map { $0.doubles.lazy.map(Swift.abs).max() ?? 0 }.max() ?? 0
    for (index, (expected, got)) in zip(expected, got).enumerated() {
      for (element, (a, b)) in zip(expected.doubles, got.doubles).enumerated() {
        report.compare(
          check, "input \(index)", expected.index(of: element), expected: a, got: b,
          tolerance: precision.exact * (size + 1e-6))
      }
    }
  }
}

/// An inner product over all tensors, and the sum of its terms' magnitudes.
func inner(_ a: [Tensor], _ b: [Tensor]) -> (Double, Double) {
  var sum = 0.0
  var size = 0.0
  for (a, b) in zip(a, b) {
    for (a, b) in zip(a.doubles, b.doubles) {
      sum += a * b
      size += abs(a * b)
    }
  }
  return (sum, size)
}

extension Tensor {
  /// Random numbers of this shape and dtype that are neither large nor small, unless scaled, with leading axes.
  func randomSigns(_ generator: inout RandomGenerator, lead: Shape = [], scales: [Double]? = nil) -> Tensor {
    let numbers = (0..<lead.elementCount * count).map { position in
      Double.random(in: 0.5...1.5, using: &generator) * (Bool.random(using: &generator) ? 1 : -1)
        * (scales?[position] ?? 1)
    }
    return Tensor(numbers, shape: lead.followed(by: shape)).asType(dtype)
  }
}
