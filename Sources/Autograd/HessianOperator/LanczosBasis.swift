import Tensor

/// Orthogonal vectors, of several spaces under leading axes, as the rows of matrices: each new one is written to its
/// place, and memory grows by some rows at a time.
struct LanczosBasis {
  /// [..., rows, n] each, zeros where no vector is yet.
  private var panels: [Tensor] = []
  private(set) var count = 0
  private let rows: Int
  private let shape: Shape
  private let dtype: DType

  init(like vector: Tensor) {
    let length = vector.shape[vector.rank - 1]
    rows = Swift.max(Swift.min(length, 16), 1)
    shape = vector.shape.first(vector.rank - 1).followed(by: [rows, length])
    dtype = vector.dtype
  }

  mutating func append(_ vector: Tensor) {
    if count == panels.count * rows { panels.append(Tensor.zeros(shape, dtype: dtype)) }
    panels[panels.count - 1][..., count % rows, .all] = vector
    count += 1
  }

  /// What is left of vectors without their parts along the basis.
  func complement(of vector: Tensor) -> Tensor {
    let standing = vector.unsqueezed(axis: -1)
    let parts = panels.map { matmul($0, standing).transposed(-2, -1) }
    return zip(panels, parts).reduce(vector) { $0 - matmul($1.1, $1.0).squeezed(axis: -2) }
  }

  /// The sum of the vectors times these numbers.
  func combination(_ components: [Double]) -> Tensor {
    let padded = components + Array(repeating: 0, count: panels.count * rows - components.count)
    let parts = Tensor(padded).asType(dtype).reshaped([panels.count, 1, rows])
    return panels.indices.dropFirst().reduce(matmul(parts[0], panels[0])) { $0 + matmul(parts[$1], panels[$1]) }
      .squeezed(axis: -2)
  }
}
