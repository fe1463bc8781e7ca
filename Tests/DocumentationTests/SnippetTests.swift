import Foundation
import NN
import Testing

/// Every Swift example in the documentation stands in this file (those of the page on second order in one of their
/// own), where it is compiled and run; a test compares the two.
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
    let costs = predictCost(of: rosenbrock, at: x)
    let measured = TensorMemory.peak { TensorWork.flops { grad(rosenbrock)(x) }.flops }
    #expect(costs.gradient.flops == measured.result && measured.result > 7 * 1000)
    #expect(costs.hessianBudget > 8 * 1000 * 1000)
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
    let files = try ["SnippetTests", "SecondOrderPageTests"].map {
      try Documents.text(of: "Tests/DocumentationTests/\($0).swift")
    }
    let here = Set(files.flatMap { Documents.blocks(in: $0, "// snippet", "// end") })
    var count = 0
    for document in try Documents.all() {
      for block in Documents.blocks(in: try Documents.text(of: document), "```swift", "```") {
        count += 1
        #expect(here.contains(block), "an example in \(document) is not tested:\n\(block)")
      }
    }
    #expect(count >= 3)
  }
}
