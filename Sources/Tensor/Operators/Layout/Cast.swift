/// Elements converted to another dtype.
final class Cast: LinearFunction, @unchecked Sendable {
  let source: DType
  let target: DType

  init(from source: DType, to target: DType) {
    self.source = source
    self.target = target
  }

  override var name: String { "asType" }

  override func apply(_ x: Tensor) -> Tensor { Tensor(x.storage.copied(as: target)) }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? { sets }

  override func transpose(_ cotangent: Tensor) -> Tensor { Cast(from: target, to: source)(cotangent) }
}

extension Tensor {
  /// Elements converted to another dtype; itself where it has it already.
  ///
  /// Floating-point to integer drops the fraction and saturates, NaN gives 0; to bool: not 0.
  /// Derivative: the cotangent, converted back; none through integers and bools.
  public func asType(_ dtype: DType) -> Tensor {
    dtype == self.dtype ? self : Cast(from: self.dtype, to: dtype)(self)
  }
}
