import CKernels

/// Softmax, its logarithm, or the logarithm of the sum of exponentials, along one axis.
private func softmaxKernel(_ kind: adj_softmax_kind, _ x: Tensor, _ axis: Int) -> Tensor {
  // The kernel works on rows: the axis goes last and comes back.
  let position = axis + x.rank
  let moved = axis == -1 ? x : x.transposed(position, -1)
  let source = moved.storage.contiguous
  let length = source.shape[source.shape.rank - 1]
  let rows = source.count / max(length, 1)
  let result =
    kind == ADJ_LOG_SUM_EXP
    ? Storage(source.shape.first(source.shape.rank - 1).followed(by: [1]), x.dtype)
    : Storage(source.shape, x.dtype)
  let count = result.count
  let from = UnsafeSendable(UnsafeRawPointer(source.pointer))
  let to = UnsafeSendable(result.pointer)
  let size = x.dtype.byteCount
  let dtype = x.dtype.kernel
  withExtendedLifetime((source, result)) {
    // A difference, an exponential and a sum for each element; for a softmax a quotient or another difference.
    guard count > 0, Meter.begins(source.count * (kind == ADJ_LOG_SUM_EXP ? 3 : 4)) else { return }
    let width = kind == ADJ_LOG_SUM_EXP ? 1 : length
    let total = kind == ADJ_LOG_SUM_EXP ? count : rows
    Parallel.run(total, grain: max(1, Parallel.elementGrain / 8 / max(length, 1))) { begin, end in
      adj_softmax_rows(
        dtype, kind, from.value + begin * length * size, Int64(end - begin), Int64(length),
        to.value + begin * width * size)
    }
  }
  return axis == -1 ? Tensor(result) : Tensor(result).transposed(position, -1)
}

/// The pullback of a softmax (or of its logarithm) with the result y, in one pass over the rows. Nil where it is
/// recorded, since only what is composed of operators can be differentiated again, and where rows do not lie
/// in a row.
private func softmaxSlopes(_ kind: adj_softmax_kind, _ cotangent: Tensor, _ y: Tensor, _ axis: Int) -> Tensor? {
  guard !isRecording, axis == -1, cotangent.shape == y.shape, y.storage.isContiguous, y.count > 0 else { return nil }
  let length = y.shape[y.rank - 1]
  let result = Storage(like: y.storage)
  let u = cotangent.storage.contiguous
  let pointers = UnsafeSendable((u: u.pointer, y: y.storage.pointer, result: result.pointer))
  let bytes = length * y.dtype.byteCount
  let dtype = y.dtype.kernel
  withExtendedLifetime((u, y.storage)) {
    // A product and a sum, a difference and a product; of a logarithm a sum, an exponential, a product and a difference.
    guard Meter.begins(4 * y.count) else { return }
    Parallel.run(y.count / length, grain: max(1, Parallel.elementGrain / 4 / length)) { begin, end in
      adj_softmax_slopes(
        dtype, kind, pointers.value.u + begin * bytes, pointers.value.y + begin * bytes, Int64(end - begin),
        Int64(length), pointers.value.result + begin * bytes)
    }
  }
  return Tensor(result)
}

final class Softmax: Function, @unchecked Sendable {
  /// Counted from the end.
  let axis: Int
  init(axis: Int) { self.axis = axis }

  /// The part common to vjp and jvp, which are one function since the Jacobian is symmetric.
  private static let product = Formula("softmax.product") { y, v, mean in y * (v - mean) }

  override var name: String { "softmax" }
  override var saves: [Saved] { [.output(0)] }
  override var mayHoldTensors: Bool { false }

  override var spread: Spread? { { [axis] marks in [marks.united.map { $0.anyAlong([axis]) }] } }
  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    input.row(along: axis, at: index)
  }

  override func forward(_ inputs: [Tensor]) -> [Tensor] { [softmaxKernel(ADJ_SOFTMAX, inputs[0], axis)] }

  private func jacobianProduct(_ v: Tensor, _ y: Tensor) -> Tensor {
    if let product = softmaxSlopes(ADJ_SOFTMAX, v, y, axis) { return product }
    let mean = Arithmetic.multiply.tensors.sum(v, y, axes: [axis], keepDims: true)
    return Softmax.product(y, v, mean)
  }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [cotangents[0].map { jacobianProduct($0, saved.output(0)) }]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [tangents[0].map { jacobianProduct($0, saved.output(0)) }]
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [sets[0].map { ElementSets.shared($0, along: axis, of: node.shape) }]
  }
}

final class LogSoftmax: Function, @unchecked Sendable {
  let axis: Int
  init(axis: Int) { self.axis = axis }

  private static let pulled = Formula("logSoftmax.pullback") { u, y, sum in u - exp(y) * sum }
  private static let weighted = Formula("logSoftmax.weighted") { t, y in exp(y) * t }

  override var name: String { "logSoftmax" }
  override var saves: [Saved] { [.output(0)] }
  override var mayHoldTensors: Bool { false }

  override var spread: Spread? { { [axis] marks in [marks.united.map { $0.anyAlong([axis]) }] } }
  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    input.row(along: axis, at: index)
  }

  override func forward(_ inputs: [Tensor]) -> [Tensor] { [softmaxKernel(ADJ_LOG_SOFTMAX, inputs[0], axis)] }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [cotangents[0].map { LogSoftmax.pullback($0, saved.output(0), axis) }]
  }

  static func pullback(_ cotangent: Tensor, _ y: Tensor, _ axis: Int) -> Tensor {
    softmaxSlopes(ADJ_LOG_SOFTMAX, cotangent, y, axis)
      ?? pulled(cotangent, y, cotangent.sum(axis: axis, keepDims: true))
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [tangents[0].map { LogSoftmax.pushforward($0, saved.output(0), axis) }]
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [sets[0].map { ElementSets.shared($0, along: axis, of: node.shape) }]
  }

  static func pushforward(_ tangent: Tensor, _ y: Tensor, _ axis: Int) -> Tensor {
    tangent - weighted.sum(tangent, y, axes: [axis], keepDims: true)
  }
}

final class LogSumExp: Function, @unchecked Sendable {
  let axis: Int
  init(axis: Int) { self.axis = axis }

  private static let pulled = Formula("logSumExp.pullback") { u, x, y in u * exp(x - y) }

  override var name: String { "logSumExp" }
  override var saves: [Saved] { [.input(0), .output(0)] }
  override var mayHoldTensors: Bool { false }

  override var spread: Spread? { { [axis] marks in [marks.united.map { $0.anyAlong([axis]) }] } }
  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    input.row(along: axis, at: index)
  }

  /// The result keeps the axis, with length 1.
  override func forward(_ inputs: [Tensor]) -> [Tensor] { [softmaxKernel(ADJ_LOG_SUM_EXP, inputs[0], axis)] }

  override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [cotangents[0].map { LogSumExp.pulled($0, saved.input(0), saved.output(0)) }]
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    [sets[0].map { ElementSets.united($0, along: 1 << UInt32(-axis - 1)) }]
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    [
      tangents[0].map {
        LogSumExp.pulled.sum($0, saved.input(0), saved.output(0), axes: [axis], keepDims: true)
      }
    ]
  }
}

/// The axis counted from the end, or nil after a report. A number (rank 0) counts as one row of one element.
private func softmaxAxis(_ x: Tensor, _ axis: Int, _ operation: String) -> Int? {
  guard x.dtype.isFloatingPoint else {
    Misuse.report(operation, "needs floating-point numbers, got \(x.dtype); convert with asType(.float32)")
    return nil
  }
  return normalizedAxis(axis, rank: x.rank, operation).map { $0 - x.rank }
}

/// exp(x) / sum(exp(x)) along an axis, without overflow.
///
/// Derivative, with y the result: y (u - sum(u y)).
/// - Precondition: A floating-point dtype, rank at least 1.
public func softmax(_ x: Tensor, axis: Int = -1) -> Tensor {
  guard let axis = softmaxAxis(x, axis, "softmax") else { return .placeholder }
  return Softmax(axis: axis)(x)
}

/// x - log(sum(exp(x))) along an axis, without overflow.
///
/// Derivative, with y the result: u - exp(y) sum(u).
/// - Precondition: A floating-point dtype, rank at least 1.
public func logSoftmax(_ x: Tensor, axis: Int = -1) -> Tensor {
  guard let axis = softmaxAxis(x, axis, "logSoftmax") else { return .placeholder }
  return LogSoftmax(axis: axis)(x)
}

/// log(sum(exp(x))) along an axis, without overflow; -inf over no elements.
///
/// Derivative, with y the result: u exp(x - y).
/// - Precondition: A floating-point dtype, rank at least 1.
public func logSumExp(_ x: Tensor, axis: Int = -1, keepDims: Bool = false) -> Tensor {
  guard let axis = softmaxAxis(x, axis, "logSumExp") else { return .placeholder }
  let kept = LogSumExp(axis: axis)(x)
  return keepDims ? kept : kept.squeezed(axis: axis)
}
