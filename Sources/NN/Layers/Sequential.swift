import Autograd

/// Layers applied one after the other.
///
///     let model = Sequential { Linear(64, 128); ReLU(); Linear(128, 10) }
///
/// Parameters are named by the layers' positions, as PyTorch's: "0.weight", "0.bias", "2.weight", "2.bias".
public struct Sequential: Layer {
  /// The layers in the order in which they are applied.
  public let layers: [any Layer]

  /// Applies these layers in order.
  public init(_ layers: [any Layer]) { self.layers = layers }

  /// The layers that the closure lists; `if` and `for` work in it.
  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  /// The layers that the closure lists; those that are given no generator are initialised from this seed.
  public init(seed: UInt64, @LayerBuilder _ layers: () -> [any Layer]) {
    self.init(withSeed(seed, layers))
  }

  /// The layers, named by position.
  public var children: [(name: String, child: ModuleChild)] {
    layers.enumerated().map { ("\($0.offset)", .module($0.element)) }
  }

  /// The output of the last layer.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    var x = x
    for layer in layers { x = layer(x) }
    return x
  }
}

/// Collects the layers that a closure lists.
@resultBuilder
public enum LayerBuilder {
  /// A layer on a line of its own.
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  /// An array of layers on a line of its own: all of them, in its order.
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  /// The layers of all lines, one after the other.
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  /// The layers of an `if` without `else`: none where it is false.
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  /// The layers of an `if` that is true.
  public static func buildEither(first: [any Layer]) -> [any Layer] { first }
  /// The layers of its `else`.
  public static func buildEither(second: [any Layer]) -> [any Layer] { second }
  /// The layers of a `for` loop, those of each turn in order.
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
