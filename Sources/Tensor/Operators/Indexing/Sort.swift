import CKernels

// Order along an axis. Values are gathered at positions, so derivatives go where values came from.

extension Tensor {
  /// The positions along an axis in order of their elements, as int64; equal ones keep their order, NaN is
  /// the largest.
  public func argsort(axis: Int = -1, descending: Bool = false) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "argsort") else { return .placeholder }
    let (outer, length, inner) = shape.split(at: axis)
    let order = Storage(shape, .int64)
    let source = storage.contiguous
    withExtendedLifetime(source) {
      adj_sort(
        dtype.kernel, source.pointer, Int64(outer), Int64(length), Int64(inner), descending, nil,
        order.typed(Int64.self))
    }
    return Tensor(order)
  }

  /// Elements in order along an axis, with their positions as int64; equal ones keep their order, NaN is the
  /// largest.
  ///
  /// Derivative: cotangents go to the positions.
  public func sorted(axis: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
    guard let axis = normalizedAxis(axis, rank: rank, "sorted") else { return (.placeholder, .placeholder) }
    let order = argsort(axis: axis, descending: descending)
    if isWatched, let axis = normalizedAxis(axis, rank: rank, "sorted") {
      judgeSmoothness("sorted") { self.firstTie(order: order, axis: axis) }
    }
    return (gather(order, axis: axis), order)
  }

  /// The `k` largest (or smallest) elements along an axis in order, with their positions as int64.
  ///
  /// Derivative: cotangents go to the positions.
  /// - Precondition: `k` is within 0 ... the length of the axis.
  public func topK(_ k: Int, axis: Int = -1, largest: Bool = true) -> (values: Tensor, indices: Tensor) {
    guard let axis = normalizedAxis(axis, rank: rank, "topK") else { return (.placeholder, .placeholder) }
    guard k >= 0, k <= shape[axis] else {
      return (
        Misuse.fail("topK", "axis \(axis) of shape \(shape) does not have \(counted(k, "element"))"), .placeholder
      )
    }
    let order = argsort(axis: axis, descending: largest)
    if isWatched && k > 0 {
      // One more than is taken: it could be taken as well.
      let reach = order.part(axis, 0, Swift.min(k + 1, shape[axis]))
      judgeSmoothness("topK") { self.firstTie(order: reach, axis: axis) }
    }
    let indices = order.part(axis, 0, k)
    return (gather(indices, axis: axis), indices)
  }

  /// The `k`-th smallest element along an axis, counted from 1, with its position as int64.
  ///
  /// Derivative: the cotangent goes to the position.
  /// - Precondition: `k` is within 1 ... the length of the axis.
  public func kthValue(_ k: Int, axis: Int = -1, keepDims: Bool = false) -> (values: Tensor, indices: Tensor) {
    guard let axis = normalizedAxis(axis, rank: rank, "kthValue") else { return (.placeholder, .placeholder) }
    guard k >= 1, k <= shape[axis] else {
      return (Misuse.fail("kthValue", "axis \(axis) of shape \(shape) has no element \(k)"), .placeholder)
    }
    return chosen(argsort(axis: axis).part(axis, k - 1, 1), axis, keepDims, "kthValue")
  }

  /// The middle element along an axis, the lower of two, with its position as int64. NaN where there is one,
  /// unless `ignoringNaN`.
  ///
  /// Derivative: the cotangent goes to the position.
  /// - Precondition: At least one element along the axis.
  public func median(
    axis: Int, keepDims: Bool = false, ignoringNaN: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    guard let axis = normalizedAxis(axis, rank: rank, "median") else { return (.placeholder, .placeholder) }
    guard shape[axis] > 0 || count > 0 || shape.split(at: axis).outer * shape.split(at: axis).inner == 0 else {
      return (Misuse.fail("median", "there is no element along axis \(axis) of shape \(shape)"), .placeholder)
    }
    let numbers = dtype.isFloatingPoint ? .!isNaN(detached()) : Tensor.ones(shape, dtype: .bool)
    let known = numbers.sum(axis: axis, keepDims: true)
    let isMiddle = ignoringNaN ? known .>= 0 : known .== Double(shape[axis])
    // The first NaN is at position `known` of the order.
    let middle = maximum(floorDivide(known - 1, 2), 0)
    let position = minimum(`where`(isMiddle, middle, known), Double(Swift.max(shape[axis] - 1, 0)))
    return chosen(argsort(axis: axis).gather(position, axis: axis), axis, keepDims, "median")
  }

  /// The middle of all elements, the lower of two; NaN where there is one, unless `ignoringNaN`.
  ///
  /// Derivative: to that element.
  /// - Precondition: At least one element.
  public func median(ignoringNaN: Bool = false) -> Tensor {
    flattened().median(axis: 0, ignoringNaN: ignoringNaN).values
  }

  /// The most frequent element along an axis, the smallest of several, with the position of its last
  /// occurrence as int64.
  ///
  /// Derivative: the cotangent goes to the position.
  /// - Precondition: At least one element along the axis.
  public func mode(axis: Int = -1, keepDims: Bool = false) -> (values: Tensor, indices: Tensor) {
    guard let axis = normalizedAxis(axis, rank: rank, "mode") else { return (.placeholder, .placeholder) }
    let (outer, length, inner) = shape.split(at: axis)
    guard length > 0 else {
      return (Misuse.fail("mode", "there is no element along axis \(axis) of shape \(shape)"), .placeholder)
    }
    let order = argsort(axis: axis)
    let numbers = detached().gather(order, axis: axis).asType(.float64).scalars(as: Double.self)
    let positions = order.scalars(as: Int.self)
    let found = (0..<outer * inner).map { line -> Int in
      let start = line / inner * length * inner + line % inner
      var (best, most, run) = (0, 0, 0)
      for step in 0..<length {
        let isSame = step > 0 && numbers[start + step * inner] == numbers[start + (step - 1) * inner]
        run = isSame ? run + 1 : 1
        if run > most { (best, most) = (step, run) }
      }
      return positions[start + best * inner]
    }
    var result = shape
    result[axis] = 1
    return chosen(Tensor(found, shape: result), axis, keepDims, "mode")
  }

  /// The elements at positions of which there is one along an axis.
  private func chosen(
    _ indices: Tensor, _ axis: Int, _ keepDims: Bool, _ operation: String
  ) -> (values: Tensor, indices: Tensor) {
    let values = gather(indices, axis: axis)
    if isWatched { judgeSmoothness(operation) { self.firstEqual(to: values.detached(), axis: axis) } }
    return keepDims ? (values, indices) : (values.squeezed(axis: axis), indices.squeezed(axis: axis))
  }
}
