/// A matrix product plus a row that every row of it gets: one pass over the result, one node.
///
/// Linear in each of its three inputs: x [m, k], weight [k, n] (or stored the other way round), bias [n].
final class Affine: Function, @unchecked Sendable {
  private let product: MatrixProduct

  private init(_ product: MatrixProduct) { self.product = product }

  private static let plain = Affine(.plain)
  private static let weightTransposed = Affine(.rightTransposed)

  static func of(transposesWeight: Bool) -> Affine { transposesWeight ? weightTransposed : plain }

  override var name: String { "matmul.adding" }
  override var saves: [Saved] { [.input(0), .input(1)] }
  override var mayHoldTensors: Bool { false }

  override func forward(_ inputs: [Tensor]) -> [Tensor] { [Tensor(apply(inputs[0], inputs[1], inputs[2]))] }

  private func apply(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Storage {
    MatrixKernel.product(
      x.storage, weight.storage, transposeA: false, transposeB: product.transposesRight, adding: bias.storage)
  }

  func callAsFunction(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
    if isWatched { return watched([x, weight, bias]) { [self.unwatched(x, weight, bias)] }[0] }
    return unwatched(x, weight, bias)
  }

  @inline(__always)
  private func unwatched(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
    let result = apply(x, weight, bias)
    guard x.node != nil || weight.node != nil || bias.node != nil, isRecording else { return Tensor(result) }
    return Tensor(
      result,
      node: Node(
        self, x, weight, bias, result: result, saving: weight.node == nil ? nil : x.storage,
        x.node == nil ? nil : weight.storage))
  }

  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    position < 2 ? product.part(of: input, position, for: index) : input.part([index.last])
  }

  override var spread: Spread? { { marks in marks.passed(others: 1) { self.forward($0) } } }

  override func pullback(_ node: Node, _ cotangent: consuming Tensor, _ sink: any CotangentSink) {
    product.deliverAdjoints(node, cotangent, sink)
    // The walk sums over the rows.
    if node.wants(2, sink) { node.deliver(cotangent, toInput: 2, sink) }
  }

  override func pullback(_ node: Node, _ cotangents: [Tensor?], _ sink: any CotangentSink) {
    if let cotangent = cotangents[0] { pullback(node, cotangent, sink) }
  }

  override func pullbackPerExample(_ node: Node, _ cotangent: Tensor, _ sink: PerExampleSink) -> Bool {
    guard product.pullbackPerExample(node, cotangent, sink) else { return false }
    if node.wants(2, sink) { node.deliver(cotangent, toInput: 2, sink) }
    return true
  }

  override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
    if let sum = sum(tangents, saved) { return [Tensor(sum)] }
    let ofInput = tangents[0].map { product($0, saved.input(1).aligned($0.rank - 2, with: $0)) }
    let ofWeight = tangents[1].map { product(saved.input(0).aligned($0.rank - 2, with: $0), $0) }
    let ofBias = tangents[2].map { bias in
      let length: Shape = [bias.shape[bias.rank - 1]]
      return Reshape(from: length, to: [1, length[0]])(bias)
    }
    let parts = [ofInput, ofWeight, ofBias].compactMap { $0 }
    return [parts.dropFirst().reduce(parts.first) { sum, part in sum.map { $0 + part } }]
  }

  /// Both products and the bias in one memory, for plain numbers without leading axes; nil for others.
  private func sum(_ tangents: [Tensor?], _ saved: SavedTensors) -> Storage? {
    guard !isRecording, !isWatched, let weight = tangents[1], weight.rank == 2, tangents[0]?.rank ?? 2 == 2,
      tangents[2]?.rank ?? 1 == 1
    else { return nil }
    let ofWeight = MatrixKernel.product(
      saved.input(0).storage, weight.storage, transposeA: false, transposeB: product.transposesRight,
      adding: tangents[2]?.storage)
    guard let x = tangents[0] else { return ofWeight }
    return MatrixKernel.product(
      x.storage, saved.input(1).storage, transposeA: false, transposeB: product.transposesRight, addingTo: ofWeight)
  }

  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? {
    let bias = sets[2].map { ElementSets.widened($0, of: node, input: 2, to: node.shape) }
    return [ElementSets.union(product.reach(node, left: sets[0], right: sets[1]), bias)]
  }

  override func pushSeries(_ node: Node, _ source: any SeriesSource) -> [Series?] {
    let products = product.convolvedSeries(node, source)
    let bias = node.series(ofInput: 2, alignedToRank: 2, source)
    guard let products, let bias else { return [products ?? bias] }
    return [
      zip(products, bias).map { product, bias in
        guard let product, let bias else { return product ?? bias }
        return product + bias
      }
    ]
  }

  override var pushesBlocksOfSeries: Bool { true }
}

/// x weight + bias, along the last axis of x: a dense layer whose weight is stored [inputs, outputs].
///
/// The same as `matmul(x, weight) + bias`, in one pass over the result. See ``linear(_:_:_:)`` for a
/// weight stored as PyTorch's.
/// - Parameters:
///   - x: [..., inputs].
///   - weight: [inputs, outputs].
///   - bias: [outputs].
/// - Precondition: Shapes as above, equal floating-point or integer dtypes.
public func matmul(_ x: Tensor, _ weight: Tensor, adding bias: Tensor) -> Tensor {
  if x.rank >= 1, weight.rank == 2, x.shape[x.rank - 1] != weight.shape[0] {
    return MatrixProduct.innerAxesDiffer(x.shape, weight.shape, x.shape[x.rank - 1], weight.shape[0])
  }
  guard x.rank >= 1, weight.rank == 2, bias.rank == 1,
    bias.shape[0] == weight.shape[1], x.dtype == weight.dtype, x.dtype == bias.dtype, x.dtype != .bool
  else {
    return Misuse.fail(
      "matmul",
      "needs x [..., inputs], weight [inputs, outputs] and adding: [outputs] of one dtype, got \(x.dtype) \(x.shape), "
        + "\(weight.dtype) \(weight.shape) and \(bias.dtype) \(bias.shape)")
  }
  if x.rank == 2 { return Affine.of(transposesWeight: false)(x, weight, bias) }
  return composed("matmul", of: [x, weight, bias]) {
    Affine.of(transposesWeight: false).alongLastAxis(x, weight, bias)
  }
}

extension Affine {
  /// One product over all rows of x, whatever axes they are arranged in.
  func alongLastAxis(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
    if x.rank == 2 { return self(x, weight, bias) }
    let outer = x.shape.first(x.rank - 1)
    let rows = x.reshaped([outer.elementCount, x.shape[x.rank - 1]])
    return self(rows, weight, bias).reshaped(outer.followed(by: bias.shape))
  }
}
