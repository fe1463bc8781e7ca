import CKernels

// Operators whose results are positions, counts or flags: constants to every derivative.

/// 1 at each label along a new last axis, 0 elsewhere.
///
/// - Precondition: Integer labels within 0 ..< classes.
public func oneHot(_ labels: Tensor, classes: Int, dtype: DType = .float32) -> Tensor {
  guard classes >= 0 else { return Misuse.fail("oneHot", "the number of classes is \(classes); it must be 0 or more") }
  guard let positions = Positions(labels, axis: 0, of: [classes], countsFromEnd: false, "oneHot") else {
    return .placeholder
  }
  let wanted = Tensor(positions.storage).unsqueezed(axis: -1)
  return (wanted .== Tensor.arange(classes, dtype: .int64)).asType(dtype)
}

/// For each value the number of elements of the last axis of `sorted` that are less (with `right`: not greater),
/// as int64: where it would be inserted.
///
/// - Precondition: `sorted` is in order, a vector, or has the axes of the values before its last.
public func searchSorted(_ sorted: Tensor, _ values: Tensor, right: Bool = false) -> Tensor {
  guard sorted.dtype != .bool, values.dtype != .bool else {
    return Misuse.fail(
      "searchSorted",
      "takes numbers, got \(sorted.dtype) and \(values.dtype); convert truth values with asType(.int64)")
  }
  guard sorted.rank >= 1 else {
    return Misuse.fail("searchSorted", "needs a sorted vector, got shape \(sorted.shape)")
  }
  let isVector = sorted.rank == 1
  guard
    isVector
      || (values.rank == sorted.rank && values.shape.first(values.rank - 1) == sorted.shape.first(sorted.rank - 1))
  else {
    return Misuse.fail(
      "searchSorted", "values of shape \(values.shape) do not fit rows of shape \(sorted.shape)")
  }
  let length = sorted.shape[sorted.rank - 1]
  let width = isVector ? values.count : values.shape[values.rank - 1]
  let bounds = sorted.detached().asType(.float64).scalars(as: Double.self)
  let wanted = values.detached().asType(.float64).scalars(as: Double.self)
  let found = wanted.enumerated().map { index, value -> Int in
    let first = isVector || width == 0 ? 0 : index / width * length
    var (low, high) = (0, length)
    while low < high {
      let middle = (low + high) / 2
      let bound = bounds[first + middle]
      // NaN is the largest.
      let isBefore =
        right ? !(bound > value) && (value.isNaN || !bound.isNaN) : bound < value || (value.isNaN && !bound.isNaN)
      if isBefore { low = middle + 1 } else { high = middle }
    }
    return low
  }
  return Tensor(found, shape: values.shape)
}

extension Tensor {
  /// The number of each element's interval between boundaries in ascending order, as int64; see
  /// ``searchSorted(_:_:right:)``.
  public func bucketized(_ boundaries: Tensor, right: Bool = false) -> Tensor {
    searchSorted(boundaries, self, right: right)
  }

  /// The positions of the elements that are not 0, one a row, as int64 of shape [count, rank].
  public func nonzero() -> Tensor {
    let flags = asType(.bool).storage.contiguous
    let count = Int(adj_nonzero(ADJ_BOOL, flags.pointer, Int64(flags.count), nil))
    let flat = Storage([count], .int64)
    _ = adj_nonzero(ADJ_BOOL, flags.pointer, Int64(flags.count), flat.typed(Int64.self))
    if rank == 0 { return Tensor.zeros([count, 0], dtype: .int64) }
    let strides = shape.rowMajorStrides
    return stacked(
      (0..<rank).map { axis in
        remainder(floorDivide(Tensor(flat), Double(strides[axis])), Double(Swift.max(shape[axis], 1)))
      }, axis: 1)
  }

  /// The different elements in ascending order, with which of them each element is, and how often each occurs,
  /// as int64.
  public func unique() -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let flat = detached().flattened()
    let order = flat.argsort()
    let values = flat.take(order)
    guard values.count > 0 else {
      return (values, Tensor.zeros(shape, dtype: .int64), Tensor.zeros([0], dtype: .int64))
    }
    let changes = values.part(0, 1, values.count - 1) .!= values.part(0, 0, values.count - 1)
    let isFirst = concatenated([Tensor.ones([1], dtype: .bool), changes])
    let ranks = isFirst.cumsum(axis: 0) - 1
    let inverse = Tensor.zeros([count], dtype: .int64).scatter(order, ranks, axis: 0)
    let starts = isFirst.nonzero().flattened()
    let ends = concatenated([starts.part(0, 1, starts.count - 1), Tensor([count])])
    return (values.take(starts), inverse.reshaped(shape), ends - starts)
  }

  /// How often each integer 0, 1, ... occurs, as int64; or the sum of its weights.
  ///
  /// - Precondition: A vector of integers that are not negative; weights of its shape.
  public func bincount(weights: Tensor? = nil, minimumLength: Int = 0) -> Tensor {
    let numbers = dtype.isFloatingPoint || rank != 1 ? [-1] : asType(.int64).scalars(as: Int.self)
    guard numbers.allSatisfy({ $0 >= 0 }) else {
      let least = numbers.min() ?? 0
      return Misuse.fail(
        "bincount",
        "needs a vector of integers, 0 or more, got \(dtype) \(shape)\(rank == 1 ? ", the least of them \(least)" : "")"
      )
    }
    guard weights?.shape ?? shape == shape else {
      return Misuse.fail("bincount", "the weights have shape \(weights!.shape); they must be \(shape)")
    }
    let length = Swift.max((numbers.max() ?? -1) + 1, minimumLength)
    let ones = weights ?? Tensor.ones(shape, dtype: .int64)
    return Tensor.zeros([length], dtype: ones.dtype).indexAdd(asType(.int64), ones, axis: 0)
  }
}
