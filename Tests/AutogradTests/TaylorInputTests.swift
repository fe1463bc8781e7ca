import Autograd
import CKernels
import Testing

@testable import Tensor

/// What directional derivatives take and give: one tensor, two, a structure.
struct TaylorInputTests {
  /// Closures that name no type, in every form of the results.
  @Test func functionsOfATensorNeedNoTypes() {
    let (x, v) = (f64(0.5, 2), f64(1, -1))
    let all = directionalDerivatives({ exp(2 * $0) * $0 }, at: x, along: v, order: 3)
    // (x + t v) exp(2 (x + t v)): the k-th derivative is (2^k x + k 2^(k - 1)) v^k exp(2 x).
    for order in 0...3 {
      let k = Double(order)
      let expected = zip([0.5, 2], [1.0, -1]).map { (x: Double, v: Double) -> Double in
        (pow(2, k) * x + k * pow(2, k - 1)) * pow(v, k) * exp(2 * x)
      }
      #expect(near(all[order], expected, 1e-13))
    }
    let (u, ux, uxx) = directionalDerivatives({ exp(2 * $0) * $0 }, at: x, along: v, order: 2)
    #expect(zip([u, ux, uxx], all).allSatisfy { near($0, doubles($1), 1e-14) })
    let (value, d) = directionalDerivatives({ exp(2 * $0) * $0 }, at: x, alongEach: [v, 2 * v], orders: [1, 2])
    #expect(near(value, doubles(u), 1e-14) && d.map(\.count) == [1, 2])
    #expect(near(d[0][0], doubles(ux), 1e-14) && near(d[1][1], doubles(4 * uxx), 1e-13))
    #expect(
      misuse { _ = directionalDerivatives({ $0 * 2 }, at: x, along: f64(1), order: 3) }
        == "directionalDerivatives: a direction is float64 [1], it must be float64 [2] as the input is")
  }

  @Test func functionsOfTwoTensors() {
    let (x, t) = (f64(0.5, 2), f64(1, 3))
    let (one, zero) = (Tensor.ones(like: x), Tensor.zeros(like: x))
    // x^3 t^2 and what it gives by x, by t and by both.
    let all = directionalDerivatives({ pow($0, 3) * square($1) }, at: (x, t), along: (one, 2 * one), order: 2)
    #expect(near(all[0], [0.125, 72], 1e-13))
    // 3 x^2 t^2 + 4 x^3 t; 6 x t^2 + 24 x^2 t + 8 x^3.
    #expect(near(all[1], [1.25, 204], 1e-13) && near(all[2], [10, 460], 1e-13))
    let (u, ux, uxx) = directionalDerivatives({ pow($0, 3) * square($1) }, at: (x, t), along: (one, zero), order: 2)
    #expect(near(u, [0.125, 72], 1e-13) && near(ux, [0.75, 108], 1e-13) && near(uxx, [3, 108], 1e-13))
    let (_, d) = directionalDerivatives(
      { pow($0, 3) * square($1) }, at: (x, t), alongEach: [(one, zero), (zero, one)], orders: [2, 1])
    #expect(near(d[0][1], [3, 108], 1e-13) && near(d[1][0], [0.25, 48], 1e-13))
  }

  /// A structure's type is told by what is passed.
  @Test func functionsOfAStructureAsAnArrayWithoutATypeOfTheResult() {
    let all = directionalDerivatives({ $0[0] * exp($0[1]) }, at: [f64(2), f64(0)], along: [f64(1), f64(1)], order: 2)
    #expect(near(all[0], [2], 1e-14) && near(all[1], [3], 1e-14) && near(all[2], [4], 1e-14))
    let (_, d) = directionalDerivatives(
      { $0[0] * exp($0[1]) }, at: [f64(2), f64(0)], alongEach: [[f64(0), f64(1)]], orders: [1])
    #expect(near(d[0][0], [2], 1e-14))
  }
}
