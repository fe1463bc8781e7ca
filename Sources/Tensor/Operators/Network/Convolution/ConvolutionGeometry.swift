import CKernels

/// Lengths of a convolution: of its input, its weight and its result, and how its windows lie.
struct ConvolutionGeometry: Sendable, Hashable {
  /// Channels of the input and of the result, and into how many groups both are divided.
  var channels: Int
  var filters: Int
  var groups: Int
  /// One number a spatial axis.
  var input: [Int]
  var kernel: [Int]
  var output: [Int]
  var stride: [Int]
  var dilation: [Int]
  var before: [Int]

  /// The rank of each of the three operands.
  var rank: Int { kernel.count + 2 }
  var weightShape: Shape { Shape([filters, channels / groups] + kernel) }
  func inputShape(_ batch: Int) -> Shape { Shape([batch, channels] + input) }
  func outputShape(_ batch: Int) -> Shape { Shape([batch, filters] + output) }

  var inputSize: Int { channels * input.reduce(1, *) }
  var outputSize: Int { filters * windows }
  var weightSize: Int { filters * taps }
  /// The number of windows, and of elements in one.
  var windows: Int { output.reduce(1, *) }
  var taps: Int { channels / groups * kernel.reduce(1, *) }
  /// Multiply-adds for one element of the batch.
  var work: Int { filters * taps * windows }

  /// The elements of one group's windows, written out one after the other.
  var columnsSize: Int { isPointwise ? 0 : taps * windows }

  /// The partial sums of a weight's cotangent over the batch: their number depends on the work alone, so the result does,
  /// too.
  func weightParts(_ batch: Int) -> Int { max(1, min(batch, 8, batch &* work / Parallel.productGrain)) }

  /// Whether each window is one element, and they follow one another: no columns need to be written.
  var isPointwise: Bool {
    kernel.allSatisfy { $0 == 1 } && stride.allSatisfy { $0 == 1 } && before.allSatisfy { $0 == 0 }
      && input == output
  }

  /// The same with three spatial axes, for the kernels.
  var window: adj_window {
    let missing = 3 - kernel.count
    func lengths(_ numbers: [Int], _ other: Int64) -> (Int64, Int64, Int64) {
      func at(_ axis: Int) -> Int64 { axis < missing ? other : Int64(numbers[axis - missing]) }
      return (at(0), at(1), at(2))
    }
    return adj_window(
      input: lengths(input, 1), kernel: lengths(kernel, 1), output: lengths(output, 1),
      stride: lengths(stride, 1), dilation: lengths(dilation, 1), before: lengths(before, 0))
  }
}
