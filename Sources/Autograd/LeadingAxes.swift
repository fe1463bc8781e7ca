import Tensor

// Blocks of vectors have extra axes in front. Where a function goes through a tensor with as many axes as there can be,
// transforms that choose their own blocks take one vector at a time; what was given in blocks is refused.

enum LeadingAxes {
  /// Reports that derivatives with these leading axes do not fit a tensor on the way.
  static func report(_ lead: Shape, _ axes: Int) {
    Misuse.report(
      "derivative",
      "vectors with the leading axes \(lead) pass a tensor of \(axes) axes, which makes more than \(Shape.maxRank); give "
        + "one vector at a time (vmap does), or reshape to fewer axes within the function")
  }

  /// Products with basis vectors one by one: [rows, elements] for each target, nil where all are zero.
  static func oneByOne(
    _ rows: Range<Int>, of source: Tensor, to targets: [Tensor], _ product: (Tensor) -> [Tensor?]
  ) -> [Tensor?] {
    joined(rows.map { product(.basisVector($0, like: source)) }, like: targets)
  }

  /// Lists of tensors, or of zeros, each as a row of those at its place in the lists.
  static func joined(_ lists: [[Tensor?]], like targets: [Tensor]) -> [Tensor?] {
    targets.indices.map { place in
      if lists.allSatisfy({ $0[place] == nil }) { return nil }
      let zero = Tensor.zeros([targets[place].count], dtype: targets[place].dtype)
      return stacked(lists.map { $0[place]?.flattened() ?? zero })
    }
  }
}

extension Tensor {
  /// A row of the identity over a tensor's elements, of its shape and dtype.
  fileprivate static func basisVector(_ row: Int, like other: Tensor) -> Tensor {
    let result = Tensor.zeros(like: other)
    result.storage.setNumber(1, at: row)
    return result
  }
}
