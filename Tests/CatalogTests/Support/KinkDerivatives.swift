import Autograd

/// The first and second derivatives of the sum of a function's results at a point, in every mode: there is none that
/// may have a convention of its own.
struct KinkDerivatives {
  let value: [Double]
  /// By the mode's name; the first one is what others are compared with.
  let gradients: [(mode: String, numbers: [Double])]
  let hessians: [(mode: String, rows: [[Double]])]
  /// Hg for an irregular direction g, and g'Hg.
  let products: [(mode: String, numbers: [Double])]
  let refused: Int?
  private let tolerance: Double

  /// No symmetry that a function may have leaves it alone.
  static func irregular(_ count: Int) -> [Double] { (0..<count).map { [1, -3, 2, 5, -7, 4, -2.5, 6][$0 % 8] } }

  init(of f: @escaping ([Tensor]) -> Tensor, at x: [Tensor]) {
    let sum = { (x: [Tensor]) in f(x).sum() }
    let modes = Modes(f: sum, x: x)
    value = numbers(f(x).flattened())
    tolerance = x[0].dtype == .float32 ? 1e-4 : 1e-12
    gradients = modes.gradients
    hessians = modes.hessians
    products = modes.products
    let along = x.map { Tensor(KinkDerivatives.irregular($0.count), shape: $0.shape).asType($0.dtype) }
    refused =
      refusal { _ = grad(sum)(x) } ?? refusal { _ = hvp(sum, at: x, along: along) }
      ?? refusal { _ = hvp({ jvp(sum, at: $0, along: along).tangent }, at: x, along: along) }
  }

  var disagreements: [String] {
    var found: [String] = []
    let (gradient, hessian) = (gradients[0].numbers, hessians[0].rows)
    for (mode, numbers) in gradients where !same(numbers, gradient) {
      found.append("\(mode) gives the gradient \(numbers), reverse mode \(gradient)")
    }
    for (mode, rows) in hessians where !same(rows.flatMap { $0 }, hessian.flatMap { $0 }) {
      found.append("\(mode) gives the Hessian \(rows), reverse over reverse \(hessian)")
    }
    let transpose = hessian.indices.map { column in hessian.map { $0[column] } }
    if !same(transpose.flatMap { $0 }, hessian.flatMap { $0 }) {
      found.append("the Hessian is not symmetric: \(hessian)")
    }
    // Where infinities could cancel, a product is no sum of elements.
    guard hessian.joined().allSatisfy(\.isFinite) else { return found }
    let g = KinkDerivatives.irregular(hessian.count)
    let product = hessian.map { row in zip(row, g).reduce(0) { $0 + $1.0 * $1.1 } }
    for (mode, numbers) in products {
      let expected = numbers.count == product.count ? product : [zip(product, g).reduce(0) { $0 + $1.0 * $1.1 }]
      if !same(numbers, expected) { found.append("\(mode) gives \(numbers) along \(g), expected \(expected)") }
    }
    return found
  }

  private func same(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy {
        $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= tolerance * Swift.max(1, abs($1))
      }
  }
}

private func numbers(_ tensor: Tensor) -> [Double] { tensor.asType(.float64).scalars(as: Double.self) }

private func refusal(_ body: () -> Void) -> Int? {
  do {
    try withStrictDerivatives(body)
    return nil
  } catch {
    return (error as? NotDifferentiableError)?.order
  }
}

/// Derivatives of a function that gives a number, element by element.
private struct Modes {
  let f: ([Tensor]) -> Tensor
  let x: [Tensor]

  private var count: Int { x.reduce(0) { $0 + $1.count } }

  /// Numbers as tensors of the inputs' shapes, with leading axes.
  private func split(_ numbers: [Double]) -> [Tensor] {
    var rest = numbers[...]
    return x.map { tensor in
      defer { rest = rest.dropFirst(tensor.count) }
      return Tensor(Array(rest.prefix(tensor.count)), shape: tensor.shape).asType(tensor.dtype)
    }
  }

  private func flat(_ tensors: [Tensor]) -> [Double] { tensors.flatMap { numbers($0.flattened()) } }

  /// A direction for each element.
  private var basis: [[Tensor]] {
    (0..<count).map { index in split((0..<count).map { $0 == index ? 1 : 0 }) }
  }

  /// All of them at once.
  private var block: [Tensor] { x.indices.map { input in stacked(basis.map { $0[input] }) } }

  /// The point as the second of two examples, after one where everything is smooth.
  private var examples: [Tensor] { x.map { stacked([$0 * 0 + 0.37, $0]) } }

  private func second(_ tensors: [Tensor]) -> [Double] { flat(tensors.map { $0[1] }) }

  var gradients: [(mode: String, numbers: [Double])] {
    let f = f
    let gradient = grad(f)
    return [
      ("reverse mode", flat(gradient(x))),
      ("forward mode", basis.map { jvp(f, at: x, along: $0).tangent.item() }),
      ("forward mode with a leading axis", flat([jvp(f, at: x, along: block).tangent])),
      ("Taylor mode", basis.map { directionalDerivatives(f, at: x, along: $0, order: 2)[1].item() }),
      ("vmap of reverse mode", second(vmap { (x: [Tensor]) in gradient(x) }(examples))),
    ]
  }

  var hessians: [(mode: String, rows: [[Double]])] {
    let (f, basis) = (f, basis)
    func along(_ v: [Tensor]) -> ([Tensor]) -> Tensor { { jvp(f, at: $0, along: v).tangent } }
    let reverse = basis.map { flat(hvpReverse(f, at: x, along: $0)) }
    let wide = hvp(f, at: x, along: block)
    let taylor = basis.indices.map { row in
      basis.indices.map { column in
        // Off the diagonal it says sums of four, which infinities spoil.
        row == column
          ? directionalDerivatives(f, at: x, along: basis[row], order: 2)[2].item() : reverse[row][column]
      }
    }
    return [
      ("reverse over reverse", reverse),
      ("forward over reverse", basis.map { flat(hvp(f, at: x, along: $0)) }),
      ("reverse over forward", basis.map { flat(grad(along($0))(x)) }),
      ("forward over forward", basis.map { v in basis.map { jvp(along(v), at: x, along: $0).tangent.item() } }),
      ("forward over reverse with a leading axis", basis.indices.map { row in flat(wide.map { $0[row] }) }),
      ("Taylor mode", taylor),
      (
        "vmap of forward over reverse",
        basis.map { v in second(vmap { (x: [Tensor]) in hvp(f, at: x, along: v) }(examples)) }
      ),
    ]
  }

  var products: [(mode: String, numbers: [Double])] {
    let (f, g) = (f, split(KinkDerivatives.irregular(count)))
    return [
      ("reverse over reverse", flat(hvpReverse(f, at: x, along: g))),
      ("forward over reverse", flat(hvp(f, at: x, along: g))),
      ("reverse over forward", flat(vhp(f, at: x, along: g).product)),
      ("Taylor mode", [directionalDerivatives(f, at: x, along: g, order: 2)[2].item()]),
    ]
  }
}
