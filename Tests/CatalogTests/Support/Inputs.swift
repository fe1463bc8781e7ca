import Autograd

/// Making a row's inputs, and giving them other layouts.
extension Row {
  /// A generator that is the row's own, the same in every run.
  var generator: RandomGenerator {
    RandomGenerator(seed: name.utf8.reduce(7) { ($0 &* 31) &+ UInt64($1) })
  }

  /// Inputs of other shapes than the row's, or of another dtype; integers are drawn from the row's range.
  func draw(_ shapes: [Shape]? = nil, dtype: DType = .float64) -> [Tensor] {
    var generator = generator
    return inputs.enumerated().map { position, draw in
      let shape = shapes?[position] ?? draw.shape
      let type = draw.dtype(dtype)
      var numbers = draw.numbers(shape, &generator)
      if !draw.isConstant && !type.isFloatingPoint {
        let low = type == .uint8 ? max(integers.lowerBound, 0) : integers.lowerBound
        let high = type == .bool ? 1 : integers.upperBound
        numbers = numbers.map { _ in Double(Int.random(in: low...high, using: &generator)) }
      }
      return Tensor(numbers, shape: shape).asType(type)
    }
  }

  /// What the row's reference gives for tensors.
  func expected(_ inputs: [Tensor]) -> [Numbers] {
    let numbers = inputs.map(\.numbers)
    switch reference {
    case .arrays(let body): return body(numbers)
    case .elements(let body):
      return [Numbers(Numbers.commonShape(numbers)) { index in body(numbers.map { $0.broadcast(index) }) }]
    }
  }

  /// The call as a function of the differentiable inputs, at others.
  func function(at inputs: [Tensor]) -> @Sendable ([Tensor]) -> [Tensor] {
    let (positions, call) = (differentiable, call)
    return { tensors in
      var all = inputs
      for (position, tensor) in zip(positions, tensors) { all[position] = tensor }
      return call(all)
    }
  }

  /// Shapes that broadcast with one another, for a pointwise row.
  var broadcastShapes: [[Shape]] {
    let patterns: [[Shape]] = [
      [[2, 3], [3], [1, 3]], [[2, 1], [1, 3], []], [[], [2, 3], [2, 1]], [[3], [2, 1, 1], [3]],
    ]
    return inputs.count < 2 ? [] : patterns.map { Array($0.prefix(inputs.count)) }
  }

  /// All shapes of inputs to check derivatives at.
  var allShapes: [[Shape]] {
    let own = [inputs.map(\.shape)] + shapes
    return isPointwise ? own + broadcastShapes + [inputs.map { _ in [] }] : own
  }

  /// All shapes with nothing in them.
  var allEmptyShapes: [[Shape]] {
    guard isPointwise else { return emptyShapes }
    var result: [[Shape]] = [inputs.map { _ in [0] }, inputs.map { _ in [2, 0, 3] }]
    if inputs.count > 1 { result.append(inputs.indices.map { $0 == 0 ? [2, 0, 3] : [1] }) }
    return result
  }
}

/// A layout in memory that reads as the same tensor.
enum MemoryLayoutKind: CaseIterable, Sendable {
  case transposed, stepped, reversed, inTheMiddle

  /// The same elements, laid out otherwise.
  func apply(_ x: Tensor) -> Tensor {
    guard x.rank > 0, x.count > 0 else { return x }
    switch self {
    case .transposed:
      let axes = Array((0..<x.rank).reversed())
      // Concatenating copies, so that the memory is in the order of the permuted axes.
      return concatenated([x.permuted(axes)]).permuted(axes)
    case .stepped:
      let wide = stacked([x, x], axis: x.rank).reshaped(
        Shape(Array(x.shape.dropLast()) + [2 * x.shape.last!]))
      return wide[..., SpecialIndex.stride(by: 2)]
    case .reversed:
      return concatenated([x[SpecialIndex.stride(by: -1)]])[SpecialIndex.stride(by: -1)]
    case .inTheMiddle: return concatenated([x, x, x])[x.shape[0]..<2 * x.shape[0]]
    }
  }
}
