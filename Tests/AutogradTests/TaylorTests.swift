import Autograd
import CKernels
import Testing

@testable import Tensor

struct TaylorTests {
  private func all(_ f: @escaping (Tensor) -> Tensor, at x: Double, order: Int, along v: Double = 1)
    -> [Double]
  {
    directionalDerivatives(f, at: scalar(x), along: scalar(v), order: order).map { $0.item() }
  }

  // MARK: - Closed forms

  @Test func elementaryFunctionsToOrderSix() {
    let (s, c) = (sin(0.7), cos(0.7))
    #expect(near(all(sin, at: 0.7, order: 6), [s, c, -s, -c, s, c, -s], 1e-14))
    #expect(near(all(cos, at: 0.7, order: 6), [c, -s, -c, s, c, -s, -c], 1e-14))
    #expect(near(all(exp, at: 0.7, order: 6), Array(repeating: exp(0.7), count: 7), 1e-14))
    let powers = [1.0, 2, 4, 8, 16].map { $0 * exp(0.5) }
    #expect(near(all(exp, at: 0.5, order: 4, along: 2), powers, 1e-14))
    #expect(near(all(log, at: 2, order: 5), [log(2.0), 0.5, -0.25, 0.25, -0.375, 0.75], 1e-14))
    #expect(near(all(sqrt, at: 4, order: 4), [2, 0.25, -0.03125, 0.01171875, -0.00732421875], 1e-14))
    #expect(near(all(reciprocal, at: 2, order: 4), [0.5, -0.25, 0.25, -0.375, 0.75], 1e-14))
    #expect(near(all(tan, at: 0, order: 5), [0, 1, 0, 2, 0, 16], 1e-14))
  }

  @Test func polynomials() {
    #expect(all({ pow($0, 5) }, at: 2, order: 6) == [32, 80, 160, 240, 240, 120, 0])
    // Where powers have their zero, too.
    #expect(all({ pow($0, 3) }, at: 0, order: 5) == [0, 0, 0, 6, 0, 0])
    #expect(all({ $0 * $0 * $0 - 2 * square($0) + 7 }, at: 3, order: 4) == [16, 15, 14, 6, 0])
    #expect(all({ $0 * 3 }, at: 3, order: 3) == [9, 3, 0, 0])
    #expect(all({ _ in scalar(4) }, at: 3, order: 2) == [4, 0, 0])
    #expect(all({ $0 }, at: 3, order: 2, along: 5) == [3, 5, 0])
  }

  /// tanh: 0, 1, 0, -2, 0, 16, 0, -272.
  @Test func tanhAtItsCentre() {
    #expect(all(tanh, at: 0, order: 7) == [0, 1, 0, -2, 0, 16, 0, -272])
  }

  @Test func productsAndQuotients() {
    // (x e^x)^(k) = (x + k) e^x.
    let expected = (0...6).map { (0.5 + Double($0)) * exp(0.5) }
    #expect(near(all({ $0 * exp($0) }, at: 0.5, order: 6), expected, 1e-13))
    // 1 / (1 - x) at 0: k!.
    #expect(near(all({ 1 / (1 - $0) }, at: 0, order: 6), [1, 1, 2, 6, 24, 120, 720], 1e-13))
    // x^2 / x^3 = 1 / x.
    let quotient = all({ square($0) / pow($0, 3) }, at: 2, order: 4)
    #expect(near(quotient, all(reciprocal, at: 2, order: 4), 1e-12))
  }

  @Test func branchesAreChosenByTheValue() {
    #expect(all({ abs($0) * $0 }, at: -3, order: 3) == [-9, 6, -2, 0])
    #expect(all({ abs($0) }, at: 0, order: 2) == [0, 0, 0])
    #expect(all({ `where`($0 .> 0, sqrt($0), 0) }, at: 0, order: 3) == [0, 0, 0, 0])
    #expect(all({ relu($0) * $0 }, at: 2, order: 3) == [4, 4, 2, 0])
    #expect(all({ maximum(square($0), $0) }, at: 3, order: 2) == [9, 6, 2])
    #expect(all({ minimum(square($0), $0) }, at: 3, order: 2) == [3, 1, 0])
    #expect(all({ floor($0) + $0 }, at: 2.5, order: 2) == [4.5, 1, 0])
    // A direction that stands still, where the slope is infinite.
    #expect(all({ sqrt($0) }, at: 0, order: 3, along: 0) == [0, 0, 0, 0])
  }

  // MARK: - Kinds of function

  @Test func formulasWithStatedSlopes() {
    let stable = Formula("stable") { x in (1 / (1 + exp(-x))).withSlope(in: x) { y in y * (1 - y) } }
    for x in [0.3, -2.0] {
      #expect(near(all({ stable($0) }, at: x, order: 5), all(sigmoid, at: x, order: 5), 1e-13))
    }
    // Where the formula itself overflows, only the stated slope is finite.
    #expect(all({ stable($0) }, at: -800, order: 3) == [0, 0, 0, 0])
    // A stated slope counts, also where it is not the function's own.
    let odd = Formula("odd") { x in (2 * x).withSlope(in: x) { _ in x * x } }
    #expect(all({ odd($0) }, at: 3, order: 3) == [6, 9, 6, 2])
  }

  @Test func formulasWithSeveralInputsAndResults() {
    let polar = Formula("polar", inputs: 2) { v in [v[0] * cos(v[1]), v[0] * sin(v[1]), v[1]] }
    let all = directionalDerivatives(
      { (p: [Tensor]) in polar(p) }, at: [scalar(2), scalar(0.5)], along: [scalar(1), scalar(1)], order: 2)
    // (2 + t) cos(0.5 + t).
    let (c, s) = (cos(0.5), sin(0.5))
    let (x, y) = ([2 * c, c - 2 * s, -2 * s - 2 * c], [2 * s, s + 2 * c, 2 * c - 2 * s])
    #expect(near(all.map { $0[0].item() }, x, 1e-14) && near(all.map { $0[1].item() }, y, 1e-14))
    #expect(all.map { $0[2].item() } == [0.5, 1, 0])
  }

  /// Formulas grow with the square of the order: equal values are shared.
  @Test func formulasStaySmall() {
    let long = Formula("long") { x in sin(exp(-x * x)) * tanh(x) + x / (1 + x * x) }
    let tanhOnly = Formula("tanh") { x in tanh(x) }
    func steps(_ formula: Formula, _ order: Int) -> Int {
      let key = SeriesKey(layout: SeriesLayout([order]), present: [1])
      return formula.plan(wanted: PositionSet([0]), resultsKept: true).series(key).formula!.program.instructionCount
    }
    #expect(steps(tanhOnly, 4) < 24 && steps(tanhOnly, 8) < 4 * steps(tanhOnly, 4))
    #expect(steps(long, 4) < 200 && steps(long, 8) < 4 * steps(long, 4))
  }

  private final class SinCos: Function, @unchecked Sendable {
    override var saves: [Saved] { [.output(0), .output(1)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [sin(inputs[0]), cos(inputs[0])] }
    override func vjp(_ cotangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      let parts = [cotangents[0].map { $0 * saved.output(1) }, cotangents[1].map { -$0 * saved.output(0) }]
      return [parts.compactMap { $0 }.reduce(nil) { (sum: Tensor?, part: Tensor) in sum.map { $0 + part } ?? part }]
    }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      [tangents[0].map { $0 * saved.output(1) }, tangents[0].map { -$0 * saved.output(0) }]
    }
  }

  /// A product of its two inputs, which it saves, and of which either may stand still.
  private final class Product: Function, @unchecked Sendable {
    override var saves: [Saved] { [.input(0), .input(1)] }
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * inputs[1], sign(inputs[0]).asType(.int64)] }
    override func jvp(_ tangents: [Tensor?], _ saved: SavedTensors) -> [Tensor?] {
      let parts = [tangents[0].map { $0 * saved.input(1) }, tangents[1].map { $0 * saved.input(0) }].compactMap { $0 }
      return [parts.count == 2 ? parts[0] + parts[1] : parts[0], nil]
    }
  }

  /// The author wrote a jvp and nothing else.
  @Test func functionsWithARuleOfTheirOwn() {
    let f = { (x: Tensor) -> [Tensor] in SinCos()([square(x)]) }
    let plain = { (x: Tensor) -> [Tensor] in [sin(square(x)), cos(square(x))] }
    let got = directionalDerivatives(f, at: f64(0.5, -1), along: f64(1, 0.25), order: 5)
    let expected = directionalDerivatives(plain, at: f64(0.5, -1), along: f64(1, 0.25), order: 5)
    for (a, b) in zip(got, expected) { for (a, b) in zip(a, b) { #expect(near(a, doubles(b), 1e-12)) } }

    let other = Product()
    let product = all({ other([sin($0), exp($0)])[0] }, at: 0.4, order: 4)
    #expect(near(product, all({ sin($0) * exp($0) }, at: 0.4, order: 4), 1e-13))
    #expect(near(all({ other([$0, scalar(3)])[0] }, at: 0.4, order: 3), [1.2, 3, 0, 0], 1e-14))
    // The second input stands still at first: its own first derivative is zero, not absent.
    #expect(all({ other([$0, square($0)])[0] }, at: 0, order: 4) == [0, 0, 0, 6, 0])
    // One kind within another.
    let nest = { (x: Tensor) in softmax(SinCos()([x])[0] * x) * logSumExp(x) }
    let flat = { (x: Tensor) in softmax(sin(x) * x) * logSumExp(x) }
    let (a, b) = (f64(0.2, 1), f64(1, -2))
    let nested = directionalDerivatives(nest, at: a, along: b, order: 4)
    for (got, expected) in zip(nested, directionalDerivatives(flat, at: a, along: b, order: 4)) {
      #expect(near(got, doubles(expected), 1e-11))
    }
  }

  /// A block of directions through rules that are not linear in them by construction.
  @Test func blocksOfDirections() {
    let f = { (x: Tensor) in softmax(SinCos()([x])[0] * x).max(axis: -1) + matmul(tanh(x), sin(x)) }
    let x = f64(0.3, -0.7, 1.1)
    let block = Tensor([[[1, 0, 0]], [[0, 1, 0]], [[0.5, -1, 2]]] as [[[Double]]])
    let all = directionalDerivatives(f, at: x, along: block, order: 3)
    #expect(all[0].shape == [] && all[1].shape == [3, 1] && all[3].shape == [3, 1])
    for index in 0..<3 {
      let one = directionalDerivatives(f, at: x, along: block[index, 0], order: 3)
      for order in 1...3 { #expect(near(all[order][index, 0], doubles(one[order]), 1e-12)) }
    }
    let none = directionalDerivatives(f, at: x, along: Tensor.zeros([0, 3], dtype: .float64), order: 2)
    #expect(none[2].shape == [0])
  }

  /// Rules that evaluate functions again, or solve with them, are rules like others.
  @Test func checkpointsAndImplicitFunctions() {
    let x = f64(0.4, 2)
    let v = f64(1, -0.5)
    let body = { (x: Tensor) in softmax(tanh(x) * x) * exp(x) }
    let kept = directionalDerivatives(body, at: x, along: v, order: 4)
    let again = directionalDerivatives(checkpoint(body).callAsFunction, at: x, along: v, order: 4)
    for (got, expected) in zip(again, kept) { #expect(near(got, doubles(expected), 1e-11)) }

    let root = { (a: Tensor) in try! rootSolve({ x, a in x * x - a }, from: Tensor.ones(like: a), at: a) }
    let solved = directionalDerivatives(root, at: x, along: v, order: 4)
    let closed = directionalDerivatives({ (a: Tensor) in sqrt(a) }, at: x, along: v, order: 4)
    for (got, expected) in zip(solved, closed) { #expect(near(got, doubles(expected), 1e-8)) }
    let curvature = { (f: @escaping (Tensor) -> Tensor) in
      grad { (a: Tensor) in directionalDerivatives(f, at: a, along: v, order: 2)[2].sum() }(x)
    }
    #expect(near(curvature(root), doubles(curvature { sqrt($0) }), 1e-8))
  }

  /// A dense layer, of which input, weight and bias all move.
  @Test func denseLayers() {
    let at = [f64(0.3, -1, 2, 0.5).reshaped([2, 2]), f64(1, 2, -1, 0.5, 0.25, 3).reshaped([2, 3]), f64(1, 2, 3)]
    let v = at.map { cos($0 * 2) }
    let layer = { (p: [Tensor]) in tanh(matmul(sin(p[0]), exp(p[1]), adding: square(p[2]))) }
    let plain = { (p: [Tensor]) in tanh(matmul(sin(p[0]), exp(p[1])) + square(p[2])) }
    for moving in [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]] {
      let some = { (f: @escaping ([Tensor]) -> Tensor) in
        directionalDerivatives(
          { (own: [Tensor]) in
            var all = at
            for (place, tensor) in zip(moving, own) { all[place] = tensor }
            return f(all)
          }, at: moving.map { at[$0] }, along: moving.map { stacked([v[$0], at[$0]]) }, order: 3)
      }
      for (got, expected) in zip(some(layer), some(plain)) {
        #expect(got.shape == expected.shape && near(got, doubles(expected), 1e-12), "\(moving)")
      }
    }
  }

  // MARK: - Results

  @Test func twoOrdersAsATuple() {
    let f = { (x: Tensor) in exp(2 * x) }
    let (u, ux, uxx) = directionalDerivatives(f, at: f64(0, 1), along: f64(1, 1), order: 2)
    let e = exp(2.0)
    #expect(near(u, [1, e], 1e-14) && near(ux, [2, 2 * e], 1e-14) && near(uxx, [4, 4 * e], 1e-14))
    #expect(
      misuse { let (_, _, _) = directionalDerivatives(f, at: f64(0), along: f64(1), order: 3) }
        == "directionalDerivatives: three results are those of order 2, not 3; take the results as an array")
  }

  @Test func structuresInAndOut() {
    let f = { (p: [String: Tensor]) in
      [
        "product": p["a"]! * p["b"]!, "cube": pow(p["a"]!, 3), "constant": f64(1, 2),
        "sign": sign(p["a"]!).asType(.int64),
      ]
    }
    let all = directionalDerivatives(
      f, at: ["a": f64(1, 2), "b": scalar(3)], along: ["a": f64(1, -1), "b": scalar(2)], order: 3)
    #expect(all.count == 4 && all.map { $0["sign"]!.dtype } == Array(repeating: .int64, count: 4))
    #expect(doubles(all[1]["product"]!) == [5, 1] && doubles(all[2]["product"]!) == [4, -4])
    #expect(doubles(all[3]["product"]!) == [0, 0] && doubles(all[3]["cube"]!) == [6, -6])
    #expect(doubles(all[2]["constant"]!) == [0, 0] && doubles(all[1]["sign"]!) == [0, 0])
  }

  @Test func severalDirectionsFromOneEvaluation() {
    let f = { (x: Tensor) in sin(x[0]) * exp(x[1]) }
    var calls = 0
    let (u, d) = directionalDerivatives(
      {
        calls += 1; return f($0)
      }, at: f64(0.5, 0.25), alongEach: [f64(1, 0), f64(0, 1)], orders: [3, 1])
    let (s, c, e) = (sin(0.5), cos(0.5), exp(0.25))
    #expect(calls == 1 && d.map(\.count) == [3, 1])
    let expected = [s * e, c * e, -s * e, -c * e]
    #expect(near([u.item()] + d[0].map { $0.item() }, expected, 1e-14))
    #expect(near([d[1][0].item()], [s * e], 1e-14))
  }

  /// Memory that is not in row-major order, in float32.
  @Test func viewsOfFloat32() {
    let x = Tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]).transposed()
    let v = Tensor([[1, 0, 2], [0, -1, 1]]).transposed()
    let got = directionalDerivatives({ (x: Tensor) in exp(x) }, at: x, along: v, order: 2)
    #expect(got[2].dtype == .float32 && got[2].shape == [3, 2])
    let expected = zip(doubles(x), doubles(v)).map { (x: Double, v: Double) -> Double in exp(x) * v * v }
    #expect(near(got[2], expected, 1e-6))
  }

  // MARK: - Differentiated again

  private func net(_ parameters: [Tensor], _ x: Tensor) -> Tensor {
    matmul(tanh(matmul(tanh(matmul(x, parameters[0]) + parameters[1]), parameters[2])), parameters[3])
  }

  private func parameters() -> [Tensor] {
    [[2, 5], [5], [5, 4], [4, 1]].enumerated().map { index, shape in
      sin(Tensor.arange(Shape(shape).elementCount, dtype: .float64) * 1.7 + Double(index)).reshaped(Shape(shape))
    }
  }

  /// The loss of a physics-informed net: its gradient with respect to the parameters, against nested jvp.
  @Test func gradientOfALossMadeOfDerivatives() {
    let points = sin(Tensor.arange(12, dtype: .float64) * 0.9).reshaped([6, 2])
    let (e, t) = (f64(1, 0) * Tensor.ones([6, 2], dtype: .float64), f64(0, 1) * Tensor.ones([6, 2], dtype: .float64))
    func residual(_ u: Tensor, _ ux: Tensor, _ uxx: Tensor, _ ut: Tensor) -> Tensor {
      square(ut + u * ux - 0.1 * uxx).mean()
    }
    let taylor = { (parameters: [Tensor]) -> Tensor in
      let (u, d) = directionalDerivatives({ net(parameters, $0) }, at: points, alongEach: [e, t], orders: [2, 1])
      return residual(u, d[0][0], d[0][1], d[1][0])
    }
    let nested = { (parameters: [Tensor]) -> Tensor in
      let f = { (x: Tensor) in net(parameters, x) }
      let first = { (x: Tensor) in jvp(f, at: x, along: e).tangent }
      let (ux, uxx) = jvp(first, at: points, along: e)
      return residual(f(points), ux, uxx, jvp(f, at: points, along: t).tangent)
    }
    let (got, expected) = (valueAndGrad(taylor)(parameters()), valueAndGrad(nested)(parameters()))
    #expect(near(got.value, doubles(expected.value), 1e-13))
    for (a, b) in zip(got.gradient, expected.gradient) { #expect(near(a, doubles(b), 1e-12)) }
    let v = parameters().map { cos($0) }
    for (a, b) in zip(hvp(taylor, at: parameters(), along: v), hvp(nested, at: parameters(), along: v)) {
      #expect(near(a, doubles(b), 1e-11))
    }
  }

  @Test func pointsAndDirectionsAreDifferentiatedToo() {
    // u'' of x^4 along v is 12 x^2 v^2.
    let second = { (x: Tensor, v: Tensor) in
      let (_, _, d) = directionalDerivatives({ (x: Tensor) in pow(x, 4) }, at: x, along: v, order: 2)
      return d
    }
    let (dx, dv) = grad { (x: Tensor, v: Tensor) in second(x, v) }(scalar(3), scalar(2))
    #expect(near([dx.item(), dv.item()], [288, 432], 1e-13))
    // Taylor over reverse, and Taylor over Taylor.
    let slope = grad { (x: Tensor) in exp(2 * x) }
    #expect(near(all(slope, at: 0, order: 3), [2, 4, 8, 16], 1e-14))
    #expect(near(all({ second($0, scalar(1)) }, at: 3, order: 2), [108, 72, 24], 1e-12))
    let x = scalar(3).tracked()
    second(x, scalar(1)).backward()
    #expect(near([x.grad!.item()], [72], 1e-13))
  }

  /// Nobody can ask for more, so nothing is kept.
  @Test func whatNobodyCanDifferentiateIsNotRecorded() {
    let all = directionalDerivatives({ (x: Tensor) in softmax(x) * sin(x) }, at: f64(1, 2), along: f64(1, 0), order: 3)
    #expect(all.allSatisfy { !$0.isTracked })
    // Of this thread alone: other tests make nodes meanwhile.
    let before = adj_thread().pointee.live_nodes
    _ = directionalDerivatives({ (x: Tensor) in SinCos()([x])[0] }, at: f64(1, 2), along: f64(1, 0), order: 4)
    #expect(adj_thread().pointee.live_nodes == before)
    let w = scalar(2).tracked()
    let tracked = directionalDerivatives(
      { (x: Tensor) in SinCos()([x * w])[0] }, at: scalar(1), along: scalar(1), order: 3)
    #expect(tracked.allSatisfy { $0.isTracked })
    // d/dw of -w^3 cos(w).
    let slope = grad(of: tracked[3], withRespectTo: [w])[0].item()
    let expected = -12 * cos(2.0) + 8 * sin(2.0)
    #expect(near([slope], [expected], 1e-13))
    withoutGrad {
      let quiet = directionalDerivatives({ (x: Tensor) in sin(x * w) }, at: scalar(1), along: scalar(1), order: 2)
      #expect(quiet.allSatisfy { !$0.isTracked } && near([quiet[2].item()], [-4 * sin(2.0)], 1e-13))
    }
  }

  // MARK: - Misuse

  @Test func misuseIsNamed() {
    let f = { (x: Tensor) in x * x }
    let x = f64(1, 2)
    for order in [0, -1, 61] {
      #expect(
        misuse { let _: [Tensor] = directionalDerivatives(f, at: x, along: x, order: order) }
          == "directionalDerivatives: the order is \(order), it must be 1 ... 60; order 0 is the value itself")
    }
    #expect(
      misuse { let _: [Tensor] = directionalDerivatives(f, at: x, along: f64(1), order: 2) }
        == "directionalDerivatives: a direction is float64 [1], it must be float64 [2] as the input is")
    #expect(
      misuse { let _: [Tensor] = directionalDerivatives(f, at: x, along: Tensor([1, 2]), order: 2) }
        == "directionalDerivatives: a direction is float32 [2], it must be float64 [2] as the input is")
    #expect(
      misuse { _ = directionalDerivatives(f, at: x, alongEach: [x], orders: [1, 2]) }
        == "directionalDerivatives: 2 orders for 1 direction")
    #expect(
      misuse {
        let _: [Tensor] = directionalDerivatives(
          f, at: Tensor([1, 2] as [Int]), along: Tensor([1, 2] as [Int]), order: 1)
      }?
      .contains("cannot differentiate with respect to an int64 tensor") == true)
  }

  /// Taylor mode passes no gradient whose computation was not recorded.
  @Test func unrecordedGradientsAreRefused() {
    let stale = { (y: Tensor) -> Tensor in
      let leaf = y.tracked()
      return grad(of: square(leaf).sum(), withRespectTo: [leaf])[0]
    }
    #expect(
      misuse { let _: [Tensor] = directionalDerivatives(stale, at: f64(1, 2), along: f64(1, 1), order: 2) }?
        .contains("computation was not recorded") == true)
  }
}
