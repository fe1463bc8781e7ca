import CKernels

/// Running sums along an axis, from either end.
final class CumulativeSum: LinearFunction, @unchecked Sendable {
  /// Counted from the end.
  let axis: Int
  let isReverse: Bool

  init(axis: Int, isReverse: Bool) {
    self.axis = axis
    self.isReverse = isReverse
  }

  override var name: String { "cumsum" }

  override func apply(_ x: Tensor) -> Tensor {
    let source = x.storage.contiguous
    let result = Storage(x.shape, x.dtype)
    let (outer, length, inner) = x.shape.split(at: axis + x.rank)
    guard Meter.begins(x.count) || !x.dtype.isFloatingPoint else { return Tensor(result) }
    withExtendedLifetime(source) {
      adj_cumsum(
        x.dtype.kernel, source.pointer, Int64(outer), Int64(length), Int64(inner), isReverse, result.pointer)
    }
    return Tensor(result)
  }

  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    let line = input.row(along: axis, at: index)
    return line.map { line in
      let place = index[index.count + axis]
      let first = isReverse ? place : 0
      let length = isReverse ? line.count - place : place + 1
      return Storage(
        viewing: line, shape: [length], strides: line.strides, offset: first * line.strides[0])
    }
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [sets[0].map { ElementSets.accumulated($0, along: axis, isReverse: isReverse) }]
  }

  override func transpose(_ cotangent: Tensor) -> Tensor {
    CumulativeSum(axis: axis, isReverse: !isReverse)(cotangent)
  }
}

extension Tensor {
  /// Sums of the elements up to and with each along an axis; from the end where `reverse` says so.
  /// Integers and bools are summed as int64.
  ///
  /// Derivative: sums of cotangents from the other end.
  public func cumsum(axis: Int, reverse: Bool = false) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "cumsum") else { return .placeholder }
    return CumulativeSum(axis: axis - rank, isReverse: reverse)(dtype.isFloatingPoint ? self : asType(.int64))
  }

  /// Products of the elements up to and with each along an axis. Integers and bools are multiplied
  /// as int64.
  ///
  /// Derivatives are right of every order where elements are zero.
  public func cumprod(axis: Int) -> Tensor {
    composed("cumprod", of: [self]) {
      guard let axis = normalizedAxis(axis, rank: rank, "cumprod") else { return .placeholder }
      return (dtype.isFloatingPoint ? self : asType(.int64)).scanned(axis) { $0 * $1 }

    }
  }

  /// log(sum(exp(x))) of the elements up to and with each along an axis, without overflow.
  ///
  /// - Precondition: A floating-point dtype.
  public func logCumSumExp(axis: Int) -> Tensor {
    composed("logCumSumExp", of: [self]) {
      guard isFloating(self, "logCumSumExp"), let axis = normalizedAxis(axis, rank: rank, "logCumSumExp") else {
        return .placeholder
      }
      return scanned(axis, logAddExp)

    }
  }

  /// Results of an associative operation so far, in log2(length) passes (Hillis and Steele, 1986).
  private func scanned(_ axis: Int, _ combine: (Tensor, Tensor) -> Tensor) -> Tensor {
    var result = self
    let length = shape[axis]
    var reach = 1
    while reach < length {
      let head = result.part(axis, 0, reach)
      let tail = combine(result.part(axis, 0, length - reach), result.part(axis, reach, length - reach))
      result = concatenated([head, tail], axis: axis)
      reach *= 2
    }
    return result
  }

  /// The largest element up to and with each along an axis, with its position (the last among equals), as
  /// int64. NaN stays.
  ///
  /// Derivative: cotangents are added at the positions.
  public func cummax(axis: Int) -> (values: Tensor, indices: Tensor) { cumulativeExtreme(axis, "cummax") { $0 >= $1 } }

  /// The smallest element up to and with each along an axis, with its position (the last among equals), as
  /// int64. NaN stays.
  ///
  /// Derivative: cotangents are added at the positions.
  public func cummin(axis: Int) -> (values: Tensor, indices: Tensor) { cumulativeExtreme(axis, "cummin") { $0 <= $1 } }

  private func cumulativeExtreme(
    _ axis: Int, _ operation: String, _ replaces: (Double, Double) -> Bool
  ) -> (values: Tensor, indices: Tensor) {
    guard let axis = normalizedAxis(axis, rank: rank, operation) else { return (.placeholder, .placeholder) }
    let numbers = detached().asType(.float64).scalars(as: Double.self)
    let (outer, length, inner) = shape.split(at: axis)
    var positions = Array(repeating: 0, count: numbers.count)
    var tie: Int?
    _ = Meter.begins(numbers.count)
    for line in 0..<outer * inner {
      let start = line / inner * length * inner + line % inner
      var best = 0
      for step in 0..<length {
        let (new, old) = (numbers[start + step * inner], numbers[start + best * inner])
        if step > 0 && new == old { tie = tie ?? start + step * inner }
        if new.isNaN || (!old.isNaN && replaces(new, old)) { best = step }
        positions[start + step * inner] = best
      }
    }
    let indices = Tensor(positions, shape: shape)
    if isWatched, let tie {
      judgeSmoothness(operation) {
        Kink(
          index: self.shape.index(of: tie), values: [numbers[tie], numbers[tie]],
          convention: "the last of equal elements has the whole derivative")
      }
    }
    return (gather(indices, axis: axis), indices)
  }

  /// Differences of neighbours along an axis, `order` times over.
  ///
  /// Derivative: minus the difference of cotangents.
  public func diff(order: Int = 1, axis: Int = -1) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, "diff") else { return .placeholder }
    guard order >= 0 else { return Misuse.fail("diff", "the order \(order) is negative") }
    guard dtype != .bool else {
      return Misuse.fail("diff", "has no meaning for bool; convert with asType(.int32)")
    }
    return (0..<order).reduce(self) { x, _ in
      let count = Swift.max(x.shape[axis] - 1, 0)
      let next = x.part(axis, Swift.min(1, x.shape[axis]), count)
      return next - x.part(axis, 0, count)
    }
  }

  /// The integral along an axis by trapezoids of width `spacing`; 0 over fewer than two points.
  ///
  /// - Precondition: A floating-point dtype.
  public func trapezoid(spacing: Double = 1, axis: Int = -1) -> Tensor {
    composed("trapezoid", of: [self]) {
      guard isFloating(self, "trapezoid"), let axis = normalizedAxis(axis, rank: rank, "trapezoid") else {
        return .placeholder
      }
      return midpoints(axis).sum(axis: axis) * spacing

    }
  }

  /// The integral along an axis by trapezoids between points at these places: one for each position of the
  /// axis, or a tensor that broadcasts off the axis.
  ///
  /// - Precondition: Equal floating-point dtypes.
  public func trapezoid(at points: Tensor, axis: Int = -1) -> Tensor {
    composed("trapezoid", of: [self, points]) {
      guard let (areas, axis) = trapezoids(at: points, axis, "trapezoid") else { return .placeholder }
      return areas.sum(axis: axis)

    }
  }

  /// ``trapezoid(spacing:axis:)`` up to each point but the first.
  public func cumulativeTrapezoid(spacing: Double = 1, axis: Int = -1) -> Tensor {
    composed("cumulativeTrapezoid", of: [self]) {
      guard isFloating(self, "cumulativeTrapezoid"),
        let axis = normalizedAxis(axis, rank: rank, "cumulativeTrapezoid")
      else { return .placeholder }
      return midpoints(axis).cumsum(axis: axis) * spacing

    }
  }

  /// ``trapezoid(at:axis:)`` up to each point but the first.
  public func cumulativeTrapezoid(at points: Tensor, axis: Int = -1) -> Tensor {
    composed("cumulativeTrapezoid", of: [self, points]) {
      guard let (areas, axis) = trapezoids(at: points, axis, "cumulativeTrapezoid") else { return .placeholder }
      return areas.cumsum(axis: axis)

    }
  }

  private func midpoints(_ axis: Int) -> Tensor {
    let count = Swift.max(shape[axis] - 1, 0)
    return (part(axis, 0, count) + part(axis, Swift.min(1, shape[axis]), count)) * 0.5
  }

  private func trapezoids(at points: Tensor, _ axis: Int, _ operation: String) -> (Tensor, Int)? {
    guard isFloating(self, operation), let axis = normalizedAxis(axis, rank: rank, operation) else { return nil }
    var along = Shape(repeating: 1, rank: rank - axis)
    along[0] = shape[axis]
    let places = points.rank == 1 && points.count == shape[axis] ? points.reshaped(along) : points
    guard places.shape.broadcast(with: shape) == shape, places.rank >= along.rank,
      places.shape[places.rank - along.rank] == shape[axis]
    else {
      Misuse.report(operation, "points of shape \(points.shape) fit neither \(shape) nor its axis \(axis)")
      return nil
    }
    guard points.dtype == dtype else {
      Misuse.report(operation, "the points are \(points.dtype); they must be \(dtype), convert with asType(.\(dtype))")
      return nil
    }
    return (midpoints(axis) * places.diff(axis: axis - rank), axis)
  }
}
