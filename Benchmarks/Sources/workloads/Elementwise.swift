import Autograd

/// A long pointwise expression over many elements: value and gradient of its sum.
extension Stopwatch {
  func elementwise(_ count: Int) {
    let x = Tensor(Inputs.fill(1, count: count).map { Float(0.5 + 1.5 * $0) }, shape: [count])
    let check: ((value: Tensor, gradient: Tensor)) -> [String: Double] = {
      ["loss": $0.value.item(), "gnorm": norm([$0.gradient])]
    }

    // The expression as one formula, summed without materialising it.
    let expression = Formula { x in sin(exp(-x * x)) * tanh(x) + x / (1 + x * x) }
    let fused = valueAndGrad { x in expression.sum(x) }
    measure {
      fused(x)
    } check: {
      check($0)
    }

    // The same as ordinary tensor code: an operator at a time.
    let ordinary = valueAndGrad { x in (sin(exp(-x * x)) * tanh(x) + x / (1 + x * x)).sum() }
    measure("ops") {
      ordinary(x)
    } check: {
      check($0)
    }
  }

  /// A hundred gradients of a hundred results, added up.
  func sineSeeds() {
    let points = Tensor.linspace(from: -.pi, to: .pi, count: 100)

    // 100 backward calls on one graph, each from one element.
    let x = points.tracked()
    measure("loop") {
      x.clearGrad()
      let y = sin(x)
      for i in 0..<100 { y[i].backward() }
      return x.grad!
    } check: {
      ["gnorm": norm([$0])]
    }

    // One walk that carries all 100 seeds on a leading axis.
    let seeds = Tensor.eye(100)
    measure("vec") {
      vjp(sin, at: points).pullback(seeds).sum(axis: 0)
    } check: {
      ["gnorm": norm([$0])]
    }
  }
}
