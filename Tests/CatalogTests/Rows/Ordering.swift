import Autograd

extension Catalogue {
  /// One element of each line along the last axis, with its position.
  private static func choosing(
    _ name: String, operators: [String]? = nil, values: Values = .spaced(0.3), accepts: Accepted = .all,
    _ call: @escaping @Sendable (Tensor) -> (values: Tensor, indices: Tensor),
    _ reference: @escaping @Sendable ([Double]) -> [Int]
  ) -> Row {
    Row(
      name, operators: operators, inputs: [Draw([2, 5], values)],
      reference: .arrays { all in
        let lines = all[0].lines(1).map { line in reference(line.line).map { line.line[$0] } }
        return [Numbers(lines[0].count == 1 ? [2] : [2, lines[0].count], lines.flatMap { $0 })]
      }, accepts: accepts, ulps: 0, call: { [call($0[0]).values] })
  }

  /// Stable, as the operator is.
  private static func order(_ x: [Double]) -> [Int] {
    x.indices.sorted { (x[$0], $0) < (x[$1], $1) }
  }

  /// Results that are constants.
  private static func finding(
    _ name: String, operators: [String]? = nil, inputs: [Draw], accepts: Accepted = .all,
    _ call: @escaping @Sendable ([Tensor]) -> [Tensor], _ reference: @escaping @Sendable ([Numbers]) -> [Numbers]
  ) -> Row {
    Row(
      name, operators: operators, inputs: inputs, reference: .arrays(reference), accepts: accepts,
      resultType: .int64, ulps: 0, call: call)
  }

  static let ordering: [Row] = [
    choosing("sorted", { $0.sorted() }, order),
    choosing(
      "sorted descending", operators: ["sorted"], { $0.sorted(axis: 1, descending: true) },
      { x in x.indices.sorted { (-x[$0], $0) < (-x[$1], $1) } }),
    finding(
      "argsort", inputs: [Draw([2, 5], .spaced(0.3))], { [$0[0].argsort()] },
      { x in [Numbers([2, 5], x[0].lines(1).flatMap { order($0.line).map(Double.init) })] }),
    choosing("topK", { $0.topK(2) }, { Array(order($0).reversed().prefix(2)) }),
    choosing(
      "topK of the smallest", operators: ["topK"], { $0.topK(2, largest: false) }, { Array(order($0).prefix(2)) }),
    choosing("kthValue", { $0.kthValue(2) }, { [order($0)[1]] }),
    choosing("median", { $0.median(axis: -1) }, { [order($0)[2]] }),
    choosing(
      "median without NaN", operators: ["median"], { $0.median(axis: -1, ignoringNaN: true) }, { [order($0)[2]] }),
    Row(
      "median of all", operators: ["median"], inputs: [Draw([2, 2], .spaced(0.3))],
      reference: .arrays { x in [Numbers([], [x[0].values.sorted()[1]])] }, accepts: .all, ulps: 0,
      call: { [$0[0].median()] }),
    Row(
      "quantile", inputs: [Draw([2, 5], .spaced(0.3)), Draw([2], .fixed([0.3, 0.9]))],
      reference: .arrays { x in
        [
          Numbers([2, 2]) { at in
            let line = (0..<5).map { x[0][[at[1], $0]] }.sorted()
            let place = 4 * x[1].values[at[0]]
            let (low, part) = (Int(place), place - place.rounded(.down))
            return low == 4 ? line[4] : line[low] * (1 - part) + line[low + 1] * part
          }
        ]
      }, ulps: 16, call: { [$0[0].quantile($0[1], axis: -1)] }),
    choosing("mode", { $0.mode() }) { x in
      let counts = x.map { value in x.count { $0 == value } }
      let best = x.indices.filter { counts[$0] == counts.max()! }.map { x[$0] }.min()!
      return [x.lastIndex(of: best)!]
    },
    finding(
      "oneHot", inputs: [Draw([3], .index([2, 0, 1]))], { [oneHot($0[0], classes: 3, dtype: .int64)] },
      { x in [Numbers([3, 3]) { x[0].values[$0[0]] == Double($0[1]) ? 1 : 0 }] }),
    finding(
      "searchSorted", operators: ["searchSorted", "bucketized"],
      inputs: [Draw([4], .index([1, 3, 3, 5])), Draw([2, 3], .fixed([0, 3, 4, 1, 5, 6]))],
      accepts: .numbers,
      { [searchSorted($0[0], $0[1]), $0[1].bucketized($0[0], right: true)] },
      { all in
        [
          Numbers([2, 3], all[1].values.map { x in Double(all[0].values.count { $0 < x }) }),
          Numbers([2, 3], all[1].values.map { x in Double(all[0].values.count { $0 <= x }) }),
        ]
      }),
    finding(
      "searchSorted in rows", operators: ["searchSorted"],
      inputs: [Draw([2, 3], .index([1, 3, 5, 0, 2, 4])), Draw([2, 2], .index([3, 6, 0, 4]))],
      { [searchSorted($0[0], $0[1])] },
      { all in
        [
          Numbers([2, 2]) { at in
            Double((0..<3).count { all[0][[at[0], $0]] < all[1][at] })
          }
        ]
      }),
    finding(
      "nonzero", inputs: [Draw([2, 3], .fixed([0, 1, 0, 2, 0, 3]))], { [$0[0].nonzero()] },
      { x in
        let found = Numbers.positions(x[0].shape).filter { x[0][$0] != 0 }
        return [Numbers([found.count, 2], found.flatMap { $0.map(Double.init) })]
      }),
    finding(
      "unique", inputs: [Draw([2, 3], .fixed([2, 1, 2, 5, 1, 2]))],
      { [$0[0].unique().values.asType(.int64), $0[0].unique().inverse, $0[0].unique().counts] },
      { x in
        let values = Set(x[0].values).sorted()
        return [
          Numbers([values.count], values), Numbers(x[0].shape, x[0].values.map { Double(values.firstIndex(of: $0)!) }),
          Numbers([values.count], values.map { value in Double(x[0].values.count { $0 == value }) }),
        ]
      }),
    finding(
      "bincount", inputs: [Draw([4], .index([2, 0, 2, 1]))], { [$0[0].bincount(minimumLength: 5)] },
      { x in [Numbers([5]) { at in Double(x[0].values.count { $0 == Double(at[0]) }) }] }),
  ]

  private static let places = Draw([2, 3], .index([0, 2, -1, 1, 0, 0]))

  /// What a scatter along axis 0 of [3, 4] from [2, 3] comes to: for each place what was there, then what
  /// comes to it.
  private static func scatters(
    _ name: String, operators: [String]? = nil, values: Values = .uniform(-2, 2), source: Values = .uniform(-2, 2),
    accepts: Accepted = .numbers, ulps: Double = 4,
    _ call: @escaping @Sendable (Tensor, Tensor, Tensor) -> Tensor,
    _ reference: @escaping @Sendable (Double, [Double]) -> Double
  ) -> Row {
    Row(
      name, operators: operators, inputs: [Draw([3, 4], values), places, Draw([2, 3], source)],
      reference: .arrays { all in
        [
          Numbers([3, 4]) { at in
            let coming = Numbers.positions([2, 3]).filter { from in
              from[1] == at[1] && (Int(all[1][from]) + 3) % 3 == at[0]
            }
            return reference(all[0][at], coming.map { all[2][$0] })
          }
        ]
      }, accepts: accepts, ulps: ulps, integers: 0...3, call: { [call($0[0], $0[1], $0[2])] })
  }

  static let scattering: [Row] = [
    scatters("scatter", accepts: .all, ulps: 0, { $0.scatter($1, $2, axis: 0) }, { $1.last ?? $0 }),
    scatters("scatterAdd", { $0.scatterAdd($1, $2, axis: 0) }, { $1.reduce($0, +) }),
    scatters(
      "scatterReduce", { $0.scatterReduce($1, $2, axis: 0, .sum, includesSelf: false) },
      { $1.isEmpty ? $0 : $1.reduce(0, +) }),
    scatters(
      "scatterReduce by mean", operators: ["scatterReduce"], { $0.scatterReduce($1, $2, axis: 0, .mean) },
      { own, coming in
        let mean = coming.reduce(own, +) / Double(coming.count + 1)
        return (coming + [own]).allSatisfy { $0 == $0.rounded() } ? mean.rounded(.down) : mean
      }),
    scatters(
      "scatterReduce by product", operators: ["scatterReduce"], { $0.scatterReduce($1, $2, axis: 0, .prod) },
      { $1.reduce($0, *) }),
    scatters(
      "scatterReduce by product, with zeros", operators: ["scatterReduce"], values: .fixed([0, 2, 0, 3, 1]),
      source: .fixed([0, 1.5, 0, -2]),
      { $0.scatterReduce($1, $2, axis: 0, .prod, includesSelf: false) },
      { $1.isEmpty ? $0 : $1.reduce(1, *) }),
    scatters(
      "scatterReduce by maximum", operators: ["scatterReduce"], values: .spaced(0.3), source: .spaced(0.47),
      { $0.scatterReduce($1, $2, axis: 0, .max) }, { $1.reduce($0, Swift.max) }),
    scatters(
      "scatterReduce by minimum", operators: ["scatterReduce"], values: .spaced(0.3), source: .spaced(0.47),
      { $0.scatterReduce($1, $2, axis: 0, .min, includesSelf: false) }, { $1.min() ?? $0 }),
    Row(
      "indexAdd", inputs: [Draw([2, 3]), Draw([2, 4])],
      reference: .arrays { x in
        [
          Numbers([2, 3]) { at in
            [2, 0, 2, 2].indices.reduce(x[0][at]) { [2, 0, 2, 2][$1] == at[1] ? $0 + x[1][[at[0], $1]] : $0 }
          }
        ]
      }, accepts: .numbers, call: { [$0[0].indexAdd(Tensor([2, 0, -1, 2] as [Int]), $0[1], axis: 1)] }),
    Row(
      "indexCopy", inputs: [Draw([2, 3]), Draw([2, 2])],
      reference: .arrays { x in
        [Numbers([2, 3]) { $0[1] == 2 ? x[1][[$0[0], 0]] : $0[1] == 0 ? x[1][[$0[0], 1]] : x[0][$0] }]
      }, accepts: .all, ulps: 0, call: { [$0[0].indexCopy(Tensor([2, 0] as [Int]), $0[1], axis: 1)] }),
    Row(
      "indexFill", inputs: [Draw([2, 3]), Draw([])],
      reference: .arrays { x in [Numbers([2, 3]) { $0[1] == 1 ? x[0][$0] : x[1].values[0] }] }, accepts: .all, ulps: 0,
      call: { [$0[0].indexFill(Tensor([2, 0] as [Int]), $0[1], axis: -1)] }),
    Row(
      "maskedFill", inputs: [Draw([2, 3]), Draw([3], .index([1, 0, 1]))],
      reference: .arrays { x in [Numbers([2, 3]) { x[1].values[$0[1]] == 0 ? x[0][$0] : 1 }] }, accepts: .all, ulps: 0,
      call: { [$0[0].maskedFill($0[1].asType(.bool), 1)] }),
    Row(
      "maskedFill by a tensor", operators: ["maskedFill"], inputs: [Draw([2, 3]), Draw([])],
      reference: .arrays { x in [Numbers([2, 3]) { $0[1] == 1 ? x[0][$0] : x[1].values[0] }] }, accepts: .all, ulps: 0,
      call: { [$0[0].maskedFill(Tensor([true, false, true]), $0[1])] }),
    Row(
      "maskedSelect", inputs: [Draw([2, 3])],
      reference: .arrays { x in [Numbers([4]) { x[0][[$0[0] / 2, 2 * ($0[0] % 2)]] }] }, accepts: .all, ulps: 0,
      call: { [$0[0].maskedSelect(Tensor([true, false, true]))] }),
    Row(
      "maskedScatter", inputs: [Draw([2, 3]), Draw([5])],
      reference: .arrays { x in [Numbers([2, 3]) { $0[1] == 1 ? x[0][$0] : x[1].values[2 * $0[0] + $0[1] / 2] }] },
      accepts: .all, ulps: 0, call: { [$0[0].maskedScatter(Tensor([true, false, true]), $0[1])] }),
  ]

  static let furtherProducts: [Row] = [
    Row(
      "outer", inputs: [Draw([2]), Draw([3])],
      reference: .arrays { x in [Numbers([2, 3]) { x[0].values[$0[0]] * x[1].values[$0[1]] }] }, accepts: .numbers,
      call: { [outer($0[0], $0[1])] }),
    Row(
      "inner", inputs: [Draw([2, 3]), Draw([2, 3])],
      reference: .arrays { x in
        [Numbers([2, 2]) { at in (0..<3).reduce(0) { $0 + x[0][[at[0], $1]] * x[1][[at[1], $1]] } }]
      }, accepts: .numbers, ulps: 8, call: { [inner($0[0], $0[1])] }),
    Row(
      "tensordot", inputs: [Draw([2, 3, 2]), Draw([3, 2, 2])],
      reference: .arrays { x in
        [
          Numbers([2, 2]) { at in
            Numbers.positions([3, 2]).reduce(0) { $0 + x[0][[at[0], $1[0], $1[1]]] * x[1][[$1[0], $1[1], at[1]]] }
          }
        ]
      }, accepts: .numbers, ulps: 16, call: { [tensordot($0[0], $0[1], axes: 2)] }),
    Row(
      "einsum", inputs: [Draw([2, 2, 3]), Draw([3, 2])],
      reference: .arrays { x in
        [
          Numbers([2, 2, 2]) { at in
            (0..<3).reduce(0) { $0 + x[0][[at[0], at[1], $1]] * x[1][[$1, at[2]]] }
          }
        ]
      }, accepts: .numbers, ulps: 16, call: { [einsum("...ij,jk->...ik", $0)] }),
    Row(
      "einsum of a diagonal and three", operators: ["einsum"], inputs: [Draw([2, 2]), Draw([2, 3]), Draw([3])],
      reference: .arrays { x in
        [
          Numbers([2]) { at in
            (0..<3).reduce(0) { $0 + x[0][[at[0], at[0]]] * x[1][[at[0], $1]] * x[2].values[$1] }
          }
        ]
      }, accepts: .numbers, ulps: 16, call: { [einsum("ii,ij,j->i", $0)] }),
    Row(
      "kron", inputs: [Draw([2, 2]), Draw([3])],
      reference: .arrays { x in [Numbers([2, 6]) { x[0][[$0[0], $0[1] / 3]] * x[1].values[$0[1] % 3] }] },
      accepts: .numbers, call: { [kron($0[0], $0[1])] }),
    Row(
      "cross", inputs: [Draw([2, 3]), Draw([1, 3])],
      reference: .arrays { x in
        [
          Numbers([2, 3]) { at in
            let (j, k) = ((at[1] + 1) % 3, (at[1] + 2) % 3)
            return x[0][[at[0], j]] * x[1][[0, k]] - x[0][[at[0], k]] * x[1][[0, j]]
          }
        ]
      }, accepts: .numbers, ulps: 8, call: { [cross($0[0], $0[1])] }),
  ]
}

extension Catalogue {
  static let orderingNotes: [Note] = [
    Note("sorted", "In order, with positions", "`u` at the positions", same: "sort"),
    Note("argsort", "Positions in order of their elements", nil, same: "argsort"),
    Note(
      "topK", "The k largest or smallest in order, with positions", "`u` at the positions", torch: "torch.topk",
      mxnet: "mx.npx.topk", jax: "jax.lax.top_k"),
    Note(
      "kthValue", "The k-th smallest, with its position", "`u` at the position", torch: "torch.kthvalue",
      numpy: "np.partition", mxnet: "mx.np.partition", jax: "jnp.partition"),
    Note("median", "The middle one, the lower of two", "`u` at the position", same: "median"),
    Note(
      "quantile", "Between two neighbours in order, by a fraction",
      "`u`, by the weights of the two; `u (n - 1)` times their difference", same: "quantile"),
    Note(
      "mode", "The most frequent, the smallest of several", "`u` at the last occurrence", torch: "torch.mode",
      numpy: "scipy.stats.mode", jax: "jax.scipy.stats.mode"),
    Note(
      "oneHot", "1 at each label along a new last axis", nil, torch: "F.one_hot", mxnet: "mx.npx.one_hot",
      jax: "jax.nn.one_hot"),
    Note("searchSorted", "Where values would be inserted", nil, same: "searchsorted"),
    Note(
      "bucketized", "The interval of each element between boundaries", nil, same: "digitize", torch: "torch.bucketize"),
    Note("nonzero", "Positions of what is not 0", nil, same: "argwhere"),
    Note("unique", "Different elements in order, which each is, how often", nil, same: "unique"),
    Note("bincount", "How often each integer occurs", nil, same: "bincount"),
  ]

  static let orderingConventions: [Convention] = [
    Convention("sorted", "equal ones keep their order", at: [2, 1, 2], gradient: [2, 1, 3]) {
      ($0.sorted().values * Tensor([1, 2, 3], dtype: $0.dtype)).sum()
    },
    Convention("median", "to one of equals", at: [5, 2, 2, 1], gradient: [0, 1, 0, 0]) { $0.median(axis: 0).values },
    Convention("quantile", "equal ones keep their order", at: [2, 1, 1], gradient: [0, 0, 1]) {
      $0.quantile(Tensor(0.5, dtype: $0.dtype), axis: 0)
    },
    Convention("mode", "to the last occurrence", at: [2, 1, 2], gradient: [0, 0, 1]) { $0.mode().values },
    Convention("kthValue", "to the first among equals", at: [2, 2, 3], gradient: [1, 0, 0]) { $0.kthValue(1).values },
    Convention("topK", "to the first among equals", at: [2, 2, 1], gradient: [1, 0, 0]) { $0.topK(1).values.sum() },
  ]

  static let scatteringNotes: [Note] = [
    Note(
      "scatter", "y[indices[i, j], j] = source[i, j]", "`u`, 0 where overwritten; `u` at the positions",
      torch: "torch.scatter",
      numpy: "np.put_along_axis", jax: "jnp.put_along_axis"),
    Note(
      "scatterAdd", "y[indices[i, j], j] += source[i, j]", "`u`; `u` at the positions", torch: "torch.scatter_add",
      numpy: "np.add.at",
      jax: "x.at[...].add"),
    Note(
      "scatterReduce", "y[indices[i, j], j] by sum, product, mean, maximum or minimum",
      "`u` times what the others make of it",
      torch: "torch.scatter_reduce", jax: "x.at[...].multiply"),
    Note(
      "indexAdd", "y[indices[i]] += source[i]", "`u`; `u` at the positions", torch: "torch.index_add",
      numpy: "np.add.at",
      mxnet: "mx.npx.index_add", jax: "x.at[...].add"),
    Note(
      "indexCopy", "y[indices[i]] = source[i]", "`u`, 0 where overwritten; `u` at the positions",
      torch: "torch.index_copy",
      numpy: "x[...] =", mxnet: "mx.npx.index_update", jax: "x.at[...].set"),
    Note(
      "indexFill", "y[indices[i]] = value", "`u`, 0 where overwritten; its sum there", torch: "torch.index_fill",
      numpy: "x[...] =",
      mxnet: "x[...] =", jax: "x.at[...].set"),
    Note(
      "maskedFill", "value where the mask is true, else x", "`u`, 0 where filled; its sum there",
      torch: "torch.masked_fill",
      numpy: "np.where", mxnet: "mx.np.where", jax: "jnp.where"),
    Note(
      "maskedSelect", "Elements where the mask is true", "`u` at its places, 0 elsewhere", torch: "torch.masked_select",
      numpy: "np.extract", mxnet: "mx.np.extract", jax: "jnp.extract"),
    Note(
      "maskedScatter", "The source's elements, one after another, where the mask is true",
      "`u`, 0 where overwritten; `u` in order",
      torch: "torch.masked_scatter", numpy: "np.place", jax: "jnp.place"),
  ]

  static let scatteringConventions: [Convention] = [
    Convention("scatter", "the last counts where positions repeat", at: [1, 2, 3], gradient: [0, 0, 1]) {
      Tensor.zeros([2], dtype: $0.dtype).scatter(Tensor([1, 1, 1] as [Int]), $0, axis: 0).sum()
    },
    Convention("indexCopy", "the last counts where positions repeat", at: [1, 2, 3], gradient: [0, 0, 1]) {
      Tensor.zeros([2], dtype: $0.dtype).indexCopy(Tensor([1, 1, 1] as [Int]), $0, axis: 0).sum()
    },
    Convention("scatterReduce", "ties of extremes share evenly", at: [4, 1, 4], gradient: [0.5, 0, 0.5]) {
      Tensor.zeros([2], dtype: $0.dtype).scatterReduce(Tensor([1, 1, 1] as [Int]), $0, axis: 0, .max).sum()
    },
  ]

  static let furtherProductNotes: [Note] = [
    Note("outer", "y[i, j] = a[i] b[j]", "u b; u a", same: "outer"),
    Note(
      "inner", "Sums of products over the last axis of both", "`u b`; `u a`, summed over the other axes", same: "inner"),
    Note(
      "tensordot", "Sums of products over pairs of axes", "`u b`; `u a`, summed over the other axes", same: "tensordot"),
    Note(
      "einsum", "Sums of products by letters for axes", "The product of `u` and the others, by the letters",
      same: "einsum"),
    Note("kron", "Each element of `a` times `b`", "`u b`; `u a`, summed over the blocks", same: "kron"),
    Note("cross", "The vector at right angles to both", "b x u; u x a", same: "cross"),
  ]
}
