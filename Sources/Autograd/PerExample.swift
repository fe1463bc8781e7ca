import Tensor

// Functions of one example, applied to many, an example at a time: so control flow, indices and random numbers may
// differ from example to example, which a function rewritten for batches cannot offer. What that gives up is not only
// an operator's overhead, about a tenth of a microsecond: the products of a batch are of matrices with matrices, which
// read a weight once for all examples, where each example's are of a matrix with a vector. Two layers of 256 x 256 and
// 512 examples take 4 to 16 times as long one by one. Where all examples take the same operators and the arithmetic
// matters, write the function for a batch: every operator works along leading axes.

/// The function that applies `f` to each example: slabs of the inputs along an axis, results side by side.
///
///     let norms = vmap { (row: Tensor) in row.norm() }(matrix)       // [rows]
///     let hessians = try vmap(hessian(f))(points)                    // one for each point
///
/// Differentiable to every order, and nests in every transform as they nest in it. Costs an evaluation an example, and
/// memory for all examples' graphs where it is recorded. A function written for a batch is several times faster where
/// it multiplies with matrices: one product of matrices in place of one with a vector for each example.
///
/// Where there are no examples, the results have none either, and `f` is evaluated once, unrecorded, to tell their
/// shapes and dtypes: on ones (zeros where the dtype is no floating-point one). So it must end there.
/// - Parameters:
///   - f: Of a structure; `if` and `while` may depend on each example's numbers. What is the same for all is captured.
///   - axis: The axis of every input tensor along which the examples lie; results have it in front.
/// - Precondition: Tensors of one length along the axis; results of all examples of one structure and of one shape and
///   dtype each, so that they can lie side by side (which is reported otherwise).
public func vmap<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) -> Output, axis: Int = 0
) -> (Input) -> Output {
  { mapExamples(of: $0, axis, f) }
}

/// The function that applies `f`, which may throw, to each example.
///
///     let hessians = try vmap { x in try hessian(f, memoryBudget: .megabytes(1))(x) }(points)
///
/// It throws what `f` throws for the first example where it does.
@_disfavoredOverload
public func vmap<Input: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (Input) throws -> Output, axis: Int = 0
) -> (Input) throws -> Output {
  { try mapExamples(of: $0, axis, f) }
}

/// The function that applies `f` to each pair of examples: slabs of both along the axis, results side by side.
///
///     let distances = vmap { a, b in (a - b).norm() }(points, others)       // [rows]
///
/// Costs an evaluation a pair, and memory for all graphs where it is recorded; otherwise as ``vmap(_:axis:)`` of one
/// structure. What is the same for all pairs is captured.
/// - Precondition: Tensors of one length along the axis, in both; results of all pairs of one structure and of one
///   shape and dtype each.
public func vmap<A: TensorStructure, B: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (A, B) -> Output, axis: Int = 0
) -> (A, B) -> Output {
  { mapExamples(of: Pair($0, $1), axis) { f($0.first, $0.second) } }
}

/// The function that applies `f`, which may throw, to each pair of examples; it throws what `f` throws for the first
/// pair where it does.
@_disfavoredOverload
public func vmap<A: TensorStructure, B: TensorStructure, Output: TensorStructure>(
  _ f: @escaping (A, B) throws -> Output, axis: Int = 0
) -> (A, B) throws -> Output {
  { try mapExamples(of: Pair($0, $1), axis) { try f($0.first, $0.second) } }
}

private func mapExamples<Input: TensorStructure, Output: TensorStructure>(
  of input: Input, _ axis: Int, _ f: (Input) throws -> Output
) rethrows -> Output {
  guard let examples = Examples(of: input, axis, "vmap") else { return try f(input) }
  return try examples.results("vmap", f)
}

/// The value and the gradient of a loss for each example, with respect to parameters that all share.
///
///     let (losses, gradients) = valueAndGradPerExample(loss)(parameters, [images, labels])
///
/// Values are [examples]; gradients have the parameters' structure, each tensor [examples] + its shape. Their mean
/// over the first axis is the gradient of the mean loss; what differs from it is noise of sampling, or is clipped
/// for privacy (M. Abadi et al., "Deep Learning with Differential Privacy", 2016). Costs a gradient an example, one
/// after the other: memory for one graph beside the result, and products with vectors where a batch would have those
/// with matrices. Without examples both have none, as with ``vmap(_:axis:)``.
/// - Precondition: Floating-point parameters; a loss of one element; examples of one length along their first axes.
public func valueAndGradPerExample<Parameters: TensorStructure, Example: TensorStructure>(
  _ loss: @escaping (Parameters, Example) -> Tensor
) -> (Parameters, Example) -> (values: Tensor, gradients: Parameters) {
  { valueAndGradPerExample("valueAndGradPerExample", loss, at: $0, $1) }
}

/// The gradient of a loss for each example; see ``valueAndGradPerExample(_:)``.
public func gradPerExample<Parameters: TensorStructure, Example: TensorStructure>(
  _ loss: @escaping (Parameters, Example) -> Tensor
) -> (Parameters, Example) -> Parameters {
  { valueAndGradPerExample("gradPerExample", loss, at: $0, $1).gradients }
}

func valueAndGradPerExample<Parameters: TensorStructure, Example: TensorStructure>(
  _ operation: String, _ loss: (Parameters, Example) -> Tensor, at parameters: Parameters, _ batch: Example
) -> (values: Tensor, gradients: Parameters) {
  guard let examples = Examples(of: batch, 0, operation) else { return (.placeholder, parameters) }
  let results = examples.results(operation) { example in
    let (value, gradient) = valueAndGrad(operation, { loss($0, example) }, at: parameters)
    return Pair(value.count == 1 ? value.reshaped([]) : value, gradient)
  }
  return (results.first, results.second)
}

/// The examples that lie along an axis of all tensors of a structure.
struct Examples<Input: TensorStructure> {
  private let input: Input
  private let axis: Int
  let count: Int

  /// Nil after a report.
  init?(of input: Input, _ axis: Int, _ operation: String) {
    let tensors = input.tensors
    for tensor in tensors where axis >= tensor.rank || axis < -tensor.rank {
      Misuse.report(operation, "there is no axis \(axis) of examples in a tensor of shape \(tensor.shape)")
      return nil
    }
    let lengths = tensors.map { $0.shape[axis < 0 ? axis + $0.rank : axis] }
    guard let count = lengths.first, lengths.allSatisfy({ $0 == count }) else {
      Misuse.report(
        operation,
        "needs tensors of one length along axis \(axis), got "
          + (tensors.isEmpty ? "no tensors" : "shapes " + tensors.map { "\($0.shape)" }.joined(separator: ", ")))
      return nil
    }
    (self.input, self.axis, self.count) = (input, axis, count)
  }

  /// Results of all examples as one structure, the examples in front.
  func results<Output: TensorStructure>(
    _ operation: String, _ f: (Input) throws -> Output
  ) rethrows -> Output {
    if count == 0 { return try noResults(f) }
    let slabs = input.tensors.map { $0.unbind(axis: axis) }
    var rows = ResultRows(count: count)
    var first: (result: Output, count: Int)?
    for example in 0..<count {
      let result = try withExample(example) { try f(input.with(slabs.map { $0[example] })) }
      let tensors = result.tensors
      if let first, let difference = difference(result, tensors.count, from: first) {
        Misuse.report(
          operation,
          "the result of example \(example) has \(difference), which example 0's has; results that lie side by side "
            + "must have the same tensors")
        return first.result.mapTensors { _ in .placeholder }
      }
      rows.append(tensors)
      first = first ?? (result, tensors.count)
    }
    return first!.result.with(rows.stacked())
  }

  private func difference<Output: TensorStructure>(
    _ result: Output, _ count: Int, from first: (result: Output, count: Int)
  ) -> String? {
    result.difference(from: first.result)
      ?? (count == first.count ? nil : "\(counted(count, "tensor")) instead of \(first.count)")
  }

  /// No results, of the shapes and dtypes that an example of ones has. Ones rather than zeros, since fewer functions
  /// are singular there, and loops that grow a number end; integers may be indices, of which only 0 is in every range.
  private func noResults<Output: TensorStructure>(
    _ f: (Input) throws -> Output
  ) rethrows -> Output {
    let example = input.mapTensors { tensor in
      var lengths = Array(tensor.shape)
      lengths.remove(at: axis < 0 ? axis + tensor.rank : axis)
      return Tensor.full(Shape(lengths), tensor.dtype.isFloatingPoint ? 1 : 0, dtype: tensor.dtype)
    }
    let result = try withoutGrad { try f(example) }
    return result.mapTensors { Tensor.zeros(Shape([0]).followed(by: $0.shape), dtype: $0.dtype) }
  }
}

/// Lists of tensors that come one after the other, each to be stacked with those at its place in the others. Numbers of one
/// shape are written to their places as they come, so that no list of small tensors is kept; others are stacked at the end.
private struct ResultRows {
  private let count: Int
  private var places: [Storage]?
  private var written = 0
  private var lists: [[Tensor]] = []

  init(count: Int) { self.count = count }

  mutating func append(_ tensors: [Tensor]) {
    if written == 0, lists.isEmpty, tensors.allSatisfy({ !$0.isTracked && $0.rank < Shape.maxRank }) {
      places = tensors.map { Storage(Shape([count]).followed(by: $0.shape), $0.dtype) }
    }
    guard let places else { return lists.append(tensors) }
    guard tensors.count == places.count, zip(tensors, places).allSatisfy({ fits($0, $1) }) else {
      lists = (0..<written).map { row in places.map { Tensor(self.row(row, of: $0)) } } + [tensors]
      self.places = nil
      return
    }
    for (tensor, place) in zip(tensors, places) { StridedCopy.copy(tensor.storage, into: row(written, of: place)) }
    written += 1
  }

  func stacked() -> [Tensor] {
    if let places { return places.map { Tensor($0) } }
    return lists[0].indices.map { place in Tensor::stacked(lists.map { $0[place] }) }
  }

  private func fits(_ tensor: Tensor, _ place: Storage) -> Bool {
    !tensor.isTracked && tensor.dtype == place.dtype && tensor.rank + 1 == place.shape.rank
      && tensor.shape == place.shape.last(tensor.rank)
  }

  private func row(_ index: Int, of place: Storage) -> Storage {
    let shape = place.shape.last(place.shape.rank - 1)
    return Storage(
      viewing: place, shape: shape, strides: shape.rowMajorStrides, offset: index * shape.elementCount)
  }
}
