import CKernels

/// The shape that a strided kernel walks, with as few axes as its operands' strides allow.
package struct IterationSpace {
  package private(set) var shape: Shape

  /// Merges neighbouring axes that every view steps through as one, rewriting the views' strides.
  package init(_ shape: Shape, _ views: UnsafeMutableBufferPointer<adj_view>, keeping kept: Int? = nil) {
    self.shape = shape
    coalesce(views, boundary: kept)
  }

  /// `boundary`: the axis that must not be merged with the one before it (where reduced axes begin).
  private mutating func coalesce(_ views: UnsafeMutableBufferPointer<adj_view>, boundary: Int?) {
    var merged = Shape()
    var first = 0  // the first merged axis of this side of the boundary
    for axis in 0..<shape.rank {
      if axis == boundary { first = merged.rank }
      let length = shape[axis]
      if length == 1 { continue }
      let previous = merged.rank - 1
      if previous >= first && views.allSatisfy({ $0.merges(previous, axis, length: length) }) {
        merged[previous] *= length
        for index in views.indices { views[index][stride: previous] = views[index][stride: axis] }
      } else {
        for index in views.indices { views[index][stride: merged.rank] = views[index][stride: axis] }
        merged.append(length)
      }
    }
    keptRank = boundary == nil || boundary == shape.rank ? merged.rank : first
    shape = merged
  }

  /// How many of the merged axes come before the boundary.
  package private(set) var keptRank = 0

  package func withShape<Result>(
    _ body: (UnsafeSendable<UnsafePointer<Int64>>, Int32) -> Result
  ) -> Result {
    withUnsafePointer(to: shape.lengths) { lengths in
      let raw = UnsafeRawPointer(lengths).assumingMemoryBound(to: Int64.self)
      return body(UnsafeSendable(raw), Int32(shape.rank))
    }
  }
}

extension adj_view {
  package init(_ pointer: UnsafeMutableRawPointer, _ strides: Strides, _ dtype: DType) {
    self.init()
    data = pointer
    self.dtype = Int32(dtype.rawValue)
    for axis in 0..<strides.rank { self[stride: axis] = strides[axis] }
  }

  package init(_ storage: Storage) {
    self.init(storage.pointer, storage.strides, storage.dtype)
  }

  package subscript(stride axis: Int) -> Int {
    get {
      withUnsafePointer(to: strides) {
        Int(UnsafeRawPointer($0).assumingMemoryBound(to: Int64.self)[axis])
      }
    }
    set {
      withUnsafeMutablePointer(to: &strides) {
        UnsafeMutableRawPointer($0).assumingMemoryBound(to: Int64.self)[axis] = Int64(newValue)
      }
    }
  }

  /// Whether stepping through `outer` then `inner` (of this length) is stepping through one axis.
  fileprivate func merges(_ outer: Int, _ inner: Int, length: Int) -> Bool {
    self[stride: outer] == self[stride: inner] * length
  }
}
