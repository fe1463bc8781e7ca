import Autograd

extension Catalogue {
  /// Products of the matrices of the last two axes; stacks broadcast.
  private static func product(_ a: Numbers, _ b: Numbers) -> Numbers {
    let stack = Numbers.commonShape([
      Numbers(Array(a.shape.dropLast(2)), Array(repeating: 0, count: 0)),
      Numbers(Array(b.shape.dropLast(2)), Array(repeating: 0, count: 0)),
    ])
    let inner = a.shape.last!
    return Numbers(stack + [a.shape[a.shape.count - 2], b.shape.last!]) { index in
      let head = Array(index.dropLast(2))
      let (row, column) = (index[index.count - 2], index[index.count - 1])
      return (0..<inner).reduce(0) {
        $0 + a.broadcast(head + [row, $1]) * b.broadcast(head + [$1, column])
      }
    }
  }

  private static func matmulRow(_ name: String, _ a: Shape, _ b: Shape, empties: [[Shape]] = []) -> Row {
    Row(
      name, operators: ["matmul"], inputs: [Draw(a), Draw(b)],
      reference: .arrays { all in
        let (a, b) = (all[0], all[1])
        let left = a.shape.count == 1 ? Numbers([1] + a.shape, a.values) : a
        let right = b.shape.count == 1 ? Numbers(b.shape + [1], b.values) : b
        var result = product(left, right)
        if a.shape.count == 1 { result.shape.remove(at: result.shape.count - 2) }
        if b.shape.count == 1 { result.shape.removeLast() }
        return [result]
      }, accepts: .numbers, ulps: 16, emptyShapes: empties, call: { [matmul($0[0], $0[1])] })
  }

  static let linearAlgebra: [Row] =
    [
      matmulRow(
        "matmul", [2, 3], [3, 4], empties: [[[0, 3], [3, 4]], [[2, 0], [0, 4]], [[2, 3], [3, 0]]]),
      matmulRow("matmul of a vector and a matrix", [3], [3, 2]),
      matmulRow("matmul of a matrix and a vector", [2, 3], [3]),
      matmulRow("matmul of vectors", [3], [3], empties: [[[0], [0]]]),
      matmulRow(
        "matmul of stacks", [2, 2, 3], [2, 3, 2],
        empties: [[[0, 2, 3], [0, 3, 2]], [[2, 2, 0], [2, 0, 2]]]),
      matmulRow("matmul of stacks that broadcast", [2, 1, 2, 3], [3, 3, 2]),
      matmulRow(
        "matmul of a stack and a matrix", [2, 2, 3], [3, 2],
        empties: [[[2, 0, 3], [3, 2]], [[2, 2, 0], [0, 2]]]),
      matmulRow("matmul of a matrix and a stack", [2, 3], [2, 3, 2]),
      matmulRow("matmul of a stack and a vector", [2, 2, 3], [3]),
      matmulRow("matmul of a vector and a stack", [3], [2, 3, 2]),
      Row(
        "matmul adding a bias", operators: ["matmul"], inputs: [Draw([2, 3]), Draw([3, 4]), Draw([4])],
        reference: .arrays { all in
          let x = Numbers([all[0].shape.dropLast().reduce(1, *), all[0].shape.last!], all[0].values)
          let sums = product(x, all[1])
          let width = all[2].values.count
          let values = sums.values.enumerated().map { $1 + all[2].values[$0 % width] }
          return [Numbers(all[0].shape.dropLast() + [width], values)]
        },
        accepts: .numbers, ulps: 16,
        saves: [
          Saves(0, keeps: [.input(1)]), Saves(1, keeps: [.input(0)]), Saves(2, keeps: []),
          Saves(0, 1, 2, keeps: [.input(0), .input(1)]),
        ],
        shapes: [[[3], [3, 2], [2]], [[2, 2, 3], [3, 1], [1]], [[1, 1], [1, 5], [5]]],
        emptyShapes: [[[2, 3], [3, 0], [0]], [[2, 0], [0, 4], [4]]],
        call: { [matmul($0[0], $0[1], adding: $0[2])] }),
      Row(
        "dot", inputs: [Draw([4]), Draw([4])],
        reference: .arrays {
          [Numbers([], [zip($0[0].values, $0[1].values).reduce(0) { $0 + $1.0 * $1.1 }])]
        },
        accepts: .numbers, ulps: 8,
        saves: [Saves(0, keeps: [.input(1)]), Saves(0, 1, keeps: [.input(0), .input(1)])],
        emptyShapes: [[[0], [0]]], call: { [dot($0[0], $0[1])] }),
    ]
}

extension Catalogue {
  static let linearAlgebraNotes: [Note] = [
    Note("matmul", "a b", "u b^T; a^T u", same: "matmul"),
    Note("dot", "sum of a[i] b[i]", "u b; u a", same: "dot"),
  ]
}
