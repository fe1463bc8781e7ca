import Autograd

extension Catalogue {
  /// A part of a tensor, with its reference: the position each element comes from.
  private static func part(
    _ name: String, _ shape: Shape, _ result: [Int], _ call: @escaping @Sendable (Tensor) -> Tensor,
    _ source: @escaping @Sendable ([Int]) -> [Int]
  ) -> Row {
    Row(
      name, operators: ["subscript"], inputs: [Draw(shape)],
      reference: .arrays { all in [Numbers(result) { all[0][source($0)] }] }, accepts: .all, ulps: 0,
      saves: [Saves(0, keeps: [])], call: { [call($0[0])] })
  }

  /// A tensor with a part overwritten, with its reference: what to write at a position, nil elsewhere.
  private static func writing(
    _ name: String, _ shape: Shape, _ value: Shape,
    _ write: @escaping @Sendable (inout Tensor, Tensor) -> Void,
    _ source: @escaping @Sendable ([Int]) -> [Int]?
  ) -> Row {
    Row(
      name, operators: ["subscript"], inputs: [Draw(shape), Draw(value)],
      reference: .arrays { all in
        [Numbers(all[0].shape) { index in source(index).map { all[1].broadcast($0) } ?? all[0][index] }]
      }, accepts: .all, ulps: 0,
      call: {
        var x = $0[0]
        write(&x, $0[1])
        return [x]
      })
  }

  static let indexing: [Row] = [
    part("slice", [4, 3], [2, 3], { $0[1..<3] }, { [$0[0] + 1, $0[1]] }),
    part("slice at a position", [4, 3], [3], { $0[-1] }, { [3, $0[0]] }),
    part("slice with a step", [5, 3], [3, 3], { $0[SpecialIndex.stride(by: 2)] }, { [2 * $0[0], $0[1]] }),
    part(
      "slice backwards", [3, 4], [3, 2], { $0[..., SpecialIndex.stride(from: 3, to: 0, by: -2)] },
      {
        [$0[0], 3 - 2 * $0[1]]
      }),
    part(
      "slice with a new axis", [2, 3], [2, 1, 2], { $0[SpecialIndex.all, SpecialIndex.newAxis, 1...] },
      {
        [$0[0], $0[2] + 1]
      }),
    part("slice of nothing", [2, 3], [2, 0], { $0[..., 1..<1] }, { $0 }),
    part(
      "index tensor", [4, 3], [3, 3], { $0[Tensor([2, 0, 2] as [Int])] }, { [[2, 0, 2][$0[0]], $0[1]] }),
    part("mask", [4, 3], [2, 3], { $0[Tensor([false, true, false, true])] }, { [[1, 3][$0[0]], $0[1]] }),
    part(
      "mask of two axes", [2, 2], [2], { $0[Tensor([[false, true], [true, false]])] },
      { [[0, 1], [1, 0]][$0[0]] }),
    part(
      "index tensors side by side", [3, 4, 2], [3, 2],
      { $0[Tensor([0, 2, -1] as [Int]), Tensor([3, 0, 3] as [Int])] },
      { [[0, 2, 2][$0[0]], [3, 0, 3][$0[0]], $0[1]] }),
    part(
      "index tensors that broadcast, after a slice", [2, 3, 3], [2, 2, 2],
      { $0[1..., Tensor([[0], [2]] as [[Int]]), Tensor([1, 0] as [Int])].expanded(to: [2, 2, 2]) },
      { [1, [0, 2][$0[1]], [1, 0][$0[2]]] }),
    writing(
      "write at index tensors", [3, 3], [3],
      { $0[Tensor([0, 2, 1] as [Int]), Tensor([1, 1, 0] as [Int])] = $1 },
      { [[0, 1]: [0], [2, 1]: [1], [1, 0]: [2]][$0] }),
    writing(
      "write a slice", [4, 3], [2, 3], { $0[1..<3] = $1 },
      { $0[0] == 1 || $0[0] == 2 ? [$0[0] - 1, $0[1]] : nil }),
    writing(
      "write a row that broadcasts", [4, 3], [3], { $0[1..<3] = $1 },
      { $0[0] == 1 || $0[0] == 2 ? $0 : nil }),
    writing("write one element", [2, 3], [], { $0[1, 2] = $1 }, { $0 == [1, 2] ? [] : nil }),
    writing(
      "write backwards", [4], [2], { $0[SpecialIndex.stride(by: -2)] = $1 },
      {
        $0[0] % 2 == 1 ? [(3 - $0[0]) / 2] : nil
      }),
    writing(
      "write at an index tensor", [4, 3], [2, 3], { $0[Tensor([2, 0] as [Int])] = $1 },
      {
        $0[0] == 2 ? [0, $0[1]] : $0[0] == 0 ? [1, $0[1]] : nil
      }),
    writing(
      "write at repeated indices", [4, 3], [3, 3], { $0[Tensor([2, 0, 2] as [Int])] = $1 },
      {
        $0[0] == 2 ? [2, $0[1]] : $0[0] == 0 ? [1, $0[1]] : nil
      }),
    writing(
      "write at an index tensor of the last axis", [2, 4], [2, 2], { $0[..., Tensor([3, 0] as [Int])] = $1 },
      { $0[1] == 3 ? [$0[0], 0] : $0[1] == 0 ? [$0[0], 1] : nil }),
    writing(
      "write at a mask", [4, 3], [2, 3], { $0[Tensor([false, true, false, true])] = $1 },
      {
        $0[0] == 1 ? [0, $0[1]] : $0[0] == 3 ? [1, $0[1]] : nil
      }),
    Row(
      "gather", inputs: [Draw([3, 2]), Draw([4, 2], .index([0, 2, 2, -1, 0, 0, 1, 2]))],
      reference: .arrays { all in
        let length = all[0].shape[0]
        return [
          Numbers(all[1].shape) { index in
            let position = Int(all[1][index])
            return all[0][[position < 0 ? position + length : position, index[1]]]
          }
        ]
      }, accepts: .all, ulps: 0, saves: [Saves(0, keeps: [])], emptyShapes: [[[3, 2], [0, 2]]],
      call: { [$0[0].gather($0[1], axis: 0)] }),
    Row(
      "gather along the last axis", operators: ["gather"], inputs: [Draw([2, 3]), Draw([1, 2], .index([2, 0]))],
      reference: .arrays { all in [Numbers([2, 2]) { all[0][[$0[0], Int(all[1][[0, $0[1]]])]] }] },
      accepts: .all, ulps: 0, call: { [$0[0].gather($0[1], axis: -1)] }),
    Row(
      "take", inputs: [Draw([3, 2]), Draw([2, 2], .index([0, 2, 2, -1]))],
      reference: .arrays { all in
        let length = all[0].shape[0]
        return [
          Numbers(all[1].shape + [2]) { index in
            let position = Int(all[1][Array(index.dropLast())])
            return all[0][[position < 0 ? position + length : position, index.last!]]
          }
        ]
      }, accepts: .all, ulps: 0, saves: [Saves(0, keeps: [])], emptyShapes: [[[3, 2], [0]]],
      call: { [$0[0].take($0[1])] }),
    Row(
      "take along the last axis", operators: ["take"], inputs: [Draw([2, 3]), Draw([4], .index([2, 0, 0, 1]))],
      reference: .arrays { all in [Numbers([2, 4]) { all[0][[$0[0], Int(all[1].values[$0[1]])]] }] },
      accepts: .all, ulps: 0, call: { [$0[0].take($0[1], axis: -1)] }),
  ]
}

extension Catalogue {
  static let indexingNotes: [Note] = [
    Note(
      "subscript", "`x[1..., -1, indices, mask]`, read or written",
      "`u` at its places; 0 where overwritten, to the value what was written",
      torch: "x[...]", numpy: "x[...]", mxnet: "x[...]", jax: "x[...], x.at[...].set"),
    Note(
      "gather", "y[i, j] = x[indices[i, j], j]", "`u`, added where positions repeat", torch: "torch.gather",
      numpy: "np.take_along_axis", mxnet: "mx.npx.pick", jax: "jnp.take_along_axis"),
    Note(
      "take", "The slabs at positions", "`u`, added where positions repeat", same: "take", torch: "torch.index_select"),
  ]
}
