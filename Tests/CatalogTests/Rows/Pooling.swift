import Autograd

extension Catalogue {
  /// What lies in each window, and how many places it has with padding.
  private static func pooled(
    _ x: Numbers, axes: Int, kernel: Int, stride: Int, padding: Int, _ body: ([Double], Int) -> Double
  ) -> Numbers {
    let head = Array(x.shape.dropLast(axes))
    let lengths = x.shape.suffix(axes).map { ($0 + 2 * padding - kernel) / stride + 1 }
    let taps = Numbers.positions(Array(repeating: kernel, count: axes))
    return Numbers(head + lengths) { index in
      let found = taps.compactMap { tap -> Double? in
        let place = (0..<axes).map { index[head.count + $0] * stride - padding + tap[$0] }
        let isInside = (0..<axes).allSatisfy { place[$0] >= 0 && place[$0] < x.shape[head.count + $0] }
        return isInside ? x[Array(index.prefix(head.count)) + place] : nil
      }
      return body(found, taps.count)
    }
  }

  private static func adaptive(_ x: Numbers, _ size: Int, _ body: ([Double]) -> Double) -> Numbers {
    let length = x.shape.last!
    return Numbers(Array(x.shape.dropLast()) + [size]) { index in
      let o = index.last!
      let window = o * length / size..<((o + 1) * length + size - 1) / size
      return body(window.map { x[Array(index.dropLast()) + [$0]] })
    }
  }

  private static func mean(_ name: String, _ shape: Shape, _ call: @escaping @Sendable (Tensor) -> Tensor)
    -> Row
  {
    let axes = shape.count - 2
    return Row(
      name, inputs: [Draw(shape)],
      reference: .arrays { all in
        [pooled(all[0], axes: axes, kernel: 2, stride: 2, padding: 1) { $0.reduce(0, +) / Double($1) }]
      }, ulps: 4, saves: [Saves(0, keeps: [])], call: { [call($0[0])] })
  }

  private static func largest(
    _ name: String, operators: [String]? = nil, _ shape: Shape, _ call: @escaping @Sendable (Tensor) -> Tensor
  ) -> Row {
    let axes = shape.count - 2
    return Row(
      name, operators: operators, inputs: [Draw(shape, .spaced(0.1))],
      reference: .arrays { all in
        [pooled(all[0], axes: axes, kernel: 2, stride: 1, padding: 1) { found, _ in found.max()! }]
      }, ulps: 0, call: { [call($0[0])] })
  }

  static let pooling: [Row] = [
    mean("avgPool1d", [1, 2, 4]) { avgPool1d($0, 2, padding: 1) },
    mean("avgPool2d", [1, 2, 3, 4]) { avgPool2d($0, 2, padding: 1) },
    mean("avgPool3d", [1, 1, 2, 3, 2]) { avgPool3d($0, 2, padding: 1) },
    largest("maxPool1d", [1, 2, 4]) { maxPool1d($0, 2, stride: 1, padding: 1) },
    largest("maxPool2d", [1, 2, 3, 4]) { maxPool2d($0, 2, stride: 1, padding: 1) },
    largest("maxPool3d", [1, 1, 2, 3, 2]) { maxPool3d($0, 2, stride: 1, padding: 1) },
    largest("maxPoolWithIndices, read back", operators: ["maxPoolWithIndices"], [1, 2, 3, 4]) { x in
      let indices = maxPoolWithIndices(x, spatialAxes: 2, 2, stride: 1, padding: 1).indices
      return x.reshaped([1, 2, 12]).gather(indices.reshaped([1, 2, 20]), axis: -1).reshaped([1, 2, 4, 5])
    },
    Row(
      "adaptiveAvgPool", inputs: [Draw([2, 2, 5])],
      reference: .arrays { [adaptive($0[0], 3) { $0.reduce(0, +) / Double($0.count) }] }, ulps: 4,
      call: { [adaptiveAvgPool($0[0], [3])] }),
    Row(
      "adaptiveMaxPool", operators: ["adaptiveMaxPool", "adaptiveMaxPoolWithIndices"],
      inputs: [Draw([2, 2, 5], .spaced(0.1))], reference: .arrays { [adaptive($0[0], 3) { $0.max()! }] },
      ulps: 0,
      call: { [adaptiveMaxPool($0[0], [3])] }),
  ]
}

extension Catalogue {
  static let poolingNotes: [Note] = [
    Note(
      "avgPool1d", "Means over windows", "`u / n` to all of each window", torch: "F.avg_pool1d",
      mxnet: "mx.npx.pooling", jax: "jax.lax.reduce_window"),
    Note(
      "avgPool2d", "Means over windows", "`u / n` to all of each window", torch: "F.avg_pool2d",
      mxnet: "mx.npx.pooling", jax: "jax.lax.reduce_window"),
    Note(
      "avgPool3d", "Means over windows", "`u / n` to all of each window", torch: "F.avg_pool3d",
      mxnet: "mx.npx.pooling", jax: "jax.lax.reduce_window"),
    Note(
      "maxPool1d", "The largest of each window", "`u` to the largest", torch: "F.max_pool1d", mxnet: "mx.npx.pooling",
      jax: "jax.lax.reduce_window"),
    Note(
      "maxPool2d", "The largest of each window", "`u` to the largest", torch: "F.max_pool2d", mxnet: "mx.npx.pooling",
      jax: "jax.lax.reduce_window"),
    Note(
      "maxPool3d", "The largest of each window", "`u` to the largest", torch: "F.max_pool3d", mxnet: "mx.npx.pooling",
      jax: "jax.lax.reduce_window"),
    Note(
      "maxPoolWithIndices", "The largest of each window, with its position", "`u` to the largest",
      torch: "F.max_pool2d_with_indices"),
    Note("adaptiveAvgPool", "Means over so many parts", "`u / n` to all of each part", torch: "F.adaptive_avg_pool2d"),
    Note("adaptiveMaxPool", "The largest of so many parts", "`u` to the largest", torch: "F.adaptive_max_pool2d"),
    Note(
      "adaptiveMaxPoolWithIndices", "The largest of so many parts, with its position", "`u` to the largest",
      torch: "F.adaptive_max_pool2d_with_indices"),
  ]

  static let poolingConventions: [Convention] = [
    Convention("maxPool1d", "to the first among equals", at: [2, 2, 1, 1], gradient: [1, 0, 1, 0]) {
      maxPool1d($0.reshaped([1, 4]), 2).sum()
    },
    Convention("maxPool2d", "to the first among equals", at: [2, 2, 1, 2], gradient: [1, 0, 0, 0]) {
      maxPool2d($0.reshaped([1, 2, 2]), 2).sum()
    },
    Convention("maxPool3d", "to the first among equals", at: [1, 2, 1, 2], gradient: [0, 1, 0, 0]) {
      maxPool3d($0.reshaped([1, 1, 2, 2]), [1, 2, 2]).sum()
    },
    Convention("maxPoolWithIndices", "to the first among equals", at: [2, 2, 1, 1], gradient: [1, 0, 1, 0]) {
      maxPoolWithIndices($0.reshaped([1, 4]), spatialAxes: 1, 2).values.sum()
    },
    Convention("adaptiveMaxPool", "to the first among equals", at: [2, 2, 1, 1], gradient: [1, 0, 1, 0]) {
      adaptiveMaxPool($0.reshaped([1, 4]), [2]).sum()
    },
    Convention("adaptiveMaxPoolWithIndices", "to the first among equals", at: [2, 2, 1, 1], gradient: [1, 0, 1, 0]) {
      adaptiveMaxPoolWithIndices($0.reshaped([1, 4]), [2]).values.sum()
    },
  ]
}
