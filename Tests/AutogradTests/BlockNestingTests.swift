import Autograd
import Testing

@testable import Tensor

/// Transforms in transforms at points of several elements, so that blocks of vectors and their leading axes nest.
struct BlockNestingTests {
  private typealias Map = (Tensor) -> Tensor
  private let x = f64(0.4, -0.7, 1.1)

  private static func eye(_ x: Tensor) -> Tensor { Tensor.eye(x.count, dtype: x.dtype) }

  /// From [n] + s to s + [n].
  private static func columnsLast(_ block: Tensor) -> Tensor {
    block.permuted(Array(1..<block.rank) + [0])
  }

  /// Every way to the derivative of a function of a vector, of the result's shape and the vector's axis. `captures`
  /// says whether the function may capture tracked tensors.
  private let jacobians: [(name: String, captures: Bool, of: (@escaping Map) -> Map)] = [
    ("jacobian, forward", true, { f in { try! jacobian(f, mode: .forward)($0) } }),
    ("jacobian, reverse", true, { f in { try! jacobian(f, mode: .reverse)($0) } }),
    ("jvp", true, { f in { columnsLast(jvp(f, at: $0, along: eye($0)).tangent) } }),
    ("linearize", true, { f in { columnsLast(linearize(f, at: $0).pushforward(eye($0))) } }),
    (
      "directionalDerivatives", true,
      { f in
        { columnsLast(directionalDerivatives(f, at: $0, along: eye($0), order: 1)[1]) }
      }
    ),
    (
      "vjp", true,
      { f in
        { x in
          let (y, pullback) = vjp(f, at: x)
          let basis = Tensor.eye(y.count, dtype: x.dtype).reshaped(Shape([y.count]).followed(by: y.shape))
          return pullback(basis).reshaped(y.shape.followed(by: x.shape))
        }
      }
    ),
    ("vmap", true, { f in { x in columnsLast(vmap { v in jvp(f, at: x, along: v).tangent }(eye(x))) } }),
    (
      "linearTranspose", true,
      { f in
        { x in
          let shape = f(x.detached()).shape
          let basis = Tensor.eye(shape.elementCount, dtype: x.dtype)
            .reshaped(Shape([shape.elementCount]).followed(by: shape))
          let transposed = linearTranspose({ jvp(f, at: x, along: $0).tangent }, like: x)
          return transposed(basis).reshaped(shape.followed(by: x.shape))
        }
      }
    ),
    ("checkpoint", false, { f in { x in try! jacobian({ checkpoint(f)($0) })(x) } }),
    (
      "rootSolve", false,
      { f in
        { x in
          try! jacobian { x in f(try! rootSolve({ y, x in y * y * y + y - x * x * x - x }, from: x.detached(), at: x))
          }(x)
        }
      }
    ),
  ]

  /// A checkpoint refuses what the tangent of a captured point, transposed, gives: it counts as tracked, by the leaf of
  /// the inner jvp.
  private func mixes(_ a: String, _ b: String) -> Bool { Set([a, b]) != ["checkpoint", "linearTranspose"] }

  /// Every way to the Hessian of a function of a vector that gives a number.
  private let hessians: [(name: String, of: (@escaping Map) -> Map)] = [
    ("hessian", { f in { try! hessian(f)($0) } }),
    ("banded", { f in { hessian(f, sparsity: .banded(2))($0).dense() } }),
    ("detected", { f in { hessian(f, sparsity: .detected)($0).dense() } }),
    ("operator", { f in { HessianOperator(f, at: $0)(eye($0)) } }),
    ("dense operator", { f in { try! HessianOperator(f, at: $0).dense().matrix() } }),
    ("hvp", { f in { hvp(f, at: $0, along: eye($0)) } }),
    ("hvpReverse", { f in { hvpReverse(f, at: $0, along: eye($0)) } }),
    ("vhp", { f in { vhp(f, at: $0, along: eye($0)).product } }),
    ("valueGradAndHVP", { f in { valueGradAndHVP(f, at: $0, along: eye($0)).product } }),
    ("gaussNewtonProduct", { f in { gaussNewtonProduct({ $0 * 1 }, loss: f, at: $0, along: eye($0)) } }),
    ("vmap of hvp", { f in { x in vmap { v in hvp(f, at: x, along: v) }(eye(x)) } }),
    (
      "gradPerExample",
      { f in
        { x in gradPerExample { (p: Tensor, e: Tensor) in dot(e, grad(f)(p)) }(x, eye(x)) }
      }
    ),
    ("vmap of vhp", { f in { x in vmap { v in vhp(f, at: x, along: v).product }(eye(x)) } }),
  ]

  private static let slopes: [Double] = [1, -0.5, 0.8]

  /// exp(a x) + the sum of sin: derivatives of order k are a_i a_j ... exp(a x), and the sine's on the diagonal.
  private let f: Map = { x in exp((Tensor(BlockNestingTests.slopes) * x).sum()) + sin(x).sum() }

  private func expected(order: Int) -> [Double] {
    let numbers = doubles(x)
    let value = exp(Tensor(zip(Self.slopes, numbers).reduce(0) { $0 + $1.0 * $1.1 })).item()
    let waves = [sin(x), cos(x), -sin(x), -cos(x)].map(doubles)
    return (0..<Int(pow(Tensor(3.0), order).item())).map { position in
      let index = (0..<order).map { position / [1, 3, 9, 27][$0] % 3 }
      let product = index.reduce(value) { $0 * Self.slopes[$1] }
      return product + (index.allSatisfy { $0 == index[0] } ? waves[order % 4][index[0]] : 0)
    }
  }

  @Test func orderTwo() {
    for a in jacobians {
      #expect(near(a.of(f)(x), expected(order: 1), 1e-12), "\(a.name)")
      for b in jacobians where mixes(a.name, b.name) {
        #expect(near(a.of(b.of(f))(x), expected(order: 2), 1e-11), "\(a.name) of \(b.name)")
      }
    }
    for a in hessians { #expect(near(a.of(f)(x), expected(order: 2), 1e-12), "\(a.name)") }
  }

  @Test func orderThree() {
    let third = expected(order: 3)
    for a in jacobians {
      for b in jacobians where mixes(a.name, b.name) {
        #expect(near(a.of(b.of(grad(f)))(x), third, 1e-11), "\(a.name) of \(b.name)")
      }
      for b in hessians {
        #expect(near(a.of(b.of(f))(x), third, 1e-11), "\(a.name) of \(b.name)")
        // The Hessian of each element of the gradient.
        let rows = (0..<3).map { row in b.of { x in a.of(f)(x)[row] }(x) }
        #expect(near(stacked(rows), third, 1e-11), "\(b.name) of \(a.name)")
      }
    }
  }

  @Test func orderFour() {
    let fourth = expected(order: 4)
    for (i, a) in jacobians.enumerated() {
      for (j, b) in jacobians.enumerated() where mixes(a.name, b.name) {
        let c = hessians[(i + 3 * j) % hessians.count]
        #expect(near(a.of(b.of(c.of(f)))(x), fourth, 1e-10), "\(a.name) of \(b.name) of \(c.name)")
      }
      for b in hessians {
        #expect(near(a.of(b.of { a.of(f)($0)[0] })(x), Array(fourth[..<27]), 1e-10), "\(a.name), \(b.name)")
      }
    }
    for a in hessians {
      for b in hessians {
        let row = a.of { x in b.of(f)(x)[0, 1] }(x)
        #expect(near(row, Array(fourth[9..<18]), 1e-10), "\(a.name) of \(b.name)")
      }
    }
  }

  /// Inner functions that capture the outer variable: only the inner argument is differentiated within.
  @Test func perturbationsOfVectorsAreNotConfused() {
    let squares = doubles(x * x)
    let diagonal = { (numbers: Tensor) in doubles(Tensor.eye(3, dtype: .float64) * numbers) }
    for a in jacobians where a.captures {
      for b in jacobians where b.captures {
        // x y^2 by y, at y = x, is 2 x^2.
        let found = a.of { x in b.of { y in (x * y * y).sum() }(x) }(x)
        #expect(near(found, diagonal(4 * x), 1e-12), "\(a.name), \(b.name)")
        // The outer factor is no constant.
        let product = a.of { x in x * b.of { y in (x.detached() * y * y).sum() }(x) }(x)
        #expect(near(product, diagonal(Tensor(squares) * 4), 1e-12), "\(a.name), \(b.name)")
      }
      for b in hessians {
        // x y^3 twice by y, at y = x, is 6 x^2 on the diagonal.
        let found = a.of { x in b.of { y in (x * y * y * y).sum() }(x).diagonal() }(x)
        #expect(near(found, diagonal(12 * x), 1e-11), "\(a.name), \(b.name)")
      }
    }
  }

  @Test func blocksOverOuterTrackedTensors() {
    for b in hessians {
      let w = f64(2, 3, 5).tracked()
      let matrix = b.of { y in (w * w * y * y * y).sum() }(x)  // 6 w^2 y on the diagonal
      #expect(near(matrix.diagonal(), doubles(6 * w * w * x), 1e-11) && matrix.isTracked, "\(b.name)")
      matrix.sum().backward()
      #expect(near(w.grad!, doubles(12 * w * x), 1e-11), "\(b.name)")
      #expect(!b.of(f)(x).isTracked, "\(b.name)")
    }
  }

  /// From 512 elements on a dense Hessian looks for zeros, which within another transform may have a derivative.
  @Test func largePointsKeepZerosThatHaveADerivative() throws {
    let count = 600
    let zeros = Tensor.zeros([count], dtype: .float64)
    let cubes = { (x: Tensor) in (x * x * x).sum() }  // Hessian 6 x on the diagonal: none of it at 0
    #expect(try hessian(cubes)(zeros).storage.isZero)
    let trace = grad { x in try! hessian(cubes)(x).trace() }(zeros)
    #expect(trace.allClose(Tensor.full([count], 6, dtype: .float64)))
    #expect(grad { hessianDiagonal(cubes)($0).sum() }(zeros).allClose(trace))
    let pushed = jvp({ hessianDiagonal(cubes)($0) }, at: zeros, along: trace).tangent
    #expect(pushed.allClose(6 * trace))
    // A chain: the trace of the Hessian of sum sin(x_i x_(i+1)), by hand.
    let x = cos(Tensor.arange(count, dtype: .float64))
    let chain = { (x: Tensor) in sin(x[1...] * x[..<(x.count - 1)]).sum() }
    let byHand = { (x: Tensor) in
      let (left, right) = (x[..<(x.count - 1)], x[1...])
      return (-sin(left * right) * (left * left + right * right)).sum()
    }
    let expected = grad(byHand)(x)
    #expect(grad { try! hessian(chain)($0).trace() }(x).allClose(expected, relative: 1e-10, absolute: 1e-10))
    let banded = grad { hessian(chain, sparsity: .banded(1))($0).dense().trace() }(x)
    #expect(banded.allClose(expected, relative: 1e-10, absolute: 1e-10))
    #expect(grad { hessianDiagonal(chain)($0).sum() }(x).allClose(expected, relative: 1e-10, absolute: 1e-10))
  }
}
