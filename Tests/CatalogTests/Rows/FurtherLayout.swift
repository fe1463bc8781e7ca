import Autograd

extension Catalogue {
  /// A rearrangement, with the position each element of the result comes from; nil is a number of its own.
  private static func moving(
    _ name: String, operators: [String]? = nil, at shape: Shape = [2, 3], to result: [Int], number: Double = 0,
    accepts: Accepted = .all, _ call: @escaping @Sendable (Tensor) -> Tensor,
    _ source: @escaping @Sendable ([Int]) -> [Int]?
  ) -> Row {
    Row(
      name, operators: operators, inputs: [Draw(shape)],
      reference: .arrays { all in [Numbers(result) { source($0).map { all[0][$0] } ?? number }] }, accepts: accepts,
      ulps: 0, call: { [call($0[0])] })
  }

  static let furtherLayout: [Row] = [
    moving("narrowed", at: [2, 4], to: [2, 2], { $0.narrowed(axis: 1, from: -3, count: 2) }, { [$0[0], $0[1] + 1] }),
    moving(
      "narrowed twice, with a row in common", operators: ["narrowed"], at: [3, 2], to: [4, 2],
      { concatenated([$0.narrowed(axis: 0, from: 0, count: 2), $0.narrowed(axis: 0, from: 1, count: 2)]) },
      { [$0[0] - $0[0] / 2, $0[1]] }),
    Row(
      "split", inputs: [Draw([2, 3])],
      reference: .arrays { x in [Numbers([2, 1]) { x[0][$0] }, Numbers([2, 2]) { x[0][[$0[0], $0[1] + 1]] }] },
      accepts: .all, ulps: 0, call: { $0[0].split(sizes: [1, 2], axis: 1) }),
    Row(
      "split by size", operators: ["split"], inputs: [Draw([3, 2])],
      reference: .arrays { x in [Numbers([2, 2]) { x[0][$0] }, Numbers([1, 2]) { x[0][[2, $0[1]]] }] },
      accepts: .all, ulps: 0, call: { $0[0].split(size: 2) }),
    Row(
      "chunk", inputs: [Draw([2, 3])],
      reference: .arrays { x in [Numbers([2, 2]) { x[0][$0] }, Numbers([2, 1]) { x[0][[$0[0], 2]] }] },
      accepts: .all, ulps: 0, call: { $0[0].chunk(2, axis: -1) }),
    Row(
      "unbind", inputs: [Draw([2, 3])],
      reference: .arrays { x in (0..<3).map { column in Numbers([2]) { x[0][[$0[0], column]] } } }, accepts: .all,
      ulps: 0, call: { $0[0].unbind(axis: 1) }),
    moving("flipped", to: [2, 3], { $0.flipped(axes: [-1]) }, { [$0[0], 2 - $0[1]] }),
    moving("flipped in all axes", operators: ["flipped"], to: [2, 3], { $0.flipped() }, { [1 - $0[0], 2 - $0[1]] }),
    moving("rolled", to: [2, 3], { $0.rolled(by: 4, axis: 1) }, { [$0[0], ($0[1] + 2) % 3] }),
    moving(
      "rolled as one", operators: ["rolled"], to: [2, 3], { $0.rolled(by: -1) },
      { [(($0[0] * 3 + $0[1] + 1) % 6) / 3, ($0[1] + 1) % 3] }),
    moving("rotated", to: [3, 2], { $0.rotated() }, { [$0[1], 2 - $0[0]] }),
    moving(
      "rotated twice", operators: ["rotated"], to: [2, 3], { $0.rotated(quarters: 2) }, { [1 - $0[0], 2 - $0[1]] }),
    moving("rotated back", operators: ["rotated"], to: [3, 2], { $0.rotated(quarters: -1) }, { [1 - $0[1], $0[0]] }),
    moving("movedAxis", at: [2, 3, 4], to: [3, 4, 2], { $0.movedAxis(0, to: -1) }, { [$0[2], $0[0], $0[1]] }),
    moving(
      "movedAxes", at: [2, 3, 4], to: [4, 2, 3], { $0.movedAxes([2, 0], to: [0, 1]) }, { [$0[1], $0[2], $0[0]] }),
    Row(
      "meshgrid", inputs: [Draw([2]), Draw([3])],
      reference: .arrays { x in
        [Numbers([2, 3]) { x[0].values[$0[0]] }, Numbers([2, 3]) { x[1].values[$0[1]] }]
      }, accepts: .all, ulps: 0, call: { meshgrid($0) }),
    moving("tiled", to: [2, 2, 9], { $0.tiled([2, 1, 3]) }, { [$0[1], $0[2] % 3] }),
    moving("repeatInterleave", to: [2, 6], { $0.repeatInterleave(2, axis: 1) }, { [$0[0], $0[1] / 2] }),
    moving(
      "repeatInterleave by counts", operators: ["repeatInterleave"], to: [2, 3],
      { $0.repeatInterleave(Tensor([1, 0, 2] as [Int]), axis: -1) }, { [$0[0], [0, 2, 2][$0[1]]] }),
    moving(
      "unfolded", at: [5, 2], to: [2, 2, 3], { $0.unfolded(axis: 0, size: 3, step: 2) }, { [2 * $0[0] + $0[2], $0[1]] }),
    moving("diagonal", at: [3, 4], to: [3], { $0.diagonal(offset: 1) }, { [$0[0], $0[0] + 1] }),
    moving(
      "diagonal of other axes", operators: ["diagonal"], at: [3, 2, 3], to: [2, 2], { $0.diagonal(offset: -1, 0, 2) },
      { [$0[1] + 1, $0[0], $0[1]] }),
    moving(
      "diagonalEmbedded", to: [2, 4, 4], { $0.diagonalEmbedded(offset: 1) },
      { $0[2] == $0[1] + 1 ? [$0[0], $0[1]] : nil }),
    Row(
      "trace", inputs: [Draw([3, 3])],
      reference: .arrays { x in [Numbers([], [x[0][[0, 0]] + x[0][[1, 1]] + x[0][[2, 2]]])] },
      accepts: .all, integersGive: .int64, call: { [$0[0].trace()] }),
    moving("tril", at: [2, 2, 3], to: [2, 2, 3], { $0.tril() }, { $0[2] <= $0[1] ? $0 : nil }),
    moving("triu", at: [3, 3], to: [3, 3], { $0.triu(offset: -1) }, { $0[1] >= $0[0] - 1 ? $0 : nil }),
    moving(
      "padded", to: [4, 4], { $0.padded([(1, 1), (0, 1)]) },
      { $0[0] > 0 && $0[0] < 3 && $0[1] < 3 ? [$0[0] - 1, $0[1]] : nil }),
    moving(
      "padded by a number and cut", operators: ["padded"], to: [2, 3], number: 1,
      { $0.padded([(-1, 1)], mode: .constant(1)) },
      { $0[1] < 2 ? [$0[0], $0[1] + 1] : nil }),
    moving(
      "padded by reflection", operators: ["padded"], to: [2, 6], { $0.padded([(1, 2)], mode: .reflect) },
      { [$0[0], [1, 0, 1, 2, 1, 0][$0[1]]] }),
    moving(
      "padded by the outermost", operators: ["padded"], to: [2, 6], { $0.padded([(1, 2)], mode: .replicate) },
      { [$0[0], [0, 0, 1, 2, 2, 2][$0[1]]] }),
    moving(
      "padded by the other end", operators: ["padded"], to: [2, 6], { $0.padded([(1, 2)], mode: .circular) },
      { [$0[0], [2, 0, 1, 2, 0, 1][$0[1]]] }),
  ]
}

extension Catalogue {
  static let furtherLayoutNotes: [Note] = [
    Note(
      "narrowed", "Some positions of an axis, one after another", "`u` at its places, 0 elsewhere",
      torch: "torch.narrow",
      jax: "jax.lax.dynamic_slice_in_dim"),
    Note("split", "Parts along an axis", "`u` of each at its places", same: "split"),
    Note(
      "chunk", "Parts of equal length along an axis", "`u` of each at its places", same: "array_split",
      torch: "torch.chunk"),
    Note(
      "unbind", "The slabs of an axis", "`u` of each at its place", torch: "torch.unbind", numpy: "np.unstack",
      jax: "jnp.unstack"),
    Note("flipped", "Axes in reverse order", "`u`, flipped", same: "flip"),
    Note("rolled", "Positions moved on, the last coming first", "`u`, rolled back", same: "roll"),
    Note("rotated", "Turned by quarters in the plane of two axes", "`u`, turned back", same: "rot90"),
    Note("movedAxis", "One axis at another place", "`u`, moved back", same: "moveaxis"),
    Note("movedAxes", "Axes at other places", "`u`, moved back", same: "moveaxis"),
    Note("meshgrid", "Coordinates of the grid that vectors span", "`u`, summed over the other axes", same: "meshgrid"),
    Note("tiled", "Side by side, so many times along each axis", "`u`, summed over the copies", same: "tile"),
    Note(
      "repeatInterleave", "Each slab so many times in a row", "`u`, summed over the copies", same: "repeat",
      torch: "torch.repeat_interleave"),
    Note(
      "unfolded", "Windows along an axis", "`u`, added where windows overlap", torch: "Tensor.unfold",
      numpy: "np.lib.stride_tricks.sliding_window_view"),
    Note("diagonal", "The diagonal of two axes as a last axis", "`u` on the diagonal, 0 elsewhere", same: "diagonal"),
    Note("diagonalEmbedded", "Matrices with this diagonal", "The diagonal of `u`", torch: "torch.diag_embed"),
    Note("trace", "sum of x[i, i]", "`u` on the diagonal, 0 elsewhere", same: "trace"),
    Note("tril", "0 above a diagonal", "`u`, 0 above", same: "tril"),
    Note("triu", "0 below a diagonal", "`u`, 0 below", same: "triu"),
    Note("padded", "Longer at both ends", "`u`, its own part; copies are added", same: "pad", torch: "F.pad"),
  ]
}
