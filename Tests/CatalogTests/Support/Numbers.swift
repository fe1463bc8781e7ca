/// An array of numbers with a shape, in plain Swift: what references are written with.
struct Numbers: Sendable, Equatable {
  var shape: [Int]
  var values: [Double]

  init(_ shape: [Int], _ values: [Double]) {
    self.shape = shape
    self.values = values
  }

  /// Each element from its position.
  init(_ shape: [Int], _ element: ([Int]) -> Double) {
    self.shape = shape
    values = Numbers.positions(shape).map(element)
  }

  /// All positions in row-major order.
  static func positions(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { heads, length in heads.flatMap { head in (0..<length).map { head + [$0] } } }
  }

  subscript(_ index: [Int]) -> Double {
    var offset = 0
    for (length, position) in zip(shape, index) { offset = offset * length + position }
    return values[offset]
  }

  /// The element that a position of a wider shape broadcasts from.
  func broadcast(_ index: [Int]) -> Double {
    self[zip(shape, index.suffix(shape.count)).map { $0 == 1 ? 0 : $1 }]
  }

  /// The common shape by NumPy's rule.
  static func commonShape(_ all: [Numbers]) -> [Int] {
    let rank = all.map(\.shape.count).max() ?? 0
    var result = Array(repeating: 1, count: rank)
    for array in all {
      for (axis, length) in array.shape.enumerated() where length != 1 {
        result[axis + rank - array.shape.count] = length
      }
    }
    return result
  }

  /// The lines along an axis, each with the position of the others.
  func lines(_ axis: Int) -> [(rest: [Int], line: [Double])] {
    let axis = axis < 0 ? axis + shape.count : axis
    var rest = shape
    rest.remove(at: axis)
    return Numbers.positions(rest).map { position in
      let line = (0..<shape[axis]).map { step -> Double in
        var index = position
        index.insert(step, at: axis)
        return self[index]
      }
      return (position, line)
    }
  }

  /// One number for each line along an axis.
  func reduced(_ axis: Int, keepDims: Bool = false, _ body: ([Double]) -> Double) -> Numbers {
    var result = shape
    let axis = axis < 0 ? axis + shape.count : axis
    if keepDims { result[axis] = 1 } else { result.remove(at: axis) }
    return Numbers(result, lines(axis).map { body($0.line) })
  }

  /// Each line along an axis replaced by another of the same length.
  func mapLines(_ axis: Int, _ body: ([Double]) -> [Double]) -> Numbers {
    let axis = axis < 0 ? axis + shape.count : axis
    var changed: [[Int]: [Double]] = [:]
    for (rest, line) in lines(axis) { changed[rest] = body(line) }
    return Numbers(shape) { index in
      var rest = index
      rest.remove(at: axis)
      return changed[rest]![index[axis]]
    }
  }
}
