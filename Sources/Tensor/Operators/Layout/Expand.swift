import CKernels

/// Repeats along axes of length 1 and along new leading axes, by NumPy's rule: a view with strides of 0.
final class Expand: LinearFunction, @unchecked Sendable {
  let input: Shape
  let result: Shape

  init(from input: Shape, to result: Shape) {
    self.input = input
    self.result = result
  }

  static func ifNeeded(_ x: Tensor, from input: Shape, to result: Shape) -> Tensor {
    input == result ? x : Expand(from: input, to: result)(x)
  }

  override var name: String { "expand" }
  override package var movesElements: Bool { true }

  override func apply(_ x: Tensor) -> Tensor {
    let lead = x.rank - input.rank
    let shape = x.shape.first(lead).followed(by: result)
    var strides = Strides(repeating: 0, rank: shape.rank)
    for axis in 0..<lead { strides[axis] = x.storage.strides[axis] }
    let shift = shape.rank - x.rank
    for axis in lead..<x.rank where input[axis - lead] != 1 { strides[axis + shift] = x.storage.strides[axis] }
    return Tensor(Storage(viewing: x.storage, shape: shape, strides: strides))
  }

  override func transpose(_ cotangent: Tensor) -> Tensor { SumTo(from: result, to: input)(cotangent) }
}

/// The transpose of a broadcast: sums over the axes that were repeated.
package final class SumTo: LinearFunction, @unchecked Sendable {
  let input: Shape
  let result: Shape

  package init(from input: Shape, to result: Shape) {
    self.input = input
    self.result = result
  }

  override package var name: String { "sumTo" }

  override package func apply(_ x: Tensor) -> Tensor {
    let lead = x.rank - input.rank
    let padding = input.rank - result.rank
    if lead == 0, padding > 0, x.storage.isContiguous, x.dtype.isFloatingPoint, input.last(result.rank) == result {
      return Tensor(Reduce.sumOfLeadingAxes(x.storage, kept: result.elementCount, result: result))
    }
    let shape = lead == 0 ? result : x.shape.first(lead).followed(by: result)
    guard
      let sum = Reduce.run(
        ADJ_SUM, Reduce.identity, CollectionOfOne(x.storage), mask: mask, keepDims: padding > 0 ? false : true)
    else { return .placeholder }
    if sum.shape == shape { return Tensor(sum) }
    return Tensor(Storage(viewing: sum, shape: shape, strides: shape.rowMajorStrides))
  }

  /// The axes that are summed, see ``ReducedAxes``.
  private var mask: UInt32 {
    let padding = input.rank - result.rank
    return (0..<input.rank).reduce(0) { mask, axis in
      axis < padding || (result[axis - padding] == 1 && input[axis] != 1)
        ? mask | 1 << UInt32(input.rank - 1 - axis) : mask
    }
  }

  override package func transpose(_ cotangent: Tensor) -> Tensor { Expand(from: result, to: input)(cotangent) }

  override package func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [
      sets[0].map { own in
        ElementSets.united(own, along: mask).reshaped(own.shape.first(own.rank - input.rank).followed(by: result))
      }
    ]
  }
}

extension Tensor {
  /// Repeated along axes of length 1 and new leading axes until it has this shape. A view.
  ///
  /// Derivative: the cotangent, summed over the repeated axes.
  /// - Precondition: The shape broadcasts to the wanted one by NumPy's rule.
  public func expanded(to shape: Shape) -> Tensor {
    guard self.shape.broadcast(with: shape) == shape, shape.allSatisfy({ $0 >= 0 }) else {
      return Misuse.fail("expanded", "\(self.shape) does not broadcast to \(shape)")
    }
    return Expand.ifNeeded(self, from: self.shape, to: shape)
  }

  /// Repeated from `narrow` to `wide`, under extra leading axes.
  package func widened(from narrow: Shape, to wide: Shape) -> Tensor {
    Expand.ifNeeded(self, from: narrow, to: wide)
  }
}
