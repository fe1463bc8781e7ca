import Tensor

/// A function under check: the user's own, or a derivative of it as a function of the point and of the
/// cotangent or tangent.
struct CheckedFunction {
  typealias Body = ([Tensor]) -> [Tensor]

  /// The walks that made it, the first one first.
  let path: [String]
  let inputs: [String]
  let resultName: (Int) -> String
  let body: Body

  /// `walk` of this function, in words.
  func named(_ walk: String) -> String { ([walk] + path.reversed()).joined(separator: " of ") }

  /// (x, u) to J(x)'u.
  func reverse(results: Int, label: String = "vjp") -> CheckedFunction {
    let (count, body, inputs, resultName) = (inputs.count, body, inputs, resultName)
    return CheckedFunction(
      path: path + [label], inputs: inputs + (0..<results).map { "cotangent of \(resultName($0))" },
      resultName: { "cotangent of \(inputs[$0])" },
      body: { vjp(body, at: Array($0[..<count])).pullback(Array($0[count...])) })
  }

  /// (x, v) to J(x)v.
  func forward(label: String = "jvp") -> CheckedFunction {
    let (count, body, inputs, resultName) = (inputs.count, body, inputs, resultName)
    return CheckedFunction(
      path: path + [label], inputs: inputs + inputs.map { "tangent of \($0)" },
      resultName: { "tangent of \(resultName($0))" },
      body: { jvp(body, at: Array($0[..<count]), along: Array($0[count...])).tangent })
  }
}

/// How large a step finite differences take, and which differences are accepted, for a floating-point type.
struct CheckPrecision {
  let epsilon: Double
  /// Of finite differences at elements of magnitude 1; the elements of a direction are about 1 there.
  var step: Double
  /// The largest step, as a part of an element's magnitude.
  var reach: Double
  /// Whether steps follow the elements' magnitudes.
  var isScaled = true
  /// Accepted against finite differences.
  var relative: Double
  let absolute: Double
  /// Accepted between two exact computations, relative to the largest number in them.
  let exact: Double
  /// Where the gradient is not smooth: by what steps become shorter, one after the other.
  let shorterSteps: [Double]
  /// What differences of two step lengths may be apart to agree, as a part of what they are from Hv.
  let steady: Double
  /// Of elements whose differences have crossed kinks, the part whose differences may agree by chance.
  let chance: Double

  static let float64 = CheckPrecision(
    epsilon: 2.3e-16, step: 1e-4, reach: 1.0 / 64, relative: 1e-6, absolute: 1e-8, exact: 1e-9,
    shorterSteps: [32, 16], steady: 1.0 / 256, chance: 1.0 / 64)
  static let float32 = CheckPrecision(
    epsilon: 1.2e-7, step: 2e-2, reach: 1.0 / 8, relative: 5e-3, absolute: 1e-4, exact: 1e-3,
    shorterSteps: [16, 8], steady: 1.0 / 16, chance: 1.0 / 8)

  /// The coarsest of the dtypes decides; a step and a tolerance that are given overrule it.
  static func of(_ tensors: [Tensor], _ chosen: DifferenceChoice) -> CheckPrecision {
    var precision = tensors.contains { $0.dtype == .float32 } ? float32 : float64
    if let step = chosen.step {
      precision.step = step
      precision.isScaled = false
    }
    precision.relative = chosen.tolerance ?? precision.relative
    return precision
  }

  /// What the step is multiplied with for each element, of the tensor's shape and dtype.
  ///
  /// Truncation asks for a small step, relative to the element for functions like log and 1/x and whatever
  /// the element for those like sin; rounding asks for a large one, for the same two reasons. The cube root of
  /// the magnitude is between the two, up to a part of the magnitude itself: log has no number beyond 0. An element
  /// that is 0 counts as a hundredth of its tensor's largest, and a tensor of zeros as ones.
  func scales(of x: Tensor) -> Tensor {
    let magnitudes = abs(x.detached())
    let largest = x.count > 0 ? magnitudes.max().item() : 0
    guard isScaled, largest.isFinite else { return Tensor.ones(like: x) }
    let known = `where`(magnitudes .== 0, largest > 0 ? largest / 100 : 1, magnitudes)
    return minimum(cbrt(known), known * (reach / step))
  }

  /// The same for elements at which such steps are lost in rounding: not bounded by the element's own magnitude, and an
  /// element counts as no less than a hundredth of its tensor's largest, nor than a thousandth.
  func longScales(of x: Tensor) -> Tensor {
    let magnitudes = abs(x.detached())
    let largest = x.count > 0 ? magnitudes.max().item() : 0
    return cbrt(maximum(magnitudes, Swift.max(largest / 100, 1e-3)))
  }
}

/// The step and the relative tolerance of finite differences, where the caller chose them.
struct DifferenceChoice {
  var step: Double?
  var tolerance: Double?
}

extension Tensor {
  /// The elements as numbers, whatever the dtype.
  var doubles: [Double] { detached().asType(.float64).scalars(as: Double.self) }

  /// Where the element of a row-major position stands.
  func index(of position: Int) -> [Int] {
    var rest = position
    var result: [Int] = []
    for length in shape.reversed() {
      result.append(rest % Swift.max(length, 1))
      rest /= Swift.max(length, 1)
    }
    return result.reversed()
  }
}
