import CKernels

/// The sum of a formula's result and the formula's slopes, in one pass.
///
/// A gradient needs what the value needs (the exponentials, the sines) once more. Where a sum is recorded it
/// will be differentiated, so a costly formula computes value and slopes together; the pullback is then one
/// product.
enum SumAndSlopes {
  /// A cotangent times the slopes; only walks that record nothing use it.
  static let scaled = Formula("scaledSlope") { $0.applying(.strongMultiply, $1) }

  /// Elements evaluated at a time: their values stay in cache until they are summed.
  private static let blockLength = 1 << 13

  /// `formula`'s results are the value and the slopes; inputs are contiguous and of one shape and dtype.
  static func run(_ formula: Formula, _ inputs: [Storage], scale: Double) -> (sum: Storage, slopes: [Storage]) {
    let first = inputs[0]
    let slopes = formula.results.dropFirst().map { _ in Storage(like: first) }
    let blocks = (first.count + blockLength - 1) / blockLength
    let partials = Storage([blocks], .float64)
    let task = Task(formula: formula, inputs: inputs, slopes: slopes, partials: partials)
    if Meter.begins(first.count * (formula.program.flops + 1)) {
      Parallel.run(blocks, grain: 4) { begin, end in task.run(begin..<end) }
    }
    let total = Reduce.sumOfLeadingAxes(partials, kept: 1, result: [], scale: scale)
    return (first.dtype == .float64 ? total : total.copied(as: first.dtype), slopes)
  }

  private struct Task: @unchecked Sendable {
    let formula: Formula
    let inputs: [Storage]
    let slopes: [Storage]
    let partials: Storage

    func run(_ blocks: Range<Int>) {
      let dtype = inputs[0].dtype
      let values = Storage([blockLength], dtype)
      let arrays = inputs.count + 1 + slopes.count
      withUnsafeTemporaryAllocation(of: adj_view.self, capacity: arrays + 1) { views in
        for block in blocks {
          let begin = block * blockLength
          let count = Swift.min(blockLength, inputs[0].count - begin)
          for (index, input) in inputs.enumerated() { views[index].setFlat(input, from: begin) }
          views[inputs.count].setFlat(values, from: 0)
          for (index, slope) in slopes.enumerated() {
            views[inputs.count + 1 + index].setFlat(slope, from: begin)
          }
          var length = Int64(count)
          adj_run(
            formula.raw, Formula.kernelType(dtype), 1, &length, views.baseAddress, formula.scalars,
            views.baseAddress! + inputs.count, 0, length)
          views[arrays].setFlat(partials, from: block)
          adj_reduce(
            Reduce.identity.raw, Formula.kernelType(dtype), ADJ_SUM, 0, 1, &length,
            views.baseAddress! + inputs.count, nil, views.baseAddress! + arrays, 1, false, 0, 1, 0, length)
        }
      }
    }
  }
}

extension adj_view {
  /// A contiguous array as one axis, from an element on.
  @inline(__always)
  mutating func setFlat(_ storage: Storage, from element: Int = 0) {
    data = storage.pointer + element * storage.dtype.byteCount
    dtype = Int32(storage.dtype.rawValue)
    strides.0 = 1
  }
}
