import Autograd

// The Laplacian of a layer in its input. Each is the function of the same name, of `{ layer($0) }`; the results lead on
// to the layer's parameters.

/// The Laplacian of a layer that maps points [..., d] to one number each, at each point:
///
///     let residual = laplacian(net)(points) - source(points)     // net: [n, d] to [n, 1]
///
/// - Returns: A function of points, see ``laplacian(_:)``.
public func laplacian(_ layer: some Layer) -> (Tensor) -> Tensor {
  laplacian { (points: Tensor) in layer(points) }
}

/// The value, the gradient and the Laplacian of a layer that maps points [..., d] to one number each.
public func valueGradAndLaplacian(
  _ layer: some Layer
) -> (Tensor) -> (value: Tensor, gradient: Tensor, laplacian: Tensor) {
  valueGradAndLaplacian { (points: Tensor) in layer(points) }
}
