import Autograd

extension Catalogue {
  /// Sums of products by definition: `x` is [batch, channels, ...], `weight` [filters, channels / groups, ...].
  private static func convolved(
    _ x: Numbers, _ weight: Numbers, stride: Int, padding: Int, dilation: Int, groups: Int, behind: Int? = nil
  ) -> Numbers {
    let lengths = zip(x.shape.dropFirst(2), weight.shape.dropFirst(2)).map { length, taps -> Int in
      (length + padding + (behind ?? padding) - dilation * (taps - 1) - 1) / stride + 1
    }
    let (filters, inner) = (weight.shape[0], weight.shape[1])
    let taps = Numbers.positions(Array(weight.shape.dropFirst(1)))
    return Numbers([x.shape[0], filters] + lengths) { index in
      let group = index[1] / (filters / groups)
      return taps.reduce(0.0) { sum, tap in
        var place = [index[0], group * inner + tap[0]]
        for axis in 0..<lengths.count {
          place.append(index[axis + 2] * stride - padding + tap[axis + 1] * dilation)
        }
        let isInside = (0..<lengths.count).allSatisfy {
          place[$0 + 2] >= 0 && place[$0 + 2] < x.shape[$0 + 2]
        }
        return isInside ? sum + x[place] * weight[[index[1]] + tap] : sum
      }
    }
  }

  /// By adding each element times the weight to where it belongs.
  private static func spread(
    _ x: Numbers, _ weight: Numbers, stride: Int, padding: Int, dilation: Int, groups: Int, more: Int
  ) -> Numbers {
    let lengths = zip(x.shape.dropFirst(2), weight.shape.dropFirst(2)).map { length, taps -> Int in
      (length - 1) * stride - 2 * padding + dilation * (taps - 1) + more + 1
    }
    let (channels, inner) = (x.shape[1], weight.shape[1])
    var result = Numbers([x.shape[0], inner * groups] + lengths) { _ in 0 }
    let taps = Numbers.positions(Array(weight.shape.dropFirst(1)))
    for place in Numbers.positions(x.shape) {
      for tap in taps {
        var target = [place[0], place[1] / (channels / groups) * inner + tap[0]]
        for axis in 0..<lengths.count {
          target.append(place[axis + 2] * stride - padding + tap[axis + 1] * dilation)
        }
        guard (0..<lengths.count).allSatisfy({ target[$0 + 2] >= 0 && target[$0 + 2] < lengths[$0] }) else {
          continue
        }
        let offset = zip(result.shape, target).reduce(0) { $0 * $1.0 + $1.1 }
        result.values[offset] += x[place] * weight[[place[1]] + tap]
      }
    }
    return result
  }

  private static func plus(_ y: Numbers, _ bias: Numbers) -> Numbers {
    Numbers(y.shape) { y[$0] + bias[[$0[1]]] }
  }

  static let convolution: [Row] = [
    Row(
      "conv1d", inputs: [Draw([2, 2, 5]), Draw([3, 2, 2]), Draw([3])],
      reference: .arrays { all in
        [plus(convolved(all[0], all[1], stride: 2, padding: 1, dilation: 2, groups: 1), all[2])]
      }, ulps: 16, emptyShapes: [[[0, 2, 5], [3, 2, 2], [3]]],
      call: { [conv1d($0[0], $0[1], $0[2], stride: 2, padding: 1, dilation: 2)] }),
    Row(
      "conv2d", inputs: [Draw([2, 2, 4, 3]), Draw([2, 2, 2, 2])],
      reference: .arrays { [convolved($0[0], $0[1], stride: 1, padding: 1, dilation: 1, groups: 1)] },
      ulps: 16,
      saves: [Saves(0, keeps: [.input(1)]), Saves(1, keeps: [.input(0)])],
      shapes: [[[1, 1, 3, 3], [1, 1, 3, 3]]], call: { [conv2d($0[0], $0[1], padding: 1)] }),
    Row(
      "conv2d in groups, strided", operators: ["conv2d"], inputs: [Draw([1, 4, 5, 4]), Draw([4, 2, 2, 2])],
      reference: .arrays { [convolved($0[0], $0[1], stride: 2, padding: 1, dilation: 2, groups: 2)] },
      ulps: 16,
      call: { [conv2d($0[0], $0[1], stride: 2, padding: 1, dilation: 2, groups: 2)] }),
    Row(
      "conv2d of single elements", operators: ["conv2d"], inputs: [Draw([2, 3, 2, 2]), Draw([2, 3, 1, 1])],
      reference: .arrays { [convolved($0[0], $0[1], stride: 1, padding: 0, dilation: 1, groups: 1)] },
      ulps: 16,
      call: { [conv2d($0[0], $0[1])] }),
    Row(
      "conv2d that keeps lengths", operators: ["conv2d"], inputs: [Draw([1, 1, 3, 4]), Draw([1, 1, 2, 2])],
      reference: .arrays {
        [convolved($0[0], $0[1], stride: 1, padding: 0, dilation: 1, groups: 1, behind: 1)]
      }, ulps: 16, call: { [conv2d($0[0], $0[1], padding: .same)] }),
    Row(
      "conv3d", inputs: [Draw([1, 2, 3, 2, 3]), Draw([2, 2, 2, 1, 2])],
      reference: .arrays { [convolved($0[0], $0[1], stride: 1, padding: 0, dilation: 1, groups: 1)] },
      ulps: 16,
      call: { [conv3d($0[0], $0[1])] }),
    Row(
      "transposedConv1d", inputs: [Draw([2, 2, 3]), Draw([2, 3, 2]), Draw([3])],
      reference: .arrays { all in
        [plus(spread(all[0], all[1], stride: 2, padding: 1, dilation: 1, groups: 1, more: 1), all[2])]
      }, ulps: 16, call: { [transposedConv1d($0[0], $0[1], $0[2], stride: 2, padding: 1, outputPadding: 1)] }),
    Row(
      "transposedConv2d", inputs: [Draw([2, 2, 2, 3]), Draw([2, 1, 2, 2])],
      reference: .arrays { [spread($0[0], $0[1], stride: 2, padding: 1, dilation: 2, groups: 2, more: 0)] },
      ulps: 16,
      call: { [transposedConv2d($0[0], $0[1], stride: 2, padding: 1, dilation: 2, groups: 2)] }),
    Row(
      "transposedConv3d", inputs: [Draw([1, 1, 2, 2, 2]), Draw([1, 2, 2, 1, 2])],
      reference: .arrays { [spread($0[0], $0[1], stride: 1, padding: 0, dilation: 1, groups: 1, more: 0)] },
      ulps: 16, call: { [transposedConv3d($0[0], $0[1])] }),
  ]
}

extension Catalogue {
  static let convolutionNotes: [Note] = [
    Note(
      "conv1d", "y[o, i] = sum of x[c, i stride - padding + k dilation] w[o, c, k] + b[o]",
      "The transposed convolution of `u`; its correlation with `x`; its sum",
      torch: "F.conv1d", mxnet: "mx.npx.convolution", jax: "jax.lax.conv_general_dilated"),
    Note(
      "conv2d", "As conv1d", "As conv1d", torch: "F.conv2d", mxnet: "mx.npx.convolution",
      jax: "jax.lax.conv_general_dilated"),
    Note(
      "conv3d", "As conv1d", "As conv1d", torch: "F.conv3d", mxnet: "mx.npx.convolution",
      jax: "jax.lax.conv_general_dilated"),
    Note(
      "transposedConv1d", "What conv1d's pullback makes of x, plus b",
      "The convolution of `u`; its correlation with `x`; its sum",
      torch: "F.conv_transpose1d", mxnet: "mx.npx.deconvolution", jax: "jax.lax.conv_transpose"),
    Note(
      "transposedConv2d", "As transposedConv1d", "As transposedConv1d", torch: "F.conv_transpose2d",
      mxnet: "mx.npx.deconvolution",
      jax: "jax.lax.conv_transpose"),
    Note(
      "transposedConv3d", "As transposedConv1d", "As transposedConv1d", torch: "F.conv_transpose3d",
      mxnet: "mx.npx.deconvolution",
      jax: "jax.lax.conv_transpose"),
  ]
}
