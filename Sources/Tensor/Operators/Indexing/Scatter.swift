/// How ``Tensor/scatterReduce(_:_:axis:_:includesSelf:)`` combines what meets at one place.
public enum ScatterReduction: Sendable, Hashable { case sum, prod, mean, max, min }

/// The largest or smallest of what is there and what is scattered to it. Inputs are flat.
final class ScatterExtreme: Function, @unchecked Sendable {
  let positions: Positions
  let largest: Bool
  /// 1 where what was there counts.
  private let counts: Storage

  init(_ positions: Positions, largest: Bool, counts: Tensor) {
    self.positions = positions
    self.largest = largest
    self.counts = counts.storage
  }

  override var name: String { largest ? "scatterMax" : "scatterMin" }
  override var saves: [Saved] { [.input(0), .input(1), .output(0)] }
  override var mayHoldTensors: Bool { false }

  private func spread(_ x: Tensor) -> Tensor { TakeTranspose(positions, shape: [positions.count])(x) }
  private func picked(_ x: Tensor) -> Tensor { Take(positions, shape: [positions.count])(x) }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    // Equal places follow one another in order of value, so that the extreme is written last.
    let order = inputs[1].argsort(descending: !largest)
    let places = Tensor(positions.storage).take(order)
    let values = inputs[1].take(order)
    var scattered = inputs[0]
    scattered[places] = values
    let combined = largest ? maximum(inputs[0], scattered) : minimum(inputs[0], scattered)
    return [`where`(Tensor(counts), combined, scattered)]
  }

  /// Which of the inputs are extreme, as shares that add up to 1 at each place: constants.
  private func shares(_ saved: SavedTensors) -> (Tensor, Tensor) {
    withoutGrad {
      let (x, y) = (saved.input(0), saved.output(0))
      let own = ((x .== y) .& Tensor(counts)).asType(x.dtype)
      let others = (saved.input(1) .== picked(y)).asType(x.dtype)
      let total = maximum(own + spread(others), 1)
      return (own / total, others / picked(total))
    }
  }

  override func kink(_ inputs: [Tensor], _ results: [Tensor]) -> Kink? {
    let own = ((inputs[0].detached() .== results[0]) .& Tensor(counts)).asType(.int64)
    let others = (inputs[1].detached() .== picked(results[0])).asType(.int64)
    return ((own + spread(others)) .> 1).storage.firstTrue.map { position in
      let value = results[0].storage.number([position])
      return Kink(index: [position], values: [value, value], convention: "equal elements share its derivative evenly")
    }
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    guard let u = cotangents[0] else { return [nil, nil] }
    let (own, others) = shares(saved)
    return [u * own, picked(u) * others]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    let (own, others) = shares(saved)
    let first = tangents[0].map { $0 * own }
    let second = tangents[1].map { spread($0 * others) }
    guard let first, let second else { return [first ?? second] }
    return [first + second]
  }
}

extension Tensor {
  /// With the source's elements at positions along an axis, all other coordinates being the index's own; the
  /// last counts where positions repeat.
  ///
  /// Negative indices count from the end. Derivatives: 0 at what is overwritten; to the source, what was written.
  /// - Precondition: Integer indices within the axis, of this tensor's rank and nowhere longer off the axis; a
  ///   source of the indices' shape.
  public func scatter(_ indices: Tensor, _ source: Tensor, axis: Int) -> Tensor {
    guard let positions = places(indices, source, axis, "scatter") else { return .placeholder }
    var flat = flattened()
    if positions.count > 0 { flat[Tensor(positions.storage)] = source.flattened() }
    return flat.reshaped(shape)
  }

  /// With the source's elements added at positions along an axis, all other coordinates being the index's own.
  ///
  /// Negative indices count from the end. Derivatives: 1; and for the source the cotangents of its places.
  /// - Precondition: As ``scatter(_:_:axis:)``.
  public func scatterAdd(_ indices: Tensor, _ source: Tensor, axis: Int) -> Tensor {
    guard let positions = places(indices, source, axis, "scatterAdd") else { return .placeholder }
    return self + Tensor.spread(source.flattened(), positions).reshaped(shape)
  }

  /// With the source's elements combined with what is at positions along an axis (or instead of it, where
  /// `includesSelf` is false), all other coordinates being the index's own.
  ///
  /// Derivatives: of products right of every order where elements are zero; of extremes, ties share evenly.
  /// - Precondition: As ``scatter(_:_:axis:)``; numbers. The mean of integers is rounded down.
  public func scatterReduce(
    _ indices: Tensor, _ source: Tensor, axis: Int, _ reduction: ScatterReduction, includesSelf: Bool = true
  ) -> Tensor {
    guard let positions = places(indices, source, axis, "scatterReduce") else { return .placeholder }
    guard dtype != .bool else {
      return Misuse.fail("scatterReduce", "has no meaning for bool; convert with asType(.int32)")
    }
    let values = source.flattened()
    let hits = Tensor.spread(Tensor.ones([positions.count], dtype: .int64), positions)
    let counts = includesSelf ? hits .>= 0 : hits .== 0
    let own = flattened()
    let result: Tensor
    switch reduction {
    case .sum:
      result = `where`(counts, own, 0) + Tensor.spread(values, positions)
    case .mean:
      let sum = `where`(counts, own, 0) + Tensor.spread(values, positions)
      let number = maximum(hits + counts.asType(.int64), 1)
      result = dtype.isFloatingPoint ? sum / number.asType(dtype) : floorDivide(sum, number.asType(dtype))
    case .prod: result = `where`(counts, own, 1).multiplied(by: values, at: positions)
    case .max: result = ScatterExtreme(positions, largest: true, counts: counts)([own, values])[0]
    case .min: result = ScatterExtreme(positions, largest: false, counts: counts)([own, values])[0]
    }
    return result.reshaped(shape)
  }

  static func spread(_ values: Tensor, _ positions: Positions) -> Tensor {
    TakeTranspose(positions, shape: [positions.count])(values)
  }

  /// Factors of one place are multiplied in pairs, then with what is there.
  private func multiplied(by values: Tensor, at positions: Positions) -> Tensor {
    if positions.count == 0 { return self }
    let order = Tensor(positions.storage).argsort()
    var factors = values.take(order)
    var places = Tensor(positions.storage).take(order).scalars(as: Int.self)
    while zip(places, places.dropFirst()).contains(where: { $0 == $1 }) {
      var left: [Int] = []
      var hasRight: [Bool] = []
      var index = 0
      while index < places.count {
        let isPair = index + 1 < places.count && places[index] == places[index + 1]
        left.append(index)
        hasRight.append(isPair)
        index += isPair ? 2 : 1
      }
      let right = zip(left, hasRight).map { $1 ? $0 + 1 : $0 }
      factors = factors.take(Tensor(left)) * `where`(Tensor(hasRight), factors.take(Tensor(right)), 1)
      places = left.map { places[$0] }
    }
    var result = self
    result[Tensor(places)] = take(Tensor(places)) * factors
    return result
  }

  /// Checked positions in the flattened tensor; nil after a report.
  private func places(_ indices: Tensor, _ source: Tensor, _ axis: Int, _ operation: String) -> Positions? {
    guard let axis = normalizedAxis(axis, rank: rank, operation) else { return nil }
    let fits = indices.rank == rank && (0..<rank).allSatisfy { $0 == axis || indices.shape[$0] <= shape[$0] }
    guard fits, source.shape == indices.shape, source.dtype == dtype else {
      Misuse.report(
        operation,
        "indices \(indices.shape) and a source of \(source.dtype) \(source.shape) do not fit \(dtype) \(shape); they "
          + "need one shape, not longer than the tensor's off axis \(axis), and the source its dtype")
      return nil
    }
    guard let along = Positions(indices, axis: axis, of: shape, operation) else { return nil }
    let strides = shape.rowMajorStrides
    var flat = Tensor(along.storage) * strides[axis]
    for other in 0..<rank where other != axis {
      var column = Shape(repeating: 1, rank: rank)
      column[other] = indices.shape[other]
      flat = flat + (Tensor.arange(indices.shape[other], dtype: .int64) * strides[other]).reshaped(column)
    }
    return Positions(flat.flattened(), axis: 0, of: [count], operation)
  }
}

extension Tensor {
  /// With the last axis's elements added at these positions of a new last axis of length `count`.
  package func spread(to positions: Tensor, of count: Int) -> Tensor {
    guard let places = Positions(positions, axis: 0, of: [count], "spread") else { return .placeholder }
    return Tensor.spread(self, places)
  }
}
