import Autograd

@testable import Tensor

/// An entry of a subscript from what it says, so that subscripts can be made at random.
struct AnyIndex: TensorIndex {
  let entry: TensorIndexEntry
  init(_ entry: TensorIndexEntry) { self.entry = entry }
}

/// What a subscript selects, worked out one element at a time from the definition.
struct IndexReference {
  /// The result's shape.
  var shape: [Int]
  /// For each element of the result, which element of the source (in row-major order) it is.
  var sources: [Int]

  init(_ shape: Shape, _ entries: [TensorIndexEntry]) {
    var blocks: [(lengths: [Int], offsets: [Int])] = []
    let steps = Array(shape.rowMajorStrides)
    let used = entries.reduce(0) { $0 + IndexReference.axes($1) }
    var axis = 0
    func whole() {
      blocks.append(([shape[axis]], (0..<shape[axis]).map { $0 * steps[axis] }))
      axis += 1
    }
    for entry in entries {
      switch entry {
      case .position(let position):
        blocks.append(([], [(position < 0 ? position + shape[axis] : position) * steps[axis]]))
        axis += 1
      case .range(let from, let to, let step):
        let positions = IndexReference.pythonRange(from, to, step, shape[axis])
        blocks.append(([positions.count], positions.map { $0 * steps[axis] }))
        axis += 1
      case .newAxis: blocks.append(([1], [0]))
      case .ellipsis: for _ in 0..<(shape.rank - used) { whole() }
      case .tensor(let tensor) where tensor.dtype == .bool:
        let covered = Shape((axis..<axis + tensor.rank).map { shape[$0] })
        let inner = axis + tensor.rank <= shape.rank ? steps.dropFirst(axis + tensor.rank - 1).first ?? 1 : 1
        let flags = tensor.scalars(as: Bool.self)
        let offsets = flags.indices.filter { flags[$0] }.map { $0 * (covered.rank == 0 ? 0 : inner) }
        blocks.append(([offsets.count], offsets))
        axis += tensor.rank
      case .tensor(let tensor):
        let positions = doubles(tensor).map { Int($0) }
        blocks.append((Array(tensor.shape), positions.map { ($0 < 0 ? $0 + shape[axis] : $0) * steps[axis] }))
        axis += 1
      }
    }
    while axis < shape.rank { whole() }
    self.shape = blocks.flatMap(\.lengths)
    sources = blocks.reduce([0]) { sums, block in sums.flatMap { sum in block.offsets.map { sum + $0 } } }
  }

  static func axes(_ entry: TensorIndexEntry) -> Int {
    switch entry {
    case .newAxis, .ellipsis: 0
    case .tensor(let tensor): tensor.dtype == .bool ? tensor.rank : 1
    default: 1
    }
  }

  /// The positions of Python's `from:to:step`, by walking.
  static func pythonRange(_ from: Int?, _ to: Int?, _ step: Int, _ length: Int) -> [Int] {
    func resolved(_ bound: Int) -> Int { bound < 0 ? bound + length : bound }
    var position = from.map(resolved) ?? (step > 0 ? 0 : length - 1)
    if step > 0 { position = max(position, 0) } else { position = min(position, length - 1) }
    let end = to.map(resolved) ?? (step > 0 ? length : -1)
    var result: [Int] = []
    while position >= 0 && position < length && (step > 0 ? position < end : position > end) {
      result.append(position)
      position += step
    }
    return result
  }
}

/// Makes subscripts at random.
struct RandomSubscript {
  var random: SplitMix

  mutating func shape(maxRank: Int = 4) -> Shape {
    Shape(
      (0..<Int.random(in: 0...maxRank, using: &random)).map { _ in Int.random(in: 0...5, using: &random) })
  }

  /// A tensor with the elements 0, 1, 2 ... in row-major order, in one of many layouts.
  mutating func source(_ shape: Shape, dtype: DType = .float64) -> Tensor {
    let x = Tensor.arange(shape.elementCount, dtype: dtype).reshaped(shape)
    switch Int.random(in: 0..<4, using: &random) {
    case 0 where shape.rank > 0:
      // Stored with the axes in another order.
      let order = Array(0..<shape.rank).shuffled(using: &random)
      var back = order
      for (position, axis) in order.enumerated() { back[axis] = position }
      return Tensor(x.permuted(order).storage.copied()).permuted(back)
    case 1 where shape.rank > 0:
      // Stored backwards.
      let flipped = Tensor(x[AnyIndex(.range(from: nil, to: nil, step: -1))].storage.copied())
      return flipped[AnyIndex(.range(from: nil, to: nil, step: -1))]
    case 2 where shape.rank > 0:
      // Every second of a larger array.
      var larger = shape
      larger[shape.rank - 1] *= 2
      var whole = Tensor.full(larger, 7, dtype: dtype)
      let every = [AnyIndex(.ellipsis), AnyIndex(.range(from: nil, to: nil, step: 2))]
      whole[every[0], every[1]] = x
      return whole[every[0], every[1]]
    default: return x
    }
  }

  /// `tensors`: with at most one index tensor or mask.
  mutating func entries(_ shape: Shape, tensors: Bool) -> [TensorIndexEntry] {
    var result: [TensorIndexEntry] = []
    var axis = 0
    var mayUseTensor = tensors
    var hasEllipsis = false
    while axis < shape.rank {
      let length = shape[axis]
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<2 where length > 0: result.append(.position(Int.random(in: -length..<length, using: &random)))
      case 2..<5: result.append(range())
      case 5: result.append(.range(from: nil, to: nil, step: 1))
      case 6 where result.count < 3:
        result.append(.newAxis)
        continue
      case 7 where mayUseTensor && length > 0:
        mayUseTensor = false
        let rank = Int.random(in: 0...2, using: &random)
        let indices = random.wholeNumbers(
          Shape((0..<rank).map { _ in Int.random(in: 0...3, using: &random) }), in: -length...(length - 1),
          dtype: .int64)
        result.append(.tensor(indices))
      case 8 where mayUseTensor:
        mayUseTensor = false
        let covered = Int.random(in: 1...(shape.rank - axis), using: &random)
        result.append(
          .tensor(random.wholeNumbers(shape.last(shape.rank - axis).first(covered), in: 0...1, dtype: .bool)))
        axis += covered
        continue
      case 9 where !hasEllipsis:
        hasEllipsis = true
        result.append(.ellipsis)
        axis = Int.random(in: axis...shape.rank, using: &random)
        continue
      case _ where hasEllipsis: result.append(.range(from: nil, to: nil, step: 1))
      default: return result
      }
      axis += 1
    }
    return result
  }

  private mutating func range() -> TensorIndexEntry {
    func bound() -> Int? { Bool.random(using: &random) ? nil : Int.random(in: -7...7, using: &random) }
    let from = bound()
    let to = bound()
    return .range(from: from, to: to, step: [1, 2, 3, -1, -2, 7, -7].randomElement(using: &random)!)
  }
}

extension Tensor {
  /// The subscript, given as a list.
  subscript(entries entries: [TensorIndexEntry]) -> Tensor {
    get {
      let e = entries.map { AnyIndex($0) }
      return switch e.count {
      case 0: self[]
      case 1: self[e[0]]
      case 2: self[e[0], e[1]]
      case 3: self[e[0], e[1], e[2]]
      case 4: self[e[0], e[1], e[2], e[3]]
      case 5: self[e[0], e[1], e[2], e[3], e[4]]
      case 6: self[e[0], e[1], e[2], e[3], e[4], e[5]]
      default: self[e[0], e[1], e[2], e[3], e[4], e[5], e[6]]
      }
    }
    set {
      let e = entries.map { AnyIndex($0) }
      switch e.count {
      case 0: self[] = newValue
      case 1: self[e[0]] = newValue
      case 2: self[e[0], e[1]] = newValue
      case 3: self[e[0], e[1], e[2]] = newValue
      case 4: self[e[0], e[1], e[2], e[3]] = newValue
      case 5: self[e[0], e[1], e[2], e[3], e[4]] = newValue
      case 6: self[e[0], e[1], e[2], e[3], e[4], e[5]] = newValue
      default: self[e[0], e[1], e[2], e[3], e[4], e[5], e[6]] = newValue
      }
    }
  }
}
