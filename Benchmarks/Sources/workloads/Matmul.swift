import Autograd
import CBareBLAS

/// A matrix product and its two adjoints, against the calls that a program without the library makes.
extension Stopwatch {
  func matrixProduct(_ n: Int) {
    let scale = 1 / Double(n).squareRoot()
    let a = Inputs.fill(1, [n, n], scale: scale).tracked()
    let b = Inputs.fill(2, [n, n], scale: scale).tracked()
    let w = Inputs.fill(3, [n, n], scale: scale)

    measure {
      let loss = (matmul(a, b) * w).sum()
      return (loss: loss.detached(), gradients: grad(of: loss, withRespectTo: [a, b]))
    } check: {
      ["loss": $0.loss.item(), "gnorm": norm($0.gradients)]
    }

    // Three products and the dot product that is the loss, into memory that is there already.
    let floats = [a, b, w].map { $0.scalars(as: Float.self) }
    var product = [Float](repeating: 0, count: n * n)
    var gradients = [product, product]
    let size = Int32(n)
    bare_use_threads(Int32(BLAS.threads))
    measure("cblas") {
      bare_sgemm(0, 0, size, floats[0], floats[1], &product)
      bare_sgemm(0, 1, size, floats[2], floats[1], &gradients[0])
      bare_sgemm(1, 0, size, floats[0], floats[2], &gradients[1])
      return bare_sdot(size * size, product, floats[2])
    } check: {
      ["loss": Double($0), "gnorm": norm(gradients)]
    }

    // One product alone.
    measure("cblas_product") {
      bare_sgemm(0, 0, size, floats[0], floats[1], &product)
    } check: {
      ["norm": norm([product])]
    }
    bare_use_threads(1)

    let (left, right) = (a.detached(), b.detached())
    measure("product") {
      matmul(left, right)
    } check: {
      ["norm": norm([$0])]
    }
  }
}
