import Tensor

/// Orthogonal vectors, of several spaces under leading axes, as the rows of matrices: each new one is written to its
/// place, and memory grows by some rows at a time.
struct OrthogonalBasis {
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
  func complement(of vector: Tensor) -> Tensor { split(vector).rest }

  /// The parts of vectors along those of the basis, [..., rows] and zeros where no vector is yet; and what is left.
  func split(_ vector: Tensor) -> (parts: Tensor, rest: Tensor) {
    let standing = vector.unsqueezed(axis: -1)
    let parts = panels.map { matmul($0, standing).transposed(-2, -1) }
    let rest = zip(panels, parts).reduce(vector) { $0 - matmul($1.1, $1.0).squeezed(axis: -2) }
    return (concatenated(parts, axis: -1).squeezed(axis: -2), rest)
  }

  /// The sum of the vectors times these numbers, of one space or of each: [components], under its leading axes.
  func combination(_ components: Tensor) -> Tensor {
    let standing = components.asType(dtype).unsqueezed(axis: -2)
    let count = components.shape[components.rank - 1]
    let parts = panels.indices.filter { $0 * rows < count }.map { panel -> Tensor in
      let own = standing[..., panel * rows..<Swift.min((panel + 1) * rows, count)]
      return matmul(own, panels[panel][..., ..<own.shape[own.rank - 1], .all])
    }
    return parts.dropFirst().reduce(parts[0]) { $0 + $1 }.squeezed(axis: -2)
  }
}
