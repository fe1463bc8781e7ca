import CKernels

enum Accumulate {
  /// Adds a view (often a repeated row or column) to memory of its shape.
  static func add(view: Storage, to target: Storage) {
    guard Meter.begins(target.count) || !target.dtype.isFloatingPoint else { return }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 3) { views in
      views[0] = adj_view(target)
      views[1] = adj_view(view)
      views[2] = views[0]
      let space = IterationSpace(target.shape, views)
      let base = UnsafeSendable(views.baseAddress!)
      let type = Formula.kernelType(target.dtype)
      let program = UnsafeSendable(Arithmetic.add.tensors.raw)
      space.withShape { lengths, rank in
        Parallel.run(target.count, grain: Parallel.elementGrain) { begin, end in
          adj_run(
            program.value, type, rank, lengths.value, base.value, nil, base.value + 2, Int64(begin), Int64(end))
        }
      }
    }
  }
}

extension Tensor {
  /// The sum of two cotangents; in the memory of the first where nobody else holds it and nothing is
  /// recorded.
  package consuming func adding(_ other: consuming Tensor) -> Tensor {
    // A check needs to see what was added.
    guard !isWatched, node == nil, other.node == nil, storage.owner == nil, storage.isContiguous,
      storage.shape == other.storage.shape, storage.dtype == other.dtype, isKnownUniquelyReferenced(&storage)
    else { return self + other }
    if other.storage.isContiguous {
      Arithmetic.add.tensors.evaluate(storage, other.storage, into: storage)
    } else {
      Accumulate.add(view: other.storage, to: storage)
    }
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
    let sum = { Tensor(Reduce.sumOfLeadingAxes(storage, kept: node.shape.elementCount, result: node.shape)) }
    return isWatched ? SumTo(from: shape, to: node.shape).watched([self.detached()]) { [sum()] }[0] : sum()
  }
}
