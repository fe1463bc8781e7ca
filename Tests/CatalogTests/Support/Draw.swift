import Autograd

/// How the numbers of one input are made.
enum Values: Sendable {
  /// Evenly distributed.
  case uniform(Double, Double)
  /// Magnitudes in a range, of either sign.
  case signed(Double, Double)
  /// Between whole numbers, at least 0.2 from any.
  case offWhole
  /// All different, at least so far apart, in random order.
  case spaced(Double)
  /// These, over and over.
  case fixed([Double])
  /// Integers (int64): constants to every derivative.
  case indices(Range<Int>)
  /// These integers (int64).
  case index([Int])
  /// Bools.
  case flags
}

/// How one input is made.
struct Draw: Sendable {
  var shape: Shape
  var values: Values

  init(_ shape: Shape, _ values: Values = .uniform(-2, 2)) {
    self.shape = shape
    self.values = values
  }

  var isConstant: Bool {
    switch values {
    case .indices, .index, .flags: true
    default: false
    }
  }

  /// The numbers, the same for the same generator.
  func numbers(_ shape: Shape, _ generator: inout RandomGenerator) -> [Double] {
    let count = shape.elementCount
    func each(_ body: (inout RandomGenerator) -> Double) -> [Double] {
      (0..<count).map { _ in body(&generator) }
    }
    switch values {
    case .uniform(let low, let high): return each { Double.random(in: low...high, using: &$0) }
    case .signed(let low, let high):
      return each { Double.random(in: low...high, using: &$0) * (Bool.random(using: &$0) ? 1 : -1) }
    case .offWhole:
      return each { Double(Int.random(in: -3...3, using: &$0)) + Double.random(in: 0.2...0.8, using: &$0) }
    case .spaced(let gap):
      let order = (0..<count).shuffled(using: &generator)
      return order.map { (Double($0) - Double(count) / 2 + 0.3) * gap }
    case .fixed(let numbers): return (0..<count).map { numbers[$0 % numbers.count] }
    case .indices(let range): return each { Double(Int.random(in: range, using: &$0)) }
    case .index(let numbers): return (0..<count).map { Double(numbers[$0 % numbers.count]) }
    case .flags: return each { Bool.random(using: &$0) ? 1 : 0 }
    }
  }

  /// The dtype of a constant input, else the one asked for.
  func dtype(_ wanted: DType) -> DType {
    switch values {
    case .indices, .index: .int64
    case .flags: .bool
    default: wanted
    }
  }
}

extension Tensor {
  /// A tensor of plain numbers.
  init(_ numbers: Numbers, dtype: DType = .float64) {
    self = Tensor(numbers.values, shape: Shape(numbers.shape)).asType(dtype)
  }

  /// The elements as plain numbers.
  var numbers: Numbers {
    Numbers(Array(shape), detached().asType(.float64).scalars(as: Double.self))
  }
}
