/// Matrix products of strided storages on BLAS.
enum MatrixKernel {
  /// A matrix as BLAS takes it: row-major with a leading dimension, perhaps to be read transposed.
  private struct Operand: Sendable {
    let storage: Storage
    let transposed: Bool
    let leading: Int
  }

  /// Passes strides that BLAS can take as they are, copies others.
  private static func operand(_ storage: Storage, flipped: Bool) -> Operand {
    let rank = storage.shape.rank
    let rows = storage.shape[rank - 2]
    let columns = storage.shape[rank - 1]
    let rowStride = storage.strides[rank - 2]
    let columnStride = storage.strides[rank - 1]
    if (columnStride == 1 || columns == 1) && (rowStride >= max(columns, 1) || rows == 1) {
      return Operand(storage: storage, transposed: flipped, leading: rows == 1 ? max(columns, 1) : rowStride)
    }
    if (rowStride == 1 || rows == 1) && (columnStride >= max(rows, 1) || columns == 1) {
      return Operand(storage: storage, transposed: !flipped, leading: columns == 1 ? max(rows, 1) : columnStride)
    }
    return Operand(storage: storage.copied(), transposed: flipped, leading: max(columns, 1))
  }

  /// [..., m, k] x [..., k, n] -> [..., m, n], either stored the other way round; stacks broadcast, their
  /// ranks may differ. Plus `row` [n] in each row, where there is one.
  static func product(
    _ a: Storage, _ b: Storage, transposeA: Bool, transposeB: Bool, adding row: Storage? = nil
  ) -> Storage {
    let m = a.shape[a.shape.rank - (transposeA ? 1 : 2)]
    let k = a.shape[a.shape.rank - (transposeA ? 2 : 1)]
    let n = b.shape[b.shape.rank - (transposeB ? 2 : 1)]
    let isOne = a.shape.rank == 2 && b.shape.rank == 2
    let stack = isOne ? Shape() : a.shape.first(a.shape.rank - 2).broadcast(with: b.shape.first(b.shape.rank - 2))!
    let matrix = Shape(rows: m, columns: n)
    let result = Storage(isOne ? matrix : stack.followed(by: matrix), a.dtype)
    multiply(a, b, transposeA: transposeA, transposeB: transposeB, (m, n, k), stack, into: result, adding: row)
    return result
  }

  /// The product added to what contiguous memory holds, which must be no operand's; nil where its shape is another.
  static func product(
    _ a: Storage, _ b: Storage, transposeA: Bool, transposeB: Bool, addingTo sum: Storage
  ) -> Storage? {
    let m = a.shape[a.shape.rank - (transposeA ? 1 : 2)]
    let k = a.shape[a.shape.rank - (transposeA ? 2 : 1)]
    let n = b.shape[b.shape.rank - (transposeB ? 2 : 1)]
    let stack = a.shape.first(a.shape.rank - 2).broadcast(with: b.shape.first(b.shape.rank - 2))!
    guard sum.shape == stack.followed(by: Shape(rows: m, columns: n)), sum.isOwned else { return nil }
    multiply(a, b, transposeA: transposeA, transposeB: transposeB, (m, n, k), stack, into: sum, beta: 1)
    return sum
  }

  private static func multiply(
    _ a: Storage, _ b: Storage, transposeA: Bool, transposeB: Bool, _ size: (m: Int, n: Int, k: Int), _ stack: Shape,
    into result: Storage, beta: Double = 0, adding row: Storage? = nil
  ) {
    guard result.count > 0 else { return }
    let (m, n, k) = size
    let left = operand(a, flipped: transposeA)
    let right = operand(b, flipped: transposeB)
    let row = row?.contiguous
    withExtendedLifetime((left.storage, right.storage, row)) {
      if stack.rank == 0 {
        BLAS.gemm(
          a.dtype, transposeA: left.transposed, transposeB: right.transposed, m: m, n: n, k: k,
          a: left.storage.pointer, lda: left.leading, b: right.storage.pointer, ldb: right.leading,
          beta: beta, c: result.pointer, ldc: n, row: row.map { UnsafeRawPointer($0.pointer) })
      } else {
        runStack(stack, left, right, m, n, k, beta, result)
      }
    }
  }

  /// Runs of the stack along its last axis with constant strides, one batch each.
  private static func runStack(
    _ stack: Shape, _ left: Operand, _ right: Operand, _ m: Int, _ n: Int, _ k: Int, _ beta: Double,
    _ result: Storage
  ) {
    let leftStrides = stackStrides(left.storage, stack)
    let rightStrides = stackStrides(right.storage, stack)
    let last = stack.rank - 1
    let outer = stack.first(last)
    let runs = outer.elementCount
    let size = result.dtype.byteCount
    // Small products of several runs go to threads by runs; those of one run, and large ones, split themselves.
    let isSplit = runs > 1 && stack[last] * m * n * k < Multiplication.workOfLarge
    let target = UnsafeSendable(result.pointer)
    Parallel.runItems(runs, work: isSplit ? stack[last] * m * n * k : 0, grain: Multiplication.workOfPart) {
      items, threads in
      for run in items {
        let places = outer.offsets(run, leftStrides, rightStrides)
        BLAS.batchedGemm(
          result.dtype, transposeA: left.transposed, transposeB: right.transposed, batch: stack[last], m: m, n: n,
          k: k, a: left.storage.pointer + places.first * size, lda: left.leading, strideA: leftStrides[last],
          b: right.storage.pointer + places.second * size, ldb: right.leading, strideB: rightStrides[last],
          beta: beta, c: target.value + run * stack[last] * m * n * size, ldc: n, strideC: m * n, threads: threads)
      }
    }
  }

  private static func stackStrides(_ storage: Storage, _ stack: Shape) -> Strides {
    let rank = storage.shape.rank - 2
    return storage.shape.first(rank).strides(storage.strides.first(rank), broadcastTo: stack)
  }
}

extension Shape {
  /// Where an element, counted in row-major order, lies in two arrays.
  fileprivate func offsets(_ element: Int, _ first: Strides, _ second: Strides) -> (first: Int, second: Int) {
    var rest = element
    var result = (first: 0, second: 0)
    for axis in indices.reversed() {
      result.first += rest % self[axis] * first[axis]
      result.second += rest % self[axis] * second[axis]
      rest /= self[axis]
    }
    return result
  }
}
