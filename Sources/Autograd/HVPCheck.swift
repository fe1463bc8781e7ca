import Tensor

/// Checks a function's second derivatives at a point for the price of some gradients, so that a training loop can
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
/// Costs four Hessian-vector products (three compositions along v, one along u), four gradients and some passes over
/// their numbers. In comparison, ``checkSecondOrder(_:of:at:seed:elements:)`` goes through elements one by one.
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

/// One run of ``checkHVP(_:of:at:seed:)``. Elements are looked at one by one only where some of them disagree.
private struct HVPCheck {
  let f: ([Tensor]) -> Tensor
  let point, u, v: [Tensor]

  static func precision(_ point: [Tensor]) -> CheckPrecision {
    .of(point, DifferenceChoice(step: nil, tolerance: nil))
  }

  func run(_ report: inout GradientReport) {
    let precision = HVPCheck.precision(point)
    let forwardReverse = numbers(hvp(f, at: point, along: v))
    let reverseReverse = numbers(hvpReverse(f, at: point, along: v))
    let reverseForward = numbers(grad { jvp(f, at: $0, along: v).tangent }(point))
    let accepted = precision.exact * (largest(reverseReverse) + 1e-6)
    report.compareAll(
      "forward over reverse against reverse over reverse", expected: reverseReverse, got: forwardReverse, accepted)
    report.compareAll(
      "reverse over forward against reverse over reverse", expected: reverseReverse, got: reverseForward, accepted)
    checkSymmetry(forwardReverse, precision, &report)
    checkDifference(forwardReverse, precision, &report)
  }

  private func checkSymmetry(_ hv: [Tensor], _ precision: CheckPrecision, _ report: inout GradientReport) {
    func inner(_ a: [Tensor], _ b: [Tensor]) -> (sum: Double, size: Double) {
      zip(a, b).reduce((0, 0)) { result, pair in
        let products = pair.0 * pair.1
        return (result.0 + products.sum().item(), result.1 + abs(products).sum().item())
      }
    }
    let left = inner(numbers(u), hv)
    let right = inner(numbers(v), numbers(hvp(f, at: point, along: u)))
    report.compare(
      "symmetry", "<u, Hv> = <v, Hu>", [], expected: right.sum, got: left.sum,
      tolerance: precision.exact * (left.size + right.size) + 1e-14)
  }

  /// Hv against (g(x + tv) - g(x - tv)) / 2t for two steps t, extrapolated.
  private func checkDifference(_ hv: [Tensor], _ precision: CheckPrecision, _ report: inout GradientReport) {
    let gradient = grad(f)
    var size = 0.0
    func moved(_ amount: Double) -> [Tensor] {
      let gradients = numbers(gradient(zip(point, v).map { $0 + $1 * amount }))
      size = Swift.max(size, largest(gradients))
      return gradients
    }
    func central(_ step: Double) -> [Tensor] { zip(moved(step), moved(-step)).map { ($0 - $1) / (2 * step) } }
    let expected = zip(central(precision.step), central(precision.step / 2)).map { (4 * $1 - $0) / 3 }
    // Rounding of the gradients, and of the points that they are taken at.
    let noise = 60 * precision.epsilon * (1e-3 + size) / precision.step
    report.compareAll(
      "Hv against the gradient's difference", expected: expected, got: hv,
      2 * precision.relative * largest(expected) + precision.absolute * 1e-2 + noise)
  }

  private func numbers(_ tensors: [Tensor]) -> [Tensor] { tensors.map { $0.detached().asType(.float64) } }

  private func largest(_ tensors: [Tensor]) -> Double {
    tensors.reduce(0) { $1.count == 0 ? $0 : Swift.max($0, abs($1).max().item()) }
  }
}

extension GradientReport {
  /// Compares the elements of float64 tensors.
  fileprivate mutating func compareAll(_ check: String, expected: [Tensor], got: [Tensor], _ tolerance: Double) {
    for (index, (expected, got)) in zip(expected, got).enumerated() where expected.count > 0 {
      if abs(expected - got).max().item() <= tolerance {
        accept(expected.count)
        continue
      }
      for (element, (a, b)) in zip(expected.doubles, got.doubles).enumerated() {
        compare(check, "input \(index)", expected.index(of: element), expected: a, got: b, tolerance: tolerance)
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
