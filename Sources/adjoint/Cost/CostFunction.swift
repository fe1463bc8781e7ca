import ArgumentParser
import Autograd
import Foundation

/// The functions whose derivatives `adjoint cost` measures.
enum CostFunction: String, ExpressibleByArgument, CaseIterable {
  case rosenbrock, mlp, separable, logsumexp
  case lennardJones = "lennard-jones"

  /// What it is, in a line.
  var summary: String {
    switch self {
    case .rosenbrock: "Rosenbrock's function of N variables; its Hessian is tridiagonal"
    case .mlp: "the loss of a net (8-h-h-1, tanh, 32 examples) of N parameters; its Hessian is dense"
    case .separable: "the sum of x^4 - 16 x^2 + 5 x over N variables; its Hessian is diagonal"
    case .logsumexp: "log(sum(exp(x))) of N variables; its Hessian is dense"
    case .lennardJones:
      "the energy of N/3 atoms in space, each attracting each; the value itself grows as N^2"
    }
  }

  /// The numbers of variables that are measured unless told.
  func sizes(quick: Bool) -> [Int] {
    switch (self, quick) {
    case (.mlp, false): [100, 300, 1000, 3000, 10_000, 100_000]
    case (.mlp, true): [30, 100, 300, 1000, 10_000, 100_000]
    case (.lennardJones, false): [6, 30, 90, 300, 900, 1800]
    case (.lennardJones, true): [6, 30, 90, 300, 900]
    case (_, false): [2, 10, 100, 1000, 3000, 10_000]
    // Far enough for what is linear to stand out of the overhead; what takes longer is left out at the last ones.
    case (_, true): [10, 30, 100, 1000, 10_000, 100_000]
    }
  }

  /// The number of variables nearest to this one that it can have.
  func nearest(_ count: Int) -> Int {
    switch self {
    case .rosenbrock: max(count, 2)
    case .mlp: Self.parameters(width: Self.width(count))
    case .separable, .logsumexp: max(count, 1)
    case .lennardJones: 3 * Self.atoms(count)
    }
  }

  /// The power of the number of variables that one evaluation grows with, in time and in memory.
  var evaluationPower: Double { self == .lennardJones ? 2 : 1 }

  /// What is known of the Hessian's zeros, and how many products then give all of it.
  var zeros: (pattern: Sparsity, colors: Int)? {
    switch self {
    case .rosenbrock: (.banded(1), 3)
    case .separable: (.banded(0), 1)
    case .mlp, .logsumexp, .lennardJones: nil
    }
  }

  /// Bytes of a point, and of what the function keeps beside it.
  func heldBytes(_ count: Int) -> Int {
    switch self {
    case .lennardJones: 8 * count + 16 * Self.atoms(count) * Self.atoms(count)
    default: 8 * count
    }
  }

  /// The function of the nearest number of variables, with a point to differentiate it at.
  func instance(_ count: Int) -> CostInstance {
    switch self {
    case .rosenbrock: CostInstance([noise(1, [nearest(count)])]) { Self.rosenbrock($0[0]) }
    case .separable:
      CostInstance([noise(1, [nearest(count)])]) {
        let x = $0[0]
        let squared = square(x)
        return (squared * (squared - 16) + 5 * x).sum()
      }
    case .logsumexp: CostInstance([noise(1, [nearest(count)])]) { logSumExp($0[0], axis: 0) }
    case .mlp: Self.mlp(width: Self.width(count))
    case .lennardJones: Self.lennardJones(atoms: Self.atoms(count))
    }
  }

  private static func rosenbrock(_ x: Tensor) -> Tensor {
    let (a, b) = (x[..<(-1)], x[1...])
    return (100 * square(b - square(a)) + square(1 - a)).sum()
  }

  private static func parameters(width: Int) -> Int { width * width + 11 * width + 1 }

  /// The width of the net whose number of parameters is nearest.
  private static func width(_ count: Int) -> Int {
    let below = max(1, Int((121 + 4 * Double(count - 1)).squareRoot() / 2 - 5.5))
    let isNearer = abs(parameters(width: below + 1) - count) < abs(parameters(width: below) - count)
    return isNearer ? below + 1 : below
  }

  private static func mlp(width: Int) -> CostInstance {
    let sizes = [8, width, width, 1]
    let inputs = noise(1, [32, 8])
    let targets = noise(2, [32, 1])
    let start = zip(sizes, sizes.dropFirst()).enumerated().flatMap { layer, size in
      [noise(10 + 2 * layer, [size.0, size.1]) / sqrt(Double(size.0)), 0.1 * noise(11 + 2 * layer, [size.1])]
    }
    return CostInstance(start) { p in
      let first = tanh(matmul(inputs, p[0]) + p[1])
      let second = tanh(matmul(first, p[2]) + p[3])
      return mse(matmul(second, p[4]) + p[5], targets)
    }
  }

  private static func atoms(_ count: Int) -> Int { max(2, (count + 1) / 3) }

  /// 4 (r^-12 - r^-6) over all pairs, at a grid that is shaken a little.
  private static func lennardJones(atoms: Int) -> CostInstance {
    let side = Int(cbrt(Double(atoms)).rounded(.up))
    let grid = (0..<atoms).flatMap { [$0 % side, $0 / side % side, $0 / (side * side)].map(Double.init) }
    let start = 1.2 * Tensor(grid, shape: [atoms, 3]) + 0.05 * noise(1, [atoms, 3])
    // A distance to itself of 1 keeps an atom's own term finite; the mask then leaves it out.
    let own = Tensor.eye(atoms, dtype: .float64)
    let pairs = 1 - own
    return CostInstance([start]) { p in
      let x = p[0]
      let gaps = x.unsqueezed(axis: 1) - x.unsqueezed(axis: 0)
      let inverse = 1 / (square(gaps).sum(axis: -1) + own)
      let third = inverse * inverse * inverse
      return 2 * (pairs * third * (third - 1)).sum()
    }
  }
}
