extension Tensor {
  /// The sum of two cotangents; in the memory of the first where nobody else holds it and nothing is
  /// recorded.
  package consuming func adding(_ other: consuming Tensor) -> Tensor {
    guard node == nil, other.node == nil, storage.owner == nil, storage.isContiguous, other.storage.isContiguous,
      storage.shape == other.storage.shape, isKnownUniquelyReferenced(&storage)
    else { return self + other }
    Arithmetic.add.tensors.evaluate(storage, other.storage, into: storage)
    return Tensor(storage)
  }

  /// Summed over axes that were broadcast; itself where there are none.
  package func reduced(from wide: Shape, to narrow: Shape) -> Tensor {
    wide == narrow ? self : SumTo(from: wide, to: narrow)(self)
  }

  /// Summed over its first axes to the shape of a result of a node, as the gradient of a layer's bias is; nil
  /// where something else than plain numbers is to be done.
  package func summedRows(to node: Node, _ output: Int) -> Tensor? {
    guard output == 0, self.node == nil || !isRecording, storage.isContiguous, dtype == node.dtype,
      dtype.isFloatingPoint, rank > node.shape.rank, shape.last(node.shape.rank) == node.shape
    else { return nil }
    return Tensor(Reduce.sumOfLeadingAxes(storage, kept: node.shape.elementCount, result: node.shape))
  }
}
