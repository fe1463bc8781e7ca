/// The lengths of a tensor's axes, held in place: making or copying one allocates nothing.
///
/// A shape is a collection of `Int` and can be written as an array literal: `x.shape == [2, 3]`.
/// Rank 0, `[]`, is the shape of a single number. At most eight axes.
public struct Shape: Sendable {
  /// The largest number of axes a tensor can have.
  public static let maxRank = 8

  @usableFromInline var lengths: InlineArray<8, Int>
  @usableFromInline var rankStorage: Int

  /// The number of axes.
  @inlinable public var rank: Int { rankStorage }

  @inlinable init() {
    lengths = InlineArray(repeating: 0)
    rankStorage = 0
  }

  /// A shape of `rank` axes, each of length `length`.
  @inlinable package init(repeating length: Int, rank: Int) {
    self.init()
    for axis in 0..<rank { lengths[axis] = length }
    rankStorage = rank
  }

  /// The shape with these lengths; more than eight axes are a programming error.
  public init(_ lengths: some Sequence<Int>) {
    self.init()
    for length in lengths {
      guard rankStorage < Shape.maxRank else {
        Misuse.report("shape", "\(Array(lengths)) has more than \(Shape.maxRank) axes")
        return
      }
      append(length)
    }
  }

  /// The shape of a matrix, made without an array.
  @inlinable package init(rows: Int, columns: Int) {
    self.init()
    lengths[0] = rows
    lengths[1] = columns
    rankStorage = 2
  }

  /// The number of elements: the product of the lengths, 1 at rank 0.
  @inlinable public var elementCount: Int {
    var product = 1
    for axis in 0..<rankStorage { product *= lengths[axis] }
    return product
  }

  @inlinable package mutating func append(_ length: Int) {
    precondition(rankStorage < Shape.maxRank, "shape: more than eight axes, leading ones included")
    lengths[rankStorage] = length
    rankStorage += 1
  }

  package mutating func insert(_ length: Int, at axis: Int) {
    var position = rankStorage
    while position > axis {
      lengths[position] = lengths[position - 1]
      position -= 1
    }
    lengths[axis] = length
    rankStorage += 1
  }

  package mutating func remove(at axis: Int) {
    rankStorage -= 1
    for position in axis..<rankStorage { lengths[position] = lengths[position + 1] }
  }

  /// The strides, in elements, of a contiguous row-major array of this shape.
  package var rowMajorStrides: Strides {
    var strides = Strides(repeating: 0, rank: rankStorage)
    var step = 1
    var axis = rankStorage - 1
    while axis >= 0 {
      strides.lengths[axis] = step
      step *= Swift.max(lengths[axis], 1)
      axis -= 1
    }
    return strides
  }

  package func first(_ count: Int) -> Shape {
    var result = self
    result.rankStorage = count
    return result
  }

  package func last(_ count: Int) -> Shape {
    var result = Shape()
    for axis in (rankStorage - count)..<rankStorage { result.append(lengths[axis]) }
    return result
  }

  /// These axes followed by the other's.
  package func followed(by other: Shape) -> Shape {
    var result = self
    for axis in 0..<other.rankStorage { result.append(other.lengths[axis]) }
    return result
  }

  /// Elements before, along and after an axis: the array seen as [outer, length, inner].
  package func split(at axis: Int) -> (outer: Int, length: Int, inner: Int) {
    var outer = 1
    for position in 0..<axis { outer *= lengths[position] }
    var inner = 1
    for position in (axis + 1)..<Swift.max(rankStorage, axis + 1) { inner *= lengths[position] }
    return (outer, lengths[axis], inner)
  }
}

/// Steps between neighbours along each axis, in elements; the same container as a shape.
package typealias Strides = Shape

extension Shape: RandomAccessCollection, MutableCollection {
  /// The first axis, 0.
  @inlinable public var startIndex: Int { 0 }
  /// The number of axes.
  @inlinable public var endIndex: Int { rankStorage }
  /// The length of an axis, counted from 0.
  @inlinable public subscript(axis: Int) -> Int {
    get {
      precondition(axis >= 0 && axis < rankStorage, "shape: there is no such axis; axes count from 0")
      return lengths[axis]
    }
    set {
      precondition(axis >= 0 && axis < rankStorage, "shape: there is no such axis; axes count from 0")
      lengths[axis] = newValue
    }
  }
}

extension Shape: Hashable {
  /// Whether both have the same axes, of the same lengths.
  @inlinable public static func == (left: Shape, right: Shape) -> Bool {
    guard left.rankStorage == right.rankStorage else { return false }
    for axis in 0..<left.rankStorage where left.lengths[axis] != right.lengths[axis] { return false }
    return true
  }

  /// Hashes the lengths and how many there are.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(rankStorage)
    for length in self { hasher.combine(length) }
  }
}

extension Shape: ExpressibleByArrayLiteral {
  /// A shape of these lengths: `[2, 3]`.
  public init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
  /// The lengths in brackets: `[2, 3]`.
  public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}

extension Shape: Codable {
  /// From a list of lengths; throws a `DecodingError` where they are negative or too many.
  public init(from decoder: any Decoder) throws {
    let lengths = try [Int](from: decoder)
    guard lengths.count <= Shape.maxRank, lengths.allSatisfy({ $0 >= 0 }) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(lengths) is no shape"))
    }
    self.init(lengths)
  }

  /// As the list of its lengths.
  public func encode(to encoder: any Encoder) throws { try Array(self).encode(to: encoder) }
}

// MARK: - Broadcasting

extension Shape {
  /// The shape two shapes broadcast to by NumPy's rule, or nil where they do not.
  package func broadcast(with other: Shape) -> Shape? {
    if self == other { return self }
    let rank = Swift.max(rankStorage, other.rankStorage)
    var result = Shape(repeating: 1, rank: rank)
    for back in 1...Swift.max(rank, 1) where back <= rank {
      let a = back <= rankStorage ? lengths[rankStorage - back] : 1
      let b = back <= other.rankStorage ? other.lengths[other.rankStorage - back] : 1
      if a != b && a != 1 && b != 1 { return nil }
      result.lengths[rank - back] = a == 1 ? b : a
    }
    return result
  }

  /// Strides with which an array of this shape reads as the wider shape: 0 along repeated axes.
  package func strides(_ strides: Strides, broadcastTo wide: Shape) -> Strides {
    var result = Strides(repeating: 0, rank: wide.rankStorage)
    for back in 1...Swift.max(rankStorage, 1) where back <= rankStorage {
      if lengths[rankStorage - back] != 1 {
        result.lengths[wide.rankStorage - back] = strides.lengths[rankStorage - back]
      }
    }
    return result
  }
}
