import CKernels

/// Normalization over the last axis in one pass over its rows, and its pullback in another: numbers only. What
/// is recorded is composed of operators, by `Normalization`'s rules.
struct NormalizationRows {
  private let x: Storage
  private let length: Int
  private var rows: Int { x.count / length }
  private var dtype: adj_dtype { x.dtype.kernel }

  /// Nil where the elements of a row do not follow one another, or do not have a weight and a bias each.
  init?(_ x: Tensor, _ axes: [Int], _ weight: Shape?, _ bias: Shape?) {
    guard axes == [-1], x.storage.isContiguous, x.count > 0 else { return nil }
    let length = x.shape[x.rank - 1]
    for shape in [weight, bias] {
      if let shape, shape.elementCount != length || shape[shape.rank - 1] != length { return nil }
    }
    self.x = x.storage
    self.length = length
  }

  /// The normalized numbers, the mean (where centered) and the scale of x, the first of the inputs.
  func normalized(_ inputs: [Tensor], eps: Double, isCentered: Bool) -> [Tensor] {
    var kept = x.shape
    kept[kept.rank - 1] = 1
    let y = Storage(like: x)
    let mean = isCentered ? Storage(kept, x.dtype) : nil
    let scale = Storage(kept, x.dtype)
    let parameters = inputs.dropFirst().map(\.storage.contiguous)
    let memory = UnsafeSendable(
      (
        x: x.pointer, weight: parameters.first?.pointer, bias: parameters.count == 2 ? parameters[1].pointer : nil,
        y: y.pointer, mean: mean?.pointer, scale: scale.pointer
      ))
    let size = x.dtype.byteCount
    let (dtype, length) = (dtype, length)
    withExtendedLifetime((x, parameters)) {
      // A square and a sum, and a product by the scale; two differences and a sum for the mean; the parameters.
      guard Meter.begins(x.count * ((isCentered ? 6 : 3) + parameters.count)) else { return }
      Parallel.run(rows, grain: max(1, Parallel.elementGrain / 4 / length)) { begin, end in
        let (from, memory) = (begin * length * size, memory.value)
        adj_normalize_rows(
          dtype, memory.x + from, Int64(end - begin), Int64(length), eps, memory.weight, memory.bias,
          memory.y + from, memory.mean.map { $0 + begin * size }, memory.scale + begin * size)
      }
    }
    return [Tensor(y)] + (mean.map { [Tensor($0)] } ?? []) + [Tensor(scale)]
  }

  /// The pullback of the normalized numbers to x, the weight and the bias; nil where one is not wanted.
  ///
  /// `operands` are x, its mean where centered, and its scale.
  func slopes(_ u: Tensor, _ operands: [Tensor], _ weight: Tensor?, _ bias: Shape?, wanted: [Bool]) -> [Tensor?] {
    let seeds = u.storage.contiguous
    let statistics = operands.dropFirst().map(\.storage.contiguous)
    let factors = weight?.storage.contiguous
    let result = wanted[0] ? Storage(like: x) : nil
    let hasSums = wanted.dropFirst().contains(true)
    // Parts are as many as the work alone says, so that sums do not depend on the number of threads.
    let parts = max(1, min(16, rows, x.count / Parallel.elementGrain))
    let sums = hasSums ? Tensor.zeros([parts, 2, length], dtype: .float64).storage : nil
    let memory = UnsafeSendable(
      (
        u: seeds.pointer, x: x.pointer, weight: factors?.pointer,
        mean: statistics.count == 2 ? statistics[0].pointer : nil, scale: statistics[statistics.count - 1].pointer,
        result: result?.pointer, sums: sums?.typed(Double.self)
      ))
    let size = x.dtype.byteCount
    let (dtype, length, rows) = (dtype, length, rows)
    // A seed times the weight, and the normalized number, which all sums and the result share.
    let perSeed = (factors == nil ? 0 : 1) + statistics.count
    // A product and a sum for the weight, a sum for the bias.
    let perParameter = (wanted.count > 1 && wanted[1] && weight != nil ? 2 : 0) + (bias != nil && wanted.last! ? 1 : 0)
    // Sums of seeds and of products, then the result of its seed, two means and the scale; one sum less without a mean.
    let perResult = result == nil ? 0 : statistics.count == 2 ? 7 : 5
    withExtendedLifetime((x, seeds, statistics, factors)) {
      guard Meter.begins(x.count * (perSeed + perParameter + perResult)) else { return }
      Parallel.run(parts, grain: 1) { first, last in
        for part in first..<last {
          let memory = memory.value
          let (begin, end) = (rows * part / parts, rows * (part + 1) / parts)
          let from = begin * length * size
          let sums = memory.sums.map { $0 + part * 2 * length }
          adj_normalize_slopes(
            dtype, memory.u + from, memory.x + from, Int64(end - begin), Int64(length), memory.weight,
            memory.mean.map { $0 + begin * size }, memory.scale + begin * size, memory.result.map { $0 + from },
            sums, sums.map { $0 + length })
        }
      }
    }
    let parameters = sums.map {
      Reduce.sumOfLeadingAxes($0, kept: 2 * length, result: [2, length]).copied(as: x.dtype)
    }
    func row(_ index: Int, _ shape: Shape) -> Tensor {
      Tensor(Storage(viewing: parameters!, shape: shape, strides: shape.rowMajorStrides, offset: index * length))
    }
    var results: [Tensor?] = [result.map { Tensor($0) }]
    if let weight { results.append(wanted[1] ? row(0, weight.shape) : nil) }
    if let bias { results.append(wanted[wanted.count - 1] ? row(1, bias) : nil) }
    return results
  }
}
