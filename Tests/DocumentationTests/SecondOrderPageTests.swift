import Foundation
import NN
import Testing

/// The examples of Documentation/SecondOrder.md, in its order, as the one program that the page says they are: nothing
/// is declared for them here.
struct SecondOrderPageTests {
  @Test func examples() throws {
    var printed: [String] = []
    // What the examples print, to be compared with what stands beside them; their lines are not those of a program.
    func print(_ items: Any...) {
      let text = items.map { "\($0)" }.joined(separator: " ")
      printed.append(text.replacing(/SecondOrderPageTests\.swift:\d+/, with: "Loss.swift:2"))
    }

    // snippet
    func rosenbrock(_ x: Tensor) -> Tensor {
      let (a, b) = (x[..<(-1)], x[1...])
      return (100 * square(b - square(a)) + square(1 - a)).sum()
    }
    let x = Tensor([1.1, 1.2, 1.4], dtype: .float64)
    let v = Tensor([1, 0, 0], dtype: .float64)
    var generator = RandomGenerator(seed: 0)

    let H = HessianOperator(rosenbrock, at: x)  // recorded once
    let column = H(v)
    let step = try H.solve(-H.gradient, tolerance: 1e-8)  // conjugate gradients; in float32 ask for 1e-4
    let (smallest, largest) = try H.extremeEigenvalues(using: &generator)
    let trace = H.trace(samples: 32, using: &generator)

    let dense = try hessian(rosenbrock, memoryBudget: .gigabytes(1))(x)  // a tensor [3, 3]
    let sparse = hessian(rosenbrock, sparsity: .banded(1))(x)  // a SparseMatrix of 7 elements
    print(sparse(v), sparse.dense(), sparse.diagonal(), sparse.values)  // Hv without a dense matrix, ...
    // end
    #expect(!H.gradient.allClose(Tensor.zeros(like: x)))
    let expected = Tensor([[974, -440, 0], [-440, 1370, -480], [0, -480, 200]], dtype: .float64)
    #expect(dense.allClose(expected) && column.allClose(expected[0]))
    #expect(matmul(dense, step).allClose(-H.gradient, relative: 1e-6))
    #expect(smallest > 0 && smallest < 10 && largest > 1370 && largest < 2544)
    // Five standard deviations.
    #expect(Swift.abs(trace.item() - 2544) < 1150)
    #expect(sparse(v).allClose(column) && sparse.dense().allClose(expected))
    let single = HessianOperator(rosenbrock, at: x.asType(.float32))
    #expect(try single.solve(-single.gradient, tolerance: 1e-4).allClose(step.asType(.float32), relative: 1e-2))
    #expect(printed[0].contains("float64 [3, 3]"))

    // snippet
    struct Weights: TensorStructure {
      var matrix: Tensor
      var bias: Tensor?
      var tensors: [Tensor] { matrix.tensors + bias.tensors }
      func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Weights {
        Weights(matrix: matrix.rebuilt(from: &tensors), bias: bias.rebuilt(from: &tensors))
      }
      func difference(from other: Weights) -> String? { bias.difference(from: other.bias) }
    }
    let weights = Weights(
      matrix: Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float64), bias: Tensor([0.5, -1], dtype: .float64))
    print(weights.difference(from: Weights(matrix: weights.matrix))!)  // a value instead of nil
    let energy = { (w: Weights) in square(matmul(w.matrix, x) + w.bias!).sum() }
    let pull = grad(energy)(weights)  // Weights: pull.matrix, pull.bias
    let push = hvp(energy, at: weights, along: pull).matrix  // of the matrix's shape, [2, 3]
    // end
    #expect(pull.matrix.shape == [2, 3] && pull.bias!.shape == [2])
    #expect(push.allClose(2 * (matmul(pull.matrix, x) + pull.bias!).unsqueezed(axis: 1) * x))
    #expect(printed.last == "a value instead of nil")

    // snippet
    let blocks = try hessian(energy)(weights)
    let mixed = blocks[0, 1]  // matrix by bias: [2, 3] + [2]
    let whole = blocks.matrix()  // [8, 8]
    let J = try jacobian({ sin($0[..<2]) }, mode: .reverse)(x)  // [2, 3]: by rows; unless told, by the shorter side
    // end
    #expect(mixed.shape == [2, 3, 2] && whole.shape == [8, 8])
    #expect(whole[..<6, 6...].allClose(mixed.reshaped([6, 2])))
    #expect(try J.shape == [2, 3] && J.allClose(jacobian { sin($0[..<2]) }(x)))

    // snippet
    let bilinear = { (a: Tensor, b: Tensor) in (a * exp(b)).sum() }
    let (da, db) = hvp(bilinear, at: (x, v), along: (v, x))
    let paired = HessianOperator({ (p: Pair<Tensor, Tensor>) in bilinear(p.first, p.second) }, at: Pair(x, v))
    let both = paired(Pair(v, x))  // both.first, both.second
    // end
    #expect(both.first.allClose(da) && both.second.allClose(db))

    // snippet
    let along = directionalDerivatives(sin, at: x, along: v, order: 3)  // [u, u', u'', u'''], each [3]
    let block = directionalDerivatives(sin, at: x, along: Tensor.eye(3, dtype: .float64), order: 1)  // [3], then [3, 3]
    let (u, d) = directionalDerivatives(sin, at: x, alongEach: [v, x], orders: [2, 1])
    let (uv, uvv, ux) = (d[0][0], d[0][1], d[1][0])  // d[direction][order - 1], each [3]
    // end
    #expect(along.count == 4 && along[3].allClose(-cos(x) * v))
    #expect(block.map(\.shape) == [[3], [3, 3]])
    #expect(u.allClose(sin(x)) && uv.allClose(cos(x) * v) && uvv.allClose(-sin(x) * v) && ux.allClose(cos(x) * x))

    // snippet
    let sharpness = { (x: Tensor) in try! hessian(rosenbrock)(x).trace() }
    let third = grad(sharpness)(x)  // of third order
    let traces = try vmap { (x: Tensor) in try hessian(rosenbrock)(x).trace() }(Tensor::stacked([x, x + 0.1]))
    // end
    #expect(third.allClose(Tensor([2640, 2480, -400], dtype: .float64)))
    #expect(traces.shape == [2] && traces[0].allClose(dense.trace()))

    // snippet
    let inputs = Tensor([[0.5, -1], [1, 2], [-0.3, 0.7]])
    let targets = inputs.sum(axis: 1, keepDims: true)
    let model = Sequential(seed: 1) {
      Linear(2, 8)
      Tanh()
      Linear(8, 1)
    }
    let loss = { (model: Sequential) in square(model(inputs) - targets).mean() }
    let slopes = grad(model, loss)
    let product = hvp(model, along: slopes, loss)
    let curvature = gaussNewtonProduct(model, along: slopes) {
      $0(inputs)
    } loss: {
      square($0 - targets).mean()
    }
    let each = gradPerExample(model, [inputs, targets]) { model, example in
      square(model(example[0]) - example[1]).mean()
    }
    // end
    #expect(zip(each, slopes).allSatisfy { $0.mean(axis: 0).allClose($1, relative: 1e-4) })
    #expect(product.map(\.shape) == [[8, 2], [8], [1, 8], [1]] && curvature.map(\.shape) == product.map(\.shape))

    // snippet
    let (outputs, tangents) = jvp(model, at: inputs, along: Tensor.ones(like: inputs))
    let perExample = try vmap(jacobian { model($0) })(inputs)  // [3, 1, 2]
    // end
    #expect(outputs.allClose(model(inputs)))
    #expect(perExample.shape == [3, 1, 2] && perExample.sum(axis: -1).allClose(tangents, relative: 1e-5))

    // snippet
    let outer = grad(model) { model in
      let slopes = grad(model) { square($0(inputs) - targets).mean() }
      let stepped = zip(model.parameters, slopes).map { $0.value - 0.1 * $1 }
      return model.with(stepped) { square($0(2 * inputs)).mean() }  // of second order in the parameters
    }
    // end
    do {
      // (1 - 0.1 H) times the gradient at the parameters after the step.
      let stepped = zip(model.parameters, slopes).map { $0.value - 0.1 * $1 }
      let after = model.with(stepped) { model in grad(model) { square($0(2 * inputs)).mean() } }
      let expected = zip(after, hvp(model, along: after, loss)).map { $0 - 0.1 * $1 }
      #expect(zip(outer, expected).allSatisfy { $0.allClose($1, relative: 1e-4, absolute: 1e-6) })
    }

    // snippet
    let softsign = Formula { x in (x / (1 + abs(x))).withSlope(in: x) { _ in square(1 / (1 + abs(x))) } }
    // end
    #expect(grad { softsign($0).sum() }(-x).allClose(1 / square(1 + x)))

    // snippet
    final class Differences: LinearFunction, @unchecked Sendable {
      override func apply(_ x: Tensor) -> Tensor { x[..., 1...] - x[..., ..<(-1)] }
      override func transpose(_ u: Tensor) -> Tensor {
        let zero = Tensor.zeros(like: u[..., ..<1])
        return concatenated([zero, u], axis: -1) - concatenated([u, zero], axis: -1)
      }
    }
    final class Inner: BilinearFunction, @unchecked Sendable {
      override func apply(_ a: Tensor, _ b: Tensor) -> Tensor { (a * b).sum(axis: -1) }
      override func leftAdjoint(_ u: Tensor, _ b: Tensor) -> Tensor { u.unsqueezed(axis: -1) * b }
      override func rightAdjoint(_ u: Tensor, _ a: Tensor) -> Tensor { u.unsqueezed(axis: -1) * a }
    }
    let roughness = hessianDiagonal { (x: Tensor) in Inner()(Differences()(x), Differences()(x)) }(x)  // 2, 4, 2
    // end
    #expect(roughness.allClose(Tensor([2, 4, 2], dtype: .float64)))

    // snippet
    final class Cube: Function, @unchecked Sendable {
      override var saves: [Saved] { [.input(0)] }
      override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * inputs[0] * inputs[0]] }
      override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [cotangents[0].map { 3 * square(saved.input(0)) * $0 }]
      }
      override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [tangents[0].map { 3 * square(saved.input(0)) * $0 }]
      }
    }
    let cubes = { (x: Tensor) in Cube()(x).sum() }
    let bent = hvp(cubes, at: x, along: v)  // 6 x v
    print(checkHVP("cubes", of: cubes, at: x).passed)  // true: the rules agree with one another, and with differences
    // end
    #expect(bent.allClose(6 * x * v) && hvpReverse(cubes, at: x, along: v).allClose(bent))
    #expect(printed.last == "true")

    // snippet
    let costs = predictCost(of: rosenbrock, at: x)
    print(costs.gradient.flops, costs.hvp.peakBytes, costs.hessianBudget)
    let measured = TensorMemory.peak { TensorWork.flops { grad(rosenbrock)(x) }.flops }
    // end
    #expect(costs.gradient.flops == measured.result && measured.result > 7 * 2 && costs.hessianBudget > 8 * 9)

    // snippet
    let root = { (a: Tensor) in try! rootSolve({ x, a in exp(x) + x - a }, from: Tensor.zeros(like: a), at: a) }
    let bend = grad { grad { root($0).sum() }($0).sum() }(Tensor([1.0, 2.0]))
    // end
    // x' = 1 / (exp(x) + 1), x'' = -exp(x) x'^3; x = 0 solves a = 1.
    #expect(bend[0].allClose(Tensor(-0.125), relative: 1e-4))

    // snippet
    let layer = Linear(2, 2)
    let state = try fixedPoint({ z, x in tanh(0.3 * layer(z) + x) }, from: Tensor.zeros(like: inputs), at: inputs)
    state.sum().backward()  // the layer's gradients, without those of the steps
    // end
    #expect(state.allClose(tanh(0.3 * layer(state) + inputs), relative: 1e-5))
    expectGradients(of: layer) {
      (0..<50).reduce(Tensor.zeros(like: inputs)) { z, _ in tanh(0.3 * layer(z) + inputs) }
    }

    // snippet
    let deep = { (x: Tensor) in (0..<100).reduce(x) { y, _ in sin(y) + y } }
    let recomputed = grad { checkpoint(deep)($0).sum() }(Tensor([1.0, 2.0]))
    print(checkpoint(deep).memory(at: Tensor([1.0, 2.0])))  // keeps 8 bytes instead of 800
    // end
    #expect(recomputed.allClose(grad { deep($0).sum() }(Tensor([1.0, 2.0]))))
    #expect(printed.last == "keeps 8 bytes instead of 800")

    // snippet
    let hidden = checkpoint { (x: Tensor) in tanh(layer(x)) }
    hidden(inputs).sum().backward()  // fills the layer's gradients
    // end
    expectGradients(of: layer) { tanh(layer(inputs)) }

    // snippet
    let curvatures = try vmap(hessian { x in exp(x[0] * x[1]) })(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    // end
    do {
      let expected = try hessian { exp($0[0] * $0[1]) }(Tensor([3.0, 4.0]))
      #expect(curvatures.shape == [2, 2, 2] && curvatures[1].allClose(expected))
    }

    // snippet
    let (losses, gradients) = withoutGrad {
      valueAndGradPerExampleOfBatch(model, [inputs, targets]) { model, batch in
        square(model(batch[0]) - batch[1]).mean(axis: 1)
      }
    }
    // end
    do {
      #expect(losses.allClose(square(model(inputs) - targets).mean(axis: 1)))
      let second = grad(model) { square($0(inputs[1..<2]) - targets[1..<2]).mean() }
      #expect(zip(gradients, second).allSatisfy { $0[1].allClose($1, relative: 1e-5) })
    }

    // snippet
    let right = { (x: Tensor) in (x * exp(x)).sum() }
    print(checkHVP("right", of: right, at: x))
    // right: derivatives to order 2 agree in 10 numbers
    let frozen = { (x: Tensor) in (x * exp(x).detached()).sum() }  // gradient exp(x), Hessian 0
    print(checkHVP("frozen", of: frozen, at: x).failures[0].check)
    // Hv against the gradient's difference
    // end
    #expect(printed.dropLast().last == "right: derivatives to order 2 agree in 10 numbers")
    #expect(printed.last == "Hv against the gradient's difference")

    // snippet
    let closure = OperatorClosure.named("conv2d")!
    print(closure.passes(.forwardReverse, in: .float32))  // true: Hessian-vector products
    print(OperatorClosure.all.filter { $0.isDifferentiable && !$0.passes(.third, in: .float64) }.count)  // 0
    print(OperatorClosure.named("argmax")!.isDifferentiable)  // false
    // end
    #expect(printed.suffix(3) == ["true", "0", "false"])

    // snippet
    do {
      let slope = try withNaNCheck { grad { sqrt($0).sum() }(Tensor([4.0, 0])) }
      print(slope)
    } catch {
      print(error)
    }
    // sqrt, in its derivative of order 1, at Loss.swift:2: element [1] is inf, its inputs were cotangent 1 and result 0
    // end
    #expect(
      printed.last == "sqrt, in its derivative of order 1, at Loss.swift:2: element [1] is inf, "
        + "its inputs were cotangent 1 and result 0")

    // snippet
    do {
      let slope = try withStrictDerivatives { grad { relu($0).sum() }(Tensor([1.0, 0])) }
      print(slope)
    } catch {
      print(error)
    }
    // relu at Loss.swift:2: no derivative exists at element [1], at 0; its derivative is taken to be 0
    // end
    #expect(
      printed.last
        == "relu at Loss.swift:2: no derivative exists at element [1], at 0; its derivative is taken to be 0")

    // snippet
    final class Ramp: Function, @unchecked Sendable {
      override var saves: [Saved] { [.input(0)] }
      override func forward(_ inputs: [Tensor]) -> [Tensor] { [`where`(inputs[0] .> 0, inputs[0], 0)] }
      override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [cotangents[0].map { `where`(saved.input(0) .> 0, $0, 0) }]
      }
      override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [tangents[0].map { `where`(saved.input(0) .> 0, $0, 0) }]
      }
      override func kink(_ inputs: [Tensor], _ results: [Tensor]) -> Kink? {
        Kink(where: inputs[0] .== 0, of: inputs[0], convention: "its derivative is taken to be 0")
      }
    }
    // end
    let error = #expect(throws: NotDifferentiableError.self) {
      try withStrictDerivatives { grad { Ramp()($0).sum() }(Tensor([1.0, 0])) }
    }
    #expect(error?.index == [1] && error?.operation == "Ramp")
    #expect(jvp({ Ramp()($0) }, at: x, along: v).tangent.allClose(v))
  }

  /// Compares the gradients that a layer has with those of a result's sum, and clears both.
  private func expectGradients(of layer: Linear, like result: () -> Tensor) {
    let gradients = layer.parameters.map { $0.grad!.detached() }
    layer.clearGrad()
    result().sum().backward()
    for (gradient, parameter) in zip(gradients, layer.parameters) {
      #expect(gradient.allClose(parameter.grad!, relative: 1e-4, absolute: 1e-5))
    }
    layer.clearGrad()
  }

  /// The page by itself is a program: what its examples use stands in them.
  @Test func thePageCompilesByItself() throws {
    let page = try Documents.text(of: "Documentation/SecondOrder.md")
    let blocks = Documents.blocks(in: page, "```swift", "```")
    let program = ["import NN", "func page() throws {"] + blocks + ["}"]
    let errors = try Compiler.errors(of: program.joined(separator: "\n"))
    #expect(errors.isEmpty, "\(errors.joined(separator: "\n"))")
    #expect(blocks.count > 20 && page.contains("RandomGenerator(seed:"))
  }

  /// And it is this one, in this order.
  @Test func theseAreThePagesExamples() throws {
    let page = try Documents.text(of: "Documentation/SecondOrder.md")
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    #expect(Documents.blocks(in: page, "```swift", "```") == Documents.blocks(in: here, "// snippet", "// end"))
  }
}
