import Autograd
import Testing

/// What `withNaNCheck` says of what transforms compute: operator, order, element and line.
struct NaNTransformTests {
  private func expect(
    _ error: NaNError?, _ operation: String, of derivativeOf: String? = nil, order: Int, _ index: [Int], line: Int?,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(error?.operation == operation, "\(String(describing: error))", sourceLocation: location)
    if let line {
      let isHere = error?.file?.hasSuffix("NaNTransformTests.swift") == true && error?.line == line
      #expect(isHere, "\(String(describing: error)) instead of line \(line)", sourceLocation: location)
    }
    #expect(error?.derivativeOf == derivativeOf ?? (order > 0 ? operation : nil), sourceLocation: location)
    #expect(error?.derivativeOrder == order && error?.index == index, sourceLocation: location)
  }

  // MARK: - Taylor mode

  @Test(arguments: 1...3) func taylorMode(_ order: Int) {
    var line = 0
    let (x, v) = (f64(1, 0), f64(1, 1))
    func along(_ order: Int, _ f: @escaping (Tensor) -> Tensor) -> NaNError? {
      nanError { let _: [Tensor] = directionalDerivatives(f, at: x, along: v, order: order) }
    }
    let root = along(order) { x in
      line = #line + 1
      let y = sqrt(x)
      return y
    }
    // Reading debug information takes seconds here.
    expect(root, "sqrt", order: 1, [1], line: order == 2 ? line : nil)
    // Derivatives below the order are in order themselves: x^1.5 has one at 0, x^2.5 has two.
    for smooth in 1...2 {
      let power = along(order) { x in
        line = #line + 1
        let y = pow(x, Double(smooth) + 0.5)
        return y
      }
      if order > smooth {
        expect(power, "pow", order: smooth + 1, [1], line: smooth == 1 ? line : nil)
      } else {
        #expect(power == nil)
      }
      let formula = Formula("energy", { x in pow(x, Double(smooth) + 0.5) })
      let sum = along(order) { x in
        line = #line + 1
        let y = formula.sum(x)
        return y
      }
      if order > smooth {
        expect(sum, "energy.sum", order: smooth + 1, [], line: order == 2 ? line : nil)
      } else {
        #expect(sum == nil)
      }
    }
  }

  /// x^1.5 by rules of its own.
  private final class Power: Function, @unchecked Sendable {
    override var name: String { "power" }
    override var saves: [Saved] { [.input(0)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [pow(inputs[0], 1.5)] }
    private func times(_ t: Tensor, _ saved: SavedTensors) -> Tensor { t * (1.5 * sqrt(saved.input(0))) }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [cotangents[0].map { times($0, saved) }]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [tangents[0].map { times($0, saved) }]
    }
  }

  @Test func taylorModeThroughEveryKind() {
    var line = 0
    func along(_ x: Tensor, _ v: Tensor, _ f: @escaping (Tensor) -> Tensor) -> NaNError? {
      nanError { let _: [Tensor] = directionalDerivatives(f, at: x, along: v, order: 2) }
    }
    // y'' = 2 x' x' overflows, y' does not.
    let one = Tensor([[1]] as [[Double]])
    let product = along(one, one * 1e200) { x in
      line = #line + 1
      let y = matmul(x, x)
      return y
    }
    expect(product, "matmul", order: 2, [0, 0], line: line)
    // A linear function of a second derivative.
    let sum = along(f64(1e77, 1e77), f64(9e153, 9e153)) { x in
      let y = x * x
      line = #line + 1
      let z = y.cumsum(axis: 0)
      return z
    }
    expect(sum, "cumsum", order: 2, [1], line: line)
    // The rule of a function, and what it is made of.
    let custom = along(f64(1, 0), f64(1, 1)) { x in
      line = #line + 1
      let y = Power()(x)
      return y
    }
    expect(custom, "sqrt", order: 2, [1], line: line)
  }

  // MARK: - Others

  /// A function whose second derivative is infinite at 0; and the line of the operator.
  private final class Curve {
    var line = 0
    func callAsFunction(_ x: Tensor) -> Tensor {
      line = #line + 1
      let y = pow(x, 1.5)
      return y.sum()
    }
  }

  @Test func hessiansOfEveryKind() {
    let curve = Curve()
    let f = { (x: Tensor) in curve(x) }
    let (x, v) = (f64(1, 0), f64(1, 1))
    let inside = nanError { _ = HessianOperator(f, at: x)(v) }
    expect(inside, "pow", order: 2, [1], line: curve.line)
    let outside = HessianOperator(f, at: x)
    let line = #line + 1
    let product = nanError { _ = outside(v) }
    expect(product, "pow", order: 2, [1], line: line)
    let sparse = nanError { _ = hessian(f, sparsity: .banded(0))(x) }
    expect(sparse, "pow", order: 2, sparse?.index ?? [], line: curve.line)
    #expect(sparse?.index.last == 1)
    let trace = nanError { _ = laplacian { x in pow(x, 1.5).sum(axis: -1) }(Tensor([[1.0, 2], [3, 0]])) }
    #expect(trace?.operation == "pow" && trace?.derivativeOrder == 2 && trace?.index.suffix(2) == [1, 1])
  }

  @Test func linearMaps() {
    var line = 0
    let f = { (x: Tensor) -> Tensor in
      line = #line + 1
      let y = sqrt(x)
      return y
    }
    let (x, v) = (f64(1, 0), f64(1, 1))
    let inside = nanError { _ = linearize(f, at: x).pushforward(v) }
    expect(inside, "sqrt", order: 1, [1], line: line)
    let pulled = nanError { _ = vjp(f, at: x).pullback(v) }
    expect(pulled, "sqrt", order: 1, [1], line: line)
  }

  @Test func examplesAreNamed() throws {
    let x = Tensor([[1, 2], [3, 0], [0, 1]] as [[Double]])
    var line = 0
    let error = nanError {
      _ = vmap { (x: Tensor) -> Tensor in
        line = #line + 1
        let y = log(x)
        return y
      }(x)
    }
    expect(error, "log", order: 0, [1], line: line)
    #expect(error?.examples == [1])
    #expect("\(error!)".contains(":\(line), example 1: element [1] is -inf"))
    let nested = nanError { _ = vmap(vmap { (x: Tensor) in 1 / x })(x) }
    #expect(nested?.operation == "/" && nested?.examples == [1, 1] && nested?.index == [])
    #expect("\(nested!)".contains(", example [1, 1]: element []"))
    let gradients = nanError { _ = gradPerExample { (w: Tensor, x: Tensor) in sqrt(w * x).sum() }(f64(1, 1), x) }
    #expect(gradients?.examples == [1] && gradients?.derivativeOrder == 1)
    #expect(nanError { _ = log(x) }?.examples == [])
  }

  @Test func aFunctionsOwnRuleIsBlamedOnItsCall() {
    final class Own: Function, @unchecked Sendable {
      override var name: String { "own" }
      override var saves: [Saved] { [.input(0)] }
      override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * 2] }
      override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
        [cotangents[0].map { $0 / saved.input(0) }]
      }
    }
    var line = 0
    let error = nanError {
      _ = grad { (x: Tensor) -> Tensor in
        line = #line + 1
        let y = Own()(x)
        return y.sum()
      }(f64(1, 0))
    }
    expect(error, "/", of: "own", order: 1, [1], line: line)
    #expect("\(error!)".hasPrefix("/, in the derivative of order 1 of own, at NaNTransformTests.swift:"))
  }

  // MARK: - Operators that are composed of others

  @Test func compositionsAreOneOperator() throws {
    let big = Tensor([[1, 1], [1e200, 1]] as [[Double]])
    func expect(_ operation: String, _ index: [Int], _ body: () -> Tensor) {
      let error = nanError { _ = body() }
      #expect(error?.operation == operation && error?.index == index, "\(String(describing: error))")
      #expect(OperatorClosure.named(error?.operation ?? "") != nil)
    }
    let vector = f64(1e200, 1)
    expect("matmul", [1]) { matmul(big, vector) }
    expect("einsum", [1]) { einsum("ij,j->i", [big, vector]) }
    expect("einsum", [0, 1]) { einsum("ij,kj->ki", [big, big[1...]]) }
    expect("norm", [1]) { big.norm(axes: [1]) }
    expect("dot", []) { dot(vector, vector) }
    expect("linear", [1, 0]) { linear(big, big[1...]) }
    expect("variance", [1]) { big.variance(axes: [1]) }
    expect("rmsNorm", [0, 0]) { rmsNorm(big * 0, eps: 0) }
    expect("conv1d", [0, 0]) { conv1d(big[1...], Tensor([[[1e200]]] as [[[Double]]])) }
    expect("avgPool1d", [0, 0]) { avgPool1d(Tensor([[1.7e308, 1.7e308]] as [[Double]]), 2) }
    expect("prod", [1]) { Tensor([[1, 1], [1e200, 1e200]] as [[Double]]).prod(axis: 1) }
  }

  @Test func theirDerivativesHaveTheirNames() throws {
    var line = 0
    let f = { (x: Tensor) -> Tensor in
      line = #line + 1
      let y = x.norm()
      return y
    }
    let finding = nanError { _ = hvp(f, at: f64(1e-160, 0), along: f64(1, 1)) }
    let error = try #require(finding)
    #expect(error.derivativeOf == "norm" && error.line == line, "\(error)")
    // Of a graph from outside, too.
    let y = cosineSimilarity(f64(0, 0).tracked(), f64(1e200, 1e200), axis: 0)
    let outside = nanError { y.backward() }
    #expect(outside.map { OperatorClosure.named($0.operation) != nil } ?? true)
  }

  @Test func misuseWithinACompositionIsNoNaN() {
    #expect(throws: TensorError.self) {
      try withNaNCheck { try withTensorErrors { _ = exp(einsum("ij,jk->ik", [f64(1), f64(1)])).sum() } }
    }
  }

  // MARK: - Numbers

  @Test func rangesAreThoseOfWhatTheElementWasMadeOf() throws {
    let a = Tensor([[1, 2], [3, 1e200]] as [[Double]])
    let product = try #require(nanError { _ = matmul(a, a.transposed()) })
    #expect(product.index == [1, 1] && product.inputs.map(\.range) == [3...1e200, 3...1e200])
    let affine = try #require(nanError { _ = matmul(a, a * 1e200, adding: f64(5, 6)) })
    #expect(affine.operation == "*")
    let rows = try #require(nanError { _ = matmul(a, a, adding: f64(5, 6)) })
    #expect(rows.index == [1, 1] && rows.inputs.map(\.range) == [3...1e200, 2...1e200, 6...6])
    let halves = Tensor([[1, 2], [1.7e308, 1.6e308]] as [[Double]])
    #expect(try #require(nanError { _ = halves.sum(axis: 1) }).inputs.map(\.range) == [1.6e308...1.7e308])
    #expect(
      try #require(nanError { _ = halves.sum(axis: 1, keepDims: true) }).inputs.map(\.range) == [1.6e308...1.7e308])
    let squares = try #require(nanError { _ = Formula("square") { $0 * $0 }.sum(a, axes: [0]) })
    #expect(squares.index == [1] && squares.inputs.map(\.range) == [2...1e200])
  }

  @Test func aNaNHasNoSign() throws {
    let error = try #require(nanError { _ = (f64(1, 0) / f64(1, 0)) })
    #expect("\(error)".hasSuffix("element [1] is nan, its inputs were 0 and 0"), "\(error)")
    let negated = try #require(nanError { _ = -(f64(0) / f64(0)) })
    #expect(!"\(negated)".contains("-nan"))
  }
}
