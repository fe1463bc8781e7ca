import Autograd
import Testing

/// What an operator should give, by other means.
enum Reference: Sendable {
  /// Element by element; inputs broadcast.
  case elements(@Sendable ([Double]) -> Double)
  /// Whole arrays.
  case arrays(@Sendable ([Numbers]) -> [Numbers])
}

/// Which dtypes an operator takes for its numbers.
enum Accepted: Sendable {
  case floating
  /// Integers too.
  case numbers
  /// Bools too.
  case all

  func contains(_ dtype: DType) -> Bool {
    switch self {
    case .floating: dtype.isFloatingPoint
    case .numbers: dtype != .bool
    case .all: true
    }
  }
}

/// Value and slopes of a pointwise operator at one point.
struct Special: Sendable {
  var inputs: [Double]
  var value: Double
  /// One for each input; empty where only the value matters.
  var slopes: [Double]
  /// The second derivatives with respect to each pair of inputs, row by row; nil where none are promised.
  var hessian: [[Double]]?
  /// Where the operator is not smooth, the convention in words.
  var kink: String?

  /// - Parameter hessian: Of several inputs at a kink 0 unless told otherwise.
  init(
    _ inputs: Double..., value: Double, slopes: [Double] = [], second: Double? = nil, hessian: [[Double]]? = nil,
    kink: String? = nil
  ) {
    self.inputs = inputs
    self.value = value
    self.slopes = slopes
    let zeros = inputs.map { _ in inputs.map { _ in 0.0 } }
    let isPromised = kink != nil && inputs.count > 1 && !slopes.isEmpty
    self.hessian = hessian ?? (isPromised ? zeros : second.map { [[$0]] })
    self.kink = kink
  }
}

/// A tensor that a recorded call keeps alive.
enum Kept: Sendable, Hashable {
  case input(Int)
  case result(Int)
  /// Something else, of this shape.
  case other(Shape)
}

/// What is kept if these inputs are tracked.
struct Saves: Sendable {
  var tracked: [Int]
  var kept: [Kept]

  init(_ tracked: Int..., keeps kept: [Kept]) {
    self.tracked = tracked
    self.kept = kept
  }
}

/// What is known of one operator. Data only: the tests are loops over rows.
struct Row: Sendable, CustomTestStringConvertible {
  var name: String
  /// The names in the source that it covers.
  var operators: [String]
  /// The scalar primitives that it covers.
  var primitives: [String]
  var inputs: [Draw]
  var reference: Reference
  var accepts: Accepted
  /// The dtype of results where it is not that of the inputs.
  var resultType: DType?
  /// The dtype of results for integers and bools where it is another still.
  var integersGive: DType?
  /// Accepted errors in units of the last place: of the element where pointwise, else of the largest.
  var ulps: Double
  /// Integers to draw for integer dtypes.
  var integers: ClosedRange<Int>
  var specials: [Special]
  var saves: [Saves]
  /// Further shapes of the inputs.
  var shapes: [[Shape]]
  /// Shapes of the inputs with an axis of length 0.
  var emptyShapes: [[Shape]]
  var call: @Sendable ([Tensor]) -> [Tensor]

  init(
    _ name: String, operators: [String]? = nil, primitives: [String] = [], inputs: [Draw],
    reference: Reference, accepts: Accepted = .floating, resultType: DType? = nil, integersGive: DType? = nil,
    ulps: Double = 2, integers: ClosedRange<Int> = -4...4, specials: [Special] = [],
    saves: [Saves] = [],
    shapes: [[Shape]] = [], emptyShapes: [[Shape]] = [], call: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) {
    self.name = name
    self.operators = operators ?? [name]
    self.primitives = primitives
    self.inputs = inputs
    self.reference = reference
    self.accepts = accepts
    self.resultType = resultType
    self.integersGive = integersGive
    self.ulps = ulps
    self.integers = integers
    self.specials = specials
    self.saves = saves
    self.shapes = shapes
    self.emptyShapes = emptyShapes
    self.call = call
  }

  var testDescription: String { name }

  var isPointwise: Bool { if case .elements = reference { true } else { false } }

  var differentiable: [Int] { inputs.indices.filter { !inputs[$0].isConstant } }

  var hasDerivative: Bool { resultType?.isFloatingPoint ?? true }
}

extension Row {
  /// A pointwise operator on one tensor.
  static func unary(
    _ name: String, _ values: Values, _ call: @escaping @Sendable (Tensor) -> Tensor,
    _ reference: @escaping @Sendable (Double) -> Double, operators: [String]? = nil,
    primitives: [String]? = nil,
    accepts: Accepted = .floating, resultType: DType? = nil, ulps: Double = 2, saves: [Kept],
    specials: [Special] = []
  ) -> Row {
    Row(
      name, operators: operators, primitives: primitives ?? [name], inputs: [Draw([2, 3], values)],
      reference: .elements { reference($0[0]) }, accepts: accepts, resultType: resultType, ulps: ulps,
      specials: specials, saves: [Saves(0, keeps: saves)], call: { [call($0[0])] })
  }

  /// A pointwise operator on two tensors.
  static func binary(
    _ name: String, _ left: Values, _ right: Values, _ call: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ reference: @escaping @Sendable (Double, Double) -> Double, operators: [String]? = nil,
    primitives: [String]? = nil, accepts: Accepted = .floating, resultType: DType? = nil, ulps: Double = 1,
    integers: ClosedRange<Int> = -4...4, saves: [Saves] = [], specials: [Special] = []
  ) -> Row {
    Row(
      name, operators: operators, primitives: primitives ?? [name],
      inputs: [Draw([2, 3], left), Draw([2, 3], right)], reference: .elements { reference($0[0], $0[1]) },
      accepts: accepts, resultType: resultType, ulps: ulps, integers: integers, specials: specials,
      saves: saves, call: { [call($0[0], $0[1])] })
  }
}
