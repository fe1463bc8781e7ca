import Autograd

/// Derivatives of <u, f> along v in any order of reverse and forward mode.
///
/// Reverse mode pulls back u the first time and v after that; forward mode pushes v. Every composition with
/// a reverse step comes to the same: the contraction of the derivative tensor of <u, f> with v on all axes but one.
/// Forward mode alone gives outputs: pushed along some w at last, and contracted with u, it is that times w.
struct Composition {
  enum Mode { case reverse, forward }

  let function: DifferentiatedFunction
  let u: [Tensor]
  let v: [Tensor]

  /// All compositions of an order, innermost first.
  static func all(order: Int) -> [[Mode]] {
    (0..<order).reduce([[]]) { shorter, _ in shorter.flatMap { [$0 + [.reverse], $0 + [.forward]] } }
  }

  /// The outermost mode first: `fwd-rev` pushes forward through a pullback.
  static func name(_ modes: [Mode]) -> String {
    modes.reversed().map { $0 == .reverse ? "rev" : "fwd" }.joined(separator: "-")
  }

  /// What differs from `want`, a line for each tensor.
  func differences(
    _ modes: [Mode], at point: [Tensor], _ want: [Tensor], tolerance: Double
  ) throws -> [String] {
    let isContracted = modes.count > 1 && !modes.contains(.reverse)
    let w = isContracted ? Composition.directions(like: point) : v
    let got = try derivative(modes, at: point, last: w)
    if isContracted {
      return Difference.contraction(zip(got, u), zip(want, w), tolerance: tolerance).map { [": \($0)"] } ?? []
    }
    return zip(got, want).enumerated().compactMap { index, pair in
      Difference.value(pair.0, pair.1, tolerance: tolerance)
        .map { "\(want.count > 1 ? "[\(index)]" : ""): \($0)" }
    }
  }

  private func derivative(_ modes: [Mode], at point: [Tensor], last w: [Tensor]) throws -> [Tensor] {
    let result = try withTensorErrors {
      var field: ([Tensor]) -> [Tensor] = { function($0) }
      var seed = u
      for (position, mode) in modes.enumerated() {
        let inner = field
        switch mode {
        case .reverse:
          let cotangents = seed
          field = { vjp(inner, at: $0).pullback(cotangents) }
          seed = v
        case .forward:
          let direction = position == modes.count - 1 ? w : v
          field = { jvp(inner, at: $0, along: direction).tangent }
        }
      }
      return field(point)
    }
    if let failure = function.failure { throw failure }
    return result
  }

  /// Fixed directions without structure.
  private static func directions(like point: [Tensor]) -> [Tensor] {
    var generator = RandomGenerator(seed: 20)
    return point.map { Tensor.normal($0.shape, dtype: .float64, using: &generator) }
  }
}
