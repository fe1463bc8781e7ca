import Autograd

/// Whether two functions that give one number have the same value, gradient and second derivatives, in all four
/// compositions, along blocks of directions and at order 3.
func agreeToOrderTwo(
  _ f: @escaping ([Tensor]) -> Tensor, _ g: @escaping ([Tensor]) -> Tensor, at point: [Tensor],
  _ tolerance: Double = 1e-12
) -> Bool {
  let v = point.map { cos($0 * 3) }
  func numbers(_ f: @escaping ([Tensor]) -> Tensor) -> [Tensor] {
    let slope = { (at: [Tensor]) in jvp(f, at: at, along: v).tangent }
    return [f(point)] + grad(f)(point) + hvp(f, at: point, along: v) + hvpReverse(f, at: point, along: v)
      + grad(slope)(point) + [jvp(slope, at: point, along: v).tangent]
      + grad { hvp(f, at: $0, along: v)[0].sum() }(point)
      + hvp(f, at: point, along: v.map { stacked([$0, $0 * $0]) })
  }
  return zip(numbers(f), numbers(g)).allSatisfy { near($0, doubles($1), tolerance) }
}
