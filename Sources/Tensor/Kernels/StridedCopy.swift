import CKernels

/// Copies between layouts and dtypes.
package enum StridedCopy {
  /// Copies elements, converting the dtype; both have one shape.
  package static func copy(_ source: Storage, into target: Storage) {
    copy(source, into: target, targetStrides: target.strides, offset: 0)
  }

  /// Copies into the part of `target` that starts `offset` elements from its first and has these strides.
  package static func copy(_ source: Storage, into target: Storage, targetStrides: Strides, offset: Int) {
    guard source.count > 0 else { return }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 2) { views in
      views[0] = adj_view(source)
      views[1] = adj_view(
        target.pointer + offset * target.dtype.byteCount, targetStrides, target.dtype)
      let space = IterationSpace(source.shape, views)
      let base = UnsafeSendable(views.baseAddress!)
      space.withShape { shape, rank in
        Parallel.run(source.count, grain: Parallel.elementGrain) { begin, end in
          adj_copy(rank, shape.value, base.value, base.value + 1, Int64(begin), Int64(end))
        }
      }
    }
  }
}
