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
}

extension TensorStructure {
  /// Appends its tensors to a list.
  public func appendTensors(to list: inout [Tensor]) { list += tensors }

  /// The same structure of other tensors.
  func with(_ tensors: [Tensor]) -> Self {
    var rest = tensors[...]
    return rebuilt(from: &rest)
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
}

extension Optional: TensorStructure where Wrapped: TensorStructure {
  /// Its tensors in order.
  public var tensors: [Tensor] { self?.tensors ?? [] }
  /// The same structure of tensors taken from the front.
  public func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Wrapped? {
    map { $0.rebuilt(from: &tensors) }
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
}

/// Two structures side by side.
struct Pair<First: TensorStructure, Second: TensorStructure>: TensorStructure {
  var first: First
  var second: Second
  var tensors: [Tensor] { first.tensors + second.tensors }
  func rebuilt(from tensors: inout ArraySlice<Tensor>) -> Pair {
    Pair(first: first.rebuilt(from: &tensors), second: second.rebuilt(from: &tensors))
  }
}

extension TensorStructure {
  /// The same values without their history: constants to every derivative, at every order.
  public func detached() -> Self { mapTensors { $0.detached() } }
}
