import Autograd
import Testing

/// Checkpoints and equations that read tracked tensors they were not given.
struct CaptureTests {
  private let x = cos(Tensor.arange(6, dtype: .float64)).reshaped([2, 3])
  private let w = sin(Tensor.arange(9, dtype: .float64)).reshaped([3, 3])

  // MARK: Checkpoints

  @Test func checkpointsOverAnOuterVariable() {
    // The variable, what was computed of it, both, the input's own history, and several results of one operation.
    let functions: [(Tensor, Tensor, ([Tensor]) -> Tensor) -> Tensor] = [
      { x, w, call in call([x * w.sum()]) },
      { x, w, call in call([x]) + call([call([x])]) },
    ]
    for make in functions {
      let f = { (p: [Tensor]) -> Tensor in
        let u = exp(p[1] * 0.1)
        return make(p[0], p[1]) { tanh(matmul($0[0] * u.mean(), p[1])) + matmul($0[0], u) }.sum()
      }
      let g = { (p: [Tensor]) -> Tensor in
        let u = exp(p[1] * 0.1)
        return make(p[0], p[1], checkpoint { tanh(matmul($0[0] * u.mean(), p[1])) + matmul($0[0], u) }.callAsFunction)
          .sum()
      }
      #expect(agreeToOrderTwo(f, g, at: [x, w]))
    }
  }

  @Test func onlyCapturedTensorsAreTracked() throws {
    let input = x
    let f = { (p: [Tensor]) in square(tanh(matmul(input, p[0]))).sum() }
    #expect(agreeToOrderTwo(f, { p in checkpoint { square(tanh(matmul($0, p[0]))).sum() }(input) }, at: [w]))
    // Given back as it is, and as a part of what is given back.
    let captured = w.tracked()
    let results = checkpoint { (x: Tensor) in [captured, matmul(x, captured)] }(x)
    (results[0] * 2 + results[1].sum()).sum().backward()
    #expect(near(captured.grad!, doubles(grad { (w: Tensor) in (w * 2 + matmul(x, w).sum()).sum() }(w))))
    let graph = try #require(results[1].graph)
    #expect(graph.entries.map(\.function) == ["leaf", "checkpoint"])
    // Nothing is captured where nothing is recorded, and constants are none.
    #expect(!withoutGrad { checkpoint { matmul($0, captured) }(x) }.isTracked)
    #expect(!checkpoint { (y: Tensor) in matmul(y, captured.detached()) }(x).isTracked)
  }

  @Test func severalResultsOfOneOperation() {
    let f = { (p: [Tensor]) -> Tensor in
      let parts = p[0].split(size: 1, axis: 1)
      let (values, _) = p[0].topK(2)
      return (exp(parts[0] * parts[2]) * values).sum()
    }
    let g = { (p: [Tensor]) -> Tensor in
      let parts = p[0].split(size: 1, axis: 1)
      let (values, _) = p[0].topK(2)
      return checkpoint { (y: Tensor) in exp(parts[0] * parts[2]) * values * y }(scalar(1)).sum()
    }
    #expect(agreeToOrderTwo(f, g, at: [w]))
  }

  @Test func checkpointsWithinCheckpoints() {
    let f = { (p: [Tensor]) -> Tensor in tanh(matmul(sin(p[0]) * p[0].sum(), p[1]) * sin(p[0])).sum() }
    let g = { (p: [Tensor]) -> Tensor in
      checkpoint { (x: Tensor) -> Tensor in
        let y = sin(x)
        return checkpoint { (z: Tensor) in tanh(matmul(y * p[0].sum(), p[1]) * z) }(y)
      }(p[0]).sum()
    }
    #expect(agreeToOrderTwo(f, g, at: [x, w]))
  }

  @Test func float32AndTaylorMode() {
    let single = w.asType(.float32)
    let captured = grad { w in checkpoint { (x: Tensor) in tanh(matmul(x, w)) }(x.asType(.float32)).sum() }(single)
    let plain = grad { w in tanh(matmul(x.asType(.float32), w)).sum() }(single)
    #expect(captured.dtype == .float32 && near(captured, doubles(plain), 1e-6))
    let v = cos(w * 2)
    let orders = directionalDerivatives(
      { w in checkpoint { (x: Tensor) in tanh(matmul(x, w)) }(x) }, at: w, along: v, order: 3)
    let expected = directionalDerivatives({ w in tanh(matmul(x, w)) }, at: w, along: v, order: 3)
    #expect(zip(orders, expected).allSatisfy { near($0, doubles($1), 1e-11) })
  }

  /// What differs from one evaluation to the next has no derivative: it is said.
  @Test func otherTensorsTheSecondTime() {
    let tensors = [w.tracked(), w.tracked()]
    var count = 0
    let y = checkpoint { (x: Tensor) -> Tensor in
      count += 1
      return matmul(x, tensors[count % 2])
    }(x).sum()
    let message = misuse { y.backward() }
    #expect(message?.hasPrefix("checkpoint: ") == true && message?.contains("[3, 3]") == true)
  }

  // MARK: Equations

  @Test func rootsOverAnOuterVariable() {
    let functions: [([Tensor]) -> Tensor] = [
      { p in try! rootSolve({ x, a in x * x - a * p[0] }, from: f64(1), at: f64(3)) },
      { p in try! rootSolve({ x, a in x * x - a * p[0] }, from: f64(1), at: p[0] * 1.5) },
      { p in
        let square = p[0] * p[0]
        return try! rootSolve({ x, a in x * x - a * square / p[0] }, from: f64(1), at: sin(p[0]))
      },
      { p in try! fixedPoint({ x, a in 0.5 * (x + a * p[0] / x) }, from: f64(1), at: p[0] * 1.5) },
    ]
    let known: [([Tensor]) -> Tensor] = [
      { sqrt($0[0] * 3) }, { $0[0] * 1.224744871391589 }, { sqrt(sin($0[0]) * $0[0]) }, { $0[0] * 1.224744871391589 },
    ]
    for (f, g) in zip(functions, known) {
      #expect(agreeToOrderTwo({ f($0).sum() }, { g($0).sum() }, at: [f64(2)], 1e-9))
    }
    #expect(near(grad { functions[0]([$0]).sum() }(f64(2)), [0.6123724356957945], 1e-12))
  }

  /// A system whose matrix is captured, by many plain steps that can be differentiated.
  @Test func systemsInEveryComposition() {
    let point = [w * 0.3, f64(0.4, -1, 0.3)]
    let implicit = { (p: [Tensor]) -> Tensor in
      let scaled = p[0] * 0.5
      return try! fixedPoint(
        { x, b in tanh(matmul(p[0], x) * 0.5 + b) + matmul(scaled, x) }, from: Tensor.zeros([3], dtype: .float64),
        at: p[1])
    }
    let unrolled = { (p: [Tensor]) -> Tensor in
      (0..<120).reduce(Tensor.zeros([3], dtype: .float64)) { x, _ in
        tanh(matmul(p[0], x) * 0.5 + p[1]) + matmul(p[0] * 0.5, x)
      }
    }
    let weights = f64(1, -2, 0.5)
    #expect(agreeToOrderTwo({ (implicit($0) * weights).sum() }, { (unrolled($0) * weights).sum() }, at: point, 1e-9))
  }

  @Test func leavesTakeTheirGradients() throws {
    let w = f64(2).tracked()
    try rootSolve({ x, a in x * x - a * w }, from: f64(1), at: f64(3)).sum().backward()
    #expect(near(try #require(w.grad), [0.6123724356957945], 1e-12))
    // Nothing is recorded within withoutGrad.
    #expect(!(try withoutGrad { try rootSolve({ x, a in x * x - a * w }, from: f64(1), at: f64(3)) }).isTracked)
    var count = 0
    let tensors = [w, f64(2).tracked()]
    var picks: Int { count < 1 ? 0 : 1 }
    let root = try rootSolve({ x, a in x * x - a * tensors[picks] }, from: f64(1), at: f64(3)).sum()
    count = 1
    let message = misuse { root.backward() }
    #expect(message?.hasPrefix("rootSolve: ") == true && message?.contains("did not read") == true)
  }

  @Test func examplesAndDenseDerivatives() throws {
    let points = f64(2, 3, 5)
    let slopes = { (w: Tensor) in
      vmap { (a: Tensor) in try! rootSolve({ x, a in x * x - a * w }, from: scalar(1), at: a) }(points)
    }
    let w = scalar(1.7)
    #expect(near(slopes(w), doubles(sqrt(points * w))))
    let gradient = grad { slopes($0).sum() }
    #expect(near(gradient(w), [(sqrt(points / w) / 2).sum().item()]))
    #expect(near(grad(gradient)(w), [(sqrt(points) * -0.25).sum().item() / (1.7 * 1.7.squareRoot())]))
    let captured = sin(Tensor.arange(4, dtype: .float64)) + 2
    let roots = { (w: Tensor) in try! rootSolve({ x, a in exp(x) - a * w }, from: Tensor.zeros(like: w), at: captured) }
    #expect((try jacobian(roots)(captured)).allClose((1 / captured).diagonalEmbedded(), relative: 1e-9))
    let H = try hessian { roots($0).sum() }(captured)
    #expect(H.allClose((-1 / square(captured)).diagonalEmbedded(), relative: 1e-9))
  }
}
