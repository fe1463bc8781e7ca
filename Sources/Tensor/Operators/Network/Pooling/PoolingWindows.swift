import CKernels

/// The windows of a pooling along each of its spatial axes.
struct PoolingWindows: Sendable {
  /// The windows along one axis: window o covers begin[o], begin[o] + step ... before end[o].
  struct Axis: Sendable {
    var input: Int
    var step = 1
    var begin: [Int64] = []
    var end: [Int64] = []
    /// What a sum over each window is multiplied by to be a mean.
    var scale: [Double] = []

    /// Elements of all windows together.
    fileprivate var reach: Int { zip(begin, end).reduce(0) { $0 + max(0, (Int($1.1 - $1.0) + step - 1) / step) } }
  }

  var axes: [Axis]

  var input: [Int] { axes.map(\.input) }
  var output: [Int] { axes.map(\.begin.count) }
  var inputCount: Int { input.reduce(1, *) }
  var outputCount: Int { output.reduce(1, *) }
  /// Elements of all windows of a plane together.
  var reach: Int { axes.reduce(1) { $0 * $1.reach } }

  init(axes: [Axis]) { self.axes = axes }

  /// Windows that divide each axis into parts as equal as possible; nil keeps a length.
  init(adaptive sizes: [Int?], of input: [Int]) {
    axes = zip(sizes, input).map { size, length in
      var axis = Axis(input: length)
      let count = size ?? length
      for o in 0..<count {
        let begin = o * length / count
        let end = ((o + 1) * length + count - 1) / count
        axis.begin.append(Int64(begin))
        axis.end.append(Int64(end))
        axis.scale.append(1 / Double(end - begin))
      }
      return axis
    }
  }

  /// Runs `body` with the windows as the kernels take them, three axes.
  func withKernelAxes(_ body: (UnsafePointer<adj_pool_axis>) -> Void) {
    let missing = Axis(input: 1, begin: [0], end: [1], scale: [1])
    let all = Array(repeating: missing, count: 3 - axes.count) + axes
    all[0].withPointers { first in
      all[1].withPointers { second in
        all[2].withPointers { third in
          let table = [first, second, third]
          table.withUnsafeBufferPointer { body($0.baseAddress!) }
        }
      }
    }
  }
}

extension PoolingWindows.Axis {
  fileprivate func withPointers(_ body: (adj_pool_axis) -> Void) {
    begin.withUnsafeBufferPointer { begin in
      end.withUnsafeBufferPointer { end in
        scale.withUnsafeBufferPointer { scale in
          body(
            adj_pool_axis(
              begin: begin.baseAddress, end: end.baseAddress, scale: scale.baseAddress, step: Int64(step),
              input: Int64(input), output: Int64(begin.count)))
        }
      }
    }
  }
}
