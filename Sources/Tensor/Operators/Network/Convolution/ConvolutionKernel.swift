import CKernels

/// Computes convolutions as products of matrices, one for each element of the batch and each group.
///
/// Both operands may have extra leading axes, which broadcast.
struct ConvolutionKernel: Sendable {
  private let geometry: ConvolutionGeometry
  private let window: adj_window
  private let a: Storage
  private let b: Storage
  private let lead: Shape
  /// For each position in the leading axes, that in each operand's.
  private let positions: [(a: Int, b: Int)]
  private let dtype: DType
  private let size: Int

  // Of one group.
  private let filters: Int
  private let inputSize: Int
  private let outputSize: Int
  private let weightSize: Int
  private let columnsSize: Int

  init(_ geometry: ConvolutionGeometry, _ a: Storage, _ b: Storage) {
    self.geometry = geometry
    window = geometry.window
    self.a = a
    self.b = b
    dtype = a.dtype
    size = a.dtype.byteCount
    let leadA = a.shape.first(a.shape.rank - geometry.rank)
    let leadB = b.shape.first(b.shape.rank - geometry.rank)
    guard let lead = leadA.broadcast(with: leadB) else {
      preconditionFailure("convolution: leading axes \(leadA) and \(leadB) do not broadcast")
    }
    self.lead = lead
    let stridesA = leadA.strides(leadA.rowMajorStrides, broadcastTo: lead)
    let stridesB = leadB.strides(leadB.rowMajorStrides, broadcastTo: lead)
    positions = (0..<lead.elementCount).map { index in
      var rest = index
      var position = (a: 0, b: 0)
      for axis in lead.indices.reversed() {
        position.a += rest % lead[axis] * stridesA[axis]
        position.b += rest % lead[axis] * stridesB[axis]
        rest /= lead[axis]
      }
      return position
    }
    filters = geometry.filters / geometry.groups
    inputSize = geometry.inputSize / geometry.groups
    outputSize = geometry.outputSize / geometry.groups
    weightSize = geometry.weightSize / geometry.groups
    columnsSize = geometry.columnsSize
  }

  private var batch: Int { a.shape[a.shape.rank - geometry.rank] }

  /// Runs `body` with memory for the columns.
  private func withColumns(_ body: (UnsafeMutableRawPointer) -> Void) {
    var capacity = 0
    let columns = adj_allocate(columnsSize * size, &capacity)!
    body(columns)
    adj_free(columns, capacity)
  }

  /// The columns of one group of an input: those written to `memory`, or the input itself.
  private func columns(of x: UnsafeMutableRawPointer, _ memory: UnsafeMutableRawPointer)
    -> UnsafeMutableRawPointer
  {
    if geometry.isPointwise { return x }
    withUnsafePointer(to: window) {
      adj_unfold(dtype.kernel, $0, Int64(geometry.channels / geometry.groups), x, memory)
    }
    return memory
  }

  /// conv(a, b).
  func result() -> Storage {
    let result = Storage(lead.followed(by: geometry.outputShape(batch)), dtype)
    let target = UnsafeSendable(result.pointer)
    let batch = batch
    Parallel.runItems(lead.elementCount * batch, work: geometry.work) { items, threads in
      withColumns { memory in
        for item in items {
          let position = positions[item / batch]
          for group in 0..<geometry.groups {
            let x =
              a.pointer + ((position.a * batch + item % batch) * geometry.groups + group) * inputSize * size
            let w = b.pointer + (position.b * geometry.groups + group) * weightSize * size
            BLAS.gemm(
              dtype, transposeA: false, transposeB: false, m: filters, n: geometry.windows, k: geometry.taps,
              a: w, lda: geometry.taps, b: columns(of: x, memory), ldb: geometry.windows,
              c: target.value + (item * geometry.groups + group) * outputSize * size, ldc: geometry.windows,
              threads: threads)
          }
        }
      }
    }
    return result
  }

  /// The cotangent of the input, from that of the result (a) and the weight (b).
  func input() -> Storage {
    let result = Tensor.zeros(lead.followed(by: geometry.inputShape(batch)), dtype: dtype).storage
    let target = UnsafeSendable(result.pointer)
    let batch = batch
    Parallel.runItems(lead.elementCount * batch, work: geometry.work) { items, threads in
      withColumns { memory in
        for item in items {
          let position = positions[item / batch]
          for group in 0..<geometry.groups {
            let u =
              a.pointer + ((position.a * batch + item % batch) * geometry.groups + group) * outputSize * size
            let w = b.pointer + (position.b * geometry.groups + group) * weightSize * size
            let x = target.value + (item * geometry.groups + group) * inputSize * size
            let columns = geometry.isPointwise ? x : memory
            BLAS.gemm(
              dtype, transposeA: true, transposeB: false, m: geometry.taps, n: geometry.windows, k: filters,
              a: w, lda: geometry.taps, b: u, ldb: geometry.windows, c: columns, ldc: geometry.windows,
              threads: threads)
            // Where windows overlap their columns are added: a sum for each element.
            guard !geometry.isPointwise, Meter.begins(columnsSize) else { continue }
            withUnsafePointer(to: window) {
              adj_fold(dtype.kernel, $0, Int64(geometry.channels / geometry.groups), columns, x)
            }
          }
        }
      }
    }
    return result
  }

  /// The cotangent of the weight, from that of the result (a) and the input (b).
  func weight() -> Tensor {
    let batch = batch
    let parts = geometry.weightParts(batch)
    let shape = lead.followed(by: geometry.weightShape)
    let sums = Tensor.zeros(Shape([parts, shape.elementCount]), dtype: dtype).storage
    let target = UnsafeSendable(sums.pointer)
    let count = lead.elementCount
    Parallel.runItems(parts * count, work: geometry.work * batch / parts) { items, threads in
      withColumns { memory in
        for item in items {
          let position = positions[item % count]
          let part = item / count
          for sample in batch * part / parts..<batch * (part + 1) / parts {
            for group in 0..<geometry.groups {
              let u =
                a.pointer + ((position.a * batch + sample) * geometry.groups + group) * outputSize * size
              let x = b.pointer + ((position.b * batch + sample) * geometry.groups + group) * inputSize * size
              BLAS.gemm(
                dtype, transposeA: false, transposeB: true, m: filters, n: geometry.taps, k: geometry.windows,
                a: u, lda: geometry.windows, b: columns(of: x, memory), ldb: geometry.windows, beta: 1,
                c: target.value + (item * geometry.groups + group) * weightSize * size, ldc: geometry.taps,
                threads: threads)
            }
          }
        }
      }
    }
    let result = parts == 1 ? Tensor(sums) : Tensor(sums).sum(axis: 0)
    return result.reshaped(shape)
  }
}
