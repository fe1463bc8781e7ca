import CKernels

/// Positions along an axis, checked and counted from 0.
struct Positions: Sendable {
  let storage: Storage
  /// The axis, counted from the end, and its length.
  let axis: Int
  let length: Int

  var count: Int { storage.count }
  var pointer: UnsafeMutablePointer<Int64> { storage.typed(Int64.self) }

  /// Nil after a report. `countsFromEnd`: negative positions are allowed and count from the end.
  init?(
    _ indices: Tensor, axis: Int, of shape: Shape, countsFromEnd: Bool = true, _ operation: String
  ) {
    guard indices.dtype == .int64 || indices.dtype == .int32 || indices.dtype == .uint8 else {
      Misuse.report(operation, "indices must be integers, got \(indices.dtype); convert with asType(.int64)")
      return nil
    }
    // Always a copy: negative positions are replaced in place, and nobody can change it later.
    storage = indices.storage.copied(as: .int64)
    self.axis = axis - shape.rank
    length = shape[axis]
    if !countsFromEnd,
      let wrong = (0..<storage.count).first(where: { pointer[$0] < 0 || pointer[$0] >= shape[axis] })
    {
      Misuse.report(
        operation, "label \(pointer[wrong]) is out of range; labels are 0 ..< \(length), the number of classes")
      return nil
    }
    let bad = adj_normalize_indices(pointer, Int64(count), Int64(length))
    guard bad == 0 else {
      Misuse.report(
        operation,
        "index \(pointer[Int(bad) - 1]) is out of range for axis \(axis) of shape \(shape) (length \(length))")
      return nil
    }
  }
}

/// The elements (or slabs) at some positions along an axis.
final class Take: LinearFunction, @unchecked Sendable {
  let positions: Positions
  /// The shape of the indices, which takes the axis's place.
  let shape: Shape

  init(_ positions: Positions, shape: Shape) {
    self.positions = positions
    self.shape = shape
  }

  override var name: String { "take" }
  override package var movesElements: Bool { true }

  override func apply(_ x: Tensor) -> Tensor {
    let axis = positions.axis + x.rank
    let (outer, length, inner) = x.shape.split(at: axis)
    let result = Storage(
      x.shape.first(axis).followed(by: shape).followed(by: x.shape.last(x.rank - axis - 1)), x.dtype)
    let source = x.storage.contiguous
    withExtendedLifetime(source) {
      adj_take(
        x.dtype.kernel, source.pointer, Int64(outer), Int64(length), Int64(inner), positions.pointer,
        Int64(positions.count), result.pointer)
    }
    return Tensor(result)
  }

  override func transpose(_ cotangent: Tensor) -> Tensor {
    TakeTranspose(positions, shape: shape)(cotangent)
  }
}

/// The transpose of a take: each slab is added at its position.
final class TakeTranspose: LinearFunction, @unchecked Sendable {
  let positions: Positions
  let shape: Shape

  init(_ positions: Positions, shape: Shape) {
    self.positions = positions
    self.shape = shape
  }

  override var name: String { "takeTranspose" }

  override func apply(_ x: Tensor) -> Tensor {
    let inner = -positions.axis - 1
    let first = x.rank - inner - shape.rank
    let leading = x.shape.first(first)
    let trailing = x.shape.last(inner)
    let whole = Tensor.zeros(
      leading.followed(by: [positions.length]).followed(by: trailing), dtype: x.dtype)
    let source = x.storage.contiguous
    withExtendedLifetime(source) {
      guard Meter.begins(x.count) || !x.dtype.isFloatingPoint else { return }
      adj_take_add(
        x.dtype.kernel, source.pointer, Int64(leading.elementCount), Int64(positions.length),
        Int64(trailing.elementCount), positions.pointer, Int64(positions.count), whole.storage.pointer)
    }
    return whole
  }

  override func transpose(_ cotangent: Tensor) -> Tensor { Take(positions, shape: shape)(cotangent) }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [
      sets[0].map { own in
        let inner = -positions.axis - 1
        let leading = own.shape.first(own.rank - inner - shape.rank)
        let trailing = own.shape.last(inner)
        return ElementSets.spread(
          own, outer: leading.elementCount, inner: trailing.elementCount, positions,
          into: leading.followed(by: [positions.length]).followed(by: trailing))
      }
    ]
  }
}

extension Tensor {
  /// The slabs at these positions along an axis; the indices' shape takes the axis's place.
  ///
  /// Negative indices count from the end. Derivative: cotangents are added where positions repeat.
  /// - Precondition: Integer indices within the axis.
  public func take(_ indices: Tensor, axis: Int = 0) -> Tensor { take(indices, axis: axis, "take") }

  func take(_ indices: Tensor, axis: Int, _ operation: String) -> Tensor {
    guard let axis = normalizedAxis(axis, rank: rank, operation),
      let positions = Positions(indices, axis: axis, of: shape, operation)
    else { return .placeholder }
    guard rank - 1 + indices.rank <= Shape.maxRank else {
      return Misuse.fail(operation, "indices of shape \(indices.shape) into \(shape) would give more than 8 axes")
    }
    return Take(positions, shape: indices.shape)(self)
  }
}
