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
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first: [any Layer]) -> [any Layer] { first }
  public static func buildEither(second: [any Layer]) -> [any Layer] { second }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
