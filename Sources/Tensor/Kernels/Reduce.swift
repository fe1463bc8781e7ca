import CKernels

/// Reductions of a formula's result, which is never stored: a plain sum is that of the formula x.
enum Reduce {
  static let identity = Formula("identity") { x in x }

  /// Reduces over the axes that `mask` names (see `ReducedAxes`) of the inputs' common shape. `scale` is for
  /// sums. Nil after a report.
  static func run(
    _ reduction: adj_reduction, _ formula: Formula, _ inputs: some RandomAccessCollection<Storage>,
    mask: UInt32, keepDims: Bool, scale: Double = 1, parameters: SIMD2<Double> = .zero
  ) -> Storage? {
    guard let compute = formula.computeType(inputs), let shape = formula.broadcastShape(inputs) else { return nil }
    var reduced = Shape()
    var all = Shape()  // kept axes, then reduced ones
    var result = Shape()
    for axis in 0..<shape.rank {
      if ReducedAxes.contains(mask, axis, rank: shape.rank) {
        reduced.append(shape[axis])
        if keepDims { result.append(1) }
      } else {
        all.append(shape[axis])
        result.append(shape[axis])
      }
    }
    let keptRank = all.rank
    let keptStrides = all.rowMajorStrides
    let keptCount = all.elementCount
    for axis in 0..<reduced.rank { all.append(reduced[axis]) }
    let output = Storage(result, formula.resultType(0, compute) == .bool ? .int64 : compute)
    guard output.count > 0 else { return output }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: inputs.count + 1) { views in
      var index = 0
      for input in inputs {
        let strides = input.shape == shape ? input.strides : input.shape.strides(input.strides, broadcastTo: shape)
        views[index] = adj_view(input.pointer, ordered(strides, mask), input.dtype)
        index += 1
      }
      views[index] = adj_view(output.pointer, keptStrides, output.dtype)
      for axis in 0..<reduced.rank { views[index][stride: keptRank + axis] = 0 }
      let task = Task(
        formula: formula, reduction: reduction, compute: compute, scale: scale,
        keptCount: keptCount, reducedCount: reduced.elementCount)
      formula.withScalars(parameters, compute) { scalars in
        task.run(all, keptRank: keptRank, views, UnsafeSendable(scalars), output)
      }
    }
    return output
  }

  /// Sums a contiguous array of floating-point numbers over its first axes, or over all (`kept` 1).
  static func sumOfLeadingAxes(_ x: Storage, kept: Int, result shape: Shape, scale: Double = 1) -> Storage {
    let result = Storage(shape, x.dtype)
    let reduced = x.count / Swift.max(kept, 1)
    let inner = Shape(rows: kept, columns: reduced)
    guard kept > 0, x.count < Parallel.elementGrain else { return sumOfLargeLeadingAxes(x, kept, scale, result) }
    guard Meter.begins(x.count) else { return result }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 2) { views in
      views[0].data = x.pointer
      views[0].dtype = Int32(x.dtype.rawValue)
      views[0].strides.0 = 1
      views[0].strides.1 = Int64(kept)
      views[1].data = result.pointer
      views[1].dtype = Int32(x.dtype.rawValue)
      views[1].strides.0 = 1
      views[1].strides.1 = 0
      withUnsafePointer(to: inner.lengths) {
        adj_reduce(
          identity.raw, Formula.kernelType(x.dtype), ADJ_SUM, 1, 1,
          UnsafeRawPointer($0).assumingMemoryBound(to: Int64.self), views.baseAddress, nil,
          views.baseAddress! + 1, scale, false, 0, Int64(kept), 0, Int64(reduced))
      }
    }
    return result
  }

  /// The sum over all elements of a formula of contiguous floating-point inputs of one shape; nil where they are
  /// something else, or many.
  static func sumOfAll(
    _ formula: Formula, _ inputs: [Tensor], scale: Double, parameters: SIMD2<Double>
  ) -> Storage? {
    let first = inputs[0].storage
    guard first.dtype.isFloatingPoint, formula.isPlain, first.count < Parallel.elementGrain else { return nil }
    for input in inputs {
      guard input.storage.isContiguous, input.shape == first.shape, input.dtype == first.dtype else { return nil }
    }
    let result = Storage(Shape(), first.dtype)
    guard Meter.begins(first.count * (formula.program.flops + 1)) else { return result }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: inputs.count + 1) { views in
      for index in inputs.indices {
        views[index].setFlat(inputs[index].storage)
        views[index].strides.0 = 0
        views[index].strides.1 = 1
      }
      views[inputs.count].setFlat(result)
      views[inputs.count].strides.0 = 0
      views[inputs.count].strides.1 = 0
      var lengths = (Int64(1), Int64(first.count))
      formula.withScalars(parameters, first.dtype) { scalars in
        withUnsafePointer(to: &lengths) {
          adj_reduce(
            formula.raw, Formula.kernelType(first.dtype), ADJ_SUM, 1, 1,
            UnsafeRawPointer($0).assumingMemoryBound(to: Int64.self), views.baseAddress, scalars,
            views.baseAddress! + inputs.count, scale, false, 0, 1, 0, Int64(first.count))
        }
      }
    }
    return result
  }

  @inline(never)
  private static func sumOfLargeLeadingAxes(_ x: Storage, _ kept: Int, _ scale: Double, _ result: Storage) -> Storage {
    guard kept > 0 else { return result }
    let matrix = Storage(viewing: x, shape: [x.count / kept, kept], strides: [kept, 1])
    let sum = run(ADJ_SUM, identity, CollectionOfOne(matrix), mask: 2, keepDims: false, scale: scale)!
    return Storage(viewing: sum, shape: result.shape, strides: result.strides)
  }

  /// Kept axes first, then reduced ones.
  private static func ordered(_ strides: Strides, _ mask: UInt32) -> Strides {
    let rank = strides.rank
    var result = Strides()
    for axis in 0..<rank where !ReducedAxes.contains(mask, axis, rank: rank) { result.append(strides[axis]) }
    for axis in 0..<rank where ReducedAxes.contains(mask, axis, rank: rank) { result.append(strides[axis]) }
    return result
  }

  private struct Task: @unchecked Sendable {
    let formula: Formula
    let reduction: adj_reduction
    let compute: DType
    let scale: Double
    let keptCount: Int
    let reducedCount: Int

    /// Elements of one part of a long reduction. Fixed, so that sums do not depend on the machine.
    private static let partSize = 1 << 15
    /// Columns side by side that are summed at full speed.
    private static let fewestColumns = 64

    /// Of the reduced range, in a part of a long reduction.
    private var partLength: Int { Swift.max(1, Task.partSize / keptCount) }

    func run(
      _ shape: Shape, keptRank: Int, _ views: UnsafeMutableBufferPointer<adj_view>,
      _ scalars: UnsafeSendable<UnsafePointer<adj_scalar>?>, _ output: Storage
    ) {
      guard Meter.begins(keptCount * reducedCount * (formula.program.flops + 1)) || !compute.isFloatingPoint else {
        return
      }
      let space = IterationSpace(shape, views, keeping: keptRank)
      let reducedRank = space.shape.rank - space.keptRank
      let inputs = UnsafeSendable(views.baseAddress!)
      let outputView = UnsafeSendable(views.baseAddress! + formula.inputCount)
      space.withShape { lengths, _ in
        // Few elements at a time are gathered, or begin a sum of their own.
        let isScattered = reducedRank == 0 || lengths.value[space.shape.rank - 1] < 128
        let weight = formula.program.weight + (isScattered ? 8 : 0)
        if keptCount * reducedCount < Parallel.elementGrain / weight {
          return call(
            lengths, space.keptRank, reducedRank, inputs, scalars, outputView.value, 0..<keptCount,
            0..<reducedCount, scale)
        }
        let isByColumns = reducedRank > 0 && inputs.value[0][stride: space.shape.rank - 1] != 1
        let grain = Swift.max(
          isByColumns ? 2 * Task.fewestColumns : 1, Parallel.elementGrain / weight / Swift.max(reducedCount, 1))
        if keptCount >= 2 * grain || reducedCount < 2 * partLength {
          Parallel.run(keptCount, grain: grain) { begin, end in
            call(
              lengths, space.keptRank, reducedRank, inputs, scalars, outputView.value, begin..<end,
              0..<reducedCount, scale)
          }
        } else {
          runInParts(lengths, space.keptRank, reducedRank, inputs, scalars, outputView)
        }
      }
    }

    /// Few results of many elements each: parts of the reduced range, combined in a fixed order.
    private func runInParts(
      _ lengths: UnsafeSendable<UnsafePointer<Int64>>, _ keptRank: Int, _ reducedRank: Int,
      _ inputs: UnsafeSendable<UnsafeMutablePointer<adj_view>>,
      _ scalars: UnsafeSendable<UnsafePointer<adj_scalar>?>,
      _ output: UnsafeSendable<UnsafeMutablePointer<adj_view>>
    ) {
      let parts = (reducedCount + partLength - 1) / partLength
      // Partial sums in float64, so that splitting costs no accuracy.
      let partials = Storage([parts, keptCount], compute.isFloatingPoint ? .float64 : .int64)
      let storage = UnsafeSendable(partials.pointer)
      let keptStrides = UnsafeSendable(output)
      Parallel.run(parts, grain: 1) { begin, end in
        for part in begin..<end {
          var view = keptStrides.value.value.pointee
          view.data = storage.value + part * keptCount * 8
          view.dtype = Int32(partials.dtype.rawValue)
          let from = part * partLength
          call(
            lengths, keptRank, reducedRank, inputs, scalars, &view, 0..<keptCount,
            from..<Swift.min(from + partLength, reducedCount), 1)
        }
      }
      var target = output.value.pointee
      target.strides.0 = 1
      withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 1) { view in
        view[0] = adj_view(partials.pointer, [1, keptCount], partials.dtype)
        var shape = (Int64(keptCount), Int64(parts))
        withUnsafePointer(to: &shape) {
          let lengths = UnsafeRawPointer($0).assumingMemoryBound(to: Int64.self)
          adj_reduce(
            Reduce.identity.program.raw, compute.isFloatingPoint ? ADJ_F64 : ADJ_I64, reduction, 1, 1, lengths,
            view.baseAddress, nil, &target, scale, false, 0, Int64(keptCount), 0, Int64(parts))
        }
      }
    }

    private func call(
      _ lengths: UnsafeSendable<UnsafePointer<Int64>>, _ keptRank: Int, _ reducedRank: Int,
      _ inputs: UnsafeSendable<UnsafeMutablePointer<adj_view>>,
      _ scalars: UnsafeSendable<UnsafePointer<adj_scalar>?>, _ output: UnsafeMutablePointer<adj_view>,
      _ kept: Range<Int>, _ reduced: Range<Int>, _ scale: Double
    ) {
      adj_reduce(
        formula.program.raw, Formula.kernelType(compute), reduction, Int32(keptRank), Int32(reducedRank),
        lengths.value, inputs.value, scalars.value, output, scale, false, Int64(kept.lowerBound),
        Int64(kept.upperBound), Int64(reduced.lowerBound), Int64(reduced.upperBound))
    }
  }
}
