import Tensor

/// A value made of tensors: what functions under a transform may take.
///
/// A tensor, arrays, optionals and dictionaries of structures are structures. A struct of tensors conforms
/// by saying how it is taken apart and put together:
///
///     struct Weights: TensorStructure {
///       var w, b: Tensor
///       var tensors: [Tensor] { [w, b] }
///       func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Weights {
///         Weights(w: w.rebuilt(from: &tensors), b: b.rebuilt(from: &tensors))
///       }
///     }
public protocol TensorStructure {
  /// The tensors, in a fixed order.
  var tensors: [Tensor] { get }
  /// The same structure of other tensors, taken from the front.
  func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Self
  /// Appends ``tensors``; a structure of structures overrides it to make no arrays on the way.
  func appendTensors(to list: inout [Tensor])
  /// Why its tensors are not those of another value one by one, although they may be as many: other keys, or others
  /// of its optionals that are nil. Nil where they are. A structure of such structures overrides it.
  func difference(from other: Self) -> String?
}

extension TensorStructure {
  /// Appends its tensors to a list.
  public func appendTensors(to list: inout [Tensor]) { list += tensors }

  /// None: its tensors are always the same.
  public func difference(from other: Self) -> String? { nil }

  /// The same structure of other tensors.
  func with(_ tensors: [Tensor]) -> Self {
    var rest = tensors[...]
    let result = rebuilt(from: &rest)
    if !rest.isEmpty {
      Misuse.report(
        "\(Self.self)",
        "rebuilt(from:) took \(tensors.count - rest.count) of \(counted(tensors.count, "tensor")); it must take as "
          + "many as `tensors` gives, in that order")
    }
    return result
  }

  /// The same structure with every tensor replaced.
  public func mapTensors(_ body: (Tensor) -> Tensor) -> Self { with(tensors.map(body)) }
}

extension Tensor: TensorStructure {
  /// Its tensors in order.
  public var tensors: [Tensor] { [self] }
  /// The same structure of tensors taken from the front.
  public func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Tensor { tensors.removeFirst() }
  /// Appends its tensors to a list.
  public func appendTensors(to list: inout [Tensor]) { list.append(self) }
}

extension Array: TensorStructure where Element: TensorStructure {
  /// Its tensors in order.
  public var tensors: [Tensor] {
    var list: [Tensor] = []
    list.reserveCapacity(count)
    appendTensors(to: &list)
    return list
  }
  /// Appends its tensors to a list.
  public func appendTensors(to list: inout [Tensor]) {
    for element in self { element.appendTensors(to: &list) }
  }
  /// The same structure of tensors taken from the front.
  public func rebuilt(from tensors: inout ArraySlice<Tensor>) -> [Element] {
    map { $0.rebuilt(from: &tensors) }
  }
  /// Of their counts, or of the first elements that differ.
  public func difference(from other: [Element]) -> String? {
    if count != other.count { return "\(counted(count, "element")) instead of \(other.count)" }
    for (index, (element, counterpart)) in zip(self, other).enumerated() {
      if let found = element.difference(from: counterpart) { return "in element \(index) \(found)" }
    }
    return nil
  }
}

extension Optional: TensorStructure where Wrapped: TensorStructure {
  /// Its tensors in order.
  public var tensors: [Tensor] { self?.tensors ?? [] }
  /// The same structure of tensors taken from the front.
  public func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Wrapped? {
    map { $0.rebuilt(from: &tensors) }
  }
  /// Of a value and nil, or of two values.
  public func difference(from other: Wrapped?) -> String? {
    guard let self, let other else {
      return (self == nil) == (other == nil) ? nil : self == nil ? "nil instead of a value" : "a value instead of nil"
    }
    return self.difference(from: other)
  }
}

/// In the order of the keys.
extension Dictionary: TensorStructure where Key: Comparable, Value: TensorStructure {
  /// Its tensors in order.
  public var tensors: [Tensor] { keys.sorted().flatMap { self[$0]!.tensors } }
  /// The same structure of tensors taken from the front.
  public func rebuilt(from tensors: inout ArraySlice<Tensor>) -> [Key: Value] {
    var result = self
    for key in keys.sorted() { result[key] = self[key]!.rebuilt(from: &tensors) }
    return result
  }
  /// Of their keys, or of the first values that differ.
  public func difference(from other: [Key: Value]) -> String? {
    if keys != other.keys { return "the keys \(keys.sorted()) instead of \(other.keys.sorted())" }
    for (key, value) in sorted(by: { $0.key < $1.key }) {
      if let found = value.difference(from: other[key]!) { return "at \(key) \(found)" }
    }
    return nil
  }
}

/// Two structures side by side, as one: what a function of two things takes where a transform's function takes one.
///
///     let costs = predictCost(of: { (p: Pair<Tensor, [Tensor]>) in f(p.first, p.second) }, at: Pair(x, weights))
///
/// The transforms that are used most take functions of two structures themselves. Pairs of pairs hold more.
public struct Pair<First: TensorStructure, Second: TensorStructure>: TensorStructure {
  /// The one in front.
  public var first: First
  /// The other.
  public var second: Second

  /// These two.
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  /// The tensors of the first, then those of the second.
  public var tensors: [Tensor] { first.tensors + second.tensors }
  /// The same structure of tensors taken from the front.
  public func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Pair {
    Pair(first.rebuilt(from: &tensors), second.rebuilt(from: &tensors))
  }
  /// Appends its tensors to a list.
  public func appendTensors(to list: inout [Tensor]) {
    first.appendTensors(to: &list)
    second.appendTensors(to: &list)
  }
  /// Of the first ones, or of the second.
  public func difference(from other: Pair) -> String? {
    first.difference(from: other.first) ?? second.difference(from: other.second)
  }

  /// Both, to be returned.
  var both: (First, Second) { (first, second) }
}

extension Pair: Sendable where First: Sendable, Second: Sendable {}

/// A function of two structures as one of a pair.
func joined<A, B, Result>(_ f: @escaping (A, B) -> Result) -> (Pair<A, B>) -> Result { { f($0.first, $0.second) } }

/// A function of three structures as one of a pair of the first and a pair.
func joined<A, B, C, Result>(_ f: @escaping (A, B, C) -> Result) -> (Pair<A, Pair<B, C>>) -> Result {
  { f($0.first, $0.second.first, $0.second.second) }
}

extension TensorStructure {
  /// The same values without their history: constants to every derivative, at every order.
  public func detached() -> Self { mapTensors { $0.detached() } }
}
