import NN
import Testing

/// Every transform with respect to a module's parameters, against the same of a function of tensors.
@Suite struct ModuleDerivativeTests {
  private let model = Sequential {
    Linear(
      weight: Tensor([[0.5, -0.3], [0.2, 0.8], [-0.6, 0.1]] as [[Double]]),
      bias: Tensor([0.1, 0, -0.2] as [Double]))
    Tanh()
    Linear(weight: Tensor([[1, -1, 0.5]] as [[Double]]))
  }
  private let x = Tensor([[1, 2], [-0.5, 0.3], [0.7, -1.1], [0, 1]] as [[Double]])
  private let target = Tensor([[1], [0], [-1], [0.5]] as [[Double]])
  private var values: [Tensor] { model.parameters.map { $0.value.detached() } }
  private var v: [Tensor] { values.map { cos($0 * 3) } }

  /// The same as functions of tensors.
  private func net(_ p: [Tensor], _ x: Tensor) -> Tensor {
    matmul(tanh(matmul(x, p[0].transposed()) + p[1]), p[2].transposed())
  }
  private func net(_ p: [Tensor]) -> Tensor { net(p, x) }
  private func loss(_ p: [Tensor]) -> Tensor { mse(net(p), target) }

  private func agree(_ a: [Tensor], _ b: [Tensor], _ what: String = "", tracked: Bool = false) {
    #expect(a.count == b.count)
    for (a, b) in zip(a, b) {
      #expect(a.shape == b.shape && a.dtype == b.dtype && a.allClose(b, relative: 1e-10, absolute: 1e-12), "\(what)")
      #expect(a.isTracked == tracked, "\(what)")
    }
  }

  @Test func gradients() {
    withoutGrad {
      agree(grad(model) { mse($0(x), target) }, grad(loss)(values))
      let (value, gradient) = valueAndGrad(model) { mse($0(x), target) }
      agree([value] + gradient, [loss(values)] + grad(loss)(values))
      let all = valueGradAndAuxiliary(model) { (mse($0(x), target), $0(x)) }
      agree([all.value, all.auxiliary] + all.gradient, [loss(values), net(values)] + grad(loss)(values))
    }
    #expect(model.parameters.allSatisfy { $0.grad == nil })
  }

  @Test func gradientsOfExamples() {
    let one = { (p: [Tensor], e: [Tensor]) in mse(net(p, e[0]), e[1]) }
    let expected = valueAndGradPerExample(one)(values, [x, target])
    withoutGrad {
      let found = valueAndGradPerExample(model, [x, target]) { mse($0($1[0]), $1[1]) }
      agree([found.values] + found.gradients, [expected.values] + expected.gradients)
      agree(gradPerExample(model, [x, target]) { mse($0($1[0]), $1[1]) }, expected.gradients)
      let mean = found.gradients.map { $0.mean(axis: 0) }
      agree(mean, grad(model) { mse($0(x), target) })
      var calls = 0
      let losses = { (model: Sequential, batch: [Tensor]) in
        calls += 1
        return square(model(batch[0]) - batch[1]).mean(axis: 1)
      }
      let atOnce = valueAndGradPerExampleOfBatch(model, [x, target], losses)
      agree([atOnce.values] + atOnce.gradients, [expected.values] + expected.gradients)
      agree(gradPerExampleOfBatch(model, [x, target], losses), expected.gradients)
      #expect(calls == 4)
    }
    // A result that leads on to the parameters.
    let slopes = gradPerExampleOfBatch(model, [x, target]) { square($0($1[0]) - $1[1]).mean(axis: 1) }
    agree(slopes.map { $0.detached() }, expected.gradients)
    #expect(slopes.allSatisfy { $0.isTracked })
  }

  @Test func productsWithTheJacobian() throws {
    try withoutGrad {
      let u = cos(target)
      let (y, pullback) = vjp(model) { $0(x) }
      agree([y] + pullback(u), [net(values)] + vjp(net, at: values).pullback(u))
      agree(pullback(stacked([u, 2 * u])).map { $0[1] }, pullback(2 * u))
      let pushed = jvp(model, along: v) { $0(x) }
      let expected = jvp(net, at: values, along: v)
      agree([pushed.value, pushed.tangent], [expected.value, expected.tangent])
      let (again, push) = linearize(model) { $0(x) }
      agree([again, push(v), push(v.map { $0 * 2 })], [expected.value, expected.tangent, expected.tangent * 2])
      let series = directionalDerivatives(model, along: v, order: 3) { $0(x) }
      agree(series, directionalDerivatives(net, at: values, along: v, order: 3))
      let several = directionalDerivatives(model, alongEach: [v, values], orders: [2, 1]) { $0(x) }
      agree(several.derivatives[0] + [several.value], Array(series[1...2]) + [series[0]])
      agree(several.derivatives[1], [jvp(net, at: values, along: values).tangent])
      let blocks = try jacobian(model) { $0(x) }
      agree(blocks, try jacobian(net)(values))
      agree(try jacobian(model, mode: .reverse) { $0(x) }, blocks)
      let two = try jacobian(model) { [$0(x), $0(-x)] }
      #expect(two.blocks[0][1].allClose(blocks[1]) && two.blocks.count == 2)
    }
  }

  @Test func secondOrder() throws {
    let expected = hvp(loss, at: values, along: v)
    try withoutGrad {
      let body = { (model: Sequential) in mse(model(x), target) }
      agree(hvp(model, along: v, body), expected)
      agree(hvpReverse(model, along: v, body), expected)
      agree(vhp(model, along: v, body).product, expected)
      let all = valueGradAndHVP(model, along: v, body)
      agree([all.value] + all.gradient + all.product, [loss(values)] + grad(loss)(values) + expected)
      let block = zip(v, values).map { stacked([$0, $1]) }
      agree(hvp(model, along: block, body).map { $0[0] }, expected)
      let dense = try hessian(model, body)
      agree([dense.matrix()], [try hessian(loss)(values).matrix()])
      agree([hessian(model, sparsity: .detected, body).dense()], [dense.matrix()])
      agree(hessianDiagonal(model, body), hessianDiagonal(loss)(values))
      agree(
        gaussNewtonProduct(model, along: v) {
          $0(x)
        } loss: {
          mse($0, target)
        },
        gaussNewtonProduct(net, loss: { mse($0, target) }, at: values, along: v))
      #expect(throws: MemoryBudgetError.self) { try hessian(model, memoryBudget: .bytes(8), body) }
      #expect(throws: MemoryBudgetError.self) { try jacobian(model, memoryBudget: .bytes(8)) { $0(x) } }
    }
  }

  @Test func checksAndCosts() {
    let body = { (model: Sequential) in mse(model(x), target) }
    #expect(checkHVP("loss", of: model, body).passed)
    #expect(checkGradients(order: 2, of: model, body).passed && checkSecondOrder(of: model, body).passed)
    let wrong = checkHVP("frozen", of: model) { mse($0(x) * $0(x).detached(), target) }
    #expect(!wrong.passed && wrong.function == "frozen")
    let (costs, expected) = (predictCost(of: model, body), predictCost(of: loss, at: values))
    #expect(costs.hvp.flops > costs.gradient.flops && costs.hessianBudget == expected.hessianBudget)
    #expect(costs.hessian.flops > 0 && predictJacobianCost(of: model) { $0(x) }.cost.flops > 0)
    #expect(model.parameters.allSatisfy { $0.grad == nil })
  }

  /// The case that gave zeros: an outer variable that is no parameter.
  @Test func outerVariables() throws {
    let w = v
    let pairs: [(String, (Tensor) -> Tensor, (Tensor) -> Tensor)] = [
      ("value", { x in valueAndGrad(model) { square($0(x)).sum() }.value }, { x in square(net(values, x)).sum() }),
      (
        "grad", { x in sum(grad(model) { square($0(x)).sum() }, w) },
        { x in sum(grad { square(net($0, x)).sum() }(values), w) }
      ),
      (
        "hvp", { x in sum(hvp(model, along: w) { square($0(x)).sum() }, w) },
        { x in sum(hvp({ square(net($0, x)).sum() }, at: values, along: w), w) }
      ),
      (
        "vjp", { x in sum(vjp(model) { $0(x) }.pullback(target), w) },
        { x in sum(vjp({ net($0, x) }, at: values).pullback(target), w) }
      ),
      (
        "operator", { x in sum(HessianOperator(model) { square($0(x)).sum() }(w), w) },
        { x in sum(HessianOperator({ square(net($0, x)).sum() }, at: values)(w), w) }
      ),
      (
        "Gauss-Newton operator",
        { x in
          sum(
            HessianOperator(gaussNewton: model) {
              $0(x)
            } loss: {
              exp($0).sum()
            }(w), w)
        },
        { x in sum(HessianOperator(gaussNewton: { net($0, x) }, loss: { exp($0).sum() }, at: values)(w), w) }
      ),
      (
        "hessian", { x in try! hessian(model) { square($0(x)).sum() }.matrix().trace() },
        { x in try! hessian { (p: [Tensor]) in square(net(p, x)).sum() }(values).matrix().trace() }
      ),
      (
        "examples", { x in sum(gradPerExample(model, x) { square($0($1)).sum() }.map { square($0).sum(axis: 0) }, w) },
        { x in
          sum(
            gradPerExample { (p: [Tensor], x) in square(net(p, x)).sum() }(values, x).map { square($0).sum(axis: 0) }, w
          )
        }
      ),
    ]
    for (name, ours, byHand) in pairs {
      // To an operator parameters are constants, and then nothing outside is left that results could lead to.
      let leads = !name.hasSuffix("operator")
      let (gradient, product) = (grad(byHand)(x), hvp(byHand, at: x, along: x))
      #expect(!gradient.isTracked && !product.isTracked, "\(name)")
      agree([grad(ours)(x)], [gradient], name, tracked: leads)
      agree([hvp(ours, at: x, along: x)], [product], name, tracked: leads)
      withoutGrad { agree([jvp(ours, at: x, along: x).tangent], [jvp(byHand, at: x, along: x).tangent], name) }
    }
  }

  private func sum(_ a: [Tensor], _ b: [Tensor]) -> Tensor {
    zip(a, b).reduce(Tensor(0.0, dtype: .float64)) { $0 + ($1.0 * $1.1).sum() }
  }

  /// An inner step of learning, differentiated: with respect to the parameters, the learning rate, and again.
  @Test func innerSteps() {
    func adapted(_ rate: Tensor) -> Tensor {
      let slopes = grad(model) { mse($0(x), target) }
      let stepped = zip(model.parameters, slopes).map { $0.value - rate * $1 }
      return model.with(stepped) { square($0(x * 2)).mean() }
    }
    func byHand(_ p: [Tensor], _ rate: Tensor) -> Tensor {
      square(net(zip(p, grad(loss)(p)).map { $0 - rate * $1 }, x * 2)).mean()
    }
    let rate = Tensor(0.3, dtype: .float64)
    withoutGrad {
      let outer = { (_: Sequential) in adapted(rate) }
      let expected = { (p: [Tensor]) in byHand(p, rate) }
      agree(grad(model, outer), grad(expected)(values))
      agree(hvp(model, along: v, outer), hvp(expected, at: values, along: v))
      agree(hvpReverse(model, along: v, outer), hvp(expected, at: values, along: v))
      agree(grad { p in model.with(p) { _ in adapted(rate) } }(values), grad(expected)(values))
      agree([grad(adapted)(rate)], [grad { byHand(values, $0) }(rate)])
      agree([grad(grad(adapted))(rate)], [grad(grad { byHand(values, $0) })(rate)])
      // Third order: the inner step is one of Newton's kind.
      let curved = { (_: Sequential) in sum(hvp(model, along: v) { mse($0(x), target) }, v) }
      let curvedByHand = { (p: [Tensor]) in sum(hvp(loss, at: p, along: v), v) }
      agree(grad(model, curved), grad(curvedByHand)(values))
      agree(hvp(model, along: v, curved), hvp(curvedByHand, at: values, along: v))
    }
  }

  /// Results lead on to the parameters' own leaves where something is recorded: no silent zero.
  @Test func backwardThroughAGradient() {
    let penalty = { (g: [Tensor]) in g.reduce(Tensor(0.0, dtype: .float64)) { $0 + square($1).sum() } }
    let (value, slopes) = valueAndGrad(model) { mse($0(x), target) }
    (value + penalty(slopes)).backward()
    let expected = grad { p in loss(p) + penalty(grad(loss)(p)) }(values)
    for (parameter, slope) in zip(model.parameters, expected) {
      #expect(parameter.grad!.allClose(slope, relative: 1e-10, absolute: 1e-12))
    }
    model.clearGrad()
  }

  @Test func operatorsFollowBoundTensors() {
    let w = v
    let ours = { p in model.with(p) { model in sum(HessianOperator(model) { mse($0(x), target) }(w), w) } }
    agree(
      grad(ours)(values), grad { p in sum(HessianOperator(loss, at: p)(w), w) }(values))
    #expect(HessianOperator(model) { mse($0(x), target) }(w).allSatisfy { !$0.isTracked })
  }

  @Test func aLossWithoutParametersHasZeros() throws {
    let zeros = values.map { Tensor.zeros(like: $0) }
    let constant = { (_: Sequential) in (x * 2).sum() }
    agree(grad(model, constant), zeros)
    agree(valueAndGrad(model, constant).gradient, grad { (_: [Tensor]) in (x * 2).sum() }(values))
    agree(hvp(model, along: v, constant), zeros)
    agree(vhp(model, along: v, constant).product, zeros)
    agree(hessianDiagonal(model, constant), zeros)
    agree(HessianOperator(model, loss: constant)(v), zeros)
    agree(HessianOperator(model, loss: constant).gradient, zeros)
    agree(HessianOperator(gaussNewton: model, results: { _ in x }, loss: { $0.sum() })(v), zeros)
    #expect(try hessian(model, constant).matrix().allClose(Tensor.zeros([12, 12], dtype: .float64)))
    // A module without parameters has no derivatives.
    #expect(grad(Tanh()) { $0(x).sum() }.isEmpty && hvp(Tanh(), along: []) { $0(x).sum() }.isEmpty)
    // One parameter of three.
    agree(withoutGrad { grad(model) { square($0.parameters[1].value).sum() } }, [zeros[0], values[1] * 2, zeros[2]])
  }

  @Test func float32AndMisuse() {
    let small = Sequential(seed: 3) {
      Linear(2, 2); Tanh()
    }
    let x = Tensor([[1, 2], [3, -1]])
    let slopes = withoutGrad { grad(small) { square($0(x)).sum() } }
    #expect(slopes.map(\.dtype) == [.float32, .float32] && slopes.map(\.shape) == [[2, 2], [2]])
    #expect(checkHVP(of: small) { square($0(x)).sum() }.passed)
    func refusal(_ body: () -> Void) -> String {
      do {
        try withTensorErrors(body)
        return ""
      } catch { return "\(error)" }
    }
    #expect(refusal { _ = grad(small) { $0(x) } }.hasPrefix("grad: the function's result is float32 [2, 2]"))
    #expect(
      refusal { _ = hvp(small, along: []) { $0(x).sum() } } == "hvp: the direction has 0 tensors, the input 2")
    #expect(
      refusal { _ = jvp(small, along: [x, x]) { $0(x) } }
        == "jvp: a tangent is float32 [2, 2], it must be float32 [2] as the input is")
  }
}
