/// What ``withNaNCheck(_:)`` found: the first operator that made a NaN or an infinity of finite numbers.
public struct NaNError: Error, Sendable, CustomStringConvertible {
  /// One of the operator's inputs. A number that was given beside tensors, such as a bound, is one of rank 0.
  public struct Input: Sendable, Hashable {
    /// The lengths of its axes.
    public let shape: Shape
    /// The type of its elements.
    public let dtype: DType
    /// What a derivative's formula takes it as: `cotangent` (of the result), `tangent` (of an input), `input` and
    /// `result` (of the operator whose derivative it is). Nil of an operator itself.
    public let role: String?
    /// The element that was combined into the result's, of a pointwise operator; nil of others.
    public let value: Double?
    /// The smallest and the largest of the elements that the result's was made of: those of a row or column of a matrix
    /// product, those that a sum goes over, a row of softmax. Of other operators that mix elements, of all. Nil where
    /// there are none, or one is NaN.
    public let range: ClosedRange<Double>?
  }

  /// The operator that computed the number, as it is written in Swift: `log`, `matmul`, `/`. Where it has
  /// derivatives of its own, `OperatorClosure.named` knows it.
  public let operation: String
  /// The operator whose derivative was being computed, likewise; nil outside of walks.
  public let derivativeOf: String?
  /// How many derivatives deep: 0 in the computation itself, 1 in a walk over it (a gradient, a directional
  /// derivative), 2 in a walk that reached what a walk had recorded, and so on.
  public let derivativeOrder: Int
  /// Which example of `vmap` (or of gradients for each example) it was computed for, the outermost first; empty
  /// outside of those.
  public let examples: [Int]
  /// The number: infinite or NaN.
  public let result: Double
  /// Where in the result it stands.
  public let index: [Int]
  /// What the operator was given, finite where the element is made of it: in the order of its call, with numbers
  /// last. A derivative's formula takes cotangents (or tangents) first, then what was saved of the operator's inputs
  /// and results.
  public let inputs: [Input]
  let site: CallSite

  /// The file in which the operator was called; of a derivative, in which the operator was called that it is the
  /// derivative of, if that was inside the check too. Nil where the program has no debug information. Reading that
  /// can take a second in a large program, so it is done when this is first asked for.
  public var file: String? { site.place.file }
  /// The line in ``file``; of an outer call where optimization lost the operator's own.
  public var line: Int? { site.place.line }
  /// The function that called the operator.
  public var caller: String? { site.place.function }

  /// Operator, place, element, result and inputs in one line.
  public var description: String {
    "\(subject)\(site.place.words)\(exampleWords): element \(index) is \(brief(result)), \(inputWords)"
  }

  private var exampleWords: String {
    examples.isEmpty
      ? "" : ", example \(examples.count == 1 ? "\(examples[0])" : "\(examples)")"
  }

  private var subject: String {
    guard derivativeOrder > 0 else { return operation }
    guard let derivativeOf, derivativeOf != operation else {
      return "\(operation), in its derivative of order \(derivativeOrder),"
    }
    return "\(operation), in the derivative of order \(derivativeOrder) of \(derivativeOf),"
  }

  private var inputWords: String {
    guard !inputs.isEmpty else { return "it has no inputs" }
    let words = inputs.map { input -> String in
      let role = input.role.map { "\($0) " } ?? ""
      if let value = input.value { return role + brief(value) }
      let numbers = input.range.map { " from \(brief($0.lowerBound)) to \(brief($0.upperBound))" } ?? ""
      return "\(role)\(input.dtype) \(input.shape)\(numbers)"
    }
    let joined = words.count == 1 ? words[0] : words.dropLast().joined(separator: ", ") + " and " + words.last!
    return (words.count == 1 ? "its input was " : "its inputs were ") + joined
  }

  /// Whole numbers without a point, others as Swift prints them.
  private func brief(_ number: Double) -> String {
    // The sign of a NaN says nothing.
    if number.isNaN { return "nan" }
    if let whole = Int32(exactly: number) { return "\(whole)" }
    return dtype == .float32 ? "\(Float(number))" : "\(number)"
  }

  private var dtype: DType { inputs.first { $0.dtype.isFloatingPoint }?.dtype ?? .float64 }
}
