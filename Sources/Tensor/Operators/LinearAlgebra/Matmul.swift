/// Products of the matrices of the last two axes, each perhaps read transposed: the four are closed under
/// differentiation, so that no derivative makes a transposed copy or view.
final class MatrixProduct: BilinearFunction, @unchecked Sendable {
  let transposesLeft: Bool
  let transposesRight: Bool

  private init(_ transposesLeft: Bool, _ transposesRight: Bool) {
    self.transposesLeft = transposesLeft
    self.transposesRight = transposesRight
  }

  static let plain = MatrixProduct(false, false)
  private static let leftTransposed = MatrixProduct(true, false)
  static let rightTransposed = MatrixProduct(false, true)
  private static let bothTransposed = MatrixProduct(true, true)

  override var name: String { "matmul" }

  static func innerAxesDiffer(_ a: Shape, _ b: Shape, _ inner: Int, _ other: Int) -> Tensor {
    Misuse.fail("matmul", "inner axes differ, \(a) x \(b) (\(inner) != \(other))")
  }

  override func apply(_ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(
      MatrixKernel.product(a.storage, b.storage, transposeA: transposesLeft, transposeB: transposesRight))
  }

  override var isMultiplication: Bool { true }

  override func apply(_ a: Tensor, _ b: Tensor, addingTo sum: Storage) -> Tensor? {
    MatrixKernel.product(
      a.storage, b.storage, transposeA: transposesLeft, transposeB: transposesRight, addingTo: sum
    ).map { Tensor($0) }
  }

  override func part(of input: Storage, _ position: Int, for index: [Int]) -> Storage? {
    guard index.count >= 2 else { return nil }
    let (row, column) = (index[index.count - 2], index[index.count - 1])
    let stack = index.dropLast(2).map(Optional.some)
    return position == 0
      ? input.part(stack + (transposesLeft ? [nil, row] : [row, nil]))
      : input.part(stack + (transposesRight ? [column, nil] : [nil, column]))
  }

  /// The product that an adjoint is, and whether the cotangent is its left operand.
  private var left: (product: MatrixProduct, cotangentFirst: Bool) {
    switch (transposesLeft, transposesRight) {
    case (false, false): (.rightTransposed, true)
    case (false, true): (.plain, true)
    case (true, false): (.rightTransposed, false)
    case (true, true): (.bothTransposed, false)
    }
  }

  private var right: (product: MatrixProduct, cotangentFirst: Bool) {
    switch (transposesLeft, transposesRight) {
    case (false, false): (.leftTransposed, false)
    case (false, true): (.leftTransposed, true)
    case (true, false): (.plain, false)
    case (true, true): (.bothTransposed, true)
    }
  }

  override func leftAdjoint(_ cotangent: Tensor, _ b: Tensor) -> Tensor {
    let (product, cotangentFirst) = left
    return cotangentFirst ? product(cotangent, b) : product(b, cotangent)
  }

  override func rightAdjoint(_ cotangent: Tensor, _ a: Tensor) -> Tensor {
    let (product, cotangentFirst) = right
    return cotangentFirst ? product(cotangent, a) : product(a, cotangent)
  }

  override func leftAdjoint(_ cotangent: Tensor, _ b: Tensor, addingTo sum: Storage) -> Tensor? {
    let (product, cotangentFirst) = left
    return cotangentFirst ? product.apply(cotangent, b, addingTo: sum) : product.apply(b, cotangent, addingTo: sum)
  }

  override func rightAdjoint(_ cotangent: Tensor, _ a: Tensor, addingTo sum: Storage) -> Tensor? {
    let (product, cotangentFirst) = right
    return cotangentFirst ? product.apply(cotangent, a, addingTo: sum) : product.apply(a, cotangent, addingTo: sum)
  }

  /// Examples are rows of the left matrix, or matrices of stacks.
  override func pullbackPerExample(_ node: Node, _ cotangent: Tensor, _ sink: PerExampleSink) -> Bool {
    guard cotangent.rank > 2 || !transposesLeft else { return false }
    if node.wants(0, sink) { node.deliver(leftAdjoint(cotangent, node.saved(1)), toInput: 0, sink) }
    guard node.wants(1, sink) else { return true }
    if cotangent.rank > 2 {
      node.deliver(rightAdjoint(cotangent, node.saved(0)), toInput: 1, sink)
    } else if let a = sink.examples(node.saved(0)), let u = sink.examples(cotangent) {
      sink.receive(examples: rightAdjoint(u, a), node, input: 1)
    } else {
      sink.giveUp()
    }
    return true
  }

  /// An element of the product depends on a row of the left matrix and on a column of the right one.
  override func reach(_ node: Node, _ sets: [Tensor?]) -> [Tensor?]? { [reach(node, left: sets[0], right: sets[1])] }

  func reach(_ node: Node, left: Tensor?, right: Tensor?) -> Tensor? {
    /// What the inner axis is summed over, for an operand whose inner axis has so many behind it once it is read.
    func inner(_ sets: Tensor?, _ index: Int, _ isTransposed: Bool, behind: Int) -> Tensor? {
      sets.map { sets in
        let (source, output) = node.source(index)!
        let matrix = isTransposed ? sets.transposed(-2, -1) : sets
        let united = ElementSets.united(matrix, along: 1 << UInt32(behind))
        let stack = source.shape(ofOutput: output).rank - 2
        let narrow = united.shape.last(stack + 2)
        return united.widened(from: narrow, to: node.shape)
      }
    }
    return ElementSets.union(
      inner(left, 0, transposesLeft, behind: 0), inner(right, 1, transposesRight, behind: 1))
  }
}

/// The product of matrices, of vectors, or of stacks of matrices, by NumPy's rules.
///
/// A vector on the left is a row, on the right a column, and its axis goes from the result. Further leading
/// axes are stacks of matrices and broadcast. Float dtypes run on BLAS; strides it can take are not copied.
/// - Precondition: Rank at least 1, equal dtypes, equal inner lengths, stacks that broadcast.
public func matmul(_ a: Tensor, _ b: Tensor) -> Tensor {
  guard a.rank >= 1, b.rank >= 1 else {
    return Misuse.fail("matmul", "needs vectors or matrices, got shapes \(a.shape) and \(b.shape); use * to scale")
  }
  guard a.dtype == b.dtype, a.dtype != .bool else {
    return Misuse.fail(
      "matmul", "the dtypes are \(a.dtype) and \(b.dtype); they must be equal and numbers, convert with asType")
  }
  let inner = a.shape[a.rank - 1]
  let other = b.shape[b.rank == 1 ? 0 : b.rank - 2]
  guard inner == other else {
    return MatrixProduct.innerAxesDiffer(a.shape, b.shape, inner, other)
  }
  if a.rank == 2 && b.rank == 2 { return MatrixProduct.plain(a, b) }
  return composed("matmul", of: [a, b]) {
    if a.rank == 1 { return matmul(a.unsqueezed(axis: 0), b).squeezed(axis: b.rank == 1 ? 0 : -2) }
    if b.rank == 1 { return matmul(a, b.unsqueezed(axis: 1)).squeezed(axis: -1) }
    return stackedProduct(a, b)
  }
}

private func stackedProduct(_ a: Tensor, _ b: Tensor) -> Tensor {
  let rank = max(a.rank, b.rank)
  guard a.shape.first(a.rank - 2).broadcast(with: b.shape.first(b.rank - 2)) != nil else {
    return Misuse.fail("matmul", "the stacks of \(a.shape) and \(b.shape) do not broadcast")
  }
  if b.rank == 2 {
    // One large product instead of many small ones.
    let rows = a.reshaped([a.shape.first(rank - 1).elementCount, a.shape[rank - 1]])
    return MatrixProduct.plain(rows, b).reshaped(a.shape.first(rank - 1).followed(by: [b.shape[1]]))
  }
  func padded(_ x: Tensor) -> Tensor {
    x.reshaped(Shape(repeating: 1, rank: rank - x.rank).followed(by: x.shape))
  }
  return MatrixProduct.plain(padded(a), padded(b))
}

/// The inner product of two vectors of one length.
///
/// - Precondition: Rank 1, equal lengths and dtypes.
public func dot(_ a: Tensor, _ b: Tensor) -> Tensor {
  guard a.rank == 1, b.rank == 1, a.count == b.count else {
    return Misuse.fail("dot", "needs two vectors of one length, got shapes \(a.shape) and \(b.shape)")
  }
  return Arithmetic.multiply.tensors.reduced([a, b], nil, false, "dot", mean: false)
}
