import Tensor

/// Checks a function's second derivatives at a point for the price of six to eight products, so that a training loop
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
/// What is accepted is judged by tensor: the part of one layer does not hide behind a larger one. An element of Hv that
/// is exactly 0 must be so: there no more of the difference is accepted than its own rounding.
///
/// Costs six to eight Hessian-vector products where the gradient is smooth: four products (three compositions along v,
/// one along u), of which two share their graph, six gradients and some passes over their numbers, which count only
/// beside functions of a few operations an element. Where something disagrees at first, also across kinks, four
/// gradients come to that, and where rounding hides small elements a product and four to eight gradients: up to eleven
/// products in all. In comparison, ``checkSecondOrder(_:of:at:step:tolerance:seed:elements:)`` goes through elements
/// one by one.
///
/// The gradient may have kinks near the point, as that of a net with ReLU has: an element is held against a difference
/// only where differences of several step lengths agree with one another. The others are compared by the compositions
/// alone; ``GradientReport/uncompared`` counts them and ``GradientReport/notes`` says which they are. In float64 they
/// are few. In float32, whose steps cannot be as short, they may be most of the first layers of a deep net for a large
/// batch.
///
/// No element is moved by more than a part of its own magnitude, which keeps to the domain of logarithms and roots;
/// where the gradient is not finite all the same, shorter steps are tried, and longer ones where rounding hides an
/// element's second derivative. With float32 inputs the differences' steps are longer, and only errors above about 1 %
/// of the product's size are seen there; the compositions are compared to about 0.1 %.
/// - Parameters:
///   - name: What failures call the function.
///   - f: A function whose result is one floating-point number, the same each time: random numbers that it draws must
///     come from a generator of its own.
///   - input: Floating-point tensors.
///   - seed: Of the generator that draws the directions.
/// - Returns: What disagreed, with the names of the compositions, or the ``GradientReport/obstacle`` to any comparison:
///   also where not one element could be compared with a difference. NaN agrees with nothing.
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
    let (recorded, product) = linearize(grad(f), at: point)
    let gradient = numbers(recorded)
    let (hv, hu) = (numbers(product(v)), numbers(product(u)))
    report.obstacle = obstacle(gradient)
    guard report.obstacle == nil else { return }
    let reverseReverse = numbers(hvpReverse(f, at: point, along: v))
    let reverseForward = numbers(grad { jvp(f, at: $0, along: v).tangent }(point))
    // What cancelled in a tensor left the rounding of what it was made of, which others show.
    let rounding = precision.epsilon * (16 * largest(gradient) + 256 * largest(reverseReverse))
    func compare(_ composition: String, _ product: [Tensor]) {
      report.compareAll("\(composition) against reverse over reverse", expected: reverseReverse, got: product) {
        precision.exact * largest([reverseReverse[$0]]) + rounding
      }
    }
    compare("forward over reverse", hv)
    compare("reverse over forward", reverseForward)
    checkSymmetry(hv, hu, rounding, &report)
    checkDifference(gradient, hv, product, &report)
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

  /// Hv against (g(x + tv) - g(x - tv)) / 2t for two steps t, extrapolated, and for shorter and longer ones where
  /// needed.
  private func checkDifference(
    _ gradient: [Tensor], _ hv: [Tensor], _ product: ([Tensor]) -> [Tensor], _ report: inout GradientReport
  ) {
    let gradientAt = grad(f)
    let judge = DifferenceJudge(
      gradient: { numbers(gradientAt($0)) }, point: point, precision: precision, start: gradient,
      size: largest(gradient), direction: v, product: hv)
    var tensors = judge.elements()
    if let longer = longerDirection(tensors) {
      var other = judge
      (other.direction, other.product) = (longer, numbers(product(longer)))
      let found = other.elements { longer[$0].count > 0 && abs(longer[$0]).max().item() > 0 }
      for index in tensors.indices {
        for (element, moved) in longer[index].doubles.enumerated() where moved != 0 {
          if let again = found[index] {
            tensors[index]![element] = again[element]
          } else {
            tensors[index]![element].agreeAfterAll()
          }
        }
      }
    }
    report.compareDifferences(tensors, counts: point.map(\.count), precision) { point[$0].index(of: $1) }
  }

  /// v for the elements that rounding hides, where longer steps than those that keep to an element's magnitude show
  /// more; nil where there are none.
  private func longerDirection(_ tensors: [[DifferenceElement]?]) -> [Tensor]? {
    var isLonger = false
    let direction = point.indices.map { index -> Tensor in
      let (x, v) = (point[index], v[index])
      guard let elements = tensors[index], elements.contains(where: { $0.verdict == .isHidden }) else {
        return Tensor.zeros(like: x)
      }
      let hidden = Tensor(elements.map { $0.verdict == .isHidden ? 1.0 : 0 }, shape: x.shape).asType(x.dtype)
      let ratio = precision.longScales(of: x) / precision.scales(of: x) * hidden
      let used = `where`(ratio .>= 2, ratio, 0)
      isLonger = isLonger || used.max().item() > 0
      return v * used
    }
    return isLonger ? direction : nil
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

extension GradientReport {
  /// Compares the elements of float64 tensors; `accepted` is the difference that is, for each tensor.
  fileprivate mutating func compareAll(
    _ check: String, expected: [Tensor], got: [Tensor], _ accepted: (Int) -> Double
  ) {
    for index in expected.indices where expected[index].count > 0 {
      let tolerance = accepted(index)
      if abs(expected[index] - got[index]).max().item() <= tolerance {
        accept(expected[index].count)
        continue
      }
      for (element, (wanted, found)) in zip(expected[index].doubles, got[index].doubles).enumerated() {
        compare(
          check, "input \(index)", expected[index].index(of: element), expected: wanted, got: found,
          tolerance: tolerance)
      }
    }
  }

  /// Counts what differences said of each tensor's elements; nil where all agree.
  fileprivate mutating func compareDifferences(
    _ tensors: [[DifferenceElement]?], counts: [Int], _ precision: CheckPrecision, index: (Int, Int) -> [Int]
  ) {
    var (kinks, hidden) = (UncomparedElements(), UncomparedElements())
    for (tensor, elements) in tensors.enumerated() {
      guard let elements else {
        accept(counts[tensor])
        continue
      }
      // Where others have crossed kinks so few are chance, by three standard deviations.
      let chance = precision.chance * Double(elements.count { $0.isExcused })
      let isExcused = Double(elements.count { $0.verdict == .disagrees }) <= chance + 3 * chance.squareRoot()
      var (kinked, lost) = (0, 0)
      for (element, one) in elements.enumerated() {
        switch one.verdict {
        case .agrees: accept(1)
        case .isHidden: lost += 1
        case .disagrees where !isExcused || one.isBroken:
          compare(
            "Hv against the gradient's difference", "input \(tensor)", index(tensor, element), expected: one.estimate,
            got: one.product, tolerance: one.tolerance)
        case .disagrees, .isNotSmooth: kinked += 1
        }
      }
      kinks.add(kinked, of: elements.count, tensor)
      hidden.add(lost, of: elements.count, tensor)
    }
    let all = counts.reduce(0, +)
    note(kinks, of: all, "the gradient is not smooth near the point")
    note(hidden, of: all, "differences are lost in rounding")
  }

  private mutating func note(_ elements: UncomparedElements, of all: Int, _ reason: String) {
    guard elements.count > 0 else { return }
    uncompared += elements.count
    let note = "\(reason): \(elements.count) of \(all) elements could not be compared with differences\(elements.where)"
    notes.append(note)
    if uncompared == all && failureCount == 0 { obstacle = notes.joined(separator: "; ") }
  }
}

/// How many elements were not compared, and in which tensors they are the most.
private struct UncomparedElements {
  private(set) var count = 0
  private var tensors: [Int] = []

  mutating func add(_ some: Int, of all: Int, _ tensor: Int) {
    count += some
    if 2 * some > all { tensors.append(tensor) }
  }

  var `where`: String {
    tensors.isEmpty ? "" : ", most of input " + tensors.map(String.init).joined(separator: ", ")
  }
}
