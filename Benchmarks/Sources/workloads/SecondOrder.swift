import Autograd
import Foundation

/// Dense and sparse Hessians.
extension Stopwatch {
  /// A net of 369 parameters in one vector.
  func smallHessian() {
    let sizes = [4, 16, 16, 1]
    let start = Inputs.parameters(sizes)
    let flat = concatenated(start.map { $0.flattened() })
    let x = Inputs.fill(1, [32, 4])
    let target = Inputs.fill(2, [32, 1])
    let loss = { (vector: Tensor) -> Tensor in
      var offset = 0
      let parameters = start.map { like in
        defer { offset += like.count }
        return vector[offset..<offset + like.count].reshaped(like.shape)
      }
      let hidden = tanh(matmul(x, parameters[0]) + parameters[1])
      let second = tanh(matmul(hidden, parameters[2]) + parameters[3])
      return mse(matmul(second, parameters[4]) + parameters[5], target)
    }
    let dense = hessian(loss)
    measure {
      try! dense(flat)
    } check: {
      summary($0)
    }
    let ofList = hessian { (p: [Tensor]) in
      let hidden = tanh(matmul(x, p[0]) + p[1])
      return mse(matmul(tanh(matmul(hidden, p[2]) + p[3]), p[4]) + p[5], target)
    }
    measure("structure") {
      try! ofList(start)
    } check: {
      summary($0.matrix())
    }
  }

  func rosenbrock(_ count: Int) {
    let x = Tensor(Inputs.fill(1, count: count))
    let f = { (x: Tensor) -> Tensor in
      let (a, b) = (x[..<(-1)], x[1...])
      return (100 * square(b - square(a)) + square(1 - a)).sum()
    }
    measure("value") {
      f(x)
    } check: {
      ["f": $0.item()]
    }
    let both = valueAndGrad(f)
    measure("grad") {
      both(x)
    } check: {
      ["loss": $0.value.item(), "gnorm": $0.gradient.norm().item()]
    }
    let dense = hessian(f)
    measure("hess") {
      try! dense(x)
    } check: {
      summary($0)
    }
    let direction = sin(x)
    let product = HessianOperator(f, at: x)
    measure("product") {
      product(direction)
    }
    let sparse = hessian(f, sparsity: .banded(1))
    measure("sparse") {
      sparse(x)
    } check: {
      summary($0.dense())
    }
    // For who vouches for the pattern: without the product that looks for what it misses.
    let unchecked = hessian(f, sparsity: .banded(1), checksPattern: false)
    measure("sparse_unchecked") {
      unchecked(x)
    } check: {
      summary($0.dense())
    }
  }

  private func summary(_ matrix: Tensor) -> [String: Double] {
    let matrix = matrix.asType(.float64)
    return ["fro": square(matrix).sum().item().squareRoot(), "trace": matrix.trace().item()]
  }
}
