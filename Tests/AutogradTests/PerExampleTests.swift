import Autograd
import Testing

struct PerExampleTests {
  private let points = sin(Tensor.arange(12, dtype: .float64) * 0.7).reshaped([4, 3])

  @Test func mapsRowsAndStructures() {
    #expect(near(vmap { (row: Tensor) in row.norm() }(points), doubles(points.norm(axes: [1]))))
    #expect(near(vmap({ (column: Tensor) in column.sum() }, axis: 1)(points), doubles(points.sum(axis: 0))))
    #expect(near(vmap({ (column: Tensor) in column.sum() }, axis: -1)(points), doubles(points.sum(axis: 0))))
    let products = vmap { (a: Tensor, b: Tensor) in dot(a, b) }(points, exp(points))
    #expect(near(products, doubles((points * exp(points)).sum(axis: 1))))
    let both = vmap { (row: Tensor) in ["first": row[0], "twice": row * 2] }(points)
    #expect(near(both["first"]!, doubles(points[.all, 0])) && both["twice"]!.shape == [4, 3])
  }

  @Test func controlFlowFollowsEachExample() {
    let steps = vmap { (x: Tensor) -> Tensor in
      var x = x
      while x.item() < 10 { x = x * 2 }
      return x
    }
    let x = f64(1, 3, 20)
    #expect(doubles(steps(x)) == [16, 12, 20])
    #expect(doubles(grad { steps($0).sum() }(x)) == [16, 4, 1])
  }

  /// Results of which only some have a history, or not all have one shape.
  @Test func resultsThatDiffer() {
    let w = scalar(2).tracked()
    let mixed = vmap { (x: Tensor) in x.item() > 1.5 ? x * w : x * 3 }(f64(1, 2, 3))
    #expect(doubles(mixed) == [3, 4, 6] && grad(of: mixed.sum(), withRespectTo: [w])[0].item() == 5)
    let late = vmap { (x: Tensor) in [x * 3, x.item() > 2.5 ? x * w : x] }(f64(1, 2, 3))
    #expect(doubles(late[0]) == [3, 6, 9] && doubles(late[1]) == [1, 2, 6] && late[1].isTracked)
    let shapes = { (x: Tensor) in x.item() > 2.5 ? Tensor.ones([2], dtype: .float64) : x }
    #expect(misuse { _ = vmap(shapes)(f64(1, 2, 3)) }!.contains("stacked"))
    let deeper = { (x: Tensor) in x.item() > 2.5 ? x.reshaped([1, 1]) : x }
    #expect(misuse { _ = vmap(deeper)(f64(1, 2, 3)) }!.contains("stacked"))
    let deep = { (_: Tensor) in Tensor.zeros([1, 1, 1, 1, 1, 1, 1, 1]) }
    #expect(misuse { _ = vmap(deep)(f64(1, 2)) }!.contains("rank 8 is the most"))
    #expect(vmap { (x: Tensor) in x.expanded(to: [2, 3]).transposed() }(f64(1, 2)).shape == [2, 3, 2])
  }

  @Test func insideAndAroundTransforms() throws {
    let f = { (x: Tensor) in (exp(x[0] * x[1]) * sin(x[2])) }
    let hessians = try vmap(hessian(f))(points)
    #expect(hessians.shape == [4, 3, 3])
    for row in 0..<4 { #expect(near(hessians[row].flattened(), doubles(try hessian(f)(points[row]).flattened()))) }
    let v = cos(points)
    let batched = { (x: Tensor) in (exp(x[.all, 0] * x[.all, 1]) * sin(x[.all, 2])).sum() }
    let mapped = { (x: Tensor) in vmap(f)(x).sum() }
    #expect(near(hvp(mapped, at: points, along: v).flattened(), doubles(hvp(batched, at: points, along: v))))
    #expect(near(hvpReverse(mapped, at: points, along: v).flattened(), doubles(hvp(batched, at: points, along: v))))
    #expect(near(vmap(grad(f))(points).flattened(), doubles(grad(batched)(points))))
  }

  @Test func gradientsPerExample() {
    let weights = [sin(Tensor.arange(6, dtype: .float64)).reshaped([3, 2]), f64(0.1, -0.2)]
    let targets = cos(Tensor.arange(8, dtype: .float64)).reshaped([4, 2])
    let loss = { (w: [Tensor], example: [Tensor]) in
      mse(tanh(matmul(example[0].unsqueezed(axis: 0), w[0], adding: w[1])), example[1].unsqueezed(axis: 0))
    }
    let (values, gradients) = valueAndGradPerExample(loss)(weights, [points, targets])
    #expect(values.shape == [4] && gradients[0].shape == [4, 3, 2] && gradients[1].shape == [4, 2])
    let whole = { (w: [Tensor]) in mse(tanh(matmul(points, w[0], adding: w[1])), targets) }
    #expect(near([values.mean().item()], [whole(weights).item()]))
    for (mean, expected) in zip(gradients.map { $0.mean(axis: 0) }, grad(whole)(weights)) {
      #expect(near(mean.flattened(), doubles(expected)))
    }
    let third = grad { loss($0, [points[2], targets[2]]) }(weights)
    #expect(near(gradPerExample(loss)(weights, [points, targets])[0][2].flattened(), doubles(third[0])))
  }

  @Test func withoutExamplesThereAreNoResults() throws {
    let none = points[..<0]
    let norms = vmap { (row: Tensor) in row.norm() }(none)
    #expect(norms.shape == [0] && norms.dtype == .float64)
    #expect(vmap({ (column: Tensor) in column * 2 }, axis: -1)(points[.all, ..<0]).shape == [0, 4])
    // What an example gives tells the shape: here of a loop, of an index, of a truth value, of a dense Hessian.
    let steps = vmap { (x: Tensor) -> Tensor in
      var x = x
      while x.sum().item() < 10 { x = x * 2 }
      return stacked([x, x])
    }
    #expect(steps(none).shape == [0, 2, 3])
    let rows = vmap { (index: Tensor, x: Tensor) in ["row": self.points.take(index), "positive": x .> 0] }
    let both = rows(Tensor.zeros([0], dtype: .int64), none)
    #expect(both["row"]!.shape == [0, 3] && both["positive"]!.shape == [0, 3] && both["positive"]!.dtype == .bool)
    #expect(try vmap(hessian { (x: Tensor) in square(x).sum() })(none).shape == [0, 3, 3])
    // They are constants: nothing depends on what is not there.
    let w = f64(1, 2, 3)
    #expect(doubles(grad { w in vmap { (x: Tensor) in log(dot(x, w)) }(none).sum() }(w)) == [0, 0, 0])
    #expect(grad { x in vmap { (x: Tensor) in sin(x) }(x).sum() }(none).shape == [0, 3])

    let loss = { (w: [Tensor], x: Tensor) in square(dot(w[0], x) + w[1]) }
    let (values, gradients) = valueAndGradPerExample(loss)([w, scalar(1)], none)
    #expect(values.shape == [0] && values.dtype == .float64)
    #expect(gradients.map(\.shape) == [[0, 3], [0]] && gradients.map(\.dtype) == [.float64, .float64])
  }

  private struct Negative: Error, Equatable { let number: Double }

  @Test func whatAFunctionThrowsIsThrownForTheFirstExample() throws {
    let root = { (x: Tensor) in
      if x.item() < 0 { throw Negative(number: x.item()) }
      return sqrt(x)
    }
    #expect(doubles(try vmap(root)(f64(4, 9))) == [2, 3])
    #expect(throws: Negative(number: -1)) { try vmap(root)(f64(4, -1, -2)) }
    let scaled = vmap { (x: Tensor, y: Tensor) in try root(x) * y }
    #expect(doubles(try scaled(f64(4, 9), f64(1, 2))) == [2, 6])
    #expect(throws: Negative(number: -3)) { try scaled(f64(4, -3), f64(1, 2)) }
    #expect(throws: MemoryBudgetError.self) {
      try vmap(hessian({ (x: Tensor) in exp(x).sum() }, memoryBudget: .bytes(8)))(points)
    }
  }

  @Test func misuseIsNamed() {
    #expect(misuse { _ = vmap(sin)(Tensor(1.0)) }?.contains("vmap: there is no axis 0") == true)
    #expect(
      misuse { _ = vmap { (x: [Tensor]) in x }([]) } == "vmap: needs tensors of one length along axis 0, got no tensors"
    )
    let unequal = misuse { _ = vmap { (a: Tensor, b: Tensor) in a + b }(Tensor.zeros([2]), Tensor.zeros([3])) }
    #expect(unequal?.contains("[2], [3]") == true)
  }
}
