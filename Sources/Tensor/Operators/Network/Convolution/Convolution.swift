/// The three bilinear functions of a convolution: of <u, conv(x, w)> each computes the factor of one operand
/// from the other two. They are one another's adjoints, so that every order of derivative is one of them.
final class Convolution: BilinearFunction, @unchecked Sendable {
  enum Computed {
    /// conv(x, w).
    case result
    /// From the result's cotangent and w: the transposed convolution.
    case input
    /// From the result's cotangent and x.
    case weight
  }

  let computed: Computed
  let geometry: ConvolutionGeometry

  init(_ computed: Computed, _ geometry: ConvolutionGeometry) {
    self.computed = computed
    self.geometry = geometry
  }

  override var name: String {
    switch computed {
    case .result, .weight: "conv\(geometry.input.count)d"
    case .input: "transposedConv\(geometry.input.count)d"
    }
  }

  override var isMultiplication: Bool { true }

  override func scratchBytes(_ node: Node) -> (together: Int, each: Int) {
    let size = node.dtype.byteCount
    let operand = node.source(0).map { $0.node.shape(ofOutput: $0.output) } ?? node.savedStorage(0)?.shape
    let batch = computed == .weight ? operand.map { $0[$0.rank - geometry.rank] } ?? 1 : 1
    let parts = computed == .weight ? geometry.weightParts(batch) : 1
    return (BLAS.threads * geometry.columnsSize * size, parts > 1 ? parts * geometry.weightSize * size : 0)
  }

  override func apply(_ a: Tensor, _ b: Tensor) -> Tensor {
    let kernel = ConvolutionKernel(geometry, a.storage.contiguous, b.storage.contiguous)
    return switch computed {
    case .result: Tensor(kernel.result())
    case .input: Tensor(kernel.input())
    case .weight: kernel.weight()
    }
  }

  override func leftAdjoint(_ cotangent: Tensor, _ b: Tensor) -> Tensor {
    switch computed {
    case .result: Convolution(.input, geometry)(cotangent, b)
    case .input: Convolution(.result, geometry)(cotangent, b)
    case .weight: Convolution(.result, geometry)(b, cotangent)
    }
  }

  override func rightAdjoint(_ cotangent: Tensor, _ a: Tensor) -> Tensor {
    switch computed {
    case .result: Convolution(.weight, geometry)(cotangent, a)
    case .input: Convolution(.weight, geometry)(a, cotangent)
    case .weight: Convolution(.input, geometry)(a, cotangent)
    }
  }

  /// The weight's, of one element of the batch after the other.
  override func pullbackPerExample(_ node: Node, _ cotangent: Tensor, _ sink: PerExampleSink) -> Bool {
    guard computed != .weight, !node.wants(0, sink), let a = sink.examples(node.saved(0)),
      let u = sink.examples(cotangent)
    else { return false }
    sink.receive(examples: stacked((0..<sink.count).map { rightAdjoint(u[$0], a[$0]) }), node, input: 1)
    return true
  }
}
