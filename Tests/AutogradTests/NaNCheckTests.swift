import Autograd
import Testing

struct NaNCheckTests {
  // MARK: - In the computation itself

  @Test func namesTheFirstOperatorWithElementInputAndLine() throws {
    let x = Tensor([[1.0], [2], [3], [0]])
    var line = 0
    // Outside of a macro, whose expansion would be the place.
    let finding = nanError {
      let y = exp(x)
      line = #line + 1
      let z = log(x)
      _ = (z * 0).sum() + y
    }
    let error = try #require(finding)
    #expect(error.operation == "log")
    #expect(error.index == [3, 0])
    #expect(error.result == -.infinity)
    #expect(error.inputs.map(\.value) == [0])
    #expect(error.derivativeOrder == 0 && error.derivativeOf == nil)
    #expect(error.file?.hasSuffix("NaNCheckTests.swift") == true)
    #expect(error.line == line)
    #expect("\(error)" == "log at NaNCheckTests.swift:\(line): element [3, 0] is -inf, its input was 0")
  }

  @Test(arguments: [DType.float32, .float64], [false, true])
  func recordedAndUnrecordedOperatorsOfEveryKind(_ dtype: DType, _ recorded: Bool) throws {
    func tensor(_ numbers: [Double], _ shape: Shape) -> Tensor {
      let tensor = Tensor(numbers, shape: shape).asType(dtype)
      return recorded ? tensor.tracked() : tensor
    }
    let big = dtype == .float32 ? Double(Float(1e30)) : 1e300
    func expect(_ operation: String, _ index: [Int], _ values: [Double?], _ body: () -> Tensor) {
      let error = nanError { _ = body() }
      #expect(error?.operation == operation)
      #expect(error?.index == index)
      #expect(error?.inputs.map(\.value) == values)
    }
    let x = tensor([1, 2, 1000, 4], [2, 2])
    expect("exp", [1, 0], [1000]) { exp(x) }
    expect("/", [1, 0], [0, 0]) { tensor([1, 0], [2, 1]) / tensor([2, 0], [2, 1]) }
    expect("/", [0, 1], [1, 0]) { tensor([1, 2], [2, 1]) / tensor([3, 0], [2]) }
    expect("/", [0], [1, 0]) { tensor([1], [1]) / 0.0 }
    let large = tensor([1, 1, big, big], [2, 2])
    expect("matmul", [1, 0], [nil, nil]) { matmul(large, large) }
    expect("matmul", [1, 0], [nil, nil, nil]) {
      matmul(large, large, adding: tensor([1, 1], [2]))
    }
    let three = Formula("three") { a, b, c in a * b * c }
    expect("three", [1], [1, big, big]) {
      three(tensor([1, 1], [2]), tensor([1, big], [2]), tensor([1, big], [2]))
    }
    // A sum that overflows, as a linear function and as a reduction of a formula.
    let half = dtype == .float32 ? 3e38 : 1.7e308
    expect("square.sum", [], [nil]) { Formula("square") { $0 * $0 }.sum(tensor([1, half], [2])) }
    expect("cumsum", [1], [nil]) { tensor([half, half], [2]).cumsum(axis: 0) }
    expect("sum", [], [nil]) { tensor([half, half], [2]).sum() }
  }

  @Test func rangesTellWhatAProductWasMadeOf() throws {
    let a = Tensor([1, 2, -3e30, 4], shape: [2, 2]).asType(.float32)
    let error = try #require(nanError { _ = matmul(a, a * 1e20) })
    #expect(error.operation == "*")
    let product = try #require(nanError { _ = matmul(a, a * 1e8) })
    // Of the row and the column.
    #expect(product.index == [0, 0] && product.inputs.map(\.range) == [1...2, Double(Float(-3e30) * 1e8)...1e8])
    #expect(product.inputs[0].value == nil)
    #expect("\(product)".contains("its inputs were float32 [2, 2] from 1 to 2 and float32 [2, 2] from"))
  }

  // MARK: - In derivatives

  @Test func infiniteSlopeIsFoundInTheGradientAndNamesTheForwardLine() throws {
    let x = Tensor([4.0, 0.0])
    var line = 0
    let f = { (x: Tensor) -> Tensor in
      line = #line + 1
      let root = sqrt(x)
      return (root * 2).sum()
    }
    let error = try #require(nanError { _ = grad(f)(x) })
    #expect(error.operation == "sqrt" && error.derivativeOf == "sqrt")
    #expect(error.derivativeOrder == 1)
    #expect(error.index == [1] && error.result == .infinity)
    #expect(error.file?.hasSuffix("NaNCheckTests.swift") == true && error.line == line)
    #expect(error.inputs.map(\.role) == ["cotangent", "result"])
    #expect("\(error)".hasSuffix("element [1] is inf, its inputs were cotangent 2 and result 0"))
    #expect("\(error)".hasPrefix("sqrt, in its derivative of order 1, at NaNCheckTests.swift:\(line): element [1]"))
    // Forward mode is a walk too; the value alone is in order.
    #expect(nanError { _ = jvp(f, at: x, along: Tensor([1.0, 1])) }?.derivativeOrder == 1)
    #expect(nanError { _ = f(x.tracked()) } == nil)
  }

  @Test func backwardOfAGraphFromOutsideNamesTheWalksOwnLine() throws {
    let x = Tensor([0.0], requiresGrad: true)
    let y = sqrt(x).sum()
    let line = #line + 1
    let finding = nanError { y.backward() }
    let error = try #require(finding)
    #expect(error.operation == "sqrt" && error.derivativeOrder == 1)
    #expect(error.line == line)
  }

  /// x |x|^0.5 has the slope 1.5 |x|^0.5, and that has an infinite slope at 0.
  private static let curve = Formula("curve") { x in
    let root = sqrt(Formula.select(x .< 0, -x, x))
    return (x * root).withSlope(in: x) { _ in 1.5 * root }
  }

  @Test func secondDerivativeOfOrderTwoInEveryComposition() throws {
    var line = 0
    let f = { (x: Tensor) -> Tensor in
      line = #line + 1
      let y = NaNCheckTests.curve(x)
      return y.sum()
    }
    let x = Tensor([1.0, 0.0])
    let v = Tensor([1.0, 1.0])
    #expect(nanError { _ = grad(f)(x) } == nil)
    let walks: [() -> Void] = [
      { _ = hvp(f, at: x, along: v) }, { _ = hvpReverse(f, at: x, along: v) },
      { _ = grad { (grad(f)($0) * v).sum() }(x) }, { _ = grad { jvp(f, at: $0, along: v).tangent }(x) },
      { _ = jvp({ jvp(f, at: $0, along: v).tangent }, at: x, along: v) },
    ]
    for (place, walk) in walks.enumerated() {
      let error = try #require(nanError(walk))
      #expect(error.operation == "curve" && error.derivativeOf == "curve", "\(error)")
      #expect(error.derivativeOrder == 2)
      #expect(error.index == [1])
      // Reading debug information takes seconds here.
      guard place % 2 == 0 else { continue }
      #expect(error.file?.hasSuffix("NaNCheckTests.swift") == true && error.line == line, "\(error)")
    }
  }

  @Test func aCheckpointAddsNoOrderAndHidesNoOperator() throws {
    let line = #line + 2
    let f = checkpoint { (x: Tensor) -> Tensor in
      let root = sqrt(x)
      return root * 2
    }
    let error = try #require(nanError { _ = grad { f($0).sum() }(Tensor([0.0])) })
    #expect(error.operation == "sqrt" && error.derivativeOrder == 1)
    #expect(error.index == [0] && error.file?.hasSuffix("NaNCheckTests.swift") == true && error.line == line)
    let inner = try #require(nanError { _ = checkpoint { (x: Tensor) in `where`(x .> 0, log(x), 1) }(Tensor([0.0])) })
    #expect(inner.operation == "log")
  }

  @Test func slopesComputedWithTheSumAreSeen() throws {
    let costly = Formula("costly") { x in sin(exp(x)) * sqrt(x) * tanh(x + 1) }
    var numbers = (0..<5000).map { 1 + Double($0) / 5000 }
    numbers[4321] = 0
    let x = Tensor(numbers)
    #expect(nanError { _ = costly.sum(x.tracked()) } == nil)
    for scale in [1.0, 3.0] {
      let error = try #require(nanError { _ = grad { costly.sum($0) * scale }(x) })
      #expect(error.operation == "costly" && error.derivativeOrder == 1 && error.index == [4321])
      #expect(error.inputs.map(\.value) == [scale, 0])
    }
  }

  @Test func sumsOfCotangentsAreSeen() throws {
    let half: Float = 3e38
    let b = Tensor([0.1, -0.1] as [Float])
    let rest = Tensor([[0.5, -0.5], [-0.5, 0.5], [0.1, -0.1]] as [[Float]])
    // Over the rows that a bias was broadcast to, and of two uses in place of the first.
    let rows = try #require(nanError { _ = grad { ((rest + $0) * half).sum() }(b) })
    #expect(rows.operation == "sum" && rows.derivativeOf == "+" && rows.derivativeOrder == 1)
    #expect(rows.inputs.map(\.shape) == [[3, 2]])
    let uses = try #require(nanError { _ = grad { ($0 * half).sum() + ($0 * half).mean() * 2 }(b) })
    #expect(uses.operation == "+" && uses.index == [0] && uses.derivativeOrder == 1)
    #expect(uses.inputs.map(\.value) == [Double(half), Double(half)])
  }

  // MARK: - What is not blamed

  @Test func whatComesInIsNotBlamed() {
    let nan = Tensor([1, Float.nan, Float.infinity])
    #expect(nanError { _ = (exp(nan) + nan * 2).sum() + log(nan) } == nil)
    let masked = Tensor([[0.5, -Float.infinity], [1, 2]])
    let f = { (x: Tensor) in square(softmax(x + masked) * Tensor([[1.0, 0], [1, 1]]) - logSumExp(x)).sum() }
    let x = Tensor([[1.0, 2], [3, 4]])
    let v = Tensor([[1.0, 2], [0.5, 0.25]])
    #expect(
      nanError {
        _ = grad(f)(x)
        _ = hvp(f, at: x, along: v)
        _ = softmax(`where`(x .> 3, -Double.infinity, x))
      } == nil)
  }

  @Test func nanOfInfinitiesIsBlamed() throws {
    let nothing = Tensor([[0.5, 1], [-Float.infinity, -Float.infinity]])
    let error = try #require(nanError { _ = softmax(nothing) })
    #expect(error.operation == "softmax" && error.index == [1, 0] && error.result.isNaN, "\(error)")
    let product = try #require(nanError { _ = f64(1, 0) * f64(.infinity, .infinity) })
    #expect(product.index == [1])
    #expect(product.inputs.map(\.value) == [0, .infinity])
  }

  /// Numbers given beside tensors are of float64: what does not fit float32 is finite all the same.
  @Test func aNumberThatDoesNotFitIsBlamed() throws {
    let x = Tensor([1.0] as [Float])
    func expect(
      _ operation: String, _ numbers: [Double], at location: SourceLocation = #_sourceLocation, _ body: () -> Void
    ) {
      let error = nanError(body)
      #expect(error?.operation == operation, "\(String(describing: error))", sourceLocation: location)
      #expect(error?.inputs.suffix(numbers.count).map(\.value) == numbers, sourceLocation: location)
    }
    expect("*", [1e300]) { _ = x * 1e300 }
    expect("+", [1e300]) { _ = x + 1e300 }
    expect("pow", [1e300]) { _ = pow(Tensor([1, 2] as [Float]), 1e300) }
    expect("clamp", [1e300, .infinity]) { _ = clamp(x, minimum: 1e300) }
    expect("where", [1e39]) { _ = `where`(x .> 2, x, 1e39) }
    let slope = try #require(nanError { _ = grad { ($0 * 1e39).sum() }(x) })
    #expect(slope.operation == "*" && slope.inputs.last?.value == 1e39)
    // What came in infinite is not blamed.
    #expect(nanError { _ = (x * .infinity, x + .nan, clamp(x, minimum: 0)) } == nil)
  }

  /// Where `x` is 0 the logarithm is infinite, and dropped.
  private final class Guarded: Function, @unchecked Sendable {
    let spoils: Bool
    init(spoils: Bool) { self.spoils = spoils }
    override func forward(_ inputs: [Tensor]) -> [Tensor] {
      let raw = log(inputs[0])
      return [spoils ? raw * 2 : `where`(inputs[0] .> 0, raw, 0)]
    }
  }

  @Test func whatAFunctionDropsItselfIsNotBlamed() throws {
    let x = Tensor([1.0, 0])
    #expect(nanError { _ = Guarded(spoils: false)(x) } == nil)
    #expect(nanError { _ = Guarded(spoils: true)(x) }?.operation == "log")
  }

  // MARK: - The scope

  @Test func theFirstOneCountsAndTheBodyRunsToItsEnd() {
    var ended = false
    let error = nanError {
      _ = exp(Tensor([1e4]))
      _ = log(Tensor([0.0]))
      ended = true
    }
    #expect(error?.operation == "exp" && ended)
  }

  @Test func scopesNestAndEnd() throws {
    let outer = nanError {
      #expect(nanError { _ = log(Tensor([0.0])) }?.operation == "log")
      #expect(nanError { _ = log(Tensor([1.0])) } == nil)
    }
    #expect(outer == nil)
    _ = log(Tensor([0.0]))
    let later = nanError {
      #expect(nanError { _ = log(Tensor([0.0])) } != nil)
      _ = exp(Tensor([1e4]))
    }
    #expect(later?.operation == "exp")
  }

  private struct Own: Error {}

  @Test func whicheverCameFirstIsThrown() {
    #expect(throws: Own.self) { try withNaNCheck { throw Own() } }
    #expect(throws: NaNError.self) {
      try withNaNCheck {
        _ = log(Tensor([0.0]))
        throw Own()
      }
    }
    #expect(throws: TensorError.self) {
      try withTensorErrors { try withNaNCheck { _ = log(Tensor([1.0, 2]) + Tensor([1.0, 2, 3])) } }
    }
    #expect(throws: NaNError.self) { try withTensorErrors { try withNaNCheck { _ = log(Tensor([0.0])) } } }
    // What misuse gives is a NaN that no operator made.
    #expect(throws: TensorError.self) {
      try withNaNCheck { try withTensorErrors { _ = exp(matmul(Tensor([1.0]), Tensor([1.0, 2]))).sum() } }
    }
  }

  @Test func changesNothingOfWhatIsComputed() throws {
    let x = cos(Tensor.arange(6000))
    let costly = Formula("costly") { x in sin(exp(-x * x)) * tanh(x) }
    let f = { (x: Tensor) in costly.sum(x) + (x * x + x).mean() + softmax(x).max() }
    let plain = (grad(f)(x), hvp(f, at: x, along: sin(x)))
    let watched = try withNaNCheck { (grad(f)(x), hvp(f, at: x, along: sin(x))) }
    #expect(plain.0.scalars(as: Float.self) == watched.0.scalars(as: Float.self))
    #expect(plain.1.scalars(as: Float.self) == watched.1.scalars(as: Float.self))
    let graph = f(x.tracked()).graph
    #expect(try withNaNCheck { f(x.tracked()).graph }?.description == graph?.description)
  }

  @Test func threadsAreChecksOfTheirOwn() async {
    let operations = await withTaskGroup(of: (Int, String?).self) { group in
      for index in 0..<8 {
        group.addTask {
          let bad = Tensor([Double(index % 2 == 0 ? 0 : 1)])
          guard index < 6 else {
            _ = log(Tensor([0.0]))
            return (index, nil)
          }
          return (index, nanError { for _ in 0..<50 { _ = log(bad) } }?.operation)
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(operations.compactMapValues { $0 } == [0: "log", 2: "log", 4: "log"])
  }

  /// The rows of a Hessian are shared out over threads otherwise, of which the check sees one only.
  @Test(arguments: [0, 130, 270, 399])
  func whateverThreadARowWouldBeComputedOn(_ element: Int) throws {
    // 3 b x^2 is finite at 1, 6 b x is not.
    var factors = Array(repeating: 1.0, count: 400)
    factors[element] = 4e307
    let b = Tensor(factors)
    let cubes = { (x: Tensor) in (x * x * x * b).sum() }
    let x = Tensor.ones([400], dtype: .float64)
    #expect(nanError { _ = valueAndGrad(cubes)(x) } == nil)
    let error = try #require(nanError { _ = try hessian(cubes)(x) })
    #expect(error.index.last == element && error.derivativeOrder == 2, "\(error)")
  }
}
