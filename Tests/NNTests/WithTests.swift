import NN
import Testing

/// Parameters bound to other tensors while a function runs.
@Suite struct WithTests {
  private let model = Sequential {
    Linear(weight: Tensor([[0.5, -0.3], [0.2, 0.8]] as [[Double]]), bias: Tensor([0.1, -0.2] as [Double]))
    Tanh()
    Linear(weight: Tensor([[1, -1]] as [[Double]]))
  }
  private let x = Tensor([[1, 2], [-0.5, 0.3], [0.7, -1.1]] as [[Double]])
  private var values: [Tensor] { model.parameters.map { $0.value.detached() } }

  private func refusal(_ body: () -> Void) -> String? {
    do {
      try withTensorErrors(body)
      return nil
    } catch { return "\(error)" }
  }

  @Test func aBoundParameterIsTheTensor() {
    let before = model(x)
    let bound = values.map { ($0 * 2).tracked() }
    let inside = model.with(bound) { model in
      for (parameter, tensor) in zip(model.parameters, bound) {
        #expect(parameter.value.isTracked && parameter.value.allClose(tensor, relative: 0, absolute: 0))
      }
      return model(x)
    }
    let after = model(x)
    #expect(after.allClose(before, relative: 0, absolute: 0) && !inside.allClose(before))
    // Copies and parts of the module have the same parameters.
    let copy = model
    #expect(model.with(bound) { _ in copy(x) }.allClose(inside, relative: 0, absolute: 0))
    #expect(model.state["0.weight"]!.allClose(values[0], relative: 0, absolute: 0))
    #expect(model.with(bound) { $0.state["0.weight"]! }.allClose(values[0] * 2, relative: 0, absolute: 0))
  }

  @Test func innerBindingsCountFirstAndEnd() throws {
    struct Stop: Error {}
    let weight = model.parameters[0]
    let (a, b) = (values.map { $0 + 1 }, values.map { $0 + 2 })
    func isAt(_ offset: Double) -> Bool { weight.value.detached().allClose(values[0] + offset) }
    func check() {
      let original = Tensor([[0.5, -0.3], [0.2, 0.8]] as [[Double]])
      #expect(weight.value.allClose(original + 1))
    }
    model.with(a) { model in
      check()
      model.with(b) { _ in #expect(weight.value.allClose(b[0])) }
      check()
      // A part alone: the others stay with the outer.
      (model.layers[2] as! Linear).with([b[2]]) { _ in
        check()
        #expect(model.parameters[2].value.allClose(b[2]))
      }
      #expect(model.parameters[2].value.allClose(a[2]))
      #expect(throws: Stop.self) { try model.with(b) { _ in throw Stop() } }
      check()
    }
    #expect(isAt(0))
  }

  @Test func otherThreadsSeeTheParametersThemselves() async {
    let parameter = Parameter(Tensor([1, 2]))
    struct One: Module { let p: Parameter }
    let one = One(p: parameter)
    await withTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          for _ in 0..<50 {
            let seen = one.with([Tensor([Float(index), 0])]) { $0.p.value.scalars(as: Float.self) }
            #expect(seen == [Float(index), 0] && one.p.value.scalars(as: Float.self) == [1, 2])
          }
        }
      }
    }
  }

  @Test func gradientsAreThoseOfAFunctionOfTensors() {
    let x = x
    let byHand = grad { (p: [Tensor]) in
      square(matmul(tanh(matmul(x, p[0].transposed()) + p[1]), p[2].transposed())).sum()
    }
    let found = grad { p in model.with(p) { square($0(x)).sum() } }(values)
    for (a, b) in zip(found, byHand(values)) { #expect(a.allClose(b, relative: 1e-12)) }
    #expect(model.parameters.allSatisfy { $0.grad == nil })
  }

  @Test func wrongValuesAreRefused() {
    var values = values
    #expect(
      refusal { model.with([values[0]]) { _ in } }
        == "Module.with: got 1 value for 3 parameters; give one for each, in their order")
    values[1] = Tensor.zeros([3], dtype: .float64)
    #expect(
      refusal { model.with(values) { _ in } }
        == "Module.with: the value for 0.bias is float64 [3], it must be float64 [2] as the parameter is")
    values[1] = Tensor.zeros([2])
    #expect(
      refusal { model.with(values) { _ in } }
        == "Module.with: the value for 0.bias is float32 [2], it must be float64 [2] as the parameter is")
  }

  @Test func boundParametersCannotBeChanged() {
    let words =
      "the float64 [2, 2] parameter is bound to another tensor here, by with(_:_:) or by a derivative with respect "
      + "to a module's parameters; change it outside, or compute with tensors of your own"
    let setting = refusal { model.with(values) { $0.parameters[0].value = Tensor.zeros([2, 2], dtype: .float64) } }
    #expect(setting == "Parameter.value: \(words)")
    square(model(x)).sum().backward()
    let optimizer = SGD(model, learningRate: 0.1)
    #expect(refusal { model.with(values) { _ in optimizer.step() } } == "SGD.step: \(words)")
    #expect(
      refusal {
        _ = grad(model) { _ in
          optimizer.step(); return model(x).sum()
        }
      } == "SGD.step: \(words)")
    #expect(model.parameters[0].value.allClose(Tensor([[0.5, -0.3], [0.2, 0.8]] as [[Double]])))
    optimizer.step()
  }

  @Test func backwardFillsTheLeavesThatBoundTensorsCameFrom() {
    let leaves = values.map { $0.tracked() }
    model.with(leaves) { square($0(x)).sum().backward() }
    let expected = withoutGrad { grad(model) { square($0(x)).sum() } }
    for (leaf, slope) in zip(leaves, expected) { #expect(leaf.grad!.allClose(slope, relative: 1e-12)) }
    #expect(model.parameters.allSatisfy { $0.grad == nil })
    // The parameters' gradients are theirs, also while they are bound.
    square(model(x)).sum().backward()
    model.with(values) { model in
      for (parameter, slope) in zip(model.parameters, expected) {
        #expect(parameter.grad!.allClose(slope, relative: 1e-12))
      }
      model.clearGrad()
    }
    #expect(model.parameters.allSatisfy { $0.grad == nil })
    let constant = refusal { model.with(values) { $0(x).sum().backward() } }
    #expect(constant?.hasPrefix("backward: the result depends on no tracked tensor") == true)
  }
}
