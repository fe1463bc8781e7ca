import Autograd
import Foundation

/// A column of Operators.md: adding one is a case there.
typealias Check = DerivativeCheck

extension Check {
  /// The order of derivative that it needs.
  var order: Int {
    switch self {
    case .vjp, .jvp, .leadingAxes, .taylor: 1
    case .reverseReverse, .forwardReverse, .reverseForward, .forwardForward: 2
    case .third: 3
    }
  }

  /// Derivatives of f as functions of its inputs, for seeds that do not depend on them.
  func derivatives(of f: @escaping ([Tensor]) -> [Tensor], seriesOrder: Int) -> [([Tensor]) -> [Tensor]] {
    switch self {
    case .vjp: [reverse(f)]
    case .jvp: [forward(f)]
    case .reverseReverse: [reverse(reverse(f))]
    case .forwardReverse: [forward(reverse(f))]
    case .reverseForward: [reverse(forward(f))]
    case .forwardForward: [forward(forward(f))]
    case .third: [reverse(forward(reverse(f))), forward(reverse(forward(f)))]
    case .leadingAxes:
      [reverse(f, lead: [2]), forward(f, lead: [2])].flatMap { [$0, reverse($0), forward($0)] }
    case .taylor:
      [
        { x in directionalDerivatives(f, at: x, along: x.map { seed(like: $0, []) }, order: seriesOrder).flatMap { $0 }
        }
      ]
    }
  }

  /// Whether it is what a comparison of `checkGradients` bears on, by the comparison's name.
  func covers(_ comparison: String) -> Bool {
    let isLed = comparison.contains("leading axes")
    switch self {
    case .leadingAxes: return isLed
    case .taylor: return false
    case .vjp, .jvp:
      return [rawValue, "value in \(rawValue)", "adjoint identity"].contains(comparison)
    case .third:
      // Of a function that is itself a second derivative, or of compositions of a first one.
      let walks = comparison.components(separatedBy: " of ").count
      let isComposition = comparison.contains(" over ") || comparison.contains("with respect to")
      return !isLed && walks + (isComposition ? 1 : 0) == 3
    default: return compositionNames.contains(comparison)
    }
  }

  /// How `checkGradients` names comparisons of a composition.
  private var compositionNames: [String] {
    let words = ["rev": "reverse", "fwd": "forward"]
    let parts = rawValue.components(separatedBy: "-")
    let (outer, inner) = (parts[0] == "rev" ? "vjp" : "jvp", parts[1] == "rev" ? "vjp" : "jvp")
    return [
      "\(outer) of \(inner)", "value in \(outer) of \(inner)", "adjoint identity of \(inner)",
      "\(outer) with respect to the \(inner == "vjp" ? "cotangent" : "tangent")",
      "\(words[parts[0]]!) over \(words[parts[1]]!) against reverse over reverse",
    ]
  }
}

/// Numbers that neither vanish under a softmax nor round in float32.
private func seed(like x: Tensor, _ lead: Shape) -> Tensor {
  let shape = Shape(Array(lead) + Array(x.shape))
  return Tensor((0..<shape.elementCount).map { 1.5 - Double($0 % 5) * 0.5 }, shape: shape).asType(x.dtype)
}

private func reverse(_ f: @escaping ([Tensor]) -> [Tensor], lead: Shape = []) -> ([Tensor]) -> [Tensor] {
  { x in
    let (value, pullback) = vjp(f, at: x)
    return pullback(value.map { seed(like: $0, lead) })
  }
}

private func forward(_ f: @escaping ([Tensor]) -> [Tensor], lead: Shape = []) -> ([Tensor]) -> [Tensor] {
  { x in jvp(f, at: x, along: x.map { seed(like: $0, lead) }).tangent }
}
