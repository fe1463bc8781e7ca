/// Tensors one after another along an axis.
final class Concatenate: Function, @unchecked Sendable {
  /// Counted from the end.
  let axis: Int
  let inputs: [Shape]
  let result: Shape

  init(axis: Int, inputs: [Shape], result: Shape) {
    self.axis = axis
    self.inputs = inputs
    self.result = result
  }

  override var name: String { "concatenated" }
  override var mayHoldTensors: Bool { false }

  private func region(_ index: Int) -> SliceRegion {
    var region = SliceRegion(whole: result)
    let position = axis + result.rank
    region.starts[position] = inputs[..<index].reduce(0) { $0 + $1[position] }
    region.result[position] = inputs[index][position]
    return region
  }

  override func forward(_ tensors: [Tensor]) -> [Tensor] {
    let lead = tensors[0].rank - result.rank
    let whole = Storage(tensors[0].shape.first(lead).followed(by: result), tensors[0].dtype)
    for (index, tensor) in tensors.enumerated() {
      StridedCopy.copy(tensor.storage, into: region(index).view(of: whole))
    }
    return [Tensor(whole)]
  }

  override var spread: Spread? { { marks in marks.passed(others: 0) { self.forward($0) } } }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    inputs.indices.map { index in
      saved.isTracked(index) ? cotangents[0].map { Slice(region(index))($0) } : nil
    }
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] { joined(tangents) }

  /// Elements are moved, and so are their sets.
  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? { joined(sets) }

  /// What stands for the inputs' elements, one after another, under extra leading axes; nil is zeros.
  private func joined(_ tangents: [Tensor?]) -> [Tensor?] {
    guard let index = tangents.firstIndex(where: { $0 != nil }) else { return [nil] }
    let some = tangents[index]!
    let leading = some.shape.first(some.rank - result.rank)
    return self(
      tangents.enumerated().map {
        $1 ?? Tensor.zeros(leading.followed(by: inputs[$0]), dtype: some.dtype)
      })
  }
}

/// Tensors one after another along an axis.
///
/// - Precondition: At least one tensor; equal dtypes, and shapes equal but for that axis.
public func concatenated(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  guard let first = tensors.first else {
    return Misuse.fail("concatenated", "there is no tensor to concatenate")
  }
  guard let position = normalizedAxis(axis, rank: first.rank, "concatenated") else { return .placeholder }
  var result = first.shape
  for tensor in tensors.dropFirst() {
    var expected = first.shape
    expected[position] = tensor.rank == first.rank ? tensor.shape[position] : 0
    guard tensor.shape == expected, tensor.dtype == first.dtype else {
      return Misuse.fail(
        "concatenated",
        "\(first.dtype) \(first.shape) and \(tensor.dtype) \(tensor.shape) differ off axis \(axis); "
          + "dtypes and all other lengths must be equal")
    }
    result[position] += tensor.shape[position]
  }
  return Concatenate(axis: position - first.rank, inputs: tensors.map(\.shape), result: result)(tensors)[0]
}

/// Tensors of one shape along a new axis.
///
/// - Precondition: At least one tensor; equal shapes and dtypes.
public func stacked(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  guard let first = tensors.first else { return Misuse.fail("stacked", "there is no tensor to stack") }
  if let other = tensors.first(where: { $0.shape != first.shape }) {
    return Misuse.fail("stacked", "the shapes \(first.shape) and \(other.shape) differ; they must be equal")
  }
  guard let position = normalizedAxis(axis, rank: first.rank + 1, "stacked") else { return .placeholder }
  return concatenated(tensors.map { $0.unsqueezed(axis: position) }, axis: position)
}
