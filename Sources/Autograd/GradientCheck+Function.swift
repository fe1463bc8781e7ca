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
  /// Of finite differences; the elements of a direction are about 1.
  let step: Double
  /// Accepted against finite differences.
  let relative: Double
  let absolute: Double
  /// Accepted between two exact computations, relative to the largest number in them.
  let exact: Double

  static let float64 = CheckPrecision(
    epsilon: 2.3e-16, step: 1e-4, relative: 1e-6, absolute: 1e-8, exact: 1e-9)
  static let float32 = CheckPrecision(
    epsilon: 1.2e-7, step: 2e-2, relative: 5e-3, absolute: 1e-4, exact: 1e-3)

  init(epsilon: Double, step: Double, relative: Double, absolute: Double, exact: Double) {
    self.epsilon = epsilon
    self.step = step
    self.relative = relative
    self.absolute = absolute
    self.exact = exact
  }

  /// The coarsest of the dtypes decides.
  init(_ tensors: [Tensor]) {
    self = tensors.contains { $0.dtype == .float32 } ? .float32 : .float64
  }
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
