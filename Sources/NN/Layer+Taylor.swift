import Autograd

// Taylor mode through a layer: derivatives with respect to its input. Each is the function of the same name, of
// `{ layer($0) }`; the results lead on to the layer's parameters.

/// A layer's output and its derivatives of order 1 ... `order` along a direction of its input.
///
/// - Returns: `order` + 1 tensors, see ``directionalDerivatives(_:at:along:order:)``.
public func directionalDerivatives(
  _ layer: some Layer, at input: Tensor, along direction: Tensor, order: Int
) -> [Tensor] {
  directionalDerivatives({ layer($0) }, at: input, along: direction, order: order)
}

/// A layer's output and its derivatives of order 1 and 2 along a direction of its input:
///
///     let (u, ux, uxx) = directionalDerivatives(net, at: points, along: e, order: 2)
@_disfavoredOverload
public func directionalDerivatives(
  _ layer: some Layer, at input: Tensor, along direction: Tensor, order: Int
) -> (value: Tensor, first: Tensor, second: Tensor) {
  directionalDerivatives({ layer($0) }, at: input, along: direction, order: order)
}

/// A layer's output and its derivatives along several directions of its input, each up to an order of its own.
///
///     let (u, d) = directionalDerivatives(net, at: points, alongEach: [x, t], orders: [2, 1])
///     let (ux, uxx, ut) = (d[0][0], d[0][1], d[1][0])
public func directionalDerivatives(
  _ layer: some Layer, at input: Tensor, alongEach directions: [Tensor], orders: [Int]
) -> (value: Tensor, derivatives: [[Tensor]]) {
  directionalDerivatives({ layer($0) }, at: input, alongEach: directions, orders: orders)
}
