import Autograd

extension Catalogue {
  /// A rearrangement, with its reference.
  private static func moving(
    _ name: String, operators: [String]? = nil, at shape: Shape = [2, 3], shapes: [Shape] = [],
    empties: [Shape] = [], _ call: @escaping @Sendable (Tensor) -> Tensor,
    _ reference: @escaping @Sendable (Numbers) -> Numbers
  ) -> Row {
    Row(
      name, operators: operators, inputs: [Draw(shape)], reference: .arrays { [reference($0[0])] },
      accepts: .all,
      ulps: 0, saves: [Saves(0, keeps: [])], shapes: shapes.map { [$0] }, emptyShapes: empties.map { [$0] },
      call: { [call($0[0])] })
  }

  static let layout: [Row] = [
    moving("reshaped", { $0.reshaped([3, 2]) }, { Numbers([3, 2], $0.values) }),
    moving(
      "reshaped with an open length", operators: ["reshaped"], empties: [[2, 0]], { $0.reshaped([2, -1, 1]) },
      { Numbers([2, $0.values.count / 2, 1], $0.values) }),
    moving(
      "flattened", shapes: [[], [3], [2, 1, 2]], empties: [[2, 0, 3]], { $0.flattened() },
      { Numbers([$0.values.count], $0.values) }),
    moving(
      "squeezed", at: [2, 1, 3], shapes: [[1, 1, 2]], empties: [[0, 1, 3]], { $0.squeezed(axis: 1) },
      { Numbers([$0.shape[0], $0.shape[2]], $0.values) }),
    moving(
      "squeezed of all", operators: ["squeezed"], at: [2, 1, 3, 1], shapes: [[1], []], { $0.squeezed() },
      { Numbers($0.shape.filter { $0 != 1 }, $0.values) }),
    moving(
      "unsqueezed", shapes: [[3]], empties: [[0]], { $0.unsqueezed(axis: -1) },
      { Numbers($0.shape + [1], $0.values) }),
    moving(
      "unsqueezed in front", operators: ["unsqueezed"], shapes: [[]], { $0.unsqueezed(axis: 0) },
      { Numbers([1] + $0.shape, $0.values) }),
    moving(
      "permuted", at: [2, 3, 2], empties: [[2, 0, 3]], { $0.permuted([2, 0, 1]) },
      { x in Numbers([x.shape[2], x.shape[0], x.shape[1]]) { x[[$0[1], $0[2], $0[0]]] } }),
    moving(
      "transposed", empties: [[0, 3]], { $0.transposed() },
      { x in Numbers([x.shape[1], x.shape[0]]) { x[[$0[1], $0[0]]] } }),
    moving(
      "transposed in two axes", operators: ["transposed"], at: [2, 3, 2], { $0.transposed(0, -1) },
      { x in Numbers([x.shape[2], x.shape[1], x.shape[0]]) { x[[$0[2], $0[1], $0[0]]] } }),
    moving(
      "expanded", at: [3, 1], shapes: [[1, 2], [2], [1], []],
      { $0.expanded(to: [2, 3, 2]) }, { x in Numbers([2, 3, 2]) { x.broadcast($0) } }),
    Row(
      "concatenated", inputs: [Draw([2, 3]), Draw([1, 3])],
      reference: .arrays {
        [Numbers([$0[0].shape[0] + $0[1].shape[0], $0[0].shape[1]], $0[0].values + $0[1].values)]
      },
      accepts: .all, ulps: 0, saves: [Saves(0, 1, keeps: [])],
      emptyShapes: [[[0, 3], [2, 3]], [[2, 0], [1, 0]]],
      call: { [concatenated($0)] }),
    Row(
      "concatenated along the last axis", operators: ["concatenated"],
      inputs: [Draw([2, 3]), Draw([2, 1]), Draw([2, 2])],
      reference: .arrays { all in
        [
          Numbers([all[0].shape[0], all.map { $0.shape[1] }.reduce(0, +)]) { index in
            var position = index[1]
            for array in all {
              if position < array.shape[1] { return array[[index[0], position]] }
              position -= array.shape[1]
            }
            return .nan
          }
        ]
      }, accepts: .all, ulps: 0, emptyShapes: [[[0, 3], [0, 1], [0, 2]]],
      call: { [concatenated($0, axis: -1)] }),
    Row(
      "stacked", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { all in
        [Numbers([all[0].shape[0], 2, all[0].shape[1]]) { all[$0[1]][[$0[0], $0[2]]] }]
      }, accepts: .all, ulps: 0, emptyShapes: [[[2, 0], [2, 0]]], call: { [stacked($0, axis: 1)] }),
    moving("asType", { $0.asType($0.dtype) }, { $0 }),
    Row(
      "asType to float32", operators: ["asType"], inputs: [Draw([2, 3], .fixed([0.5, -1.25, 3, 2]))],
      reference: .arrays { $0 }, accepts: .all, resultType: .float32, ulps: 0, saves: [Saves(0, keeps: [])],
      shapes: [[[]]], emptyShapes: [[[0]]], call: { [$0[0].asType(.float32)] }),
    Row(
      "asType to int32", operators: ["asType"], inputs: [Draw([2, 3], .fixed([0.5, -1.25, 3.9, 2]))],
      reference: .arrays { [Numbers($0[0].shape, $0[0].values.map { $0.rounded(.towardZero) })] },
      accepts: .all,
      resultType: .int32, ulps: 0, call: { [$0[0].asType(.int32)] }),
  ]
}

extension Catalogue {
  static let layoutNotes: [Note] = [
    Note("reshaped", "The same elements in row-major order under another shape", "`u`, reshaped back", same: "reshape"),
    Note(
      "flattened", "Elements in row-major order, along one axis", "`u`, reshaped back", same: "ravel"),
    Note("squeezed", "Without axes of length 1", "`u`, reshaped back", same: "squeeze"),
    Note(
      "unsqueezed", "With a new axis of length 1", "`u`, reshaped back", same: "expand_dims", torch: "torch.unsqueeze"),
    Note("permuted", "Axes in another order", "`u`, permuted back", same: "transpose", torch: "torch.permute"),
    Note("transposed", "Two axes exchanged, or all in reverse order", "`u`, transposed", same: "swapaxes"),
    Note(
      "expanded", "Repeated along axes of length 1 and new leading ones", "`u`, summed over the repeated axes",
      same: "broadcast_to"),
    Note("concatenated", "One after another along an axis", "`u`, the part of each", same: "concatenate"),
    Note("stacked", "Side by side along a new axis", "`u`, the part of each", same: "stack"),
    Note(
      "asType", "In another dtype", "`u`, converted back; nothing through integers", torch: "Tensor.to",
      numpy: "np.ndarray.astype", mxnet: "mx.np.ndarray.astype", jax: "jax.Array.astype"),
  ]
}
