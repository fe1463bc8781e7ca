import CKernels

/// One entry of a subscript: an integer, a range (with a stride), `...`, a new axis, an index tensor or a mask.
public protocol TensorIndex {
  var entry: TensorIndexEntry { get }
}

/// What an entry of a subscript says.
public enum TensorIndexEntry {
  case position(Int)
  /// From, to (exclusive, nil: as far as it goes), step.
  case range(from: Int?, to: Int?, step: Int)
  case ellipsis
  case newAxis
  case tensor(Tensor)
}

extension Int: TensorIndex { public var entry: TensorIndexEntry { .position(self) } }
extension Range: TensorIndex where Bound == Int {
  /// How the axis is read.
  public var entry: TensorIndexEntry { .range(from: lowerBound, to: upperBound, step: 1) }
}
extension ClosedRange: TensorIndex where Bound == Int {
  /// How the axis is read.
  public var entry: TensorIndexEntry { .range(from: lowerBound, to: after(upperBound), step: 1) }
}
extension PartialRangeFrom: TensorIndex where Bound == Int {
  /// How the axis is read.
  public var entry: TensorIndexEntry { .range(from: lowerBound, to: nil, step: 1) }
}
extension PartialRangeUpTo: TensorIndex where Bound == Int {
  /// How the axis is read.
  public var entry: TensorIndexEntry { .range(from: nil, to: upperBound, step: 1) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
  /// How the axis is read.
  public var entry: TensorIndexEntry { .range(from: nil, to: after(upperBound), step: 1) }
}

/// The end of a range that includes `last`: nil, as far as it goes, after the last of all.
private func after(_ last: Int) -> Int? { last == -1 || last == .max ? nil : last + 1 }

/// Positions along an axis, as an index tensor of one axis.
extension Array: TensorIndex where Element == Int {
  /// How the axis is read.
  public var entry: TensorIndexEntry { .tensor(Tensor(self, shape: [count])) }
}
extension Tensor: TensorIndex { public var entry: TensorIndexEntry { .tensor(self) } }

/// A number in source, as it is written into a part of a tensor. It has no arithmetic, so that `x[0] * 2`
/// can only mean the tensor.
public struct WrittenNumber: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, Sendable {
  let value: Double

  init(value: Double) { self.value = value }

  public init(floatLiteral value: Double) { self.value = value }

  public init(integerLiteral value: Int) { self.value = Double(value) }
}

/// `.newAxis`, `.all` and `.stride(from:to:by:)` in a subscript.
public struct SpecialIndex: TensorIndex {
  /// How the axis is read.
  public let entry: TensorIndexEntry
}

extension TensorIndex where Self == SpecialIndex {
  /// A new axis of length 1 here.
  public static var newAxis: SpecialIndex { SpecialIndex(entry: .newAxis) }
  /// The whole axis.
  public static var all: SpecialIndex { SpecialIndex(entry: .range(from: nil, to: nil, step: 1)) }
  /// Every `step`-th position, as Python's `from:to:step`; a negative step goes backwards.
  public static func stride(from: Int? = nil, to: Int? = nil, by step: Int) -> SpecialIndex {
    SpecialIndex(entry: .range(from: from, to: to, step: step))
  }
}

/// What a subscript comes to: a slice and new axes, or whole slabs of a leading axis.
private struct Selector {
  var region: SliceRegion
  /// The slice's shape without the axes that integers removed and with the new ones.
  var shape: Shape
  /// A mask, or index tensors of neighbouring axes, with the first axis (of the sliced shape) they apply to.
  var tensors: [Tensor] = []
  var tensorAxis = 0

  init?(_ shape: Shape, _ entries: [TensorIndexEntry]) {
    region = SliceRegion(whole: shape)
    self.shape = Shape()
    let used = entries.reduce(0) { $0 + Selector.axesUsed($1) }
    let ellipses = entries.reduce(0) { if case .ellipsis = $1 { $0 + 1 } else { $0 } }
    guard used <= shape.rank, ellipses <= 1 else {
      Misuse.report(
        "subscript",
        ellipses > 1 ? "`...` can stand once only" : "\(used) indices are too many for shape \(shape)")
      return nil
    }
    let added = entries.reduce(0) { if case .newAxis = $1 { $0 + 1 } else { $0 } }
    let removed = entries.reduce(0) { if case .position = $1 { $0 + 1 } else { $0 } }
    guard shape.rank + added - removed <= Shape.maxRank else {
      Misuse.report("subscript", "a new axis would give more than \(Shape.maxRank)")
      return nil
    }
    var axis = 0
    for entry in entries {
      if case .ellipsis = entry {
        for _ in 0..<(shape.rank - used) { keep(&axis) }
      } else if !add(entry, &axis) {
        return nil
      }
    }
    while axis < region.input.rank { keep(&axis) }
  }

  private static func axesUsed(_ entry: TensorIndexEntry) -> Int {
    switch entry {
    case .ellipsis, .newAxis: 0
    case .tensor(let tensor): tensor.dtype == .bool ? tensor.rank : 1
    default: 1
    }
  }

  private mutating func keep(_ axis: inout Int) {
    shape.append(region.result[axis])
    axis += 1
  }

  private mutating func add(_ entry: TensorIndexEntry, _ axis: inout Int) -> Bool {
    let length = axis < region.input.rank ? region.input[axis] : 0
    switch entry {
    case .ellipsis: break
    case .newAxis:
      shape.append(1)
    case .position(let position):
      let normalized = position < 0 ? position + length : position
      guard normalized >= 0 && normalized < length else {
        Misuse.report(
          "subscript",
          "index \(position) is out of range for axis \(axis) of shape \(region.input) (length \(length))")
        return false
      }
      region.starts[axis] = normalized
      region.result[axis] = 1
      axis += 1
    case .range(let from, let to, let step):
      guard step != 0 else {
        Misuse.report("subscript", "a step of 0 leads nowhere")
        return false
      }
      let (start, count) = Selector.bounds(from, to, step, length)
      region.starts[axis] = start
      region.steps[axis] = count > 1 ? step : 1
      region.result[axis] = count
      keep(&axis)
    case .tensor(let tensor):
      if tensors.isEmpty { tensorAxis = shape.rank }
      let isNeighbour = tensorAxis + tensors.count == shape.rank
      guard tensors.isEmpty || (isNeighbour && tensor.dtype != .bool && tensors[0].dtype != .bool) else {
        Misuse.report(
          "subscript", "index tensors must stand side by side, and a mask alone; use take or gather for others")
        return false
      }
      tensors.append(tensor)
      for _ in 0..<Selector.axesUsed(entry) { keep(&axis) }
    }
    return true
  }

  /// First position and count of Python's `from:to:step`, which clips instead of failing.
  private static func bounds(_ from: Int?, _ to: Int?, _ step: Int, _ length: Int) -> (Int, Int) {
    func clipped(_ bound: Int, _ low: Int, _ high: Int) -> Int {
      Swift.min(Swift.max(bound < 0 ? bound + length : bound, low), high)
    }
    if step > 0 {
      let start = from.map { clipped($0, 0, length) } ?? 0
      let end = to.map { clipped($0, 0, length) } ?? length
      return (start, end > start ? (end - start - 1) / step + 1 : 0)
    }
    let start = from.map { clipped($0, -1, length - 1) } ?? length - 1
    let end = to.map { clipped($0, -1, length - 1) } ?? -1
    return (Swift.max(start, 0), start > end ? Int(UInt(start - end - 1) / step.magnitude) + 1 : 0)
  }
}

extension Tensor {
  /// Part of a tensor, as NumPy's indexing: integers (negative: from the end), ranges and strides (clipped
  /// to the axis), `...`, `.newAxis`, index tensors side by side (which broadcast: `x[rows, columns]`), a mask.
  ///
  /// Reading integers, ranges and new axes is a view. Writing changes this tensor alone (copy-on-write),
  /// and is recorded where either side is tracked.
  public subscript(indices: any TensorIndex...) -> Tensor {
    get { selected(indices.map(\.entry)) }
    set { assign(newValue, indices.map(\.entry)) }
  }

  /// `x[..., 0]`: an ellipsis, then other entries.
  public subscript(_: (UnboundedRange_) -> Void, indices: any TensorIndex...) -> Tensor {
    get { selected([.ellipsis] + indices.map(\.entry)) }
    set { assign(newValue, [.ellipsis] + indices.map(\.entry)) }
  }

  /// `x[0, ...]`: an entry, then an ellipsis and other entries.
  public subscript(first: any TensorIndex, _: (UnboundedRange_) -> Void, rest: any TensorIndex...) -> Tensor {
    get { selected([first.entry, .ellipsis] + rest.map(\.entry)) }
    set { assign(newValue, [first.entry, .ellipsis] + rest.map(\.entry)) }
  }

  /// `x[0, 1, ...]`: two entries, then an ellipsis and other entries.
  public subscript(
    first: any TensorIndex, second: any TensorIndex, _: (UnboundedRange_) -> Void, rest: any TensorIndex...
  ) -> Tensor {
    get { selected([first.entry, second.entry, .ellipsis] + rest.map(\.entry)) }
    set { assign(newValue, [first.entry, second.entry, .ellipsis] + rest.map(\.entry)) }
  }

  /// A number written to every element of a part: `x[0] = 5`, `x[x .< 0] = 0`. Reading gives the tensor.
  @_disfavoredOverload
  public subscript(indices: any TensorIndex...) -> WrittenNumber {
    get { WrittenNumber(value: selected(indices.map(\.entry)).item()) }
    set { assign(Tensor.full([], newValue.value, dtype: dtype), indices.map(\.entry)) }
  }

  package func selected(_ entries: [TensorIndexEntry]) -> Tensor {
    guard let selector = Selector(shape, entries) else { return .placeholder }
    let whole = selector.region == SliceRegion(whole: shape)
    let sliced = whole ? self : Slice(selector.region)(self)
    let view = sliced.reshaped(selector.shape)
    guard !selector.tensors.isEmpty else { return view }
    guard let (joined, positions) = view.joined(selector) else { return .placeholder }
    return joined.take(positions, axis: selector.tensorAxis, "subscript")
  }

  /// The axes that a selector's tensors cover joined into one, and the positions they name on it.
  private func joined(_ selector: Selector) -> (Tensor, Tensor)? {
    let axis = selector.tensorAxis
    let tensors = selector.tensors
    if tensors[0].dtype == .bool { return flattenedForMask(tensors[0], axis) }
    if tensors.count == 1 { return (self, tensors[0]) }
    var shape = Shape()
    for tensor in tensors {
      guard let wider = shape.broadcast(with: tensor.shape) else {
        Misuse.report("subscript", "index tensors of shapes \(tensors.map(\.shape)) do not broadcast")
        return nil
      }
      shape = wider
    }
    var flat = Tensor.zeros(shape, dtype: .int64)
    for (offset, tensor) in tensors.enumerated() {
      guard let positions = Positions(tensor, axis: axis + offset, of: self.shape, "subscript") else { return nil }
      flat = flat * positions.length + Tensor(positions.storage)
    }
    let covered = self.shape.last(rank - axis).first(tensors.count)
    let joined = self.shape.first(axis).followed(by: [covered.elementCount])
      .followed(by: self.shape.last(rank - axis - tensors.count))
    return (reshaped(joined), flat)
  }

  /// The axes that a mask covers joined into one, and the positions where it is true.
  private func flattenedForMask(_ mask: Tensor, _ axis: Int) -> (Tensor, Tensor)? {
    let covered = axis + mask.rank <= rank ? shape.last(rank - axis).first(mask.rank) : Shape()
    guard mask.shape == covered else {
      Misuse.report("subscript", "a mask of shape \(mask.shape) does not fit axes \(axis)... of shape \(shape)")
      return nil
    }
    let storage = mask.storage.contiguous
    let count = adj_nonzero(ADJ_BOOL, storage.pointer, Int64(storage.count), nil)
    let positions = Storage([Int(count)], .int64)
    _ = adj_nonzero(ADJ_BOOL, storage.pointer, Int64(storage.count), positions.typed(Int64.self))
    let joined = shape.first(axis).followed(by: [mask.count])
      .followed(by: shape.last(rank - axis - mask.rank))
    return (reshaped(joined), Tensor(positions))
  }

  package mutating func assign(_ value: Tensor, _ entries: [TensorIndexEntry]) {
    guard let selector = Selector(shape, entries) else { return }
    guard value.dtype == dtype else {
      Misuse.report("subscript", "cannot write \(value.dtype) into \(dtype); convert with asType(.\(dtype))")
      return
    }
    if selector.tensors.isEmpty { write(value, selector) } else { assign(value, selector) }
  }

  private static func fits(_ value: Tensor, _ shape: Shape) -> Bool {
    guard value.shape.broadcast(with: shape) == shape else {
      Misuse.report("subscript", "a value of shape \(value.shape) does not broadcast to the written part, \(shape)")
      return false
    }
    return true
  }

  private mutating func write(_ value: Tensor, _ selector: Selector) {
    guard Tensor.fits(value, selector.shape) else { return }
    let part = value.expanded(to: selector.shape).reshaped(selector.region.result)
    if (node != nil || value.node != nil) && isRecording {
      self = SliceUpdate(selector.region)(self, part)
    } else {
      makeUnique()
      StridedCopy.copy(part.storage, into: selector.region.view(of: storage))
    }
  }

  /// Writing at an index tensor or mask: the sliced part is changed as a whole, then written back.
  private mutating func assign(_ value: Tensor, _ selector: Selector) {
    let part = Slice(selector.region)(self).reshaped(selector.shape)
    let axis = selector.tensorAxis
    guard let (flat, indices) = part.joined(selector) else { return }
    guard let positions = Positions(indices, axis: axis, of: flat.shape, "subscript") else { return }
    let slots = flat.shape.first(axis).followed(by: indices.shape)
      .followed(by: flat.shape.last(flat.rank - axis - 1))
    guard Tensor.fits(value, slots) else { return }
    let joinedSlots = flat.shape.first(axis).followed(by: [positions.count])
      .followed(by: flat.shape.last(flat.rank - axis - 1))
    // The update works on axis 0, so that axis comes first and goes back afterwards.
    let order = [axis] + (0..<flat.rank).filter { $0 != axis }
    var inverse = order
    for (position, source) in order.enumerated() { inverse[source] = position }
    let moved = flat.permuted(order)
    let written = value.expanded(to: slots).reshaped(joinedSlots).permuted(order)
    guard let front = Positions(Tensor(positions.storage), axis: 0, of: moved.shape, "subscript") else { return }
    let updated = IndexUpdate(front, input: moved.shape)(moved, written).permuted(inverse)
    let whole = updated.reshaped(part.shape)
    var plain = selector
    plain.tensors = []
    write(whole, plain)
  }

  /// Makes this the only holder of its memory, contiguous, before it is written.
  private mutating func makeUnique() {
    node = nil
    output = 0
    if storage.owner == nil && storage.isContiguous && isKnownUniquelyReferenced(&storage) { return }
    storage = storage.copied()
  }
}
