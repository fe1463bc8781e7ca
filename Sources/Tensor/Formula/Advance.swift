import CKernels

extension Formula {
  /// Evaluates a rule of learning where its numbers lie: no memory is asked for.
  ///
  /// The formula's inputs are the value, the gradient and what is kept; its results the new value, which goes
  /// to `target`, and the kept numbers anew, in their own memory. `target` may be the gradient's memory, and
  /// nobody else may hold it or what is kept.
  /// - Parameter numbers: The formula's parameters.
  /// - Precondition: All contiguous, of one shape and floating-point dtype.
  package func advance(
    _ value: Storage, _ gradient: Storage, _ kept: [Storage], _ numbers: [Double], into target: Storage
  ) {
    guard isWatched else { return run(value, gradient, kept, numbers, into: target) }
    // What is read is overwritten, and a check needs to see it.
    let before = ([value, gradient] + kept).map { Tensor($0.copied()) }
    _ = watched(before, numbers) {
      run(value, gradient, kept, numbers, into: target)
      return ([target] + kept).map { Tensor($0) }
    }
  }

  private func run(
    _ value: Storage, _ gradient: Storage, _ kept: [Storage], _ numbers: [Double], into target: Storage
  ) {
    let count = value.count
    guard count > 0 else { return }
    let inputs = 2 + kept.count
    withUnsafeTemporaryAllocation(of: adj_view.self, capacity: inputs + 1 + kept.count) { views in
      views[0].setFlat(value)
      views[1].setFlat(gradient)
      views[inputs].setFlat(target)
      for index in kept.indices {
        views[2 + index].setFlat(kept[index])
        views[inputs + 1 + index].setFlat(kept[index])
      }
      withUnsafeTemporaryAllocation(of: adj_scalar.self, capacity: scalarCount) { table in
        for index in 0..<scalarCount {
          table[index] = index < numbers.count ? adj_scalar(f: numbers[index]) : scalars[index]
        }
        runFlat(views.baseAddress!, count, value.dtype, scalars: table.baseAddress)
      }
    }
  }
}
