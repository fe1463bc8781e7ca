import Tensor

/// The elements of several tensors as those of one vector, for algorithms that know vectors only.
struct VectorSpace: Sendable {
  /// Untracked tensors of the shapes and dtypes.
  let templates: [Tensor]
  /// The number of all elements.
  let count: Int
  /// That of all tensors, float64 where they differ.
  let dtype: DType

  init(_ templates: [Tensor]) {
    self.templates = templates
    count = templates.reduce(0) { $0 + $1.count }
    let first = templates.first?.dtype ?? .float32
    dtype = templates.allSatisfy { $0.dtype == first } ? first : .float64
  }

  /// [count], under the leading axes that the tensors carry.
  func joined(_ tensors: [Tensor?], lead: Shape = []) -> Tensor {
    let parts = zip(templates, tensors).map { template, tensor in
      let shape = lead.followed(by: [template.count])
      return tensor.map { $0.reshaped(shape).asType(dtype) } ?? Tensor.zeros(shape, dtype: dtype)
    }
    if parts.isEmpty { return Tensor.zeros(lead.followed(by: [0]), dtype: dtype) }
    return parts.count == 1 ? parts[0] : concatenated(parts, axis: -1)
  }

  /// The tensors of a vector, under its leading axes.
  func split(_ vector: Tensor) -> [Tensor] {
    let lead = vector.shape.first(vector.rank - 1)
    var offset = 0
    return templates.map { template in
      defer { offset += template.count }
      let part = templates.count == 1 ? vector : vector[..., offset..<offset + template.count]
      return part.reshaped(lead.followed(by: template.shape)).asType(template.dtype)
    }
  }
}
