/// What belongs to a slice of a tensor.
package struct Part {
  /// Of the slice's shape, behind extra leading axes.
  let tensor: Tensor
  let slice: Slice

  init(_ tensor: Tensor, of slice: Slice) {
    self.tensor = tensor
    self.slice = slice
  }

  /// A tensor as a part of itself.
  package init(whole tensor: Tensor, of shape: Shape) { self.init(tensor, of: Slice(SliceRegion(whole: shape))) }

  package var count: Int { tensor.count }

  /// Elements of the leading axes together.
  package var lanes: Int { lead.elementCount }

  /// A view of much more than itself would keep all of that alive: a copy in its place.
  package func withoutMuchElse() -> Part {
    guard let owner = tensor.storage.owner, owner.count > 2 * count + 64 else { return self }
    return Part(Tensor(tensor.storage.copied(), node: tensor.node, output: tensor.output), of: slice)
  }

  private var lead: Shape { tensor.shape.first(tensor.rank - slice.region.result.rank) }

  /// The sum of parts of one tensor, each in its place, with zeros elsewhere.
  package static func sum(_ parts: [Part]) -> Tensor {
    let first = parts[0]
    if parts.count == 1 { return SliceEmbedding(first.slice.region)(first.tensor) }
    let lead = parts.dropFirst().reduce(first.lead) { $1.lead == $0 ? $0 : $0.broadcast(with: $1.lead) ?? $0 }
    let tensors = parts.map { part in
      part.lead == lead ? part.tensor : part.tensor.expanded(to: lead.followed(by: part.slice.region.result))
    }
    return PartSum(parts.map(\.slice))(tensors)[0]
  }
}

/// Tensors put in their places in one tensor and added where they overlap, zeros elsewhere: the transpose of several
/// slices of a tensor at once, which reads and writes each element once.
final class PartSum: Function, @unchecked Sendable {
  /// What it is the transpose of.
  let slices: [Slice]
  private var whole: Shape { slices[0].region.input }

  /// Of at least one slice, all of one shape.
  init(_ slices: [Slice]) { self.slices = slices }

  override var name: String { "partSum" }
  override var mayHoldTensors: Bool { false }

  override func forward(_ inputs: [Tensor]) -> [Tensor] {
    [assembled(inputs) { part, place in Accumulate.add(view: part, to: place) }]
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    slices.enumerated().map { index, slice in saved.isTracked(index) ? cotangents[0].map { slice($0) } : nil }
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { [sum(tangents)] }

  private func sum(_ tangents: [Tensor?]) -> Tensor? {
    let parts = zip(tangents, slices).compactMap { tangent, slice in tangent.map { Part($0, of: slice) } }
    return parts.isEmpty ? nil : Part.sum(parts)
  }

  override var spread: Spread? { { marks in marks.passed(others: 0) { self.forward($0) } } }

  override package func extentWritten(_ node: Node, byInput position: Int) -> Range<Int>? {
    slices[position].region.extent(in: (node, 0))
  }

  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    let region = slices[position].region
    var place = index
    let lead = index.count - whole.rank
    for axis in 0..<whole.rank {
      let distance = index[lead + axis] - region.starts[axis]
      let (steps, rest) = distance.quotientAndRemainder(dividingBy: region.steps[axis])
      guard rest == 0, 0..<region.result[axis] ~= steps else { return nil }
      place[lead + axis] = steps
    }
    return input.part(place)
  }

  /// As `jvp`, but with the function as it is, not one made anew, where all tangents are there and alike.
  override package func pushforward(_ node: Node, _ source: any TangentSource) -> [Tensor?] {
    let tangents = slices.indices.map { node.tangent(ofInput: $0, source) }
    guard let first = tangents[0] else { return [sum(tangents)] }
    let lead = first.shape.first(first.rank - slices[0].region.result.rank)
    let all = zip(tangents, slices).allSatisfy { tangent, slice in
      tangent.map { $0.shape.first($0.rank - slice.region.result.rank) == lead } ?? false
    }
    return all ? self(tangents.map { $0! }) : [sum(tangents)]
  }

  override package func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    let inputs = slices.indices.map { node.series(ofInput: $0, source) }
    guard inputs.contains(where: { $0 != nil }) else { return [nil] }
    let layout = source.layout
    return [
      (0..<layout.count).map { entry in
        withSeriesEntry(order: layout.order(ofEntry: entry)) { sum(inputs.map { $0?[entry] }) }
      }
    ]
  }

  override package var pushesBlocksOfSeries: Bool { true }

  /// Elements are moved, and so are their sets, which are united where parts overlap.
  override package func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    let present = slices.indices.filter { sets[$0] != nil }
    guard !present.isEmpty else { return [nil] }
    return [
      PartSum(present.map { slices[$0] }).assembled(present.map { sets[$0]! }) { part, place in
        StridedCopy.copy(ElementSets.union(Tensor(part), Tensor(place))!.storage, into: place)
      }
    ]
  }
}

// MARK: - Putting parts together

extension PartSum {
  /// The parts in their places, `add` called for what overlaps.
  private func assembled(_ parts: [Tensor], add: (_ part: Storage, _ place: Storage) -> Void) -> Tensor {
    let lead = parts[0].shape.first(parts[0].rank - slices[0].region.result.rank)
    let shape = lead.followed(by: whole)
    guard let axis = onlyAxis else { return added(parts, shape, add) }
    let order = order(along: axis)
    let dtype = parts[0].dtype
    let result = fills(axis, order) ? Storage(shape, dtype) : Tensor.zeros(shape, dtype: dtype).storage
    var end = 0
    for index in order {
      let region = slices[index].region
      let (start, count) = (region.starts[axis], region.result[axis])
      let shared = Swift.min(Swift.max(end - start, 0), count)
      let position = axis - whole.rank
      let part = parts[index].storage
      let place = region.view(of: result)
      if shared > 0 { add(part.section(position, 0, shared), place.section(position, 0, shared)) }
      if shared < count {
        StridedCopy.copy(part.section(position, shared, count), into: place.section(position, shared, count))
      }
      end = Swift.max(end, start + count)
    }
    return Tensor(result)
  }

  /// The same for parts that lie anyhow.
  private func added(_ parts: [Tensor], _ shape: Shape, _ add: (Storage, Storage) -> Void) -> Tensor {
    let result = Tensor.zeros(shape, dtype: parts[0].dtype)
    for (part, slice) in zip(parts, slices) where part.count > 0 {
      add(part.storage, slice.region.view(of: result.storage))
    }
    return result
  }

  /// The one axis along which the parts are contiguous pieces of the whole; nil where they lie otherwise.
  private var onlyAxis: Int? {
    var found: Int?
    for slice in slices {
      for axis in 0..<whole.rank where slice.region.result[axis] != whole[axis] || slice.region.steps[axis] != 1 {
        guard slice.region.steps[axis] == 1, found ?? axis == axis else { return nil }
        found = axis
      }
    }
    return found
  }

  /// The parts in the order of their first positions.
  private func order(along axis: Int) -> [Int] {
    let starts = slices.map { $0.region.starts[axis] }
    let isAscending = zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 }
    return isAscending ? Array(starts.indices) : starts.indices.sorted { starts[$0] < starts[$1] }
  }

  /// Whether parts in this order leave no gap along an axis.
  private func fills(_ axis: Int, _ order: [Int]) -> Bool {
    var end = 0
    for index in order {
      let region = slices[index].region
      if region.starts[axis] > end { return false }
      end = Swift.max(end, region.starts[axis] + region.result[axis])
    }
    return end == whole[axis]
  }
}

extension Storage {
  /// Positions of an axis, counted from the end, as a view.
  fileprivate func section(_ axis: Int, _ start: Int, _ end: Int) -> Storage {
    if start == 0 && end == shape[axis + shape.rank] { return self }
    var region = SliceRegion(whole: shape)
    region.starts[axis + shape.rank] = start
    region.result[axis + shape.rank] = end - start
    return region.view(of: self)
  }
}
