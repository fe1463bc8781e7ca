import Tensor

extension Tensor {
  /// The gradient that `backward()` left at this leaf; nil before, and at tensors that are no leaf.
  ///
  /// It is a number, not a graph: differentiating it again is an error that says so. For second derivatives
  /// use `grad(grad(f))`, `hvp`, or `grad(of:withRespectTo:createGraph:)`.
  public var grad: Tensor? {
    node?.gradient?.storage.map { UnrecordedGradient.mark($0) }
  }

  /// The gradient at this leaf as plain numbers, for who will not differentiate it: an optimizer.
  package var gradientNumbers: Tensor? { node?.gradient?.storage.map { Tensor($0) } }

  /// Forgets the gradient at this leaf.
  public func clearGrad() { node?.gradient?.storage = nil }

  /// Computes the gradient of this number with respect to every leaf it depends on, into their ``grad``.
  ///
  /// Nothing is freed or changed: a graph may be walked any number of times, also by several threads at
  /// once, and lives as long as someone holds its result (so there is no `retain_graph`).
  /// - Precondition: One element, tracked. For other shapes see ``backward(_:)``.
  public func backward() {
    guard count == 1 else {
      Misuse.report(
        "backward",
        "the result has shape \(shape), and a gradient is of one number: reduce it, for example with sum(), or "
          + "pass a seed (a cotangent) of that shape: backward(Tensor.ones(\(shape)))")
      return
    }
    backward(Tensor.full(shape, 1, dtype: dtype))
  }

  /// Computes the gradient of the inner product of this tensor with a seed, into the leaves' ``grad``.
  ///
  /// - Parameter seed: The cotangent of this tensor: its shape and dtype.
  /// - Precondition: Tracked, floating-point.
  public func backward(_ seed: Tensor) {
    guard let node else {
      Misuse.report(
        "backward",
        "the result depends on no tracked tensor; make one with requiresGrad: true or tracked(), and compute "
          + "outside withoutGrad")
      return
    }
    guard seed.shape == shape, seed.dtype == dtype else {
      Misuse.report(
        "backward", "the seed is \(seed.dtype) \(seed.shape), it must be \(dtype) \(shape) as the result is")
      return
    }
    let walk = BackwardWalk(lead: [])
    withoutGrad {
      walk.receive(seed.detached(), node, Int(output))
      walk.run(Leaves())
    }
  }
}

/// Every leaf takes its gradient.
private struct Leaves: WalkTargets {
  @inline(__always)
  func contains(_ node: Node) -> Bool { node.isEnd }

  @inline(__always)
  func take(_ cotangent: consuming Tensor, _ node: Node) -> Bool {
    if let slot = node.gradient { slot.add(cotangent) } else { node.refuseCotangent() }
    return true
  }

  func take(_ cotangents: [Tensor?], _ node: Node) -> Bool { take(cotangents[0]!, node) }
}

extension GradientSlot {
  fileprivate func add(_ cotangent: consuming Tensor) {
    switch policy {
    case .ignore: return
    case .replace: storage = cotangent.contiguousStorage
    case .accumulate: add(cotangent.contiguousStorage)
    }
  }
}

/// The gradients of a number with respect to tensors that it was computed from (leaves or not).
///
/// - Parameters:
///   - y: One element, tracked.
///   - inputs: Tracked tensors; those that `y` does not depend on have a gradient of zeros.
///   - createGraph: Whether the gradients are recorded themselves, to be differentiated again. Without it
///     differentiating them is an error, not zero.
public func grad(
  of y: Tensor, withRespectTo inputs: [Tensor], createGraph: Bool = false
) -> [Tensor] {
  guard y.count == 1, y.isTracked else {
    Misuse.report(
      "grad",
      y.count == 1
        ? "the result depends on no tracked tensor"
        : "the result has shape \(y.shape), and a gradient is of one number: reduce it with sum(), or use vjp")
    return inputs.map { Tensor.zeros(like: $0) }
  }
  if let index = inputs.firstIndex(where: { !$0.isTracked }) {
    Misuse.report("grad", "input \(index) is not tracked; make it with requiresGrad: true or tracked()")
    return inputs.map { Tensor.zeros(like: $0) }
  }
  let seed = Tensor.full(y.shape, 1, dtype: y.dtype)
  let found = pullBack([y], [seed], to: inputs, recorded: createGraph)
  return zip(inputs, found).map { input, gradient in
    guard let gradient else { return Tensor.zeros(like: input) }
    return createGraph ? gradient : UnrecordedGradient.mark(gradient.contiguousStorage)
  }
}
