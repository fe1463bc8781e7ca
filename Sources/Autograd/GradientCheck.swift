import Tensor

/// Checks a function's derivatives at a point, for the tests of one's own code:
///
///     #expect(checkGradients(order: 2, of: myLoss, at: x).passed)
///
/// Of order 1, for random cotangents u and tangents v: vjp and jvp against central finite differences
/// (extrapolated once), the adjoint identity <u, Jv> = <J'u, v>, and one and two extra leading axes on
/// cotangents and tangents against a loop. Of order 2 the same for the vjp as a function of point and
/// cotangent, and for the jvp as a function of point and tangent: all four compositions of walks. They are
/// also compared with one another, and the derivative of the vjp with respect to the cotangent with the
/// jvp. Higher orders nest further; their cost grows fourfold with each.
///
/// The point should be smooth: finite differences across a kink show the kink. Take float64 inputs where
/// possible. With float32 ones the function runs in float32 all the same, steps are 200 times longer, and
/// only errors above about 0.5 % are seen.
///
/// At an element of magnitude m differences take a step of 1e-4 cbrt(m), at most m / 64, in float64, and of
/// 2e-2 cbrt(m), at most m / 8, in float32: from |x| = 1e-3 to 1e3 that serves both functions whose scale is x
/// itself (log, powers) and those that have one of their own (sin). An element that is 0 counts as a hundredth of its
/// tensor's largest, and a tensor of zeros as ones. Beside the relative tolerance, 1e-8 (float32:
/// 1e-4) and what rounding leaves of such a difference are accepted.
/// - Parameters:
///   - name: What failures call the function.
///   - order: The highest order of derivative to check.
///   - f: A function of tensors, whose results may have any shapes; integer results are left out.
///   - input: Floating-point tensors.
///   - step: Of finite differences, the same for every element; nil chooses it as above. Smaller where the
///     function changes fast, larger where it is noisy.
///   - tolerance: The relative difference that is accepted against finite differences; nil is 1e-6 for float64
///     and 5e-3 for float32. Derivatives that are compared with each other agree to 1e-9 or 1e-3 in any case.
///   - seed: Of the generator that draws cotangents and tangents.
///   - elements: How many elements of each tensor are checked one by one; of larger tensors so many are
///     drawn (the rest take part in random directions).
public func checkGradients<Input: TensorStructure, Output: TensorStructure>(
  _ name: String = "function", order: Int = 1, of f: @escaping (Input) -> Output, at input: Input,
  step: Double? = nil, tolerance: Double? = nil, seed: UInt64 = 0, elements: Int = 32
) -> GradientReport {
  let choice = DifferenceChoice(step: step, tolerance: tolerance)
  return checkGradients(name, orders: 1...Swift.max(order, 1), of: f, at: input, choice, seed: seed, elements: elements)
}

/// Checks a function's second derivatives alone: all four compositions of walks, as
/// ``checkGradients(_:order:of:at:step:tolerance:seed:elements:)`` does with order 2.
public func checkSecondOrder<Input: TensorStructure, Output: TensorStructure>(
  _ name: String = "function", of f: @escaping (Input) -> Output, at input: Input, step: Double? = nil,
  tolerance: Double? = nil, seed: UInt64 = 0, elements: Int = 32
) -> GradientReport {
  let choice = DifferenceChoice(step: step, tolerance: tolerance)
  return checkGradients(name, orders: 2...2, of: f, at: input, choice, seed: seed, elements: elements)
}

/// Checks the derivatives of some orders alone.
func checkGradients<Input: TensorStructure, Output: TensorStructure>(
  _ name: String, orders: ClosedRange<Int>, of f: @escaping (Input) -> Output, at input: Input,
  _ choice: DifferenceChoice = DifferenceChoice(), seed: UInt64 = 0, elements: Int = 32
) -> GradientReport {
  if let wrong = [choice.step, choice.tolerance].compactMap({ $0 }).first(where: { !($0 > 0 && $0.isFinite) }) {
    Misuse.report("checkGradients", "step and tolerance must be positive, got \(wrong)")
    return GradientReport(function: name, order: orders.upperBound)
  }
  let point = input.tensors.map { $0.detached() }
  if let index = point.firstIndex(where: { !$0.dtype.isFloatingPoint }) {
    Misuse.report(
      "checkGradients", "tensor \(index) of the input is \(point[index].dtype), which has no derivative")
    return GradientReport(function: name, order: orders.upperBound)
  }
  let function = CheckedFunction(
    path: [], inputs: point.indices.map { "input \($0)" }, resultName: { "result \($0)" },
    body: { f(input.with($0)).tensors.filter { $0.dtype.isFloatingPoint } })
  var checker = GradientChecker(name, orders, choice, seed, elements)
  checker.check(function, at: point, order: 1)
  var report = checker.report
  report.isVacuous =
    report.comparisons == 0 && !f(input.with(point)).tensors.contains { $0.dtype.isFloatingPoint }
  return report
}
