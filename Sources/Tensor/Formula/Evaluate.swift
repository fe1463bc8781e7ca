import CKernels

/// What type a formula computes in, and what its results are.
extension Formula {
  /// The dtype to compute in, or nil after a report.
  func computeType(_ inputs: some Collection<Storage>) -> DType? {
    var found: DType?
    var position = 0
    for input in inputs {
      defer { position += 1 }
      if input.dtype == .bool && conditions[position] { continue }
      if let found, found != input.dtype {
        Misuse.report(
          label,
          "the dtypes differ, \(found) and \(input.dtype); convert one with asType(.\(found)) or asType(.\(input.dtype))"
        )
        return nil
      }
      found = input.dtype
    }
    let dtype = found ?? .bool
    if dtype.isFloatingPoint { return dtype }
    guard program.isIntegral else {
      Misuse.report(
        label, "needs floating-point numbers, got \(dtype); convert with asType(.float32) or asType(.float64)")
      return nil
    }
    if dtype == .bool && !predicates.allSatisfy({ $0 }) && !isSelection {
      Misuse.report(label, "has no meaning for bool; convert with asType(.int32) or asType(.float32)")
      return nil
    }
    return dtype
  }

  /// Formulas of nothing but `select` and `copy` pass bools through.
  private var isSelection: Bool {
    graph.needed(for: results).allSatisfy {
      if case .operation(let primitive, _, _, _) = graph.values[$0] {
        return primitive == .select || primitive == .copy
      }
      return true
    }
  }

  @inline(__always)
  func resultType(_ index: Int, _ compute: DType) -> DType { predicates[index] ? .bool : compute }

  /// The number type that kernels compute in for a dtype.
  static func kernelType(_ dtype: DType) -> adj_dtype {
    switch dtype {
    case .float32: ADJ_F32
    case .float64: ADJ_F64
    default: ADJ_I64
    }
  }

  /// Runs `body` with the program's scalars, parameters filled in.
  @inline(__always)
  func withScalars(
    _ parameters: SIMD2<Double>, _ compute: DType, _ body: (UnsafePointer<adj_scalar>?) -> Void
  ) {
    let table = compute.isFloatingPoint ? program.floatScalars : program.integerScalars
    table.withUnsafeBufferPointer { constants in
      guard parameterCount > 0 else { return body(constants.baseAddress) }
      withUnsafeTemporaryAllocation(of: adj_scalar.self, capacity: constants.count) { scalars in
        for index in constants.indices { scalars[index] = constants[index] }
        for index in 0..<parameterCount {
          scalars[index] =
            compute.isFloatingPoint ? adj_scalar(f: parameters[index]) : adj_scalar(i: Int64(parameters[index]))
        }
        body(scalars.baseAddress)
      }
    }
  }
}

// MARK: - Evaluation

extension Formula {
  /// Whether the program is to run over so many elements. One of integers or conditions runs in rehearsals, too:
  /// what they say may be looked at.
  @inline(__always)
  private func begins(_ count: Int, _ compute: DType) -> Bool {
    Meter.begins(count * program.flops) || !compute.isFloatingPoint || hasPredicates
  }

  /// The common shape of the inputs, or nil after a report.
  func broadcastShape(_ inputs: some Collection<Storage>) -> Shape? {
    var shape = Shape()
    for input in inputs {
      guard let wider = shape.broadcast(with: input.shape) else {
        let shapes = inputs.map { "\($0.shape)" }.joined(separator: " and ")
        Misuse.report(label, "the shapes \(shapes) do not broadcast; axes must be equal or 1, counted from the last")
        return nil
      }
      shape = wider
    }
    return shape
  }

  /// One input, one result.
  @inline(__always)
  func evaluate(_ x: Storage, _ parameters: SIMD2<Double>) -> Storage? {
    guard x.isContiguous, x.dtype.isFloatingPoint, isPlain else { return evaluate([x], parameters)?[0] }
    let result = Storage(like: x)
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 2) { views in
      views[0].setFlat(x)
      views[1].setFlat(result)
      runFlat(views.baseAddress!, x.count, x.dtype, parameters)
    }
    return result
  }

  /// Two inputs, one result.
  @inline(__always)
  func evaluate(_ x: Storage, _ y: Storage, _ parameters: SIMD2<Double>) -> Storage? {
    guard x.isContiguous, y.isContiguous, x.dtype == y.dtype, x.dtype.isFloatingPoint, isPlain,
      x.shape == y.shape
    else { return evaluateBroadcast(x, y, parameters) }
    let result = Storage(like: x)
    evaluate(x, y, into: result, parameters)
    return result
  }

  /// Two inputs of any layout that broadcast.
  @inline(never)
  private func evaluateBroadcast(_ x: Storage, _ y: Storage, _ parameters: SIMD2<Double>) -> Storage? {
    guard x.dtype == y.dtype, x.dtype.isFloatingPoint, isPlain, let shape = x.shape.broadcast(with: y.shape)
    else { return evaluate([x, y], parameters)?[0] }
    let result = Storage(shape, x.dtype)
    guard result.count > 0 else { return result }
    if x.isContiguous && y.isContiguous && x.shape == shape && y.shape == shape.last(y.shape.rank)
      && result.count < Swift.min(grain, 1 << 13) && scalarCount == 0
    {
      applyToRows(x, y, result)
      return result
    }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 3) { views in
      views[0] = adj_view(x.pointer, x.shape.strides(x.strides, broadcastTo: shape), x.dtype)
      views[1] = adj_view(y.pointer, y.shape.strides(y.strides, broadcastTo: shape), y.dtype)
      views[2] = adj_view(result)
      run(shape, views, result.count, x.dtype, parameters)
    }
    return result
  }

  /// A small array with the same row for each of its rows, as a layer's bias is added.
  private func applyToRows(_ x: Storage, _ y: Storage, _ result: Storage) {
    guard begins(x.count, x.dtype) else { return }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 3) { views in
      var shape = (Int64(x.count / y.count), Int64(y.count))
      views[0].setFlat(x)
      views[1].setFlat(y)
      views[2].setFlat(result)
      views[0].strides.0 = shape.1
      views[0].strides.1 = 1
      views[1].strides.0 = 0
      views[1].strides.1 = 1
      views[2].strides.0 = shape.1
      views[2].strides.1 = 1
      withUnsafePointer(to: &shape) {
        adj_run(
          raw, x.dtype == .float32 ? ADJ_F32 : ADJ_F64, 2, UnsafeRawPointer($0).assumingMemoryBound(to: Int64.self),
          views.baseAddress, nil, views.baseAddress! + 2, 0, Int64(x.count))
      }
    }
  }

  /// Inputs, then results, over a shape that all have.
  private func run(
    _ shape: Shape, _ views: UnsafeMutableBufferPointer<adj_view>, _ count: Int, _ compute: DType,
    _ parameters: SIMD2<Double>
  ) {
    guard begins(count, compute) else { return }
    let space = IterationSpace(shape, views)
    let base = UnsafeSendable(views.baseAddress!)
    withScalars(parameters, compute) { scalars in
      space.withShape { lengths, rank in
        let grain = stridedGrain(lengths.value, rank)
        if count < grain {
          adj_run(
            raw, Formula.kernelType(compute), rank, lengths.value, base.value, scalars, base.value + inputCount,
            0, Int64(count))
        } else {
          run(lengths, rank, base, count, compute, UnsafeSendable(scalars), grain)
        }
      }
    }
  }

  /// Two inputs and a result that are contiguous and of one shape and dtype; the result may be an input.
  @inline(__always)
  func evaluate(_ x: Storage, _ y: Storage, into result: Storage, _ parameters: SIMD2<Double> = .zero) {
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: 3) { views in
      views[0].setFlat(x)
      views[1].setFlat(y)
      views[2].setFlat(result)
      runFlat(views.baseAddress!, x.count, x.dtype, parameters)
    }
  }

  /// All operands contiguous and of one shape: inputs, then results.
  @inline(__always)
  private func runFlat(
    _ views: UnsafeMutablePointer<adj_view>, _ count: Int, _ compute: DType, _ parameters: SIMD2<Double>
  ) {
    guard count < grain, parameterCount == 0 || scalarCount == 1 else {
      return runLargeFlat(views, count, compute, parameters)
    }
    guard begins(count, compute) else { return }
    var length = Int64(count)
    let type = compute == .float32 ? ADJ_F32 : ADJ_F64
    if parameterCount == 0 {
      adj_run(raw, type, 1, &length, views, scalars, views + inputCount, 0, length)
    } else {
      var parameter = adj_scalar(f: parameters.x)
      adj_run(raw, type, 1, &length, views, &parameter, views + inputCount, 0, length)
    }
  }

  @inline(never)
  private func runLargeFlat(
    _ views: UnsafeMutablePointer<adj_view>, _ count: Int, _ compute: DType, _ parameters: SIMD2<Double>
  ) {
    withScalars(parameters, compute) { runFlat(views, count, compute, scalars: $0) }
  }

  /// All operands contiguous and of one shape, the program's scalars given.
  func runFlat(
    _ views: UnsafeMutablePointer<adj_view>, _ count: Int, _ compute: DType, scalars: UnsafePointer<adj_scalar>?
  ) {
    guard begins(count, compute) else { return }
    var length = Int64(count)
    if count < grain {
      adj_run(raw, Formula.kernelType(compute), 1, &length, views, scalars, views + inputCount, 0, length)
    } else {
      withUnsafePointer(to: &length) {
        run(UnsafeSendable($0), 1, UnsafeSendable(views), count, compute, UnsafeSendable(scalars), grain)
      }
    }
  }

  /// `grain` where operands are strided or repeat: short rows take about sixteen additions for each element, to be
  /// gathered.
  private func stridedGrain(_ shape: UnsafePointer<Int64>, _ rank: Int32) -> Int {
    if rank <= 1 { return grain }
    return Swift.max(Parallel.elementGrain / (program.weight + (shape[Int(rank) - 1] < 128 ? 16 : 2)), 1)
  }

  @inline(never)
  private func run(
    _ shape: UnsafeSendable<UnsafePointer<Int64>>, _ rank: Int32,
    _ views: UnsafeSendable<UnsafeMutablePointer<adj_view>>, _ count: Int, _ compute: DType,
    _ scalars: UnsafeSendable<UnsafePointer<adj_scalar>?>, _ grain: Int
  ) {
    let type = Formula.kernelType(compute)
    Parallel.run(count, grain: grain) { begin, end in
      adj_run(
        program.raw, type, rank, shape.value, views.value, scalars.value, views.value + inputCount,
        Int64(begin), Int64(end))
    }
  }

  /// Any number of inputs and results, any layout; one result may take the first input's memory, whose numbers nobody
  /// needs then. Nil after a report.
  @inline(never)
  func evaluate(
    _ inputs: [Storage], _ parameters: SIMD2<Double>, overwritingFirst isSpent: Bool = false
  ) -> [Storage]? {
    if let results = evaluateFlat(inputs, parameters, isSpent) { return results }
    guard let compute = computeType(inputs), let shape = broadcastShape(inputs) else { return nil }
    if !compute.isFloatingPoint && parameterCount > 0 && !parametersAreIntegral(parameters, compute) { return nil }
    let outputs = results.indices.map { Storage(shape, resultType($0, compute)) }
    guard shape.elementCount > 0 else { return outputs }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: inputs.count + outputs.count) { views in
      for (index, input) in inputs.enumerated() {
        views[index] = adj_view(
          input.pointer, input.shape.strides(input.strides, broadcastTo: shape), input.dtype)
      }
      for (index, output) in outputs.enumerated() { views[inputs.count + index] = adj_view(output) }
      run(shape, views, shape.elementCount, compute, parameters)
    }
    return outputs
  }

  /// Contiguous floating-point inputs of one shape, beside single numbers. Nil where something is otherwise.
  private func evaluateFlat(_ inputs: [Storage], _ parameters: SIMD2<Double>, _ overwritesFirst: Bool) -> [Storage]? {
    guard !hasPredicates, var widest = inputs.first else { return nil }
    for input in inputs where input.shape.rank > widest.shape.rank || input.count > widest.count { widest = input }
    guard widest.isContiguous, widest.dtype.isFloatingPoint, widest.count > 0 else { return nil }
    for input in inputs {
      guard input.dtype == widest.dtype,
        (input.isContiguous && input.shape == widest.shape)
          || (input.count == 1 && input.shape.rank <= widest.shape.rank)
      else { return nil }
    }
    let reused = overwritesFirst && inputs[0].shape == widest.shape ? program.overwriting : -1
    let outputs = results.indices.map { $0 == reused ? inputs[0] : Storage(like: widest) }
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: inputs.count + outputs.count) { views in
      for index in inputs.indices {
        views[index].setFlat(inputs[index])
        if inputs[index].count == 1 { views[index].strides.0 = 0 }
      }
      for index in outputs.indices { views[inputs.count + index].setFlat(outputs[index]) }
      runFlat(views.baseAddress!, widest.count, widest.dtype, parameters)
    }
    return outputs
  }

  private func parametersAreIntegral(_ parameters: SIMD2<Double>, _ compute: DType) -> Bool {
    for index in 0..<parameterCount where Int64(exactly: parameters[index]) == nil {
      Misuse.report(
        label,
        "cannot combine \(compute) numbers with \(parameters[index]); convert the tensor with asType(.float32)")
      return false
    }
    return true
  }
}
