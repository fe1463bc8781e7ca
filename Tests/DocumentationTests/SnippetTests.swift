import CKernels
import Foundation
import NN
import Testing

/// Every Swift example in the documentation stands in this file, where it is compiled and run; a test
/// compares the two.
struct SnippetTests {
  @Test func rosenbrockInTenLines() {
    // snippet
    func rosenbrock(_ x: Tensor) -> Tensor {
      let (a, b) = (x[..<(-1)], x[1...])
      return (100 * square(b - square(a)) + square(1 - a)).sum()
    }
    let x = Tensor([0.5, -0.5, 1.5])
    let (value, gradient) = valueAndGrad(rosenbrock)(x)
    let product = hvp(rosenbrock, at: x, along: Tensor([1, 0, 0]))  // a column of the Hessian
    print(value, gradient, product, separator: "\n")
    // end

    // f = 100 (-0.75)^2 + 0.25 + 100 (1.25)^2 + 2.25; the column by hand.
    #expect(value.allClose(Tensor(215.0)))
    #expect(gradient.allClose(Tensor([149, 97, 250]), relative: 1e-5))
    #expect(product.allClose(Tensor([502, -200, 0]), relative: 1e-5))
  }

  @Test func costsBeforehand() {
    func rosenbrock(_ x: Tensor) -> Tensor {
      let (a, b) = (x[..<(-1)], x[1...])
      return (100 * square(b - square(a)) + square(1 - a)).sum()
    }
    let x = Tensor((0..<1000).map { Double($0 % 7) / 7 })
    // snippet
    let costs = predictCost(of: rosenbrock, at: x)
    print(costs.gradient.flops, costs.hvp.peakBytes, costs.hessianBudget)
    let measured = TensorMemory.peak { TensorWork.flops { grad(rosenbrock)(x) }.flops }
    // end

    #expect(costs.gradient.flops == measured.result && measured.result > 7 * 1000)
    #expect(costs.hessianBudget > 8 * 1000 * 1000)
  }

  @Test func derivativesOfSecondOrder() throws {
    func rosenbrock(_ x: Tensor) -> Tensor {
      let (a, b) = (x[..<(-1)], x[1...])
      return (100 * square(b - square(a)) + square(1 - a)).sum()
    }
    let x = Tensor([1, 1, 1] as [Double])
    let v = Tensor([1, 0, 0] as [Double])
    var generator = RandomGenerator(seed: 0)
    // snippet
    let H = HessianOperator(rosenbrock, at: x)  // recorded once
    let product = H(v)
    let step = try H.solve(-H.gradient, tolerance: 1e-8)  // conjugate gradients
    let (smallest, largest) = try H.extremeEigenvalues(using: &generator)
    let trace = H.trace(samples: 32, using: &generator)

    let dense = try hessian(rosenbrock, memoryBudget: .gigabytes(1))(x)
    let sparse = hessian(rosenbrock, sparsity: .banded(1))(x)
    // end

    let expected = Tensor([[802, -400, 0], [-400, 1002, -400], [0, -400, 200]] as [[Double]])
    #expect(dense.allClose(expected) && sparse.dense().allClose(expected))
    #expect(product.allClose(expected[0]) && step.allClose(Tensor.zeros(like: x)))
    #expect(smallest > 0 && smallest < 1 && largest > 1300 && largest < 2004)
    // Five standard deviations.
    #expect(Swift.abs(trace.item() - 2004) < 1000)
  }

  private func gradientsOfExamples() throws {
    let x = Tensor([[1.0, 2.0], [0.5, -1.0], [0.0, 1.0]])
    let y = x.sum(axis: 1, keepDims: true)
    let net = Sequential(seed: 1) {
      Linear(2, 8)
      Tanh()
      Linear(8, 1)
    }
    // snippet
    let (losses, gradients) = withoutGrad {
      valueAndGradPerExampleOfBatch(net, [x, y]) { net, batch in square(net(batch[0]) - batch[1]).mean(axis: 1) }
    }
    // end
    #expect(losses.allClose(square(net(x) - y).mean(axis: 1)))
    let second = grad(net) { square($0(x[1..<2]) - y[1..<2]).mean() }
    #expect(zip(gradients, second).allSatisfy { $0[1].allClose($1, relative: 1e-5) })
  }

  private func equilibriumLayer() throws {
    // snippet
    let layer = Linear(2, 2)
    let inputs = Tensor([[0.5, -1.0]])
    let state = try fixedPoint({ z, x in tanh(0.3 * layer(z) + x) }, from: Tensor.zeros(like: inputs), at: inputs)
    state.sum().backward()  // the layer's gradients, without those of the steps
    // end
    #expect(state.allClose(tanh(0.3 * layer(state) + inputs), relative: 1e-5))
    let gradients = layer.parameters.map { $0.grad!.detached() }
    layer.clearGrad()
    (0..<50).reduce(Tensor.zeros(like: inputs)) { z, _ in tanh(0.3 * layer(z) + inputs) }.sum().backward()
    for (gradient, parameter) in zip(gradients, layer.parameters) {
      #expect(gradient.allClose(parameter.grad!, relative: 1e-4, absolute: 1e-5))
    }
  }

  private func checkpointedLayer() {
    // snippet
    let layer = Linear(2, 2)
    let hidden = checkpoint { (x: Tensor) in tanh(layer(x)) }
    hidden(Tensor([[1.0, 2.0]])).sum().backward()  // fills the layer's gradients
    // end
    let gradients = layer.parameters.map { $0.grad!.detached() }
    layer.clearGrad()
    tanh(layer(Tensor([[1.0, 2.0]]))).sum().backward()
    for (gradient, parameter) in zip(gradients, layer.parameters) { #expect(gradient.allClose(parameter.grad!)) }
  }

  @Test func derivativesOfModules() {
    let x = Tensor([[0.5, -1], [1, 2], [-0.3, 0.7]])
    let (y, later) = (x.sum(axis: 1, keepDims: true), 2 * x)
    // snippet
    let model = Sequential(seed: 1) {
      Linear(2, 8)
      Tanh()
      Linear(8, 1)
    }
    let loss = { (model: Sequential) in square(model(x) - y).mean() }
    let slopes = grad(model, loss)
    let product = hvp(model, along: slopes, loss)
    let each = gradPerExample(model, [x, y]) { model, example in square(model(example[0]) - example[1]).mean() }
    // end
    #expect(zip(each, slopes).allSatisfy { $0.mean(axis: 0).allClose($1, relative: 1e-4) })
    #expect(product.map(\.shape) == [[8, 2], [8], [1, 8], [1]])

    // snippet
    let outer = grad(model) { model in
      let slopes = grad(model) { square($0(x) - y).mean() }
      let stepped = zip(model.parameters, slopes).map { $0.value - 0.1 * $1 }
      return model.with(stepped) { square($0(later)).mean() }  // of second order in the parameters
    }
    // end
    // (1 - 0.1 H) times the gradient at the parameters after the step.
    let stepped = zip(model.parameters, slopes).map { $0.value - 0.1 * $1 }
    let after = model.with(stepped) { model in grad(model) { square($0(later)).mean() } }
    let expected = zip(after, hvp(model, along: after, loss)).map { $0 - 0.1 * $1 }
    #expect(zip(outer, expected).allSatisfy { $0.allClose($1, relative: 1e-4, absolute: 1e-6) })
  }

  @Test func solutionsCheckpointsAndExamples() throws {
    // snippet
    let root = { (a: Tensor) in try! rootSolve({ x, a in exp(x) + x - a }, from: Tensor.zeros(like: a), at: a) }
    let curvature = grad { grad { root($0).sum() }($0).sum() }(Tensor([1.0, 2.0]))
    // end
    // x' = 1 / (exp(x) + 1), x'' = -exp(x) x'^3; x = 0 solves a = 1.
    #expect(curvature[0].allClose(Tensor(-0.125), relative: 1e-4))

    try equilibriumLayer()

    // snippet
    let deep = { (x: Tensor) in (0..<100).reduce(x) { y, _ in sin(y) + y } }
    let gradient = grad { checkpoint(deep)($0).sum() }(Tensor([1.0, 2.0]))
    print(checkpoint(deep).memory(at: Tensor([1.0, 2.0])))  // keeps 8 bytes instead of 800
    // end
    #expect(gradient.allClose(grad { deep($0).sum() }(Tensor([1.0, 2.0]))))
    #expect("\(checkpoint(deep).memory(at: Tensor([1.0, 2.0])))" == "keeps 8 bytes instead of 800")

    checkpointedLayer()

    try gradientsOfExamples()

    // snippet
    let curvatures = try vmap(hessian { x in exp(x[0] * x[1]) })(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    // end
    let expected = try hessian { exp($0[0] * $0[1]) }(Tensor([3.0, 4.0]))
    #expect(curvatures.shape == [2, 2, 2] && curvatures[1].allClose(expected))
  }

  @Test func trust() {
    var printed: [String] = []
    // What the examples print, to be compared with what stands beside them; their lines are not those of a program.
    func print(_ item: some Any) {
      printed.append("\(item)".replacing(/SnippetTests\.swift:\d+/, with: "Loss.swift:2"))
    }
    // snippet
    let x = Tensor([0.5, -1, 2])
    let energy = { (x: Tensor) in (x * exp(x)).sum() }
    print(checkHVP("energy", of: energy, at: x))
    // energy: derivatives to order 2 agree in 10 numbers
    let frozen = { (x: Tensor) in (x * exp(x).detached()).sum() }  // gradient exp(x), Hessian 0
    print(checkHVP("frozen", of: frozen, at: x).failures[0].check)
    // Hv against the gradient's difference
    // end
    #expect(printed.first == "energy: derivatives to order 2 agree in 10 numbers")
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
    #expect(printed.count == 7)
  }

  @Test func kinksOfAFunctionOfOnesOwn() {
    // snippet
    final class Ramp: Function, @unchecked Sendable {
      override var saves: [Saved] { [.input(0)] }
      override func forward(_ inputs: [Tensor]) -> [Tensor] { [`where`(inputs[0] .> 0, inputs[0], 0)] }
      override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [cotangents[0].map { `where`(saved.input(0) .> 0, $0, 0) }]
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
  }

  @Test func leavesAndBackward() {
    // snippet
    let w = Tensor([0, 1, 2, 3], requiresGrad: true)
    let y = 2 * dot(w, w)
    y.backward()
    print(w.grad!)  // [ 0.0,  4.0,  8.0, 12.0]  float32 [4]
    // end
    #expect("\(w.grad!)" == "[ 0.0,  4.0,  8.0, 12.0]  float32 [4]")
  }

  @Test func formulaOfOnesOwn() {
    // snippet
    let swish = Formula { x in x / (1 + exp(-x)) }
    let curvature = grad { grad { swish($0).sum() }($0).sum() }(Tensor([-1, 0, 1]))
    // end
    #expect(curvature[1].allClose(Tensor(0.5), relative: 1e-6))
    #expect(curvature[0].allClose(curvature[2], relative: 1e-5))
  }

  @Test func netInThreeLines() {
    let images = Tensor.ones([2, 64])
    let labels = Tensor([3, 4] as [Int])
    // snippet
    let model = Sequential {
      Linear(64, 128)
      ReLU()
      Linear(128, 10)
    }
    let optimizer = Adam(model, learningRate: 1e-3)
    optimizer.step(minimizing: crossEntropy(model(images), labels))
    // end
    #expect(model.namedParameters.map(\.name) == ["0.weight", "0.bias", "2.weight", "2.bias"])
  }

  @Test func netOfADifferentialEquation() {
    // snippet
    let solution = Sequential {
      Linear(1, 20)
      Tanh()
      Linear(20, 1)
    }
    let times = Tensor.linspace(from: 0, to: 3, count: 64).unsqueezed(axis: 1)
    let residual = {
      let (u, _, curvature) = directionalDerivatives(
        solution, at: times, along: Tensor.ones(like: times), order: 2)
      return square(curvature + u).mean()
    }
    Adam(solution, learningRate: 1e-2).step(minimizing: residual())
    // end
    let optimizer = Adam(solution, learningRate: 1e-2)
    let before = residual().item()
    for _ in 0..<50 { optimizer.step(minimizing: residual()) }
    #expect(residual().item() < 0.5 * before)
  }

  @Test func everyDocumentedExampleIsHere() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let here = try Set(Self.blocks(in: String(contentsOfFile: #filePath, encoding: .utf8), "// snippet", "// end"))
    var documents = [root.appending(path: "README.md")]
    documents += try FileManager.default.contentsOfDirectory(
      at: root.appending(path: "Documentation"), includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "md" }
    var count = 0
    for document in documents {
      let text = try String(contentsOf: document, encoding: .utf8)
      for block in Self.blocks(in: text, "```swift", "```") {
        count += 1
        #expect(here.contains(block), "an example in \(document.lastPathComponent) is not tested:\n\(block)")
      }
    }
    #expect(count >= 3)
  }

  /// What stands between two marks, without imports and indentation.
  private static func blocks(in text: String, _ begin: String, _ end: String) -> [String] {
    var blocks: [String] = []
    var block: [String]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let trimmed = line.trimmingCharacters(in: .whitespaces)
      if trimmed == begin {
        block = []
      } else if trimmed == end, let finished = block {
        blocks.append(finished.joined(separator: "\n"))
        block = nil
      } else if block != nil && !trimmed.isEmpty && !trimmed.hasPrefix("import ") {
        block!.append(trimmed)
      }
    }
    return blocks
  }
}
